/* The lake as an estate. Nothing is audited here and no file of the tree is opened, but for the lines around one finding that somebody looks at. */
#include "cli/fleet_provider.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "fleet/finding/check.h"
#include "fleet/fleet.h"
#include "fleet/report/excerpt.h"
#include "fleet/report/lake_read.h"

enum { SEEN_MAX = 8, WHERE_MAX = 4096, CONTEXT_LINES = 3 };

struct provider {
	const struct config *config;
	pthread_mutex_t lock;
	char seen[SEEN_MAX][128]; /* folders with a lake that were looked at */
	size_t seen_count;
};

/* --- accounts: folders --- */

static int open_fleet(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	(void)kinds, (void)net, (void)err;
	*out = mem_zero(1, sizeof(**out));
	(*out)->config = config;
	pthread_mutex_init(&(*out)->lock, NULL);
	return 0;
}

static void close_fleet(struct provider *provider)
{
	if (provider)
		pthread_mutex_destroy(&provider->lock);
	free(provider);
}

static void see(struct provider *provider, const char *account)
{
	size_t at = 0;

	pthread_mutex_lock(&provider->lock);
	while (at < provider->seen_count && strcmp(provider->seen[at], account) != 0)
		at++;
	if (at == provider->seen_count && at < SEEN_MAX)
		snprintf(provider->seen[provider->seen_count++], sizeof(*provider->seen), "%s", account);
	pthread_mutex_unlock(&provider->lock);
}

static void add_account(struct provider_account *out, const char *name, int current)
{
	*out = (struct provider_account){ .current = current, .aside = 1, .state = "ok", .server = "evidence lake" };
	snprintf(out->name, sizeof(out->name), "%s", name);
}

/* The one that needs no naming, where an audit of it is kept, and those looked at since. */
static size_t accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	char *root = max ? fleet_root(provider->config, NULL, NULL) : NULL;
	char own[128] = "";
	size_t count = 0;

	/* Asked for by the main thread: no file is read. */
	if (root && lake_read_has_index(root) && !fleet_account(root, own, sizeof(own), NULL))
		add_account(&out[count++], own, 1);
	pthread_mutex_lock(&provider->lock);
	for (size_t i = 0; i < provider->seen_count && count < max; i++)
		if (strcmp(provider->seen[i], own) != 0)
			add_account(&out[count++], provider->seen[i], 0);
	pthread_mutex_unlock(&provider->lock);
	free(root);
	return count;
}

static int select_account(struct provider *provider, const char *account, struct error *err)
{
	(void)provider;
	return error_set(err, ERR_INVALID, ":report %.120s audits that folder and opens it", account);
}

/* --- cells --- */

struct cells {
	const struct json *entry;   /* latest.json of an agent */
	const struct json *finding; /* NULL: the row is the agent */
	struct lake_read_counts counts;
	char room[WHERE_MAX];
};

static int is(const struct json *json, const char *key, const char *word)
{
	return !strcmp(json_text_or(json_get(json, key), ""), word);
}

static int is_agent(const struct json *entry)
{
	return *json_text_or(json_at(entry, "agent.framework"), "") != 0;
}

static const char *count_text(struct cells *cells, size_t count)
{
	snprintf(cells->room, sizeof(cells->room), "%zu", count);
	return cells->room;
}

static const char *why_of(struct cells *cells)
{
	struct text text;

	text_init(&text, sizeof(cells->room) - 1);
	for (int class = 0; class < CLASS_COUNT; class++)
		if (cells->counts.open[class])
			text_format(&text, "%s%zu %s", text.length ? ", " : "", cells->counts.open[class], check_class_name((enum check_class)class));
	snprintf(cells->room, sizeof(cells->room), "%s", text.data);
	text_release(&text);
	return cells->room;
}

static const char *agent_cell(struct cells *cells, const char *name)
{
	const struct json *agent = json_get(cells->entry, "agent");

	for (int class = 0; class < CLASS_COUNT; class++)
		if (!strcmp(name, check_class_name((enum check_class)class)))
			return count_text(cells, cells->counts.open[class]);
	if (!strcmp(name, "name"))
		return lake_read_agent(cells->entry);
	if (!strcmp(name, "worst"))
		return cells->counts.worst < SEVERITY_COUNT ? severity_name((enum check_severity)cells->counts.worst) : "";
	if (!strcmp(name, "why"))
		return why_of(cells);
	if (!strcmp(name, "one_click"))
		return count_text(cells, cells->counts.one_click);
	if (!strcmp(name, "suppressed"))
		return count_text(cells, cells->counts.suppressed);
	if (!strcmp(name, "score") && is_agent(cells->entry))
		return count_text(cells, (size_t)json_int(json_get(agent, "score"), 0));
	if (!strcmp(name, "files") || !strcmp(name, "bytes"))
		return count_text(cells, (size_t)json_int(json_get(cells->entry, name), 0));
	if (!strcmp(name, "observed_at"))
		return json_text_or(json_get(cells->entry, name), "");
	return json_text_or(json_get(agent, name), "");
}

