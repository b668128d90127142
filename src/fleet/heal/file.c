/* The files that repairs edit: read as healers see them, their edits put in order, and told as edits of bytes. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/heal/private.h"
#include "fleet/report/report.h"
#include "fleet/tree/walk.h"

enum { TEXT_MAX = 32 << 20, EDITED_MAX_BYTES = 2 << 20 };

/* --- reading --- */

static const char *why_unusable(const struct heal_target *target)
{
	const struct source *source = &target->source;

	if (target->notebook || source->text == source->bytes + target->mark)
		return NULL;
	if (source->kind == SOURCE_NOTEBOOK)
		return "its cells cannot be told apart: edit the notebook itself";
	return "its text is encoded as UTF-16: save it as UTF-8, or edit it by hand";
}

static void read_code(struct heal_target *target)
{
	enum source_kind kind = target->source.kind;

	if (target->notebook || kind == SOURCE_PYTHON)
		target->code = code_parse(target->arena, CODE_PYTHON, target->text, target->length);
	else if (kind == SOURCE_SCRIPT)
		target->code = code_parse(target->arena, CODE_SCRIPT, target->text, target->length);
}

static void read_target(struct heal_target *target, int root)
{
	const char *path = target->public.path;
	struct source *source = &target->source;
	struct stat about;

	target->text = source->text = source->bytes = "";
	target->exists = !fstatat(root, path, &about, AT_SYMLINK_NOFOLLOW);
	target->public.is_new = !target->exists;
	if (!target->exists || S_ISDIR(about.st_mode)) /* of a whole agent it is its folder */
		return;
	if (about.st_size > EDITED_MAX_BYTES) {
		target->unusable = "it is larger than what is edited from here (2 MiB)";
		return;
	}
	if (source_load(source, root, path, path, 0, NULL)) {
		target->unusable = "it cannot be read";
		return;
	}
	target->text = source->text;
	target->length = source->length;
	target->mark = source->byte_length >= 3 && !memcmp(source->bytes, "\xef\xbb\xbf", 3) ? 3 : 0;
	if (source->kind == SOURCE_NOTEBOOK)
		target->notebook = notebook_map(target->arena, source->bytes, source->byte_length);
	if (target->notebook)
		target->text = notebook_code(target->notebook, &target->length);
	target->unusable = why_unusable(target);
	const char *newline = memchr(target->text, '\n', target->length);
	target->crlf = newline && newline > target->text && newline[-1] == '\r';
	if (!target->unusable)
		read_code(target);
}

struct heal_target *target_of(struct heal *heal, const char *path)
{
	for (size_t i = heal->file_count; i-- > 0;)
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

void free_targets(struct heal *heal)
{
	for (size_t i = 0; i < heal->file_count; i++) {
		struct heal_target *target = heal->files[i];

		json_free(target->public.edits);
		json_free(target->public.hide);
		source_release(&target->source);
		arena_free(target->arena);
		free(target->edits);
		free(target);
	}
	heal->file_count = 0;
}

/* --- edits --- */

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
	file->edits[file->count] = (struct heal_edit){ offset, length, kept, order, file->count };
	file->count++;
}

static int overlaps(const struct heal_edit *a, const struct heal_edit *b)
{
	size_t a_end = a->offset + a->length, b_end = b->offset + b->length;

	if (!a->length && !b->length)
		return 0;
	return a->offset < b_end && b->offset < a_end;
}

int target_clashes(const struct heal_target *file, size_t from)
{
	for (size_t i = from; i < file->count; i++)
		for (size_t k = 0; k < file->count; k++)
			if (i != k && overlaps(&file->edits[i], &file->edits[k]))
				return 1;
	return 0;
}

/* --- lines appended to other files --- */

