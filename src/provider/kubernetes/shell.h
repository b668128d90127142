/* shell.h - a terminal here and a program with one in a container, joined until one of them ends. Worker thread. */
#ifndef PROVIDER_KUBERNETES_SHELL_H
#define PROVIDER_KUBERNETES_SHELL_H

#include <stdatomic.h>

struct error;
struct kubernetes_exec;

enum { SHELL_LEAVE_KEY = 0x1d }; /* ^]: nothing else gets away from a connection that hangs */

enum shell_end { SHELL_ENDED, SHELL_LEFT, SHELL_FAILED = -1 };

/* in and out: the terminal, raw already. The size of out goes along, and whenever it changes. ENDED: *status is the exit status.
 * LEFT: the key above was pressed. FAILED: the connection or the terminal broke, or it was cancelled. */
enum shell_end shell_join(struct kubernetes_exec *exec, int in, int out, const atomic_int *cancelled, int *status, struct error *err);

#endif
