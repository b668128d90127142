/* For who may list and watch in namespaces but not the cluster as a whole: one watch a namespace, all of them driven by this
 * thread. Streams are bounded, as each is a connection; namespaces beyond that, and those that may be listed only, are
 * listed in turn. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/provider.h"
#include "net/net.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/stream.h"
#include "provider/kubernetes/watch.h"

enum {
	STREAMS_MAX = 32,
	HIDDEN_TIMES = 10,           /* as seldom as other hidden tables are asked */
	SPACING_MS = 200,            /* between lists of namespaces that have no stream */
	NAMES_MS = 60 * 1000,        /* looked for new namespaces */
	REFUSED_MS = 5 * 60 * 1000,  /* rights may be given */
	WHOLE_MS = 60 * 60 * 1000,   /* those for the whole cluster too */
};

struct place { /* one namespace */
	char name[254], source[400];
	struct stream stream;
	struct text path;
	struct cluster_request *request; /* of the open stream */
	int open, listed_only, kept, backoff_ms;
	int64_t due_ns;                  /* to be listed or opened */
};

struct each {
	struct share *share;
	struct lister *lister; /* lists, on this thread */
	struct lister ears;    /* events, on the net thread */
	struct net_batch *batch;
	struct place **places;
	size_t count, open;
	int64_t names_due_ns;
};

static int64_t later(int wait_ms)
{
	return clock_monotonic_ns() + wait_ms * INT64_C(1000000);
}

static struct place *add_place(struct each *each, const char *name, const char *version)
{
	struct place *place = mem_zero(1, sizeof(*place));

	snprintf(place->name, sizeof(place->name), "%s", name);
	snprintf(place->source, sizeof(place->source), "%s/%s", each->share->account->name, name);
	stream_init(&place->stream, &each->ears, place->name);
	place->stream.source = place->source;
	snprintf(place->stream.version, sizeof(place->stream.version), "%s", version);
	place->stream.expired = !*version;
	place->kept = 1;
	text_init(&place->path, RESOURCE_PATH_MAX);
	each->places = mem_grow(each->places, each->count + 1, sizeof(struct place *));
	each->places[each->count++] = place;
	return place;
}

static void free_place(struct place *place)
{
	if (place->request)
		cluster_request_free(place->request);
	stream_release(&place->stream);
	text_release(&place->path);
	free(place);
}

/* --- one namespace --- */

static int list_place(struct each *each, struct place *place)
{
	struct error err = { 0 };

	if (!lister_run_namespace(each->lister, place->name, &err)) {
		snprintf(place->stream.version, sizeof(place->stream.version), "%s",
			each->lister->resource_version);
		place->stream.expired = 0;
		place->stream.noted = 0;
		return 0;
	}
	place->stream.noted = err.code != ERR_FORBIDDEN && err.code != ERR_NOT_FOUND;
	place->due_ns = later(place->stream.noted ? stream_backoff(&place->backoff_ms) : REFUSED_MS);
	return -1;
}

static void trouble(struct each *each, struct place *place, const struct error *err)
{
	feed_note(each->lister->feed, place->source, err);
	place->stream.noted = 1;
	place->due_ns = later(stream_backoff(&place->backoff_ms));
}

static void open_place(struct each *each, struct place *place)
{
	struct net_request request;
	struct net_header headers[3];
	struct error err = { 0 };
	struct call call;

	text_clear(&place->path);
	stream_open(&place->stream, place->name, &place->path, &call);
	call_request(each->share->account, &call, &request, headers);
	place->request = cluster_request_new(
		each->share->account->cluster, &request, place->path.data, &err);
	if (!place->request) {
		trouble(each, place, &err);
		return;
	}
	place->open = 1;
	each->open++;
	net_batch_add(each->batch, cluster_request_net(place->request), place);
}

/* Listed when its version is gone, then watched where that may be and a stream is free; else listed again in its turn. */
static void tend_place(struct each *each, struct place *place)
{
	int waiting = (int)(each->count > STREAMS_MAX ? each->count - STREAMS_MAX : 0);
	int turn_ms = waiting * SPACING_MS > WATCH_POLL_MS ? waiting * SPACING_MS : WATCH_POLL_MS;

	if (!feed_is_visible(each->lister->feed))
		turn_ms *= HIDDEN_TIMES;

	if ((place->stream.expired || place->listed_only) && list_place(each, place))
		return;
	if (!place->listed_only && each->open < STREAMS_MAX) {
		open_place(each, place);
		return;
	}
	place->stream.expired = 1;
	place->due_ns = later(turn_ms);
}

/* A stream that ended: when and how it is taken up again. */
static void judge(struct each *each, struct place *place, int status, int renewed, struct error *err)
{
	struct stream *stream = &place->stream;

	place->due_ns = later(0);
	if (renewed)
		return;
	if (stream->alive && !stream->trouble.code && !err->code) { /* its time was over */
		place->backoff_ms = 0;
		return;
	}
	if (status == 410)
		stream->expired = 1;
	if (err->code == ERR_FORBIDDEN) {
		place->listed_only = 1;
		return;
	}
	if (err->code && stream_is_final(err))
		stream->expired = 1; /* the list says what there is to say */
	if (stream->expired)
		place->due_ns = later(stream_backoff(&place->backoff_ms));
	else
		trouble(each, place, stream->trouble.code ? &stream->trouble : err);
}

