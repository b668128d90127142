/* A list, then one watch from the smallest resourceVersion of its parts: what changed between the
 * first part and the last is told again, nothing is missed. A stream that ends or breaks is taken
 * up at the last version seen; only when that one is gone (410) the list is made anew, and rows
 * that stay never leave the table meanwhile. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/list.h"

enum {
	LINE_MAX_BYTES = 8 * 1024 * 1024, /* an event; objects are at most 1.5 MiB in etcd */
	WATCH_SECONDS = 290,
	STALL_MS = 150 * 1000, /* bookmarks come about once a minute */
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30 * 1000,
	POLL_MS = 10 * 1000, /* where watching is forbidden */
};

struct follower {
	struct share *share;
	struct lister lister;
	struct text partial; /* the line that has not ended */
	int expired;         /* our version is gone: list again */
	int alive;           /* something came since the stream was opened */
	int backoff_ms;
	int noted;
	struct error trouble; /* an ERROR event */
};

/* --- one event; on the net thread, while the account's waits in stream() --- */

static void take_status(struct follower *f, const struct table_head *head)
{
	/* API Concepts, "Efficient detection of changes": 410 Gone, also as reason Expired. */
	if (head->code == 410 || !strcmp(head->reason, "Expired") || !strcmp(head->reason, "Gone"))
		f->expired = 1;
	else
		error_set(&f->trouble, ERR_UNREACHABLE, "the watch of %s ended: %.160s",
			f->lister.kind->name, head->message);
}

static void take_row(struct follower *f, int deleted)
{
	struct lister *lister = &f->lister;
	struct feed *feed = lister->feed;

	if (rows_fill(&lister->rows, &lister->row, lister->namespace_, clock_now_ns()))
		return;
	feed_by(feed, lister->row.manager);
	if (deleted)
		feed_remove(feed, lister->rows.id);
	else
		feed_row(feed, lister->rows.cells, lister->rows.lengths);
}

/* 0, or -1: the stream is not what it should be. */
static int take_event(struct follower *f, const char *line, size_t length)
{
	struct lister *lister = &f->lister;
	char type[16];
	const char *object;
	size_t object_length;
	int more;

	if (table_json_event(line, length, type, &object, &object_length, &f->trouble) ||
		table_json_open(object, object_length, &lister->head, &f->trouble))
		return -1;
	if (!strcmp(type, "ERROR") || !strcmp(lister->head.kind, "Status")) {
		take_status(f, &lister->head);
		return -1;
	}
	rows_learn(&lister->rows, &lister->head);
	int mark = !strcmp(type, "BOOKMARK");

	while (!mark && (more = table_json_next(&lister->head, &lister->row, &f->trouble)) != 0) {
		if (more < 0)
			return -1;
		take_row(f, !strcmp(type, "DELETED"));
	}
	if (*lister->head.resource_version)
		snprintf(lister->resource_version, sizeof(lister->resource_version), "%s",
			lister->head.resource_version);
	return 0;
}

/* A line may come in any number of pieces. */
static int take_bytes(struct follower *f, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	int failed = 0;

	while (bytes < end && !failed) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t piece = (size_t)((newline ? newline : end) - bytes);

		if (!newline || f->partial.length)
			text_add_n(&f->partial, bytes, piece);
		if (f->partial.cut)
			return error_set(&f->trouble, ERR_LIMIT,
				"an event of the watch is larger than %d MiB",
				LINE_MAX_BYTES >> 20);
		if (newline && f->partial.length)
			failed = take_event(f, f->partial.data, f->partial.length);
		else if (newline && piece)
			failed = take_event(f, bytes, piece);
		if (newline)
			text_clear(&f->partial);
		bytes += piece + (newline != NULL);
	}
	return failed;
}

static int on_data(void *arg, const char *bytes, size_t length)
{
	struct follower *f = arg;

	f->alive = 1;
	return take_bytes(f, bytes, length);
}

/* --- the account's thread --- */

static void note(struct follower *f, const struct error *err)
{
	if (!err && !f->noted)
		return;
	feed_note(f->lister.feed, f->share->account->name, err);
	f->noted = err != NULL;
}

static int list_again(struct follower *f, struct error *err)
{
	if (lister_run(&f->lister, err))
		return -1;
	f->noted = 0;
	f->expired = 0;
	return 0;
}

