/* Lists as Tables without objects: a nineteenth of the bytes. Such rows do not say their namespace,
 * so where all are shown each namespace is asked for its own, several at a time over the kept
 * connections. Who may not list namespaces gets one cluster-wide list with metadata; who may not do
 * that either, the context's own namespace. */
#include "provider/kubernetes/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/objects.h"

enum {
	PAGE = 500,
	PAGE_WHOLE = 100, /* with metadata or objects a row is 3 to 6 KB */
	PARALLEL = 6,     /* lists of one cluster at a time */
	PAINT_EVERY_MS = 80,
	LIMIT = 100000,
	BARREN_MAX = 100, /* pages on end with a continuation and no row */
	RESTARTS = 2, /* lists whose continuation expired, begun anew */
};

/* "kubernetes:CONTEXT/", as ref_format writes it. */
static void part_of(const char *account, char out[300])
{
	struct ref ref = { .provider = "kubernetes", .kind = "k", .name = "n" };

	snprintf(ref.account, sizeof(ref.account), "%s", account);
	ref_format(&ref, out, 300);
	out[strlen(out) - strlen("k/n")] = '\0';
}

/* "kubernetes:CONTEXT/KIND/NAMESPACE/". */
static void part_of_namespace(const struct lister *lister, const char *namespace_, char *out, size_t size)
{
	struct ref ref = { .provider = "kubernetes", .name = "n" };

	snprintf(ref.account, sizeof(ref.account), "%s", lister->account->name);
	snprintf(ref.kind, sizeof(ref.kind), "%s", lister->kind->name);
	snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_);
	ref_format(&ref, out, size);
	out[strlen(out) - strlen("n")] = '\0';
}

int lister_init(struct lister *lister, struct provider *provider, struct account *account,
	const struct kind *kind, const struct selection *selection, struct feed *feed, int several,
	struct error *err)
{
	memset(lister, 0, sizeof(*lister));
	lister->provider = provider;
	lister->account = account;
	lister->kind = kind;
	lister->selection = selection;
	lister->feed = feed;
	lister->cancelled = feed_cancel_flag(feed);
	lister->limit = selection->limit ? selection->limit : LIMIT;
	if (several)
		part_of(account->name, lister->part);
	if (resource_of(kind, &lister->resource, err))
		return -1;
	rows_init(&lister->rows, kind, account->name);
	lister->rows.labels = lister->resource.whole;
	table_row_init(&lister->row);
	return 0;
}

void lister_release(struct lister *lister)
{
	table_row_release(&lister->row);
	json_free(lister->namespaces);
	lister->namespaces = NULL;
}

/* Resource versions are opaque, but where both are numbers the order is theirs (KEP-5504); else the
 * first one stays. */
static void keep_smallest(struct lister *lister, const char *version)
{
	char *kept = lister->resource_version;
	size_t length = strlen(version), kept_length = strlen(kept);
	int numbers = !version[strspn(version, "0123456789")] && !kept[strspn(kept, "0123456789")];
	int smaller = length < kept_length || (length == kept_length && strcmp(version, kept) < 0);

	if (length && (!kept_length || (numbers && smaller)))
		snprintf(kept, sizeof(lister->resource_version), "%s", version);
}

static void emit(struct lister *lister, const char *namespace_, int64_t now_ns)
{
	struct rows *rows = &lister->rows;

	if (rows_fill(rows, &lister->row, namespace_, now_ns))
		return;
	feed_row(lister->feed, rows->cells, rows->lengths);
	lister->taken++;
}

/* The first page is painted at once, the others when the eye may want them. */
static void paint(struct lister *lister)
{
	int64_t now = clock_monotonic_ns();

	if (lister->painted_ns && now - lister->painted_ns < PAINT_EVERY_MS * INT64_C(1000000))
		return;
	lister->painted_ns = now;
	feed_page(lister->feed);
}

static int is_full(const struct lister *lister)
{
	return lister->taken >= lister->limit;
}

