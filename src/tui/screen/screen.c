/* screen.c - beginning, leaving and giving back the terminal; themes; the one flush. Drawing is in screen_draw.c. */
#include "tui/screen/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/tty.h"
#include "tui/screen/screen_private.h"

enum { ESCAPE_DELAY_MS = 25 }; /* an arrow's bytes come together; a person's Esc need not wait longer */

struct screen screen;

/* For the end that has no time: what the terminal was, and the bytes that give it back. Written once at the start. */
static struct termios terminal_before;
static char goodbye[256];
static size_t goodbye_length;
static volatile sig_atomic_t terminal_taken;

static void add_goodbye(const char *bytes)
{
	size_t length = bytes && bytes != (const char *)-1 ? strlen(bytes) : 0;

	if (goodbye_length + length > sizeof(goodbye))
		return;
	memcpy(goodbye + goodbye_length, bytes ? bytes : "", length);
	goodbye_length += length;
}

static void prepare_goodbye(void)
{
	static const char *const names[] = { "sgr0", "cnorm", "rmkx", "rmcup" };
	const char *mouse = tigetstr("kmous");

	goodbye_length = 0;
	if (mouse && mouse != (const char *)-1)
		add_goodbye("\033[?1000l\033[?1002l\033[?1006l"); /* xterm's ctlseqs, "Mouse Tracking" */
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char name[8];

		snprintf(name, sizeof(name), "%s", names[i]);
		add_goodbye(tigetstr(name));
	}
}

