#include "base/toml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/json_node.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"

enum { DEPTH_MAX = 64, VALUES_MAX = 1000000, KEYS_MAX = 4000 /* of one table: each is compared with those before it */, KEY_MAX = 1024, STRING_MAX = 16 << 20, NUMBER_MAX = 80 };

struct reader {
	const char *at, *end;
	int line, depth;
	size_t values;
	struct error *err;
};

static int fail(struct reader *reader, const char *words)
{
	return error_set(reader->err, ERR_FORMAT, "line %d: %s", reader->line, words);
}

static int peek(const struct reader *reader)
{
	return reader->at < reader->end ? (unsigned char)*reader->at : -1;
}

static int is_at(const struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	return (size_t)(reader->end - reader->at) >= length && !memcmp(reader->at, word, length);
}

static void skip_blanks(struct reader *reader)
{
	while (peek(reader) == ' ' || peek(reader) == '\t')
		reader->at++;
}

static void skip_comment(struct reader *reader)
{
	if (peek(reader) == '#')
		while (reader->at < reader->end && *reader->at != '\n')
			reader->at++;
}

/* Blanks, comments and line ends. */
static void skip_lines(struct reader *reader)
{
	for (;;) {
		skip_blanks(reader);
		skip_comment(reader);
		if (is_at(reader, "\r\n"))
			reader->at++;
		if (peek(reader) != '\n')
			return;
		reader->at++;
		reader->line++;
	}
}

static int end_line(struct reader *reader)
{
	skip_blanks(reader);
	skip_comment(reader);
	if (is_at(reader, "\r\n"))
		reader->at++;
	return reader->at == reader->end || *reader->at == '\n' ? 0 : fail(reader, "something stands behind the value");
}

static cJSON *new_node(struct reader *reader, int type)
{
	cJSON *node = json_new(type);

	node->valueint = reader->line;
	reader->values++;
	return node;
}

/* --- strings --- */

static void add_codepoint(struct text *out, unsigned code)
{
	char bytes[4];
	size_t count = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (size_t i = count; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3F));
	bytes[0] = (char)(count == 1 ? code : leads[count] | code);
	text_add_n(out, bytes, count);
}

