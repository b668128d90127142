/* within.h - until when, and until whose word, what this thread asks may take. A reading of a playbook goes through many hands (a list, its
 * pages, a program, a plug-in for credentials), and its timeout and its cancelling hold for all of them; so they belong to the thread
 * that reads, not to each call. Requests and programs begun meanwhile end with it. */
#ifndef BASE_WITHIN_H
#define BASE_WITHIN_H

#include <stdatomic.h>
#include <stdint.h>

struct within {
	const atomic_int *cancelled; /* NULL: nobody can */
	int64_t deadline_ns;         /* monotonic; 0: none */
};

/* Begins; inside another the earlier deadline holds. timeout_ms <= 0: none of its own. Returns what held before, for within_leave(). */
struct within within_enter(const atomic_int *cancelled, int timeout_ms);
void within_leave(const struct within *before);
/* 1 when it was cancelled or its time is over. */
int within_over(void);
int within_late(void); /* 1 when its time is over */
/* The shorter of asked_ms (-1: endless) and what is left, at least 1. */
int within_timeout_ms(int asked_ms);
/* own, or this thread's when own is NULL. */
const atomic_int *within_cancelled(const atomic_int *own);

#endif
