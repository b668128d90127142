/* Advisories of npm packages: one question for all versions in use, to the registry that had them. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/supply/registry_ask.h"

enum { BODY_MAX_BYTES = 8 << 20, NAMES_MAX = 5000, VERSION_BYTES = 120 };

/* One comparison: ">=1.2.3". An empty one and * hold for all. */
static int holds(const char *version, const char *comparison, size_t length)
{
	char bound[VERSION_BYTES];
	size_t sign = strspn(comparison, "<>=");
	int order;

	if (!length || *comparison == '*')
		return 1;
	sign = sign < length ? sign : length;
	if (length - sign >= sizeof(bound))
		return 0;
	snprintf(bound, sizeof(bound), "%.*s", (int)(length - sign), comparison + sign);
	order = version_compare(version, bound);
	if (*comparison == '<')
		return order < 0 || (sign > 1 && !order);
	if (*comparison == '>')
		return order > 0 || (sign > 1 && !order);
	return !order;
}

int version_in_range(const char *version, const char *range)
{
	for (const char *at = range; at;) {
		const char *next = strstr(at, "||"), *end = next ? next : at + strlen(at);
		int all = 1;

		while (at < end) {
			size_t length;

			at += strspn(at, " ,");
			length = strcspn(at, " ,|");
			if (length && strspn(at, "<>=") == length) /* ">= 1.0" */
				length += strspn(at + length, " ") + strcspn(at + length + strspn(at + length, " "), " ,|");
			char *joined = mem_text_n(at, length), *to = joined;
			for (const char *from = joined; *from; from++)
				if (*from != ' ')
					*to++ = *from;
			*to = 0;
			all &= holds(version, joined, strlen(joined));
			free(joined);
			at += length;
			if (at >= end)
				break;
		}
		if (all)
			return 1;
		at = next ? next + 2 : NULL;
	}
	return 0;
}

/* {"name": ["1.0.0", …]} of what this registry had. NULL: nothing. */
static struct json *in_use(const struct registry *registry, const struct index *index)
{
	struct json *body = NULL;
	const char *last = NULL;

	for (size_t i = 0; i < registry->count && (!body || json_count(body) < NAMES_MAX); i++) {
		const struct package *package = &registry->packages[i];

		if (package->index != index || package->ecosystem != ECOSYSTEM_NPM || (last && !strcmp(last, package->name)))
			continue;
		last = package->name;
		body = body ? body : json_object();
		json_set(body, package->name, json_array());
	}
	for (size_t i = 0; body && i < deps_count(registry->deps); i++) {
		const struct dependency *row = deps_at(registry->deps, i);
		struct json *versions = row->version && row->ecosystem == ECOSYSTEM_NPM ? json_get(body, row->name) : NULL;
		int known = !versions || json_count(versions) >= 100;

		for (const struct json *item = json_first(versions); item && !known; item = json_next(item))
			known = !strcmp(json_text(item), row->version);
		if (!known)
			json_add(versions, json_string(row->version));
	}
	return body;
}

static struct json *ask(const struct registry *registry, const struct index *index, const char *body, int timeout_ms)
{
	struct net_tls tls = { .ca_path = index->ca_path };
	struct net_header headers[] = { { .name = "Content-Type", .value = "application/json" }, { .name = "Authorization", .value = index->scheme, .secret = index->authorization } };
	char *url = mem_format("%s-/npm/v1/security/advisories/bulk", index->public.url), hex[SHA256_HEX_MAX];
	struct net_response response = { 0 };
	struct json *answer = NULL, *kept;

	sha256_hex(body, strlen(body), hex);
	char *key = mem_format("%s#%s", url, hex);
	kept = registry_cache_load(key, registry->options.offline);
	if (kept) {
		answer = json_copy(json_get(kept, "answer"));
	} else if (!registry->options.offline && registry->options.net && timeout_ms > 0 &&
		   !net_fetch(registry->options.net, &(struct net_request){ .method = "POST", .url = url, .headers = headers, .header_count = index->authorization ? 2 : 1, .body = body,
			.body_length = strlen(body), .harmless = 1, .tls = &tls, .gzip = 1, .timeout_ms = timeout_ms, .connect_timeout_ms = timeout_ms, .max_bytes = BODY_MAX_BYTES,
			.cancelled = registry->options.cancelled }, &response, NULL)) {
		answer = response.status == 200 ? json_parse(response.body, response.body_length, NULL) : NULL;
		json_make_safe(answer);
		if (answer || response.status == 404)
			registry_cache_save(key, answer ? 200 : 404, answer);
	}
	net_response_release(&response);
	json_free(kept);
	free(key);
	free(url);
	return answer;
}

/* Its rows that hold for the version: [{"id","alias","fixed","summary"}]. */
static struct json *that_hold(const struct json *rows, const char *version)
{
	struct json *list = json_array();

	for (const struct json *row = json_first(rows); row && json_is(rows, JSON_ARRAY); row = json_next(row)) {
		const char *url = json_text(json_get(row, "url")), *slash = url ? strrchr(url, '/') : NULL;
		struct json *advisory;

		if (!version_in_range(version, json_text_or(json_get(row, "vulnerable_versions"), "*")))
			continue;
		advisory = json_set_text(json_object(), "id", slash && slash[1] ? slash + 1 : "advisory");
		json_set_text(advisory, "alias", json_text(json_item(json_get(row, "cves"), 0)));
		json_set_text(advisory, "fixed", json_text(json_get(row, "patched_versions")));
		json_set_text(advisory, "summary", json_text(json_get(row, "title")));
		json_add(list, advisory);
	}
	return list;
}

static void take(struct registry *registry, const struct json *body, const struct json *answer)
{
	for (const struct json *name = json_first(body); name; name = json_next(name)) {
		struct package *package = registry_package(registry, ECOSYSTEM_NPM, json_key(name));

		for (const struct json *version = json_first(name); version && package; version = json_next(version)) {
			if (!package->advisories)
				package->advisories = json_object();
			json_set(package->advisories, json_text(version), that_hold(json_get(answer, json_key(name)), json_text(version)));
		}
	}
}

void registry_ask_npm(struct registry *registry, int timeout_ms)
{
	for (size_t i = 0; i < registry->indices.count; i++) {
		struct index *index = &registry->indices.rows[i];
		struct json *body = index->public.ecosystem == ECOSYSTEM_NPM && index->heard ? in_use(registry, index) : NULL;
		char *text = body ? json_format(body) : NULL;
		struct json *answer = text ? ask(registry, index, text, timeout_ms) : NULL;

		if (json_is(answer, JSON_OBJECT))
			take(registry, body, answer);
		json_free(answer);
		json_free(body);
		free(text);
	}
}
