/* turns.h - what goes into a turn of the conversation from around it. Main thread. */
#ifndef TUI_CHAT_TURNS_H
#define TUI_CHAT_TURNS_H

struct console;
struct json;
struct pane;
struct plan;

/* [{"name","namespace","scope","resource","kind","selected"}]: the rows of a table, else what is under the cursor; below NULL: none. Yours. */
struct json *chat_names(struct console *console, struct pane *below);
/* Sets "ran": {"run","status","at"} in a turn one of whose plans was run with that result, or whose run this plan undid. 1: it is such a turn. */
int chat_turn_ran(struct json *turn, const struct plan *plan, const struct json *result);

#endif
