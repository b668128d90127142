/* foreground.c - a program that has the terminal for a while: an editor. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "tui/console_private.h"

static void be_child(const char *const *argv)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH, SIGCONT, SIGPIPE };
	char *copy[16] = { 0 };
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		signal(numbers[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; argv[i] && i + 1 < sizeof(copy) / sizeof(*copy); i++)
		copy[i] = strdup(argv[i]);
	execvp(copy[0], copy);
	_exit(127);
}

/* What asks us to end asks the program first: we wait for it, and it has the terminal. */
static const int ends[] = { SIGTERM, SIGHUP };
enum { END_COUNT = sizeof(ends) / sizeof(*ends) };
static volatile sig_atomic_t running, asked;

static void pass_on(int number)
{
	asked = number;
	if (running > 0)
		kill((pid_t)running, number);
}

/* Held back until there is one to pass them on to. */
static void hold(int how)
{
	sigset_t set;

	sigemptyset(&set);
	for (int i = 0; i < END_COUNT; i++)
		sigaddset(&set, ends[i]);
	sigprocmask(how, &set, NULL);
}

static int wait_for(pid_t child, int *status)
{
	struct sigaction passing = { .sa_handler = pass_on }, had[END_COUNT];
	int failed = 0;

	asked = 0;
	running = (sig_atomic_t)child;
	for (int i = 0; i < END_COUNT; i++)
		sigaction(ends[i], &passing, &had[i]);
	hold(SIG_UNBLOCK);
	while (!failed && waitpid(child, status, 0) < 0)
		failed = errno != EINTR;
	running = 0;
	for (int i = 0; i < END_COUNT; i++)
		sigaction(ends[i], &had[i], NULL);
	if (asked)
		raise(asked); /* now us */
	return failed ? -1 : 0;
}

int run_in_foreground(const char *const *argv, struct error *err)
{
	int status;

	hold(SIG_BLOCK);
	pid_t child = fork();

	if (!child)
		be_child(argv);
	if (child < 0) {
		hold(SIG_UNBLOCK);
		return error_errno(err, "%s cannot be started", argv[0]);
	}
	if (wait_for(child, &status))
		return error_errno(err, "waiting for %s", argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, ERR_NOT_FOUND, "%s is not installed; set EDITOR", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
