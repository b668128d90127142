#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/within.h"

extern char **environ;

enum {
	OUTPUT_MAX_DEFAULT = 1024 * 1024,
	ERRORS_MAX = 16 * 1024,
	TIMEOUT_DEFAULT_MS = 10000,
	CANCEL_LOOK_MS = 50, /* only while there is a flag to look at */
	CHILD_LOOK_MS = 20,  /* only where the kernel has no pidfd */
	TERM_GRACE_MS = 300, /* between SIGTERM and SIGKILL */
	PIECE_BYTES = 32 * 1024,
	PIPE_PIECES_MAX = 64 /* more than a pipe holds */
};

/* One run: our ends of the pipes (-1: closed) and what came. */
struct run {
	const struct process_request *request;
	pid_t pid;
	int pidfd, in, out, errors;
	size_t input_sent;
	int64_t deadline_ns; /* 0: none */
	int stopped;         /* on_output had enough */
	struct text output, error_text;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A pipe above the standard descriptors, so that putting one end there overwrites nothing. */
static int make_pipe(int ends[2])
{
	int raw[2];

	ends[0] = ends[1] = -1;
	if (pipe2(raw, O_CLOEXEC))
		return -1;
	for (int i = 0; i < 2; i++) {
		ends[i] = raw[i] > STDERR_FILENO ? raw[i] : fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
		if (ends[i] != raw[i])
			close(raw[i]);
	}
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	return -1;
}

static int names_same(const char *variable, const char *other)
{
	size_t n = strcspn(variable, "=");

	return !strncmp(variable, other, n) && other[n] == '=';
}

/* Ours with the request's put over it; the strings stay where they are. */
static char **make_environment(const char *const *added)
{
	char **all = NULL;
	size_t count = 0;

	for (char **ours = environ; ours && *ours; ours++) {
		int replaced = 0;

		for (const char *const *a = added; a && *a && !replaced; a++)
			replaced = names_same(*a, *ours);
		if (!replaced) {
			all = mem_grow(all, count + 1, sizeof(*all));
			all[count++] = *ours;
		}
	}
	for (const char *const *a = added; a && *a; a++) {
		all = mem_grow(all, count + 1, sizeof(*all));
		memcpy(&all[count++], a, sizeof(*a)); /* execve's type is older than const */
	}
	all = mem_grow(all, count + 1, sizeof(*all));
	all[count] = NULL;
	return all;
}

/* Signals as a program expects them at its start, a process group of its own. */
static void prepare_attributes(posix_spawnattr_t *attributes)
{
	sigset_t signals;

	posix_spawnattr_init(attributes);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(attributes, 0);
	sigemptyset(&signals);
	posix_spawnattr_setsigmask(attributes, &signals);
	sigfillset(&signals);
	sigdelset(&signals, SIGKILL);
	sigdelset(&signals, SIGSTOP);
	posix_spawnattr_setsigdefault(attributes, &signals);
}

static void prepare_files(posix_spawn_file_actions_t *files, int in, int out, int errors)
{
	posix_spawn_file_actions_init(files);
	if (in >= 0)
		posix_spawn_file_actions_adddup2(files, in, STDIN_FILENO);
	else
		posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(files, errors, STDERR_FILENO);
	/* A library may have opened a descriptor without close-on-exec. */
	posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
}

/* posix_spawn runs nothing but system calls between fork and exec, and copies no page tables. */
static int spawn(struct run *run, int in, int out, int errors)
{
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t files;
	const struct process_request *request = run->request;
	char **environment = make_environment(request->env), **argv = NULL;
	size_t count = 0;
	int number;

	do {
		argv = mem_grow(argv, count + 1, sizeof(*argv));
		memcpy(&argv[count], &request->argv[count], sizeof(*argv));
	} while (request->argv[count++]);
	prepare_attributes(&attributes);
	prepare_files(&files, in, out, errors);
	number = posix_spawnp(&run->pid, argv[0], &files, &attributes, argv, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	free(environment);
	free(argv);
	return number;
}

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int start(struct run *run, struct error *err)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, errors[2] = { -1, -1 }, number;

	if ((run->request->input && make_pipe(in)) || make_pipe(out) || make_pipe(errors))
		number = errno;
	else
		number = spawn(run, in[0], out[1], errors[1]);
	close_fd(&in[0]);
	close_fd(&out[1]);
	close_fd(&errors[1]);
	run->in = in[1];
	run->out = out[0];
	run->errors = errors[0];
	if (number == ENOENT)
		return error_set(err, ERR_NOT_FOUND, "there is no program %s on this machine",
			run->request->argv[0]);
	if (number) {
		errno = number;
		return error_errno(err, "%s cannot be started", run->request->argv[0]);
	}
	if (run->in >= 0)
		set_nonblocking(run->in);
	set_nonblocking(run->out);
	set_nonblocking(run->errors);
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	return 0;
}

/* write() to a program that reads no more would end us by SIGPIPE: held back for this thread, and
 * taken away when it was this write that raised it. */
static ssize_t write_quietly(int fd, const char *bytes, size_t length)
{
	const struct timespec now = { 0, 0 };
	sigset_t broken_pipe, before, pending;
	int was_pending, number;
	ssize_t n;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
	n = write(fd, bytes, length);
	number = errno;
	if (n < 0 && number == EPIPE && !was_pending)
		while (sigtimedwait(&broken_pipe, NULL, &now) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = number;
	return n;
}

static void send_input(struct run *run)
{
	const struct process_request *request = run->request;
	size_t left = request->input_length - run->input_sent;
	ssize_t n = left ? write_quietly(run->in, request->input + run->input_sent, left) : 0;

	if (n > 0)
		run->input_sent += (size_t)n;
	if (run->input_sent == request->input_length ||
		(n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&run->in);
}

static void take_output(struct run *run, const char *bytes, size_t length)
{
	if (!run->request->on_output)
		text_add_n(&run->output, bytes, length);
	else if (!run->stopped && run->request->on_output(run->request->arg, bytes, length))
		run->stopped = 1;
}

/* One piece from a pipe; 0 when there was none (nothing yet, or its end: then *fd is closed). */
static int receive(struct run *run, int *fd)
{
	char piece[PIECE_BYTES];
	ssize_t n;

	if (*fd < 0)
		return 0;
	n = read(*fd, piece, sizeof(piece));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		close_fd(fd);
		return 0;
	}
	if (fd == &run->out)
		take_output(run, piece, (size_t)n);
	else
		text_add_n(&run->error_text, piece, (size_t)n);
	return 1;
}

/* Has it ended? It stays a zombie, so that its number and group are still its own. */
static int has_ended(const struct run *run)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)run->pid, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid;
}

