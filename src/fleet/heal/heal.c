#include "fleet/heal/heal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "fleet/agent/agent.h"
#include "fleet/heal/private.h"
#include "fleet/report/report.h"
#include "fleet/supply/deps.h"
#include "fleet/tree/walk.h"

enum { FILE_MAX_BYTES = 1 << 20, FILES_DEFAULT = 200 };

/* --- values --- */

struct heal_values {
	struct json **files; /* every checks/heal.yaml, the operator's first */
	size_t count;
};

static int load_file(struct heal_values *values, const char *path, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;

	free(bytes);
	if (!tree)
		return error_wrap(err, "%s", path);
	values->files = mem_grow(values->files, values->count + 1, sizeof(*values->files));
	values->files[values->count++] = tree;
	return 0;
}

struct heal_values *heal_values_load(struct error *err)
{
	struct heal_values *values = mem_zero(1, sizeof(*values));
	char **files = file_list_data("checks");
	int failed = 0;

	for (char **file = files; *file && !failed; file++)
		if (strstr(*file, "heal.y"))
			failed = load_file(values, *file, err);
	file_free_list(files);
	if (!failed)
		return values;
	heal_values_free(values);
	return NULL;
}

void heal_values_free(struct heal_values *values)
{
	if (!values)
		return;
	for (size_t i = 0; i < values->count; i++)
		json_free(values->files[i]);
	free(values->files);
	free(values);
}

const struct json *table(const struct site *site, const char *name)
{
	const struct heal_values *values = site->heal->values;
	const struct json *found = NULL;

	for (size_t i = 0; i < values->count && !found; i++)
		found = json_get(values->files[i], name);
	return found;
}

const char *value(const struct site *site, const char *name)
{
	const struct heal_values *values = site->heal->values;
	const char *found = NULL;

	for (size_t i = 0; i < values->count && !found; i++)
		found = json_text(json_get(json_get(values->files[i], "values"), name));
	return found ? found : "";
}

/* --- for healers --- */

struct arena *heal_arena(const struct site *site)
{
	return site->heal->arena;
}

const struct report *heal_report(const struct site *site)
{
	return site->heal->report;
}

const struct deps *heal_deps(const struct site *site)
{
	if (!site->heal->deps)
		site->heal->deps = deps_read(report_walk(site->heal->report), NULL);
	return site->heal->deps;
}

const char *heal_owner(const struct site *site)
{
	return site->heal->options.owner;
}

const struct json *heal_config(const struct site *site)
{
	for (size_t i = 0; site->finding->agent && i < report_units(site->heal->report); i++) {
		const struct report_unit *unit = report_unit_at(site->heal->report, i);

		if (unit->agent && !strcmp(unit->path, site->finding->agent))
			return unit->agent->config;
	}
	return NULL;
}

const char *refuse(struct site *site, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(site->why, sizeof(site->why), format, args);
	va_end(args);
	return NULL;
}

const char *refuse_for_now(struct site *site, const char *text)
{
	site->later = 1;
	return refuse(site, "%s", text);
}

/* --- one finding --- */

static const struct heal_row *row_in(const struct heal_row *rows, const char *rule)
{
	for (; rows->rule; rows++)
		if (!strncmp(rows->rule, rule, strlen(rows->rule)))
			return rows;
	return NULL;
}

static healer healer_of(const struct finding *finding)
{
	static const struct heal_row *const tables[] = { heal_argument_rows, heal_trust_rows, heal_model_rows, heal_flow_rows, heal_service_rows, heal_image_rows, heal_yaml_rows, heal_text_rows,
		heal_secret_rows, heal_supply_rows };
	const struct heal_row *row = NULL;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && !row; i++)
		row = row_in(tables[i], finding->rule);
	return row ? row->heal : NULL;
}

/* The place in the text healers see. */
static int find_place(struct site *site)
{
	struct place *place = &site->at.place;
	size_t end = place->offset + place->length;

	if (end > site->file->source.byte_length)
		return refuse(site, "the file changed since it was looked at"), -1;
	if (!site->file->notebook) {
		place->offset -= place->offset < site->file->mark ? place->offset : site->file->mark;
		return 0;
	}
	if (notebook_find(site->file->notebook, place->offset, place->length, &place->offset, &end))
		return refuse(site, "it stands in no cell of code: an output is cleared in the notebook itself"), -1;
	place->length = end - place->offset;
	return 0;
}

