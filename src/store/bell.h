/* bell.h - how processes on one database hear of each other's commits: a counter in a few bytes of a file that all of them map, on which
 * listeners sleep (futex(2)). Nobody looks now and then, and letting go of it takes no time. */
#ifndef STORE_BELL_H
#define STORE_BELL_H

struct bell;

/* fd: of a file of the database's own, open for writing; not kept. NULL: it is not to be had here (no space, no mmap). */
struct bell *bell_new(int fd);
/* After this on_ring is not called any more. NULL is fine. */
void bell_free(struct bell *bell);
/* Any thread. Our own listener is not told. */
void bell_ring(struct bell *bell);
/* on_ring: from a thread of its own, after others rang, once for several; NULL: no more. -1: no thread. */
int bell_listen(struct bell *bell, void (*on_ring)(void *arg), void *arg);

#endif
