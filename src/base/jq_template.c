/* jq_template.c - "{{ expr }}" in the strings of a tree. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/jq.h"
#include "base/jq_worker.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { TEXT_MAX = 1 << 20 };

/* The "}}" that closes an expression: not one in a string, nor the end of nested objects. */
static const char *closing(const char *at)
{
	int depth = 0, quoted = 0;

	for (; *at; at++) {
		if (quoted) {
			if (*at == '\\' && at[1])
				at++;
			else if (*at == '"')
				quoted = 0;
		} else if (*at == '"') {
			quoted = 1;
		} else if (*at == '{') {
			depth++;
		} else if (*at == '}' && depth) {
			depth--;
		} else if (*at == '}' && at[1] == '}') {
			return at;
		}
	}
	return NULL;
}

/* `at` stands after "{{"; *after behind "}}". */
static struct json *eval_one(
	const char *at, const char **after, const char *input, struct error *err)
{
	const char *end = closing(at);
	struct json *value;
	char *program;

	if (!end) {
		error_set(err, ERR_FORMAT, "a template is not closed: {{%.100s", at);
		return NULL;
	}
	program = mem_text_n(at, (size_t)(end - at));
	value = jq_eval_text(program, input, err);
	if (!value)
		error_wrap(err, "{{%s}}", program);
	free(program);
	*after = end + 2;
	return value;
}

static void add_value(struct text *out, const struct json *value)
{
	char *json;

	if (json_text(value)) {
		text_add(out, json_text(value));
		return;
	}
	json = json_format(value);
	text_add(out, json);
	free(json);
}

static int fill(struct text *out, const char *from, const char *input, struct error *err)
{
	const char *at;

	while ((at = strstr(from, "{{"))) {
		struct json *value;

		text_add_n(out, from, (size_t)(at - from));
		value = eval_one(at + 2, &from, input, err);
		if (!value)
			return -1;
		add_value(out, value);
		json_free(value);
	}
	text_add(out, from);
	return out->cut ? error_set(err, ERR_LIMIT, "a template grows past %d bytes", TEXT_MAX) : 0;
}

static struct json *expand_text(const char *string, const char *input, struct error *err)
{
	struct json *result = NULL;
	struct text out;
	const char *end = strncmp(string, "{{", 2) ? NULL : closing(string + 2);

	if (end && !end[2])
		return eval_one(string + 2, &end, input, err);
	text_init(&out, TEXT_MAX);
	if (!fill(&out, string, input, err))
		result = json_string_n(out.data, out.length);
	text_release(&out);
	return result;
}

static struct json *expand(const struct json *value, const char *input, struct error *err)
{
	struct json *result;

	if (json_text(value) && strstr(json_text(value), "{{"))
		return expand_text(json_text(value), input, err);
	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return value ? json_copy(value) : json_null();
	result = json_is(value, JSON_ARRAY) ? json_array() : json_object();
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		struct json *part = expand(item, input, err);

		if (!part) {
			json_free(result);
			return NULL;
		}
		if (json_key(item))
			json_set(result, json_key(item), part);
		else
			json_add(result, part);
	}
	return result;
}

struct json *jq_template(const struct json *value, const struct json *input, struct error *err)
{
	char *text = json_format(input);
	struct json *result = expand(value, text, err);

	free(text);
	return result;
}
