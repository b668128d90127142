/* Python: requirements files, pyproject.toml, Pipfile. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/toml.h"
#include "fleet/supply/deps_private.h"

/* --- one requirement: PEP 508 --- */

struct part {
	const char *text;
	size_t length;
};

static struct part trimmed(const char *text, size_t length)
{
	while (length && isspace((unsigned char)*text)) {
		text++;
		length--;
	}
	while (length && isspace((unsigned char)text[length - 1]))
		length--;
	return (struct part){ text, length };
}

static const char *text_of(struct reading *reading, struct part part)
{
	return part.length ? arena_text_n(deps_arena(reading->deps), part.text, part.length) : NULL;
}

static int is_name(int c)
{
	return isalnum(c) || c == '-' || c == '_' || c == '.';
}

/* The version of "==1.2.3" or "===1.2.3" alone; NULL: anything else. */
static const char *exact_version(struct reading *reading, struct part spec)
{
	size_t equals = strspn(spec.text, "=");

	if (spec.length < 3 || equals < 2 || equals > 3)
		return NULL;
	struct part version = trimmed(spec.text + equals, spec.length - equals);
	for (size_t i = 0; i < version.length; i++)
		if (strchr(",*; ", version.text[i]))
			return NULL;
	return text_of(reading, version);
}

static enum dependency_origin origin_of(const char *url)
{
	return strstr(url, "://") && strncmp(url, "file:", 5) ? ORIGIN_URL : ORIGIN_LOCAL;
}

static void add(struct reading *reading, struct dependency *row, struct part spec)
{
	row->ecosystem = ECOSYSTEM_PYPI;
	row->wanted = row->wanted ? row->wanted : spec.length ? text_of(reading, spec) : "";
	if (row->origin == ORIGIN_INDEX)
		row->version = exact_version(reading, spec);
	if (row->version)
		deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_PYPI, .name = row->name, .version = row->version, .line = row->line });
	if (!reading->constraints)
		deps_want(reading, row);
}

void deps_pep508(struct reading *reading, const char *text, size_t length, int line, int development)
{
	struct dependency row = { .line = line, .development = development };
	struct part all = trimmed(text, length), spec;
	const char *semicolon = memmem(all.text, all.length, " ;", 2);
	size_t name = 0;

	if (!semicolon && !memmem(all.text, all.length, "://", 3))
		semicolon = memchr(all.text, ';', all.length);
	if (semicolon) {
		const char *end = all.text + all.length;

		row.marker = text_of(reading, trimmed(semicolon + (*semicolon == ' ') + 1, (size_t)(end - semicolon) - (*semicolon == ' ') - 1));
		all = trimmed(all.text, (size_t)(semicolon - all.text));
	}
	while (name < all.length && is_name((unsigned char)all.text[name]))
		name++;
	if (!name) {
		deps_problem(reading, line, "no requirement is understood here");
		return;
	}
	row.name = text_of(reading, (struct part){ all.text, name });
	spec = trimmed(all.text + name, all.length - name);
	if (spec.length && *spec.text == '[') {
		const char *close = memchr(spec.text, ']', spec.length);
		size_t taken = close ? (size_t)(close - spec.text) : spec.length;

		row.extras = text_of(reading, trimmed(spec.text + 1, taken - 1));
		taken += close != NULL;
		spec = trimmed(spec.text + taken, spec.length - taken);
	}
	if (spec.length && *spec.text == '@') {
		row.source = text_of(reading, trimmed(spec.text + 1, spec.length - 1));
		row.wanted = row.source ? row.source : "";
		row.wanted = deps_url(reading->deps, row.wanted);
		row.origin = origin_of(row.wanted);
		spec.length = 0;
	} else if (spec.length > 1 && *spec.text == '(' && spec.text[spec.length - 1] == ')') {
		spec = trimmed(spec.text + 1, spec.length - 2);
	}
	if (spec.length && !strchr("<>=!~", *spec.text)) {
		deps_problem(reading, line, "no requirement is understood here");
		return;
	}
	add(reading, &row, spec);
}

/* --- requirements files --- */

/* "git+https://…#egg=name", "./folder", "https://…/name-1.0-py3-none-any.whl" */
static void add_address(struct reading *reading, struct part address, int line)
{
	const char *egg = memmem(address.text, address.length, "#egg=", 5), *end = address.text + address.length, *slash;
	struct dependency row = { .ecosystem = ECOSYSTEM_PYPI, .line = line };
	struct part name = { address.text, 0 };

	row.source = row.wanted = deps_url(reading->deps, text_of(reading, address));
	row.origin = origin_of(row.source ? row.source : "");
	slash = memrchr(address.text, '/', address.length);
	if (egg)
		name.text = egg + 5;
	else if (slash && memmem(slash, (size_t)(end - slash), ".whl", 4))
		name.text = slash + 1;
	while (name.text + name.length < end && is_name((unsigned char)name.text[name.length]) && (egg || name.text[name.length] != '-'))
		name.length++;
	if ((!egg && name.text == address.text) || !name.length || reading->constraints)
		return; /* it has no name that could be told without building it */
	row.name = text_of(reading, name);
	deps_want(reading, &row);
}

