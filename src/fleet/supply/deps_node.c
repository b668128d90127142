/* JavaScript: package.json and the lock files of npm, yarn and pnpm. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "fleet/supply/deps_private.h"

enum { DEPTH_MAX = 64 };

/* --- package.json --- */

static enum dependency_origin origin_of(const char *spec)
{
	static const char *const local[] = { "file:", "link:", "workspace:", "portal:", "./", "../", "~/", "/" };

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (!strncmp(spec, local[i], strlen(local[i])))
			return ORIGIN_LOCAL;
	if (!strncmp(spec, "npm:", 4))
		return ORIGIN_INDEX;
	return strstr(spec, "://") || strchr(spec, '/') || strchr(spec, ':') ? ORIGIN_URL : ORIGIN_INDEX;
}

/* 1.2.3 with nothing around. */
static int is_exact(const char *spec)
{
	size_t digits = strspn(spec, "0123456789."), dots = 0;

	for (size_t i = 0; i < digits; i++)
		dots += spec[i] == '.';
	return dots == 2 && isdigit((unsigned char)*spec) && (!spec[digits] || ((spec[digits] == '-' || spec[digits] == '+') && !strpbrk(spec, " |*")));
}

static void want(struct reading *reading, const struct json *item, int development, size_t *offset, int *line)
{
	const char *spec = json_text(item), *name = json_key(item), *real, *at;
	char key[DEPS_NAME_MAX + 4], alias[DEPS_NAME_MAX];

	if (!spec || !name)
		return;
	snprintf(key, sizeof(key), "\"%.*s\"", DEPS_NAME_MAX, name);
	struct dependency row = { .ecosystem = ECOSYSTEM_NPM, .name = name, .wanted = spec, .origin = origin_of(spec), .development = development,
		.line = deps_line_of(reading, key, offset, line) };
	if (!strncmp(spec, "npm:", 4)) { /* another package under this name: npm:real@^1 */
		real = spec + 4;
		at = strchr(real + 1, '@');
		snprintf(alias, sizeof(alias), "%.*s", (int)(at ? (size_t)(at - real) : strlen(real)), real);
		row.name = alias;
		row.wanted = at ? at + 1 : "";
	}
	if (row.origin == ORIGIN_INDEX && is_exact(row.wanted)) {
		row.version = row.wanted;
		deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_NPM, .name = row.name, .version = row.version, .line = row.line });
	}
	if (row.origin == ORIGIN_URL)
		row.source = spec;
	deps_want(reading, &row);
}

void deps_package_json(struct reading *reading)
{
	static const char *const groups[] = { "dependencies", "devDependencies", "optionalDependencies", "peerDependencies" };
	struct error err = { 0 };
	struct json *tree = json_parse(reading->bytes, reading->length, &err);

	if (!tree)
		deps_problem(reading, 0, err.text);
	deps_own(reading, ECOSYSTEM_NPM, json_text(json_get(tree, "name")));
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		char key[40];
		size_t offset = 0;
		int line = 1;

		snprintf(key, sizeof(key), "\"%s\"", groups[i]);
		deps_line_of(reading, key, &offset, &line);
		for (const struct json *item = json_first(json_get(tree, groups[i])); item; item = json_next(item))
			want(reading, item, i == 1, &offset, &line);
	}
	json_free(tree);
}

/* --- package-lock.json, npm-shrinkwrap.json --- */

struct place_in_file {
	size_t offset;
	int line;
};

static int line_of_key(struct reading *reading, const char *key, struct place_in_file *place)
{
	char quoted[DEPS_TEXT_MAX];

	if (snprintf(quoted, sizeof(quoted), "\"%s\":", key) >= (int)sizeof(quoted))
		return 0;
	return deps_line_of(reading, quoted, &place->offset, &place->line);
}

