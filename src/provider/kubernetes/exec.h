/* exec.h - a command in a container, over a WebSocket (v5.channel.k8s.io, v4 where the server is older).
 * It changes things: only the act table calls it, after the gate. One thread at a time. */
#ifndef PROVIDER_KUBERNETES_EXEC_H
#define PROVIDER_KUBERNETES_EXEC_H

#include <stdatomic.h>
#include <stddef.h>

struct cluster;
struct error;
struct kubernetes_exec;
struct text;

/* First byte of each message (kubelet, remotecommand). */
enum kubernetes_channel { KUBERNETES_STDIN, KUBERNETES_STDOUT, KUBERNETES_STDERR, KUBERNETES_ERROR, KUBERNETES_RESIZE };
enum kubernetes_exec_event { KUBERNETES_EXEC_FAILED = -1, KUBERNETES_EXEC_WAIT, KUBERNETES_EXEC_DATA, KUBERNETES_EXEC_ENDED };

/* argv: no shell, NULL-terminated. container NULL: the pod's default. With tty stderr comes on stdout. */
struct kubernetes_exec *kubernetes_exec_open(struct cluster *cluster, const char *namespace_, const char *pod, const char *container,
	const char *const *argv, int tty, struct error *err);
void kubernetes_exec_close(struct kubernetes_exec *exec); /* NULL is fine */
int kubernetes_exec_send(struct kubernetes_exec *exec, const void *bytes, size_t length, struct error *err); /* to stdin */
/* End of stdin. ERR_INVALID on v4, which has no such message. */
int kubernetes_exec_close_input(struct kubernetes_exec *exec, struct error *err);
int kubernetes_exec_fd(const struct kubernetes_exec *exec); /* readable when more may have come */
int kubernetes_exec_resize(struct kubernetes_exec *exec, int columns, int rows, struct error *err);
/* DATA: *channel (stdout or stderr), *bytes valid until the next call, as the program wrote them: not harmless yet.
 * WAIT: nothing within timeout_ms. ENDED: see kubernetes_exec_status. */
enum kubernetes_exec_event kubernetes_exec_receive(struct kubernetes_exec *exec, int timeout_ms, enum kubernetes_channel *channel,
	const char **bytes, size_t *length, struct error *err);
/* After ENDED: the exit status; or -1 with what the server said instead. */
int kubernetes_exec_status(const struct kubernetes_exec *exec, struct error *err);

/* Runs to the end without stdin: stdout and stderr, harmless and without what looks like a secret, into output (its maximum cuts).
 * 0 with *status; -1: ERR_TIMEOUT, ERR_CANCELLED (the command may go on there), or as above. */
int kubernetes_exec_run(struct cluster *cluster, const char *namespace_, const char *pod, const char *container, const char *const *argv,
	int timeout_ms, const atomic_int *cancelled, struct text *output, int *status, struct error *err);

/* The Status message that ends a command: exit status, or -1 with *err. For tests. */
int kubernetes_exec_parse_status(const char *bytes, size_t length, struct error *err);

#endif
