#include "fleet/finding/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"

enum { FILE_MAX_BYTES = 4 << 20, CHECKS_MAX = 5000, ID_MAX = 64, BYTES_MAX = 64 << 20 };

struct checks {
	struct arena *arena;
	struct check *rows; /* ordered by id */
	size_t count;
	struct json **trees; /* house rules point into them */
	size_t tree_count;
	char version[SHA256_HEX_MAX];
};

static const char *const severities[SEVERITY_COUNT] = { "critical", "high", "medium", "low", "info" };
static const char *const classes[CLASS_COUNT] = { "secret", "architecture", "policy" };
static const char *const fixabilities[] = { [FIX_STRUCTURAL] = "Structural", [FIX_ONE_CLICK] = "1-Click" };

const char *severity_name(enum check_severity severity)
{
	return severities[severity];
}

const char *check_class_name(enum check_class class)
{
	return classes[class];
}

const char *fixability_name(enum check_fixability fixability)
{
	return fixabilities[fixability];
}

static int index_of(const char *word, const char *const *words, size_t count)
{
	for (size_t i = 0; word && i < count; i++)
		if (!strcmp(word, words[i]))
			return (int)i;
	return -1;
}

static int id_is_usable(const char *id)
{
	size_t length = id ? strlen(id) : 0;

	return length && length <= ID_MAX && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == length;
}

/* --- a row --- */

static const char *const *read_sources(struct checks *checks, const struct json *list)
{
	const char **sources = arena_alloc(checks->arena, (json_count(list) + 1) * sizeof(*sources));
	size_t count = 0;

	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item))
			sources[count++] = arena_text(checks->arena, json_text(item));
	return sources;
}

/* A word out of a list of words; says which are allowed. */
static int read_word(const struct json *row, const char *key, const char *const *words, size_t count, int *value, struct error *err)
{
	*value = index_of(json_text(json_get(row, key)), words, count);
	if (*value >= 0)
		return 0;
	return error_set(err, ERR_FORMAT, "line %d: %s must be one of %s … %s", json_line(row), key, words[0], words[count - 1]);
}

static int read_row(struct checks *checks, const struct json *row, const char *path, struct check *check, struct error *err)
{
	int severity, class, fixability;
	const char *id = json_text(json_get(row, "id"));

	if (!id_is_usable(id))
		return error_set(err, ERR_FORMAT, "line %d: a check needs an id of capitals, digits, - and _", json_line(row));
	if ((!json_text(json_get(row, "title")) && !json_text(json_get(row, "message"))) || !json_text(json_get(row, "fix")))
		return error_set(err, ERR_FORMAT, "line %d: check %s needs a title and a fix", json_line(row), id);
	if (read_word(row, "severity", severities, SEVERITY_COUNT, &severity, err) || read_word(row, "class", classes, CLASS_COUNT, &class, err) ||
		read_word(row, "fixability", fixabilities, 2, &fixability, err))
		return -1;
	*check = (struct check){
		.id = arena_text(checks->arena, id),
		.title = arena_text(checks->arena, json_text(json_get(row, "title")) ? json_text(json_get(row, "title")) : json_text(json_get(row, "message"))),
		.detect = arena_text(checks->arena, json_text_or(json_get(row, "detect"), "")),
		.fix = arena_text(checks->arena, json_text(json_get(row, "fix"))),
		.persona = arena_text(checks->arena, json_text_or(json_get(row, "persona"), "SecOps")),
		.sources = read_sources(checks, json_get(row, "source")),
		.severity = (enum check_severity)severity,
		.class = (enum check_class)class,
		.fixability = (enum check_fixability)fixability,
		.match = json_get(row, "match") ? json_get(row, "match") : json_get(row, "pattern") ? row : NULL, /* pattern, scope, message in the row itself */
		.file = path,
		.line = json_line(row),
	};
	return 0;
}

/* --- files --- */

static int has(const struct checks *checks, const char *id)
{
	for (size_t i = 0; i < checks->count; i++)
		if (!strcmp(checks->rows[i].id, id))
			return 1;
	return 0;
}