/* Version 2 and 3: "packages": {"node_modules/a/node_modules/@b/c": {…}} */
static void lock_packages(struct reading *reading, const struct json *packages)
{
	struct place_in_file place = { 0, 1 };

	for (const struct json *item = json_first(packages); item; item = json_next(item)) {
		static const char folder[] = "node_modules/";
		const char *key = json_key(item), *name = NULL, *at = key;
		int line = line_of_key(reading, key, &place), depth = 0;

		for (; (at = strstr(at, folder)); depth++)
			name = at += sizeof(folder) - 1;
		if (!name || json_bool(json_get(item, "link"), 0)) {
			if (json_text(json_get(item, "name")))
				deps_own(reading, ECOSYSTEM_NPM, json_text(json_get(item, "name")));
			continue;
		}
		const char *source = json_text(json_get(item, "resolved")), *real = json_text(json_get(item, "name"));
		deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_NPM, .name = real ? real : name, .version = json_text(json_get(item, "version")), .source = source,
			.origin = source && !strstr(source, ".tgz") && (strstr(source, "git") || !strncmp(source, "file:", 5)) ? ORIGIN_URL : ORIGIN_INDEX, .line = line,
			.is_lock = depth == 1 && !strncmp(key, folder, sizeof(folder) - 1) ? 2 : 1 });
	}
}

/* Version 1: "dependencies": {"a": {"version", "resolved", "dependencies": {…}}} */
static void lock_tree(struct reading *reading, const struct json *dependencies, struct place_in_file *place, int depth)
{
	for (const struct json *item = json_first(dependencies); item && depth < DEPTH_MAX; item = json_next(item)) {
		const char *version = json_text(json_get(item, "version"));
		int line = line_of_key(reading, json_key(item), place);

		if (version && isdigit((unsigned char)*version))
			deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_NPM, .name = json_key(item), .version = version,
				.source = json_text(json_get(item, "resolved")), .line = line, .is_lock = depth ? 1 : 2 });
		lock_tree(reading, json_get(item, "dependencies"), place, depth + 1);
	}
}

void deps_npm_lock(struct reading *reading)
{
	struct error err = { 0 };
	struct json *tree = json_parse(reading->bytes, reading->length, &err);
	struct place_in_file place = { 0, 1 };

	if (!tree)
		deps_problem(reading, 0, err.text);
	deps_own(reading, ECOSYSTEM_NPM, json_text(json_get(tree, "name")));
	if (json_count(json_get(tree, "packages")))
		lock_packages(reading, json_get(tree, "packages"));
	else
		lock_tree(reading, json_get(tree, "dependencies"), &place, 0);
	json_free(tree);
}

/* --- lines of yarn.lock and pnpm-lock.yaml --- */

struct line {
	const char *text; /* behind the blanks, without quotes' outside; NUL-terminated copy */
	char copy[DEPS_TEXT_MAX];
	int indent, number;
};

/* 0 at the end. Longer lines are cut. */
static int next_line(const char **at, const char *end, struct line *line)
{
	if (*at >= end)
		return 0;
	const char *stop = memchr(*at, '\n', (size_t)(end - *at));
	stop = stop ? stop : end;
	size_t length = (size_t)(stop - *at);
	if (length && (*at)[length - 1] == '\r')
		length--;
	length = length < sizeof(line->copy) ? length : sizeof(line->copy) - 1;
	memcpy(line->copy, *at, length);
	line->copy[length] = 0;
	line->indent = (int)strspn(line->copy, " ");
	line->text = line->copy + line->indent;
	line->number++;
	*at = stop + 1;
	return 1;
}

/* `key "value"`, `key: value`: the value without quotes, or NULL. Writes into the line. */
static char *value_of(struct line *line, const char *key)
{
	size_t length = strlen(key);
	char *value = line->copy + line->indent;

	if (strncmp(value, key, length) || !strchr(": ", value[length]) || !value[length])
		return NULL;
	value += length;
	value += strspn(value, ": ");
	if (*value == '"' || *value == '\'')
		value++;
	value[strcspn(value, "\"'")] = 0;
	return value;
}

