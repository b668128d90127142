/* talk.h - one question to the co-pilot under way: words → intent → plan or evidence → findings. A worker tells, the chat looks. */
#ifndef TUI_TALK_H
#define TUI_TALK_H

#include <stddef.h>
#include <stdint.h>

struct console;
struct json;
struct plan;
struct talk;

enum talk_stage { TALK_READING, TALK_WORKING, TALK_DONE };

/* names: array of {"name","resource","namespace","scope","kind","selected","whole"} on the screen; given: an intent instead of words (or NULL). Takes both.
 * NULL when too much is under way. */
struct talk *talk_start(struct console *console, const char *words, struct json *names, struct json *given);
void talk_free(struct talk *talk); /* stops it when it is still under way; NULL is fine */
void talk_stop(struct talk *talk);
/* Grows with each thing told. */
unsigned talk_version(struct talk *talk);
/* The turn as JSON, a copy: {"words","stage","answer" (parse's shape),"intent","steps":[{"id","status"}],"elapsed_ms","report","plan_id",
 * "plan_summary","open" (a kind to open),"error","next":[…]}. */
struct json *talk_turn(struct talk *talk);
enum talk_stage talk_stage(struct talk *talk);
int64_t talk_elapsed_ns(struct talk *talk);
/* The plan of a change that was asked for, once; yours. */
struct plan *talk_take_plan(struct talk *talk);

#endif
