/* Feeds over a provider made for the tests: it lists what `state` holds and, when watched, follows it. */
#include "sample.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/jobs.h"
#include "check_main.h"
#include "estate/estate.h"
#include "estate/inside.h"
#include "store/store.h"

/* What the source has; a watch waits on it. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char lines[64][80];
	size_t count;
	unsigned version;
	enum error_code fails;
	int watches;
} source = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

/* on_news: tests wait for it instead of sleeping. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t came;
	unsigned count;
} news = { .lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER };

static void on_news(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&news.lock);
	news.count++;
	pthread_cond_broadcast(&news.came);
	pthread_mutex_unlock(&news.lock);
}

static void source_set(size_t i, const char *line)
{
	pthread_mutex_lock(&source.lock);
	snprintf(source.lines[i], sizeof(source.lines[i]), "%s", line);
	if (i >= source.count)
		source.count = i + 1;
	source.version++;
	pthread_cond_broadcast(&source.changed);
	pthread_mutex_unlock(&source.lock);
}

static void source_cut(size_t count)
{
	pthread_mutex_lock(&source.lock);
	source.count = count;
	source.version++;
	pthread_cond_broadcast(&source.changed);
	pthread_mutex_unlock(&source.lock);
}

static void source_fail(enum error_code code)
{
	pthread_mutex_lock(&source.lock);
	source.fails = code;
	pthread_mutex_unlock(&source.lock);
}

static int fake_open(struct provider **out, struct kinds *kinds, struct net *net,
	const struct config *config, struct error *err)
{
	(void)kinds, (void)net, (void)config, (void)err;
	*out = (struct provider *)&source;
	return 0;
}

static void fake_close(struct provider *provider)
{
	(void)provider;
}

/* With source.lock held. */
static void give_rows(const struct kind *kind, struct feed *feed)
{
	const char *cells[SAMPLE_COLUMNS];
	size_t lengths[SAMPLE_COLUMNS];

	feed_begin(feed);
	for (size_t i = 0; i < source.count; i++) {
		sample_cells(source.lines[i], cells, lengths);
		if (kind->role[ROLE_ACCOUNT] >= 0) {
			cells[kind->role[ROLE_ACCOUNT]] = "prod-one";
			lengths[kind->role[ROLE_ACCOUNT]] = 8;
		}
		feed_row(feed, cells, lengths);
		if (i == 1)
			feed_page(feed);
	}
	feed_end(feed);
}

static int fake_list(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed, struct error *err)
{
	int failed;

	(void)provider, (void)selection;
	pthread_mutex_lock(&source.lock);
	failed = source.fails != ERR_NONE;
	if (failed)
		error_set(err, source.fails, "the source says no");
	else
		give_rows(kind, feed);
	pthread_mutex_unlock(&source.lock);
	return failed ? -1 : 0;
}

static int fake_watch(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed, struct error *err)
{
	unsigned version;

	pthread_mutex_lock(&source.lock);
	source.watches++;
	version = source.version; /* before the list: what changes after it is not lost */
	pthread_mutex_unlock(&source.lock);
	if (fake_list(provider, kind, selection, feed, err))
		return -1;
	pthread_mutex_lock(&source.lock);
	while (!feed_cancelled(feed)) {
		struct timespec soon;

		if (version != source.version) {
			version = source.version;
			give_rows(kind, feed);
			continue;
		}
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 20000000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&source.changed, &source.lock, &soon);
	}
	pthread_mutex_unlock(&source.lock);
	return 0;
}

static const struct provider_ops watching = { .name = "fake", .title = "Fake", .open = fake_open,
	.close = fake_close, .list = fake_list, .watch = fake_watch };
static const struct provider_ops polled = { .name = "fake", .title = "Fake", .open = fake_open,
	.close = fake_close, .list = fake_list };
static const struct provider_ops *const with_watch[] = { &watching, NULL };
static const struct provider_ops *const without_watch[] = { &polled, NULL };

static struct kinds *kinds;
static const struct kind *pods;
static struct jobs *jobs;
static struct store *store;
static struct estate *estate;

