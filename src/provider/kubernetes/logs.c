#include "provider/kubernetes/logs.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/net.h"
#include "net/url.h"
#include "provider/kubernetes/cluster.h"

enum {
	PATH_MAX_BYTES = 8192,
	ROOM_ALL_BYTES = 8 << 20, /* waiting for the reader, all logs together */
	ROOM_MIN_BYTES = 4 * KUBERNETES_LOG_LINE_MAX,
	ROOM_MAX_BYTES = 128 << 20, /* of one log that repeats much when opened again */
	STACK_BYTES = 256 << 10,
	LOOK_MS = 250, /* between looks at `cancelled` */
	HOLD_MS = 200, /* a followed line waits so long for an older one of another log */
	TRIES_MAX = 6, /* to connect again without a new line */
	PIECES_MAX_BYTES = 16 << 20, /* a pod, a list of pods */
};
#define MS_NS (CLOCK_SECOND_NS / 1000)

enum state { RUNNING, PAUSED /* opens again where the reader stands */, ENDED };

struct merge;

/* One container's log. Its thread fetches; the merging worker reads. */
struct stream {
	struct merge *merge;
	char *pod, *container, *source;
	pthread_t thread;
	int started;

	/* under merge->lock */
	enum state state;
	int full; /* the connection was dropped since the reader is behind */
	int got;  /* bytes came */
	size_t room;
	struct text incoming;
	struct error error;
	int64_t resume_at;  /* 0: from the start */
	size_t resume_seen; /* lines read when it was last opened again */

	/* the reader's */
	struct text current;
	size_t position, next; /* of the head's line, of the line after it */
	int has_head, dropping, told;
	int64_t head_at, filled_ns;
	int64_t last_at;   /* time of the last line read */
	size_t same, seen; /* lines read with that time; lines read in all */
	size_t skip_same;  /* after opening again: lines known already */
	int64_t skip_until;
	int skipping;
};

struct merge {
	struct cluster *cluster;
	const char *namespace_;
	const struct log_request *request;
	struct stream *streams;
	size_t count;
	pthread_mutex_t lock;
	pthread_cond_t arrived; /* for the reader */
	pthread_cond_t drained; /* for the streams */
	atomic_int stop;
	log_line_fn on_line;
	void *arg;
};

/* ---- fetching: one thread a stream ---- */

static void add_since(struct text *path, int64_t at_ns)
{
	char time[CLOCK_RFC3339_MAX];

	clock_format(at_ns, time);
	url_query(path, "sinceTime", time);
}

static void log_path(const struct stream *stream, struct text *path)
{
	const struct log_request *request = stream->merge->request;

	text_add(path, "/api/v1/namespaces/");
	url_encode(path, stream->merge->namespace_);
	text_add(path, "/pods/");
	url_encode(path, stream->pod);
	text_add(path, "/log");
	url_query(path, "container", stream->container);
	url_query(path, "timestamps", "true");
	if (request->follow)
		url_query(path, "follow", "true");
	if (request->previous)
		url_query(path, "previous", "true");
	if (stream->resume_at) {
		add_since(path, stream->resume_at);
		return;
	}
	if (request->since_ns)
		add_since(path, request->since_ns);
	if (request->tail >= 0) {
		char lines[24];

		snprintf(lines, sizeof(lines), "%ld", request->tail);
		url_query(path, "tailLines", lines);
	}
}

/* On the net thread. Bytes that find no room are fetched again later. */
static int on_data(void *arg, const char *bytes, size_t length)
{
	struct stream *stream = arg;
	struct merge *merge = stream->merge;
	int stop = 1;

	pthread_mutex_lock(&merge->lock);
	stream->got = 1;
	if (stream->incoming.length + length > stream->room && stream->incoming.length > 0) {
		stream->full = 1;
	} else {
		stop = text_add_n(&stream->incoming, bytes, length) < 0;
		stream->full = stop;
	}
	pthread_cond_signal(&merge->arrived);
	pthread_mutex_unlock(&merge->lock);
	return stop;
}

static int fetch(struct stream *stream, struct error *err)
{
	struct merge *merge = stream->merge;
	struct net_request request = {
		.timeout_ms = -1,
		.stall_timeout_ms = merge->request->follow ? -1 : 0,
		.max_bytes = SIZE_MAX / 2,
		.gzip = 1,
		.cancelled = &merge->stop,
		.on_data = on_data,
		.arg = stream,
	};
	struct net_response response = { 0 };
	struct text path;
	int result;

	text_init(&path, PATH_MAX_BYTES);
	log_path(stream, &path);
	result = cluster_fetch(merge->cluster, &request, path.data, &response, err);
	net_response_release(&response);
	text_release(&path);
	return result;
}

