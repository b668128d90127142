/* choosers.h - the menus that commands open: verbs, accounts, namespaces, kinds, themes; and what follows from them. */
#ifndef TUI_CHOOSERS_H
#define TUI_CHOOSERS_H

struct console;
struct json;
struct kind_verb;
struct ref;

void choose_account(struct console *console);
void choose_action(struct console *console);
void choose_kind(struct console *console);
void choose_namespace(struct console *console);
void choose_theme(struct console *console);
/* Shows the plan that undoes the newest run that can be undone. */
void console_undo_last(struct console *console);
/* Fetches it, opens $EDITOR, plans what was saved. */
void console_edit(struct console *console, const struct ref *ref);

/* The form of the verb, begun with what is given; what is answered goes on to a plan. */
void console_ask_params(struct console *console, const struct ref *ref, const struct kind_verb *verb, const struct json *given);
/* 1: a parameter is first chosen from what the object has, or looked up there, then console_act or the form goes on; 0: nothing is to be chosen. Copies. */
int console_chooses(struct console *console, const struct ref *ref, const struct kind_verb *verb, const struct json *params);

#endif
