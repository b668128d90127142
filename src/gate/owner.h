/* owner.h - which process runs a run: "boot-id pid start-time", so that a crash is told from a run that is still going, also after
 * pids were used again. */
#ifndef GATE_OWNER_H
#define GATE_OWNER_H

enum { OWNER_MAX = 128 };

void owner_self(char out[OWNER_MAX]);
int owner_alive(const char *owner); /* 1 still running on this machine; 0 gone, or another boot */

#endif
