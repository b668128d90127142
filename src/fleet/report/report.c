#include "fleet/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker.h"
#include "fleet/check/suppress.h"
#include "fleet/heal/heal.h"
#include "fleet/report/lake.h"
#include "fleet/report/private.h"
#include "fleet/secrets/archive.h"
#include "fleet/secrets/history.h"
#include "fleet/secrets/secrets.h"
#include "fleet/supply/deps.h"
#include "fleet/supply/registry.h"
#include "fleet/tree/kept_out.h"
#include "fleet/tree/walk.h"

enum { THREADS_MAX = 16 };

void report_note(struct report *report, const char *path, int failed, const char *text)
{
	report->notes = mem_grow(report->notes, report->note_count + 1, sizeof(*report->notes));
	report->notes[report->note_count++] =
		(struct report_note){ arena_text(report->arena, path), arena_text(report->arena, text), failed };
}

/* --- the key of secrets' hashes: of this machine's user, made once --- */

static int load_hash_key(struct report *report, struct error *err)
{
	char *path = mem_format("%s/fleet.key", file_state_folder());
	size_t length = 0;
	char *bytes = file_load(path, SHA256_BYTES, &length, NULL);
	int failed = 0;

	if (bytes && length == SHA256_BYTES) {
		memcpy(report->hash_key, bytes, SHA256_BYTES);
	} else if (getrandom(report->hash_key, SHA256_BYTES, 0) != SHA256_BYTES) {
		failed = error_errno(err, "random bytes");
	} else if (file_save(path, report->hash_key, SHA256_BYTES, 0600, err)) {
		report_note(report, path, 0, "cannot be written; hashes of secrets will differ in the next run");
	}
	free(bytes);
	free(path);
	return failed;
}

/* --- units --- */

/* Files of each agent, then those of none, in the order of the walk. */
static void sort_files(struct report *report)
{
	size_t files = walk_count(report->walk), at = 0;
	int *unit_of = mem_alloc((files + 1) * sizeof(*unit_of));
	size_t agents = agents_count(report->agents);

	report->order = mem_alloc((files + 1) * sizeof(*report->order));
	report->first_of = mem_zero(agents + 2, sizeof(*report->first_of));
	for (size_t i = 0; i < files; i++) {
		const struct agent *agent = agents_of(report->agents, walk_at(report->walk, i)->path);

		unit_of[i] = agent ? (int)(agent - agents_at(report->agents, 0)) : (int)agents;
	}
	for (size_t u = 0; u <= agents; u++) {
		report->first_of[u] = at;
		for (size_t i = 0; i < files; i++)
			if (unit_of[i] == (int)u && !walk_at(report->walk, i)->link)
				report->order[at++] = i;
	}
	report->first_of[agents + 1] = at;
	free(unit_of);
}

static void make_units(struct report *report)
{
	size_t agents = agents_count(report->agents);

	report->unit_count = agents + 1;
	report->units = mem_zero(report->unit_count, sizeof(*report->units));
	report->unread = mem_zero(report->unit_count, sizeof(*report->unread));
	sort_files(report);
	report->digests = mem_zero(report->first_of[report->unit_count] + 1, SHA256_BYTES);
	for (size_t u = 0; u < report->unit_count; u++) {
		struct report_unit *unit = &report->units[u];

		unit->agent = agents_at(report->agents, u);
		unit->path = unit->agent ? unit->agent->path : "";
		unit->observed_ns = report->begun_ns;
		lake_hash(unit->agent ? unit->path : "\x01rest", unit->hash);
	}
}

static void take_skips(struct report *report)
{
	for (size_t i = 0; i < walk_skips(report->walk); i++) {
		const struct walk_skip *skip = walk_skip_at(report->walk, i);

		report_note(report, skip->path, skip->failed, skip->why);
	}
}

/* --- the whole --- */