static int emit_all(struct lister *lister, const char *namespace_, struct error *err)
{
	int64_t now = clock_now_ns();
	int more = 1;

	while (!is_full(lister) && (more = table_json_next(&lister->head, &lister->row, err)) > 0)
		emit(lister, namespace_, now);
	if (is_full(lister) && lister->head.remaining > 0)
		feed_total(lister->feed, lister->taken + (size_t)lister->head.remaining);
	paint(lister);
	return more < 0 ? -1 : 0;
}

/* A server that knows no tables answers with the objects. */
static int take_rows(struct lister *lister, const char *bytes, size_t length, const char *namespace_,
	struct error *err)
{
	if (!strcmp(lister->head.kind, "Table")) {
		rows_learn(&lister->rows, &lister->head);
		return emit_all(lister, namespace_, err);
	}
	if (!objects_is_list(lister->head.kind))
		return error_set(err, ERR_FORMAT,
			"the server gives neither tables nor lists (it sent a %s)",
			*lister->head.kind ? lister->head.kind : "nameless answer");
	if (objects_take(lister, bytes, length, namespace_, err))
		return -1;
	paint(lister);
	return 0;
}

static int take(struct lister *lister, const char *bytes, size_t length, const char *namespace_,
	struct error *err)
{
	size_t taken = lister->taken;

	if (table_json_open(bytes, length, &lister->head, err))
		return -1;
	keep_smallest(lister, lister->head.resource_version);
	if (take_rows(lister, bytes, length, namespace_, err))
		return -1;
	/* A server that always has one more empty page would be asked for ever. */
	lister->barren = lister->taken == taken && lister->head.token_length ? lister->barren + 1 : 0;
	if (lister->barren > BARREN_MAX)
		return error_set(err, ERR_LIMIT, "the server sends page after page without a row");
	return 0;
}

int lister_take(struct lister *lister, const char *bytes, size_t length, const char *namespace_,
	struct error *err)
{
	if (!take(lister, bytes, length, namespace_, err))
		return 0;
	return error_wrap(err, "%.60s: list of %.60s", lister->account->name, lister->kind->name);
}

/* "/api/v1/namespaces/x/pods?limit=500&includeObject=None…". */
static void page_path(struct text *path, const struct lister *lister, const char *namespace_,
	const char *include, const char *token, size_t token_length)
{
	const struct selection *selection = lister->selection;
	int whole = strcmp(include, "None") != 0;
	char limit[16], field[300];

	resource_path(path, &lister->resource, namespace_, NULL, NULL);
	snprintf(limit, sizeof(limit), "%d", whole ? PAGE_WHOLE : PAGE);
	url_query(path, "limit", limit);
	url_query(path, "includeObject", include);
	if (selection->labels && *selection->labels)
		url_query(path, "labelSelector", selection->labels);
	if (selection->name && *selection->name) {
		snprintf(field, sizeof(field), "metadata.name=%s", selection->name);
		url_query(path, "fieldSelector", field);
	}
	if (token_length) {
		char *copy = mem_text_n(token, token_length);

		url_query(path, "continue", copy);
		free(copy);
	}
}

static int fetch_page(struct lister *lister, const char *namespace_, const char *include,
	struct text *path, int *status, struct error *err)
{
	struct net_response response = { 0 };
	struct call call = {
		.path = path->data, .accept = ACCEPT_TABLE, .cancelled = lister->cancelled
	};
	int failed = call_fetch(lister->account, &call, &response, err);

	*status = response.status;
	if (!failed)
		failed = lister_take(lister, response.body, response.body_length, namespace_, err);
	/* The token points into the body: the next path is made while it is there. */
	text_clear(path);
	if (!failed && lister->head.token_length && !is_full(lister))
		page_path(path, lister, namespace_, include, lister->head.token,
			lister->head.token_length);
	net_response_release(&response);
	return failed;
}

/* One collection from its first page to its last; a continuation that died of old age (410) means
 * beginning again. */
static int fetch_pages(
	struct lister *lister, const char *namespace_, const char *include, struct error *err)
{
	struct text path;
	int status = 0, failed = -1;