static void deadline(struct timespec *out, int64_t from_now_ms)
{
	clock_gettime(CLOCK_MONOTONIC, out);
	out->tv_sec += from_now_ms / 1000;
	out->tv_nsec += from_now_ms % 1000 * MS_NS;
	out->tv_sec += out->tv_nsec / CLOCK_SECOND_NS;
	out->tv_nsec %= CLOCK_SECOND_NS;
}

/* A second, two, four, eight; the lock is held. */
static void wait_before_retry(struct merge *merge, int tries)
{
	struct timespec until;

	deadline(&until, 1000L << (tries < 3 ? tries : 3));
	while (!atomic_load(&merge->stop) &&
		pthread_cond_timedwait(&merge->drained, &merge->lock, &until) == 0)
		;
}

/* The reader takes what there is, then sets where to go on. The lock is held. */
static void wait_for_reader(struct stream *stream)
{
	struct merge *merge = stream->merge;

	stream->state = PAUSED;
	pthread_cond_signal(&merge->arrived);
	while (stream->state == PAUSED && !atomic_load(&merge->stop))
		pthread_cond_wait(&merge->drained, &merge->lock);
}

static int is_broken(const struct error *why)
{
	return why->code == ERR_UNREACHABLE || why->code == ERR_TIMEOUT || why->code == ERR_FORMAT;
}

/* A connection ended before its log did: 1 when it is to be opened again. The lock is held. */
static int go_on(struct stream *stream, const struct error *why, size_t *seen, int *tries)
{
	struct merge *merge = stream->merge;
	int full = stream->full, progress;

	if (!full && !(is_broken(why) && (merge->request->follow || stream->got)))
		return 0;
	if (!full && *tries >= TRIES_MAX)
		return 0;
	if (!full)
		wait_before_retry(merge, *tries);
	wait_for_reader(stream);
	progress = stream->resume_seen != *seen;
	*seen = stream->resume_seen;
	*tries = full || progress ? 0 : *tries + 1;
	if (full && !progress) /* all that found room was known: too little room to get past it */
		stream->room *= 2;
	stream->full = 0;
	return stream->room <= ROOM_MAX_BYTES;
}

static void *stream_main(void *arg)
{
	struct stream *stream = arg;
	struct merge *merge = stream->merge;
	size_t seen = 0;
	int tries = 0;

	pthread_mutex_lock(&merge->lock);
	while (!atomic_load(&merge->stop)) {
		struct error why = { 0 };
		int result;

		pthread_mutex_unlock(&merge->lock);
		result = fetch(stream, &why);
		pthread_mutex_lock(&merge->lock);
		if (result == 0 && !stream->full)
			break;
		if (!go_on(stream, &why, &seen, &tries)) {
			stream->error = why;
			break;
		}
	}
	stream->state = ENDED;
	pthread_cond_signal(&merge->arrived);
	pthread_mutex_unlock(&merge->lock);
	return NULL;
}

/* ---- reading: the calling worker ---- */

/* The time before the first space, and what follows it. */
static int64_t line_time(const char *line, size_t length, size_t *skip)
{
	const char *space = memchr(line, ' ', length);
	char time[CLOCK_RFC3339_MAX];
	int64_t at;

	*skip = 0;
	if (!space || (size_t)(space - line) >= sizeof(time))
		return 0;
	memcpy(time, line, (size_t)(space - line));
	time[space - line] = '\0';
	if (clock_parse(time, &at) < 0)
		return 0;
	*skip = (size_t)(space - line) + 1;
	return at;
}

/* Known from before the connection was opened again? */
static int is_known(struct stream *stream, int64_t at)
{
	if (!stream->skipping)
		return 0;
	if (stream->skip_until && at && at < stream->skip_until)
		return 1;
	if (stream->skip_same && (!stream->skip_until || at == stream->skip_until)) {
		stream->skip_same--;
		return 1;
	}
	stream->skipping = 0;
	return 0;
}

/* Finds the next line in current; last: there is no more to come, a line without its end counts. */
static int find_line(struct stream *stream, int last)
{
	while (stream->next < stream->current.length) {
		const char *start = stream->current.data + stream->next;
		size_t left = stream->current.length - stream->next;
		const char *end = memchr(start, '\n', left);
		size_t length = end ? (size_t)(end - start) : left;
		size_t skip;

		if (!end && !last && left < KUBERNETES_LOG_LINE_MAX)
			return 0;
		stream->position = stream->next;
		stream->next += length + (end != NULL);
		if (stream->dropping) { /* the rest of a line that was cut */
			stream->dropping = end == NULL;
			continue;
		}
		stream->dropping = end == NULL && !last;
		stream->head_at = line_time(start, length, &skip);
		if (!is_known(stream, stream->head_at)) {
			stream->has_head = 1;
			return 1;
		}
	}
	return 0;
}

