/* Changes out of what the cluster keeps anyhow: revisions of workloads, each with its images and the time it was
 * made; managedFields say who wrote when; events say from how many to how many. What none of them says stays empty.
 * Objects are read as table rows with metadata: no specs, no status. */
#include "provider/kubernetes/recorded_inside.h"

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
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/table_json.h"

enum {
	PAGE = 500,
	PAGES_MAX = 20,       /* of one kind */
	CHANGES_MAX = 2000,
	SOON_S = 5,           /* a controller follows a write within that */
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

int64_t recorded_time(const char *text)
{
	int64_t at_ns = 0;

	return clock_parse(text, &at_ns) ? 0 : at_ns;
}

/* --- telling --- */

void recorded_tell(struct recorded *recorded, const struct table_row *row, int64_t at_ns, const char *field,
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

const char *recorded_writer(struct writes *writes, int64_t at_ns, int (*fits)(const struct recorded_write *))
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

static int wrote_at_all(const struct recorded_write *write)
{
	(void)write;
	return 1;
}

/* --- lists --- */

/* The server's certificate, put into every namespace by the cluster itself: nobody changed anything. */
static int is_published(const struct recorded *recorded, const struct table_row *row)
{
	return !strcmp(recorded->kind, "configmaps") && (!strcmp(row->name, "kube-root-ca.crt") || !strcmp(row->name, "openshift-service-ca.crt"));
}

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
		if (!is_published(recorded, &row))
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
	return recorded_time(row->created) >= recorded->since_ns;
}

static void tell_writes(struct recorded *recorded, const struct table_row *row, struct writes *writes)
{
	int64_t created_ns = recorded_time(row->created);

	for (size_t i = 0; i < writes->count; i++) {
		const struct recorded_write *write = &writes->list[i];
		int at_birth = write->at_ns - created_ns <= CLOCK_SECOND_NS;

		if (!writes->told[i] && !at_birth && write->at_ns >= recorded->since_ns)
			recorded_tell(recorded, row, write->at_ns,
				strcmp(write->subresource, "scale") != 0 ? write->field : "replicas", NULL,
				NULL, write->manager);
	}
}

static void take_object(struct recorded *recorded, const struct table_row *row)
{
	struct writes writes;
	struct json *object;

	if (!is_recent(recorded, row))
		return;
	object = json_parse(row->object, row->object_length, NULL);
	read_writes(object, &writes);
	if (recorded_time(row->created) >= recorded->since_ns) {
		int64_t created_ns = recorded_time(row->created);

		recorded_tell(recorded, row, created_ns, "", NULL, row->name, recorded_writer(&writes, created_ns, wrote_at_all));
	}
	recorded_tell_revisions(recorded, row, &writes);
	if (!strcmp(recorded->kind, "deployments"))
		recorded_tell_scalings(recorded, row, &writes);
	tell_writes(recorded, row, &writes);
	json_free(object);
}

static int read_all(struct recorded *recorded, struct error *err)
{
	if (read_kind(recorded, "replicasets", "apps/v1", 1, recorded_take_replicaset, err))
		return -1;
	recorded_read_revisions(recorded);
	recorded_sort_revisions(recorded);
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
