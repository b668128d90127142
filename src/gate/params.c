#include "gate/params.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"

static int integer_of(const struct json *value, int64_t *number)
{
	const char *text = json_text(value);
	char *end;

	if (json_is(value, JSON_NUMBER)) {
		double given = json_number(value, 0);

		*number = json_int(value, 0);
		return (double)*number == given ? 0 : -1;
	}
	if (!text || !*text)
		return -1;
	errno = 0;
	*number = strtoll(text, &end, 10);
	return errno || *end ? -1 : 0;
}

static struct json *read_integer(const struct kind_param *param, const struct json *value)
{
	int64_t number;

	(void)param;
	return integer_of(value, &number) || number < 0 ? NULL : json_integer(number);
}

static struct json *read_signed(const struct kind_param *param, const struct json *value)
{
	int64_t number;

	(void)param;
	return integer_of(value, &number) ? NULL : json_integer(number);
}

static struct json *read_boolean(const struct kind_param *param, const struct json *value)
{
	const char *text = json_text(value);

	(void)param;
	if (json_is(value, JSON_BOOL))
		return json_copy(value);
	if (text && (!strcmp(text, "true") || !strcmp(text, "yes") || !strcmp(text, "1")))
		return json_boolean(1);
	if (text && (!strcmp(text, "false") || !strcmp(text, "no") || !strcmp(text, "0")))
		return json_boolean(0);
	return NULL;
}

static struct json *read_text(const struct kind_param *param, const struct json *value)
{
	(void)param;
	if (json_is(value, JSON_NUMBER)) {
		char *shown = json_format(value);
		struct json *text = json_string(shown);

		free(shown);
		return text;
	}
	return json_text(value) ? json_copy(value) : NULL;
}

static struct json *read_duration(const struct kind_param *param, const struct json *value)
{
	int64_t window_ns;

	(void)param;
	return json_text(value) && !clock_parse_window(json_text(value), &window_ns) ? json_copy(value) : NULL;
}

/* values: "a|b|c" */
static struct json *read_enum(const struct kind_param *param, const struct json *value)
{
	const char *text = json_text(value);
	size_t length = text ? strlen(text) : 0;

	for (const char *at = param->values; text && at && *at; at += strspn(at, "|")) {
		size_t word = strcspn(at, "|");

		if (word == length && !strncmp(at, text, word))
			return json_copy(value);
		at += word;
	}
	return NULL;
}

static struct json *read_any(const struct kind_param *param, const struct json *value)
{
	(void)param;
	return json_type(value) == JSON_NULL ? NULL : json_copy(value);
}

static const struct {
	const char *type, *takes;
	struct json *(*read)(const struct kind_param *param, const struct json *value);
} types[] = {
	{ "integer", "a whole number of 0 or more", read_integer }, { "signed", "a whole number", read_signed },
	{ "boolean", "true or false", read_boolean }, { "text", "a text", read_text }, { "file", "a file's content", read_text },
	{ "duration", "a time such as 10m", read_duration }, { "bytes", "a size such as 500Mi", read_text },
	{ "enum", "one of", read_enum }, { "object", "a document", read_any },
};

/* "a whole number of 0 or more", "one of soft|hard" */
static void takes_text(const struct kind_param *param, size_t type, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", types[type].takes, param->values ? " " : "", param->values ? param->values : "");
}

static struct json *read_param(const struct kind_param *param, const struct json *value, struct error *err)
{
	char takes[160];

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (strcmp(types[i].type, param->type))
			continue;
		struct json *read = types[i].read(param, value);
		takes_text(param, i, takes, sizeof(takes));
		if (!read)
			error_set(err, ERR_INVALID, "%s takes %s%s%s", param->name, takes, param->help && *param->help ? ": " : "", param->help ? param->help : "");
		return read;
	}
	error_set(err, ERR_INVALID, "%s has type '%s', which does not exist: the kind's file is wrong", param->name, param->type);
	return NULL;
}

static int known(const struct kind_verb *verb, const char *name)
{
	for (size_t i = 0; i < verb->param_count; i++)
		if (!strcmp(verb->params[i].name, name))
			return 1;
	return 0;
}

/* Names those there are: nobody knows them by heart. */
static int refuse(const struct kind_verb *verb, const char *name, struct error *err)
{
	char names[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < verb->param_count && used < sizeof(names) - 1; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "", verb->params[i].name);
	return error_set(err, ERR_INVALID, "no parameter '%.60s'; it takes %s", name, *names ? names : "none");
}

static int check_unknown(const struct kind_verb *verb, const struct json *params, struct error *err)
{
	for (const struct json *given = json_first(params); given; given = json_next(given))
		if (!known(verb, json_key(given)))
			return refuse(verb, json_key(given), err);
	return 0;
}

static void set_missing(const struct kind_param *param, struct error *err)
{
	char takes[160] = "";

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].type, param->type))
			takes_text(param, i, takes, sizeof(takes));
	error_set(err, ERR_INVALID, "%s=… is missing: %s", param->name, param->help && *param->help ? param->help : takes);
}

/* NULL without an error: not given and not needed. */
static struct json *one(const struct kind_param *param, const struct json *params, struct error *err)
{
	const struct json *value = json_get(params, param->name);

	if (json_type(value) != JSON_NULL)
		return read_param(param, value, err);
	if (param->initial) {
		struct json *initial = json_string(param->initial);
		struct json *read = read_param(param, initial, err);

		json_free(initial);
		return read;
	}
	if (param->required)
		set_missing(param, err);
	return NULL;
}

struct json *params_check(const struct kind_verb *verb, const struct json *params, struct error *err)
{
	struct error failed = { 0 };
	struct json *checked = json_object();

	check_unknown(verb, params, &failed);
	for (size_t i = 0; i < verb->param_count && !failed.code; i++) {
		struct json *value = one(&verb->params[i], params, &failed);

		if (value)
			json_set(checked, verb->params[i].name, value);
	}
	if (!failed.code)
		return checked;
	if (err)
		*err = failed;
	json_free(checked);
	return NULL;
}