/* Moves what came into current; the lock is held. */
static void take_incoming(struct stream *stream)
{
	size_t rest = stream->current.length - stream->next;
	struct text joined;

	if (!stream->incoming.length)
		return;
	text_init(&joined, rest + stream->incoming.length + 1);
	text_add_n(&joined, stream->current.data + stream->next, rest);
	text_add_n(&joined, stream->incoming.data, stream->incoming.length);
	text_release(&stream->current);
	stream->current = joined;
	stream->next = 0;
	stream->filled_ns = clock_monotonic_ns();
	text_clear(&stream->incoming);
}

/* Everything whole was read: the connection may be opened again from here. The lock is held. */
static void let_resume(struct stream *stream)
{
	text_clear(&stream->current);
	text_clear(&stream->incoming);
	stream->next = 0;
	stream->dropping = 0;
	stream->resume_at = stream->last_at;
	stream->resume_seen = stream->seen;
	stream->skipping = stream->seen > 0;
	stream->skip_until = stream->last_at;
	stream->skip_same = stream->last_at ? stream->same : stream->seen;
	stream->state = RUNNING;
	pthread_cond_broadcast(&stream->merge->drained);
}

/* Gets a head if there is one; the lock is held. */
static void refill(struct stream *stream)
{
	if (stream->has_head || find_line(stream, 0))
		return;
	take_incoming(stream);
	if (find_line(stream, stream->state == ENDED))
		return;
	if (stream->state == PAUSED)
		let_resume(stream);
}

/* Lines longer than what is kept say that they were cut. */
static int give(struct stream *stream)
{
	static const char mark[] = " \xe2\x80\xa6 (cut)";
	struct merge *merge = stream->merge;
	const char *line = stream->current.data + stream->position;
	size_t length = stream->next - stream->position, skip;
	int64_t at = line_time(line, length, &skip);
	struct text cut;
	int result;

	if (length && line[length - 1] == '\n')
		length--;
	if (length && line[length - 1] == '\r')
		length--;
	skip = skip < length ? skip : length;
	stream->has_head = 0;
	stream->same = at == stream->last_at ? stream->same + 1 : 1;
	if (at)
		stream->last_at = at;
	stream->seen++;
	if (length <= KUBERNETES_LOG_LINE_MAX && !stream->dropping)
		return merge->on_line(merge->arg, at, stream->source, line + skip, length - skip);
	text_init(&cut, KUBERNETES_LOG_LINE_MAX + sizeof(mark));
	text_add_n(&cut, line + skip,
		length - skip < KUBERNETES_LOG_LINE_MAX ? length - skip : KUBERNETES_LOG_LINE_MAX);
	text_add(&cut, mark);
	result = merge->on_line(merge->arg, at, stream->source, cut.data, cut.length);
	text_release(&cut);
	return result;
}

/* The oldest head, or NULL: wait, *hold_ms at most. Equal times: in order of the streams. */
static struct stream *oldest(struct merge *merge, int *open, int64_t *hold_ms)
{
	struct stream *best = NULL;
	int waiting = 0;
	int64_t age_ms;

	*open = 0;
	*hold_ms = LOOK_MS;
	for (size_t i = 0; i < merge->count; i++) {
		struct stream *stream = &merge->streams[i];

		*open += stream->has_head || stream->state != ENDED;
		waiting += !stream->has_head && stream->state != ENDED;
		if (stream->has_head && (!best || stream->head_at < best->head_at))
			best = stream;
	}
	if (!best || !waiting)
		return best;
	if (!merge->request->follow)
		return NULL;
	age_ms = (clock_monotonic_ns() - best->filled_ns) / MS_NS;
	if (age_ms >= HOLD_MS)
		return best;
	*hold_ms = HOLD_MS - age_ms;
	return NULL;
}

/* Says once that a log among several has failed. Without the lock: its stream has ended. */
static int tell_failure(struct stream *stream)
{
	struct merge *merge = stream->merge;
	char line[300];
	int length;

	if (stream->told || stream->has_head)
		return 0;
	stream->told = 1;
	if (merge->count == 1 || stream->error.code == ERR_NONE)
		return 0;
	length = snprintf(line, sizeof(line), "no log: %s", stream->error.text);
	return merge->on_line(merge->arg, 0, stream->source, line, (size_t)length);
}

