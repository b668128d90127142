/* workers.h - a number of independent items, taken by threads as they come; the caller is told how far it is. */
#ifndef FLEET_WORKERS_H
#define FLEET_WORKERS_H

#include <stdatomic.h>
#include <stddef.h>

struct workers_request {
	size_t items;
	int threads;
	const atomic_int *cancelled; /* NULL: never; no further item is begun */
	/* What a thread needs for itself; NULL: nothing. */
	void *(*begin)(void *arg);
	void (*item)(void *arg, void *own, size_t i);
	void (*end)(void *arg, void *own);
	void (*tick)(void *arg); /* on the calling thread, ten times a second; NULL */
	void *arg;
};
/* Returns when all items are done, or none is begun any more. */
void workers_run(const struct workers_request *request);

#endif