	text_init(&path, RESOURCE_PATH_MAX);
	for (int restart = 0; restart <= RESTARTS; restart++) {
		text_clear(&path);
		page_path(&path, lister, namespace_, include, NULL, 0);
		do {
			if (path.cut) {
				failed = error_set(
					err, ERR_LIMIT, "the server's page token is too long");
				break;
			}
			failed = fetch_page(lister, namespace_, include, &path, &status, err);
		} while (!failed && path.length);
		if (!failed || status != 410)
			break;
	}
	text_release(&path);
	return failed;
}

static struct json *names_of_list(const char *bytes, size_t length, struct error *err)
{
	struct json *list = json_parse(bytes, length, err);
	struct json *names = list ? json_array() : NULL;

	for (const struct json *item = json_first(json_get(list, "items")); item; item = json_next(item))
		if (json_text(json_at(item, "metadata.name")))
			json_add(names, json_string(json_text(json_at(item, "metadata.name"))));
	json_free(list);
	return names;
}

struct json *list_namespaces(
	struct account *account, const atomic_int *cancelled, struct error *err)
{
	struct call call = { .path = "/api/v1/namespaces?includeObject=None",
		.accept = ACCEPT_TABLE,
		.cancelled = cancelled };
	struct net_response response = { 0 };
	struct table_head head = { 0 };
	struct table_row row;
	struct json *names = NULL;
	int more = -1;

	table_row_init(&row);
	if (!call_fetch(account, &call, &response, err) &&
		!table_json_open(response.body, response.body_length, &head, err) &&
		objects_is_list(head.kind)) {
		names = names_of_list(response.body, response.body_length, err);
		more = names ? 0 : -1;
	} else if (!strcmp(head.kind, "Table")) {
		names = json_array();
		while ((more = table_json_next(&head, &row, err)) > 0)
			if (row.count)
				json_add(names, json_string_n(row.cells[0], row.lengths[0]));
	}
	if (more < 0) {
		json_free(names);
		names = NULL;
	}
	table_row_release(&row);
	net_response_release(&response);
	return names;
}

/* --- all namespaces, side by side --- */

/* A page asked for. The request stays until it is answered: its certificates are not copied. */
struct asked {
	const struct json *namespace_;
	struct cluster_request *request;
};

static void asked_free(struct asked *asked)
{
	if (asked->request)
		cluster_request_free(asked->request);
	free(asked);
}

/* The pages of a batch that are under way: places become free as they are answered. */
struct pages {
	struct net_batch *batch;
	struct asked **list;
	size_t count;
};

static void pages_remove(struct pages *pages, struct asked *asked)
{
	for (size_t i = 0; i < pages->count; i++)
		if (pages->list[i] == asked) {
			pages->list[i] = pages->list[--pages->count];
			break;
		}
	asked_free(asked);
}

static void pages_free(struct pages *pages)
{
	net_batch_free(pages->batch); /* nothing uses the requests any more */
	for (size_t i = 0; i < pages->count; i++)
		asked_free(pages->list[i]);
	free(pages->list);
}

static int queue_page(struct lister *lister, struct pages *pages, const struct json *namespace_,
	const char *token, size_t token_length, struct error *err)
{
	struct text path;
	struct net_request request;
	struct net_header headers[3];
	struct cluster_request *made = NULL;

	text_init(&path, RESOURCE_PATH_MAX);
	page_path(&path, lister, json_text(namespace_), "None", token, token_length);
	struct call call = {
		.path = path.data, .accept = ACCEPT_TABLE, .cancelled = lister->cancelled
	};

	call_request(lister->account, &call, &request, headers);
	if (path.cut)
		error_set(err, ERR_LIMIT, "the server's page token is too long");
	else
		made = cluster_request_new(lister->account->cluster, &request, path.data, err);
	if (made) {
		struct asked *asked = mem_zero(1, sizeof(*asked));

		*asked = (struct asked){ .namespace_ = namespace_, .request = made };
		pages->list = mem_grow(pages->list, pages->count + 1, sizeof(*pages->list));
		pages->list[pages->count++] = asked;
		net_batch_add(pages->batch, cluster_request_net(made), asked);
	}
	text_release(&path);
	return made ? 0 : -1;
}

/* A namespace that refuses us is a fact, told; one that is gone has no rows. Anything else is tried
 * once more alone. */