static int is_cancelled(const struct merge *merge)
{
	const atomic_int *flag = merge->request->cancelled;

	return flag && atomic_load(flag);
}

/* One step with the lock held: a stream whose head is to be given, or NULL after waiting. *open 0:
 * all is read. */
static struct stream *next_step(struct merge *merge, struct stream **failed, int *open)
{
	struct stream *best;
	struct timespec until;
	int64_t hold_ms;

	*failed = NULL;
	for (size_t i = 0; i < merge->count; i++) {
		struct stream *stream = &merge->streams[i];

		refill(stream);
		if (stream->state == ENDED && !stream->has_head && !stream->told)
			*failed = stream;
	}
	best = oldest(merge, open, &hold_ms);
	if (!best && !*failed && *open) {
		deadline(&until, hold_ms);
		pthread_cond_timedwait(&merge->arrived, &merge->lock, &until);
	}
	return best;
}

static int read_all(struct merge *merge, struct error *err)
{
	struct stream *best, *failed;
	int open = 1, stopped = 0;

	while (!stopped) {
		pthread_mutex_lock(&merge->lock);
		best = next_step(merge, &failed, &open);
		pthread_mutex_unlock(&merge->lock);
		if (is_cancelled(merge))
			return error_set(err, ERR_CANCELLED, "cancelled");
		if (best)
			stopped = give(best);
		if (failed && !stopped)
			stopped = tell_failure(failed);
		if (!open && !best && !failed)
			break;
	}
	return stopped;
}

/* ---- starting and ending ---- */

static void init_merge(struct merge *merge)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&merge->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&merge->arrived, &attributes);
	pthread_cond_init(&merge->drained, &attributes);
	pthread_condattr_destroy(&attributes);
}

static int add_stream(
	struct merge *merge, const char *pod, const char *container, struct error *err)
{
	if (merge->count == KUBERNETES_LOGS_MAX)
		return error_set(err, ERR_LIMIT,
			"more than %d logs at once: name a pod or a container",
			KUBERNETES_LOGS_MAX);
	merge->streams = mem_grow(merge->streams, merge->count + 1, sizeof(*merge->streams));
	merge->streams[merge->count++] = (struct stream){
		.pod = mem_text(pod),
		.container = mem_text(container),
		.source = mem_format("%s/%s", pod, container),
	};
	return 0;
}

static int start(struct merge *merge, struct error *err)
{
	pthread_attr_t attributes;
	size_t room = ROOM_ALL_BYTES / merge->count;
	int failed = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (size_t i = 0; i < merge->count && !failed; i++) {
		struct stream *stream = &merge->streams[i];

		stream->merge = merge;
		stream->room = room > ROOM_MIN_BYTES ? room : ROOM_MIN_BYTES;
		text_init(&stream->incoming, ROOM_MAX_BYTES);
		text_init(&stream->current, 1);
		failed = pthread_create(&stream->thread, &attributes, stream_main, stream);
		stream->started = !failed;
	}
	pthread_attr_destroy(&attributes);
	return failed ? error_set(err, ERR_LIMIT, "too many threads to read %zu logs", merge->count)
		      : 0;
}

static void end(struct merge *merge)
{
	pthread_mutex_lock(&merge->lock);
	atomic_store(&merge->stop, 1);
	pthread_cond_broadcast(&merge->drained);
	pthread_mutex_unlock(&merge->lock);
	net_wake(cluster_net(merge->cluster));
	for (size_t i = 0; i < merge->count; i++) {
		struct stream *stream = &merge->streams[i];

		if (stream->started)
			pthread_join(stream->thread, NULL);
		if (stream->merge) {
			text_release(&stream->incoming);
			text_release(&stream->current);
		}
		free(stream->pod);
		free(stream->container);
		free(stream->source);
	}
	free(merge->streams);
	pthread_cond_destroy(&merge->arrived);
	pthread_cond_destroy(&merge->drained);
	pthread_mutex_destroy(&merge->lock);
}

/* -1 when no log could be had at all. */
static int all_failed(const struct merge *merge, struct error *err)
{
	for (size_t i = 0; i < merge->count; i++)
		if (merge->streams[i].error.code == ERR_NONE || merge->streams[i].seen)
			return 0;
	if (err)
		*err = merge->streams[0].error;
	return -1;
}

static int run(struct merge *merge, struct error *err)
{
	int result = start(merge, err);

	if (result == 0)
		result = read_all(merge, err);
	if (result > 0) /* the receiver has enough */
		return 0;
	return result < 0 ? -1 : all_failed(merge, err);
}

