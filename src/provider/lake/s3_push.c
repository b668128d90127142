/* A lake in a bucket: HASH/history/CONTENT.json is written once and never again, HASH/latest.json only by what was seen later, index.json only over
 * the one it was merged with. So any number of senders may be at it at once. */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "provider/lake/provider.h"
#include "provider/lake/s3.h"
#include "store/evidence.h"

enum { THREADS = 8, TELL_MS = 500, CONTENDED_TRIES_MAX = 50, FILE_MAX_BYTES = 64 << 20, MD5_BYTES = 16, PAUSE_DOUBLINGS_MAX = 6, TOLD_MAX = 200 };

static const char index_name[] = "index.json";

/* --- what is lacking --- */

/* The ETag of an object that was sent in one piece is its MD5, unless it is encrypted with a key of one's own: then it differs, and the object itself
 * is looked at. */
static void etag_of(const char *bytes, size_t length, char out[2 * MD5_BYTES + 3])
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	char hex[2 * MD5_BYTES + 1] = "";

	if (EVP_Digest(bytes, length, digest, &size, EVP_md5(), NULL) && size == MD5_BYTES)
		hex_format(digest, MD5_BYTES, hex);
	snprintf(out, 2 * MD5_BYTES + 3, "\"%s\"", hex);
}

static char *file_bytes(const struct push *push, const char *name, size_t *length)
{
	char *path = mem_format("%s/%s", push->folder, name);
	char *bytes = file_load(path, FILE_MAX_BYTES, length, NULL);

	free(path);
	return bytes;
}

static int is_same(const struct push *push, const struct lake_file *file, const struct s3_object *object)
{
	char etag[2 * MD5_BYTES + 3];
	size_t length;
	char *bytes = file_bytes(push, file->name, &length);

	if (!bytes)
		return 0;
	etag_of(bytes, length, etag);
	free(bytes);
	return !strcmp(etag, object->etag);
}

static int is_lacking(const struct push *push, const struct lake_file *file, const struct s3_listing *listing)
{
	const struct s3_object *object = s3_listing_find(listing, file->name);

	return !object || (lake_file_is_latest(file->name) && !is_same(push, file, object));
}

static int plan(const struct push *push, struct push_plan *out, struct error *err)
{
	struct s3 s3;
	struct s3_listing listing;

	if (s3_open(&s3, push->net, push->target, push->cancelled, err))
		return -1;
	int failed = s3_list(&s3, &listing, err);
	for (size_t i = 0; i < push->files->count && !failed; i++) {
		const struct lake_file *file = &push->files->rows[i];

		if (is_lacking(push, file, &listing))
			push_plan_add(out, file->name, s3_listing_find(&listing, file->name) ? "in place of an older one" : "new", file->size);
		else
			out->there++;
	}
	if (!failed)
		s3_listing_release(&listing);
	s3_close(&s3);
	return failed;
}

/* --- sending --- */

struct sending {
	const struct push *push;
	struct s3 s3;
	struct s3_listing listing;
	pthread_mutex_t lock;
	pthread_cond_t news;
	/* under the lock */
	size_t next, running, agents, sent, there, newer;
	int64_t bytes;
	struct json *passed_over, *rows; /* rows: of the index */
	struct error err;
	char told[TOLD_MAX]; /* the last line of progress */
};

static void count(struct sending *s, size_t *what, size_t bytes)
{
	pthread_mutex_lock(&s->lock);
	++*what;
	s->bytes += (int64_t)bytes;
	pthread_mutex_unlock(&s->lock);
}

static void pass_over(struct sending *s, const char *name, const char *why)
{
	pthread_mutex_lock(&s->lock);
	json_add(s->passed_over, json_set_text(json_set_text(json_object(), "file", name), "why", why));
	pthread_mutex_unlock(&s->lock);
}