static int settle_namespace(struct lister *lister, const char *namespace_, struct error *err)
{
	if (!fetch_pages(lister, namespace_, "None", err)) {
		json_add(lister->namespaces, json_string(namespace_));
		return 0;
	}
	if (err->code == ERR_FORBIDDEN) {
		lister->forbidden++;
		lister->refusal = *err;
		*err = (struct error){ 0 };
		return 0;
	}
	return -1;
}

static int take_answer(struct lister *lister, struct pages *pages, const struct json *namespace_,
	const struct net_response *response, struct json *again, struct error *err)
{
	if (err->code || response->status != 200) {
		json_add(again, json_string(json_text(namespace_)));
		return err->code == ERR_CANCELLED ? -1 : 0;
	}
	if (lister_take(lister, response->body, response->body_length, json_text(namespace_), err))
		return -1;
	if (lister->head.token_length && !is_full(lister))
		return queue_page(lister, pages, namespace_, lister->head.token,
			lister->head.token_length, err);
	json_add(lister->namespaces, json_string(json_text(namespace_)));
	return 0;
}

static int run_batch(
	struct lister *lister, struct pages *pages, struct json *again, struct error *err)
{
	struct net_response response = { 0 };
	struct error own = { 0 };
	void *tag;
	int failed = 0;

	while (!failed && net_batch_next(pages->batch, &tag, &response, &own)) {
		const struct json *namespace_ = ((struct asked *)tag)->namespace_;

		pages_remove(pages, tag);
		failed = take_answer(lister, pages, namespace_, &response, again, &own);
		net_response_release(&response);
		response = (struct net_response){ 0 };
		if (failed)
			*err = own;
		own = (struct error){ 0 };
	}
	return failed;
}

static int list_each_namespace(
	struct lister *lister, const struct json *namespaces, struct error *err)
{
	struct pages pages = { .batch = net_batch_new(lister->provider->net, PARALLEL) };
	struct json *again = json_array();
	const struct json *first = json_first(namespaces);
	int failed = 0;

	json_free(lister->namespaces);
	lister->namespaces = json_array();
	/* What cannot be watched is of an extension, which may not be there: one question tells, not one for each namespace. */
	if (first && !lister->kind->watchable) {
		failed = settle_namespace(lister, json_text(first), err);
		first = json_next(first);
	}
	for (const struct json *item = first; item && !failed; item = json_next(item))
		failed = queue_page(lister, &pages, item, NULL, 0, err);
	if (!failed)
		failed = run_batch(lister, &pages, again, err);
	pages_free(&pages);
	for (const struct json *item = json_first(again); item && !failed; item = json_next(item))
		failed = settle_namespace(lister, json_text(item), err);
	json_free(again);
	if (failed || !lister->forbidden)
		return failed;
	if (lister->forbidden == json_count(namespaces)) {
		*err = lister->refusal;
		return -1;
	}
	error_set(&lister->refusal, ERR_FORBIDDEN, "no right to list %.60s in %zu of %zu namespaces",
		lister->kind->name, lister->forbidden, json_count(namespaces));
	return 0;
}

/* One list with metadata: its rows say their namespace. */
static int list_cluster_wide(struct lister *lister, struct error *err)
{
	lister->rows.labels = 1;
	return fetch_pages(lister, NULL, "Metadata", err);
}

static int list_own_namespace(struct lister *lister, struct error *err)
{
	lister->reach = REACH_ONE;
	snprintf(lister->namespace_, sizeof(lister->namespace_), "%s",
		account_namespace(lister->account));
	if (fetch_pages(
		    lister, lister->namespace_, lister->resource.whole ? "Object" : "None", err))
		return -1;
	error_set(&lister->refusal, ERR_FORBIDDEN,
		"only namespace %.60s is shown: no right to list %.60s in all", lister->namespace_,
		lister->kind->name);
	return 0;
}

