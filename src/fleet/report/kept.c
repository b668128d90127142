/* What did not change since it was kept in the lake is not scanned again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/report/lake.h"
#include "fleet/report/private.h"
#include "fleet/tree/kept_out.h"
#include "fleet/tree/source.h"
#include "fleet/tree/walk.h"
#include "fleet/tree/workers.h"

enum { WINDOWS_MAX = 64, TEXT_MAX = 64 << 20 };

/* What the result depends on besides the files: the rules, the program, what is said of the whole tree. */
static void add_rules(const struct report *report, struct text *text)
{
	text_format(text, "%s\n%s\n%s\n", PACKAGE_VERSION, checks_version(report->checks), report_engine(report));
	kept_out_add(report->kept_out, text);
	for (size_t i = 0; i < walk_count(report->walk); i++) {
		const struct walk_file *file = walk_at(report->walk, i);
		const char *name = strrchr(file->path, '/');

		name = name ? name + 1 : file->path;
		if (!strcmp(name, "CODEOWNERS") || !strcmp(name, ".gitignore"))
			text_format(text, "%s %lld %lld\n", file->path, (long long)file->size_bytes, (long long)file->changed_ns);
	}
}

static void set_stats(struct report *report, size_t u)
{
	struct report_unit *unit = &report->units[u];
	struct text text;

	text_init(&text, TEXT_MAX);
	add_rules(report, &text);
	for (size_t i = report->first_of[u]; i < report->first_of[u + 1]; i++) {
		const struct walk_file *file = walk_at(report->walk, report->order[i]);
		int64_t newest_ns = file->changed_ns > file->status_ns ? file->changed_ns : file->status_ns;

		text_format(&text, "%s%c%lld %lld %lld %llu\n", file->path, 0, (long long)file->size_bytes, (long long)file->changed_ns, (long long)file->status_ns,
			(unsigned long long)file->inode);
		unit->newest_ns = newest_ns > unit->newest_ns ? newest_ns : unit->newest_ns;
		unit->bytes += file->size_bytes;
	}
	unit->files = report->first_of[u + 1] - report->first_of[u];
	if (!text.cut)
		sha256_hex(text.data, text.length, unit->stats);
	text_release(&text);
}

/* Of the digests of its files, which are known by then. */
static void set_content(struct report *report, size_t u)
{
	struct text text;

	text_init(&text, TEXT_MAX);
	add_rules(report, &text);
	for (size_t i = report->first_of[u]; i < report->first_of[u + 1]; i++) {
		const char *path = walk_at(report->walk, report->order[i])->path;

		text_add_n(&text, path, strlen(path) + 1);
		text_add_n(&text, (const char *)report->digests[i], SHA256_BYTES);
	}
	if (!text.cut)
		sha256_hex(text.data, text.length, report->units[u].content);
	text_release(&text);
}

/* --- looking --- */

/* What a worker took from the lake for one unit; the tree itself is let go at once. */
struct kept {
	struct findings *findings; /* NULL: it is to be scanned */
	char content[SHA256_HEX_MAX];
	enum report_kept how;
	int64_t observed_ns;
};

struct looking {
	struct report *report;
	struct kept *kept; /* of each unit */
};

static void hash_file(struct report *report, struct source *source, size_t at)
{
	const char *path = walk_at(report->walk, report->order[at])->path;
	uint8_t digests[WINDOWS_MAX][SHA256_BYTES];
	size_t windows = 0, next = 0;

	do {
		if (source_load(source, walk_root_fd(report->walk), path, path, next, NULL))
			break;
		sha256(source->bytes, source->byte_length, digests[windows++]);
	} while (windows < WINDOWS_MAX && source_more(source, &next));
	sha256(digests, windows * SHA256_BYTES, report->digests[at]);
}

/* Whether the unit is as it was kept: by its stats, else by reading its files. */
static enum report_kept how_kept(struct report *report, size_t u, const struct json *entry)
{
	struct source source = { 0 };

	if (lake_is_current(entry, &report->units[u], 1, report->begun_ns))
		return KEPT_BY_STATS;
	for (size_t i = report->first_of[u]; i < report->first_of[u + 1]; i++)
		hash_file(report, &source, i);
	source_release(&source);
	set_content(report, u);
	return lake_is_current(entry, &report->units[u], 0, report->begun_ns) ? KEPT_BY_CONTENT : KEPT_NOT;
}

static void look(void *arg, void *own, size_t u)
{
	struct looking *looking = arg;
	struct report *report = looking->report;
	struct kept *kept = &looking->kept[u];
	struct json *entry = lake_load(report->lake, report->units[u].hash);
	const char *content = json_text(json_get(entry, "content"));

	(void)own;
	if (entry && lake_is_sealed(entry, report->hash_key) && content && strlen(content) < sizeof(kept->content))
		kept->how = how_kept(report, u, entry);
	if (kept->how != KEPT_NOT) {
		kept->findings = findings_new();
		kept->observed_ns = kept->how == KEPT_BY_STATS ? json_int(json_get(entry, "observed_ns"), 0) : report->begun_ns;
		snprintf(kept->content, sizeof(kept->content), "%s", content);
		if (lake_findings(entry, report->checks, kept->findings)) {
			findings_free(kept->findings);
			*kept = (struct kept){ 0 };
		}
	}
	json_free(entry);
}

static void take(struct report *report, size_t u, struct kept *kept)
{
	struct report_unit *unit = &report->units[u];

	if (!kept->findings)
		return;
	findings_take(report->findings, kept->findings);
	memcpy(unit->content, kept->content, sizeof(unit->content));
	unit->kept = kept->how;
	unit->observed_ns = kept->observed_ns;
}

void report_take_kept(struct report *report)
{
	struct looking looking = { .report = report, .kept = mem_zero(report->unit_count + 1, sizeof(struct kept)) };

	for (size_t u = 0; u < report->unit_count; u++)
		set_stats(report, u);
	if (report->lake && !report->options.afresh)
		workers_run(&(struct workers_request){ .items = report->unit_count, .threads = report->options.threads,
			.cancelled = report->options.cancelled, .item = look, .arg = &looking });
	for (size_t u = 0; u < report->unit_count; u++)
		take(report, u, &looking.kept[u]);
	free(looking.kept);
}

/* --- keeping --- */

static int names_are_text(const struct report *report, size_t u)
{
	for (size_t i = report->first_of[u]; i < report->first_of[u + 1]; i++) {
		const char *path = walk_at(report->walk, report->order[i])->path;

		if (!safe_is(path, strlen(path)))
			return 0;
	}
	return 1;
}

/* Once with stats that changed, so that the next run need not read; not at all where the lake cannot be written. */
void report_save(struct report *report)
{
	struct error err = { 0 };
	int failed = 0, changed = 0;

	for (size_t u = 0; u < report->unit_count && report->lake && !failed; u++) {
		struct report_unit *unit = &report->units[u];

		if (unit->kept == KEPT_BY_STATS || (!unit->files && !unit->agent))
			continue;
		if (!unit->kept)
			set_content(report, u);
		failed = lake_save(report->lake, unit, report->findings, !report->unread[u] && names_are_text(report, u), report->hash_key, &err);
		changed = 1;
	}
	if (!failed && changed)
		failed = lake_save_index(report->lake, report->units, report->unit_count, &err);
	if (failed)
		report_note(report, report->lake, 0, err.text);
}
