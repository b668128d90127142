#include "estate/kind.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/yaml.h"
#include "estate/kind_cache.h"
#include "estate/kind_parse.h"
#include "estate/provider.h"

enum { FILE_BYTES_MAX = 1 << 20, KINDS_MAX = 5000 };

struct kinds {
	pthread_rwlock_t lock;
	struct arena *arena;
	struct kind **list;
	size_t count;
	struct json **trees; /* the kinds point into them */
	size_t tree_count;
	char last[32]; /* a provider that is not watched; "" none */
};

static struct kinds *kinds_new(void)
{
	struct kinds *kinds = mem_zero(1, sizeof(*kinds));

	pthread_rwlock_init(&kinds->lock, NULL);
	kinds->arena = arena_new();
	return kinds;
}

void kinds_free(struct kinds *kinds)
{
	if (!kinds)
		return;
	for (size_t i = 0; i < kinds->count; i++)
		kind_release(kinds->list[i]);
	for (size_t i = 0; i < kinds->tree_count; i++)
		json_free(kinds->trees[i]);
	free(kinds->list);
	free(kinds->trees);
	arena_free(kinds->arena);
	pthread_rwlock_destroy(&kinds->lock);
	free(kinds);
}

static void keep_tree(struct kinds *kinds, struct json *tree)
{
	kinds->trees = mem_grow(kinds->trees, kinds->tree_count + 1, sizeof(struct json *));
	kinds->trees[kinds->tree_count++] = tree;
}

static struct kind *find_exact(const struct kinds *kinds, const char *provider, size_t provider_length,
	const char *name)
{
	for (size_t i = 0; i < kinds->count; i++)
		if (!strncasecmp(kinds->list[i]->provider, provider, provider_length) &&
			!kinds->list[i]->provider[provider_length] &&
			!strcasecmp(kinds->list[i]->name, name))
			return kinds->list[i];
	return NULL;
}

/* Under the write lock. The definition stays with kinds (keep_tree) whether it parses or not. */
static const struct kind *add(struct kinds *kinds, const struct json *definition, const char *file,
	int *line, struct error *err)
{
	struct kind *kind = arena_alloc(kinds->arena, sizeof(*kind));
	const struct kind *taken;

	if (kinds->count >= KINDS_MAX) {
		error_set(err, ERR_LIMIT, "more than %d kinds", KINDS_MAX);
		return NULL;
	}
	if (kind_parse(kind, definition, kinds->arena, file, line, err))
		return NULL;
	taken = find_exact(kinds, kind->provider, strlen(kind->provider), kind->name);
	if (taken) {
		kind_release(kind);
		error_set(err, ERR_CONFLICT, "kind %s/%s is in %s already", kind->provider, kind->name,
			taken->file);
		return NULL;
	}
	kinds->list = mem_grow(kinds->list, kinds->count + 1, sizeof(*kinds->list));
	kinds->list[kinds->count++] = kind;
	return kind;
}

const struct kind *kinds_add(struct kinds *kinds, const struct json *definition, const char *file,
	struct error *err)
{
	struct json *copy = json_copy(definition);
	const struct kind *kind;
	int line = 0;

	pthread_rwlock_wrlock(&kinds->lock);
	keep_tree(kinds, copy);
	kind = add(kinds, copy, file, &line, err);
	pthread_rwlock_unlock(&kinds->lock);
	return kind;
}

static int is_operators(const char *file)
{
	const char *folder = file_config_folder();

	return folder && !strncmp(file, folder, strlen(folder));
}

static void load_documents(struct kinds *kinds, const struct json *documents, const char *file,
	struct json *problems)
{
	for (const struct json *item = json_first(documents); item; item = json_next(item)) {
		struct error err = { 0 };
		int line = 0;

		if (json_is(item, JSON_NULL) || add(kinds, item, file, &line, &err))
			continue;
		/* The operator's files come first and go before the built-in ones. */
		if (err.code == ERR_CONFLICT && !is_operators(file))
			continue;
		problem_add(problems, file, line, err.text);
	}
}

static void read_file(struct kinds *kinds, const char *file, struct kind_cache *cache, struct json *problems)
{
	struct error err = { 0 };
	size_t length = 0;
	char *bytes = file_load(file, FILE_BYTES_MAX, &length, &err);
	struct json *documents = bytes ? yaml_parse_all(bytes, length, &err) : NULL;

	free(bytes);
	if (!documents) {
		problem_add(problems, file, 0, err.text);
		return;
	}
	keep_tree(kinds, documents);
	if (cache)
		kind_cache_put(cache, file, documents);
	load_documents(kinds, documents, file, problems);
}

/* cache NULL: read in any case, with the lines of its nodes. */
static void load_file(struct kinds *kinds, const char *file, struct kind_cache *cache, struct json *problems)
{
	const struct json *cached = cache ? kind_cache_find(cache, file) : NULL;

	if (cached)
		load_documents(kinds, cached, file, problems);
	else
		read_file(kinds, file, cache, problems);
}

struct kinds *kinds_load_file(const char *path, struct json *problems)
{
	struct kinds *kinds = kinds_new();

	load_file(kinds, path, NULL, problems);
	return kinds;
}

struct kinds *kinds_load(struct json *problems, struct error *err)
{
	struct kinds *kinds = kinds_new();
	struct kind_cache *cache = kind_cache_open();
	char **files = file_list_data("kinds");
	size_t before = json_count(problems);

	for (size_t i = 0; files && files[i]; i++)
		load_file(kinds, files[i], cache, problems);
	file_free_list(files);
	/* Problems are told with their line, which only the files themselves know. */
	struct json *tree = kind_cache_close(cache, problems && json_count(problems) == before);
	if (tree)
		keep_tree(kinds, tree);
	if (!kinds->count) {
		error_set(err, ERR_NOT_FOUND, "no kinds in %s/kinds", file_data_folder());
		kinds_free(kinds);
		return NULL;
	}
	return kinds;
}

