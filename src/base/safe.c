#include "base/safe.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

enum { TAB_COLUMNS = 8 };

/* How many bytes at the start are printable ASCII: eight at a time, since nearly all text is. The
 * sums set a byte's top bit when it is >= 0x20 and when it is 0x7f; carries come only from bytes
 * that have the top bit already. */
static size_t plain_prefix(const char *bytes, size_t length)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof(word) <= length; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		if ((word | ~(word + EACH_BYTE(0x60)) | (word + EACH_BYTE(0x01))) & EACH_BYTE(0x80))
			break;
	}
	while (i < length && bytes[i] >= 0x20 && bytes[i] < 0x7f)
		i++;
	return i;
}

int utf8_decode(const char *bytes, size_t length, unsigned *codepoint)
{
	static const unsigned smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *b = (const unsigned char *)bytes;
	unsigned c;
	int n;

	*codepoint = 0;
	if (!length)
		return 0;
	if (b[0] < 0x80) {
		*codepoint = b[0];
		return 1;
	}
	n = b[0] >= 0xf5 ? 0 : b[0] >= 0xf0 ? 4 : b[0] >= 0xe0 ? 3 : b[0] >= 0xc2 ? 2 : 0;
	if (!n || (size_t)n > length)
		return 0;
	c = b[0] & (0x7fu >> n);
	for (int i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3f);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*codepoint = c;
	return n;
}

/* Characters that change how others are shown, or are not shown at all, ordered. Joiners (U+200C/D)
 * and variation selectors stay: scripts and emoji need them. */
static const struct {
	unsigned first, last;
} harmful[] = {
	{ 0x0000, 0x001f },   /* C0 */
	{ 0x007f, 0x009f },   /* DEL, C1 */
	{ 0x061c, 0x061c },   /* Arabic letter mark */
	{ 0x180e, 0x180e },   /* Mongolian vowel separator */
	{ 0x200b, 0x200b },   /* zero width space */
	{ 0x200e, 0x200f },   /* left-to-right, right-to-left mark */
	{ 0x2028, 0x202e },   /* line, paragraph separator; bidi embeddings and overrides */
	{ 0x2060, 0x206f },   /* invisible operators, bidi isolates, deprecated format characters */
	{ 0xfeff, 0xfeff },   /* byte order mark */
	{ 0xfff9, 0xfffb },   /* interlinear annotation */
	{ 0xe0000, 0xe007f }, /* tags */
};

static int is_harmful(unsigned codepoint)
{
	for (size_t i = 0; i < sizeof(harmful) / sizeof(*harmful); i++)
		if (codepoint <= harmful[i].last)
			return codepoint >= harmful[i].first;
	return 0;
}

int safe_codepoint(unsigned codepoint)
{
	return !is_harmful(codepoint);
}

/* How many bytes at the start may stay as they are: whole characters, none harmful. */
static size_t harmless_prefix(const char *bytes, size_t length)
{
	size_t i = 0;
	unsigned codepoint;
	int n;

	for (;;) {
		i += plain_prefix(bytes + i, length - i);
		n = utf8_decode(bytes + i, length - i, &codepoint);
		if (!n || is_harmful(codepoint))
			return i;
		i += (size_t)n;
	}
}

/* The mark shown for the harmful character or invalid byte at bytes; *used is what it stands for.
 */
static const char *mark_for(const char *bytes, size_t length, size_t *used, char picture[4])
{
	unsigned codepoint;
	int n = utf8_decode(bytes, length, &codepoint);

	*used = n ? (size_t)n : 1;
	if (!n || codepoint > 0x7f)
		return REPLACEMENT;
	if (codepoint == '\r' && length > 1 && bytes[1] == '\n')
		*used = 2;
	if (codepoint == '\t' || codepoint == '\n' || *used == 2)
		return " ";
	/* U+2400 has a picture of each control character, U+2421 the one of DEL. */
	memcpy(picture, "\xe2\x90", 2);
	picture[2] = (char)(0x80 + (codepoint == 0x7f ? 0x21 : codepoint));
	picture[3] = 0;
	return picture;
}

int safe_add(struct text *text, const char *bytes, size_t length)
{
	char picture[4];
	size_t n;

	while (length) {
		n = harmless_prefix(bytes, length);
		text_add_n(text, bytes, n);
		bytes += n;
		length -= n;
		if (!length || text->cut)
			break;
		text_add(text, mark_for(bytes, length, &n, picture));
		bytes += n;
		length -= n;
	}
	return text->cut ? -1 : 0;
}

/* Columns used on the last line of text. */
static size_t column_of(const struct text *text)
{
	const char *newline = text->length ? memrchr(text->data, '\n', text->length) : NULL;
	const char *start = newline ? newline + 1 : text->data;

	return utf8_columns(start, (size_t)(text->data + text->length - start));
}

int safe_add_lines(struct text *text, const char *bytes, size_t length)
{
	size_t column = column_of(text), n;
	char picture[4];

	while (length && !text->cut) {
		n = harmless_prefix(bytes, length);
		text_add_n(text, bytes, n);
		column += utf8_columns(bytes, n);
		bytes += n;
		length -= n;
		if (!length)
			break;
		const char *mark = mark_for(bytes, length, &n, picture);

		if (*bytes == '\t') {
			do
				text_add_char(text, ' ');
			while (++column % TAB_COLUMNS);
		} else if (*mark == ' ') {
			text_add_char(text, '\n');
			column = 0;
		} else {
			text_add(text, mark);
			column++;
		}
		bytes += n;
		length -= n;
	}
	return text->cut ? -1 : 0;
}

/* Copies what fits of whole characters; returns 0 when something did not. */
static int copy_part(char **out, size_t *room, const char *bytes, size_t length)
{
	size_t keep = length;

	if (keep > *room) {
		keep = *room;
		while (keep && ((unsigned char)bytes[keep] & 0xc0) == 0x80)
			keep--;
	}
	memcpy(*out, bytes, keep);
	*out += keep;
	*room -= keep;
	return keep == length;
}

void safe_copy(char *out, size_t size, const char *bytes, size_t length)
{
	char picture[4];
	size_t n, room = size - 1;

	if (!size)
		return;
	while (length) {
		n = harmless_prefix(bytes, length);
		if (!copy_part(&out, &room, bytes, n))
			break;
		bytes += n;
		length -= n;
		if (!length)
			break;
		const char *mark = mark_for(bytes, length, &n, picture);

		if (!copy_part(&out, &room, mark, strlen(mark)))
			break;
		bytes += n;
		length -= n;
	}
	*out = 0;
}

int safe_is(const char *bytes, size_t length)
{
	return harmless_prefix(bytes, length) == length;
}

size_t utf8_columns(const char *bytes, size_t length)
{
	size_t columns = 0, i = 0, n;
	unsigned codepoint;
	int used;

	while (i < length) {
		n = plain_prefix(bytes + i, length - i);
		columns += n;
		i += n;
		if (i == length)
			break;
		used = utf8_decode(bytes + i, length - i, &codepoint);
		columns += used ? (size_t)utf8_width(codepoint) : 1; /* drawn as one U+FFFD */
		i += used ? (size_t)used : 1;
	}
	return columns;
}
