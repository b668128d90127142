#include "fleet/heal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "fleet/agent.h"
#include "fleet/deps.h"
#include "fleet/heal_private.h"
#include "fleet/report.h"
#include "fleet/walk.h"

enum { FILE_MAX_BYTES = 1 << 20, FILES_DEFAULT = 200, TEXT_MAX = 32 << 20 };

struct heal {
	const struct report *report;
	struct heal_options options;
	struct arena *arena;
	struct deps *deps; /* NULL: nobody asked */
	struct json **values; /* every checks/heal.yaml, the operator's first */
	size_t value_count;
	struct heal_target **files;
	size_t file_count, shown_count;
	struct heal_target **shown;
	struct heal_fix *fixes;
	size_t fix_count;
};

/* --- values --- */

static int load_values(struct heal *heal, struct error *err)
{
	char **files = file_list_data("checks");
	int failed = 0;

	for (char **file = files; *file && !failed; file++) {
		size_t length;
		char *bytes = strstr(*file, "heal.y") ? file_load(*file, FILE_MAX_BYTES, &length, err) : NULL;
		struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;

		free(bytes);
		if (!strstr(*file, "heal.y"))
			continue;
		failed = !tree && error_wrap(err, "%s", *file);
		heal->values = mem_grow(heal->values, heal->value_count + 1, sizeof(struct json *));
		heal->values[heal->value_count++] = tree;
	}
	file_free_list(files);
	return failed ? -1 : 0;
}

const struct json *table(const struct site *site, const char *name)
{
	const struct json *found = NULL;

	for (size_t i = 0; i < site->heal->value_count && !found; i++)
		found = json_get(site->heal->values[i], name);
	return found;
}

const char *value(const struct site *site, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < site->heal->value_count && !found; i++)
		found = json_text(json_get(json_get(site->heal->values[i], "values"), name));
	return found ? found : "";
}

/* --- files --- */

