/* Lock files of Python: poetry, uv, pdm, Pipenv. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/toml.h"
#include "fleet/supply/deps_private.h"

/* Keys of a [package.source] table (poetry), a source = {…} value (uv) or of the package itself (pdm), and what they mean. */
static const struct source_key {
	const char *key;
	enum dependency_origin origin;
} source_keys[] = {
	{ "registry", ORIGIN_INDEX }, { "git", ORIGIN_URL },       { "url", ORIGIN_URL },
	{ "path", ORIGIN_LOCAL },     { "directory", ORIGIN_LOCAL }, { "editable", ORIGIN_LOCAL },
	{ "virtual", ORIGIN_LOCAL },
};

static void set_source(struct locked *row, const struct json *source)
{
	const char *type = json_text(json_get(source, "type"));

	for (size_t i = 0; i < sizeof(source_keys) / sizeof(*source_keys) && !row->source; i++) {
		row->source = json_text(json_get(source, source_keys[i].key));
		if (row->source)
			row->origin = source_keys[i].origin;
	}
	if (type && row->source) /* poetry: type = "git" "url" "directory" "file" "legacy" */
		row->origin = !strcmp(type, "legacy") ? ORIGIN_INDEX : !strcmp(type, "directory") || !strcmp(type, "file") ? ORIGIN_LOCAL : ORIGIN_URL;
	if (row->origin == ORIGIN_INDEX && row->source && !strstr(row->source, "://"))
		row->origin = ORIGIN_LOCAL; /* a folder of packages */
}

void deps_python_lock(struct reading *reading)
{
	struct error err = { 0 };
	struct json *tree = toml_parse(reading->bytes, reading->length, &err);

	if (!tree)
		deps_problem(reading, 0, err.text);
	for (const struct json *package = json_first(json_get(tree, "package")); package; package = json_next(package)) {
		struct locked row = { .ecosystem = ECOSYSTEM_PYPI, .name = json_text(json_get(package, "name")), .version = json_text(json_get(package, "version")),
			.line = json_line(json_get(package, "name")), .is_lock = 1 };

		if (json_is(json_get(package, "source"), JSON_OBJECT))
			set_source(&row, json_get(package, "source"));
		else
			set_source(&row, package);
		if (row.origin == ORIGIN_LOCAL)
			deps_own(reading, ECOSYSTEM_PYPI, row.name);
		else
			deps_lock(reading, &row);
	}
	json_free(tree);
}

/* The address of a source by its name. */
static const char *pipenv_source(const struct json *tree, const char *name)
{
	for (const struct json *source = json_first(json_at(tree, "_meta.sources")); source && name; source = json_next(source))
		if (json_text(json_get(source, "name")) && !strcmp(json_text(json_get(source, "name")), name))
			return json_text(json_get(source, "url"));
	return NULL;
}

void deps_pipfile_lock(struct reading *reading)
{
	static const char *const groups[] = { "default", "develop" };
	struct error err = { 0 };
	struct json *tree = json_parse(reading->bytes, reading->length, &err);
	size_t offset = 0;
	int line = 1;

	if (!tree)
		deps_problem(reading, 0, err.text);
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (const struct json *item = json_first(json_get(tree, groups[i])); item; item = json_next(item)) {
			const char *version = json_text(json_get(item, "version"));
			char key[DEPS_NAME_MAX + 4];

			snprintf(key, sizeof(key), "\"%.*s\"", DEPS_NAME_MAX, json_key(item));
			deps_lock(reading, &(struct locked){ .ecosystem = ECOSYSTEM_PYPI, .name = json_key(item), .version = version ? version + strspn(version, "= ") : NULL,
				.source = pipenv_source(tree, json_text(json_get(item, "index"))), .line = deps_line_of(reading, key, &offset, &line), .is_lock = 1 });
		}
	json_free(tree);
}