static void watch_path(struct text *path, const struct follower *f)
{
	const struct lister *lister = &f->lister;
	const struct selection *selection = lister->selection;
	char field[300], seconds[16];

	resource_path(path, &lister->resource,
		lister->reach == REACH_ONE ? lister->namespace_ : NULL, NULL, NULL);
	url_query(path, "watch", "1");
	url_query(path, "resourceVersion", lister->resource_version);
	url_query(path, "allowWatchBookmarks", "true");
	url_query(path, "includeObject", lister->resource.whole ? "Object" : "Metadata");
	/* Not all at the same moment. */
	snprintf(seconds, sizeof(seconds), "%d",
		WATCH_SECONDS + (int)(clock_monotonic_ns() / 1000 % 60));
	url_query(path, "timeoutSeconds", seconds);
	if (selection->labels && *selection->labels)
		url_query(path, "labelSelector", selection->labels);
	if (selection->name && *selection->name) {
		snprintf(field, sizeof(field), "metadata.name=%s", selection->name);
		url_query(path, "fieldSelector", field);
	}
}

/* One stream from its opening to its end. */
static int stream(struct follower *f, int *status, struct error *err)
{
	struct text path;
	struct net_response response = { 0 };

	text_init(&path, RESOURCE_PATH_MAX);
	watch_path(&path, f);
	text_clear(&f->partial);
	f->alive = 0;
	f->trouble = (struct error){ 0 };
	struct call call = {
		.path = path.data,
		.accept = ACCEPT_TABLE,
		.cancelled = f->lister.cancelled,
		.on_data = on_data,
		.arg = f,
		.stall_ms = STALL_MS,
	};
	int failed = call_fetch(f->share->account, &call, &response, err);

	*status = response.status;
	net_response_release(&response);
	text_release(&path);
	return failed;
}

static int cancelled(const struct follower *f)
{
	return f->lister.cancelled && atomic_load(f->lister.cancelled);
}

/* What trying again will not mend. */
static int is_final(const struct error *err)
{
	return err->code == ERR_FORBIDDEN || err->code == ERR_NOT_FOUND ||
	       err->code == ERR_UNAUTHORIZED || err->code == ERR_INVALID ||
	       err->code == ERR_CANCELLED;
}

static int back_off(struct follower *f)
{
	int wait_ms = f->backoff_ms ? f->backoff_ms : BACKOFF_FIRST_MS;

	f->backoff_ms = wait_ms * 2 < BACKOFF_MAX_MS ? wait_ms * 2 : BACKOFF_MAX_MS;
	/* A quarter of jitter: consoles that lost the same server do not come back as one. */
	return pause_ms(f->lister.cancelled,
		wait_ms + (int)(clock_monotonic_ns() / 1000 % (wait_ms / 4 + 1)));
}

/* After a stream ended: 0 to open it again at the version reached, or to list again when expired.
 */
static int after_stream(struct follower *f, int failed, int status, struct error *err)
{
	if (cancelled(f))
		return error_set(err, ERR_CANCELLED, "cancelled");
	if (status == 410)
		f->expired = 1;
	if (f->alive && !f->trouble.code && !failed) {
		f->backoff_ms = 0;
		note(f, NULL);
		return 0; /* its time was over */
	}
	if (f->expired)
		return 0;
	if (failed && err->code == ERR_FORBIDDEN) { /* may list, may not watch */
		f->expired = 1;
		return pause_ms(f->lister.cancelled, POLL_MS);
	}
	if (failed && is_final(err) && !f->trouble.code && err->code != ERR_CANCELLED)
		return -1;
	if (f->alive)
		f->backoff_ms = 0;
	else if (failed)
		note(f, f->trouble.code ? &f->trouble : err);
	return back_off(f);
}

static int follow(struct follower *f, struct error *err)
{
	struct error own = { 0 };

	f->expired = 1;
	while (!cancelled(f)) {
		int status = 0, failed;

		if (f->expired && list_again(f, &own)) {
			if (is_final(&own) || cancelled(f)) {
				*err = own;
				return -1;
			}
			note(f, &own);
			if (back_off(f))
				break;
			continue;
		}
		failed = stream(f, &status, &own);
		if (after_stream(f, failed, status, &own)) {
			*err = own;
			return -1;
		}
	}
	return error_set(err, ERR_CANCELLED, "cancelled");
}

static int watch_one(struct share *share, struct error *err)
{
	struct follower *f = mem_zero(1, sizeof(*f));
	int failed = lister_init(&f->lister, share->provider, share->account, share->kind,
		share->selection, share->feed, share->several, err);

	f->share = share;
	text_init(&f->partial, LINE_MAX_BYTES);
	if (!failed) {
		failed = follow(f, err);
		lister_release(&f->lister);
	}
	text_release(&f->partial);
	free(f);
	return failed;
}

int kube_watch(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed, struct error *err)
{
	return list_accounts(provider, kind, selection, feed, watch_one, err);
}
