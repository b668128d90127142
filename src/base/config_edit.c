/* `config set`: one line of config.yaml is changed or added, all others stay as they are. Afterwards the file is read
 * again: when the key does not have that value then (quoted keys, flow style …), nothing is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/config_inside.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"

enum { CONFIG_MAX = 1 << 20, INDENT = 2 };

struct line {
	const char *begin, *end; /* without '\n' */
	int indent;              /* -1: blank or a comment */
};

static const char *next_line(const char *at, const char *end, struct line *line)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	line->begin = at;
	line->end = newline ? newline : end;
	line->indent = 0;
	while (at < line->end && *at == ' ') {
		at++;
		line->indent++;
	}
	if (at == line->end || *at == '#' || *at == '\r')
		line->indent = -1;
	return newline ? newline + 1 : end;
}

static int is_key(const struct line *line, const char *key, size_t length)
{
	const char *at = line->begin + line->indent;

	return (size_t)(line->end - at) > length && !memcmp(at, key, length) && at[length] == ':';
}

struct place {
	const char *begin, *end; /* of the block under way; at last where to write */
	int indent;
	struct line line;        /* of the key, when found */
};

/* Looks for key among the lines of the block; 1: found, place->line says where and the block is narrowed to what is below it. */
static int find_key(struct place *place, const char *key, size_t length)
{
	const char *at = place->begin;
	int indent = -1;

	while (at < place->end) {
		struct line line;
		const char *next = next_line(at, place->end, &line);

		if (line.indent >= 0 && indent < 0)
			indent = line.indent; /* of this block */
		if (line.indent >= 0 && line.indent == indent && is_key(&line, key, length)) {
			const char *below = next, *last = next;

			while (below < place->end) {
				struct line inner;

				below = next_line(below, place->end, &inner);
				if (inner.indent >= 0 && inner.indent <= indent)
					break;
				if (inner.indent >= 0)
					last = below;
			}
			place->line = line;
			place->begin = next;
			place->end = last;
			place->indent = indent;
			return 1;
		}
		at = next;
	}
	place->indent = indent >= 0 ? indent : place->indent;
	return 0;
}

/* A comment behind the value, with the blanks before it. */
static const char *find_comment(const struct line *line)
{
	char quote = 0;

	for (const char *at = line->begin; at < line->end; at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
		else if (*at == '#' && at > line->begin && at[-1] == ' ') {
			while (at > line->begin && at[-1] == ' ')
				at--;
			return at;
		}
	}
	return line->end;
}

static void add_value(struct text *out, const char *value, const struct config_key *row)
{
	if (!strcmp(row->type, "list") && *value && *value != '[') { /* one word is a list of one */
		text_add_char(out, '[');
		json_quote(out, value, strlen(value));
		text_add_char(out, ']');
		return;
	}
	if (!strcmp(row->type, "integer") || !strcmp(row->type, "boolean") ||
		!strcmp(row->type, "number") || !strcmp(row->type, "list") ||
		!strcmp(row->type, "mapping")) {
		text_add(out, value);
		return;
	}
	json_quote(out, value, strlen(value)); /* JSON's quoting is YAML's too */
}

/* `key:` lines for the parts that are not there yet, the last with the value. */
static void add_parts(struct text *out, const char *key, int indent, const char *value,
	const struct config_key *row)
{
	for (;;) {
		size_t length = strcspn(key, ".");

		text_format(out, "%*s%.*s:", indent, "", (int)length, key);
		if (!key[length]) {
			text_add_char(out, ' ');
			add_value(out, value, row);
			text_add_char(out, '\n');
			return;
		}
		text_add_char(out, '\n');
		key += length + 1;
		indent += INDENT;
	}
}

