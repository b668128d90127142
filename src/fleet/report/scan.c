#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker.h"
#include "fleet/check/suppress.h"
#include "fleet/heal/heal.h"
#include "fleet/report/private.h"
#include "fleet/secrets/secrets.h"
#include "fleet/tree/kept_out.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"
#include "fleet/tree/workers.h"

#define LIVE_ENV_CHECK "SEC008" /* a live environment file that is committed, or would be */
enum { REST_CHUNK = 256, WINDOWS_MAX = 64 };

struct scan {
	struct report *report;
	struct item *items;
	size_t count;
	pthread_mutex_t lock;
	size_t first_undone, found; /* all before it are done, and found so much */
};

/* What a thread keeps from file to file. */
struct scanner {
	struct secret_scanner *secrets;
	struct checker *checker;
	struct source source;
};

/* --- items --- */

static void add_item(struct scan *scan, size_t unit, size_t first, size_t count)
{
	scan->items = mem_grow(scan->items, scan->count + 1, sizeof(*scan->items));
	scan->items[scan->count++] = (struct item){ .unit = unit, .first = first, .count = count };
}

/* An agent is scanned by one thread, since its checks look at all its files; the rest has none and is cut up. */
static void make_items(struct scan *scan)
{
	const struct report *report = scan->report;

	for (size_t u = 0; u < report->unit_count; u++) {
		size_t first = report->first_of[u], end = report->first_of[u + 1];
		size_t most = report->units[u].agent ? end - first : REST_CHUNK;

		if (report->units[u].kept)
			continue;
		if (first == end && report->units[u].agent)
			add_item(scan, u, first, 0);
		for (; first < end; first += most)
			add_item(scan, u, first, end - first < most ? end - first : most);
	}
}

static void note(struct item *item, const char *path, int failed, const char *text)
{
	struct arena *arena = findings_arena(item->findings);

	item->notes = mem_grow(item->notes, item->note_count + 1, sizeof(*item->notes));
	item->notes[item->note_count++] = (struct report_note){ arena_text(arena, path), arena_text(arena, text), failed };
}

/* --- a file --- */

static void scan_window(struct scan *scan, struct scanner *own, struct item *item, const struct agent *agent)
{
	size_t from = findings_count(item->findings);

	secret_scan(own->secrets, &own->source, item->findings);
	if (!own->source.base)
	{
		checker_file(own->checker, &own->source, item->findings);
		if (checker_skipped(own->checker))
			note(item, own->source.path, 0, checker_skipped(own->checker));
	}
	for (size_t i = from; i < findings_count(item->findings); i++) {
		struct finding *finding = findings_at(item->findings, i);

		finding->agent = agent ? agent->path : NULL;
		if (!strcmp(finding->check->id, LIVE_ENV_CHECK) && kept_out_is(scan->report->kept_out, finding->path)) {
			finding->state = FINDING_SUPPRESSED;
			finding->why = "a .gitignore takes the file out, and git does not have it";
		}
	}
	suppress_apply(scan->report->checks, agent, &own->source, item->findings, from, scan->report->begun_ns);
}

static void scan_file(struct scan *scan, struct scanner *own, struct item *item, size_t at)
{
	struct report *report = scan->report;
	const struct walk_file *file = walk_at(report->walk, report->order[at]);
	uint8_t digests[WINDOWS_MAX][SHA256_BYTES];
	size_t windows = 0, next = 0;
	struct error err = { 0 };

	do {
		if (source_load(&own->source, walk_root_fd(report->walk), file->path, file->path, next, &err)) {
			int gone = err.code == ERR_NOT_FOUND;

			note(item, file->path, !gone, gone ? "was gone when it was to be read" : err.text);
			break;
		}
		sha256(own->source.bytes, own->source.byte_length, digests[windows++]);
		atomic_fetch_add(&report->bytes_done, (long long)own->source.byte_length);
		scan_window(scan, own, item, report->units[item->unit].agent);
	} while (windows < WINDOWS_MAX && source_more(&own->source, &next));
	sha256(digests, windows * SHA256_BYTES, report->digests[at]);
	atomic_fetch_add(&report->files_done, 1);
}

