/* screen_input.c - keys as keys.h knows them, and the mouse. */
#include <stdlib.h>

#include "tui/screen/keys.h"
#include "tui/screen/screen_private.h"

static const struct {
	int curses, key;
} special[] = {
	{ KEY_UP, K_UP },
	{ KEY_DOWN, K_DOWN },
	{ KEY_LEFT, K_LEFT },
	{ KEY_RIGHT, K_RIGHT },
	{ KEY_HOME, K_HOME },
	{ KEY_FIND, K_HOME }, /* what VT220s and some xterms send */
	{ KEY_END, K_END },
	{ KEY_SELECT, K_END },
	{ KEY_PPAGE, K_PAGE_UP },
	{ KEY_NPAGE, K_PAGE_DOWN },
	{ KEY_ENTER, K_ENTER },
	{ KEY_BTAB, K_BACKTAB },
	{ KEY_BACKSPACE, K_BACKSPACE },
	{ KEY_DC, K_DELETE },
	{ KEY_IC, K_INSERT },
	{ KEY_MOUSE, K_MOUSE },
	{ KEY_RESIZE, K_RESIZE },
};

static int from_curses(int code)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (special[i].curses == code)
			return special[i].key;
	if (code >= KEY_F(1) && code <= KEY_F(12))
		return K_F1 + code - KEY_F(1);
	return KEY_NONE_;
}

static int from_character(wint_t character)
{
	switch (character) {
	case '\r':
	case '\n':
		return K_ENTER;
	case '\t':
		return K_TAB;
	case 27:
		return K_ESC;
	case 127:
	case 8:
		return K_BACKSPACE;
	default:
		return character < 32 ? K_CTRL | (character == 0 ? ' ' : (int)character + 96) : (int)character;
	}
}

static const struct {
	mmask_t mask;
	int button;
} buttons[] = {
	{ BUTTON1_DOUBLE_CLICKED, 11 },
	{ BUTTON1_PRESSED | BUTTON1_CLICKED, 1 },
	{ BUTTON2_PRESSED | BUTTON2_CLICKED, 2 },
	{ BUTTON3_PRESSED | BUTTON3_CLICKED, 3 },
	{ BUTTON4_PRESSED, 4 },
	{ BUTTON5_PRESSED, 5 },
};

static int read_mouse(void)
{
	MEVENT event;

	if (getmouse(&event) == ERR)
		return 0;
	screen.mouse_y = event.y;
	screen.mouse_x = event.x;
	for (size_t i = 0; i < sizeof(buttons) / sizeof(*buttons); i++) {
		if (!(event.bstate & buttons[i].mask))
			continue;
		screen.mouse_button = buttons[i].button;
		return 1;
	}
	return 0;
}

void screen_mouse(int *y, int *x, int *button)
{
	*y = screen.mouse_y;
	*x = screen.mouse_x;
	*button = screen.mouse_button;
}

void screen_set_mouse(int on)
{
	if (screen.textual || on == screen.mouse)
		return;
	screen.mouse = on;
	mouseinterval(0); /* a click counts when the button goes down */
	mousemask(on ? BUTTON1_PRESSED | BUTTON2_PRESSED | BUTTON3_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

static int next_key(void)
{
	wint_t character;
	int kind = wget_wch(screen.input, &character);

	if (kind == ERR)
		return -1;
	return kind == KEY_CODE_YES ? from_curses((int)character) : from_character(character);
}

int screen_key(void)
{
	if (!screen.terminal || screen.suspended || screen.textual)
		return -1;
	for (;;) {
		int key = next_key();

		if (key == K_MOUSE && !read_mouse())
			continue; /* a button going up */
		if (key == K_RESIZE)
			continue; /* told by SIGWINCH */
		if (key != K_ESC)
			return key;
		/* Esc and a character at once: Alt. Alone: Esc (curses has waited for more). */
		int after = next_key();

		return after < 0 ? K_ESC : after == K_ESC ? K_ESC : K_ALT | after;
	}
}