static void heal_one(struct heal *heal, const struct finding *finding, struct heal_fix *fix)
{
	healer mend = healer_of(finding);
	struct heal_target *file = target_of(heal, finding->path);
	size_t before = file->count, appended = heal->append_count, named = heal->name_count;
	struct site site = { .heal = heal, .file = file, .at = *finding, .code = file->code, .text = file->text, .length = file->length };

	site.finding = &site.at;
	*fix = (struct heal_fix){ .finding = finding, .path = file->public.path };
	if (!mend)
		refuse(&site, "no mechanical edit is known for it");
	else if (file->unusable)
		refuse(&site, "%s", file->unusable);
	else if (!find_place(&site))
		fix->safe = mend(&site);
	if (fix->safe && target_clashes(file, before))
		fix->safe = refuse_for_now(&site, "another repair changes the same text: heal again afterwards");
	if (fix->safe)
		return;
	file->count = before;
	heal->append_count = appended;
	heal->name_count = named;
	fix->refused = arena_text(heal->arena, site.why);
	fix->later = site.later;
}

static void drop(struct heal *heal, struct heal_target *file, const char *why, int later)
{
	for (size_t i = 0; i < heal->fix_count; i++)
		if (heal->fixes[i].safe && heal->fixes[i].path == file->public.path) {
			heal->fixes[i].safe = NULL;
			heal->fixes[i].refused = why;
			heal->fixes[i].later = later;
		}
	file->count = 0;
	target_drop_appended(heal, file);
}

static void add_fix(struct heal *heal, const struct finding *finding)
{
	heal->fixes = mem_grow(heal->fixes, heal->fix_count + 1, sizeof(*heal->fixes));
	heal_one(heal, finding, &heal->fixes[heal->fix_count]);
	heal->fix_count++;
}

/* --- all of them --- */

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct heal_target *const *)a)->public.path, (*(struct heal_target *const *)b)->public.path);
}

static const char unreadable[] = "the file would no longer read as before: edit it by hand";

/* One more repair of a file, taken back when the file would not read with it. */
static void retry(struct heal *heal, struct heal_target *file, struct heal_fix *fix)
{
	size_t count = file->count, appended = heal->append_count, named = heal->name_count;
	struct heal_edit *before = mem_alloc((count + 1) * sizeof(*before));

	if (count)
		memcpy(before, file->edits, count * sizeof(*before));
	heal_one(heal, fix->finding, fix);
	if (fix->safe && !target_finish(heal, file)) {
		if (count)
			memcpy(file->edits, before, count * sizeof(*before));
		file->count = count;
		heal->append_count = appended;
		heal->name_count = named;
		fix->safe = NULL;
		fix->refused = unreadable;
	}
	free(before);
}

/* Files that would not read as well as before get only those repairs with which they do; then it is known what others append. */
static void settle(struct heal *heal)
{
	for (size_t i = 0; i < heal->file_count; i++) {
		struct heal_target *file = heal->files[i];

		if (!file->count || target_finish(heal, file))
			continue;
		file->count = 0;
		target_drop_appended(heal, file);
		for (size_t k = 0; k < heal->fix_count; k++)
			if (heal->fixes[k].safe && heal->fixes[k].path == file->public.path)
				retry(heal, file, &heal->fixes[k]);
	}
}

static void finish(struct heal *heal)
{
	size_t most = heal->options.max_files, count = 0;

	settle(heal);
	heal->shown = mem_zero(heal->file_count + 1, sizeof(*heal->shown));
	if (heal->file_count)
		qsort(heal->files, heal->file_count, sizeof(*heal->files), by_path);
	for (size_t i = 0; i < heal->file_count; i++)
		if (heal->files[i]->count && count++ >= most)
			drop(heal, heal->files[i], "more files than may be healed at once (max_fix_files): heal again afterwards", 1);
	for (size_t i = 0; i < heal->file_count; i++) {
		struct heal_target *file = heal->files[i];

		target_append(heal, file);
		if (!file->count)
			continue;
		target_publish(heal, file);
		heal->shown[heal->shown_count++] = file;
	}
}