/* --- threads --- */

static void *begin(void *arg)
{
	struct scan *scan = arg;
	struct scanner *own = mem_zero(1, sizeof(*own));

	own->secrets = secret_scanner_new(scan->report->rules);
	own->checker = checker_new(scan->report->checks, NULL); /* its rules were read once already: cannot fail */
	checker_tree(own->checker, scan->report->walk);
	return own;
}

static void end(void *arg, void *thread)
{
	struct scanner *own = thread;

	(void)arg;
	secret_scanner_free(own->secrets);
	checker_free(own->checker);
	source_release(&own->source);
	free(own);
}

/* What items before this one found, as far as it is known: the lists are joined in this order, and the first of them fill what is kept. */
static size_t found_before(struct scan *scan, size_t i)
{
	size_t found;

	pthread_mutex_lock(&scan->lock);
	found = scan->first_undone <= i ? scan->found : 0;
	pthread_mutex_unlock(&scan->lock);
	return found;
}

static void is_done(struct scan *scan, size_t i)
{
	pthread_mutex_lock(&scan->lock);
	scan->items[i].done = 1;
	for (; scan->first_undone < scan->count && scan->items[scan->first_undone].done; scan->first_undone++)
		scan->found += findings_count(scan->items[scan->first_undone].findings);
	pthread_mutex_unlock(&scan->lock);
}

static void scan_item(void *arg, void *thread, size_t i)
{
	struct scan *scan = arg;
	struct scanner *own = thread;
	struct item *item = &scan->items[i];
	const struct agent *agent = scan->report->units[item->unit].agent;

	item->findings = findings_new();
	findings_stand_behind(item->findings, found_before(scan, i));
	checker_begin(own->checker, agent);
	for (size_t f = 0; f < item->count; f++) {
		if (scan->report->options.cancelled && atomic_load(scan->report->options.cancelled))
			return;
		scan_file(scan, own, item, item->first + f);
	}
	size_t from = findings_count(item->findings);
	checker_end(own->checker, item->findings);
	for (size_t f = from; f < findings_count(item->findings); f++)
		findings_at(item->findings, f)->agent = agent ? agent->path : NULL;
	suppress_by_config(agent, item->findings, from, scan->report->begun_ns);
	heal_judge(scan->report, scan->report->heal_values, item->findings, 0);
	is_done(scan, i);
}

static void tick(void *arg)
{
	const struct report *report = ((struct scan *)arg)->report;

	if (report->options.progress)
		report->options.progress(report->options.arg, &(struct report_progress){ .files = atomic_load(&report->files_done),
			.files_total = report->first_of[report->unit_count], .bytes = atomic_load(&report->bytes_done),
			.elapsed_ns = clock_monotonic_ns() - report->begun_monotonic_ns });
}

static void join(struct report *report, struct item *item)
{
	for (size_t i = 0; i < item->note_count; i++) {
		report_note(report, item->notes[i].path, item->notes[i].failed, item->notes[i].text);
		report->unread[item->unit] = 1; /* so that the next run says it too */
	}
	free(item->notes);
	if (item->findings)
		findings_take(report->findings, item->findings);
}

void report_scan(struct report *report)
{
	struct scan scan = { .report = report, .lock = PTHREAD_MUTEX_INITIALIZER };

	make_items(&scan);
	workers_run(&(struct workers_request){ .items = scan.count, .threads = report->options.threads, .cancelled = report->options.cancelled,
		.begin = begin, .item = scan_item, .end = end, .tick = tick, .arg = &scan });
	for (size_t i = 0; i < scan.count; i++)
		join(report, &scan.items[i]);
	free(scan.items);
}
