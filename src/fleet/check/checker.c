#include "fleet/check/checker.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/safe.h"
#include "fleet/agent/agent.h"
#include "fleet/check/checker_parts.h"
#include "fleet/check/suppress.h"

enum { KEPT_MAX = 32 << 20, CODE_MAX = 2 << 20, MEAN_LINE_MAX = 300, MESSAGE_MAX = 400, ANCHOR_SIDE = 160 };

struct checker *checker_new(const struct checks *checks, struct error *err)
{
	struct checker *checker = mem_zero(1, sizeof(*checker));

	checker->checks = checks;
	checker->lexicon = lexicon_load(err);
	checker->rules = checker->lexicon ? rules_new(checks, err) : NULL;
	if (checker->rules)
		return checker;
	checker_free(checker);
	return NULL;
}

void checker_free(struct checker *checker)
{
	if (!checker)
		return;
	lexicon_free(checker->lexicon);
	rules_free(checker->rules);
	tree_free(checker->tree);
	arena_free(checker->arena);
	source_release(&checker->again);
	free(checker);
}

void checker_begin(struct checker *checker, const struct agent *agent)
{
	arena_free(checker->arena);
	checker->arena = arena_new();
	checker->agent = agent;
	checker->units = NULL;
	checker->last_unit = &checker->units;
	checker->kept_bytes = 0;
	checker->whole = (struct whole){ 0 };
}

/* --- findings --- */

__attribute__((format(printf, 8, 0))) static struct finding *add(struct checker *checker, struct findings *findings, const char *rule, const char *path,
	const struct place *place, const char *symbol, const char *anchor, const char *format, va_list args)
{
	const struct check *check = checks_find(checker->checks, rule);
	char raw[MESSAGE_MAX], message[MESSAGE_MAX];

	if (!check)
		return NULL;
	vsnprintf(raw, sizeof(raw), format, args);
	safe_copy(message, sizeof(message), raw, strlen(raw));
	return findings_add(findings, &(struct finding){ .check = check, .rule = rule, .message = message, .path = path, .place = *place, .symbol = symbol, .anchor = anchor,
		.agent = checker->agent ? checker->agent->path : NULL, .severity = check->severity, .fixability = check->fixability });
}

/* Where a place of the unit's text is in the source's. */
static size_t in_source(const struct unit *unit, size_t offset)
{
	size_t low = 0, high = unit->piece_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (unit->pieces[middle].code <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? unit->pieces[low - 1].source + (offset - unit->pieces[low - 1].code) : offset;
}

struct place unit_place(struct unit *unit, size_t offset, size_t length)
{
	size_t from = in_source(unit, offset), to = in_source(unit, offset + length);

	return source_place(unit->source, from, to > from ? to - from : length);
}

/* The line as far as it is near, so that a fingerprint survives moves. */
static void read_anchor(const struct unit *unit, size_t offset, char anchor[2 * ANCHOR_SIDE + 1])
{
	const char *text = unit->source->text;
	size_t at = in_source(unit, offset), from, to;

	at = at < unit->source->length ? at : unit->source->length;
	from = to = at;
	while (from && at - from < ANCHOR_SIDE && text[from - 1] != '\n')
		from--;
	while (to < unit->source->length && to - at < ANCHOR_SIDE && text[to] != '\n')
		to++;
	memcpy(anchor, text + from, to - from);
	anchor[to - from] = 0;
}

struct finding *flag_at(struct unit *unit, const char *rule, size_t offset, size_t length, const char *format, ...)
{
	struct place place = unit_place(unit, offset, length);
	char anchor[2 * ANCHOR_SIDE + 1];
	struct finding *finding;
	va_list args;

	read_anchor(unit, offset, anchor);
	va_start(args, format);
	finding = add(unit->checker, unit->findings, rule, unit->path, &place, NULL, anchor, format, args);
	va_end(args);
	return finding;
}

struct finding *flag(struct unit *unit, const char *rule, int from, int to, const char *format, ...)
{
	const struct code_token *first = code_token_at(unit->code, from), *last = code_token_at(unit->code, to > from ? to - 1 : from);
	int function = code_function_around(unit->code, from);
	char anchor[2 * ANCHOR_SIDE + 1];
	struct finding *finding;
	struct place place;
	va_list args;

	if (!first || !last)
		return NULL;
	place = unit_place(unit, first->offset, last->offset + last->length - first->offset);
	read_anchor(unit, first->offset, anchor);
	va_start(args, format);
	finding = add(unit->checker, unit->findings, rule, unit->path, &place, function >= 0 ? code_function_at(unit->code, function)->name : NULL, anchor, format, args);
	va_end(args);
	return finding;
}

struct finding *flag_call(struct unit *unit, const char *rule, const struct code_call *call, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return flag(unit, rule, call->name, (call->close > call->open ? call->close : call->open) + 1, "%s", message);
}

void flag_fix(struct unit *unit, struct finding *finding, const char *format, ...)
{
	char raw[MESSAGE_MAX], text[MESSAGE_MAX];
	va_list args;

	if (!finding)
		return;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	safe_copy(text, sizeof(text), raw, strlen(raw));
	finding->fix = arena_text(findings_arena(unit->findings), text);
}

struct finding *flag_line(struct unit *unit, const char *rule, int line, const char *format, ...)
{
	char message[MESSAGE_MAX];
	const char *at = unit->text, *end;
	size_t length = unit->length;
	va_list args;

	for (int i = 1; i < line && at; i++) {
		const char *newline = memchr(at, '\n', length - (size_t)(at - unit->text));

		at = newline ? newline + 1 : NULL;
	}
	at = at ? at : unit->text;
	end = memchr(at, '\n', length - (size_t)(at - unit->text));
	end = end ? end : unit->text + length;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == '\r' || end[-1] == ' '))
		end--;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return flag_at(unit, rule, (size_t)(at - unit->text), (size_t)(end - at), "%s", message);
}

