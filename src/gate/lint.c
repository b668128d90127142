#include "gate/lint.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/yaml.h"
#include "estate/kind.h"
#include "gate/playbook.h"
#include "gate/playbook_private.h"
#include "gate/policy_rule.h"

enum { FILE_MAX_BYTES = 1 << 20, DEPTH_MAX = 8, AREAS_MAX = 8 };

static const struct lint_area *added[AREAS_MAX];
static size_t added_count;

void lint_add_area(const struct lint_area *area)
{
	if (added_count < AREAS_MAX)
		added[added_count++] = area;
}

static struct json *load(const char *path, struct json *problems)
{
	struct error err = { 0 };
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, &err);
	struct json *tree = bytes ? yaml_parse_all(bytes, length, &err) : NULL;

	free(bytes);
	if (!tree)
		problem_add(problems, path, 0, err.text);
	return tree;
}

/* --- kinds --- */

/* Expressions are tried here, not at each start: it takes a process of its own. */
static void check_details(const struct kind *kind, const char *path, struct json *problems)
{
	char text[400];

	for (size_t i = 0; i < kind->detail_count; i++) {
		struct error err = { 0 };

		if (!jq_check(kind->details[i].rows, &err))
			continue;
		snprintf(text, sizeof(text), "detail \"%.60s\": %.300s", kind->details[i].title, err.text);
		problem_add(problems, path, 0, text);
	}
}

static void check_kinds(const char *path, struct json *problems)
{
	struct kinds *kinds = kinds_load_file(path, problems);

	for (size_t i = 0; kinds && i < kinds_count(kinds); i++)
		check_details(kinds_at(kinds, i), path, problems);
	kinds_free(kinds);
}

/* --- policies --- */

static void check_policies(const char *path, struct json *problems)
{
	struct json *tree = load(path, problems);
	size_t number = 0;

	for (const struct json *document = json_first(tree); document; document = json_next(document)) {
		if (!json_is(document, JSON_ARRAY))
			problem_add(problems, path, json_line(document), "a policy file is a list of rules");
		for (const struct json *entry = json_is(document, JSON_ARRAY) ? json_first(document) : NULL; entry; entry = json_next(entry)) {
			struct policy_rule rule = { 0 };
			struct error err = { 0 };

			if (policy_rule_read(&rule, entry, path, ++number, &err))
				problem_add(problems, path, json_line(entry), err.text);
			policy_rule_release(&rule);
		}
	}
	json_free(tree);
}

/* --- playbooks, against the kinds that are there --- */

static void check_playbooks(const char *path, struct json *problems)
{
	struct error err = { 0 };
	struct kinds *kinds = playbook_is_playbook(path) ? kinds_load(NULL, &err) : NULL;

	if (kinds)
		playbook_lint(path, kinds, problems);
	else
		json_free(load(path, problems)); /* recorded evidence, which `playbook test` reads, or definitions, which are judged where they are used */
	kinds_free(kinds);
}

/* --- which of them --- */

static const struct lint_area own[] = {
	{ "kinds", check_kinds },
	{ "playbooks", check_playbooks },
	{ "policies", check_policies },
};

static const struct lint_area *area_named(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (strlen(own[i].name) == length && !strncmp(own[i].name, name, length))
			return &own[i];
	for (size_t i = 0; i < added_count; i++)
		if (strlen(added[i]->name) == length && !strncmp(added[i]->name, name, length))
			return added[i];
	return NULL;
}

/* The last folder of the path that bears an area's name. */
static const struct lint_area *area_of_path(const char *path)
{
	const struct lint_area *area = NULL;

	for (const char *at = path; *at; at += strcspn(at, "/") + (at[strcspn(at, "/")] == '/')) {
		const struct lint_area *here = at[strcspn(at, "/")] ? area_named(at, strcspn(at, "/")) : NULL;

		area = here ? here : area;
	}
	return area;
}

/* A file that lies anywhere: by its first keys. */
static const struct lint_area *area_of_content(const struct json *tree)
{
	static const struct { const char *key, *area; } signs[] = {
		{ "steps", "playbooks" }, { "kind", "kinds" }, { "words", "words" }, { "styles", "themes" }, { "troubles", "scenarios" }, { "clusters", "scenarios" },
	};
	const struct json *first = json_first(tree);

	if (json_is(first, JSON_ARRAY) && json_get(json_first(first), "decide"))
		return area_named("policies", strlen("policies"));
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
		if (json_is(first, JSON_OBJECT) && json_get(first, signs[i].key))
			return area_named(signs[i].area, strlen(signs[i].area));
	return NULL;
}

static size_t check_file(const char *path, struct json *problems)
{
	const struct lint_area *area = area_of_path(path);
	size_t before = json_count(problems);

	if (!area) {
		struct json *tree = load(path, problems);

		area = area_of_content(tree);
		json_free(tree);
	}
	if (area)
		area->check(path, problems);
	else if (json_count(problems) == before)
		problem_add(problems, path, 0, "neither its folder nor what it holds says what it is: a kind, a playbook, a policy, a theme, a widget, words, a scenario or checks");
	return 1;
}

static int is_data(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return *entry->d_name != '.' && (!dot || !strcmp(dot, ".yaml") || !strcmp(dot, ".yml"));
}

static size_t check(const char *path, int depth, struct json *problems);

static size_t check_folder(const char *path, int depth, struct json *problems)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_data, alphasort);
	size_t files = 0;

	for (int i = 0; i < count; i++) {
		char *below = mem_format("%s/%s", path, entries[i]->d_name);
		struct stat info;
		const char *dot = strrchr(entries[i]->d_name, '.');

		if (!stat(below, &info) && (S_ISDIR(info.st_mode) || dot))
			files += check(below, depth + 1, problems);
		free(below);
		free(entries[i]);
	}
	free(entries);
	return files;
}

static size_t check(const char *path, int depth, struct json *problems)
{
	struct stat info;

	if (stat(path, &info))
		problem_add(problems, path, 0, "there is no such file");
	else if (!S_ISDIR(info.st_mode))
		return check_file(path, problems);
	else if (depth < DEPTH_MAX)
		return check_folder(path, depth, problems);
	return 0;
}

size_t lint_path(const char *path, struct json *problems)
{
	return check(path, 0, problems);
}