static void start(const struct provider_ops *const *providers)
{
	struct estate_options options = { .kinds = kinds, .store = store, .jobs = jobs,
		.providers = providers, .on_news = on_news };

	estate = estate_new(&options);
}

static void set_up(void)
{
	char *path;
	struct error err = { 0 };

	source_fail(ERR_NONE);
	source_cut(0);
	source.watches = 0;
	kinds = sample_kinds(); /* sets PILOTHOUSE_HOME to a new folder */
	pods = kinds_find(kinds, "pods");
	jobs = jobs_new(2, NULL, NULL);
	path = mem_format("%s/pilothouse.db", getenv("PILOTHOUSE_HOME"));
	store = store_open(path, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	free(path);
	source_set(0, "shop|a|Running|0");
	source_set(1, "shop|b|Error|3");
	source_set(2, "dev|c|Running|0");
}

static void tear_down(void)
{
	estate_free(estate);
	jobs_free(jobs);
	store_close(store);
	kinds_free(kinds);
}

/* Waits for news until the test of a row holds. The suite's time limit ends it otherwise. */
static void wait_for(struct feed *feed, size_t count, const char *id, const char *status)
{
	for (;;) {
		struct snapshot *snapshot;
		unsigned seen;
		int right = 0;

		pthread_mutex_lock(&news.lock);
		seen = news.count;
		pthread_mutex_unlock(&news.lock);
		snapshot = feed_snapshot(feed);
		if (snapshot && snapshot_count(snapshot) == count) {
			long row = snapshot_find(snapshot, id);
			size_t length;
			const char *cell = row < 0 ? "" : snapshot_cell(snapshot, (size_t)row, SAMPLE_STATUS, &length);

			right = row >= 0 && length == strlen(status) && !memcmp(cell, status, length);
		}
		snapshot_unref(snapshot);
		if (right)
			return;
		pthread_mutex_lock(&news.lock);
		while (news.count == seen)
			pthread_cond_wait(&news.came, &news.lock);
		pthread_mutex_unlock(&news.lock);
	}
}

static enum feed_state state_of(struct feed *feed)
{
	struct feed_status status;

	feed_status(feed, &status);
	return status.state;
}

static void wait_for_state(struct feed *feed, enum feed_state state)
{
	for (;;) {
		unsigned seen;

		pthread_mutex_lock(&news.lock);
		seen = news.count;
		pthread_mutex_unlock(&news.lock);
		if (state_of(feed) == state)
			return;
		pthread_mutex_lock(&news.lock);
		while (news.count == seen)
			pthread_cond_wait(&news.came, &news.lock);
		pthread_mutex_unlock(&news.lock);
	}
}

static const char id_a[] = "fake:prod-one/pods/shop/a", id_b[] = "fake:prod-one/pods/shop/b",
		  id_c[] = "fake:prod-one/pods/dev/c";

START_TEST(follows_the_source)
{
	struct feed *feed;
	struct feed_status status;

	start(_i ? without_watch : with_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error");
	wait_for_state(feed, _i ? FEED_POLLED : FEED_LIVE);
	feed_status(feed, &status);
	ck_assert_int_eq(status.stale, 0);
	ck_assert_uint_eq(status.total, 3);
	source_set(0, "shop|a|Failed|1");
	wait_for(feed, 3, id_a, "Failed");
	source_cut(1);
	wait_for(feed, 1, id_a, "Failed");
	estate_close(estate, feed);
}
END_TEST

/* A configuration is checked without regard to case, so it has to be read so: a scope that is passed over protects nothing. */
START_TEST(a_scope_is_meant_in_any_case)
{
	char path[] = "/tmp/ph-scope-XXXXXX", scope[12] = "";
	int fd = mkstemp(path);
	struct error err = { 0 };

	ck_assert_int_eq(dprintf(fd, "scope: PROD\n"), 12);
	close(fd);
	struct config *config = config_load(path, NULL, &err);
	ck_assert_msg(config != NULL, "%s", err.text);
	struct scopes *scopes = scopes_new(config);
	scopes_find(scopes, "web", "somewhere", scope);
	ck_assert_str_eq(scope, "prod");
	scopes_free(scopes);
	config_free(config);
	unlink(path);
}
END_TEST

START_TEST(fills_in_what_is_left_out)
{
	struct snapshot *snapshot;
	struct ref ref;
	size_t row;
	struct json *json;

	start(without_watch);
	ck_assert_int_eq(estate_find(estate, pods, NULL, "c", &ref, &snapshot, &row, NULL), 0);
	json = estate_row_json(estate, snapshot, row);
	ck_assert_str_eq(json_text(json_get(json, "id")), id_c);
	ck_assert_str_eq(json_text(json_get(json, "scope")), "dev");
	ck_assert_str_eq(json_text(json_get(json, "account")), "prod-one");
	ck_assert(json_is(json_at(json, "cells.cpu"), JSON_NULL));
	ck_assert_str_eq(ref.namespace_, "dev");
	json_free(json);
	snapshot_unref(snapshot);
	ck_assert_int_eq(estate_find(estate, pods, NULL, id_b, &ref, &snapshot, &row, NULL), 0);
	json = estate_row_json(estate, snapshot, row);
	ck_assert_str_eq(json_text(json_get(json, "scope")), "prod"); /* by its account */
	ck_assert_str_eq(json_text(json_get(json, "severity")), "critical");
	ck_assert_int_eq(json_int(json_at(json, "cells.restarts"), -1), 3);
	json_free(json);
	snapshot_unref(snapshot);
}
END_TEST

START_TEST(says_what_it_did_not_find)
{
	struct error err = { 0 };
	struct ref ref;

	start(without_watch);
	ck_assert_int_eq(estate_find(estate, pods, NULL, "zz", &ref, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	source_set(3, "other|a|Running|0");
	ck_assert_int_eq(estate_find(estate, pods, NULL, "a", &ref, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, id_a));
	source_fail(ERR_UNREACHABLE);
	ck_assert_ptr_null(estate_list(estate, pods, NULL, NULL, &err));
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	ck_assert_ptr_null(estate_kind(estate, "nothings", &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(keeps_rows_when_the_source_fails)
{
	struct feed *feed;
	struct feed_status status;

	start(without_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error");
	source_fail(ERR_UNREACHABLE);
	feed_refresh(feed);
	wait_for_state(feed, FEED_FAILED);
	feed_status(feed, &status);
	ck_assert_int_eq(status.stale, 1);
	ck_assert_str_eq(status.error, "the source says no");
	wait_for(feed, 3, id_b, "Error");
	source_fail(ERR_NONE);
	source_set(1, "shop|b|Running|3");
	feed_refresh(feed);
	wait_for(feed, 3, id_b, "Running");
	wait_for_state(feed, FEED_POLLED);
	estate_close(estate, feed);
}
END_TEST

START_TEST(lists_where_watching_is_refused)
{
	struct feed *feed;

	start(with_watch);
	source_fail(ERR_FORBIDDEN);
	feed = estate_open(estate, pods, NULL);
	wait_for_state(feed, FEED_FAILED);
	source_fail(ERR_NONE);
	wait_for_state(feed, FEED_POLLED);
	wait_for(feed, 3, id_b, "Error");
	pthread_mutex_lock(&source.lock);
	ck_assert_int_eq(source.watches, 1);
	pthread_mutex_unlock(&source.lock);
	estate_close(estate, feed);
}
END_TEST

static const char *field_of(const struct json *changes, size_t i, const char *field)
{
	return json_text_or(json_get(json_item(json_get(changes, "changes"), i), field), "");
}

START_TEST(the_next_start_shows_the_last_rows)
{
	struct feed *feed;
	struct json *changes;

	start(with_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error");
	wait_for_state(feed, FEED_LIVE);
	estate_close(estate, feed);
	estate_free(estate);
	ck_assert_int_eq(store_flush(store, NULL), 0);

	source_fail(ERR_UNREACHABLE);
	start(with_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error"); /* the source does not answer */
	source_fail(ERR_NONE);
	source_set(1, "shop|b|Running|4");
	source_cut(2);
	feed_refresh(feed);
	wait_for(feed, 2, id_b, "Running");
	wait_for_state(feed, FEED_LIVE);
	estate_close(estate, feed);
	estate_free(estate);
	ck_assert_int_eq(store_flush(store, NULL), 0);

	start(with_watch);
	changes = estate_changes(estate, 0, "pods", id_c, 100, NULL);
	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 1); /* vanished; no flood at first sight */
	ck_assert_str_eq(field_of(changes, 0, "old"), "c");
	json_free(changes);
	changes = estate_changes(estate, 0, "pods", id_b, 100, NULL);
	ck_assert_uint_ge(json_count(json_get(changes, "changes")), 2);
	json_free(changes);
	changes = estate_changes(estate, 0, "pods", id_a, 100, NULL);
	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 0);
	json_free(changes);
}
END_TEST

START_TEST(one_list_after_another_is_history)
{
	struct json *changes;
	struct snapshot *snapshot;
	int64_t between;

	start(without_watch);
	snapshot_unref(estate_list(estate, pods, NULL, NULL, NULL));
	ck_assert_int_eq(store_flush(store, NULL), 0);
	between = clock_now_ns();
	source_set(1, "shop|b|Running|3");
	source_cut(2);
	snapshot_unref(estate_list(estate, pods, NULL, NULL, NULL));
	ck_assert_int_eq(store_flush(store, NULL), 0);
	changes = estate_changes(estate, 0, "pods", id_b, 100, NULL);
	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 1); /* its status; the severity follows from it */
	json_free(changes);
	snapshot = estate_list_at(estate, pods, NULL, between, NULL);
	ck_assert_ptr_nonnull(snapshot);
	ck_assert_uint_eq(snapshot_count(snapshot), 3);
	ck_assert_int_ge(snapshot_find(snapshot, id_c), 0);
	snapshot_unref(snapshot);
	snapshot = estate_list_at(estate, pods, NULL, clock_now_ns(), NULL);
	ck_assert_uint_eq(snapshot_count(snapshot), 2);
	snapshot_unref(snapshot);
}
END_TEST

/* Nothing comes from the source, but time passes: a row that was fine at first is not any more. */
START_TEST(severities_follow_the_age)
{
	char line[80], at[CLOCK_RFC3339_MAX];
	size_t length = 0;

	clock_format(clock_now_ns() - 3600 * CLOCK_SECOND_NS + 700 * INT64_C(1000000), at);
	snprintf(line, sizeof(line), "shop|b|Stuck|3|||%s", at);
	source_set(1, line);
	start(with_watch);
	struct feed *feed = estate_open(estate, pods, NULL);

	wait_for(feed, 3, id_b, "Stuck");
	struct snapshot *snapshot = feed_snapshot(feed);

	snapshot_role(snapshot, (size_t)snapshot_find(snapshot, id_b), ROLE_SEVERITY, &length);
	snapshot_unref(snapshot);
	ck_assert_uint_eq(length, 0);
	for (int64_t until = clock_monotonic_ns() + 20 * CLOCK_SECOND_NS; !length && clock_monotonic_ns() < until; sched_yield()) {
		feed_judge_due(feed); /* as the scheduler does now and then */
		snapshot = feed_snapshot(feed);
		snapshot_role(snapshot, (size_t)snapshot_find(snapshot, id_b), ROLE_SEVERITY, &length);
		snapshot_unref(snapshot);
	}
	ck_assert_uint_eq(length, strlen("medium"));
	estate_close(estate, feed);
}
END_TEST

/* --- what the source recorded itself --- */

static int asked_changes;
static enum error_code changes_fail;

static void add_told(struct json *out, int64_t at_ns, const char *id, const char *field, const char *old, const char *new_, const char *by)
{
	struct json *change = json_object();
	char at[CLOCK_RFC3339_MAX];

	clock_format(at_ns, at);
	json_set_text(change, "at", at);
	json_set_text(change, "id", id);
	json_set_text(change, "kind", "pods");
	json_set_text(change, "field", field);
	json_set_text(change, "old", old);
	json_set_text(change, "new", new_);
	json_set_text(change, "by", by);
	json_add(out, change);
}

static int fake_changes(struct provider *provider, const char *account, int64_t since_ns, const void *cancelled, struct json *out,
	struct error *err)
{
	int64_t now = clock_now_ns();

	(void)provider, (void)account, (void)since_ns, (void)cancelled;
	asked_changes++;
	if (changes_fail)
		return error_set(err, changes_fail, "the source says no");
	add_told(out, now - 2 * CLOCK_SECOND_NS, id_b, "status", "Error", "Running", "kubectl-set"); /* seen here too */
	add_told(out, now - 1 * CLOCK_SECOND_NS, id_b, "spec", NULL, NULL, "kubectl-set");           /* says less than what was seen */
	add_told(out, now - 3000 * CLOCK_SECOND_NS, id_a, "images", "v41", "v42", "ci");             /* before anybody looked */
	add_told(out, now - 9000 * CLOCK_SECOND_NS, id_a, "images", "v40", "v41", "ci");             /* too old */
	return 0;
}

START_TEST(what_the_source_recorded_stands_beside_what_was_seen)
{
	static const struct provider_ops telling = { .name = "fake", .title = "Fake", .open = fake_open, .close = fake_close,
		.list = fake_list, .recorded = fake_changes };
	static const struct provider_ops *const providers[] = { &telling, NULL };
	struct error err = { 0 };
	int64_t since;

	asked_changes = 0;
	changes_fail = ERR_UNREACHABLE;
	start(providers);
	snapshot_unref(estate_list(estate, pods, NULL, NULL, NULL));
	ck_assert_int_eq(store_flush(store, NULL), 0);
	source_set(1, "shop|b|Running|3");
	snapshot_unref(estate_list(estate, pods, NULL, NULL, NULL));
	ck_assert_int_eq(store_flush(store, NULL), 0);
	since = clock_now_ns() - 3600 * CLOCK_SECOND_NS;
	ck_assert_int_eq(estate_ask_changes(estate, NULL, since, NULL, &err), -1);
	ck_assert_int_eq(err.code, ERR_UNREACHABLE);
	changes_fail = ERR_NONE;
	ck_assert_int_eq(estate_ask_changes(estate, "one", since, NULL, &err), 0);
	ck_assert_int_eq(estate_ask_changes(estate, "one", since, NULL, &err), 0);
	ck_assert_int_eq(asked_changes, 2); /* the second time what is known will do */
	struct json *changes = estate_changes(estate, since, NULL, NULL, 100, NULL);

	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 2);
	ck_assert_str_eq(field_of(changes, 0, "field"), "status");
	ck_assert_str_eq(field_of(changes, 0, "by"), "kubectl-set");
	ck_assert_str_eq(field_of(changes, 1, "old"), "v41");
	ck_assert_str_eq(field_of(changes, 1, "new"), "v42");
	json_free(changes);
	changes = estate_changes(estate, since, "pods", id_a, 100, NULL);
	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 1);
	json_free(changes);
	changes = estate_changes(estate, since, "nodes", NULL, 100, NULL);
	ck_assert_uint_eq(json_count(json_get(changes, "changes")), 0);
	json_free(changes);
}
END_TEST

/* A burst is told in few publications, and its last state is not lost. */
START_TEST(bursts_are_held_together)
{
	struct feed *feed;
	unsigned before;
	int64_t began;
	char line[80];

	start(with_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error");
	wait_for_state(feed, FEED_LIVE);
	before = feed_version(feed);
	began = clock_monotonic_ns();
	for (int i = 0; i < 400; i++) {
		snprintf(line, sizeof(line), "shop|a|S%d|0", i);
		source_set(0, line);
		sched_yield();
	}
	wait_for(feed, 3, id_a, "S399");
	/* One publication in 100 ms; on a machine that is late, what is late is told too. */
	ck_assert_uint_le(feed_version(feed) - before, (unsigned)((clock_monotonic_ns() - began) / 50000000) + 2);
	estate_close(estate, feed);
}
END_TEST

START_TEST(equal_panes_share_a_feed)
{
	static const struct selection shop = { .namespace_ = "shop" };
	struct feed *a, *b, *c;

	start(with_watch);
	a = estate_open(estate, pods, &shop);
	b = estate_open(estate, pods, &shop);
	c = estate_open(estate, pods, NULL);
	ck_assert_ptr_eq(a, b);
	ck_assert_ptr_ne(a, c);
	estate_close(estate, a);
	wait_for(b, 3, id_b, "Error");
	estate_close(estate, b);
	estate_close(estate, c);
}
END_TEST

/* The schedule stands, no list is under way, and what they told is counted. */
static unsigned told_when_still(void)
{
	schedule_stop(estate);
	return news.count;
}

static void go_on(void)
{
	pthread_mutex_lock(&estate->lock);
	estate->stopping = 0;
	ck_assert_int_eq(schedule_start(estate), 0);
	pthread_mutex_unlock(&estate->lock);
}

/* What nobody sees wakes nobody; who shows it again finds what came meanwhile. */
START_TEST(hidden_feeds_wake_nobody)
{
	struct feed *feed;
	unsigned told, version;

	start(without_watch);
	feed = estate_open(estate, pods, NULL);
	wait_for(feed, 3, id_b, "Error");
	told = told_when_still();
	feed_set_visible(feed, 0);
	version = feed_version(feed);
	source_set(0, "shop|a|Failed|1");
	go_on();
	feed_refresh(feed);
	while (feed_version(feed) == version)
		sched_yield();
	ck_assert_uint_eq(told_when_still(), told);
	wait_for(feed, 3, id_a, "Failed");
	estate_close(estate, feed);
}
END_TEST

/* Lists that were quick the last time are done by one worker, and their end is told once. */
START_TEST(quick_lists_due_together_are_told_once)
{
	static const struct selection shop = { .namespace_ = "shop" }, dev = { .namespace_ = "dev" };
	struct feed *a, *b;
	unsigned told;

	source_cut(1); /* a second row makes a page, which is told at once */
	start(without_watch);
	a = estate_open(estate, pods, &shop);
	b = estate_open(estate, pods, &dev);
	wait_for(a, 1, id_a, "Running");
	wait_for(b, 1, id_a, "Running");
	told = told_when_still();
	a->quick = b->quick = 1;
	a->ended_ns = b->ended_ns = 0; /* long ago: nothing is held back for that */
	a->poll_due_ns = b->poll_due_ns = clock_monotonic_ns();
	source_set(0, "shop|a|Failed|1");
	go_on();
	wait_for(a, 1, id_a, "Failed");
	wait_for(b, 1, id_a, "Failed");
	ck_assert_uint_eq(told_when_still(), told + 1);
	estate_close(estate, a);
	estate_close(estate, b);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, follows_the_source, 0, 2);
	tcase_add_test(tc, a_scope_is_meant_in_any_case);
	tcase_add_test(tc, fills_in_what_is_left_out);
	tcase_add_test(tc, says_what_it_did_not_find);
	tcase_add_test(tc, keeps_rows_when_the_source_fails);
	tcase_add_test(tc, lists_where_watching_is_refused);
	tcase_add_test(tc, the_next_start_shows_the_last_rows);
	tcase_add_test(tc, one_list_after_another_is_history);
	tcase_add_test(tc, severities_follow_the_age);
	tcase_add_test(tc, what_the_source_recorded_stands_beside_what_was_seen);
	tcase_add_test(tc, bursts_are_held_together);
	tcase_add_test(tc, equal_panes_share_a_feed);
	tcase_add_test(tc, hidden_feeds_wake_nobody);
	tcase_add_test(tc, quick_lists_due_together_are_told_once);
}
TEST_MAIN("estate/estate")