static int is_folder(const char *path)
{
	struct stat about;

	return !stat(path, &about) && S_ISDIR(about.st_mode);
}

static int open_all(struct report *report, struct error *err)
{
	const struct report_options *options = &report->options;
	char resolved[PATH_MAX];

	if (!realpath(options->path, resolved))
		return error_errno(err, "%s", options->path);
	if (!is_folder(resolved))
		return error_set(err, ERR_INVALID, "%s is no folder; name the folder that holds it", options->path);
	report->root = mem_text(resolved);
	if (!options->lake || *options->lake)
		report->lake = options->lake ? mem_text(options->lake) : mem_format("%s/evidence_lake", report->root);
	if (!(report->checks = checks_load(err)) || load_hash_key(report, err))
		return -1;
	struct checker *checker = checker_new(report->checks, err);
	if (!checker)
		return -1;
	checker_free(checker);
	report->rules = secret_rules_load(
		&(struct secret_rules_options){ .checks = report->checks, .no_vectorscan = options->no_vectorscan, .hash_key = report->hash_key }, err);
	if (!report->rules || !(report->heal_values = heal_values_load(err)) || !(report->walk = walk_tree(report->root, NULL, err)))
		return -1;
	report->kept_out = kept_out_load(walk_root_fd(report->walk));
	report->agents = agents_discover(report->walk, err);
	return report->agents ? 0 : -1;
}

static int is_cancelled(const struct report *report)
{
	return report->options.cancelled && atomic_load(report->options.cancelled);
}

static void read_dependencies(struct report *report)
{
	char text[300];

	report->deps = deps_read(report->walk, report->agents);
	for (size_t i = 0; i < deps_problems(report->deps); i++) {
		const struct deps_problem *problem = deps_problem_at(report->deps, i);

		if (problem->line)
			snprintf(text, sizeof(text), "line %d: %s", problem->line, problem->text);
		report_note(report, problem->path, 0, problem->line ? text : problem->text);
	}
}

/* What indices say changes without the tree: it is in no score and not kept in the lake. */
static void ask_registry(struct report *report)
{
	report->registry = registry_ask(report->deps, report->options.registry);
	for (size_t i = 0; i <= agents_count(report->agents); i++) {
		const struct agent *agent = agents_at(report->agents, i); /* NULL: of no agent */
		size_t from = findings_count(report->findings);

		registry_findings(report->registry, report->checks, agent ? agent->path : NULL, report->findings);
		suppress_by_config(agent, report->findings, from, report->begun_ns);
	}
	heal_judge(report, report->heal_values, report->findings, 1); /* a version may be known by now */
}

/* As the history, no part of what is kept. */
static void read_archives(struct report *report)
{
	struct secret_scanner *scanner = secret_scanner_new(report->rules);
	char text[160];

	for (size_t i = 0; i < walk_count(report->walk) && !is_cancelled(report); i++) {
		const struct walk_file *file = walk_at(report->walk, i);
		struct secrets_archive seen;
		struct error err = { 0 };

		if (file->link || !secrets_archive_is(file->path))
			continue;
		if (secrets_archive(scanner, walk_root_fd(report->walk), file->path, report->findings, &seen, &err))
			report_note(report, file->path, 1, err.text);
		snprintf(text, sizeof(text), "%zu files inside were encrypted, too large, too many or packed more than twice, and not looked at", seen.skipped);
		if (seen.skipped)
			report_note(report, file->path, 1, text);
	}
	secret_scanner_free(scanner);
	findings_finish(report->findings);
}

/* After the lake is written: the past is no part of what an agent is now. */
static void read_history(struct report *report)
{
	struct secret_scanner *scanner = secret_scanner_new(report->rules);
	struct secrets_history seen;
	struct error err = { 0 };
	char text[160];

	if (secrets_history(scanner, report->root, report->walk, report->findings, report->options.cancelled, &seen, &err))
		report_note(report, ".git", 1, err.text);
	snprintf(text, sizeof(text), "%zu blobs of the history were too large or too many and not looked at", seen.skipped);
	if (seen.skipped)
		report_note(report, ".git", 1, text);
	secret_scanner_free(scanner);
	findings_finish(report->findings);
}