/* Waits until something is ready, at most until the deadline or the next look at the flag. */
static void wait_ready(const struct run *run)
{
	struct pollfd fds[] = {
		{ .fd = run->out, .events = POLLIN },
		{ .fd = run->errors, .events = POLLIN },
		{ .fd = run->in, .events = POLLOUT },
		{ .fd = run->pidfd, .events = POLLIN },
	};
	int64_t wait_ms = -1;

	if (run->deadline_ns) {
		wait_ms = (run->deadline_ns - clock_monotonic_ns() + 999999) / 1000000;
		wait_ms = wait_ms < 0 ? 0 : wait_ms;
	}
	if (run->request->cancelled && (wait_ms < 0 || wait_ms > CANCEL_LOOK_MS))
		wait_ms = CANCEL_LOOK_MS;
	if (run->pidfd < 0 && (wait_ms < 0 || wait_ms > CHILD_LOOK_MS))
		wait_ms = CHILD_LOOK_MS;
	poll(fds, sizeof(fds) / sizeof(*fds), wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
}

/* What is still in the pipes when the program has ended. Not until their end: something it left
 * behind may hold them open, or write, for ever. */
static void drain(struct run *run)
{
	for (int i = 0; i < PIPE_PIECES_MAX && !run->stopped && receive(run, &run->out); i++)
		;
	for (int i = 0; i < PIPE_PIECES_MAX && receive(run, &run->errors); i++)
		;
}

static int is_over(const struct run *run, struct error *err)
{
	const struct process_request *request = run->request;

	if (request->cancelled && atomic_load(request->cancelled))
		return error_set(err, ERR_CANCELLED, "%s was cancelled", request->argv[0]);
	if (run->deadline_ns && clock_monotonic_ns() >= run->deadline_ns)
		return error_set(err, ERR_TIMEOUT, "%s did not end in time", request->argv[0]);
	return 0;
}

/* Until it ends or on_output has enough (0), or it must be ended (-1). */
static int attend(struct run *run, struct error *err)
{
	while (!run->stopped) {
		if (has_ended(run)) {
			drain(run);
			return 0;
		}
		if (is_over(run, err))
			return -1;
		wait_ready(run);
		if (run->in >= 0)
			send_input(run);
		receive(run, &run->out);
		receive(run, &run->errors);
	}
	return 0;
}

/* Asks the whole group to end, then makes it. */
static void end_group(struct run *run)
{
	int64_t until = clock_monotonic_ns() + TERM_GRACE_MS * (CLOCK_SECOND_NS / 1000);
	struct pollfd ended = { .fd = run->pidfd, .events = POLLIN };

	kill(-run->pid, SIGTERM);
	kill(-run->pid, SIGCONT); /* a stopped one cannot hear it */
	while (!has_ended(run) && clock_monotonic_ns() < until)
		poll(&ended, 1, CHILD_LOOK_MS);
	kill(-run->pid, SIGKILL);
}

static int reap(struct run *run, int *status, struct error *err)
{
	int raw;

	while (waitpid(run->pid, &raw, 0) < 0)
		if (errno != EINTR)
			return error_errno(
				err, "the exit status of %s is lost", run->request->argv[0]);
	*status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
	return 0;
}

int process_run(
	const struct process_request *request, struct process_result *result, struct error *err)
{
	struct process_request own = *request;
	struct run run = { .request = &own, .pidfd = -1, .in = -1, .out = -1, .errors = -1 };
	int timeout_ms = within_timeout_ms(request->timeout_ms ? request->timeout_ms : TIMEOUT_DEFAULT_MS), failed;

	own.cancelled = within_cancelled(request->cancelled);

	*result = (struct process_result){ 0 };
	text_init(&run.output,
		request->output_max_bytes ? request->output_max_bytes : OUTPUT_MAX_DEFAULT);
	text_init(&run.error_text, ERRORS_MAX);
	if (timeout_ms > 0)
		run.deadline_ns = clock_monotonic_ns() + timeout_ms * (CLOCK_SECOND_NS / 1000);
	failed = start(&run, err);
	if (!failed) {
		failed = attend(&run, err);
		if (failed || run.stopped)
			end_group(&run);
		if (reap(&run, &result->status, failed ? NULL : err))
			failed = -1;
	}
	if (failed)
		log_write(LOG_INFO, "process", "%s failed", request->argv[0]);
	else
		log_write(LOG_INFO, "process", "%s ended with %d", request->argv[0], result->status);
	close_fd(&run.in);
	close_fd(&run.out);
	close_fd(&run.errors);
	close_fd(&run.pidfd);
	if (!failed) {
		result->cut = run.output.cut;
		result->output_length = run.output.length;
		result->output = text_take(&run.output);
		result->errors = text_take(&run.error_text);
	}
	text_release(&run.output);
	text_release(&run.error_text);
	return failed;
}

void process_release(struct process_result *result)
{
	free(result->output);
	free(result->errors);
	*result = (struct process_result){ 0 };
}