void screen_emergency(void)
{
	tty_restore();
	if (!terminal_taken)
		return;
	terminal_taken = 0;
	size_t done = 0;

	while (done < goodbye_length) {
		ssize_t wrote = write(STDOUT_FILENO, goodbye + done, goodbye_length - done);

		if (wrote <= 0 && errno != EINTR)
			break;
		done += wrote > 0 ? (size_t)wrote : 0;
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
}

static void fatal(int number)
{
	screen_emergency();
	signal(number, SIG_DFL);
	raise(number);
}

static void guard_fatal_signals(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction action = { .sa_handler = fatal, .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		struct sigaction before;

		/* A sanitizer's own report is worth more: it has set a handler. */
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(numbers[i], &action, NULL);
	}
	mem_on_exhausted(screen_emergency);
}

/* UTF-8 by the locale, and a terminal that is likely to have the glyphs: a VT100 has ASCII, the Linux console a font of 512. */
static int can_unicode(const char *name)
{
	static const char *const plain[] = { "vt1", "vt2", "vt5", "linux", "dumb", "ansi" };

	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return 0;
	for (size_t i = 0; name && i < sizeof(plain) / sizeof(*plain); i++)
		if (!strncmp(name, plain[i], strlen(plain[i])))
			return 0;
	return 1;
}

/* Once the terminal is ours: no line editing, no echo, no refresh by reading. */
static void take_modes(void)
{
	raw(); /* ^C, ^Z, ^S, ^Q are keys like others */
	noecho();
	nonl();
	set_escdelay(ESCAPE_DELAY_MS);
	screen.input = newpad(1, 1);
	keypad(screen.input, TRUE);
	nodelay(screen.input, TRUE);
	idlok(stdscr, TRUE);
	leaveok(stdscr, FALSE);
	start_color();
	use_default_colors();
	screen.cursor_y = -1;
	screen.cursor_shown = 1;
	screen.drawn = 1;
	screen_set_theme(&theme_plain);
}

int screen_begin(struct error *err)
{
	const char *name = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return error_set(err, ERR_INVALID, "the console needs a terminal; without one, `pilothouse` prints the first screen as text");
	setlocale(LC_CTYPE, "");
	if (tcgetattr(STDIN_FILENO, &terminal_before))
		return error_errno(err, "the terminal does not tell its settings");
	screen.unicode = can_unicode(name);
	screen.terminal = newterm(NULL, stdout, stdin);
	if (!screen.terminal)
		return error_set(err, ERR_INVALID, "the terminal type \"%s\" (TERM) is not known here; try TERM=vt100 or install ncurses-term",
			name ? name : "");
	terminal_taken = 1;
	take_modes();
	prepare_goodbye();
	guard_fatal_signals();
	return 0;
}

int screen_begin_text(int columns, int rows, struct error *err)
{
	char size[16];

	setlocale(LC_CTYPE, "");
	screen.unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen.nowhere = fopen("/dev/null", "r+");
	if (!screen.nowhere)
		return error_errno(err, "/dev/null");
	snprintf(size, sizeof(size), "%d", rows);
	setenv("LINES", size, 1); /* newterm looks there, since the terminal has no size to give */
	snprintf(size, sizeof(size), "%d", columns);
	setenv("COLUMNS", size, 1);
	screen.terminal = newterm("vt100", screen.nowhere, screen.nowhere);
	if (!screen.terminal)
		return error_set(err, ERR_INVALID, "the terminal descriptions (ncurses-base) are not installed");
	screen.textual = 1;
	screen.cursor_y = -1;
	screen_set_theme(&theme_plain);
	return 0;
}

void screen_end(void)
{
	if (!screen.terminal)
		return;
	if (!screen.suspended) {
		screen_set_mouse(0);
		endwin();
	}
	if (screen.input)
		delwin(screen.input);
	delscreen(screen.terminal);
	if (screen.nowhere)
		fclose(screen.nowhere);
	terminal_taken = 0;
	screen = (struct screen){ 0 };
}

void screen_suspend(void)
{
	if (!screen.terminal || screen.suspended)
		return;
	screen.suspended = 1;
	if (screen.mouse)
		mousemask(0, NULL);
	curs_set(1);
	endwin();
	terminal_taken = 0;
}

void screen_resume(void)
{
	int mouse = screen.mouse;

	if (!screen.suspended)
		return;
	screen.suspended = 0;
	terminal_taken = 1;
	screen.cursor_shown = 1;
	screen_resized();
	screen.mouse = 0;
	screen_set_mouse(mouse);
	clearok(curscr, TRUE);
	screen.drawn = 1;
}

struct rect screen_size(void)
{
	return (struct rect){ .rows = LINES, .columns = COLS };
}

void screen_resized(void)
{
	struct winsize size;

	if (screen.textual || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	if (size.ws_row != LINES || size.ws_col != COLS)
		resizeterm(size.ws_row, size.ws_col);
	screen.drawn = 1;
}

int screen_unicode(void)
{
	return screen.unicode;
}

int screen_fd(void)
{
	return STDIN_FILENO;
}

int screen_lost(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int screen_speed(void)
{
	return screen.terminal && !screen.textual ? baudrate() : 0;
}

int screen_colours(void)
{
	if (screen.textual || !has_colors())
		return 0;
	return screen.colour_limit && screen.colour_limit < COLORS ? screen.colour_limit : COLORS;
}

void screen_limit_colours(int colours)
{
	screen.colour_limit = colours;
}

void screen_set_ascii(void)
{
	screen.unicode = 0;
}

enum cursor_look screen_cursor_look(void)
{
	return screen.theme.cursor;
}

/* --- themes --- */

static int same_as_before(int fg, int bg, short until)
{
	for (short pair = 1; pair < until; pair++) {
		int has_fg, has_bg;

		if (extended_pair_content(pair, &has_fg, &has_bg) != ERR && has_fg == fg && has_bg == bg)
			return pair;
	}
	return 0;
}

static int colour_number(int colour, int colour8)
{
	int colours = screen_colours();

	return theme_colour(colours <= 16 && colour8 >= THEME_DEFAULT ? colour8 : colour, colours);
}

static void set_style(int style, short *pairs)
{
	const struct theme_style *look = &screen.theme.styles[style];
	static const attr_t flags[] = { A_BOLD, A_DIM, A_UNDERLINE, A_REVERSE, A_ITALIC };
	const unsigned wanted[] = { look->bold, look->dim, look->underline, look->reverse, look->italic };

	screen.attributes[style] = A_NORMAL;
	screen.pairs[style] = 0;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (wanted[i])
			screen.attributes[style] |= flags[i];
	if (!screen_colours())
		return;
	int fg = colour_number(look->fg, look->fg8), bg = colour_number(look->bg, look->bg8);

	if (fg == THEME_DEFAULT && bg == THEME_DEFAULT)
		return;
	int pair = same_as_before(fg, bg, *pairs);

	if (!pair && *pairs < COLOR_PAIRS && init_extended_pair(*pairs, fg, bg) != ERR)
		pair = (*pairs)++;
	screen.pairs[style] = pair;
}

void screen_set_theme(const struct theme *theme)
{
	short pairs = 1;

	screen.theme = *theme;
	for (int style = 0; style < STYLE_COUNT; style++)
		set_style(style, &pairs);
	/* What is erased has the colours of plain text too: a theme may bring its own background. */
	cchar_t blank;

	setcchar(&blank, L" ", screen.attributes[STYLE_TEXT], (short)screen.pairs[STYLE_TEXT], &screen.pairs[STYLE_TEXT]);
	wbkgrndset(stdscr, &blank);
	screen.drawn = 1;
}

/* --- the one place that sends --- */

void screen_flush(void)
{
	if (!screen.terminal || screen.suspended || screen.textual || !screen.drawn)
		return;
	int shown = screen.cursor_y >= 0;

	if (shown != screen.cursor_shown)
		curs_set(shown);
	screen.cursor_shown = shown;
	/* A hidden cursor may stay where the last cell was written: moving it would cost bytes. */
	leaveok(stdscr, !shown);
	if (shown)
		wmove(stdscr, screen.cursor_y, screen.cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
	screen.drawn = 0;
}

void screen_repaint(void)
{
	clearok(curscr, TRUE);
	screen.drawn = 1;
}
