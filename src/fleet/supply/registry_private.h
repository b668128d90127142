/* registry_private.h - for src/fleet/registry*.c. */
#ifndef FLEET_REGISTRY_PRIVATE_H
#define FLEET_REGISTRY_PRIVATE_H

#include <stdint.h>

#include "fleet/supply/registry.h"
#include "net/net.h"

struct secret;

enum { REGISTRY_INDICES_MAX = 64, REGISTRY_URL_MAX = 1024 };

struct index {
	struct registry_index public;
	const char *scheme;           /* "Basic " or "Bearer " */
	struct secret *authorization; /* NULL: none */
	const char *ca_path;          /* NULL: the system's */
	int only_named;               /* the tree names it, we do not ask it */
	int strikes;
	size_t heard;                 /* names it answered for, from the cache too */
	atomic_int given_up;
};

/* What configures indices: files and variables, in order of precedence, without duplicates; then the public ones. */
struct index_list {
	struct arena *arena;
	struct index rows[REGISTRY_INDICES_MAX];
	size_t count;
};

void indices_find(struct index_list *list, const struct deps *deps, const char *const public_index[ECOSYSTEM_COUNT]);
void indices_release(struct index_list *list);
/* 1: the host of url is that of an index everyone can read. */
int index_is_public_url(const struct index_list *list, const char *url);
/* One index by its address, which may hold user and password. */
struct index *indices_add(struct index_list *list, enum ecosystem ecosystem, const char *url, const char *from, const char *scope);
/* netrc's word for a host; 1: found. The password in a secret of yours as base64 of user:password. */
struct secret *netrc_find(const char *host);
void npmrc_find(struct index_list *list);
/* Value of NAME, or NULL when it is not set or empty. */
const char *variable(const char *name);

/* --- versions --- */
/* PEP 440: 1 when they are the same version ("1.0" and "1.0.0", "v1-alpha" and "1a0"). */
int version_same(enum ecosystem ecosystem, const char *a, const char *b);
int version_compare(const char *a, const char *b); /* by numbers; a pre-release is before its release */
/* npm's ranges as advisories have them: ">=1.0.0 <1.2.3 || 2.0.0". */
int version_in_range(const char *version, const char *range);
int version_is_early(const char *version);         /* a pre-release */

/* --- what an index said, as the cache keeps it: {"versions": {"1.0": false | "why it was yanked"}, "latest": "1.0", "state": "archived"} --- */
struct json *answer_parse(enum ecosystem ecosystem, const char *name, const char *body, size_t length, int is_html, struct error *err);
/* 1: there is such a version; *yanked is why it was withdrawn, NULL: it was not. */
int answer_has(const struct json *answer, enum ecosystem ecosystem, const char *version, const char **yanked);
/* PyPI's JSON of one version to [{"id","fixed","summary"}]; NULL: it has none to give. */
struct json *answer_advisories(const char *body, size_t length);

/* --- cache --- */
enum { CACHE_KNOWN_S = 24 * 3600, CACHE_MISSING_S = 3600 };
/* {"url","at","status","answer"}; NULL: none, or too old. Yours. any_age: offline. */
struct json *registry_cache_load(const char *url, int any_age);
void registry_cache_save(const char *url, int status, const struct json *answer);

#endif
