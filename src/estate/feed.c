/* The rows of one kind and selection: a provider's worker puts them into a table, snapshots of it are published. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/within.h"
#include "estate/inside.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "estate/table.h"
#include "store/cache.h"

enum { CACHE_BYTES_MAX = 32 << 20, CACHE_EVERY_S = 60, COLUMNS_MOST = 96, HIDDEN_FACTOR = 10, HIDDEN_STEP_MS = 60000 };

static const int64_t ms = 1000000;

static void on_change(const struct table_change *change, void *arg)
{
	struct feed *feed = arg;

	if (!feed->primed && !change->old_row)
		return; /* a first listing: changes_first_sight() */
	changes_record(feed, change->id, change->old_row, change->old_length, change->new_row,
		change->new_length, change->significant);
}

/* ACCOUNT or ACCOUNT/NAMESPACE did not answer, so what it had is not gone. */
static int spare(const char *row, size_t length, void *arg)
{
	struct feed *feed = arg;
	const struct kind *kind = feed->kind;
	size_t account_length, namespace_length;
	const char *account = row_cell(row, length, kind->role[ROLE_ACCOUNT], &account_length);
	const char *name = row_cell(row, length, kind->role[ROLE_NAMESPACE], &namespace_length);
	char source[SOURCE_MAX], whole[SOURCE_MAX];
	int spared;

	snprintf(source, sizeof(source), "%.*s", (int)account_length, account);
	snprintf(whole, sizeof(whole), "%.*s/%.*s", (int)account_length, account,
		(int)namespace_length, name);
	pthread_mutex_lock(&feed->lock);
	spared = json_get(feed->notes, source) || json_get(feed->notes, whole);
	pthread_mutex_unlock(&feed->lock);
	return spared;
}

void feed_tell_history(struct feed *feed, struct table *table)
{
	table_set_spare(table, spare, feed);
	if (feed->cache_key && feed->kind->history)
		table_watch(table, on_change, feed);
}

static char *make_cache_key(const struct kind *kind, const struct selection *selection)
{
	return mem_format("rows/%s/%s/%s/%s", kind->provider, kind->name,
		selection->account ? selection->account : "",
		selection->namespace_ ? selection->namespace_ : "");
}

struct feed *feed_new(struct estate *estate, const struct kind *kind, const struct provider_ops *ops,
	const struct selection *selection)
{
	struct feed *feed = mem_zero(1, sizeof(*feed));

	feed->estate = estate;
	feed->kind = kind;
	feed->ops = ops;
	feed->selection = *selection;
	feed->selection.account = mem_text(selection->account);
	feed->selection.namespace_ = mem_text(selection->namespace_);
	feed->selection.name = mem_text(selection->name);
	feed->selection.labels = mem_text(selection->labels);
	if (estate->options.store && selection_is_whole(selection))
		feed->cache_key = make_cache_key(kind, selection);
	pthread_mutex_init(&feed->work, NULL);
	pthread_mutex_init(&feed->lock, NULL);
	feed->table = table_new(kind);
	feed_tell_history(feed, feed->table);
	ages_of(kind, &feed->ages);
	feed->judged_ns = clock_now_ns();
	feed->notes = json_object();
	feed->refs = 1;
	atomic_init(&feed->visible, 1);
	return feed;
}

void feed_save_cache(struct feed *feed, struct snapshot *snapshot)
{
	struct text bytes;

	if (!feed->cache_key)
		return;
	text_init(&bytes, CACHE_BYTES_MAX);
	snapshot_to_bytes(snapshot, &bytes);
	if (!bytes.cut)
		cache_save(feed->estate->options.store, feed->cache_key, bytes.data, bytes.length);
	text_release(&bytes);
}

/* What came after the last time it was saved: else it would be told as changes once more at the next start. Kinds whose changes
 * are not kept do with rows that are a minute old, and the end of the program need not wait for the disk. */
static void save_last(struct feed *feed)
{
	struct snapshot *snapshot;

	if (!feed->saved_ns || !feed->kind->history || (feed->saved_ns > feed->published_ns && !table_dirty(feed->table)))
		return;
	snapshot = table_snapshot(feed->table);
	feed_save_cache(feed, snapshot);
	snapshot_unref(snapshot);
}

static void free_text(const char *text)
{
	free((char *)(uintptr_t)text); /* feed_new made it */
}

