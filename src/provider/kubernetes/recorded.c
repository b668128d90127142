/* Changes out of what the cluster keeps anyhow: replica sets are a deployment's revisions, each with its images and the time it was
 * made; managedFields say who wrote when; events say from how many to how many. What none of them says stays empty.
 * Objects are read as table rows with metadata: no specs, no status. */
#include "provider/kubernetes/recorded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/provider.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/table_json.h"

enum {
	PAGE = 500,
	PAGES_MAX = 20,       /* of one kind */
	CHANGES_MAX = 2000,
	SOON_S = 5,           /* a controller follows a write within that */
};

#define REVISION "deployment.kubernetes.io/revision"

struct revision { /* one replica set */
	const char *namespace_, *owner, *images, *name;
	int64_t number, at_ns;
};

struct scaling { /* one event */
	const char *namespace_, *name, *set;
	int64_t at_ns;
	long from, to;
};

struct recorded {
	struct account *account;
	const atomic_int *cancelled;
	int64_t since_ns;
	struct json *out;
	struct arena *texts;
	struct revision *revisions; /* by namespace, owner, number */
	size_t revision_count;
	struct scaling *scalings;
	size_t scaling_count;
	const char *kind;       /* being read */
	int images_cell, ready_cell;
};

typedef void (*row_fn)(struct recorded *recorded, const struct table_row *row);

static const struct recorded_kind {
	const char *kind, *api;
	int namespaced;
} kinds[] = {
	{ "deployments", "apps/v1", 1 },
	{ "statefulsets", "apps/v1", 1 },
	{ "daemonsets", "apps/v1", 1 },
	{ "services", "v1", 1 },
	{ "configmaps", "v1", 1 },
	{ "secrets", "v1", 1 },
	{ "ingresses", "networking.k8s.io/v1", 1 },
	{ "horizontalpodautoscalers", "autoscaling/v2", 1 },
	{ "nodes", "v1", 0 },
};

static int64_t time_of(const char *text)
{
	int64_t at_ns = 0;

	return clock_parse(text, &at_ns) ? 0 : at_ns;
}

/* --- telling --- */

static void tell(struct recorded *recorded, const struct table_row *row, int64_t at_ns, const char *field,
	const char *old, const char *new_, const char *by)
{
	struct ref ref = { .provider = "kubernetes" };
	struct json *change = json_object();
	char id[1200], at[CLOCK_RFC3339_MAX];

	if (json_count(recorded->out) >= CHANGES_MAX) {
		json_free(change);
		return;
	}
	snprintf(ref.account, sizeof(ref.account), "%s", recorded->account->name);
	snprintf(ref.kind, sizeof(ref.kind), "%s", recorded->kind);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", row->namespace_);
	snprintf(ref.name, sizeof(ref.name), "%s", row->name);
	ref_format(&ref, id, sizeof(id));
	clock_format(at_ns, at);
	json_set_text(change, "at", at);
	json_set_text(change, "id", id);
	json_set_text(change, "kind", recorded->kind);
	json_set_text(change, "field", field);
	json_set_text(change, "old", old);
	json_set_text(change, "new", new_);
	json_set_text(change, "by", by);
	json_add(recorded->out, change);
}

/* --- who wrote --- */

struct writes {
	struct recorded_write list[32];
	int told[32];
	size_t count;
};

static void read_writes(const struct json *object, struct writes *writes)
{
	writes->count = 0;
	memset(writes->told, 0, sizeof(writes->told));
	for (const struct json *entry = json_first(json_at(object, "metadata.managedFields"));
		entry && writes->count < 32; entry = json_next(entry))
		if (!recorded_write_read(entry, &writes->list[writes->count]))
			writes->count++;
}

static int is_soon_after(int64_t at_ns, int64_t write_ns)
{
	return at_ns >= write_ns && at_ns - write_ns <= SOON_S * CLOCK_SECOND_NS;
}

/* Who made what a controller then did; "" when no write, or more than one manager's, fits. */
static const char *writer(struct writes *writes, int64_t at_ns, int (*fits)(const struct recorded_write *))
{
	const char *found = "";

	for (size_t i = 0; i < writes->count; i++) {
		if (!is_soon_after(at_ns, writes->list[i].at_ns) || !fits(&writes->list[i]))
			continue;
		writes->told[i] = 1;
		found = *found && strcmp(found, writes->list[i].manager) != 0 ? "" : writes->list[i].manager;
	}
	return found;
}

