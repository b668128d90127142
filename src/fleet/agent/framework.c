#include "fleet/agent/framework.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "fleet/agent/project.h"
#include "fleet/code/imports.h"

enum { FILE_MAX_BYTES = 1 << 20 };

/* "langgraph", "langchain_*", "agents:Runner". */
struct library {
	const char *name, *wanted; /* wanted: a name that must be imported from it, or NULL */
	const char *const *needs;  /* one of which the file must have too; empty: none */
	size_t length;
	int prefix, script, row;
};

struct frameworks {
	struct arena *arena;
	struct framework *rows;
	const char **json_marks; /* of each row; NULL: none */
	size_t count;
	struct library *libraries;
	size_t library_count;
};

static void add_library(struct frameworks *frameworks, const char *written, const char *const *needs, int script, int row)
{
	const char *colon = script ? NULL : strchr(written, ':');
	size_t length = colon ? (size_t)(colon - written) : strlen(written);
	int prefix = length && written[length - 1] == '*';

	frameworks->libraries = mem_grow(frameworks->libraries, frameworks->library_count + 1, sizeof(struct library));
	frameworks->libraries[frameworks->library_count++] = (struct library){
		.name = arena_text_n(frameworks->arena, written, length - (size_t)prefix),
		.wanted = colon ? arena_text(frameworks->arena, colon + 1) : NULL,
		.needs = needs,
		.length = length - (size_t)prefix,
		.prefix = prefix,
		.script = script,
		.row = row,
	};
}

static void add_libraries(struct frameworks *frameworks, const struct json *list, const char *const *needs, int script, int row)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item) && *json_text(item))
			add_library(frameworks, json_text(item), needs, script, row);
}

/* The texts of a list, NULL at the end; in the arena. */
static const char **texts_of(struct arena *arena, const struct json *list)
{
	const char **texts = arena_alloc(arena, (json_count(list) + 1) * sizeof(*texts));
	size_t count = 0;

	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item))
			texts[count++] = arena_text(arena, json_text(item));
	texts[count] = NULL;
	return texts;
}

static int add_row(struct frameworks *frameworks, const struct json *row, struct error *err)
{
	const char **needs = texts_of(frameworks->arena, json_get(row, "needs"));

	if (!json_text(json_get(row, "name")))
		return error_set(err, ERR_FORMAT, "line %d: a framework needs a name", json_line(row));
	int number = (int)frameworks->count;
	frameworks->rows = mem_grow(frameworks->rows, frameworks->count + 1, sizeof(*frameworks->rows));
	frameworks->json_marks = mem_grow(frameworks->json_marks, frameworks->count + 1, sizeof(*frameworks->json_marks));
	frameworks->json_marks[frameworks->count] = arena_text(frameworks->arena, json_text(json_item(json_get(row, "json"), 0)));
	frameworks->rows[frameworks->count++] = (struct framework){ arena_text(frameworks->arena, json_text(json_get(row, "name"))),
		texts_of(frameworks->arena, json_get(row, "marks")), number };
	add_libraries(frameworks, json_get(row, "python"), needs, 0, number);
	add_libraries(frameworks, json_get(row, "script"), needs, 1, number);
	return 0;
}

static int add_file(struct frameworks *frameworks, const char *path, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;
	int failed = !tree;

	for (const struct json *row = json_first(json_get(tree, "frameworks")); row && !failed; row = json_next(row))
		failed = add_row(frameworks, row, err);
	json_free(tree);
	free(bytes);
	return failed ? error_wrap(err, "%s", path) : 0;
}

struct frameworks *frameworks_load(struct error *err)
{
	struct frameworks *frameworks = mem_zero(1, sizeof(*frameworks));
	char **files = file_list_data("checks");
	int failed = 0;

	frameworks->arena = arena_new();
	for (char **file = files; *file && !failed; file++)
		if (strstr(*file, "frameworks"))
			failed = add_file(frameworks, *file, err);
	file_free_list(files);
	if (!failed && !frameworks->count)
		failed = error_set(err, ERR_NOT_FOUND, "no frameworks found: %s/checks/frameworks.yaml is missing; reinstall or set PILOTHOUSE_DATA", file_data_folder());
	if (!failed)
		return frameworks;
	frameworks_free(frameworks);
	return NULL;
}

void frameworks_free(struct frameworks *frameworks)
{
	if (!frameworks)
		return;
	free(frameworks->rows);
	free(frameworks->json_marks);
	free(frameworks->libraries);
	arena_free(frameworks->arena);
	free(frameworks);
}

/* --- a file --- */

struct looking {
	const struct frameworks *frameworks;
	const struct framework_file *file;
	struct framework_match best;
	const char *text;
	size_t length;
	int script;
};

static int has_word(const char *text, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	for (const char *at = text; (at = memmem(at, length - (size_t)(at - text), word, word_length)); at++) {
		const char *after = at + word_length;
		int open = at > text && (at[-1] == '_' || (at[-1] | 32) >= 'a');

		if (!open && (after == text + length || (*after != '_' && ((*after | 32) < 'a' || (*after | 32) > 'z'))))
			return 1;
	}
	return 0;
}

