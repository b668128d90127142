/* What the indices said, as findings and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/supply/registry_ask.h"

enum { MESSAGE_MAX = 1200, IDS_SHOWN = 4 };

size_t registry_indices(const struct registry *registry)
{
	return registry->indices.count;
}

const struct registry_index *registry_index_at(const struct registry *registry, size_t i)
{
	return i < registry->indices.count ? &registry->indices.rows[i].public : NULL;
}

static enum registry_state state_of(const struct package *package)
{
	if (!package)
		return REGISTRY_NOT_ASKED;
	if (package->answer)
		return REGISTRY_KNOWN;
	if (package->held)
		return REGISTRY_NOT_SENT;
	if (package->uncached)
		return REGISTRY_NOT_CACHED;
	return package->failed || !package->missing ? REGISTRY_NOT_REACHED : REGISTRY_ABSENT;
}

const char *registry_latest(const struct registry *registry, enum ecosystem ecosystem, const char *name)
{
	char normal[256];

	if (ecosystem == ECOSYSTEM_PYPI)
		deps_normal_name(name, strlen(name), normal, sizeof(normal));
	else
		snprintf(normal, sizeof(normal), "%s", name);
	const struct package *package = registry_package(registry, ecosystem, normal);

	return package ? json_text(json_get(package->answer, "latest")) : NULL;
}

enum registry_state registry_state(const struct registry *registry, const struct dependency *row)
{
	return row->origin == ORIGIN_INDEX ? state_of(registry_package(registry, row->ecosystem, row->name)) : REGISTRY_NOT_ASKED;
}

/* --- findings --- */

struct telling {
	const struct registry *registry;
	const struct checks *checks;
	const char *agent;
	struct findings *findings;
};

static void tell(const struct telling *telling, const struct dependency *row, const char *rule, enum check_severity severity, const char *anchor, const char *message)
{
	const struct check *check = checks_find(telling->checks, rule);

	if (check && row->agent == telling->agent)
		findings_add(telling->findings, &(struct finding){ .check = check, .rule = rule, .message = message, .path = row->path, .agent = row->agent,
			.place = { .line = row->line ? row->line : 1, .column = 1 }, .severity = severity, .fixability = FIX_STRUCTURAL, .symbol = row->name, .anchor = anchor });
}

/* A check's own severity, which the operator may have changed. */
static enum check_severity own(const struct telling *telling, const char *rule)
{
	const struct check *check = checks_find(telling->checks, rule);

	return check ? check->severity : SEVERITY_MEDIUM;
}

/* Names that index number i should have told about and did not, and what became of them. */
static const struct dependency *count_lost(const struct registry *registry, size_t i, size_t *lost, size_t *elsewhere, size_t *held)
{
	uint64_t bit = (uint64_t)1 << i;
	const struct dependency *first = NULL;

	*lost = *elsewhere = *held = 0;
	for (size_t k = 0; k < registry->count; k++) {
		const struct package *package = &registry->packages[k];

		if (!((package->failed | package->missing) & bit))
			continue;
		++*lost;
		*held += package->held;
		*elsewhere += package->answer != NULL;
	}
	for (size_t k = 0; k < deps_count(registry->deps) && !first; k++) {
		const struct dependency *row = deps_at(registry->deps, k);
		const struct package *package = registry_package(registry, row->ecosystem, row->name);

		if (package && row->origin == ORIGIN_INDEX && ((package->failed | package->missing) & bit))
			first = row;
	}
	return first;
}

static const char *cause_of(const struct index *index, const char **detail)
{
	*detail = index->public.detail;
	if (index->only_named) {
		*detail = "tree";
		return "only the tree itself names it, and what a tree names is not asked; add it to your own configuration of pip, uv or npm";
	}
	if (index->public.cause)
		return index->public.cause;
	if (!index->public.is_public && index->public.missing && !index->heard) {
		*detail = "404";
		return registry_status_words(404);
	}
	return NULL;
}

/* SUP006: one for each index. */
static void tell_index(const struct telling *telling, size_t i)
{
	const struct registry *registry = telling->registry;
	const struct index *index = &registry->indices.rows[i];
	size_t lost, elsewhere, held;
	const char *detail, *cause = cause_of(index, &detail);
	const struct dependency *row = cause ? count_lost(registry, i, &lost, &elsewhere, &held) : NULL;
	char rule[40], anchor[REGISTRY_URL_MAX + 64];
	struct text text;

	if (!row)
		return;
	text_init(&text, MESSAGE_MAX);
	text_format(&text, "the index %s (%s) did not tell about %zu packages: %s", index->public.url, index->public.from, lost, cause);
	if (elsewhere)
		text_format(&text, "; %zu were found in another index", elsewhere);
	if (held)
		text_format(&text, "; %zu names were not sent to the public index, as they may exist inside only", held);
	snprintf(rule, sizeof(rule), "SUP006/%s", detail);
	snprintf(anchor, sizeof(anchor), "%s %s", index->public.url, detail);
	tell(telling, row, rule, own(telling, rule), anchor, text.data);
	text_release(&text);
}

