/* registry_packages.c - which packages indices are asked about, in which order, and what may be asked of a public one. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "fleet/supply/registry_ask.h"
#include "net/url.h"

enum { PUBLIC_MAX_BYTES = 4 << 20 };

static int by_name(const void *a, const void *b)
{
	const struct package *x = a, *y = b;

	return x->ecosystem != y->ecosystem ? (int)x->ecosystem - (int)y->ecosystem : strcmp(x->name, y->name);
}

struct package *registry_package(const struct registry *registry, enum ecosystem ecosystem, const char *name)
{
	struct package key = { .ecosystem = ecosystem, .name = name };

	return registry->count ? bsearch(&key, registry->packages, registry->count, sizeof(key), by_name) : NULL;
}

static int is_asked(const struct deps *deps, const struct dependency *row)
{
	return row->origin == ORIGIN_INDEX && !deps_is_own(deps, row->ecosystem, row->name);
}

void registry_add_packages(struct registry *registry)
{
	size_t kept = 0;

	registry->packages = mem_zero(deps_count(registry->deps) + 1, sizeof(*registry->packages));
	for (size_t i = 0; i < deps_count(registry->deps); i++)
		if (is_asked(registry->deps, deps_at(registry->deps, i)))
			registry->packages[registry->count++] =
				(struct package){ .ecosystem = deps_at(registry->deps, i)->ecosystem, .name = deps_at(registry->deps, i)->name };
	if (registry->count)
		qsort(registry->packages, registry->count, sizeof(*registry->packages), by_name);
	for (size_t i = 0; i < registry->count; i++)
		if (!i || by_name(&registry->packages[i], &registry->packages[kept - 1]))
			registry->packages[kept++] = registry->packages[i];
	registry->count = kept;
}

/* --- names that are public anyhow --- */

static void mark_listed(struct registry *registry, const char *path)
{
	size_t length;
	char *bytes = file_load(path, PUBLIC_MAX_BYTES, &length, NULL);
	struct json *tree = bytes ? yaml_parse(bytes, length, NULL) : NULL;

	for (int e = 0; e < ECOSYSTEM_COUNT; e++)
		for (const struct json *name = json_first(json_get(json_get(tree, "public"), ecosystem_name((enum ecosystem)e))); name; name = json_next(name)) {
			struct package *package = json_text(name) ? registry_package(registry, (enum ecosystem)e, json_text(name)) : NULL;

			if (package)
				package->known_public = 1;
		}
	json_free(tree);
	free(bytes);
}

char *registry_package_url(const struct index *index, const struct package *package)
{
	struct text url;

	text_init(&url, REGISTRY_URL_MAX * 2);
	text_add(&url, index->public.url);
	if (*package->name == '@')
		text_add_char(&url, '@');
	url_encode(&url, package->name + (*package->name == '@'));
	if (package->ecosystem == ECOSYSTEM_PYPI)
		text_add_char(&url, '/');
	return text_take(&url);
}

/* The public index had it before. */
static int was_public(const struct registry *registry, const struct package *package)
{
	char *url = registry_package_url(&registry->indices.rows[package->ecosystem], package);
	struct json *kept = registry_cache_load(url, 1);
	int had = json_int(json_get(kept, "status"), 0) == 200;

	json_free(kept);
	free(url);
	return had;
}

void registry_mark_public(struct registry *registry)
{
	char **files = file_list_data("checks");

	for (char **file = files; *file; file++) {
		const char *slash = strrchr(*file, '/');

		if (!strncmp(slash ? slash + 1 : *file, "public", 6))
			mark_listed(registry, *file);
	}
	file_free_list(files);
	for (size_t i = 0; i < deps_count(registry->deps); i++) {
		const struct dependency *row = deps_at(registry->deps, i);
		struct package *package = registry_package(registry, row->ecosystem, row->name);

		if (package && row->source && index_is_public_url(&registry->indices, row->source))
			package->known_public = 1;
	}
	for (size_t i = 0; i < registry->count; i++)
		registry->packages[i].known_public |= was_public(registry, &registry->packages[i]);
}

/* --- the chain of a package --- */

static int is_of_scope(const struct index *index, const struct package *package)
{
	size_t length = strlen(index->public.scope);

	return length && !strncmp(package->name, index->public.scope, length) && package->name[length] == '/';
}

int registry_is_of(const struct registry *registry, const struct index *index, const struct package *package)
{
	if (index->public.ecosystem != package->ecosystem || (index->only_named && index->public.is_public))
		return 0;
	if (*index->public.scope)
		return is_of_scope(index, package);
	for (size_t i = 0; i < registry->indices.count && !index->public.is_public; i++)
		if (registry->indices.rows[i].public.ecosystem == package->ecosystem && is_of_scope(&registry->indices.rows[i], package))
			return 0; /* npm asks the scope's own registry only */
	return 1;
}

/* Index number step of it: private ones in their order, then public ones, the mirror last. NULL: no more. */
struct index *registry_chain_at(struct registry *registry, const struct package *package, size_t step)
{
	for (int is_public = 0; is_public < 2; is_public++) {
		for (size_t k = 0; k < registry->indices.count; k++) {
			/* The mirrors are the first rows. */
			struct index *index = &registry->indices.rows[(k + ECOSYSTEM_COUNT) % registry->indices.count];

			if (index->public.is_public != is_public || !registry_is_of(registry, index, package))
				continue;
			if (!step--)
				return index;
		}
	}
	return NULL;
}

uint64_t registry_bit_of(const struct registry *registry, const struct index *index)
{
	return (uint64_t)1 << (index - registry->indices.rows);
}

/* What registry.h says at its head. */
int registry_may_go_public(const struct registry *registry, const struct package *package)
{
	if (registry->options.allow_public_lookup || package->known_public)
		return 1;
	for (size_t i = 0; i < registry->indices.count; i++) {
		const struct index *index = &registry->indices.rows[i];

		if (index->public.is_public || !registry_is_of(registry, index, package))
			continue;
		if (!(package->missing & registry_bit_of(registry, index)) || !index->heard || *index->public.scope)
			return 0;
	}
	return 1;
}
