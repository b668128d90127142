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

const char *jq_template_next(const char *text, size_t *length, const char **after)
{
	const char *begin = strstr(text, "{{");

	if (!begin)
		return NULL;
	begin += 2;
	const char *end = closing(begin);
	*length = end ? (size_t)(end - begin) : (size_t)-1;
	*after = end ? end + 2 : begin;
	return begin;
}

/* --- all expressions of a tree are one program: compiling costs more than running --- */

static int collect(const struct json *value, struct text *all, struct error *err)
{
	const char *begin, *end;
	size_t length;

	for (const char *from = json_text_or(value, ""); (begin = jq_template_next(from, &length, &end)); from = end) {
		if (length == (size_t)-1)
			return error_set(err, ERR_FORMAT, "a template is not closed: {{%.100s", begin);
		/* The first output, or null; a line's end, since the expression may end in a comment. */
		text_format(all, "%s[limit(1; (%.*s\n))][0]", all->length ? ",\n" : "", (int)length, begin);
	}
	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return 0;
	for (const struct json *item = json_first(value); item; item = json_next(item))
		if (collect(item, all, err))
			return -1;
	return 0;
}

/* Which expression it was that failed. */
static void blame(const struct json *value, const char *define, const char *input, struct error *err)
{
	const char *begin, *end;
	size_t length;

	for (const char *from = json_text_or(value, ""); (begin = jq_template_next(from, &length, &end)); from = end) {
		char *program = mem_text_n(begin, length), *whole = mem_format("%s\n%s", define, program);
		struct json *one = jq_eval_text(whole, input, err);

		if (!one)
			error_wrap(err, "{{%.40s%s}}", program + strspn(program, " \n"), strlen(program) > 40 ? " …" : "");
		json_free(one);
		free(whole);
		free(program);
		if (!one)
			return;
	}
	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return;
	for (const struct json *item = json_first(value); item; item = json_next(item))
		blame(item, define, input, err);
}

/* The values of all expressions in order; an empty array where there are none. */
static struct json *eval_all(const struct json *value, const char *define, const char *input, struct error *err)
{
	struct json *values = NULL;
	struct error own = { 0 };
	struct text all;

	text_init(&all, TEXT_MAX);
	if (collect(value, &all, err)) {
		text_release(&all);
		return NULL;
	}
	char *program = mem_format("%s\n[%s]", define, all.data);

	if (!all.length)
		values = json_array();
	else if (all.cut)
		error_set(err, ERR_LIMIT, "templates have more than %d bytes of expressions", TEXT_MAX);
	else
		values = jq_eval_text(program, input, &own);
	free(program);
	text_release(&all);
	if (!values && own.code) {
		if (err)
			*err = own;
		if (own.code == ERR_FORMAT)
			blame(value, define, input, err);
	}
	return values;
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

/* `next` is the value of the next expression, and moves on. */
static struct json *expand_text(const char *string, const struct json **next, struct error *err)
{
	struct json *result = NULL;
	struct text out;
	size_t length;
	const char *begin, *after, *from = string;

	if ((begin = jq_template_next(string, &length, &after)) == string + 2 && !*after) {
		result = json_copy(*next);
		*next = json_next(*next);
		return result;
	}
	text_init(&out, TEXT_MAX);
	for (; (begin = jq_template_next(from, &length, &after)); from = after) {
		text_add_n(&out, from, (size_t)(begin - 2 - from));
		add_value(&out, *next);
		*next = json_next(*next);
	}
	text_add(&out, from);
	if (out.cut)
		error_set(err, ERR_LIMIT, "a template grows past %d bytes", TEXT_MAX);
	else
		result = json_string_n(out.data, out.length);
	text_release(&out);
	return result;
}

static struct json *expand(const struct json *value, const struct json **next, struct error *err)
{
	struct json *result;

	if (json_text(value) && strstr(json_text(value), "{{"))
		return expand_text(json_text(value), next, err);
	if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
		return value ? json_copy(value) : json_null();
	result = json_is(value, JSON_ARRAY) ? json_array() : json_object();
	for (const struct json *item = json_first(value); item; item = json_next(item)) {
		struct json *part = expand(item, next, err);

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

struct json *jq_template(const struct json *value, const char *define, const struct json *input, struct error *err)
{
	char *text = json_format(input);
	struct json *values = eval_all(value, define ? define : "", text, err);
	const struct json *next = json_first(values);
	struct json *result = values ? expand(value, &next, err) : NULL;

	json_free(values);
	free(text);
	return result;
}