static void tell_version(const struct telling *telling, const struct dependency *row, const struct package *package)
{
	const char *yanked, *url = package->index->public.url, *latest = json_text(json_get(package->answer, "latest"));
	char message[MESSAGE_MAX];

	if (!answer_has(package->answer, row->ecosystem, row->version, &yanked)) {
		if (strchr(row->version, '+'))
			return; /* a local build */
		snprintf(message, sizeof(message), "%s %s is not in the index %s%s%s", row->name, row->version, url, latest ? "; the latest there is " : "", latest ? latest : "");
		tell(telling, row, "SUP007/absent", own(telling, "SUP007"), row->name, message);
	} else if (yanked) {
		int is_npm = row->ecosystem == ECOSYSTEM_NPM;

		snprintf(message, sizeof(message), "%s %s was %s: %s%s%s", row->name, row->version, is_npm ? "deprecated by its authors" : "yanked from the index",
			*yanked ? yanked : "no reason is given", latest ? "; the latest is " : "", latest ? latest : "");
		tell(telling, row, is_npm ? "SUP007/deprecated" : "SUP007/yanked", is_npm ? SEVERITY_LOW : own(telling, "SUP007"), row->name, message);
	}
}

static void tell_advisories(const struct telling *telling, const struct dependency *row, const struct package *package)
{
	const struct json *list = json_get(package->advisories, row->version);
	size_t count = json_count(list), shown = 0;
	const char *fixed = NULL;
	struct text text;

	if (!count)
		return;
	text_init(&text, MESSAGE_MAX);
	text_format(&text, "%s %s has %zu known %s: ", row->name, row->version, count, count == 1 ? "advisory" : "advisories");
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *its = json_text(json_get(item, "fixed"));

		if (shown++ < IDS_SHOWN)
			text_format(&text, "%s%s", shown > 1 ? ", " : "", json_text_or(json_get(item, "id"), "?"));
		if (its && (!fixed || version_compare(its, fixed) > 0))
			fixed = its;
	}
	if (count > IDS_SHOWN)
		text_format(&text, " and %zu more", count - IDS_SHOWN);
	if (fixed)
		text_format(&text, "; mended in %s", fixed);
	tell(telling, row, "SUP008", own(telling, "SUP008"), row->name, text.data);
	text_release(&text);
}

static void tell_row(const struct telling *telling, const struct dependency *row)
{
	const struct package *package = registry_package(telling->registry, row->ecosystem, row->name);
	enum registry_state state = registry_state(telling->registry, row);
	const char *status;
	char message[MESSAGE_MAX];

	if (state == REGISTRY_ABSENT) {
		snprintf(message, sizeof(message), "no index that was asked has a package %s: whoever registers the name decides what is installed", row->name);
		tell(telling, row, "SUP007/unknown-name", SEVERITY_HIGH, row->name, message);
	}
	if (state != REGISTRY_KNOWN)
		return;
	status = json_text(json_get(package->answer, "state"));
	if (status && !strcmp(status, "quarantined")) {
		snprintf(message, sizeof(message), "the index has put %s in quarantine", row->name);
		tell(telling, row, "SUP007/quarantined", SEVERITY_CRITICAL, row->name, message);
	}
	if (row->version) {
		tell_version(telling, row, package);
		tell_advisories(telling, row, package);
	}
}

void registry_findings(const struct registry *registry, const struct checks *checks, const char *agent, struct findings *findings)
{
	struct telling telling = { registry, checks, agent, findings };

	for (size_t i = 0; i < registry->indices.count; i++)
		tell_index(&telling, i);
	for (size_t i = 0; i < deps_count(registry->deps); i++)
		if (deps_at(registry->deps, i)->agent == agent)
			tell_row(&telling, deps_at(registry->deps, i));
}

/* --- JSON --- */

struct json *registry_row_to_json(const struct registry *registry, const struct dependency *row)
{
	const struct package *package = row->origin == ORIGIN_INDEX ? registry_package(registry, row->ecosystem, row->name) : NULL;
	struct json *json = json_set_text(json_object(), "state", registry_state_name(state_of(package)));
	const char *yanked = NULL;
	int has = package && package->answer && row->version ? answer_has(package->answer, row->ecosystem, row->version, &yanked) : -1;

	json_set_text(json, "index", package && package->index ? package->index->public.url : NULL);
	json_set_text(json, "latest", package ? json_text(json_get(package->answer, "latest")) : NULL);
	json_set(json, "has_version", has < 0 ? json_null() : json_boolean(has));
	json_set(json, "yanked", has < 0 ? json_null() : yanked ? json_string(yanked) : json_boolean(0));
	const struct json *advisories = package && row->version ? json_get(package->advisories, row->version) : NULL;
	json_set(json, "advisories", advisories ? json_copy(advisories) : json_null()); /* null: the index does not say */
	return json;
}

struct json *registry_indices_to_json(const struct registry *registry)
{
	struct json *list = json_array();

	for (size_t i = 0; i < registry->indices.count; i++) {
		const struct index *index = &registry->indices.rows[i];
		const char *detail, *cause = cause_of(index, &detail);
		struct json *json = json_set_text(json_object(), "ecosystem", ecosystem_name(index->public.ecosystem));

		json_set_text(json, "url", index->public.url);
		json_set_text(json, "from", index->public.from);
		json_set_text(json, "scope", index->public.scope);
		json_set(json, "public", json_boolean(index->public.is_public));
		json_set_int(json, "asked", (int64_t)index->public.asked);
		json_set_int(json, "answered", (int64_t)index->public.answered);
		json_set_int(json, "missing", (int64_t)index->public.missing);
		json_set_text(json, "state", index->only_named ? "not asked" : cause ? "failed" : index->public.answered || index->public.missing ? "ok" : "not needed");
		json_set_text(json, "cause", cause);
		json_make_safe(json);
		json_add(list, json);
	}
	return list;
}