void feed_free(struct feed *feed)
{
	if (!feed)
		return;
	save_last(feed);
	snapshot_unref(feed->snapshot);
	table_free(feed->table);
	json_free(feed->notes);
	free_text(feed->selection.account);
	free_text(feed->selection.namespace_);
	free_text(feed->selection.name);
	free_text(feed->selection.labels);
	free(feed->cache_key);
	pthread_mutex_destroy(&feed->work);
	pthread_mutex_destroy(&feed->lock);
	free(feed);
}

void feed_load_cache(struct feed *feed)
{
	void *bytes = NULL;
	size_t length = 0;
	int64_t saved_at_ns = 0;
	struct snapshot *snapshot = NULL;

	if (!feed->cache_key || cache_load(feed->estate->options.store, feed->cache_key, &bytes, &length,
				       &saved_at_ns, NULL))
		return;
	if (bytes)
		snapshot = snapshot_from_bytes(feed->kind, bytes, length);
	free(bytes);
	if (!snapshot)
		return;
	pthread_mutex_lock(&feed->work);
	table_load(feed->table, snapshot);
	feed->primed = 1;
	pthread_mutex_lock(&feed->lock);
	feed->snapshot = snapshot;
	feed->state = FEED_CACHED;
	feed->observed_ns = snapshot_time(snapshot);
	feed->total = snapshot_total(snapshot);
	pthread_mutex_unlock(&feed->lock);
	pthread_mutex_unlock(&feed->work);
	feed_news(feed);
}

void feed_news(struct feed *feed)
{
	struct estate *estate = feed->estate;

	atomic_fetch_add(&feed->version, 1);
	/* Nobody looks: who shows it again looks at the version. */
	if (feed->silent || !estate->options.on_news || !atomic_load(&feed->visible))
		return;
	if (feed->listing && !feed->part_count)
		atomic_store(&feed->untold, 1);
	else
		estate->options.on_news(estate->options.arg);
}

int feed_untold(struct feed *feed)
{
	return atomic_exchange(&feed->untold, 0);
}

/* What nobody sees is asked for seldom, in whole minutes: all of it in one wake-up. */
int feed_interval_ms(const struct feed *feed)
{
	int poll_ms = feed->kind->poll_ms;

	if (poll_ms > INT32_MAX / (2 * HIDDEN_FACTOR) || atomic_load(&feed->visible))
		return poll_ms;
	return (poll_ms * HIDDEN_FACTOR + HIDDEN_STEP_MS - 1) / HIDDEN_STEP_MS * HIDDEN_STEP_MS;
}

/* --- publishing; with feed->work held --- */

/* Rows known whole are worth keeping; once a minute, with those of all others, and at the end (feed_free). */
static void save_now_and_then(struct feed *feed)
{
	int64_t now = clock_monotonic_ns(), every = CACHE_EVERY_S * CLOCK_SECOND_NS, wall = clock_now_ns();

	if (feed->silent || !feed->snapshot)
		return;
	if (feed->saved_ns && wall / every == (wall - (now - feed->saved_ns)) / every)
		return;
	feed->saved_ns = now;
	feed_save_cache(feed, feed->snapshot);
}

static void publish(struct feed *feed)
{
	struct snapshot *snapshot, *before;

	feed->armed = 0;
	if (feed->silent)
		return;
	snapshot = table_snapshot(feed->table);
	feed->published_ns = clock_monotonic_ns();
	pthread_mutex_lock(&feed->lock);
	before = feed->snapshot;
	feed->snapshot = snapshot;
	feed->total = snapshot_total(snapshot);
	if (feed->state == FEED_LIVE)
		feed->observed_ns = snapshot_time(snapshot);
	pthread_mutex_unlock(&feed->lock);
	if (snapshot != before) {
		feed_news(feed);
		if (feed->saved_ns && !feed->part_count)
			save_now_and_then(feed);
	}
	snapshot_unref(before);
}

/* Now, when the last one is long enough ago; else once it will be. `since` is when that was. */
static void publish_or_arm(struct feed *feed, int64_t since)
{
	int64_t gap = (atomic_load(&feed->visible) ? PUBLISH_MS : PUBLISH_HIDDEN_MS) * ms;

	if (!since || clock_monotonic_ns() - since >= gap) {
		publish(feed);
	} else if (!feed->armed && !feed->silent) {
		feed->armed = 1;
		schedule_publish(feed, since + gap);
	}
}