/* ---- which containers ---- */

static int has_ended_before(const struct json *pod, const char *container)
{
	static const char *const lists[] = { "status.containerStatuses",
		"status.initContainerStatuses" };

	for (size_t i = 0; i < 2; i++) {
		const struct json *list = json_at(pod, lists[i]);

		for (const struct json *item = json_first(list); item; item = json_next(item))
			if (!strcmp(json_text_or(json_get(item, "name"), ""), container))
				return json_at(item, "lastState.terminated") != NULL;
	}
	return 0;
}

static int add_pod(struct merge *merge, const struct json *pod, struct error *err)
{
	static const char *const lists[] = { "initContainers", "containers",
		"ephemeralContainers" };
	const char *name = json_text(json_at(pod, "metadata.name"));
	const char *wanted = merge->request->container;

	for (size_t i = 0; name && i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct json *list = json_get(json_get(pod, "spec"), lists[i]);

		for (const struct json *item = json_first(list); item; item = json_next(item)) {
			const char *container = json_text(json_get(item, "name"));
			int fits = container && (!wanted || !*wanted || !strcmp(container, wanted));

			if (fits && merge->request->previous && (!wanted || !*wanted))
				fits = has_ended_before(pod, container);
			if (fits && add_stream(merge, name, container, err) < 0)
				return -1;
		}
	}
	return 0;
}

static struct json *get(struct merge *merge, const char *path, struct error *err)
{
	const struct net_header accept = { .name = "Accept", .value = "application/json" };
	struct net_request request = {
		.headers = &accept,
		.header_count = 1,
		.retries = 2,
		.max_bytes = PIECES_MAX_BYTES,
		.gzip = 1,
		.cancelled = merge->request->cancelled,
	};
	struct net_response response;
	struct json *json = NULL;

	if (cluster_fetch(merge->cluster, &request, path, &response, err) == 0)
		json = json_parse(response.body, response.body_length, err);
	net_response_release(&response);
	return json;
}

static int none_there(const struct merge *merge, const char *what, struct error *err)
{
	const struct log_request *request = merge->request;

	if (request->container && *request->container)
		return error_set(err, ERR_NOT_FOUND, "%.60s has no container \"%.60s\"", what,
			request->container);
	return error_set(err, ERR_NOT_FOUND,
		request->previous
			? "%.100s: no container has ended before, there is no previous log"
			: "%.100s: no pods, no logs",
		what);
}

static int logs_at(struct cluster *cluster, const char *namespace_, const char *path,
	const char *what, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	struct merge merge = { .cluster = cluster,
		.namespace_ = namespace_,
		.request = request,
		.on_line = on_line,
		.arg = arg };
	struct json *answer = get(&merge, path, err);
	const struct json *items = json_get(answer, "items");
	int result = answer ? 0 : -1;

	init_merge(&merge);
	if (answer && items)
		for (const struct json *pod = json_first(items); pod && result == 0;
			pod = json_next(pod))
			result = add_pod(&merge, pod, err);
	else if (answer)
		result = add_pod(&merge, answer, err);
	json_free(answer);
	if (result == 0)
		result = merge.count ? run(&merge, err) : none_there(&merge, what, err);
	end(&merge);
	return result;
}

int kubernetes_logs(struct cluster *cluster, const char *namespace_, const char *pod,
	const struct log_request *request, log_line_fn on_line, void *arg, struct error *err)
{
	struct text path;
	int result;

	text_init(&path, PATH_MAX_BYTES);
	text_add(&path, "/api/v1/namespaces/");
	url_encode(&path, namespace_);
	text_add(&path, "/pods/");
	url_encode(&path, pod);
	result = logs_at(cluster, namespace_, path.data, pod, request, on_line, arg, err);
	text_release(&path);
	return result;
}

int kubernetes_logs_selected(struct cluster *cluster, const char *namespace_, const char *selector,
	const struct log_request *request, log_line_fn on_line, void *arg, struct error *err)
{
	char limit[16];
	struct text path;
	int result;

	snprintf(limit, sizeof(limit), "%d", KUBERNETES_LOGS_MAX + 1);
	text_init(&path, PATH_MAX_BYTES);
	text_add(&path, "/api/v1/namespaces/");
	url_encode(&path, namespace_);
	text_add(&path, "/pods");
	url_query(&path, "labelSelector", selector);
	url_query(&path, "limit", limit);
	result = logs_at(cluster, namespace_, path.data, selector, request, on_line, arg, err);
	text_release(&path);
	return result;
}