/* Under contention: so that those who met do not meet again. */
static void pause_before(int tries)
{
	unsigned any = 0;
	long bound_us = 1000L << (tries < PAUSE_DOUBLINGS_MAX ? tries : PAUSE_DOUBLINGS_MAX);

	RAND_bytes((unsigned char *)&any, sizeof(any));
	nanosleep(&(struct timespec){ .tv_nsec = (long)any % bound_us * 1000L }, NULL);
}

static int put(struct sending *s, const char *key, const char *body, size_t length, const char *if_match, enum s3_outcome *outcome, struct error *err)
{
	struct s3_answer answer;
	int failed = s3_ask(&s->s3, &(struct s3_request){ .method = "PUT", .key = key, .body = body, .length = length, .if_match = if_match, .if_none = !if_match },
		&answer, err);

	*outcome = answer.outcome;
	s3_answer_release(&answer);
	return failed;
}

/* A state: whoever wrote it first wrote the same. */
static int send_state(struct sending *s, const struct evidence *entry, struct error *err)
{
	enum s3_outcome outcome;

	if (put(s, entry->name, entry->bytes, entry->size, NULL, &outcome, err))
		return -1;
	count(s, outcome == S3_DONE ? &s->sent : &s->there, outcome == S3_DONE ? entry->size : 0);
	return 0;
}

static int64_t observed_of(const char *body, size_t length)
{
	struct json *json = json_parse(body, length, NULL);
	int64_t observed_ns = json_int(json_get(json, "observed_ns"), 0);

	json_free(json);
	return observed_ns;
}

/* One look and one try. 1: done; 0: it was written in between; -1: err. */
static int try_latest(struct sending *s, const struct evidence *entry, struct error *err)
{
	struct s3_answer there;
	enum s3_outcome outcome = S3_DONE;

	if (s3_ask(&s->s3, &(struct s3_request){ .method = "GET", .key = entry->name }, &there, err))
		return -1;
	int64_t its_ns = there.outcome == S3_DONE ? observed_of(there.body, there.length) : 0;
	int failed = 0, wanted = its_ns < entry->observed_ns;
	if (wanted)
		failed = put(s, entry->name, entry->bytes, entry->size, there.outcome == S3_DONE ? there.etag : NULL, &outcome, err);
	s3_answer_release(&there);
	if (failed || (wanted && outcome != S3_DONE))
		return failed;
	if (wanted)
		count(s, &s->sent, entry->size);
	else
		count(s, its_ns == entry->observed_ns ? &s->there : &s->newer, 0);
	return 1;
}

static int send_latest(struct sending *s, const struct evidence *entry, struct error *err)
{
	for (int tries = 0; tries < CONTENDED_TRIES_MAX; tries++) {
		int done = try_latest(s, entry, err);

		if (done)
			return done > 0 ? 0 : -1;
		pause_before(tries);
	}
	return error_set(err, ERR_CONFLICT, "%.120s is written by others all the time; try again", entry->name);
}

/* --- the index --- */

static struct json *row_of(const struct evidence *entry)
{
	struct json *row = json_copy(json_get(entry->json, "agent"));

	return json_set_int(row, "observed_ns", entry->observed_ns);
}

static int send_file(struct sending *s, const struct lake_file *file, struct error *err)
{
	struct error why = { 0 };
	struct evidence entry;
	int latest = lake_file_is_latest(file->name), lacking = is_lacking(s->push, file, &s->listing);

	if (!lacking)
		count(s, &s->there, 0);
	if (!lacking && !latest)
		return 0;
	if (evidence_load(s->push->folder, file->name, EVIDENCE_BYTES, &entry, &why)) {
		pass_over(s, file->name, why.text);
		return 0;
	}
	if (latest) {
		pthread_mutex_lock(&s->lock);
		json_add(s->rows, row_of(&entry));
		pthread_mutex_unlock(&s->lock);
	}
	int failed = !lacking ? 0 : latest ? send_latest(s, &entry, err) : send_state(s, &entry, err);
	evidence_release(&entry);
	return failed;
}