/* "@scope/name@range" to its name. 0: none. */
static int name_before_at(const char *text, char *name, size_t size)
{
	text += strspn(text, "\"' ");
	const char *at = *text ? strchr(text + 1, '@') : NULL;

	if (!at || (size_t)(at - text) >= size)
		return 0;
	snprintf(name, size, "%.*s", (int)(at - text), text);
	return 1;
}

/* registry=URL, @scope:registry=URL */
void deps_npmrc(struct reading *reading)
{
	const char *at = reading->bytes, *end = at + reading->length;
	struct line line = { 0 };

	while (next_line(&at, end, &line)) {
		char *key = line.copy + line.indent, *equals = strchr(key, '='), *colon;

		if (!equals || strchr("#;", *key))
			continue;
		for (char *back = equals; back > key && isspace((unsigned char)back[-1]); back--)
			back[-1] = 0;
		*equals = 0;
		colon = strstr(key, ":registry");
		if (strcmp(key, "registry") != 0 && (*key != '@' || !colon))
			continue;
		if (colon)
			*colon = 0;
		deps_name_index(reading, ECOSYSTEM_NPM, equals + 1 + strspn(equals + 1, " \t"), colon ? key : "", line.number);
	}
}

static void yarn_entry(struct reading *reading, struct locked *row)
{
	if (row->version)
		deps_lock(reading, row);
	row->version = row->source = NULL;
	row->origin = ORIGIN_INDEX;
}

/* Version 1 is its own format, later ones are YAML: in both an entry begins at the margin and ends with ':', what it says is indented by two. */
void deps_yarn_lock(struct reading *reading)
{
	const char *at = reading->bytes, *end = at + reading->length;
	struct line line = { 0 };
	char name[DEPS_NAME_MAX] = "";
	struct locked row = { .ecosystem = ECOSYSTEM_NPM, .name = name, .is_lock = 1 };

	while (next_line(&at, end, &line)) {
		const char *value;

		if (!line.indent && *line.text && *line.text != '#') {
			yarn_entry(reading, &row);
			if (!name_before_at(line.text, name, sizeof(name)))
				*name = 0;
			row.line = line.number;
			row.origin = strstr(line.text, "@workspace:") ? ORIGIN_LOCAL : strstr(line.text, "git") && strstr(line.text, "://") ? ORIGIN_URL : ORIGIN_INDEX;
			if (row.origin == ORIGIN_LOCAL) {
				deps_own(reading, ECOSYSTEM_NPM, name);
				*name = 0;
			}
		} else if (line.indent == 2 && (value = value_of(&line, "version"))) {
			row.version = arena_text(deps_arena(reading->deps), value);
		} else if (line.indent == 2 && (value = value_of(&line, "resolved"))) {
			row.source = arena_text(deps_arena(reading->deps), value);
		}
	}
	yarn_entry(reading, &row);
}

/* Keys of `packages:`: "/a/1.2.3", "/a@1.2.3(peer@1)", "a@1.2.3", "@s/a@1.2.3". */
static void pnpm_package(struct reading *reading, char *key, int line)
{
	char name[DEPS_NAME_MAX], *version;

	key += strspn(key, "\"'/");
	key[strcspn(key, "\"'(:")] = 0;
	version = *key ? strchr(key + 1, '@') : NULL;
	if (!version && (version = strrchr(key, '/')))
		version[1 + strcspn(version + 1, "_")] = 0;
	if (!version || !isdigit((unsigned char)version[1]) || (size_t)(version - key) >= sizeof(name))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(version - key), key);
	deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_NPM, .name = name, .version = version + 1, .line = line, .is_lock = 1 });
}

void deps_pnpm_lock(struct reading *reading)
{
	const char *at = reading->bytes, *end = at + reading->length;
	struct line line = { 0 };
	int in_packages = 0;

	while (next_line(&at, end, &line)) {
		if (!line.indent && *line.text)
			in_packages = !strncmp(line.text, "packages:", 9);
		else if (in_packages && line.indent == 2 && *line.text)
			pnpm_package(reading, line.copy + line.indent, line.number);
	}
}