static int list_all_namespaces(struct lister *lister, struct error *err)
{
	struct error why = { 0 };
	struct json *namespaces;

	if (lister->resource.whole)
		return fetch_pages(lister, NULL, "Object", err);
	namespaces = list_namespaces(lister->account, lister->cancelled, &why);
	if (namespaces) {
		int failed = list_each_namespace(lister, namespaces, err);

		json_free(namespaces);
		return failed;
	}
	if (why.code == ERR_FORBIDDEN && !list_cluster_wide(lister, &why))
		return 0;
	if (why.code == ERR_FORBIDDEN)
		return list_own_namespace(lister, err);
	if (err)
		*err = why;
	return -1;
}

static int list_selected(struct lister *lister, struct error *err)
{
	const char *wanted = lister->selection->namespace_;

	lister->reach = REACH_ALL;
	if (!lister->kind->namespaced)
		return fetch_pages(lister, NULL, lister->resource.whole ? "Object" : "None", err);
	if (wanted && !strcmp(wanted, "*"))
		return list_all_namespaces(lister, err);
	lister->reach = REACH_ONE;
	snprintf(lister->namespace_, sizeof(lister->namespace_), "%s",
		wanted && *wanted ? wanted : account_namespace(lister->account));
	return fetch_pages(
		lister, lister->namespace_, lister->resource.whole ? "Object" : "None", err);
}

/* What is missing for lack of rights is told under a name of its own: a note under the account's
 * says that its rows are old ones. */
static void tell_rights(struct lister *lister)
{
	char source[160];

	snprintf(source, sizeof(source), "%s/*", lister->account->name);
	feed_note(lister->feed, source, lister->refusal.code ? &lister->refusal : NULL);
}

/* An API that a cluster may do without: the kind says what it is. */
static void say_absent(const struct lister *lister, struct error *err)
{
	const char *absent = json_text(json_get(lister->kind->spec, "absent"));

	if (absent)
		error_set(err, ERR_NOT_FOUND, "%.60s: %.180s", lister->account->name, absent);
}

int lister_run(struct lister *lister, struct error *err)
{
	struct error own = { 0 };

	lister->taken = 0;
	lister->painted_ns = 0;
	lister->forbidden = lister->barren = 0;
	json_free(lister->namespaces);
	lister->namespaces = NULL;
	lister->refusal = (struct error){ 0 };
	*lister->resource_version = '\0';
	feed_begin_part(lister->feed, lister->part);
	int failed = list_selected(lister, &own);

	if (failed && own.code == ERR_NOT_FOUND)
		say_absent(lister, &own);
	if (failed && err)
		*err = own;
	if (failed && !*lister->part)
		return -1;
	feed_note(lister->feed, lister->account->name, failed ? &own : NULL);
	if (!failed)
		tell_rights(lister);
	feed_end_part(lister->feed, lister->part);
	return failed;
}

int lister_run_namespace(struct lister *lister, const char *namespace_, struct error *err)
{
	char part[1200], source[400];
	struct error own = { 0 };

	part_of_namespace(lister, namespace_, part, sizeof(part));
	snprintf(source, sizeof(source), "%s/%s", lister->account->name, namespace_);
	lister->taken = 0;
	lister->barren = 0;
	*lister->resource_version = '\0';
	feed_begin_part(lister->feed, part);
	int failed = fetch_pages(lister, namespace_, "None", &own);

	/* Its rows stay, as old ones, while it does not answer; a refusal or its end is an answer. */
	int gone = failed && (own.code == ERR_FORBIDDEN || own.code == ERR_NOT_FOUND);

	feed_note(lister->feed, source, failed && !gone ? &own : NULL);
	feed_end_part(lister->feed, part);
	if (failed && err)
		*err = own;
	return failed;
}

static int list_one(struct share *share, struct error *err)
{
	struct lister *lister = mem_zero(1, sizeof(*lister));
	int failed = lister_init(lister, share->provider, share->account, share->kind,
		share->selection, share->feed, share->several, err);

	if (!failed) {
		failed = lister_run(lister, err);
		lister_release(lister);
	}
	free(lister);
	return failed;
}

int kube_list(struct provider *provider, const struct kind *kind, const struct selection *selection,
	struct feed *feed, struct error *err)
{
	return list_accounts(provider, kind, selection, feed, list_one, err);
}
