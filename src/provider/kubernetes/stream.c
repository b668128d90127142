#include "provider/kubernetes/stream.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/objects.h"

enum {
	LINE_MAX_BYTES = 8 * 1024 * 1024, /* an event; objects are at most 1.5 MiB in etcd */
	WATCH_SECONDS = 290,
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30 * 1000,
};

void stream_init(struct stream *stream, struct lister *lister, const char *namespace_)
{
	*stream = (struct stream){ .lister = lister, .namespace_ = namespace_ };
	text_init(&stream->partial, LINE_MAX_BYTES);
}

void stream_release(struct stream *stream)
{
	text_release(&stream->partial);
}

/* --- one event; on the net thread, while the account's waits --- */

static void take_status(struct stream *stream, const struct table_head *head)
{
	/* API Concepts, "Efficient detection of changes": 410 Gone, also as reason Expired. */
	if (head->code == 410 || !strcmp(head->reason, "Expired") || !strcmp(head->reason, "Gone"))
		stream->expired = 1;
	else
		error_set(&stream->trouble, ERR_UNREACHABLE, "the watch of %s ended: %.160s",
			stream->lister->kind->name, head->message);
}

/* lister->rows is filled. */
static void give_row(struct stream *stream, int deleted)
{
	struct lister *lister = stream->lister;
	struct feed *feed = lister->feed;

	feed_by(feed, lister->row.manager);
	if (deleted)
		feed_remove(feed, lister->rows.id);
	else
		feed_row(feed, lister->rows.cells, lister->rows.lengths);
}

static int take_rows(struct stream *stream, int deleted)
{
	struct lister *lister = stream->lister;
	int more;

	rows_learn(&lister->rows, &lister->head);
	while ((more = table_json_next(&lister->head, &lister->row, &stream->trouble)) > 0)
		if (!rows_fill(&lister->rows, &lister->row, stream->namespace_, clock_now_ns()))
			give_row(stream, deleted);
	return more;
}

/* Of a server that gives no tables: the object itself. */
static int take_object(struct stream *stream, const char *object, size_t length, int deleted)
{
	if (objects_fill(stream->lister, object, length, stream->namespace_))
		return error_set(&stream->trouble, ERR_FORMAT, "an event of the watch is no object");
	give_row(stream, deleted);
	return 0;
}

/* 0, or -1: the stream is not what it should be. */
static int take_event(struct stream *stream, const char *line, size_t length)
{
	struct lister *lister = stream->lister;
	char type[16];
	const char *object;
	size_t object_length;
	int failed = 0;

	if (table_json_event(line, length, type, &object, &object_length, &stream->trouble) ||
		table_json_open(object, object_length, &lister->head, &stream->trouble))
		return -1;
	if (!strcmp(type, "ERROR") || !strcmp(lister->head.kind, "Status")) {
		take_status(stream, &lister->head);
		return -1;
	}
	int deleted = !strcmp(type, "DELETED");

	if (!strcmp(type, "BOOKMARK"))
		failed = 0;
	else if (!strcmp(lister->head.kind, "Table"))
		failed = take_rows(stream, deleted);
	else
		failed = take_object(stream, object, object_length, deleted);
	if (failed)
		return -1;
	if (*lister->head.resource_version)
		snprintf(stream->version, sizeof(stream->version), "%s",
			lister->head.resource_version);
	return 0;
}

/* A line may come in any number of pieces. */
static int take_bytes(struct stream *stream, const char *bytes, size_t length)
{
	const char *end = bytes + length;
	int failed = 0;

	while (bytes < end && !failed) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t piece = (size_t)((newline ? newline : end) - bytes);

		if (!newline || stream->partial.length)
			text_add_n(&stream->partial, bytes, piece);
		if (stream->partial.cut)
			return error_set(&stream->trouble, ERR_LIMIT,
				"an event of the watch is larger than %d MiB",
				LINE_MAX_BYTES >> 20);
		if (newline && stream->partial.length)
			failed = take_event(stream, stream->partial.data, stream->partial.length);
		else if (newline && piece)
			failed = take_event(stream, bytes, piece);
		if (newline)
			text_clear(&stream->partial);
		bytes += piece + (newline != NULL);
	}
	return failed;
}

static int on_data(void *arg, const char *bytes, size_t length)
{
	struct stream *stream = arg;

	stream->alive = 1;
	if (stream->noted)
		feed_note(stream->lister->feed, stream->source, NULL);
	stream->noted = 0;
	return take_bytes(stream, bytes, length);
}

/* --- the account's thread --- */

static void add_path(struct text *path, const struct stream *stream, const char *place)
{
	const struct lister *lister = stream->lister;
	const struct selection *selection = lister->selection;
	char field[300], seconds[16];

	resource_path(path, &lister->resource, place, NULL, NULL);
	url_query(path, "watch", "1");
	url_query(path, "resourceVersion", stream->version);
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

void stream_open(struct stream *stream, const char *place, struct text *path, struct call *call)
{
	add_path(path, stream, place);
	text_clear(&stream->partial);
	stream->alive = 0;
	stream->trouble = (struct error){ 0 };
	*call = (struct call){
		.path = path->data,
		.accept = ACCEPT_TABLE,
		.cancelled = stream->lister->cancelled,
		.on_data = on_data,
		.arg = stream,
		.stall_ms = STREAM_STALL_MS,
	};
}

int stream_is_final(const struct error *err)
{
	return err->code == ERR_FORBIDDEN || err->code == ERR_NOT_FOUND ||
	       err->code == ERR_UNAUTHORIZED || err->code == ERR_INVALID ||
	       err->code == ERR_CANCELLED;
}

int stream_backoff(int *backoff_ms)
{
	int wait_ms = *backoff_ms ? *backoff_ms : BACKOFF_FIRST_MS;

	*backoff_ms = wait_ms * 2 < BACKOFF_MAX_MS ? wait_ms * 2 : BACKOFF_MAX_MS;
	/* A quarter of jitter: consoles that lost the same server do not come back as one. */
	return wait_ms + (int)(clock_monotonic_ns() / 1000 % (wait_ms / 4 + 1));
}
