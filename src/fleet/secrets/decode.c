/* decode.c - values that do not stand in the text as they are: base64 once, and literals that a language joins. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/mem.h"
#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

enum { RUN_MIN = 20, RUN_MAX = 64 << 10, JOINED_MAX = 1 << 20, JOIN_SIDE = 256 };

/* 1 a character of base64 or base64url */
static const unsigned char *alphabet(void)
{
	static const unsigned char table[256] = {
		['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
		['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1,
		['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
		['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1,
		['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
		['+'] = 1, ['/'] = 1, ['-'] = 1, ['_'] = 1,
	};

	return table;
}

static int is_text(const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t') || bytes[i] >= 0x7f)
			return 0;
	return length > 0;
}

/* The decoded bytes of a run when they are text, in the scanner's arena; NULL otherwise. */
static char *decoded(struct secret_scanner *scanner, const char *run, size_t length, size_t *out)
{
	char head[13];
	uint8_t *bytes;
	char *text = NULL;
	size_t n = 0;

	memcpy(head, run, 12);
	head[12] = '\0';
	bytes = base64_parse(head, &n);
	if (bytes && is_text(bytes, n)) {
		char *copy = mem_text_n(run, length - (length % 4 == 1));

		free(bytes);
		bytes = base64_parse(copy, &n);
		free(copy);
		if (bytes && is_text(bytes, n)) {
			text = arena_text_n(scanner->texts, (const char *)bytes, n);
			*out = n;
		}
	}
	free(bytes);
	return text;
}

static void look_into(struct secret_scanner *scanner, size_t at, size_t length)
{
	struct view view = { .kind = VIEW_DECODED, .whole = { at, length } };

	if (length > RUN_MAX)
		return;
	view.text = decoded(scanner, scanner->source->text + at, length, &view.length);
	if (view.text)
		secrets_scan_view(scanner, &view);
}

/* Looks at every RUN_MIN-th byte: a run that long has one of them. */
void secrets_decode(struct secret_scanner *scanner)
{
	const unsigned char *table = alphabet(), *text = (const unsigned char *)scanner->source->text;
	size_t length = scanner->source->length, i = RUN_MIN - 1;

	while (i < length) {
		size_t start = i, end = i;

		if (!table[text[i]]) {
			i += RUN_MIN;
			continue;
		}
		while (start && table[text[start - 1]] && i - start < RUN_MIN)
			start--;
		if (i - start + 1 < RUN_MIN) {
			size_t need = start + RUN_MIN;

			while (end + 1 < length && end + 1 < need && table[text[end + 1]])
				end++;
			if (end + 1 < need) {
				i = end + RUN_MIN + 1;
				continue;
			}
		}
		while (end + 1 < length && table[text[end + 1]])
			end++;
		while (end + 1 < length && text[end + 1] == '=' && end - i < RUN_MAX)
			end++;
		look_into(scanner, start, end + 1 - start);
		i = end + RUN_MIN + 1;
	}
}

/* --- Kubernetes Secrets --- */

struct line {
	size_t at, length, indent;
};

static struct line line_of(const struct source *source, size_t at)
{
	const char *end = memchr(source->text + at, '\n', source->length - at);
	struct line line = { at, (end ? (size_t)(end - source->text) : source->length) - at, 0 };

	while (line.indent < line.length && source->text[at + line.indent] == ' ')
		line.indent++;
	return line;
}

static int line_says(const struct source *source, const struct line *line, const char *word)
{
	size_t n = strlen(word);

	return line->length - line->indent >= n && !memcmp(source->text + line->at + line->indent, word, n);
}

/* `name: dmFsdWU=` of data: the decoded value belongs to the name; any other form is found by the pass itself. */
static void look_at_entry(struct secret_scanner *scanner, const struct line *line)
{
	const char *text = scanner->source->text + line->at + line->indent, *colon = memchr(text, ':', line->length - line->indent);
	size_t name = colon ? (size_t)(colon - text) : 0, at = line->indent + name + 1, end = line->length;
	struct view view = { .kind = VIEW_DECODED, .in_secret = 1 };
	size_t n = 0;
	char *value;

	if (!name)
		return;
	while (at < end && strchr(" \"'", scanner->source->text[line->at + at]))
		at++;
	while (end > at && strchr(" \"'\r", scanner->source->text[line->at + end - 1]))
		end--;
	if (end - at < 8 || end - at > RUN_MAX)
		return;
	value = mem_text_n(scanner->source->text + line->at + at, end - at);
	uint8_t *bytes = base64_parse(value, &n);

	free(value);
	if (bytes && is_text(bytes, n)) {
		while (n && strchr("\r\n", (char)bytes[n - 1]))
			n--;
		/* As an assignment, so that names count too. */
		view.text = arena_format(scanner->texts, "%.*s: %.*s", (int)name, text, (int)n, (const char *)bytes);
		view.length = strlen(view.text);
		view.whole = (struct span){ line->at + at, end - at };
		secrets_scan_view(scanner, &view);
	}
	free(bytes);
}

static size_t document_start(const struct source *source, size_t at)
{
	while (at) {
		const char *before = memrchr(source->text, '\n', at);
		size_t start = before ? (size_t)(before - source->text) + 1 : 0;

		if (!strncmp(source->text + start, "---", 3) || !start)
			return start;
		at = start - 1;
	}
	return 0;
}

/* `data:` at the indent of `kind: Secret` at `at`: every deeper line is an entry. */
void secrets_kind_secret(struct secret_scanner *scanner, size_t at)
{
	const struct source *source = scanner->source;
	size_t indent = 0, start;
	int inside = 0;

	if (source->kind != SOURCE_YAML || at < scanner->kind_end || (at && source->text[at - 1] != '\n' && source->text[at - 1] != ' '))
		return;
	start = document_start(source, at);
	while (at > indent && source->text[at - indent - 1] == ' ')
		indent++;
	for (size_t i = start; i < source->length;) {
		struct line line = line_of(source, i);

		scanner->kind_end = i;
		if (i > start && line_says(source, &line, "---") && !line.indent && i > at)
			break;
		if (inside && line.length > line.indent && line.indent <= indent)
			inside = 0;
		if (inside)
			look_at_entry(scanner, &line);
		else if (line.indent == indent && line_says(source, &line, "data:"))
			inside = 1;
		i += line.length + 1;
	}
}

/* --- joined literals --- */

static void put_joined(struct secret_scanner *scanner, size_t at, size_t length)
{
	if (scanner->joined_length + length + 1 > JOINED_MAX)
		return;
	if (scanner->joined_length + length + 1 > scanner->joined_room) {
		scanner->joined_room = (scanner->joined_length + length + 1) * 2;
		scanner->joined = mem_resize(scanner->joined, scanner->joined_room + SOURCE_SLACK);
	}
	scanner->joins = mem_grow(scanner->joins, scanner->join_count + 1, sizeof(*scanner->joins));
	scanner->joins[scanner->join_count++] = (struct join){ scanner->joined_length, at };
	memcpy(scanner->joined + scanner->joined_length, scanner->source->text + at, length);
	scanner->joined_length += length;
}

/* From the quote at `at` that ends a literal to the first byte of the next one; 0: nothing is joined here. */
static size_t next_piece(const char *text, size_t length, size_t at)
{
	char quote = text[at];
	size_t i = at + 1;
	int signs = 0;

	while (i < length && i - at < JOIN_SIDE && (strchr(" \t\r\n", text[i]) || ((text[i] == '+' || text[i] == '.') && !signs++) || (text[i] == '\\' && text[i + 1] == '\n')))
		i++;
	if (i == at + 1)
		return 0;
	while (i < length && i - at < JOIN_SIDE && strchr("rRbBuUfF", text[i]) && (text[i + 1] == quote || text[i + 2] == quote))
		i++;
	return i < length && text[i] == quote && text[i + 1] != quote ? i + 1 : 0;
}

/* The bytes before the quote at `at` that may be its literal. */
static size_t piece_start(const char *text, size_t at)
{
	size_t i = at;

	while (i && at - i < JOIN_SIDE && text[i - 1] != text[at] && text[i - 1] != '\n')
		i--;
	return i;
}

static size_t piece_end(const char *text, size_t length, size_t from, char quote)
{
	size_t i = from;

	while (i < length && i - from < JOIN_SIDE && text[i] != quote && text[i] != '\n')
		i++;
	return i;
}

/* A literal and those joined to it, one after the other; a line end keeps groups apart. */
static size_t join_group(struct secret_scanner *scanner, size_t at, size_t next)
{
	const char *text = scanner->source->text;
	size_t length = scanner->source->length, start = piece_start(text, at);

	put_joined(scanner, start, at - start);
	while (next) {
		size_t end = piece_end(text, length, next, text[at]);

		put_joined(scanner, next, end - next);
		at = end;
		next = end < length && text[end] != '\n' ? next_piece(text, length, end) : 0;
	}
	if (scanner->joined_length < JOINED_MAX) {
		put_joined(scanner, at < length ? at : length - 1, 1);
		scanner->joined[scanner->joined_length - 1] = '\n';
	}
	return at;
}

static int joins_literals(enum source_kind kind)
{
	return kind == SOURCE_PYTHON || kind == SOURCE_SCRIPT || kind == SOURCE_NOTEBOOK || kind == SOURCE_TEXT || kind == SOURCE_TERRAFORM || kind == SOURCE_MARKDOWN;
}

void secrets_join(struct secret_scanner *scanner)
{
	const char *text = scanner->source->text;
	size_t length = scanner->source->length;
	static const char quotes[] = "\"'`";

	scanner->joined_length = scanner->join_count = 0;
	if (!joins_literals(scanner->source->kind))
		return;
	for (const char *quote = quotes; *quote; quote++)
		for (const char *at = text, *end = text + length; (at = memchr(at, *quote, (size_t)(end - at)));) {
			size_t next = next_piece(text, length, (size_t)(at - text));

			at = next ? text + join_group(scanner, (size_t)(at - text), next) : at;
			at++;
			if (at >= end)
				break;
		}
	if (!scanner->joined_length)
		return;
	memset(scanner->joined + scanner->joined_length, 0, SOURCE_SLACK);
	secrets_scan_view(scanner, &(struct view){ .text = scanner->joined, .length = scanner->joined_length, .kind = VIEW_JOINED });
}