static int run_all(struct report *report, struct error *err)
{
	if (open_all(report, err))
		return -1;
	take_skips(report);
	make_units(report);
	report_take_kept(report);
	report_scan(report);
	if (is_cancelled(report))
		return error_set(err, ERR_CANCELLED, "stopped after %zu files; no report was made", (size_t)atomic_load(&report->files_done));
	findings_finish(report->findings);
	heal_judge(report, report->heal_values, report->findings, 1);
	report_score(report);
	report_save(report);
	if (report->options.archives)
		read_archives(report);
	if (report->options.history)
		read_history(report);
	if (report->options.dependencies || report->options.registry)
		read_dependencies(report);
	if (report->options.registry)
		ask_registry(report);
	if (report_judge(report, err))
		return -1;
	report->duration_ns = clock_monotonic_ns() - report->begun_monotonic_ns;
	return 0;
}

struct report *report_run(const struct report_options *options, struct error *err)
{
	struct report *report = mem_zero(1, sizeof(*report));
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	report->options = *options;
	if (report->options.threads <= 0)
		report->options.threads = processors > 0 ? (int)processors : 1;
	if (report->options.threads > THREADS_MAX)
		report->options.threads = THREADS_MAX;
	report->arena = arena_new();
	report->findings = findings_new();
	report->begun_ns = clock_now_ns();
	report->begun_monotonic_ns = clock_monotonic_ns();
	if (!run_all(report, err))
		return report;
	report_free(report);
	return NULL;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	findings_free(report->findings);
	free(report->units);
	free(report->order);
	free(report->first_of);
	free(report->digests);
	free(report->unread);
	free(report->notes);
	registry_free(report->registry);
	deps_free(report->deps);
	agents_free(report->agents);
	kept_out_free(report->kept_out);
	walk_free(report->walk);
	secret_rules_free(report->rules);
	heal_values_free(report->heal_values);
	checks_free(report->checks);
	arena_free(report->arena);
	free(report->root);
	free(report->lake);
	explicit_bzero(report->hash_key, sizeof(report->hash_key));
	free(report);
}

/* --- reading it --- */

const struct checks *report_checks(const struct report *report)
{
	return report->checks;
}

const struct heal_values *report_heal_values(const struct report *report)
{
	return report->heal_values;
}

const struct walk *report_walk(const struct report *report)
{
	return report->walk;
}

const char *report_root(const struct report *report)
{
	return report->root;
}

const struct findings *report_findings(const struct report *report)
{
	return report->findings;
}

size_t report_units(const struct report *report)
{
	return report->unit_count;
}

const struct report_unit *report_unit_at(const struct report *report, size_t i)
{
	return i < report->unit_count ? &report->units[i] : NULL;
}

size_t report_notes(const struct report *report)
{
	return report->note_count;
}

const struct report_note *report_note_at(const struct report *report, size_t i)
{
	return i < report->note_count ? &report->notes[i] : NULL;
}

size_t report_files(const struct report *report)
{
	return report->first_of[report->unit_count];
}

int64_t report_bytes(const struct report *report)
{
	int64_t bytes = 0;

	for (size_t u = 0; u < report->unit_count; u++)
		bytes += report->units[u].bytes;
	return bytes;
}

int64_t report_begun_ns(const struct report *report)
{
	return report->begun_ns;
}

int64_t report_duration_ns(const struct report *report)
{
	return report->duration_ns;
}

const char *report_engine(const struct report *report)
{
	return secret_rules_engine(report->rules);
}

const struct deps *report_deps(const struct report *report)
{
	return report->deps;
}

const struct registry *report_registry(const struct report *report)
{
	return report->registry;
}