static void read_target(struct heal_target *target, int root)
{
	struct error err = { 0 };
	const char *path = target->public.path;

	target->exists = faccessat(root, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	target->public.is_new = !target->exists;
	target->source.text = "";
	if (!target->exists)
		return;
	if (source_load(&target->source, root, path, path, 0, &err))
		target->unusable = "it cannot be read";
	else if (target->source.text != target->source.bytes)
		target->unusable = "its text is encoded (UTF-16, a notebook, or a byte-order mark): edit it by hand";
	else if (source_more(&target->source, &(size_t){ 0 }))
		target->unusable = "it is larger than what is edited from here";
	const char *newline = memchr(target->source.text, '\n', target->source.length);
	target->crlf = newline && newline > target->source.text && newline[-1] == '\r';
	if (!target->unusable && (target->source.kind == SOURCE_PYTHON || target->source.kind == SOURCE_SCRIPT))
		target->code = code_parse(target->arena, target->source.kind == SOURCE_PYTHON ? CODE_PYTHON : CODE_SCRIPT, target->source.text, target->source.length);
}

static struct heal_target *target_of(struct heal *heal, const char *path)
{
	for (size_t i = 0; i < heal->file_count; i++)
		if (!strcmp(heal->files[i]->public.path, path))
			return heal->files[i];
	struct heal_target *target = mem_zero(1, sizeof(*target));

	target->public.path = arena_text(heal->arena, path);
	target->public.absolute = arena_format(heal->arena, "%s/%s", report_root(heal->report), path);
	target->arena = arena_new();
	read_target(target, walk_root_fd(report_walk(heal->report)));
	heal->files = mem_grow(heal->files, heal->file_count + 1, sizeof(*heal->files));
	heal->files[heal->file_count++] = target;
	return target;
}

static void free_target(struct heal_target *target)
{
	json_free(target->public.edits);
	json_free(target->public.hide);
	source_release(&target->source);
	arena_free(target->arena);
	free(target->edits);
	free(target->lines);
	free(target);
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

/* Line ends as the file has them. */
static const char *with_line_ends(struct heal *heal, const struct heal_target *file, const char *text)
{
	struct text out;

	if (!file->crlf)
		return arena_text(heal->arena, text);
	text_init(&out, TEXT_MAX);
	for (; *text; text++) {
		if (*text == '\n' && (!out.length || out.data[out.length - 1] != '\r'))
			text_add_char(&out, '\r');
		text_add_char(&out, *text);
	}
	const char *kept = arena_text(heal->arena, out.data);

	text_release(&out);
	return kept;
}

void edit(struct site *site, enum edit_order order, size_t offset, size_t length, const char *format, ...)
{
	struct heal_target *file = site->file;
	struct text text;
	va_list args;

	text_init(&text, TEXT_MAX);
	va_start(args, format);
	text_vformat(&text, format, args);
	va_end(args);
	const char *kept = with_line_ends(site->heal, file, text.data);
	text_release(&text);
	for (size_t i = 0; i < file->count; i++)
		if (file->edits[i].offset == offset && file->edits[i].length == length && !strcmp(file->edits[i].text, kept))
			return; /* one edit mends several findings */
	file->edits = mem_grow(file->edits, file->count + 1, sizeof(*file->edits));
	file->edits[file->count++] = (struct heal_edit){ offset, length, kept, order };
}

static int has_line(const struct heal_target *file, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = file->source.text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!strncmp(at, line, length) && (!at[length] || at[length] == '\n' || at[length] == '\r'))
			return 1;
	for (size_t i = 0; i < file->line_count; i++)
		if (!strcmp(file->lines[i], line))
			return 1;
	return 0;
}

void append_line(struct site *site, const char *path, const char *line)
{
	struct heal_target *file = target_of(site->heal, path);

	if (file->unusable || has_line(file, line))
		return;
	file->lines = mem_grow(file->lines, file->line_count + 1, sizeof(*file->lines));
	file->lines[file->line_count++] = arena_text(site->heal->arena, line);
}

size_t line_begin(const struct site *site, size_t offset)
{
	while (offset && site->text[offset - 1] != '\n')
		offset--;
	return offset;
}

size_t line_end_at(const struct site *site, size_t offset)
{
	const char *end = memchr(site->text + offset, '\n', site->length - offset);
	size_t at = end ? (size_t)(end - site->text) : site->length;

	return at > offset && site->text[at - 1] == '\r' ? at - 1 : at;
}

const char *indent_at(struct site *site, size_t offset)
{
	size_t begin = line_begin(site, offset), length = 0;

	while (site->text[begin + length] == ' ' || site->text[begin + length] == '\t')
		length++;
	return arena_text_n(site->heal->arena, site->text + begin, length);
}

char *path_beside(const struct site *site, const char *name)
{
	const char *slash = strrchr(site->finding->path, '/');

	return arena_format(site->heal->arena, "%.*s%s", slash ? (int)(slash - site->finding->path + 1) : 0, site->finding->path, name);
}

char *path_of_agent(const struct site *site, const char *name)
{
	const char *agent = site->finding->agent;

	return agent ? arena_format(site->heal->arena, "%s%s%s", agent, *agent ? "/" : "", name) : path_beside(site, name);
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
	const struct heal_row *row = row_in(heal_code_rows, finding->rule);

	if (!row)
		row = row_in(heal_text_rows, finding->rule);
	if (!row)
		row = row_in(heal_secret_rows, finding->rule);
	if (!row)
		row = row_in(heal_supply_rows, finding->rule);
	return row ? row->heal : NULL;
}

static int overlaps(const struct heal_edit *a, const struct heal_edit *b)
{
	size_t a_end = a->offset + a->length, b_end = b->offset + b->length;

	if (!a->length && !b->length)
		return 0;
	return a->offset < b_end && b->offset < a_end;
}

/* An edit of this finding touches what another's replaces. */
static int clashes(const struct heal_target *file, size_t from)
{
	for (size_t i = from; i < file->count; i++)
		for (size_t k = 0; k < file->count; k++)
			if (i != k && overlaps(&file->edits[i], &file->edits[k]))
				return 1;
	return 0;
}

static void heal_one(struct heal *heal, const struct finding *finding, struct heal_fix *fix)
{
	healer mend = healer_of(finding);
	struct heal_target *file = target_of(heal, finding->path);
	size_t before = file->count;
	struct site site = { .heal = heal, .file = file, .finding = finding, .code = file->code, .text = file->source.text, .length = file->source.length };

	*fix = (struct heal_fix){ .finding = finding, .path = file->public.path };
	if (!mend)
		refuse(&site, "no mechanical edit is known for it yet");
	else if (file->unusable)
		refuse(&site, "%s", file->unusable);
	else if (finding->place.offset > file->source.length || finding->place.length > file->source.length - finding->place.offset)
		refuse(&site, "the file changed since it was looked at");
	else
		fix->safe = mend(&site);
	if (fix->safe && clashes(file, before))
		fix->safe = refuse(&site, "another repair changes the same text: heal again afterwards");
	if (fix->safe)
		return;
	file->count = before;
	fix->refused = arena_text(heal->arena, site.why);
}

/* --- a file as a whole --- */

static int by_offset(const void *a, const void *b)
{
	const struct heal_edit *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return (int)x->order - (int)y->order;
}

static void finish_appending(struct heal *heal, struct heal_target *file)
{
	struct site site = { .heal = heal, .file = file };
	size_t end = file->source.length;
	struct text text;

	if (!file->line_count)
		return;
	text_init(&text, TEXT_MAX);
	if (end && file->source.text[end - 1] != '\n')
		text_add(&text, "\n");
	for (size_t i = 0; i < file->line_count; i++)
		text_format(&text, "%s\n", file->lines[i]);
	edit(&site, EDIT_PLAIN, end, 0, "%s", text.data);
	text_release(&text);
}

static int errors_in(struct code *code)
{
	int count = 0;

	for (int i = 0; i < code_token_count(code); i++)
		count += code_token_at(code, i)->kind == CODE_ERROR;
	return count;
}

/* Edits are kept only when the result reads as well as before. */
static int stays_well_formed(struct heal_target *file)
{
	struct arena *arena = arena_new();
	struct text text;
	size_t at = 0;

	text_init(&text, TEXT_MAX);
	for (size_t i = 0; i < file->count; i++) {
		text_add_n(&text, file->source.text + at, file->edits[i].offset - at);
		text_add(&text, file->edits[i].text);
		at = file->edits[i].offset + file->edits[i].length;
	}
	text_add_n(&text, file->source.text + at, file->source.length - at);
	int well = !text.cut && errors_in(code_parse(arena, code_language(file->code), text.data, text.length)) <= errors_in(file->code);
	text_release(&text);
	arena_free(arena);
	return well;
}

/* Insertions at one place, and what is replaced there, become one edit. */
static void merge(struct heal *heal, struct heal_target *file)
{
	size_t kept = 0;

	for (size_t i = 0; i < file->count; i++) {
		struct heal_edit *last = kept ? &file->edits[kept - 1] : NULL;

		if (last && !last->length && last->offset == file->edits[i].offset) {
			last->text = arena_format(heal->arena, "%s%s", last->text, file->edits[i].text);
			last->length = file->edits[i].length;
		} else {
			file->edits[kept++] = file->edits[i];
		}
	}
	file->count = kept;
}

static void publish(struct heal_target *file)
{
	file->public.edits = json_array();
	for (size_t i = 0; i < file->count; i++) {
		struct json *row = json_object();

		json_set_int(row, "offset", (int64_t)file->edits[i].offset);
		json_set_int(row, "length", (int64_t)file->edits[i].length);
		json_set_text(row, "text", file->edits[i].text);
		json_add(file->public.edits, row);
	}
}

/* Bytes of every secret found in the file, those that stay too. */
static void hide_secrets(struct heal *heal, struct heal_target *file)
{
	const struct findings *findings = report_findings(heal->report);
	size_t end = 0;

	file->public.hide = json_array();
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);
		size_t offset = finding->place.offset, length = finding->place.length;

		if (finding->check->class != CLASS_SECRET || strcmp(finding->path, file->public.path) || offset < end || offset > file->source.length ||
			length > file->source.length - offset)
			continue;
		struct json *row = json_set_int(json_object(), "offset", (int64_t)offset);

		json_set_int(row, "length", (int64_t)length);
		json_add(file->public.hide, row);
		end = offset + length;
	}
}