static int has_alias(const struct kind *kind, const char *name)
{
	for (const char *const *alias = kind->aliases; *alias; alias++)
		if (!strcasecmp(*alias, name))
			return 1;
	return 0;
}

/* The plural of any kind goes before a singular, and that before an alias. */
static const struct kind *find_among(const struct kinds *kinds, const char *name, const char *without)
{
	const struct kind *singular = NULL, *alias = NULL;

	for (size_t i = 0; i < kinds->count; i++) {
		const struct kind *kind = kinds->list[i];

		if (!strcmp(kind->provider, without))
			continue;
		if (!strcasecmp(kind->name, name))
			return kind;
		if (!singular && !strcasecmp(kind->singular, name))
			singular = kind;
		if (!alias && has_alias(kind, name))
			alias = kind;
	}
	return singular ? singular : alias;
}

/* A name two providers have means the kind of the one that is watched. */
static const struct kind *find_loose(const struct kinds *kinds, const char *name)
{
	const struct kind *found = *kinds->last ? find_among(kinds, name, kinds->last) : NULL;

	return found ? found : find_among(kinds, name, "");
}

void kinds_put_last(struct kinds *kinds, const char *provider)
{
	pthread_rwlock_wrlock(&kinds->lock);
	snprintf(kinds->last, sizeof(kinds->last), "%s", provider);
	pthread_rwlock_unlock(&kinds->lock);
}

static const struct kind *find_of_provider(const struct kinds *kinds, const char *name,
	const char *slash)
{
	size_t length = (size_t)(slash - name);
	const struct kind *exact = find_exact(kinds, name, length, slash + 1);

	for (size_t i = 0; !exact && i < kinds->count; i++) {
		const struct kind *kind = kinds->list[i];

		if (!strncasecmp(kind->provider, name, length) && !kind->provider[length] &&
			(!strcasecmp(kind->singular, slash + 1) || has_alias(kind, slash + 1)))
			return kind;
	}
	return exact;
}

const struct kind *kinds_find(const struct kinds *kinds, const char *name)
{
	/* The lock is not part of what the caller sees as constant. */
	pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&kinds->lock;
	const char *slash = strchr(name, '/');
	const struct kind *kind;

	pthread_rwlock_rdlock(lock);
	kind = slash ? find_of_provider(kinds, name, slash) : find_loose(kinds, name);
	pthread_rwlock_unlock(lock);
	return kind;
}

const struct kind *kinds_of(const struct kinds *kinds, const struct ref *ref)
{
	char name[sizeof(ref->provider) + sizeof(ref->kind) + 1];

	snprintf(name, sizeof(name), "%s%s%s", ref->provider, *ref->provider ? "/" : "", ref->kind);
	return kinds_find(kinds, name);
}

size_t kinds_count(const struct kinds *kinds)
{
	pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&kinds->lock;
	size_t count;

	pthread_rwlock_rdlock(lock);
	count = kinds->count;
	pthread_rwlock_unlock(lock);
	return count;
}

const struct kind *kinds_at(const struct kinds *kinds, size_t i)
{
	pthread_rwlock_t *lock = (pthread_rwlock_t *)(uintptr_t)&kinds->lock;
	const struct kind *kind;

	pthread_rwlock_rdlock(lock);
	kind = i < kinds->count ? kinds->list[i] : NULL;
	pthread_rwlock_unlock(lock);
	return kind;
}

const struct kind_verb *kind_verb_find(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->verb_count; i++)
		if (!strcmp(kind->verbs[i].name, name))
			return &kind->verbs[i];
	return NULL;
}

int kind_column_find(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < kind->column_count; i++)
		if (!strcasecmp(kind->columns[i].name, name))
			return (int)i;
	return -1;
}

static struct json *columns_json(const struct kind *kind)
{
	struct json *columns = json_array();

	for (size_t i = 0; i < kind->visible_count; i++) {
		struct json *column = json_object();

		json_set_text(column, "name", kind->columns[i].name);
		json_set_text(column, "type", column_type_name(kind->columns[i].type));
		json_add(columns, column);
	}
	return columns;
}

static struct json *verb_json(const struct kind_verb *verb)
{
	struct json *json = json_object(), *params = json_array();

	json_set_text(json, "name", verb->name);
	json_set_text(json, "title", verb->title);
	json_set_text(json, "risk", risk_name(verb->risk));
	json_set(json, "reversible", json_boolean(verb->reversible));
	if (verb->key)
		json_set_text(json, "key", verb->key);
	for (size_t i = 0; i < verb->param_count; i++) {
		const struct kind_param *param = &verb->params[i];
		struct json *item = json_object();

		json_set_text(item, "name", param->name);
		json_set_text(item, "type", param->type);
		json_set(item, "required", json_boolean(param->required));
		if (param->initial)
			json_set_text(item, "default", param->initial);
		if (param->values)
			json_set_text(item, "values", param->values);
		json_set_text(item, "help", param->help);
		json_add(params, item);
	}
	return json_set(json, "params", params);
}

struct json *kind_to_json(const struct kind *kind)
{
	struct json *json = json_object(), *verbs = json_array();

	json_set_text(json, "kind", kind->name);
	json_set_text(json, "provider", kind->provider);
	json_set_text(json, "title", kind->title);
	json_set(json, "columns", columns_json(kind));
	for (size_t i = 0; i < kind->verb_count; i++)
		json_add(verbs, verb_json(&kind->verbs[i]));
	return json_set(json, "verbs", verbs);
}