static int wrote_image(const struct recorded_write *write)
{
	return write->is_image;
}

static int wrote_template(const struct recorded_write *write)
{
	return write->is_template;
}

static int wrote_replicas(const struct recorded_write *write)
{
	return !strcmp(write->subresource, "scale") || !strcmp(write->field, "replicas") ||
	       !strcmp(write->field, "spec");
}

static int wrote_at_all(const struct recorded_write *write)
{
	(void)write;
	return 1;
}

/* --- lists --- */

static int take_page(struct recorded *recorded, struct net_response *response, row_fn on_row,
	char **token, struct error *err)
{
	struct table_head head;
	struct table_row row;
	int more;

	if (table_json_open(response->body, response->body_length, &head, err))
		return -1;
	if (strcmp(head.kind, "Table") != 0)
		return 0; /* no tables: nothing to learn cheaply */
	recorded->images_cell = recorded->ready_cell = -1;
	for (size_t i = 0; i < head.column_count; i++) {
		if (!strcmp(head.columns[i].name, "Images"))
			recorded->images_cell = (int)i;
		if (!strcmp(head.columns[i].name, "Ready"))
			recorded->ready_cell = (int)i;
	}
	table_row_init(&row);
	while ((more = table_json_next(&head, &row, err)) > 0)
		on_row(recorded, &row);
	table_row_release(&row);
	if (!more && head.token_length)
		*token = mem_text_n(head.token, head.token_length);
	return more;
}

static int read_page(struct recorded *recorded, const struct resource *resource, const char *namespace_,
	row_fn on_row, char **token, struct error *err)
{
	struct net_response response = { 0 };
	struct text path;
	char limit[16];

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, resource, namespace_, NULL, NULL);
	snprintf(limit, sizeof(limit), "%d", PAGE);
	url_query(&path, "limit", limit);
	url_query(&path, "includeObject", "Metadata");
	if (*token)
		url_query(&path, "continue", *token);
	free(*token);
	*token = NULL;
	struct call call = { .path = path.data, .accept = ACCEPT_TABLE, .cancelled = recorded->cancelled };
	int failed = path.cut || call_fetch(recorded->account, &call, &response, err);

	if (!failed)
		failed = take_page(recorded, &response, on_row, token, err);
	net_response_release(&response);
	text_release(&path);
	return failed ? -1 : 0;
}

static int read_pages(struct recorded *recorded, const struct resource *resource, const char *namespace_,
	row_fn on_row, struct error *err)
{
	char *token = NULL;
	int failed, pages = 0;

	do
		failed = read_page(recorded, resource, namespace_, on_row, &token, err);
	while (!failed && token && ++pages < PAGES_MAX);
	free(token);
	return failed;
}

/* Cluster-wide, else in our own namespace; a kind that we may not list, or that is not there, has nothing to tell. */
static int read_kind(struct recorded *recorded, const char *kind, const char *api, int namespaced,
	row_fn on_row, struct error *err)
{
	struct resource resource = { .api = api, .name = kind, .namespaced = namespaced };
	struct error own = { 0 };

	recorded->kind = kind;
	int failed = read_pages(recorded, &resource, NULL, on_row, &own);

	if (failed && own.code == ERR_FORBIDDEN && namespaced) {
		own = (struct error){ 0 };
		failed = read_pages(
			recorded, &resource, account_namespace(recorded->account), on_row, &own);
	}
	if (!failed || own.code == ERR_FORBIDDEN || own.code == ERR_NOT_FOUND)
		return 0;
	if (err)
		*err = own;
	return -1;
}

/* --- revisions --- */

static void take_replicaset(struct recorded *recorded, const struct table_row *row)
{
	struct json *object = json_parse(row->object, row->object_length, NULL);
	const struct json *owner = json_at(object, "metadata.ownerReferences.0");
	const char *number = json_text(json_get(json_at(object, "metadata.annotations"), REVISION));
	int cell = recorded->images_cell;

	if (number && cell >= 0 && (size_t)cell < row->count &&
		!strcmp(json_text_or(json_get(owner, "kind"), ""), "Deployment")) {
		struct arena *texts = recorded->texts;

		recorded->revisions = mem_grow(recorded->revisions, recorded->revision_count + 1,
			sizeof(*recorded->revisions));
		recorded->revisions[recorded->revision_count++] = (struct revision){
			.namespace_ = arena_text(texts, row->namespace_),
			.owner = arena_text(texts, json_text_or(json_get(owner, "name"), "")),
			.images = arena_text(texts, row->cells[cell]),
			.name = arena_text(texts, row->name),
			.number = strtoll(number, NULL, 10),
			.at_ns = time_of(row->created),
		};
	}
	json_free(object);
}

