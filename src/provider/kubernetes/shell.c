#include "provider/kubernetes/shell.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"
#include "base/tty.h"
#include "provider/kubernetes/exec.h"

enum {
	LOOK_MS = 100, /* between looks at the size and at `cancelled` */
	TYPED_MAX = 4096,
};

struct joined {
	struct kubernetes_exec *exec;
	int in, out;
	const atomic_int *cancelled;
	int columns, rows; /* as the far end was told */
};

static int is_cancelled(const struct joined *joined)
{
	return joined->cancelled && atomic_load(joined->cancelled);
}

static int cancelled_error(struct error *err)
{
	return error_set(err, ERR_CANCELLED, "cancelled; what the shell started may go on in the container");
}

/* A terminal that takes nothing (^S) holds up nobody who wants to end this. */
static int show(struct joined *joined, const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		struct pollfd writable = { .fd = joined->out, .events = POLLOUT };

		if (is_cancelled(joined))
			return cancelled_error(err);
		if (poll(&writable, 1, LOOK_MS) <= 0)
			continue;
		ssize_t wrote = write(joined->out, bytes, length);

		if (wrote < 0 && errno != EINTR && errno != EAGAIN)
			return error_errno(err, "the terminal is gone");
		if (wrote > 0) {
			bytes += wrote;
			length -= (size_t)wrote;
		}
	}
	return 0;
}

static int tell_size(struct joined *joined, struct error *err)
{
	int columns, rows;

	if (tty_size(joined->out, &columns, &rows) || (columns == joined->columns && rows == joined->rows))
		return 0;
	joined->columns = columns;
	joined->rows = rows;
	return kubernetes_exec_resize(joined->exec, columns, rows, err);
}

/* 0; 1: it is left; -1. */
static int pass_typed(struct joined *joined, struct error *err)
{
	char typed[TYPED_MAX];
	ssize_t got = read(joined->in, typed, sizeof(typed));
	int result = 0;

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (got <= 0)
		return error_set(err, ERR_IO, "the terminal is gone; what the shell started may go on in the container");
	const char *leave = memchr(typed, SHELL_LEAVE_KEY, (size_t)got);
	size_t length = leave ? (size_t)(leave - typed) : (size_t)got;

	if (length && kubernetes_exec_send(joined->exec, typed, length, err))
		result = -1;
	else if (leave)
		result = 1;
	secret_wipe(typed, sizeof(typed)); /* a password may be typed */
	return result;
}

/* Waits for a key or for the far end, not at all while that has more to say. */
static int wait_for_more(struct joined *joined, int has_more, struct error *err)
{
	struct pollfd both[2] = { { .fd = joined->in, .events = POLLIN }, { .fd = kubernetes_exec_fd(joined->exec), .events = POLLIN } };

	if (is_cancelled(joined))
		return cancelled_error(err);
	if (tell_size(joined, err))
		return -1;
	if (poll(both, 2, has_more ? 0 : LOOK_MS) < 0 && errno != EINTR)
		return error_errno(err, "waiting for the terminal");
	return both[0].revents ? pass_typed(joined, err) : 0;
}

enum shell_end shell_join(struct kubernetes_exec *exec, int in, int out, const atomic_int *cancelled, int *status, struct error *err)
{
	struct joined joined = { .exec = exec, .in = in, .out = out, .cancelled = cancelled };

	for (;;) {
		enum kubernetes_channel channel;
		const char *bytes;
		size_t length;
		enum kubernetes_exec_event event = kubernetes_exec_receive(exec, 0, &channel, &bytes, &length, err);

		if (event == KUBERNETES_EXEC_FAILED)
			return SHELL_FAILED;
		if (event == KUBERNETES_EXEC_ENDED) {
			*status = kubernetes_exec_status(exec, err);
			return *status < 0 ? SHELL_FAILED : SHELL_ENDED;
		}
		if (event == KUBERNETES_EXEC_DATA && show(&joined, bytes, length, err))
			return SHELL_FAILED;
		int next = wait_for_more(&joined, event == KUBERNETES_EXEC_DATA, err);

		if (next)
			return next < 0 ? SHELL_FAILED : SHELL_LEFT;
	}
}
