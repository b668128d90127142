/* asking.h - a pane's question to a room that may block, answered on the main thread unless the pane has closed meanwhile. */
#ifndef TUI_ASKING_H
#define TUI_ASKING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/jobs.h"
#include "estate/provider.h"

struct console;
struct estate;
struct gate;
struct json;
struct plan;

struct asking {
	struct job job;
	struct console *console;
	struct gate *gate;     /* NULL: not open */
	struct estate *estate; /* NULL: not open */
	/* what is asked: whichever fields the question reads */
	char text[2048], other[256];
	int64_t number;
	struct ref ref;
	struct json *input;    /* owned */
	/* the answer: whichever fields the question fills; owned, taken by setting to NULL */
	struct json *json, *more;
	struct plan *plan;
	char *words;
	int outcome;
	struct error err;
	/* private */
	void (*ask)(struct asking *asking);
	void (*answered)(void *pane, struct asking *asking);
	void *pane;
	struct asking **slot;
};

/* Makes a question whose answer goes to answered(pane, …) on the main thread. ask runs on a worker. *slot is where the pane remembers it: one that
 * is under way there is given up first. Fill in what is asked, then asking_send. */
struct asking *asking_new(struct console *console, struct asking **slot, void *pane, void (*ask)(struct asking *asking),
	void (*answered)(void *pane, struct asking *asking));
void asking_send(struct asking *asking);
/* On a thread of its own, for what blocks long. 0, or -1: too many; then it is freed. */
int asking_spawn(struct asking *asking);
/* The pane closes, or asks anew: nobody wants the answer. NULL is fine. */
void asking_stop(struct asking **slot);

#endif
