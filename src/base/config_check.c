/* What the configuration holds, and whether it can be meant so. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/config_inside.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/secret.h"

static const char *const source_names[] = {
	[SOURCE_NONE] = "unset",
	[SOURCE_OVERRIDE] = "command line",
	[SOURCE_ENVIRONMENT] = "environment",
	[SOURCE_DOTENV] = ".env",
	[SOURCE_PROFILE] = "profile",
	[SOURCE_FILE] = "file",
	[SOURCE_DEFAULT] = "default",
};

static int is_whole(const char *value)
{
	char *end;

	strtol(value, &end, 10);
	return *value && !*end;
}

static int is_number(const char *value)
{
	char *end;

	strtod(value, &end);
	return *value && !*end;
}

static int is_boolean(const char *value)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "1", "0" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(value, words[i]))
			return 1;
	return 0;
}

static int is_window(const char *value)
{
	int64_t window;

	return !clock_parse_window(value, &window);
}

static int is_url(const char *value)
{
	return strstr(value, "://") != NULL;
}

/* "a|b|c" */
static int is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = choices; at; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (!strncasecmp(at, value, length) && (at[length] == '|' || !at[length]))
			return 1;
	return 0;
}

int config_value_fits(const struct config_key *row, const char *value)
{
	static const struct {
		const char *type;
		int (*fits)(const char *value);
	} types[] = {
		{ "integer", is_whole },
		{ "number", is_number },
		{ "boolean", is_boolean },
		{ "duration", is_window },
		{ "url", is_url },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(row->type, types[i].type))
			return types[i].fits(value);
	if (!strcmp(row->key, "log.level") && log_knows_level(value)) /* names of other systems too */
		return 1;
	return strchr(row->type, '|') ? is_choice(row->type, value) : 1;
}

/* "a duration such as 7d", "one of error|warn|info|debug". */
void config_takes(const char *type, char *out, size_t size)
{
	static const struct {
		const char *type, *words;
	} types[] = {
		{ "integer", "a whole number" }, { "number", "a number" }, { "boolean", "true or false" }, { "duration", "a duration such as 7d or 12h" },
		{ "url", "an address with its scheme, https://…" }, { "text", "a text" }, { "file", "a path" }, { "mapping", "a mapping (key: value)" },
		{ "list", "a list ([a, b])" },
	};

	snprintf(out, size, "one of %s", type);
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(type, types[i].type))
			snprintf(out, size, "%s", types[i].words);
}

char *config_shown(const struct config_key *row, const char *value)
{
	const char *scheme = strstr(value, "://"), *from = scheme ? scheme + 3 : value, *at = NULL;
	size_t length = scheme ? strcspn(from, "/?#") : strlen(from); /* of one that is no address nobody knows where it ends */

	if (row->secret)
		return mem_text(*value ? SECRET_SHOWN : "");
	for (size_t i = 0; !strcmp(row->type, "url") && i < length; i++)
		if (from[i] == '@')
			at = from + i;
	return at ? mem_format("%.*s" SECRET_SHOWN "%s", (int)(from - value), value, at) : mem_text(value);
}

static void add_item(struct json *list, const struct config_key *row, const char *value, enum config_source source)
{
	struct json *item = json_object();
	char *shown = value ? config_shown(row, value) : NULL;

	json_set_text(item, "key", row->key);
	json_set_text(item, "value", shown);
	free(shown);
	json_set_text(item, "source", source_names[source]);
	json_add(list, item);
}

/* Mappings and lists stand there as JSON. */
static void add_tree(struct json *list, const struct config *config, const struct config_key *row)
{
	const struct json *tree = config_tree(config, row->key);
	char *text = tree ? json_format(tree) : NULL;

	add_item(list, row, text, text ? SOURCE_FILE : SOURCE_NONE);
	free(text);
}

static int is_tree(const struct config_key *row)
{
	return !strcmp(row->type, "mapping") || !strcmp(row->type, "list");
}

struct json *config_list(const struct config *config)
{
	struct json *list = json_array();

	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *row = &config_keys[i];
		enum config_source source;
		const char *value;

		if (is_tree(row)) {
			add_tree(list, config, row);
			continue;
		}
		value = config_look_up(config, row->key, &source);
		add_item(list, row, value, source);
	}
	return list;
}

struct json *config_unread(const struct config *config)
{
	struct json *list = json_array();

	for (unsigned i = 0; i < config_later_count; i++)
		if (config_variable_is_set(config, config_later[i].name))
			json_add(list, json_set_text(json_set_text(json_object(), "name", config_later[i].name), "part", config_later[i].part));
	return list;
}

/* --- checking --- */

struct check {
	const struct config *config;
	struct json *problems;
	int count;
	struct error *fatal;   /* the first that cannot be passed over; or NULL */
};

__attribute__((format(printf, 5, 6))) static void add_problem(struct check *check, const char *place, int line, int is_fatal, const char *format, ...)
{
	char message[300];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	check->count++;
	problem_add(check->problems, place, line, message);
	if (!is_fatal || !check->fatal || check->fatal->code)
		return;
	if (line)
		error_set(check->fatal, ERR_INVALID, "%.120s:%d: %s", place, line, message);
	else
		error_set(check->fatal, ERR_INVALID, "%.120s: %s", place, message);
}

/* 1 when some key goes on with "prefix.". */
static int is_prefix(const char *prefix)
{
	size_t length = strlen(prefix);

	for (unsigned i = 0; i < config_key_count; i++)
		if (!strncmp(config_keys[i].key, prefix, length) && config_keys[i].key[length] == '.')
			return 1;
	return 0;
}

/* --- what protects: a name that means nothing would protect nothing --- */

