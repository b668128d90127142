/* jq.c - our side of the jq worker: starting it, asking it, ending it past the deadline. The worker
 * is jq_worker.c. */
#include "base/jq.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/jq_worker.h"
#include "base/json.h"
#include "base/mem.h"

/* Starting the program and compiling come out of this machine's load, not out of the expression. */
enum { START_MS = 10000 };

static struct {
	pthread_mutex_t lock;
	const char *path;
	pid_t pid; /* 0: none */
	int fd;
} worker = { .lock = PTHREAD_MUTEX_INITIALIZER, .path = "/proc/self/exe", .fd = -1 };

static int bring(int fd, short events, int64_t deadline_ns, struct error *err)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ms = (deadline_ns - clock_monotonic_ns() + 999999) / 1000000;

		if (left_ms <= 0)
			return error_set(
				err, ERR_TIMEOUT, "jq: took longer than %d ms", JQ_TIMEOUT_MS);
		int ready = poll(&p, 1, (int)left_ms);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return error_errno(err, "jq: poll");
	}
}

static int send_all(const void *bytes, size_t length, int64_t deadline_ns, struct error *err)
{
	const char *at = bytes;

	while (length) {
		ssize_t n = send(worker.fd, at, length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			length -= (size_t)n;
		} else if (errno == EAGAIN) {
			if (bring(worker.fd, POLLOUT, deadline_ns, err))
				return -1;
		} else if (errno != EINTR) {
			return error_errno(err, "jq: the worker is gone");
		}
	}
	return 0;
}

static int receive_all(void *bytes, size_t length, int64_t deadline_ns, struct error *err)
{
	char *at = bytes;

	while (length) {
		ssize_t n = recv(worker.fd, at, length, MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			length -= (size_t)n;
		} else if (n == 0 || errno == ECONNRESET) {
			return error_set(err, ERR_LIMIT,
				"jq: the expression needs more than %d MB of memory", JQ_MEMORY_MB);
		} else if (errno == EAGAIN) {
			if (bring(worker.fd, POLLIN, deadline_ns, err))
				return -1;
		} else if (errno != EINTR) {
			return error_errno(err, "jq: the worker is gone");
		}
	}
	return 0;
}

static void stop(void)
{
	if (!worker.pid)
		return;
	close(worker.fd);
	kill(worker.pid, SIGKILL);
	while (waitpid(worker.pid, NULL, 0) < 0 && errno == EINTR)
		;
	worker.pid = 0;
	worker.fd = -1;
}

/* No environment, no signals blocked or ignored, a process group of its own: Ctrl-C is for us. */
static int spawn_on(int fd, struct error *err)
{
	char *const argv[] = { (char[]){ "pilothouse" }, (char[]){ "--jq-worker" }, NULL };
	char *const env[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int failed;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, STDIN_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	failed = posix_spawn(&worker.pid, worker.path, &files, &attributes, argv, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (!failed)
		return 0;
	worker.pid = 0;
	errno = failed;
	return error_errno(err, "jq: starting %s", worker.path);
}

static int start(struct error *err)
{
	int ends[2];

	if (worker.pid) {
		if (waitpid(worker.pid, NULL, WNOHANG) == 0)
			return 0;
		close(worker.fd); /* it died between two questions */
		worker.pid = 0;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return error_errno(err, "jq: socketpair");
	int failed = spawn_on(ends[1], err);
	close(ends[1]);
	worker.fd = failed ? -1 : ends[0];
	if (failed)
		close(ends[0]);
	return failed;
}

static int64_t deadline_in(int ms)
{
	return clock_monotonic_ns() + ms * INT64_C(1000000);
}

/* One question, one answer in *body (owned; NUL-terminated). Any failure but the expression's own
 * leaves a worker we cannot trust to be in step. */
static int exchange(const struct jq_request *request, const char *program, const char *input,
	struct jq_reply *reply, char **body, struct error *err)
{
	int64_t deadline = deadline_in(START_MS);

	if (start(err) || send_all(request, sizeof(*request), deadline, err) ||
		send_all(program, request->program_length, deadline, err) ||
		send_all(input, request->input_length, deadline, err) ||
		receive_all(reply, sizeof(*reply), deadline, err))
		return -1;
	if (reply->status == JQ_RUNNING &&
		receive_all(reply, sizeof(*reply), deadline_in(JQ_TIMEOUT_MS), err))
		return -1;
	if (reply->length > JQ_MESSAGE_MAX)
		return error_set(err, ERR_LIMIT, "jq: the result is too large");
	*body = mem_alloc(reply->length + 1);
	(*body)[reply->length] = '\0';
	return receive_all(*body, reply->length, deadline_in(JQ_TIMEOUT_MS), err);
}

/* The answer's text, owned; NULL with an error. */
static char *ask(enum jq_op op, const char *program, const char *input, struct error *err)
{
	struct jq_request request = { .op = op };
	struct jq_reply reply = { .status = JQ_FAILED };
	size_t program_length = strlen(program), input_length = strlen(input);
	char *body = NULL;
	int failed;

	if (program_length > JQ_MESSAGE_MAX || input_length > JQ_MESSAGE_MAX) {
		error_set(err, ERR_LIMIT, "jq: the input is too large");
		return NULL;
	}
	request.program_length = (uint32_t)program_length;
	request.input_length = (uint32_t)input_length;
	pthread_mutex_lock(&worker.lock);
	failed = exchange(&request, program, input, &reply, &body, err);
	if (failed)
		stop();
	pthread_mutex_unlock(&worker.lock);
	if (!failed && reply.status == JQ_RESULT)
		return body;
	if (!failed)
		error_set(err, ERR_FORMAT, "jq: %s", body);
	free(body);
	return NULL;
}

void jq_setup(const char *program_path)
{
	pthread_mutex_lock(&worker.lock);
	worker.path = program_path ? program_path : "/proc/self/exe";
	pthread_mutex_unlock(&worker.lock);
}

void jq_done(void)
{
	pthread_mutex_lock(&worker.lock);
	stop();
	pthread_mutex_unlock(&worker.lock);
}

struct json *jq_eval_text(const char *program, const char *input, struct error *err)
{
	char *text = ask(JQ_EVAL, program, input, err);
	struct json *result = text ? json_parse(text, strlen(text), err) : NULL;

	if (text && !result)
		error_wrap(err, "jq: the result of %s", program);
	free(text);
	return result;
}

struct json *jq_eval(const char *program, const struct json *input, struct error *err)
{
	char *text = json_format(input);
	struct json *result = jq_eval_text(program, text, err);

	free(text);
	return result;
}

int jq_test(const char *program, const struct json *input, struct error *err)
{
	struct json *result = jq_eval(program, input, err);
	int truth;

	if (!result)
		return -1;
	truth = !json_is(result, JSON_NULL) && json_bool(result, 1);
	json_free(result);
	return truth;
}

int jq_check(const char *program, struct error *err)
{
	char *text = ask(JQ_CHECK, program, "", err);

	free(text);
	return text ? 0 : -1;
}