static int add_row(struct checks *checks, const struct json *row, const char *path, struct error *err)
{
	struct check check;

	if (read_row(checks, row, path, &check, err))
		return -1;
	if (has(checks, check.id))
		return 0; /* the operator's came first */
	if (checks->count == CHECKS_MAX)
		return error_set(err, ERR_LIMIT, "more than %d checks", CHECKS_MAX);
	checks->rows = mem_grow(checks->rows, checks->count + 1, sizeof(*checks->rows));
	checks->rows[checks->count++] = check;
	return 0;
}

/* What files of the area may begin with; most are read elsewhere (secret rules, words, mending). A rule of the house under a misspelt word would be
 * looked for by nobody. */
static int check_members(const struct json *tree, struct error *err)
{
	static const char known[] = " checks rules words examples schema frameworks values turn_limits output_limits timeouts retries query_headers effects small_models "
				    "images roles model_arguments sdks moving retired public ";

	if (!json_is(tree, JSON_OBJECT) && !json_is(tree, JSON_NULL))
		return error_set(err, ERR_FORMAT, "line %d: a list stands under what it is: checks, rules …", json_line(tree) ? json_line(tree) : 1);
	for (const struct json *member = json_first(tree); member; member = json_next(member)) {
		char word[48];

		snprintf(word, sizeof(word), " %.40s ", json_key(member));
		if (!strstr(known, word))
			return error_set(err, ERR_FORMAT, "line %d: nothing is called '%.40s' here: checks, rules, words …", json_line(member), json_key(member));
	}
	return 0;
}

/* The area holds other files too (secret rules): those without `checks` are somebody else's. */
static int add_file(struct checks *checks, const char *path, struct text *all, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;
	const char *kept = arena_text(checks->arena, path);

	if (bytes)
		text_add_n(all, bytes, length);
	free(bytes);
	if (!tree)
		return error_wrap(err, "%s", path);
	checks->trees = mem_grow(checks->trees, checks->tree_count + 1, sizeof(struct json *));
	checks->trees[checks->tree_count++] = tree;
	if (check_members(tree, err))
		return error_wrap(err, "%s", path);
	for (const struct json *row = json_first(json_get(tree, "checks")); row; row = json_next(row))
		if (add_row(checks, row, kept, err))
			return error_wrap(err, "%s", path);
	return 0;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct check *)a)->id, ((const struct check *)b)->id);
}

struct checks *checks_load(struct error *err)
{
	struct checks *checks = mem_zero(1, sizeof(*checks));
	char **files = file_list_data("checks");
	struct text all;
	int failed = 0;

	text_init(&all, BYTES_MAX);
	checks->arena = arena_new();
	for (char **file = files; *file && !failed; file++)
		failed = add_file(checks, *file, &all, err);
	file_free_list(files);
	if (!failed && !checks->count)
		failed = error_set(err, ERR_NOT_FOUND, "no checks found: %s/checks is missing; reinstall or set PILOTHOUSE_DATA", file_data_folder());
	if (checks->count)
		qsort(checks->rows, checks->count, sizeof(*checks->rows), by_id);
	sha256_hex(all.data, all.length, checks->version);
	text_release(&all);
	if (!failed)
		return checks;
	checks_free(checks);
	return NULL;
}

struct checks *checks_load_file(const char *path, struct error *err)
{
	struct checks *checks = mem_zero(1, sizeof(*checks));
	struct text all;

	text_init(&all, BYTES_MAX);
	checks->arena = arena_new();
	int failed = add_file(checks, path, &all, err);
	text_release(&all);
	if (!failed)
		return checks;
	checks_free(checks);
	return NULL;
}

void checks_free(struct checks *checks)
{
	if (!checks)
		return;
	for (size_t i = 0; i < checks->tree_count; i++)
		json_free(checks->trees[i]);
	free(checks->trees);
	free(checks->rows);
	arena_free(checks->arena);
	free(checks);
}

size_t checks_count(const struct checks *checks)
{
	return checks->count;
}

const struct check *checks_at(const struct checks *checks, size_t i)
{
	return i < checks->count ? &checks->rows[i] : NULL;
}

const struct check *checks_find(const struct checks *checks, const char *rule)
{
	size_t length = strcspn(rule, "/"), low = 0, high = checks->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const char *id = checks->rows[middle].id;
		int order = strncmp(id, rule, length);

		if (!order && !id[length])
			return &checks->rows[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *checks_version(const struct checks *checks)
{
	return checks->version;
}
