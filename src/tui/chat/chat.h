/* chat.h - the co-pilot's pane, asked by something that already knows the intent. (By words: console.h.) */
#ifndef TUI_CHAT_H
#define TUI_CHAT_H

struct console;
struct json;
struct pane;
struct plan;

/* words: shown as the question. Takes intent (INTERFACE's shape). */
struct pane *chat_new_intent(struct console *console, const char *words, struct json *intent);
/* A run of this console ended with that result; a pane that is no conversation is passed over. */
void chat_note_run(struct pane *pane, const struct plan *plan, const struct json *result);

#endif