void feed_publish_due(struct feed *feed)
{
	pthread_mutex_lock(&feed->work);
	if (feed->armed)
		publish(feed);
	pthread_mutex_unlock(&feed->work);
}

void feed_judge_due(struct feed *feed)
{
	pthread_mutex_lock(&feed->work);
	if (rejudge(feed))
		publish_or_arm(feed, feed->published_ns);
	pthread_mutex_unlock(&feed->work);
}

/* --- what providers call --- */

void feed_begin_part(struct feed *feed, const char *id_prefix)
{
	struct part *part = NULL;

	pthread_mutex_lock(&feed->work);
	table_begin(feed->table);
	for (int i = 0; i < feed->part_count && !part; i++)
		if (!strcmp(feed->parts[i].prefix, id_prefix))
			part = &feed->parts[i]; /* begun anew */
	if (!part && feed->part_count < PARTS_MAX)
		part = &feed->parts[feed->part_count++];
	if (part) {
		snprintf(part->prefix, sizeof(part->prefix), "%s", id_prefix);
		part->mark = table_mark(feed->table);
	}
	pthread_mutex_unlock(&feed->work);
}

void feed_begin(struct feed *feed)
{
	feed_begin_part(feed, "");
}

static int take_part(struct feed *feed, const char *id_prefix, unsigned *mark)
{
	for (int i = 0; i < feed->part_count; i++) {
		if (strcmp(feed->parts[i].prefix, id_prefix))
			continue;
		*mark = feed->parts[i].mark;
		feed->parts[i] = feed->parts[--feed->part_count];
		return 1;
	}
	return 0;
}

static void set_live(struct feed *feed)
{
	enum feed_state state = feed->kind->watchable && feed->ops->watch && !atomic_load(&feed->polls)
					? FEED_LIVE
					: FEED_POLLED;
	int changed;

	pthread_mutex_lock(&feed->lock);
	changed = feed->state != state || *feed->error;
	feed->state = state;
	feed->observed_ns = clock_now_ns();
	*feed->error = '\0';
	pthread_mutex_unlock(&feed->lock);
	if (!changed)
		return;
	feed_news(feed);
	schedule_accounts(feed->estate);
}

static void first_sight(struct feed *feed)
{
	struct snapshot *snapshot;

	if (!feed->cache_key || !feed->kind->history || feed->silent)
		return;
	snapshot = table_snapshot(feed->table);
	changes_first_sight(feed, snapshot);
	snapshot_unref(snapshot);
}

void feed_end_part(struct feed *feed, const char *id_prefix)
{
	unsigned mark;

	pthread_mutex_lock(&feed->work);
	if (take_part(feed, id_prefix, &mark)) {
		table_sweep_marked(feed->table, mark, id_prefix);
		if (!feed->part_count) {
			set_live(feed);
			publish_or_arm(feed, feed->ended_ns);
			feed->ended_ns = clock_monotonic_ns();
			if (!feed->primed)
				first_sight(feed);
			feed->primed = 1;
			save_now_and_then(feed);
		} else {
			publish_or_arm(feed, feed->published_ns);
		}
	}
	pthread_mutex_unlock(&feed->work);
}

void feed_end(struct feed *feed)
{
	feed_end_part(feed, "");
}

static int is_empty(const char *const *cells, const size_t *lengths, int column)
{
	return column >= 0 && (!cells[column] || !lengths[column]);
}

static void copy_cell(char *out, size_t size, const char *const *cells, const size_t *lengths,
	int column)
{
	*out = '\0';
	if (column >= 0 && cells[column])
		snprintf(out, size, "%.*s", (int)(lengths[column] < size ? lengths[column] : size - 1),
			cells[column]);
}

static void fill_scope(struct feed *feed, const struct ref *ref)
{
	const char *namespace_ = *ref->namespace_ || strcmp(ref->kind, "namespaces")
					 ? ref->namespace_
					 : ref->name;
	char names[SCOPE_NAME_MAX];

	snprintf(names, sizeof(names), "%s/%s", ref->account, namespace_);
	if (!strcmp(names, feed->scope_of) && *feed->scope_of)
		return;
	memcpy(feed->scope_of, names, sizeof(names));
	estate_scope(feed->estate, namespace_, ref->account, feed->scope);
}