static int is_names(const struct json *value)
{
	if (json_text(value))
		return 1;
	for (const struct json *item = json_first(value); item; item = json_next(item))
		if (!json_text(item))
			return 0;
	return json_is(value, JSON_ARRAY);
}

static void check_scopes(struct check *check, const struct json *scopes)
{
	for (const struct json *scope = json_first(scopes); scope; scope = json_next(scope)) {
		const char *name = json_key(scope);

		if (strcmp(name, "prod") != 0 && strcmp(name, "staging") != 0 && strcmp(name, "dev") != 0)
			add_problem(check, config_path(check->config), json_line(scope), 1, "scopes are prod, staging and dev, not '%.60s'", name);
		else if (!is_names(scope))
			add_problem(check, config_path(check->config), json_line(scope), 1, "scopes.%s takes names, as in [\"shop-*\", billing]", name);
	}
}

static void check_users(struct check *check, const struct json *users)
{
	for (const struct json *user = json_first(users); user; user = json_next(user)) {
		const struct json *first = json_first(user);
		int holds_role = json_is(user, JSON_OBJECT) && json_count(user) == 1 && !strcmp(json_key(first), "role") && json_text(first);

		if (!json_text(user) && !holds_role)
			add_problem(check, config_path(check->config), json_line(user), 1, "users.%.60s takes a role, as in {role: sre}", json_key(user));
	}
}

static void add_unfit(struct check *check, const char *place, int line, int is_fatal, const struct config_key *row, const char *name, const char *value)
{
	char takes[160], *shown = config_shown(row, value);

	config_takes(row->type, takes, sizeof(takes));
	add_problem(check, place, line, is_fatal, "%s takes %s, not '%.60s'", name, takes, shown);
	free(shown);
}

static void check_value(struct check *check, const struct json *item, const struct config_key *row)
{
	char number[40], takes[160];
	const char *value = json_text(item);
	int has_tree = json_is(item, JSON_OBJECT) || json_is(item, JSON_ARRAY);

	if (json_is(item, JSON_NULL))
		return;
	config_takes(row->type, takes, sizeof(takes));
	if (json_is(item, JSON_BOOL))
		value = json_bool(item, 0) ? "true" : "false";
	if (json_is(item, JSON_NUMBER)) {
		snprintf(number, sizeof(number), "%.15g", json_number(item, 0));
		value = number;
	}
	if (has_tree != is_tree(row))
		add_problem(check, config_path(check->config), json_line(item), 1, "%s takes %s", row->key, takes);
	else if (!strcmp(row->key, "scopes"))
		check_scopes(check, item);
	else if (!strcmp(row->key, "users"))
		check_users(check, item);
	else if (!has_tree && value && !config_value_fits(row, value))
		add_unfit(check, config_path(check->config), json_line(item), 1, row, row->key, value);
}

/* "readonly" and "read-only" are meant to be "read_only": whoever wrote it relies on it. */
static const char *meant(const char *key)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		const char *a = key, *b = config_keys[i].key;

		while (*a || *b) {
			a += strspn(a, "_-");
			b += strspn(b, "_-");
			if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
				break;
			a += *a != 0;
			b += *b != 0;
		}
		if (!*a && !*b)
			return config_keys[i].key;
	}
	return NULL;
}

static void check_mapping(struct check *check, const struct json *tree, const char *prefix)
{
	for (const struct json *item = json_first(tree); item; item = json_next(item)) {
		char *key = *prefix ? mem_format("%s.%s", prefix, json_key(item))
				    : mem_text(json_key(item));
		const struct config_key *row = config_key_find(key);
		const char *other = row ? NULL : meant(key);

		if (row)
			check_value(check, item, row);
		else if (json_is(item, JSON_OBJECT) && is_prefix(key))
			check_mapping(check, item, key);
		else if (other)
			add_problem(check, config_path(check->config), json_line(item), 1, "unknown key %.60s: it is called %s", key, other);
		else if (*prefix || strcmp(key, "profiles"))
			add_problem(check, config_path(check->config), json_line(item), 0, "unknown key %.60s; pilothouse config list names those there are", key);
		free(key);
	}
}

/* What the environment and .env say. Older names are those of other systems, whose values may mean something there. */
static void check_variables(struct check *check)
{
	for (unsigned i = 0; i < config_key_count; i++) {
		const struct config_key *row = &config_keys[i];
		enum config_source source;
		const char *value = is_tree(row) ? NULL : config_look_up(check->config, row->key, &source);
		char name[160];

		if (!value || !*value || (source != SOURCE_ENVIRONMENT && source != SOURCE_DOTENV) || config_value_fits(row, value))
			continue;
		int own = config_variable_of(check->config, row, name, sizeof(name));

		add_unfit(check, source == SOURCE_ENVIRONMENT ? "environment" : ".env", 0, own, row, name, value);
	}
}

static int look(const struct config *config, struct json *problems, struct error *fatal)
{
	struct check check = { .config = config, .problems = problems, .fatal = fatal };
	const struct json *file = config_file_tree(config);

	check_mapping(&check, file, "");
	for (const struct json *profile = json_first(json_get(file, "profiles")); profile;
		profile = json_next(profile))
		check_mapping(&check, profile, "");
	check_variables(&check);
	return check.count;
}

int config_validate(const struct config *config, struct json *problems)
{
	int count = look(config, problems, NULL) + config_check_dotenv(config, 1, problems);

	return count ? -1 : 0;
}

int config_check(const struct config *config, struct json *problems, struct error *err)
{
	struct error fatal = { 0 };

	look(config, problems, &fatal);
	config_check_dotenv(config, 0, problems);
	if (fatal.code && err)
		*err = fatal;
	return fatal.code ? -1 : 0;
}