static const char *sources_text(struct cells *cells)
{
	struct text text;

	text_init(&text, sizeof(cells->room) - 1);
	for (const struct json *source = json_first(json_get(cells->finding, "source")); source; source = json_next(source))
		text_format(&text, "%s%s", text.length ? " " : "", json_text_or(source, ""));
	snprintf(cells->room, sizeof(cells->room), "%s", text.data);
	text_release(&text);
	return cells->room;
}

static const char *finding_cell(struct cells *cells, const char *name)
{
	const struct json *finding = cells->finding;

	if (!strcmp(name, "agent"))
		return lake_read_agent(cells->entry);
	if (!strcmp(name, "source"))
		return sources_text(cells);
	if (!strcmp(name, "rank")) {
		int rank = 0;

		while (rank < SEVERITY_COUNT && !is(finding, "severity", severity_name((enum check_severity)rank)))
			rank++;
		return count_text(cells, (size_t)rank);
	}
	if (!strcmp(name, "where")) {
		snprintf(cells->room, sizeof(cells->room), "%s:%d", json_text_or(json_get(finding, "path"), "?"), (int)json_int(json_get(finding, "line"), 0));
		return cells->room;
	}
	if (!strcmp(name, "message") && is(finding, "message", ""))
		name = "title";
	return json_text_or(json_get(finding, name), "");
}

/* --- listing --- */

struct listing {
	const struct kind *kind;
	const struct selection *selection;
	struct feed *feed;
	const char **texts;
	size_t *lengths;
	char account[128];
};

static void feed_cells(struct listing *listing, struct cells *cells)
{
	const struct kind *kind = listing->kind;
	struct text all;
	size_t *starts = mem_zero(kind->column_count + 1, sizeof(*starts));

	text_init(&all, (size_t)1 << 20);
	for (size_t i = 0; i < kind->column_count; i++) {
		const char *path = kind->columns[i].path;
		const char *text = !path || !*path ? "" : !strcmp(path, "root") ? listing->account : cells->finding ? finding_cell(cells, path) : agent_cell(cells, path);

		starts[i] = all.length;
		listing->lengths[i] = strlen(text);
		text_add_n(&all, text, listing->lengths[i] + 1);
	}
	if (!all.cut) {
		for (size_t i = 0; i < kind->column_count; i++)
			listing->texts[i] = listing->lengths[i] ? all.data + starts[i] : NULL;
		feed_row(listing->feed, listing->texts, listing->lengths);
	}
	text_release(&all);
	free(starts);
}

static int is_wanted(const struct listing *listing, const char *name)
{
	return !listing->selection || !listing->selection->name || !strcmp(listing->selection->name, name);
}

static void feed_entry(struct listing *listing, const struct json *entry)
{
	struct cells cells = { .entry = entry };

	lake_read_count(entry, &cells.counts);
	if (!strcmp(listing->kind->name, "agents")) {
		if ((is_agent(entry) || json_count(json_get(entry, "findings"))) && is_wanted(listing, lake_read_agent(entry)))
			feed_cells(listing, &cells);
		return;
	}
	for (const struct json *finding = json_first(json_get(entry, "findings")); finding; finding = json_next(finding)) {
		cells.finding = finding;
		if (lake_read_is_open(finding) && is_wanted(listing, json_text_or(json_get(finding, "fingerprint"), "")))
			feed_cells(listing, &cells);
	}
}

static int feed_lake(struct listing *listing, const char *root, struct error *err)
{
	struct json *index = lake_read_index(root);
	size_t missing = 0;

	if (!index)
		return error_set(err, ERR_NOT_FOUND, "no audit of %.100s yet: there is no index in its evidence_lake. r audits it now, as `pilothouse report` does; `:report DIR` "
						  "another folder", root);
	feed_begin(listing->feed);
	for (const struct json *row = json_first(json_get(index, "agents")); row && !feed_cancelled(listing->feed); row = json_next(row)) {
		struct json *entry = lake_read_entry(root, row);

		if (entry)
			feed_entry(listing, entry);
		else
			missing += *json_text_or(json_get(row, "framework"), "") != 0;
		json_free(entry);
	}
	json_free(index);
	struct error lost = { 0 };

	if (missing)
		error_set(&lost, ERR_FORMAT, "%zu agents of the index have no readable entry in the lake; audit again with r", missing);
	feed_note(listing->feed, root, missing ? &lost : NULL);
	if (feed_cancelled(listing->feed))
		return error_set(err, ERR_CANCELLED, "cancelled");
	feed_end(listing->feed);
	return 0;
}