static const struct option {
	const char *name, *letter;
	enum { OPTION_INCLUDE, OPTION_CONSTRAIN, OPTION_EDITABLE, OPTION_INDEX } does;
} options[] = {
	{ "--requirement", "-r", OPTION_INCLUDE },
	{ "--constraint", "-c", OPTION_CONSTRAIN },
	{ "--editable", "-e", OPTION_EDITABLE },
	{ "--extra-index-url", "--extra-index-url", OPTION_INDEX },
	{ "--index-url", "-i", OPTION_INDEX },
};

static void read_option(struct reading *reading, struct part all, int line)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		size_t length = strlen(options[i].name);
		int is_long = all.length > length && !memcmp(all.text, options[i].name, length) && strchr("= \t", all.text[length]);

		if (!is_long && (all.length < 3 || options[i].letter[1] == '-' || memcmp(all.text, options[i].letter, 2)))
			continue;
		length = is_long ? length + 1 : 2;
		struct part rest = trimmed(all.text + length, all.length - length);
		if (options[i].does == OPTION_EDITABLE)
			add_address(reading, rest, line);
		else if (options[i].does == OPTION_INDEX)
			deps_name_index(reading, ECOSYSTEM_PYPI, text_of(reading, rest), "", line);
		else
			deps_include(reading, line, rest.text, rest.length, options[i].does == OPTION_CONSTRAIN);
		return;
	}
}

static void read_requirement(struct reading *reading, const char *text, size_t length, int line)
{
	struct part all = trimmed(text, length);
	const char *end;

	if (all.length && *all.text == '-') {
		read_option(reading, all, line);
		return;
	}
	end = memmem(all.text, all.length, " --", 3); /* --hash=sha256:…, --config-settings */
	all = trimmed(all.text, end ? (size_t)(end - all.text) : all.length);
	if (!all.length)
		return;
	if (*all.text == '.' || *all.text == '/' || (memmem(all.text, all.length, "://", 3) && !memchr(all.text, '@', strcspn(all.text, ":"))))
		add_address(reading, all, line);
	else
		deps_pep508(reading, all.text, all.length, line, 0);
}

/* Lines joined by a \ at their end; a comment begins a line or follows a blank. */
void deps_requirements(struct reading *reading)
{
	const char *at = reading->bytes, *end = at + reading->length;
	char joined[DEPS_TEXT_MAX * 4];
	size_t length = 0;
	int line = 0, first = 0;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at)), *next;
		int goes_on = 0;

		stop = stop ? stop : end;
		next = stop + (stop < end);
		line++;
		first = length ? first : line;
		if (stop > at && stop[-1] == '\r')
			stop--;
		for (const char *c = at; c < stop; c++)
			if (*c == '#' && (c == at || isspace((unsigned char)c[-1])))
				stop = c;
		if (stop > at && stop[-1] == '\\') {
			stop--;
			goes_on = 1;
		}
		for (; at < stop && length + 2 < sizeof(joined); at++)
			joined[length++] = *at;
		at = next;
		if (goes_on && at < end) {
			joined[length++] = ' ';
			continue;
		}
		joined[length] = 0;
		read_requirement(reading, joined, length, first);
		length = 0;
	}
}

/* --- pyproject.toml --- */

static void want_list(struct reading *reading, const struct json *list, int development)
{
	for (const struct json *item = json_first(list); item && json_is(list, JSON_ARRAY); item = json_next(item))
		if (json_text(item)) /* {include-group = "…"} is read where it stands */
			deps_pep508(reading, json_text(item), strlen(json_text(item)), json_line(item), development);
}

static void want_lists(struct reading *reading, const struct json *table, int development)
{
	for (const struct json *list = json_first(table); list && json_is(table, JSON_OBJECT); list = json_next(list))
		want_list(reading, list, development);
}

static const char *first_text(const struct json *table, const char *const *keys)
{
	const char *text = NULL;

	for (; *keys && !text; keys++)
		text = json_text(json_get(table, *keys));
	return text;
}

