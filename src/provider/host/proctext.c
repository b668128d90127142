#include "provider/host/proctext.h"

#include <string.h>

struct proctext proctext_of(const char *bytes, size_t length)
{
	return (struct proctext){ .at = bytes, .end = bytes + length };
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

int proctext_line(struct proctext *text, struct proctext *line)
{
	if (text->at >= text->end)
		return -1;
	const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));

	line->at = text->at;
	line->end = newline ? newline : text->end;
	text->at = newline ? newline + 1 : text->end;
	return 0;
}

void proctext_blanks(struct proctext *text)
{
	while (text->at < text->end && (is_blank(*text->at) || *text->at == '\n'))
		text->at++;
}

int proctext_word(struct proctext *text, const char **word, size_t *length)
{
	proctext_blanks(text);
	const char *start = text->at;

	while (text->at < text->end && !is_blank(*text->at) && *text->at != '\n')
		text->at++;
	*word = start;
	*length = (size_t)(text->at - start);
	return *length ? 0 : -1;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

int proctext_number(const char *bytes, size_t length, unsigned base, uint64_t *value)
{
	uint64_t sum = 0;

	if (!length)
		return -1;
	for (size_t i = 0; i < length; i++) {
		unsigned digit = (unsigned)digit_of(bytes[i]);

		if (digit >= base || sum > (UINT64_MAX - digit) / base)
			return -1;
		sum = sum * base + digit;
	}
	*value = sum;
	return 0;
}

int proctext_u64(struct proctext *text, uint64_t *value)
{
	const char *word;
	size_t length;

	return proctext_word(text, &word, &length) ? -1 : proctext_number(word, length, 10, value);
}

int proctext_i64(struct proctext *text, int64_t *value)
{
	const char *word;
	size_t length;
	uint64_t number;

	if (proctext_word(text, &word, &length))
		return -1;
	int negative = *word == '-';

	if (proctext_number(word + negative, length - (size_t)negative, 10, &number) || number > INT64_MAX)
		return -1;
	*value = negative ? -(int64_t)number : (int64_t)number;
	return 0;
}

int proctext_skip(struct proctext *text, unsigned words)
{
	const char *word;
	size_t length;

	while (words--)
		if (proctext_word(text, &word, &length))
			return -1;
	return 0;
}

int proctext_after(struct proctext *text, const char *prefix)
{
	size_t length = strlen(prefix);

	if ((size_t)(text->end - text->at) < length || memcmp(text->at, prefix, length) != 0)
		return 0;
	text->at += length;
	return 1;
}

void proctext_rest(struct proctext *text, const char **bytes, size_t *length)
{
	proctext_blanks(text);
	const char *end = text->end;

	while (end > text->at && (is_blank(end[-1]) || end[-1] == '\n'))
		end--;
	*bytes = text->at;
	*length = (size_t)(end - text->at);
}

size_t proctext_unescape(const char *bytes, size_t length, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++) {
		uint64_t code;

		if (bytes[i] == '\\' && length - i > 3 && !proctext_number(bytes + i + 1, 3, 8, &code) && code < 256) {
			out[used++] = (char)code;
			i += 3;
		} else {
			out[used++] = bytes[i];
		}
	}
	out[used] = 0;
	return used;
}

int proctext_field(const char *bytes, size_t length, const char *key, char separator, struct proctext *value)
{
	struct proctext text = proctext_of(bytes, length), line;

	while (!proctext_line(&text, &line)) {
		if (!proctext_after(&line, key))
			continue;
		while (separator == ':' && line.at < line.end && is_blank(*line.at))
			line.at++;
		if (line.at < line.end && *line.at == separator) {
			line.at++;
			*value = line;
			return 0;
		}
	}
	return -1;
}
