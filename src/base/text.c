#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static char empty[1]; /* data of a text without room: read, never written */

void text_init(struct text *text, size_t max_bytes)
{
	*text = (struct text){ .data = empty, .max = max_bytes };
}

void text_release(struct text *text)
{
	if (text->room)
		free(text->data);
	text_init(text, text->max);
}

void text_clear(struct text *text)
{
	text->length = 0;
	text->cut = 0;
	if (text->room)
		*text->data = 0;
}

/* Room for `more` bytes and the NUL; the caller has bounded `more` by max. */
static void reserve(struct text *text, size_t more)
{
	size_t need = text->length + more + 1, room = text->room ? text->room : 64;

	if (need <= text->room)
		return;
	while (room < need)
		room += room;
	if (room > text->max + 1)
		room = text->max + 1;
	text->data = mem_resize(text->room ? text->data : NULL, room);
	text->data[text->length] = 0;
	text->room = room;
}

/* The longest part of bytes[0..length) that ends between characters, when it must be cut at `keep`.
 */
static size_t whole_characters(const char *bytes, size_t keep)
{
	size_t start = keep;

	while (start && keep - start < 3 && ((unsigned char)bytes[start] & 0xC0) == 0x80)
		start--;
	return (unsigned char)bytes[start] >= 0xC0 ? start : keep;
}

int text_add_n(struct text *text, const char *bytes, size_t length)
{
	size_t left = text->max - text->length;

	if (text->cut)
		return length ? -1 : 0; /* a hole in the middle would read as if it were whole */
	if (length > left) {
		length = whole_characters(bytes, left);
		text->cut = 1;
	}
	if (length) {
		reserve(text, length);
		memcpy(text->data + text->length, bytes, length);
		text->length += length;
		text->data[text->length] = 0;
	}
	return text->cut ? -1 : 0;
}

int text_add(struct text *text, const char *string)
{
	return text_add_n(text, string, strlen(string));
}

int text_add_char(struct text *text, char c)
{
	if (text->length + 1 < text->room && text->length < text->max && !text->cut) {
		text->data[text->length++] = c;
		text->data[text->length] = 0;
		return 0;
	}
	return text_add_n(text, &c, 1);
}

int text_vformat(struct text *text, const char *format, va_list args)
{
	char small[512], *large;
	va_list again;
	int length, result;

	va_copy(again, args);
	length = vsnprintf(small, sizeof(small), format, args);
	if (length < 0) {
		text->cut = 1;
		result = -1;
	} else if ((size_t)length < sizeof(small)) {
		result = text_add_n(text, small, (size_t)length);
	} else {
		large = mem_alloc((size_t)length + 1);
		vsnprintf(large, (size_t)length + 1, format, again);
		result = text_add_n(text, large, (size_t)length);
		free(large);
	}
	va_end(again);
	return result;
}

int text_format(struct text *text, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = text_vformat(text, format, args);
	va_end(args);
	return result;
}

char *text_take(struct text *text)
{
	char *data = text->room ? text->data : mem_text("");

	text->room = 0;
	text_init(text, text->max);
	return data;
}