static void close_place(
	struct each *each, struct place *place, struct net_response *response, struct error *err)
{
	struct cluster *cluster = each->share->account->cluster;
	int renewed = !err->code && response->status == 401 &&
		      cluster_request_refused(cluster, place->request);

	if (err->code)
		cluster_explain(cluster, err);
	else if (response->status < 200 || response->status > 299)
		cluster_error(cluster, response, err);
	account_note(each->share->account, err->code ? err : NULL);
	cluster_request_free(place->request);
	place->request = NULL;
	place->open = 0;
	each->open--;
	judge(each, place, response->status, renewed, err);
}

/* --- all of them --- */

static int is_cancelled(const struct each *each)
{
	return each->lister->cancelled && atomic_load(each->lister->cancelled);
}

static struct place *find_place(struct each *each, const char *name)
{
	for (size_t i = 0; i < each->count; i++)
		if (!strcmp(each->places[i]->name, name))
			return each->places[i];
	return NULL;
}

static void look_for_names(struct each *each)
{
	struct json *names =
		list_namespaces(each->share->account, each->lister->cancelled, NULL);

	each->names_due_ns = later(NAMES_MS);
	if (!names)
		return; /* next time */
	for (size_t i = 0; i < each->count; i++)
		each->places[i]->kept = 0;
	for (const struct json *item = json_first(names); item; item = json_next(item)) {
		const char *name = json_text_or(item, "");
		struct place *place = find_place(each, name);

		if (!place)
			place = add_place(each, name, "");
		place->kept = 1;
	}
	json_free(names);
}

/* One that is gone is listed a last time, which takes its rows away. */
static void remove_gone(struct each *each)
{
	for (size_t i = 0; i < each->count; i++) {
		struct place *place = each->places[i];

		if (place->kept || place->open)
			continue;
		lister_run_namespace(each->lister, place->name, NULL);
		feed_note(each->lister->feed, place->source, NULL);
		free_place(place);
		each->places[i--] = each->places[--each->count];
	}
}

/* Does what is due; returns how long nothing is. */
static int tend(struct each *each)
{
	int64_t earliest = each->names_due_ns, now;

	if (clock_monotonic_ns() >= each->names_due_ns)
		look_for_names(each);
	remove_gone(each);
	for (size_t i = 0; i < each->count && !is_cancelled(each); i++) {
		struct place *place = each->places[i];

		if (!place->open && place->due_ns <= clock_monotonic_ns())
			tend_place(each, place);
		if (!place->open && place->due_ns < earliest)
			earliest = place->due_ns;
	}
	now = clock_monotonic_ns();
	return earliest > now ? (int)((earliest - now) / 1000000) + 1 : 0;
}

/* While a stream is open its end wakes us, also when all is cancelled. */
static void wait(struct each *each, int wait_ms)
{
	struct net_response response = { 0 };
	struct error err = { 0 };
	void *tag;

	if (!each->open) {
		pause_ms(each->lister->cancelled, wait_ms);
		return;
	}
	if (!net_batch_wait(each->batch, wait_ms, &tag, &response, &err))
		return;
	close_place(each, tag, &response, &err);
	net_response_release(&response);
}

/* Why there are no changes at once everywhere. */
static void tell_limit(struct each *each)
{
	struct error err = { 0 };
	char source[200];

	if (each->count <= STREAMS_MAX)
		return;
	snprintf(source, sizeof(source), "%s/*", each->share->account->name);
	error_set(&err, ERR_LIMIT,
		"%d of %zu namespaces are watched, the others listed in turn: no right to watch all at once",
		STREAMS_MAX, each->count);
	feed_note(each->lister->feed, source, &err);
}

static void run(struct each *each)
{
	const struct lister *lister = each->lister;
	int64_t until = later(WHOLE_MS);

	for (const struct json *item = json_first(lister->namespaces); item; item = json_next(item))
		add_place(each, json_text_or(item, ""), lister->resource_version);
	each->names_due_ns = later(NAMES_MS);
	tell_limit(each);
	while (!is_cancelled(each) && clock_monotonic_ns() < until)
		wait(each, tend(each));
}

int watch_each(struct share *share, struct lister *lister, struct error *err)
{
	struct each *each = mem_zero(1, sizeof(*each));

	each->share = share;
	each->lister = lister;
	if (lister_init(&each->ears, share->provider, share->account, share->kind, share->selection,
		    share->feed, share->several, err)) {
		free(each);
		return -1;
	}
	each->ears.rows = lister->rows; /* knows the columns, which not every event tells */
	each->batch = net_batch_new(share->provider->net, STREAMS_MAX);
	run(each);
	net_batch_free(each->batch); /* no event comes any more */
	for (size_t i = 0; i < each->count; i++)
		free_place(each->places[i]);
	free(each->places);
	lister_release(&each->ears);
	int stopped = is_cancelled(each);

	free(each);
	return stopped ? error_set(err, ERR_CANCELLED, "cancelled") : 0;
}