static const char *hash_of(const struct json *row)
{
	return json_text_or(json_get(row, "hash"), "");
}

static int by_path(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int order = strcmp(json_text_or(json_get(x, "path"), ""), json_text_or(json_get(y, "path"), ""));

	return order ? order : strcmp(hash_of(x), hash_of(y));
}

static int by_hash_newest_first(const void *a, const void *b)
{
	const struct json *x = *(const struct json *const *)a, *y = *(const struct json *const *)b;
	int64_t x_ns = json_int(json_get(x, "observed_ns"), 0), y_ns = json_int(json_get(y, "observed_ns"), 0);
	int order = strcmp(hash_of(x), hash_of(y));

	return order ? order : (x_ns < y_ns) - (x_ns > y_ns);
}

/* Of two rows of an agent the later; of the others all. */
static struct json *merge(const struct json *ours, const struct json *theirs)
{
	size_t room = json_count(ours) + json_count(theirs), total = 0, kept = 0;
	const struct json **rows = mem_zero(room + 1, sizeof(*rows));
	struct json *list = json_array(), *index = json_set_int(json_object(), "schema", EVIDENCE_SCHEMA);

	for (const struct json *row = json_first(ours); row; row = json_next(row))
		rows[total++] = row;
	for (const struct json *row = json_first(theirs); row; row = json_next(row))
		if (evidence_is_hash(hash_of(row)))
			rows[total++] = row;
	if (total)
		qsort(rows, total, sizeof(*rows), by_hash_newest_first);
	for (size_t i = 0; i < total; i++)
		if (!kept || strcmp(hash_of(rows[i]), hash_of(rows[kept - 1])))
			rows[kept++] = rows[i];
	if (kept)
		qsort(rows, kept, sizeof(*rows), by_path);
	for (size_t i = 0; i < kept; i++)
		json_add(list, json_copy(rows[i]));
	free(rows);
	return json_set(index, "agents", list);
}

static int try_index(struct sending *s, struct error *err)
{
	struct s3_answer there;
	enum s3_outcome outcome = S3_DONE;

	if (s3_ask(&s->s3, &(struct s3_request){ .method = "GET", .key = index_name }, &there, err))
		return -1;
	struct json *theirs = there.outcome == S3_DONE ? json_parse(there.body, there.length, NULL) : NULL, *merged = merge(s->rows, json_get(theirs, "agents"));
	int same = theirs && json_equal(merged, theirs), failed = 0;
	char *bytes = json_format(merged);
	if (!same)
		failed = put(s, index_name, bytes, strlen(bytes), there.outcome == S3_DONE ? there.etag : NULL, &outcome, err);
	free(bytes);
	json_free(theirs);
	json_free(merged);
	s3_answer_release(&there);
	return failed ? -1 : same || outcome == S3_DONE;
}

static int send_index(struct sending *s, struct error *err)
{
	for (int tries = 0; tries < CONTENDED_TRIES_MAX; tries++) {
		int done = try_index(s, err);

		if (done)
			return done > 0 ? 0 : -1;
		pause_before(tries);
	}
	return error_set(err, ERR_CONFLICT, "the index is written by others all the time; try again");
}

/* --- workers: an agent each, its states before its latest --- */

static size_t end_of_agent(const struct lake_files *files, size_t from)
{
	size_t to = from;

	while (to < files->count && !strncmp(files->rows[to].name, files->rows[from].name, EVIDENCE_HASH_MAX))
		to++;
	return to;
}

/* [from, to) of the next agent; 0: none is left, or one failed. */
static int take_agent(struct sending *s, size_t *from, size_t *to)
{
	const struct lake_files *files = s->push->files;
	int stopped = s->push->cancelled && atomic_load((const atomic_int *)s->push->cancelled);

	pthread_mutex_lock(&s->lock);
	if (stopped && !s->err.code)
		error_set(&s->err, ERR_CANCELLED, "stopped; what was sent stays, the next push sends the rest");
	int taken = !s->err.code && s->next < files->count;
	if (taken) {
		*from = s->next;
		*to = s->next = end_of_agent(files, *from);
	}
	pthread_mutex_unlock(&s->lock);
	return taken;
}