static int has_line(const struct heal_target *file, const char *line)
{
	size_t length = strlen(line);

	for (const char *at = file->text; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
		if (!strncmp(at, line, length) && (!at[length] || at[length] == '\n' || at[length] == '\r'))
			return 1;
	return 0;
}

void append_at(struct site *site, const char *path, size_t offset, const char *text)
{
	struct heal *heal = site->heal;

	heal->appends = mem_grow(heal->appends, heal->append_count + 1, sizeof(*heal->appends));
	heal->appends[heal->append_count++] = (struct heal_append){ target_of(heal, path), site->file, arena_text(heal->arena, text), offset };
}

void append_line(struct site *site, const char *path, const char *line)
{
	const struct heal_target *file = target_of(site->heal, path);

	if (!file->unusable && !has_line(file, line))
		append_at(site, path, SIZE_MAX, line);
}

void target_drop_appended(struct heal *heal, const struct heal_target *because)
{
	size_t kept = 0;

	for (size_t i = 0; i < heal->append_count; i++)
		if (heal->appends[i].because != because)
			heal->appends[kept++] = heal->appends[i];
	heal->append_count = kept;
}

static int is_said(const struct heal *heal, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (heal->appends[k].file == heal->appends[i].file && !strcmp(heal->appends[k].line, heal->appends[i].line))
			return 1;
	return 0;
}

void target_append(struct heal *heal, struct heal_target *file)
{
	struct site site = { .heal = heal, .file = file };
	size_t end = file->length;
	struct text text;

	text_init(&text, TEXT_MAX);
	for (size_t i = 0; i < heal->append_count; i++)
		if (heal->appends[i].file == file && heal->appends[i].at != SIZE_MAX && !is_said(heal, i))
			edit(&site, EDIT_PLAIN, heal->appends[i].at, 0, "%s", heal->appends[i].line);
	for (size_t i = 0; i < heal->append_count; i++)
		if (heal->appends[i].file == file && heal->appends[i].at == SIZE_MAX && !is_said(heal, i))
			text_format(&text, "%s%s\n", !text.length && end && file->text[end - 1] != '\n' ? "\n" : "", heal->appends[i].line);
	if (text.length)
		edit(&site, EDIT_PLAIN, end, 0, "%s", text.data);
	text_release(&text);
}

/* --- a file as a whole --- */

static int by_offset(const void *a, const void *b)
{
	const struct heal_edit *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->order != y->order ? (int)x->order - (int)y->order : (x->number > y->number) - (x->number < y->number);
}

static int errors_in(struct code *code)
{
	int count = 0;

	for (int i = 0; i < code_token_count(code); i++)
		count += code_token_at(code, i)->kind == CODE_ERROR;
	return count;
}

static void put_together(const struct heal_target *file, const char *text, size_t length, const struct heal_edit *edits, struct text *out)
{
	size_t at = 0;

	for (size_t i = 0; i < file->count; i++) {
		text_add_n(out, text + at, edits[i].offset - at);
		text_add(out, edits[i].text);
		at = edits[i].offset + edits[i].length;
	}
	text_add_n(out, text + at, length - at);
}

static int reads_as_before(const struct heal_target *file, const struct text *text)
{
	struct arena *arena = arena_new();
	int well = !text->cut && errors_in(code_parse(arena, code_language(file->code), text->data, text->length)) <= errors_in(file->code);

	arena_free(arena);
	return well;
}

static int is_json(const char *bytes, size_t length)
{
	struct json *tree = json_parse(bytes, length, NULL);

	json_free(tree);
	return tree != NULL;
}

/* A file that was JSON stays it. */
static int stays_json(const struct heal_target *file, const struct text *text)
{
	return file->source.kind != SOURCE_JSON || !is_json(file->text, file->length) || is_json(text->data, text->length);
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

int target_finish(struct heal *heal, struct heal_target *file)
{
	struct text text;

	qsort(file->edits, file->count, sizeof(*file->edits), by_offset);
	text_init(&text, TEXT_MAX);
	put_together(file, file->text, file->length, file->edits, &text);
	int well = (!file->code || reads_as_before(file, &text)) && stays_json(file, &text);
	text_release(&text);
	merge(heal, file);
	return well;
}

/* --- as bytes --- */

static void publish_edit(struct heal *heal, struct heal_target *file, const struct heal_edit *edit)
{
	struct heal_edit at = *edit;
	struct json *row = json_object();

	if (file->notebook)
		notebook_place(file->notebook, heal->arena, edit, &at);
	else
		at.offset += file->mark;
	json_set_int(row, "offset", (int64_t)at.offset);
	json_set_int(row, "length", (int64_t)at.length);
	json_set_text(row, "text", at.text);
	json_add(file->public.edits, row);
}

/* Bytes of every secret found in the file, those that stay too. */
static void hide_secrets(struct heal *heal, struct heal_target *file)
{
	const struct findings *findings = report_findings(heal->report);
	size_t end = 0, size = file->source.byte_length;

	file->public.hide = json_array();
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);
		size_t offset = finding->place.offset, length = finding->place.length;

		if (finding->check->class != CLASS_SECRET || !finding->redacted || strcmp(finding->path, file->public.path) || offset < end || offset > size || length > size - offset)
			continue;
		struct json *row = json_set_int(json_object(), "offset", (int64_t)offset);

		json_set_int(row, "length", (int64_t)length);
		json_add(file->public.hide, row);
		end = offset + length;
	}
}

void target_publish(struct heal *heal, struct heal_target *file)
{
	if (file->count)
		qsort(file->edits, file->count, sizeof(*file->edits), by_offset);
	merge(heal, file);
	file->public.edits = json_array();
	for (size_t i = 0; i < file->count; i++)
		publish_edit(heal, file, &file->edits[i]);
	hide_secrets(heal, file);
}

/* --- lines --- */

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

/* --- paths --- */

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