/* name = "^1.2" or {version = "…", git = "…", path = "…", extras = […]}, as poetry and Pipfile have it. */
static void want_named(struct reading *reading, const struct json *item, int development)
{
	static const char *const addresses[] = { "git", "url", "path", "file", NULL }, *const local[] = { "path", "file", NULL };
	const struct json *several = json_is(item, JSON_ARRAY) ? json_first(item) : item;
	const char *version = json_is(several, JSON_OBJECT) ? json_text(json_get(several, "version")) : json_text(several);
	struct dependency row = { .ecosystem = ECOSYSTEM_PYPI, .name = json_key(item), .line = json_line(item), .development = development };

	if (!row.name || !strcmp(row.name, "python") || !strcmp(row.name, "python_version"))
		return;
	row.wanted = version && strcmp(version, "*") ? version : "";
	row.marker = json_text(json_get(several, "markers"));
	row.source = json_is(several, JSON_OBJECT) ? first_text(several, addresses) : NULL;
	if (row.source)
		row.origin = first_text(several, local) ? ORIGIN_LOCAL : ORIGIN_URL;
	else if (json_get(several, "workspace") && json_bool(json_get(several, "workspace"), 0))
		row.origin = ORIGIN_LOCAL;
	add(reading, &row, (struct part){ row.wanted, strlen(row.wanted) });
}

static void want_table(struct reading *reading, const struct json *table, int development)
{
	for (const struct json *item = json_first(table); item && json_is(table, JSON_OBJECT); item = json_next(item))
		want_named(reading, item, development);
}

static struct json *parse(struct reading *reading)
{
	struct error err = { 0 };
	struct json *tree = toml_parse(reading->bytes, reading->length, &err);

	if (!tree)
		deps_problem(reading, 0, err.text);
	return tree;
}

static void name_indices(struct reading *reading, const struct json *rows)
{
	for (const struct json *row = json_first(rows); row; row = json_next(row))
		deps_name_index(reading, ECOSYSTEM_PYPI, json_text(row) ? json_text(row) : json_text(json_get(row, "url")), "", json_line(row));
}

static void uv_indices(struct reading *reading, const struct json *uv)
{
	name_indices(reading, json_get(uv, "index"));
	name_indices(reading, json_get(uv, "extra-index-url"));
	deps_name_index(reading, ECOSYSTEM_PYPI, json_text(json_get(uv, "index-url")), "", json_line(json_get(uv, "index-url")));
}

void deps_uv_toml(struct reading *reading)
{
	struct json *tree = parse(reading);

	uv_indices(reading, tree);
	json_free(tree);
}

void deps_pip_conf(struct reading *reading)
{
	const char *at = reading->bytes, *end = at + reading->length;

	for (int line = 1; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at)), *address;

		stop = stop ? stop : end;
		address = memmem(at, (size_t)(stop - at), "http", 4);
		if (address && *at != '#' && *at != ';')
			deps_name_index(reading, ECOSYSTEM_PYPI, text_of(reading, trimmed(address, (size_t)(stop - address))), "", line);
		at = stop + 1;
	}
}

void deps_pyproject(struct reading *reading)
{
	struct json *tree = parse(reading);
	const struct json *poetry = json_at(tree, "tool.poetry"), *group;

	deps_own(reading, ECOSYSTEM_PYPI, json_text(json_at(tree, "project.name")));
	deps_own(reading, ECOSYSTEM_PYPI, json_text(json_get(poetry, "name")));
	uv_indices(reading, json_at(tree, "tool.uv"));
	name_indices(reading, json_get(poetry, "source"));
	name_indices(reading, json_at(tree, "tool.pdm.source"));
	want_list(reading, json_at(tree, "project.dependencies"), 0);
	want_lists(reading, json_at(tree, "project.optional-dependencies"), 0);
	want_lists(reading, json_get(tree, "dependency-groups"), 1);
	want_list(reading, json_at(tree, "build-system.requires"), 1);
	want_list(reading, json_at(tree, "tool.uv.dev-dependencies"), 1);
	want_lists(reading, json_at(tree, "tool.pdm.dev-dependencies"), 1);
	want_table(reading, json_get(poetry, "dependencies"), 0);
	want_table(reading, json_get(poetry, "dev-dependencies"), 1);
	for (group = json_first(json_get(poetry, "group")); group; group = json_next(group))
		want_table(reading, json_get(group, "dependencies"), 1);
	json_free(tree);
}

void deps_pipfile(struct reading *reading)
{
	struct json *tree = parse(reading);

	name_indices(reading, json_get(tree, "source"));
	want_table(reading, json_get(tree, "packages"), 0);
	want_table(reading, json_get(tree, "dev-packages"), 1);
	json_free(tree);
}
