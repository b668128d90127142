#include "tui/dialog/input.h"

#include <stdio.h>
#include <string.h>

#include "base/safe.h"
#include "tui/screen/keys.h"

void input_set(struct input *input, const char *text)
{
	safe_copy(input->text, sizeof(input->text), text, strlen(text));
	input->length = input->cursor = strlen(input->text);
}

static size_t before(const struct input *input, size_t at)
{
	while (at > 0 && (input->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t after(const struct input *input, size_t at)
{
	if (at < input->length)
		at++;
	while (at < input->length && (input->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void cut(struct input *input, size_t from, size_t to)
{
	memmove(input->text + from, input->text + to, input->length - to + 1);
	input->length -= to - from;
	input->cursor = from;
}

static void insert(struct input *input, unsigned codepoint)
{
	char bytes[8];

	key_format((int)codepoint, bytes, sizeof(bytes));
	if (codepoint == ' ')
		snprintf(bytes, sizeof(bytes), " ");
	size_t length = strlen(bytes);

	if (input->length + length >= sizeof(input->text) || !safe_is(bytes, length))
		return;
	memmove(input->text + input->cursor + length, input->text + input->cursor, input->length - input->cursor + 1);
	memcpy(input->text + input->cursor, bytes, length);
	input->length += length;
	input->cursor += length;
}

static size_t word_start(const struct input *input)
{
	size_t at = input->cursor;

	while (at > 0 && input->text[at - 1] == ' ')
		at--;
	while (at > 0 && input->text[at - 1] != ' ')
		at--;
	return at;
}

static int move(struct input *input, int key)
{
	switch (key) {
	case K_LEFT:
	case K_CTRL | 'b':
		input->cursor = before(input, input->cursor);
		return 1;
	case K_RIGHT:
	case K_CTRL | 'f':
		input->cursor = after(input, input->cursor);
		return 1;
	case K_HOME:
	case K_CTRL | 'a':
		input->cursor = 0;
		return 1;
	case K_END:
	case K_CTRL | 'e':
		input->cursor = input->length;
		return 1;
	default:
		return 0;
	}
}

static int erase_by(struct input *input, int key)
{
	switch (key) {
	case K_BACKSPACE:
		cut(input, before(input, input->cursor), input->cursor);
		return 1;
	case K_DELETE:
	case K_CTRL | 'd':
		cut(input, input->cursor, after(input, input->cursor));
		return 1;
	case K_CTRL | 'u':
		cut(input, 0, input->cursor);
		return 1;
	case K_CTRL | 'k':
		cut(input, input->cursor, input->length);
		return 1;
	case K_CTRL | 'w':
		cut(input, word_start(input), input->cursor);
		return 1;
	default:
		return 0;
	}
}

int input_key(struct input *input, int key, int *changed)
{
	size_t length = input->length;

	*changed = 0;
	if (move(input, key))
		return 1;
	if (!erase_by(input, key)) {
		if (key < ' ' || key >= 0x110000)
			return 0;
		insert(input, (unsigned)key);
	}
	*changed = input->length != length;
	return 1;
}

void input_draw(const struct input *input, struct rect area, int y, int x, int columns, enum style style, int focused, int hide)
{
	char stars[INPUT_MAX];
	const char *text = input->text;
	size_t length = input->length, cursor = input->cursor, from = 0;

	if (hide) {
		memset(stars, '*', length);
		stars[length] = 0;
		text = stars;
	}
	while ((int)utf8_columns(text + from, cursor - from) >= columns && from < cursor)
		do
			from++;
		while (from < cursor && (text[from] & 0xc0) == 0x80);
	screen_put_n(area, y, x, columns, style, text + from, length - from);
	if (focused)
		screen_cursor(area, y, x + (int)utf8_columns(text + from, cursor - from));
}