static int read_unicode(struct reader *reader, int digits, struct text *out)
{
	unsigned code = 0;

	for (; digits; digits--, reader->at++) {
		static const char hex[] = "0123456789abcdef0123456789ABCDEF";
		const char *found = peek(reader) > 0 ? strchr(hex, peek(reader)) : NULL;

		if (!found)
			return fail(reader, "a character is told by 4 or 8 hex digits");
		code = code * 16 + (unsigned)((found - hex) % 16);
	}
	if (!code || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
		return fail(reader, "there is no such character");
	add_codepoint(out, code);
	return 0;
}

static int read_escape(struct reader *reader, int lines, struct text *out)
{
	static const char letters[] = "btnfr\"\\e", values[] = "\b\t\n\f\r\"\\\033";
	int letter = peek(reader);
	const char *found = letter > 0 ? strchr(letters, letter) : NULL;

	if (lines && (letter == '\n' || letter == ' ' || letter == '\t' || letter == '\r')) {
		skip_blanks(reader);
		if (peek(reader) == '\r')
			reader->at++;
		if (peek(reader) != '\n')
			return fail(reader, "only a line's end may follow \\");
		for (; reader->at < reader->end && strchr(" \t\r\n", *reader->at); reader->at++)
			reader->line += *reader->at == '\n';
		return 0;
	}
	if (letter < 0)
		return fail(reader, "the string has no end");
	reader->at++;
	if (letter == 'u' || letter == 'U')
		return read_unicode(reader, letter == 'u' ? 4 : 8, out);
	if (!found)
		return fail(reader, "no such escape");
	return text_add_char(out, values[found - letters]);
}

/* Behind the opening quotes, to behind the closing ones. */
static int read_quoted(struct reader *reader, char quote, int lines, struct text *out)
{
	const char triple[] = { quote, quote, quote, 0 };

	if (lines && is_at(reader, "\r\n"))
		reader->at++;
	if (lines && peek(reader) == '\n') {
		reader->at++;
		reader->line++;
	}
	while (reader->at < reader->end) {
		char c = *reader->at;

		if (c == quote && (!lines || is_at(reader, triple))) {
			reader->at += lines ? 3 : 1;
			for (int more = 0; lines && more < 2 && peek(reader) == quote; more++, reader->at++)
				text_add_char(out, quote);
			return 0;
		}
		if (c == '\n' && !lines)
			break;
		reader->line += c == '\n';
		reader->at++;
		if (c == '\\' && quote == '"') {
			if (read_escape(reader, lines, out))
				return -1;
		} else if (c && text_add_char(out, c)) {
			return fail(reader, "the string is too long");
		}
	}
	return fail(reader, "the string has no end");
}

static int read_string(struct reader *reader, struct text *out)
{
	char quote = *reader->at;
	const char triple[] = { quote, quote, quote, 0 };
	int lines = is_at(reader, triple);

	reader->at += lines ? 3 : 1;
	return read_quoted(reader, quote, lines, out);
}

/* --- keys --- */

static int is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int read_key(struct reader *reader, struct text *out)
{
	text_clear(out);
	skip_blanks(reader);
	if (peek(reader) == '"' || peek(reader) == '\'')
		return is_at(reader, "\"\"\"") || is_at(reader, "'''") ? fail(reader, "a key is one line") : read_string(reader, out);
	while (is_bare(peek(reader)))
		text_add_char(out, *reader->at++);
	return out->length && !out->cut ? 0 : fail(reader, "a key is missing, or is too long");
}

static int has_dot(struct reader *reader)
{
	skip_blanks(reader);
	if (peek(reader) != '.')
		return 0;
	reader->at++;
	return 1;
}

static cJSON *member(const cJSON *table, const char *key)
{
	cJSON *item = table->child;

	while (item && strcmp(item->string, key))
		item = item->next;
	return item;
}

/* Takes value. A table's number of keys is kept in its valuedouble, which only numbers use. NULL: it has too many. */
static cJSON *add_member(struct reader *reader, cJSON *table, const char *key, cJSON *value)
{
	if (table->valuedouble >= KEYS_MAX) {
		error_set(reader->err, ERR_LIMIT, "line %d: a table has more than %d keys", reader->line, KEYS_MAX);
		json_free(json_of(value));
		return NULL;
	}
	table->valuedouble++;
	value->string = mem_text(key);
	json_append(table, value);
	return value;
}

/* The table a dotted key goes through; the last of an array of tables. NULL: something else stands there. */
static cJSON *step_into(struct reader *reader, cJSON *table, const char *key)
{
	cJSON *found = member(table, key);

	if (!found)
		return add_member(reader, table, key, new_node(reader, cJSON_Object));
	if (json_is(json_of(found), JSON_ARRAY) && found->child)
		found = found->child->prev;
	if (json_is(json_of(found), JSON_OBJECT))
		return found;
	fail(reader, "a value and a table have the same name");
	return NULL;
}

/* --- values --- */

static cJSON *read_value(struct reader *reader);

static cJSON *read_text(struct reader *reader)
{
	struct text text;
	int line = reader->line;
	cJSON *node = NULL;

	text_init(&text, STRING_MAX);
	if (!read_string(reader, &text)) {
		node = json_node(json_string_n(text.data, text.length));
		node->valueint = line;
		reader->values++;
	}
	text_release(&text);
	return node;
}

/* Numbers, true, false, dates: what goes to the next comma, bracket, comment or line end. */
static cJSON *read_word(struct reader *reader)
{
	char word[NUMBER_MAX], digits[NUMBER_MAX], *end;
	size_t length = 0, count = 0;
	cJSON *node;

	while (reader->at < reader->end && !strchr(",]}#\r\n", *reader->at) && length + 1 < sizeof(word))
		word[length++] = *reader->at++;
	while (length && strchr(" \t", word[length - 1]))
		length--;
	word[length] = 0;
	for (size_t i = 0; i < length; i++)
		if (word[i] != '_')
			digits[count++] = word[i];
	digits[count] = 0;
	if (!length || length + 1 == sizeof(word)) {
		fail(reader, "a value is missing");
		return NULL;
	}
	if (!strcmp(word, "true") || !strcmp(word, "false"))
		return new_node(reader, *word == 't' ? cJSON_True : cJSON_False);
	double number = strtod(digits, &end);
	if (*end || isnan(number)) {
		if (!strchr("0123456789+-in", *word) || (strchr(word, ' ') && word[4] != '-')) {
			fail(reader, "this is no value; texts stand in quotes");
			return NULL;
		}
		node = json_node(json_string(word)); /* a date, 0b1, 0o7, nan */
		node->valueint = reader->line;
		reader->values++;
		return node;
	}
	node = new_node(reader, cJSON_Number);
	node->valuedouble = number;
	return node;
}

static cJSON *read_array(struct reader *reader)
{
	cJSON *array = new_node(reader, cJSON_Array);

	reader->at++;
	for (skip_lines(reader); peek(reader) != ']'; skip_lines(reader)) {
		cJSON *item = read_value(reader);

		if (!item)
			goto failed;
		json_append(array, item);
		skip_lines(reader);
		if (peek(reader) == ',')
			reader->at++;
		else if (peek(reader) != ']') {
			fail(reader, "a comma or ] is missing");
			goto failed;
		}
	}
	reader->at++;
	return array;
failed:
	json_free(json_of(array));
	return NULL;
}

/* key = value, into table. */
static int read_pair(struct reader *reader, cJSON *table)
{
	struct text key;
	cJSON *value = NULL;
	int failed = 0, levels = 0;

	text_init(&key, KEY_MAX);
	while (!(failed = read_key(reader, &key)) && has_dot(reader) && (table = step_into(reader, table, key.data)))
		if (++levels >= DEPTH_MAX) {
			failed = error_set(reader->err, ERR_LIMIT, "line %d: the key is too deep", reader->line);
			break;
		}
	if (!failed && table) {
		skip_blanks(reader);
		if (member(table, key.data))
			fail(reader, "the key stands here twice");
		else if (peek(reader) != '=')
			fail(reader, "= is missing");
		else {
			reader->at++;
			skip_blanks(reader);
			value = read_value(reader);
		}
	}
	if (value)
		value = add_member(reader, table, key.data, value);
	text_release(&key);
	return value ? 0 : -1;
}

static cJSON *read_inline(struct reader *reader)
{
	cJSON *table = new_node(reader, cJSON_Object);

	reader->at++;
	for (skip_lines(reader); peek(reader) != '}'; skip_lines(reader)) {
		if (read_pair(reader, table))
			goto failed;
		skip_lines(reader);
		if (peek(reader) == ',')
			reader->at++;
		else if (peek(reader) != '}') {
			fail(reader, "a comma or } is missing");
			goto failed;
		}
	}
	reader->at++;
	return table;
failed:
	json_free(json_of(table));
	return NULL;
}

static cJSON *read_value(struct reader *reader)
{
	cJSON *value = NULL;

	if (reader->depth == DEPTH_MAX || reader->values >= VALUES_MAX) {
		error_set(reader->err, ERR_LIMIT, "line %d: more than %d values, or nested deeper than %d", reader->line, VALUES_MAX, DEPTH_MAX);
		return NULL;
	}
	reader->depth++;
	switch (peek(reader)) {
	case '"':
	case '\'':
		value = read_text(reader);
		break;
	case '[':
		value = read_array(reader);
		break;
	case '{':
		value = read_inline(reader);
		break;
	default:
		value = read_word(reader);
	}
	reader->depth--;
	return value;
}

/* --- [table] and [[array of tables]] --- */

static cJSON *open_last(struct reader *reader, cJSON *table, const char *key, int of_array)
{
	cJSON *found = member(table, key);

	if (!of_array)
		return step_into(reader, table, key);
	if (!found)
		found = add_member(reader, table, key, new_node(reader, cJSON_Array));
	if (!found)
		return NULL;
	if (!json_is(json_of(found), JSON_ARRAY)) {
		fail(reader, "a table and an array of tables have the same name");
		return NULL;
	}
	cJSON *item = new_node(reader, cJSON_Object);
	json_append(found, item);
	return item;
}

static cJSON *read_header(struct reader *reader, cJSON *table)
{
	struct text key;
	int of_array = is_at(reader, "[["), failed, levels = 0;

	text_init(&key, KEY_MAX);
	reader->at += of_array ? 2 : 1;
	while (!(failed = read_key(reader, &key)) && has_dot(reader) && table) {
		if (++levels >= DEPTH_MAX)
			failed = error_set(reader->err, ERR_LIMIT, "line %d: the name of the table is too deep", reader->line);
		table = failed ? NULL : step_into(reader, table, key.data);
	}
	if (!failed && table && !is_at(reader, of_array ? "]]" : "]"))
		failed = fail(reader, "] is missing");
	if (!failed && table)
		table = open_last(reader, table, key.data, of_array);
	text_release(&key);
	if (failed || !table)
		return NULL;
	reader->at += of_array ? 2 : 1;
	return table;
}

static int read_document(struct reader *reader, cJSON *root)
{
	cJSON *table = root;

	for (skip_lines(reader); reader->at < reader->end; skip_lines(reader)) {
		if (*reader->at == '[' ? !(table = read_header(reader, root)) : read_pair(reader, table))
			return -1;
		if (end_line(reader))
			return -1;
	}
	return 0;
}

struct json *toml_parse(const char *bytes, size_t length, struct error *err)
{
	struct error unused = { 0 };
	struct reader reader = { .at = bytes, .end = bytes + length, .line = 1, .err = err ? err : &unused };

	if (is_at(&reader, "\xEF\xBB\xBF"))
		reader.at += 3;
	cJSON *root = new_node(&reader, cJSON_Object);
	if (!read_document(&reader, root))
		return json_of(root);
	json_free(json_of(root));
	return NULL;
}