static int library_matches(const struct library *library, const char *module, size_t length, const char *names, size_t names_length)
{
	if (length < library->length || memcmp(module, library->name, library->length))
		return 0;
	if (!library->prefix && length > library->length && module[library->length] != (library->script ? '/' : '.'))
		return 0;
	return !library->wanted || has_word(names, names_length, library->wanted);
}

/* A library of many uses, boto3 say, counts with a word beside it that tells this one. */
static int has_need(const struct looking *looking, const struct library *library)
{
	const char *const *need = library->needs;

	while (*need && !memmem(looking->text, looking->length, *need, strlen(*need)))
		need++;
	return *need || need == library->needs;
}

static int is_own(const struct looking *looking, const char *module, size_t length)
{
	return looking->file->projects && projects_own(looking->file->projects, looking->file->path, module, length, looking->script);
}

static void on_import(void *arg, const char *module, size_t length, const char *names, size_t names_length, int line)
{
	struct looking *looking = arg;
	const struct frameworks *frameworks = looking->frameworks;

	for (size_t i = 0; i < frameworks->library_count; i++) {
		const struct library *library = &frameworks->libraries[i];
		struct framework_match *best = &looking->best;

		if (library->script != looking->script || (best->framework && best->framework->rank <= library->row) ||
			!library_matches(library, module, length, names, names_length) || !has_need(looking, library) || is_own(looking, module, length))
			continue;
		*best = (struct framework_match){ .framework = &frameworks->rows[library->row], .module = module, .module_length = length, .module_line = line };
	}
}

static int line_of(const char *text, const char *at)
{
	int line = 1;

	for (; (text = memchr(text, '\n', (size_t)(at - text))); text++)
		line++;
	return line;
}

static void find_mark(struct framework_match *match, const char *text, size_t length)
{
	for (const char *const *mark = match->framework->marks; *mark && !match->mark; mark++) {
		const char *at = memmem(text, length, *mark, strlen(*mark));

		if (!at)
			continue;
		match->mark = *mark;
		match->mark_line = line_of(text, at);
	}
}

static struct framework_match of_json(const struct frameworks *frameworks, const char *text, size_t length)
{
	struct framework_match match = { 0 };

	for (size_t i = 0; i < frameworks->count && !match.framework; i++) {
		const char *mark = frameworks->json_marks[i], *at = mark ? memmem(text, length, mark, strlen(mark)) : NULL;

		if (at && memmem(text, length, "\"nodes\"", 7))
			match = (struct framework_match){ .framework = &frameworks->rows[i], .module = at, .module_length = strlen(mark),
				.module_line = line_of(text, at) };
	}
	return match;
}

struct framework_match framework_of(
	const struct frameworks *frameworks, const struct framework_file *file, enum source_kind kind, const char *text, size_t length)
{
	struct looking looking = { .frameworks = frameworks, .file = file, .text = text, .length = length, .script = kind == SOURCE_SCRIPT };

	if (kind == SOURCE_JSON)
		return of_json(frameworks, text, length);
	imports_each(kind, text, length, on_import, &looking);
	if (looking.best.framework)
		find_mark(&looking.best, text, length);
	return looking.best;
}

/* The code cells of a notebook one after the other. */
static void add_cells(struct text *code, const struct json *cells)
{
	for (const struct json *cell = json_first(cells); cell; cell = json_next(cell)) {
		const struct json *source = json_get(cell, "source");

		if (strcmp(json_text_or(json_get(cell, "cell_type"), ""), "code"))
			continue;
		text_add(code, json_text_or(source, ""));
		for (const struct json *line = json_is(source, JSON_ARRAY) ? json_first(source) : NULL; line; line = json_next(line))
			text_add(code, json_text_or(line, ""));
		text_add_char(code, '\n');
	}
}

int framework_of_notebook(const struct frameworks *frameworks, const struct framework_file *file, const char *bytes, size_t length, struct arena *arena, struct framework_match *match)
{
	struct json *tree = json_parse(bytes, length, NULL);
	struct text code;

	if (!tree)
		return -1;
	text_init(&code, length);
	add_cells(&code, json_get(tree, "cells"));
	json_free(tree);
	*match = framework_of(frameworks, file, SOURCE_NOTEBOOK, code.data, code.length);
	if (match->framework)
		match->module = arena_text_n(arena, match->module, match->module_length);
	text_release(&code);
	return 0;
}

/* What an agent built on a library likes to be called: "langgraph-agent" is no part of LangGraph. */
static int is_name_of_use(const char *rest)
{
	static const char *const words[] = { "agent", "bot", "app", "demo", "example", "sample", "service", "assistant", "template", "chat", "starter", "project", "workflow", "tutorial" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(rest, words[i]))
			return 1;
	return 0;
}

int framework_is(const struct frameworks *frameworks, const char *package)
{
	for (size_t i = 0; i < frameworks->library_count; i++) {
		const struct library *library = &frameworks->libraries[i];

		if (library->script || library->wanted || *library->needs || strncmp(package, library->name, library->length) != 0)
			continue;
		if (!package[library->length] || (library->prefix && !is_name_of_use(package + library->length)))
			return 1;
	}
	return 0;
}