static void drop(struct heal *heal, struct heal_target *file, const char *why)
{
	for (size_t i = 0; i < heal->fix_count; i++)
		if (heal->fixes[i].safe && heal->fixes[i].path == file->public.path) {
			heal->fixes[i].safe = NULL;
			heal->fixes[i].refused = why;
		}
	file->count = 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct heal_target *const *)a)->public.path, (*(struct heal_target *const *)b)->public.path);
}

static void finish(struct heal *heal)
{
	size_t most = heal->options.max_files;

	heal->shown = mem_zero(heal->file_count + 1, sizeof(*heal->shown));
	if (heal->file_count)
		qsort(heal->files, heal->file_count, sizeof(*heal->files), by_path);
	for (size_t i = 0; i < heal->file_count; i++) {
		struct heal_target *file = heal->files[i];

		finish_appending(heal, file);
		if (file->count)
			qsort(file->edits, file->count, sizeof(*file->edits), by_offset);
		if (file->count && file->code && !stays_well_formed(file))
			drop(heal, file, "the file would no longer read as before: edit it by hand");
		if (file->count && heal->shown_count == most)
			drop(heal, file, "more files than may be healed at once (max_fix_files): heal again afterwards");
		if (!file->count)
			continue;
		merge(heal, file);
		publish(file);
		hide_secrets(heal, file);
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

struct heal *heal_new(const struct report *report, const struct heal_options *options, struct error *err)
{
	struct heal *heal = mem_zero(1, sizeof(*heal));
	const struct findings *findings = report_findings(report);

	heal->report = report;
	heal->options = *options;
	heal->arena = arena_new();
	if (!heal->options.max_files)
		heal->options.max_files = most_files(heal);
	if (load_values(heal, err)) {
		heal_free(heal);
		return NULL;
	}
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);

		if (finding->state != FINDING_OPEN || finding->fixability != FIX_ONE_CLICK)
			continue;
		if (options->is_wanted && !options->is_wanted(options->arg, finding))
			continue;
		heal->fixes = mem_grow(heal->fixes, heal->fix_count + 1, sizeof(*heal->fixes));
		heal_one(heal, finding, &heal->fixes[heal->fix_count]);
		heal->fix_count++;
	}
	finish(heal);
	return heal;
}

void heal_free(struct heal *heal)
{
	if (!heal)
		return;
	for (size_t i = 0; i < heal->file_count; i++)
		free_target(heal->files[i]);
	for (size_t i = 0; i < heal->value_count; i++)
		json_free(heal->values[i]);
	free(heal->values);
	deps_free(heal->deps);
	free(heal->files);
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