static void write_line(struct text *out, const struct place *place, const char *bytes, size_t length,
	const char *key, const char *value, const struct config_key *row)
{
	const char *comment = find_comment(&place->line);

	text_add_n(out, bytes, (size_t)(place->line.begin - bytes));
	text_format(out, "%*s%s: ", place->indent, "", key);
	add_value(out, value, row);
	text_add_n(out, comment, (size_t)(bytes + length - comment));
}

static void insert_lines(struct text *out, const char *at, const char *bytes, size_t length,
	const char *key, int indent, const char *value, const struct config_key *row)
{
	text_add_n(out, bytes, (size_t)(at - bytes));
	if (at > bytes && at[-1] != '\n')
		text_add_char(out, '\n');
	add_parts(out, key, indent, value, row);
	text_add_n(out, at, (size_t)(bytes + length - at));
}

static void edit(struct text *out, const char *bytes, size_t length, const char *key,
	const char *value, const struct config_key *row)
{
	struct place place = { .begin = bytes, .end = bytes + length };

	for (;;) {
		size_t part = strcspn(key, ".");
		int outer = place.indent, depth = place.line.begin != NULL;

		if (!find_key(&place, key, part)) {
			/* An empty block gives no indent of its own. */
			int indent = depth && place.indent <= outer ? outer + INDENT : place.indent;

			insert_lines(out, depth ? place.end : bytes + length, bytes, length, key,
				depth ? indent : 0, value, row);
			return;
		}
		if (!key[part]) {
			write_line(out, &place, bytes, length, key, value, row);
			return;
		}
		key += part + 1;
	}
}

/* What stands there now, as the same text. */
static int has_value(const char *bytes, size_t length, const char *key, const char *value,
	const struct config_key *row)
{
	struct json *tree = yaml_parse(bytes, length, NULL), *wanted = NULL;
	struct text line;
	int same;

	text_init(&line, CONFIG_MAX);
	add_value(&line, value, row);
	wanted = yaml_parse(line.data, line.length, NULL);
	same = tree && wanted && json_equal(json_at(tree, key), wanted);
	text_release(&line);
	json_free(tree);
	json_free(wanted);
	return same;
}

static int write_edited(const char *path, const char *bytes, size_t length, const char *key,
	const char *value, const struct config_key *row, struct error *err)
{
	struct text out;
	int result;

	text_init(&out, CONFIG_MAX);
	edit(&out, bytes, length, key, value, row);
	if (out.cut || !has_value(out.data, out.length, key, value, row))
		result = error_set(err, ERR_FORMAT, "%.120s cannot be changed by the program as it is laid out; "
			"set %.60s there by hand", path, key);
	else
		result = file_save(path, out.data, out.length, 0600, err);
	text_release(&out);
	return result;
}

static int refuse(const struct config_key *row, const char *value, struct error *err)
{
	char takes[160], *shown = config_shown(row, value);

	config_takes(row->type, takes, sizeof(takes));
	error_set(err, ERR_INVALID, "%.60s takes %s, not '%.60s'", row->key, takes, shown);
	free(shown);
	return -1;
}

int config_may_set(const char *key, const char *value, struct error *err)
{
	const struct config_key *row = config_key_find(key);

	if (!row)
		return error_set(err, ERR_INVALID, "there is no key \"%.60s\"; see `config list`", key);
	return !config_value_fits(row, value) || strpbrk(value, "\n\r") ? refuse(row, value, err) : 0;
}

int config_set(const char *path, const char *key, const char *value, struct error *err)
{
	const struct config_key *row = config_key_find(key);
	struct error why = { 0 };
	char *own = path ? mem_text(path) : config_default_path();
	size_t length = 0;
	char *bytes = NULL;
	int result;

	if (config_may_set(key, value, err))
		result = -1;
	else if (!(bytes = file_load(own, CONFIG_MAX, &length, &why)) && why.code != ERR_NOT_FOUND)
		result = error_set(err, why.code, "%s", why.text);
	else
		result = write_edited(own, bytes ? bytes : "", length, key, value, row, err);
	free(bytes);
	free(own);
	return result;
}
