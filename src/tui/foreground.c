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

int run_in_foreground(const char *const *argv, struct error *err)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return error_errno(err, "%s cannot be started", argv[0]);
	if (!child)
		be_child(argv);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_errno(err, "waiting for %s", argv[0]);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(err, ERR_NOT_FOUND, "%s is not installed; set EDITOR", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
