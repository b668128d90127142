/* console.h - the full-screen program: loop, stack of panes, status and hint lines, palette, messages. Main thread. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include <stddef.h>

#include "base/jobs.h"
#include "tui/screen/screen.h"

struct command;
struct config;
struct console;
struct error;
struct estate;
struct gate;
struct json;
struct keymap;
struct kind;
struct kind_verb;
struct loop;
struct pane;
struct plan;
struct ref;
struct selection;
struct session;

struct console_options {
	struct session *session;
	const char *open;      /* palette text to start with ("pods"), or NULL: the dashboard */
	const char *record;    /* file to write each frame's dump to at exit (tests), or NULL */
};
/* Runs until the user leaves. 0, or -1 with err (no terminal). */
int console_run(const struct console_options *options, struct error *err);
/* The first screen as text for `./dev run` without a terminal; columns x rows. Lists once, prints, returns. */
int console_print(struct session *session, int columns, int rows, struct error *err);

struct session *console_session(struct console *console);
struct loop *console_loop(struct console *console);
void console_push(struct console *console, struct pane *pane);  /* takes it; shown on top */
void console_back(struct console *console);                     /* closes the top one */
void console_dirty(struct console *console);
/* One line at the bottom until the next key. kind: STYLE_OK, STYLE_WARNING, STYLE_CRITICAL. */
void console_say(struct console *console, int style, const char *format, ...) __attribute__((format(printf, 3, 4)));
void console_say_error(struct console *console, const struct error *err);
/* A job whose done() runs here. When the console ends all jobs are cancelled and their done() runs while the console still lives, its panes
 * being closed: a pane that closes takes its pointer out of its job (job->pane = NULL) and sets job->cancelled. */
void console_submit(struct console *console, struct job *job);
int console_spawn(struct console *console, struct job *job);
/* A dialog over the pane: itself a pane whose ops->draw draws a box in the middle. It gets all keys until closed. */
void console_dialog(struct console *console, struct pane *pane);
void console_close(struct console *console, struct pane *pane); /* wherever it stands; freed at the end of the turn */
struct keymap *console_keymap(struct console *console);
/* The key being handled, and the one that began what is being planned: that one never approves it. */
int console_last_key(struct console *console);
int console_asked_key(struct console *console);
void console_note_asked(struct console *console); /* the key being handled is asking for a change */
/* NULL until they are opened (after the first frame). */
struct estate *console_estate(struct console *console);
struct gate *console_gate(struct console *console);
/* The row under the cursor of the focused pane (below any dialog). 1 when there is one. */
int console_target(struct console *console, struct ref *ref);
struct pane *console_top(struct console *console); /* the focused pane, below any dialog; NULL none */
/* The preview of panes that have a target: everything about it. */
struct pane *console_preview_target(struct pane *pane, char *key, size_t size, int make);
/* Leaves the screen for a program (an editor), comes back and repaints. Its exit status, or -1. */
int console_run_program(struct console *console, const char *const *argv, struct error *err);
/* Writes a pane as text into the state folder's dumps/, and says where. */
void console_dump(struct console *console, struct pane *pane);

/* A small chooser: rows of a label and a dimmed note, filtered as one types. on_choose gets the row's number, or is not called. Copies all. */
struct menu_row { const char *label, *note, *key; enum style style; };
struct pane *menu_new(struct console *console, const char *title, const struct menu_row *rows, size_t count, size_t at,
	void (*on_choose)(struct console *console, size_t row, void *arg), void *arg, void (*release)(void *arg));
/* Another note and style for one of its rows, learnt meanwhile. */
void menu_set_row(struct pane *menu, size_t row, const char *note, enum style style);
/* Other rows in their place, learnt meanwhile: what is typed stays, and the cursor on its label. Its box may be another: repaint all. */
void menu_set_rows(struct pane *menu, const struct menu_row *rows, size_t count);
/* Asks for the parameters of a verb ({"name": value}); on_done gets params (yours), never NULL; not called when cancelled. */
struct pane *form_new(struct console *console, const char *title, const struct kind_verb *verb, const struct json *given,
	void (*on_done)(struct console *console, struct json *params, void *arg), void *arg, void (*release)(void *arg));
/* Asks one line. */
struct pane *ask_new(struct console *console, const char *title, const char *initial,
	void (*on_done)(struct console *console, const char *text, void *arg), void *arg, void (*release)(void *arg));

/* Opens things by name, as the palette does: a kind, "audit", "runs", "approvals", "changes", "playbooks", "chat WORDS", "describe KIND NAME" … */
int console_open(struct console *console, const char *words, struct error *err);
int console_open_kind(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter);
/* Begins an action on a resource: asks for missing parameters, plans in a job, shows the approval dialog, runs, shows progress. */
void console_act(struct console *console, const struct ref *ref, const char *verb, struct json *params);
/* The same for several of one kind: what the verb needs is asked once. */
void console_act_all(struct console *console, const struct ref *refs, size_t count, const char *verb, struct json *params);

/* Plans the undo of that run and shows it for approval. */
void console_undo_run(struct console *console, const char *run_id);

/* Views. Each returns a pane to push. */
struct pane *dashboard_new(struct console *console);
struct pane *saturation_new(struct console *console);                          /* the dashboard's gauges as charts */
struct pane *table_pane_new(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter);
/* Rows that match the filter and no others: it stays when what is typed is taken back. about: whose they are ("deployment shop/cart"), or NULL. */
struct pane *table_pane_within(struct console *console, const struct kind *kind, const struct selection *selection, const char *filter, const char *about);
struct pane *detail_new(struct console *console, const struct ref *ref);       /* describe: fields, events, dependents, history */
struct pane *yaml_new(struct console *console, const struct ref *ref);
struct pane *logs_new(struct console *console, const struct ref *refs, size_t count, int previous);
struct pane *logs_of_container(struct console *console, const struct ref *ref, const char *container);
struct pane *changes_new(struct console *console, const struct ref *ref /* or NULL: all */);
struct pane *changes_of(struct console *console, const char *filter);
struct pane *approvals_new(struct console *console);
struct pane *runs_new(struct console *console);
struct pane *run_new(struct console *console, const char *run_id);
struct pane *audit_pane_new(struct console *console);
struct pane *playbooks_new(struct console *console);
struct pane *plan_new_pane(struct console *console, const char *plan_id);
struct pane *chat_new(struct console *console, const char *words /* asked at once, or NULL */);
struct pane *help_new(struct console *console, const char *context);
struct pane *palette_new(struct console *console, const char *text);
struct pane *approve_dialog_new(struct console *console, struct plan *plan);    /* takes plan */

#endif