struct filled { /* cells with what the provider left out */
	const char *cells[COLUMNS_MOST];
	size_t lengths[COLUMNS_MOST];
	struct ref ref;
	char id[1100];
};

static void fill(struct filled *out, int column, const char *text)
{
	out->cells[column] = text;
	out->lengths[column] = strlen(text);
}

static void fill_in(struct feed *feed, struct filled *out, const char *const *cells,
	const size_t *lengths)
{
	const struct kind *kind = feed->kind;
	const int *role = kind->role;
	struct ref *ref = &out->ref;

	memcpy(out->cells, cells, kind->column_count * sizeof(*cells));
	memcpy(out->lengths, lengths, kind->column_count * sizeof(*lengths));
	snprintf(ref->provider, sizeof(ref->provider), "%s", kind->provider);
	snprintf(ref->kind, sizeof(ref->kind), "%s", kind->name);
	copy_cell(ref->account, sizeof(ref->account), cells, lengths, role[ROLE_ACCOUNT]);
	copy_cell(ref->namespace_, sizeof(ref->namespace_), cells, lengths, role[ROLE_NAMESPACE]);
	copy_cell(ref->name, sizeof(ref->name), cells, lengths, role[ROLE_NAME]);
	if (!*ref->account && feed->selection.account && strcmp(feed->selection.account, "*")) {
		snprintf(ref->account, sizeof(ref->account), "%s", feed->selection.account);
		if (role[ROLE_ACCOUNT] >= 0)
			fill(out, role[ROLE_ACCOUNT], ref->account);
	}
	if (is_empty(cells, lengths, role[ROLE_SCOPE])) {
		fill_scope(feed, ref);
		fill(out, role[ROLE_SCOPE], feed->scope);
	}
	if (is_empty(cells, lengths, role[ROLE_ID]) && *ref->name) {
		ref_format(ref, out->id, sizeof(out->id));
		fill(out, role[ROLE_ID], out->id);
	}
}

void feed_row(struct feed *feed, const char *const *cells, const size_t *lengths)
{
	struct filled filled;

	pthread_mutex_lock(&feed->work);
	fill_in(feed, &filled, cells, lengths);
	if (table_put(feed->table, filled.cells, filled.lengths) && !feed->part_count)
		publish_or_arm(feed, feed->published_ns);
	*feed->by = '\0';
	pthread_mutex_unlock(&feed->work);
}

void feed_page(struct feed *feed)
{
	pthread_mutex_lock(&feed->work);
	if (!feed->published_ns || clock_monotonic_ns() - feed->published_ns >= PUBLISH_MS * ms)
		publish(feed); /* the end of the list publishes what a page left out */
	pthread_mutex_unlock(&feed->work);
}

void feed_remove(struct feed *feed, const char *id)
{
	pthread_mutex_lock(&feed->work);
	if (table_remove(feed->table, id) && !feed->part_count)
		publish_or_arm(feed, feed->published_ns);
	*feed->by = '\0';
	pthread_mutex_unlock(&feed->work);
}

void feed_total(struct feed *feed, size_t total)
{
	pthread_mutex_lock(&feed->work);
	table_set_total(feed->table, total);
	pthread_mutex_lock(&feed->lock);
	feed->total = total;
	pthread_mutex_unlock(&feed->lock);
	pthread_mutex_unlock(&feed->work);
}

static int set_note(struct feed *feed, const char *source, const struct error *err)
{
	struct json *before = json_get(feed->notes, source), *note;

	if (!err) {
		if (before)
			json_remove(feed->notes, source);
		return before != NULL;
	}
	if (before && !strcmp(json_text_or(json_get(before, "message"), ""), err->text))
		return 0;
	note = json_object();
	json_set_text(note, "source", source);
	json_set_text(note, "code", error_name(err->code));
	json_set_text(note, "message", err->text);
	json_set(feed->notes, source, note);
	return 1;
}

void feed_note(struct feed *feed, const char *source, const struct error *err)
{
	char clean[SCOPE_NAME_MAX]; /* a mount point, a namespace: named by others */
	int changed;

	safe_copy(clean, sizeof(clean), source, strlen(source));
	pthread_mutex_lock(&feed->lock);
	changed = set_note(feed, clean, err);
	pthread_mutex_unlock(&feed->lock);
	if (!changed)
		return;
	feed_news(feed);
	schedule_accounts(feed->estate);
}