static int compare_owner(const struct revision *a, const char *namespace_, const char *owner)
{
	int order = strcmp(a->namespace_, namespace_);

	return order ? order : strcmp(a->owner, owner);
}

static int by_owner(const void *a, const void *b)
{
	const struct revision *x = a, *y = b;
	int order = compare_owner(x, y->namespace_, y->owner);

	return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

/* The first of that deployment; NULL none. */
static const struct revision *find_revisions(const struct recorded *recorded, const struct table_row *row)
{
	size_t low = 0, high = recorded->revision_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_owner(&recorded->revisions[middle], row->namespace_, row->name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == recorded->revision_count ||
		compare_owner(&recorded->revisions[low], row->namespace_, row->name))
		return NULL;
	return &recorded->revisions[low];
}

/* A set that came back (a rollback) is older than its number says: when that was is not recorded. */
static void tell_revisions(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	const struct revision *end = recorded->revisions + recorded->revision_count;
	const struct revision *now = find_revisions(recorded, row);

	for (; now && now + 1 < end && !compare_owner(now + 1, row->namespace_, row->name); now++) {
		const struct revision *next = now + 1;
		int images = strcmp(now->images, next->images) != 0;
		char from[24], to[24];

		if (next->at_ns < recorded->since_ns || next->at_ns < now->at_ns)
			continue;
		snprintf(from, sizeof(from), "%lld", (long long)now->number);
		snprintf(to, sizeof(to), "%lld", (long long)next->number);
		if (images)
			tell(recorded, row, next->at_ns, "images", now->images, next->images,
				writer(writes, next->at_ns, wrote_image));
		else
			tell(recorded, row, next->at_ns, "revision", from, to,
				writer(writes, next->at_ns, wrote_template));
	}
}

/* --- scaling --- */

static void take_event(struct recorded *recorded, const struct json *event)
{
	const struct json *object = json_get(event, "involvedObject");
	const char *at = json_text_or(json_get(event, "lastTimestamp"), json_text(json_get(event, "eventTime")));
	struct scaling scaling = { .at_ns = time_of(at ? at : "") };
	char set[254];

	if (scaling.at_ns < recorded->since_ns ||
		!recorded_scaling_read(json_text_or(json_get(event, "message"), ""), set, &scaling.from, &scaling.to))
		return;
	scaling.namespace_ = arena_text(recorded->texts, json_text_or(json_get(object, "namespace"), ""));
	scaling.name = arena_text(recorded->texts, json_text_or(json_get(object, "name"), ""));
	scaling.set = arena_text(recorded->texts, set);
	recorded->scalings = mem_grow(
		recorded->scalings, recorded->scaling_count + 1, sizeof(*recorded->scalings));
	recorded->scalings[recorded->scaling_count++] = scaling;
}

static int read_events(struct recorded *recorded, const char *namespace_, struct error *err)
{
	struct resource resource = { .api = "v1", .name = "events", .namespaced = 1 };
	struct text path;

	text_init(&path, RESOURCE_PATH_MAX);
	resource_path(&path, &resource, namespace_, NULL, NULL);
	url_query(&path, "limit", "500");
	url_query(&path, "fieldSelector", "reason=ScalingReplicaSet,involvedObject.kind=Deployment");
	struct call call = { .path = path.data, .cancelled = recorded->cancelled };
	struct json *answer = call_json(recorded->account, &call, err);

	for (const struct json *event = json_first(json_get(answer, "items")); event; event = json_next(event))
		take_event(recorded, event);
	text_release(&path);
	json_free(answer);
	return answer ? 0 : -1;
}

/* The newest revision; NULL none. */
static const struct revision *newest_revision(const struct recorded *recorded, const struct table_row *row)
{
	const struct revision *end = recorded->revisions + recorded->revision_count;
	const struct revision *at = find_revisions(recorded, row);

	while (at && at + 1 < end && !compare_owner(at + 1, row->namespace_, row->name))
		at++;
	return at;
}

static int is_of(const struct scaling *scaling, const struct table_row *row)
{
	return !strcmp(scaling->name, row->name) && !strcmp(scaling->namespace_, row->namespace_);
}

/* While a deployment rolls out its sets grow and shrink: that is the rollout, told once. Scaled is the newest set when no other
 * moved after it; its growth out of nothing is its birth. */
static int is_scaled(const struct recorded *recorded, const struct table_row *row,
	const struct scaling *scaling, const struct revision *newest)
{
	if (!newest || strcmp(scaling->set, newest->name) != 0 ||
		(!scaling->from && newest->at_ns >= recorded->since_ns))
		return 0;
	for (size_t i = 0; i < recorded->scaling_count; i++)
		if (is_of(&recorded->scalings[i], row) && strcmp(recorded->scalings[i].set, scaling->set) != 0 &&
			recorded->scalings[i].at_ns >= scaling->at_ns)
			return 0;
	return 1;
}

static void tell_scalings(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	const struct revision *newest = newest_revision(recorded, row);

	for (size_t i = 0; i < recorded->scaling_count; i++) {
		const struct scaling *scaling = &recorded->scalings[i];
		char from[24], to[24];

		if (!is_of(scaling, row) || !is_scaled(recorded, row, scaling, newest))
			continue;
		snprintf(from, sizeof(from), "%ld", scaling->from);
		snprintf(to, sizeof(to), "%ld", scaling->to);
		tell(recorded, row, scaling->at_ns, "replicas", from, to,
			writer(writes, scaling->at_ns, wrote_replicas));
	}
}

/* --- objects --- */

/* Any "time" in its managedFields within the window? The same form everywhere, so texts compare. */
static int is_recent(const struct recorded *recorded, const struct table_row *row)
{
	static const char key[] = "\"time\":\"";
	char since[CLOCK_RFC3339_MAX];
	const char *at = row->object, *end = row->object + row->object_length;

	clock_format(recorded->since_ns, since);
	while (at < end && (at = memmem(at, (size_t)(end - at), key, strlen(key)))) {
		at += strlen(key);
		if (end - at >= 19 && memcmp(at, since, 19) >= 0)
			return 1;
	}
	return time_of(row->created) >= recorded->since_ns;
}

static void tell_writes(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	int64_t created_ns = time_of(row->created);

	for (size_t i = 0; i < writes->count; i++) {
		const struct recorded_write *write = &writes->list[i];
		int at_birth = write->at_ns - created_ns <= CLOCK_SECOND_NS;

		if (!writes->told[i] && !at_birth && write->at_ns >= recorded->since_ns)
			tell(recorded, row, write->at_ns,
				strcmp(write->subresource, "scale") != 0 ? write->field : "replicas", NULL,
				NULL, write->manager);
	}
}

static void take_object(struct recorded *recorded, const struct table_row *row)
{
	int is_deployment = !strcmp(recorded->kind, "deployments");
	struct writes writes;
	struct json *object;

	if (!is_recent(recorded, row))
		return;
	object = json_parse(row->object, row->object_length, NULL);
	read_writes(object, &writes);
	if (time_of(row->created) >= recorded->since_ns) {
		int64_t created_ns = time_of(row->created);

		tell(recorded, row, created_ns, "", NULL, row->name, writer(&writes, created_ns, wrote_at_all));
	}
	if (is_deployment) {
		tell_revisions(recorded, row, &writes);
		tell_scalings(recorded, row, &writes);
	}
	tell_writes(recorded, row, &writes);
	json_free(object);
}

static int read_all(struct recorded *recorded, struct error *err)
{
	struct error why = { 0 };

	if (read_events(recorded, NULL, &why) && why.code == ERR_FORBIDDEN)
		read_events(recorded, account_namespace(recorded->account), NULL);
	if (read_kind(recorded, "replicasets", "apps/v1", 1, take_replicaset, err))
		return -1;
	if (recorded->revision_count)
		qsort(recorded->revisions, recorded->revision_count, sizeof(*recorded->revisions), by_owner);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (read_kind(recorded, kinds[i].kind, kinds[i].api, kinds[i].namespaced, take_object, err))
			return -1;
	return 0;
}

int kube_recorded(struct provider *provider, const char *account, int64_t since_ns, const void *cancelled,
	struct json *out, struct error *err)
{
	struct recorded recorded = {
		.account = account_find(provider, account, err),
		.cancelled = cancelled,
		.since_ns = since_ns,
		.out = out,
	};

	if (!recorded.account)
		return -1;
	recorded.texts = arena_new();
	int failed = read_all(&recorded, err);

	free(recorded.revisions);
	free(recorded.scalings);
	arena_free(recorded.texts);
	return failed;
}