static size_t most_files(const struct heal *heal)
{
	int64_t most = 0;

	for (size_t i = 0; i < walk_configs(report_walk(heal->report)); i++) {
		int64_t here = json_int(json_get(walk_config_at(report_walk(heal->report), i)->tree, "max_fix_files"), 0);

		if (here > 0 && !*walk_config_at(report_walk(heal->report), i)->folder)
			most = here;
	}
	return most ? (size_t)most : FILES_DEFAULT;
}

/* Those that were refused when they were judged are tried again: options, indices and other files may say more by now. */
static int is_tried(const struct finding *finding)
{
	return finding->fixability == FIX_ONE_CLICK || (finding->unfixable && finding->check->fixability == FIX_ONE_CLICK);
}

struct heal *heal_new(const struct report *report, const struct heal_options *options)
{
	struct heal *heal = mem_zero(1, sizeof(*heal));
	const struct findings *findings = report_findings(report);

	heal->report = report;
	heal->values = report_heal_values(report);
	heal->options = *options;
	heal->arena = arena_new();
	if (!heal->options.max_files)
		heal->options.max_files = most_files(heal);
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);

		if (finding->state == FINDING_OPEN && is_tried(finding) && (!options->is_wanted || options->is_wanted(options->arg, finding)))
			add_fix(heal, finding);
	}
	finish(heal);
	return heal;
}

void heal_free(struct heal *heal)
{
	if (!heal)
		return;
	free_targets(heal);
	deps_free(heal->deps);
	free(heal->files);
	free(heal->appends);
	free(heal->names);
	free(heal->shown);
	free(heal->fixes);
	arena_free(heal->arena);
	free(heal);
}

size_t heal_fixes(const struct heal *heal)
{
	return heal->fix_count;
}

const struct heal_fix *heal_fix_at(const struct heal *heal, size_t i)
{
	return i < heal->fix_count ? &heal->fixes[i] : NULL;
}

size_t heal_files(const struct heal *heal)
{
	return heal->shown_count;
}

const struct heal_file *heal_file_at(const struct heal *heal, size_t i)
{
	return i < heal->shown_count ? &heal->shown[i]->public : NULL;
}

/* --- judging --- */

/* What other files of the tree decide: a lock file, a package that is installed. */
static int follows_from_elsewhere(const struct finding *finding)
{
	return !strncmp(finding->rule, "SUP001", 6) || !strcmp(finding->rule, "AGY003");
}

static void judge_fix(struct findings *findings, const struct heal_fix *fix, struct finding *finding)
{
	int can = fix->safe || fix->later;

	if (!can) {
		finding->fixability = FIX_STRUCTURAL;
		finding->unfixable = arena_text(findings_arena(findings), fix->refused);
	} else if (finding->unfixable) {
		finding->fixability = FIX_ONE_CLICK;
		finding->unfixable = NULL;
	}
}

static int findings_by_path(const void *a, const void *b)
{
	const struct finding *x = *(struct finding *const *)a, *y = *(struct finding *const *)b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->place.offset > y->place.offset) - (x->place.offset < y->place.offset);
}

/* Those of one file: read once, and let go. */
static void judge_file(struct heal *heal, struct findings *findings, struct finding **rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_fix(heal, rows[i]);
	settle(heal);
	for (size_t i = 0; i < count; i++)
		judge_fix(findings, &heal->fixes[i], rows[i]);
	heal->fix_count = heal->append_count = heal->name_count = 0;
	free_targets(heal);
	arena_free(heal->arena);
	heal->arena = arena_new();
}

void heal_judge(const struct report *report, const struct heal_values *values, struct findings *findings, int elsewhere)
{
	struct heal *heal = mem_zero(1, sizeof(*heal));
	struct finding **rows = mem_zero(findings_count(findings) + 1, sizeof(*rows));
	size_t count = 0;

	heal->report = report;
	heal->values = values;
	heal->arena = arena_new();
	for (size_t i = 0; i < findings_count(findings); i++) {
		struct finding *finding = findings_at(findings, i);

		if (finding->check->fixability == FIX_ONE_CLICK && follows_from_elsewhere(finding) == elsewhere)
			rows[count++] = finding;
	}
	if (count)
		qsort(rows, count, sizeof(*rows), findings_by_path);
	for (size_t from = 0, end; from < count; from = end) {
		for (end = from + 1; end < count && !strcmp(rows[end]->path, rows[from]->path); end++)
			;
		judge_file(heal, findings, rows + from, end - from);
	}
	free(rows);
	heal_free(heal);
}
