#include "base/tty.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"

/* ECMA-48 SGR 0, xterm's private modes: cursor shown, mouse off, alternate screen left, bracketed paste off; the scrolling region is the whole
 * screen (which moves the cursor: it is saved), ASCII again. A terminal that knows one of them not ignores it. */
static const char plain[] = "\033[0m\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1049l\033[?2004l\0337\033[r\0338\033(B\017";

static struct termios before;
static volatile sig_atomic_t raw_fd = -1;

int tty_raw(int fd, struct error *err)
{
	struct termios raw;

	if (raw_fd >= 0)
		return error_set(err, ERR_CONFLICT, "the terminal is in use by another shell");
	if (tcgetattr(fd, &before))
		return error_errno(err, "this is no terminal");
	raw = before;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw))
		return error_errno(err, "the terminal cannot be made raw");
	raw_fd = fd;
	return 0;
}

void tty_restore(void)
{
	int fd = raw_fd, had = errno;
	size_t done = 0;

	if (fd < 0)
		return;
	raw_fd = -1;
	while (done < sizeof(plain) - 1) {
		ssize_t wrote = write(fd, plain + done, sizeof(plain) - 1 - done);

		if (wrote <= 0 && errno != EINTR)
			break;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	/* What was typed ahead was meant for the far end. */
	tcsetattr(fd, TCSAFLUSH, &before);
	errno = had;
}

int tty_size(int fd, int *columns, int *rows)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return -1;
	*columns = size.ws_col;
	*rows = size.ws_row;
	return 0;
}