static void *work(void *arg)
{
	struct sending *s = arg;
	size_t from, to;

	while (take_agent(s, &from, &to)) {
		struct error err = { 0 };
		int failed = 0;

		for (size_t i = from; i < to && !failed; i++)
			failed = send_file(s, &s->push->files->rows[i], &err);
		pthread_mutex_lock(&s->lock);
		s->agents++;
		if (failed && !s->err.code)
			s->err = err;
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_lock(&s->lock);
	s->running--;
	pthread_cond_signal(&s->news);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* What was said is not said again. */
static void tell(struct sending *s)
{
	char line[TOLD_MAX], again[60] = "";
	size_t retries = atomic_load(&s->s3.retries);

	if (retries)
		snprintf(again, sizeof(again), "; the store was slow or away %zu times", retries);
	snprintf(line, sizeof(line), "%zu of %zu agents; %zu objects sent, %.1f MB%s", s->agents, s->push->files->agents, s->sent, (double)s->bytes / 1e6, again);
	if (s->push->progress && strcmp(line, s->told))
		s->push->progress(s->push->arg, line);
	strcpy(s->told, line);
}

/* Waits for the workers and says how far they are. */
static void watch(struct sending *s)
{
	pthread_mutex_lock(&s->lock);
	while (s->running) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TELL_MS * 1000000L;
		until.tv_sec += until.tv_nsec / CLOCK_SECOND_NS;
		until.tv_nsec %= CLOCK_SECOND_NS;
		if (pthread_cond_timedwait(&s->news, &s->lock, &until))
			tell(s);
	}
	pthread_mutex_unlock(&s->lock);
}

static void send_all(struct sending *s)
{
	pthread_t threads[THREADS];
	size_t started = 0;

	s->running = THREADS;
	while (started < THREADS && !pthread_create(&threads[started], NULL, work, s))
		started++;
	pthread_mutex_lock(&s->lock);
	s->running -= THREADS - started;
	if (!started)
		error_set(&s->err, ERR_LIMIT, "no thread can be started");
	pthread_mutex_unlock(&s->lock);
	watch(s);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static struct json *outcome_json(const struct sending *s)
{
	struct json *json = json_set_int(json_object(), "sent", (int64_t)s->sent);

	json_set_int(json, "already_there", (int64_t)s->there);
	json_set_int(json, "newer_there", (int64_t)s->newer);
	json_set_int(json, "bytes", s->bytes);
	json_set_int(json, "retries", (int64_t)atomic_load(&s->s3.retries));
	return json_set(json, "passed_over", json_copy(s->passed_over));
}

static int send_lake(const struct push *push, struct json **output, struct error *err)
{
	struct sending s = { .push = push };

	if (s3_open(&s.s3, push->net, push->target, push->cancelled, err))
		return -1;
	if (s3_list(&s.s3, &s.listing, err)) {
		s3_close(&s.s3);
		return -1;
	}
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.news, NULL);
	s.passed_over = json_array();
	s.rows = json_array();
	send_all(&s);
	int failed = s.err.code ? -1 : json_count(s.rows) ? send_index(&s, &s.err) : 0;
	push_tell_passed_over(push, s.passed_over);
	if (!failed)
		tell(&s);
	if (failed && err)
		*err = s.err;
	*output = outcome_json(&s);
	json_free(s.passed_over);
	json_free(s.rows);
	s3_listing_release(&s.listing);
	pthread_mutex_destroy(&s.lock);
	pthread_cond_destroy(&s.news);
	s3_close(&s.s3);
	return failed;
}

const struct sink_ops lake_s3 = { .scheme = "s3://", .plan = plan, .send = send_lake };