void feed_by(struct feed *feed, const char *who)
{
	pthread_mutex_lock(&feed->work);
	safe_copy(feed->by, sizeof(feed->by), who, strlen(who));
	pthread_mutex_unlock(&feed->work);
}

int feed_is_lasting(const struct feed *feed)
{
	return !feed->silent;
}

int feed_is_visible(const struct feed *feed)
{
	return atomic_load(&feed->visible);
}

int feed_cancelled(const struct feed *feed)
{
	return atomic_load(&feed->cancelled) || within_over();
}

const void *feed_cancel_flag(const struct feed *feed)
{
	/* Nobody but whoever asked can cancel a list for one answer. */
	const atomic_int *asker = feed->silent ? within_cancelled(NULL) : NULL;

	return asker ? asker : &feed->cancelled;
}

/* --- what panes call --- */

void feed_fail(struct feed *feed, const struct error *err)
{
	pthread_mutex_lock(&feed->work);
	feed->part_count = 0; /* a list that broke off sweeps nothing */
	if (table_dirty(feed->table))
		publish(feed);
	pthread_mutex_unlock(&feed->work);
	pthread_mutex_lock(&feed->lock);
	feed->state = FEED_FAILED;
	feed->error_code = err->code;
	snprintf(feed->error, sizeof(feed->error), "%s", err->text);
	pthread_mutex_unlock(&feed->lock);
	feed_news(feed);
	schedule_accounts(feed->estate);
}

struct snapshot *feed_snapshot(struct feed *feed)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&feed->lock);
	snapshot = feed->snapshot ? snapshot_ref(feed->snapshot) : NULL;
	pthread_mutex_unlock(&feed->lock);
	return snapshot;
}

unsigned feed_version(const struct feed *feed)
{
	return atomic_load(&feed->version);
}

/* Parts that did not answer. One that is not ours to see, or beyond a limit, did: it makes nothing old. */
static size_t count_silent(const struct feed *feed)
{
	size_t silent = 0;

	for (const struct json *note = json_first(feed->notes); note; note = json_next(note)) {
		const char *code = json_text_or(json_get(note, "code"), "");

		silent += strcmp(code, error_name(ERR_FORBIDDEN)) != 0 &&
			  strcmp(code, error_name(ERR_LIMIT)) != 0;
	}
	return silent;
}

static int is_refused(const struct feed *feed)
{
	if (*feed->error)
		return feed->error_code == ERR_FORBIDDEN;
	return json_count(feed->notes) && !count_silent(feed);
}

static int is_stale(struct feed *feed, int64_t now)
{
	switch (feed->state) {
	case FEED_LOADING:
		return 0;
	case FEED_LIVE:
		return count_silent(feed) > 0;
	case FEED_POLLED:
		return count_silent(feed) > 0 ||
		       now - feed->observed_ns > INT64_C(3) * feed_interval_ms(feed) * ms;
	case FEED_FAILED:
	case FEED_CACHED:
		break;
	}
	return 1;
}

void feed_status(struct feed *feed, struct feed_status *status)
{
	int64_t now = clock_now_ns();

	pthread_mutex_lock(&feed->lock);
	*status = (struct feed_status){
		.state = feed->state,
		/* An open watch tells every change: what is shown is as old as the link is silent, no older. */
		.observed_ns = feed->state == FEED_LIVE && !count_silent(feed) ? now
										     : feed->observed_ns,
		.stale = is_stale(feed, now),
		.total = feed->total,
		.refused = is_refused(feed),
	};
	memcpy(status->error, feed->error, sizeof(status->error));
	if (!*status->error && json_count(feed->notes))
		snprintf(status->error, sizeof(status->error), "%s",
			json_text_or(json_get(json_first(feed->notes), "message"), ""));
	pthread_mutex_unlock(&feed->lock);
}

struct json *feed_errors(struct feed *feed)
{
	struct json *errors = json_array();

	pthread_mutex_lock(&feed->lock);
	for (const struct json *note = json_first(feed->notes); note; note = json_next(note))
		json_add(errors, json_copy(note));
	pthread_mutex_unlock(&feed->lock);
	return errors;
}
