/* source_decode.c - text of files whose bytes are not UTF-8: UTF-16, and the strings inside a notebook's JSON. */
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "fleet/tree/source.h"
#include "fleet/tree/source_private.h"

size_t source_utf8(unsigned c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static int is_high(unsigned unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static int is_low(unsigned unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

static unsigned unit_at(const char *bytes, size_t at, int big_endian)
{
	const unsigned char *b = (const unsigned char *)bytes + at;

	return big_endian ? (unsigned)b[0] << 8 | b[1] : (unsigned)b[1] << 8 | b[0];
}

void source_decode_utf16(struct source *source, int big_endian)
{
	const char *bytes = source->bytes;
	size_t length = source->byte_length, at = 0;

	source_begin_text(source, length / 2 * 3 + 4);
	while (at + 1 < length) {
		unsigned c = unit_at(bytes, at, big_endian);
		size_t used = 2;
		char out[4];

		if (is_high(c) && at + 3 < length && is_low(unit_at(bytes, at + 2, big_endian))) {
			c = 0x10000 + ((c - 0xd800) << 10) + (unit_at(bytes, at + 2, big_endian) - 0xdc00);
			used = 4;
		} else if (is_high(c) || is_low(c)) {
			c = 0xfffd;
		}
		if (c != 0xfeff || at) {
			size_t n = source_utf8(c, out);

			source_put(source, out, n, at, n == 1 ? 2 : 0);
		}
		at += used;
	}
}

/* A reader of JSON that knows where it is. depth bounds what a file may nest. */
struct reader {
	struct source *source;
	const char *bytes;
	size_t length, at;
	int depth;
	int failed;
};

enum { DEPTH_MAX = 64 };

static void skip_blanks(struct reader *r)
{
	while (r->at < r->length && strchr(" \t\r\n", r->bytes[r->at]) && r->bytes[r->at])
		r->at++;
}

static int peek(struct reader *r)
{
	skip_blanks(r);
	return r->at < r->length ? (unsigned char)r->bytes[r->at] : -1;
}

static int take(struct reader *r, char c)
{
	if (peek(r) != (unsigned char)c)
		return 0;
	r->at++;
	return 1;
}

static unsigned four_digits(const struct reader *r, size_t at)
{
	uint8_t raw[2];
	char digits[5] = { 0 };

	if (at + 4 > r->length)
		return 0xfffd;
	memcpy(digits, r->bytes + at, 4);
	return hex_parse(digits, raw, 2) ? 0xfffd : (unsigned)raw[0] << 8 | raw[1];
}

/* An escape at the reader; its character goes to the text as one piece of the file. */
static void take_escape(struct reader *r, int emit)
{
	static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	size_t from = r->at, n = 1;
	char out[4] = { '?' };
	const char *letter;
	unsigned c;

	r->at += 2;
	if (from + 1 >= r->length)
		return;
	letter = r->bytes[from + 1] ? strchr(letters, r->bytes[from + 1]) : NULL;
	if (letter) {
		out[0] = means[letter - letters];
	} else if (r->bytes[from + 1] == 'u') {
		c = four_digits(r, from + 2);
		r->at = from + 6;
		if (is_high(c) && r->at + 6 <= r->length && r->bytes[r->at] == '\\' && r->bytes[r->at + 1] == 'u' &&
			is_low(four_digits(r, r->at + 2))) {
			c = 0x10000 + ((c - 0xd800) << 10) + (four_digits(r, r->at + 2) - 0xdc00);
			r->at += 6;
		} else if (is_high(c) || is_low(c)) {
			c = 0xfffd;
		}
		n = source_utf8(c, out);
	}
	if (emit)
		source_put(r->source, out, n, from, 0);
}

/* The string at the reader; emit: its text is wanted. */
static void take_string(struct reader *r, int emit)
{
	if (!take(r, '"')) {
		r->failed = 1;
		return;
	}
	while (r->at < r->length && r->bytes[r->at] != '"') {
		size_t from = r->at;

		if (r->bytes[r->at] == '\\') {
			take_escape(r, emit);
			continue;
		}
		while (r->at < r->length && r->bytes[r->at] != '"' && r->bytes[r->at] != '\\')
			r->at++;
		if (emit)
			source_put(r->source, r->bytes + from, r->at - from, from, 1);
	}
	if (r->at >= r->length)
		r->failed = 1;
	r->at++;
}

/* Strings below these members are text that a person wrote or a run printed. */
static int is_wanted(const char *key, size_t length)
{
	static const char *const wanted[] = { "source", "text", "data", "traceback", "evalue", "outputs", "metadata", "text/plain", "text/html", "text/markdown",
		"application/json", "stdout", "stderr" };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (strlen(wanted[i]) == length && !memcmp(wanted[i], key, length))
			return 1;
	return 0;
}

static int is_image(const char *key, size_t length)
{
	return length > 6 && (!memcmp(key, "image/", 6) || !memcmp(key, "video/", 6) || !memcmp(key, "audio/", 6));
}

static void take_value(struct reader *r, int emit);

static void take_object(struct reader *r, int emit)
{
	if (take(r, '}'))
		return;
	do {
		size_t key, length;

		if (peek(r) != '"') {
			r->failed = 1;
			return;
		}
		key = r->at + 1;
		take_string(r, emit);
		if (r->failed || !take(r, ':')) {
			r->failed = 1;
			return;
		}
		if (emit)
			source_put(r->source, ": ", 2, r->at - 1, 0);
		length = r->bytes + key < r->bytes + r->length ? (size_t)((const char *)memchr(r->bytes + key, '"', r->length - key) - (r->bytes + key)) : 0;
		take_value(r, !is_image(r->bytes + key, length) && (emit || is_wanted(r->bytes + key, length)));
	} while (!r->failed && take(r, ','));
	if (!take(r, '}'))
		r->failed = 1;
}

static void take_array(struct reader *r, int emit)
{
	if (take(r, ']'))
		return;
	do
		take_value(r, emit);
	while (!r->failed && take(r, ','));
	if (!take(r, ']'))
		r->failed = 1;
}

/* After a whole text a line ends, so that two cells do not run into each other. */
static void end_line(struct reader *r)
{
	struct source *source = r->source;

	if (source->length && source->owned_text[source->length - 1] != '\n')
		source_put(source, "\n", 1, r->at ? r->at - 1 : 0, 0);
}

static void take_value(struct reader *r, int emit)
{
	int c = peek(r);

	if (r->failed || ++r->depth > DEPTH_MAX) {
		r->failed = 1;
		return;
	}
	if (c == '{') {
		r->at++;
		take_object(r, emit);
		if (emit)
			end_line(r);
	} else if (c == '[') {
		r->at++;
		take_array(r, emit);
		if (emit)
			end_line(r);
	} else if (c == '"') {
		take_string(r, emit);
	} else if (c < 0) {
		r->failed = 1;
	} else {
		size_t from = r->at;

		while (r->at < r->length && !strchr(",]} \t\r\n", r->bytes[r->at]))
			r->at++;
		r->failed = r->failed || r->at == from;
	}
	r->depth--;
}

int source_decode_notebook(struct source *source)
{
	struct reader r = { .source = source, .bytes = source->bytes, .length = source->byte_length };
	const char *text = source->text;
	size_t length = source->length;

	if (r.length >= 3 && !memcmp(r.bytes, "\xef\xbb\xbf", 3))
		r.at = 3;
	if (peek(&r) != '{')
		return -1;
	source->piece_count = 0;
	/* Two bytes more for a key or a value at most, and each takes two bytes of the file. */
	source_begin_text(source, r.length * 2 + 64);
	take_value(&r, 0);
	if (!r.failed)
		return 0;
	source->text = text;
	source->length = length;
	source->piece_count = 0;
	if (text != source->bytes) {
		source->pieces = mem_grow(source->pieces, 1, sizeof(*source->pieces));
		source->pieces[source->piece_count++] = (struct source_piece){ 0, (size_t)(text - source->bytes), 1 };
	}
	return -1;
}