static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	struct listing listing = { .kind = kind, .selection = selection, .feed = feed };
	char *root = fleet_root(provider->config, selection ? selection->account : NULL, err);

	if (!root)
		return -1;
	if (fleet_account(root, listing.account, sizeof(listing.account), NULL))
		*listing.account = 0; /* the one that needs no naming */
	listing.texts = mem_zero(kind->column_count, sizeof(*listing.texts));
	listing.lengths = mem_zero(kind->column_count, sizeof(*listing.lengths));
	int failed = feed_lake(&listing, root, err);

	if (!failed && *listing.account)
		see(provider, listing.account);

	free(listing.texts);
	free(listing.lengths);
	free(root);
	return failed;
}

/* --- one --- */

static struct json *agent_object(const struct json *entry)
{
	struct json *json = json_copy(json_get(entry, "agent")), *open = json_object();
	struct lake_read_counts counts;

	lake_read_count(entry, &counts);
	for (int class = 0; class < CLASS_COUNT; class++)
		json_set_int(open, check_class_name((enum check_class)class), (int64_t)counts.open[class]);
	json_set_text(json, "name", lake_read_agent(entry));
	json_set(json, "open", open);
	json_set_int(json, "suppressed", (int64_t)counts.suppressed);
	json_set_int(json, "files", json_int(json_get(entry, "files"), 0));
	json_set_int(json, "bytes", json_int(json_get(entry, "bytes"), 0));
	json_set_text(json, "content", json_text_or(json_get(entry, "content"), ""));
	return json_set_text(json, "observed_at", json_text_or(json_get(entry, "observed_at"), ""));
}

/* The lines around it, as they are now. */
static struct json *finding_object(const char *root, const struct json *entry, const struct json *finding)
{
	struct json *json = json_copy(finding), *lines = json_array();
	struct error err = { 0 };
	struct excerpt *excerpt = excerpt_new(root, finding, json_get(entry, "findings"), &err);
	long at = (long)json_int(json_get(finding, "line"), 1);

	for (long line = at - CONTEXT_LINES; excerpt && line <= at + CONTEXT_LINES; line++) {
		const char *text = excerpt_line(excerpt, line);
		char *shown = text ? mem_format("%c%6ld  %s", line == at ? '>' : ' ', line, text) : NULL;

		if (shown)
			json_add(lines, json_string(shown));
		free(shown);
	}
	if (!excerpt)
		json_add(lines, json_string(err.text));
	excerpt_free(excerpt);
	json_set_text(json, "agent", lake_read_agent(entry));
	return json_set(json, "context", lines);
}

static struct json *find_object(const char *root, const struct ref *ref, const struct json *entry)
{
	if (strcmp(ref->kind, "findings") != 0)
		return !strcmp(lake_read_agent(entry), ref->name) ? agent_object(entry) : NULL;
	for (const struct json *finding = json_first(json_get(entry, "findings")); finding; finding = json_next(finding))
		if (is(finding, "fingerprint", ref->name))
			return finding_object(root, entry, finding);
	return NULL;
}

static int get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	char *root = fleet_root(provider->config, ref->account, err);
	struct json *index = root ? lake_read_index(root) : NULL;

	*object = NULL;
	for (const struct json *row = json_first(json_get(index, "agents")); row && !*object; row = json_next(row)) {
		struct json *entry = lake_read_entry(root, row);

		if (entry)
			*object = find_object(root, ref, entry);
		json_free(entry);
	}
	if (root && !*object)
		error_set(err, ERR_NOT_FOUND, "the last audit of %.150s has no %s %.100s", root, ref->kind, ref->name);
	json_free(index);
	free(root);
	return *object ? 0 : -1;
}

const struct provider_ops fleet_provider = {
	.name = "fleet",
	.title = "Audits of AI agents",
	.open = open_fleet,
	.close = close_fleet,
	.accounts = accounts,
	.select_account = select_account,
	.list = list,
	.get = get,
};