struct finding *flag_whole(struct checker *checker, struct findings *findings, const char *rule, const char *path, const struct place *place, const char *format, ...)
{
	struct finding *finding;
	va_list args;

	va_start(args, format);
	finding = add(checker, findings, rule, path, place ? place : &(struct place){ .line = 1, .column = 1, .end_line = 1, .end_column = 1 }, NULL, NULL, format, args);
	va_end(args);
	return finding;
}

/* --- files --- */

static const char *const test_folders[] = { "tests", "test", "__tests__", "testing", "fixtures", "e2e", NULL };
static const char *const foreign_folders[] = { "node_modules", "site-packages", ".venv", "venv", "vendor", "dist", "build", "__pycache__", ".next", ".git", "third_party", NULL };

static int in_folder(const char *path, const char *const *folders)
{
	for (const char *at = path, *slash; (slash = strchr(at, '/')); at = slash + 1)
		for (const char *const *folder = folders; *folder; folder++)
			if (strlen(*folder) == (size_t)(slash - at) && !strncmp(*folder, at, (size_t)(slash - at)))
				return 1;
	return 0;
}

static int is_test(const struct checker *checker, const char *path)
{
	const char *name = strrchr(path, '/');
	size_t agent = checker->agent ? strlen(checker->agent->path) : 0;

	name = name ? name + 1 : path;
	/* Folders above the agent's do not make a test of it. */
	return in_folder(strlen(path) > agent ? path + agent : path, test_folders) || !strncmp(name, "test_", 5) || !strcmp(name, "conftest.py") || strstr(name, "_test.py") ||
		strstr(name, ".test.") || strstr(name, ".spec.");
}

static void read_code(struct unit *unit)
{
	unit->code = code_parse(unit->arena, unit->kind == SOURCE_SCRIPT ? CODE_SCRIPT : CODE_PYTHON, unit->text, unit->length);
	facts_vocabulary(unit);
	facts_find(unit);
}

static void check_code(struct unit *unit)
{
	taint_find(unit);
	if (!unit->is_test) {
		check_remember(unit);
		check_reliability(unit);
		check_injection(unit);
		check_agency(unit);
		check_privacy(unit);
		check_cost(unit);
		check_models(unit);
		check_serving(unit);
		check_retrieval(unit);
		check_prompts(unit);
	}
	rules_apply(unit->checker->rules, unit, NULL);
}

/* Made by a bundler: few and long lines. */
static int is_minified(const struct unit *unit)
{
	size_t lines = 1, blanks = 0;

	if (unit->kind != SOURCE_SCRIPT)
		return 0;
	for (size_t i = 0; i < unit->length; i++) {
		lines += unit->text[i] == '\n';
		blanks += unit->text[i] == ' ';
	}
	/* A prompt is long lines, too, but of words. */
	return unit->length / lines > MEAN_LINE_MAX && blanks * 10 < unit->length;
}

