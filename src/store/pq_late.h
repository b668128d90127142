/* pq_late.h - libpq, loaded at its first call (pq_late.c). Its functions are called by their own names; ask this first. */
#ifndef STORE_PQ_LATE_H
#define STORE_PQ_LATE_H

int pq_late_is_there(void); /* loads it; 0: it cannot be had, the log says why. Any thread. */

#endif