/* Words without which a file of code has nothing the checks look for. */
static int is_of_interest(const struct unit *unit)
{
	static const char *const words[] = { "import", "require(", "prompt", "PROMPT", "MODEL", "model", "tool", "TOOLS", "similarity_search", "retriev" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(unit->text, unit->length, words[i], strlen(words[i])))
			return 1;
	return 0;
}

/* A file of code is looked at when all are known: names lead from one to the other. Its text is kept so long. */
static void keep_code(struct checker *checker, const struct unit *file)
{
	struct unit *unit = arena_alloc(checker->arena, sizeof(*unit));

	*unit = *file;
	unit->path = arena_text(checker->arena, file->path);
	unit->text = arena_text_n(checker->arena, file->text, file->length);
	unit->source = NULL;
	checker->kept_bytes += unit->length;
	read_code(unit);
	*checker->last_unit = unit;
	checker->last_unit = &unit->next;
}

static void check_other(struct unit *unit)
{
	switch (unit->kind) {
	case SOURCE_TOML:
		check_toml(unit);
		break;
	case SOURCE_YAML:
	case SOURCE_JSON:
		check_document(unit);
		break;
	case SOURCE_DOCKERFILE:
		check_dockerfile(unit);
		break;
	case SOURCE_TERRAFORM:
		check_terraform(unit);
		break;
	default:
		break;
	}
	check_supply(unit);
	check_text(unit);
}

/* Code that is not kept: looked at for itself. */
static void check_alone(struct unit *unit)
{
	struct arena *own = arena_new();

	unit->arena = own;
	read_code(unit);
	if (!unit->is_test)
		check_words(unit);
	check_code(unit);
	arena_free(own);
}

static void check_notebook(struct unit *unit)
{
	check_text(unit);
	unit->arena = arena_new();
	if (notebook_read(unit, unit->source->bytes, unit->source->byte_length)) {
		struct arena *pieces = unit->arena;

		check_alone(unit);
		arena_free(pieces);
	} else {
		arena_free(unit->arena);
	}
}

void checker_file(struct checker *checker, struct source *source, struct findings *findings)
{
	struct unit unit = { .checker = checker, .arena = checker->arena, .path = source->path, .kind = source->kind, .text = source->text, .length = source->length,
		.source = source, .findings = findings, .is_test = is_test(checker, source->path) };
	int is_code = source->kind == SOURCE_PYTHON || source->kind == SOURCE_SCRIPT;

	checker->skipped = NULL;
	if (source->kind == SOURCE_BINARY || in_folder(source->path, foreign_folders))
		return;
	if (source->kind == SOURCE_NOTEBOOK && checker->agent) {
		check_notebook(&unit);
	} else if (!is_code) {
		check_other(&unit);
		if (source->kind != SOURCE_YAML && source->kind != SOURCE_JSON)
			rules_apply(checker->rules, &unit, NULL);
	}
	if (!is_code)
		return;
	check_text(&unit);
	if (checker->agent && is_of_interest(&unit))
		checker->skipped = source->length > CODE_MAX ? "is code of more than 2 MiB: its secrets were looked for, not how it is built" :
			is_minified(&unit) ? "is minified or bundled: its secrets were looked for, not how it is built" : NULL;
	if (!checker->agent || checker->skipped || !is_of_interest(&unit))
		rules_apply(checker->rules, &unit, NULL);
	else if (source->bytes == source->text && checker->kept_bytes + source->length <= KEPT_MAX)
		keep_code(checker, &unit);
	else
		check_alone(&unit);
}

const char *checker_skipped(const struct checker *checker)
{
	return checker->skipped;
}

void checker_end(struct checker *checker, struct findings *findings)
{
	size_t from;

	if (checker->agent)
		link_units(checker);
	for (struct unit *unit = checker->units; unit; unit = unit->next)
		if (!unit->is_test)
			check_words(unit);
	for (struct unit *unit = checker->units; unit; unit = unit->next) {
		source_of_bytes(&checker->again, unit->path, unit->text, unit->length);
		unit->source = &checker->again;
		unit->findings = findings;
		from = findings_count(findings);
		check_code(unit);
		suppress_apply(checker->checks, checker->agent, unit->source, findings, from, clock_now_ns());
		unit->source = NULL;
	}
	if (checker->agent)
		check_whole(checker, findings);
}
