#include "gate/playbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/yaml.h"
#include "gate/intent.h"
#include "gate/playbook_private.h"

enum { FILE_MAX_BYTES = 1 << 20, RETRY_MAX = 10 };

struct playbooks {
	struct arena *texts;
	struct playbook *list;
	size_t count;
	struct json **trees; /* the files, for as long as the playbooks point into them */
	size_t tree_count;
};

int playbook_is_address(const char *key)
{
	static const char words[] = " " PLAYBOOK_ADDRESS " ";
	char wanted[64];

	snprintf(wanted, sizeof(wanted), " %.60s ", key);
	return strstr(words, wanted) != NULL;
}

/* A text or a list of texts, NULL-terminated. */
static const char *const *texts_of(struct arena *arena, const struct json *value)
{
	size_t count = json_is(value, JSON_ARRAY) ? json_count(value) : json_text(value) ? 1 : 0;
	const char **list = arena_alloc(arena, (count + 1) * sizeof(*list));

	if (json_text(value))
		list[0] = json_text(value);
	else
		for (size_t i = 0; i < count; i++)
			list[i] = json_text_or(json_item(value, i), "");
	return list;
}

static int window_ms(const struct json *value, int otherwise)
{
	int64_t window_ns;

	if (!json_text(value) || clock_parse_window(json_text(value), &window_ns))
		return otherwise;
	return (int)(window_ns / 1000000);
}

/* The playbook's own definitions stand before each expression of its steps. */
static const char *defined(struct arena *arena, const char *define, const struct json *expression)
{
	const char *text = json_text(expression);

	return text && *define ? arena_format(arena, "%s\n%s", define, text) : text;
}

static void read_step(struct arena *arena, struct playbook_step *step, const struct json *entry, const char *define)
{
	*step = (struct playbook_step){
		.id = json_text_or(json_get(entry, "id"), ""),
		.action = json_text_or(json_get(entry, "action"), ""),
		.needs = texts_of(arena, json_get(entry, "needs")),
		.when = defined(arena, define, json_get(entry, "when")),
		.foreach = defined(arena, define, json_get(entry, "foreach")),
		.with = json_get(entry, "with"),
		.retry = (int)json_int(json_get(entry, "retry"), 0),
		.timeout_ms = window_ms(json_get(entry, "timeout"), PLAYBOOK_TIMEOUT_MS),
		.verify = json_get(entry, "verify"),
		.undo = json_get(entry, "undo"),
		.define = define,
		.line = json_line(entry),
	};
	if (step->retry > RETRY_MAX)
		step->retry = RETRY_MAX;
}

static void read_finding(struct arena *arena, struct playbook_finding *finding, const struct json *entry)
{
	const struct json *weight = json_get(entry, "weight");

	*finding = (struct playbook_finding){
		.when = json_text_or(json_get(entry, "when"), "true"),
		.each = json_text(json_get(entry, "each")),
		.class = json_text_or(json_get(entry, "class"), ""),
		.target = json_text(json_get(entry, "target")),
		.cause = json_text_or(json_get(entry, "cause"), ""),
		.weight = json_number(weight, 0.5),
		.weight_expr = json_text(weight),
		.cites = texts_of(arena, json_get(entry, "cites") ? json_get(entry, "cites") : json_get(entry, "cite")),
		.line = json_line(entry),
	};
}

struct json *playbook_step_with(const struct playbook_step *step, const struct json *input, struct error *err)
{
	return step->with ? jq_template(step->with, step->define, input, err) : json_object();
}

static int read_playbook(struct playbooks *books, struct json *document, const char *file, struct json *problems)
{
	const struct json *steps = json_get(document, "steps"), *findings = json_get(document, "findings");
	const char *name = json_text(json_get(document, "name"));
	struct error err = { 0 };

	if (!name || !json_is(json_get(document, "match"), JSON_OBJECT) || !json_count(steps)) {
		problem_add(problems, file, json_line(document), "a playbook has name, match and steps");
		return -1;
	}
	if (playbooks_find(books, name))
		return 0; /* the operator's came first */
	if (playbook_take_in(document, &err)) {
		problem_add(problems, file, json_line(document), err.text);
		return -1;
	}
	books->list = mem_grow(books->list, books->count + 1, sizeof(*books->list));
	struct playbook *book = &books->list[books->count++];
	*book = (struct playbook){
		.name = name, .title = json_text_or(json_get(document, "title"), name), .file = arena_text(books->texts, file),
		.match = json_get(document, "match"), .params = json_get(document, "params"), .next = texts_of(books->texts, json_get(document, "next")),
		.define = json_text(json_get(document, "define")),
		.step_count = json_count(steps), .finding_count = json_count(findings),
	};
	book->steps = arena_alloc(books->texts, (book->step_count + 1) * sizeof(*book->steps));
	book->findings = arena_alloc(books->texts, (book->finding_count + 1) * sizeof(*book->findings));
	size_t i = 0;
	for (const struct json *entry = json_first(steps); entry; entry = json_next(entry))
		read_step(books->texts, &book->steps[i++], entry, book->define);
	i = 0;
	for (const struct json *entry = json_first(findings); entry; entry = json_next(entry))
		read_finding(books->texts, &book->findings[i++], entry);
	return 0;
}

static int load_file(struct playbooks *books, const char *path, struct json *problems)
{
	struct error err = { 0 };
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, &err);
	struct json *tree = bytes ? yaml_parse_all(bytes, length, &err) : NULL;

	free(bytes);
	if (!tree) {
		problem_add(problems, path, 0, err.text);
		return -1;
	}
	books->trees = mem_grow(books->trees, books->tree_count + 1, sizeof(*books->trees));
	books->trees[books->tree_count++] = tree;
	for (struct json *document = json_first(tree); document; document = json_next(document))
		read_playbook(books, document, path, problems);
	return 0;
}

static struct playbooks *books_new(void)
{
	struct playbooks *books = mem_zero(1, sizeof(*books));

	books->texts = arena_new();
	return books;
}

/* inside: "/playbooks/tests/"; a path may begin with it, without the first slash. */
static int lies_in(const char *path, const char *inside)
{
	return strstr(path, inside) || !strncmp(path, inside + 1, strlen(inside + 1));
}

int playbook_is_playbook(const char *path)
{
	return !lies_in(path, "/playbooks/tests/") && !lies_in(path, "/playbooks/definitions/");
}

struct playbooks *playbooks_load(struct json *problems, struct error *err)
{
	struct playbooks *books = books_new();
	char **paths = file_list_data("playbooks");

	(void)err;
	for (char **path = paths; paths && *path; path++)
		if (playbook_is_playbook(*path))
			load_file(books, *path, problems);
	file_free_list(paths);
	return books;
}

struct playbooks *playbooks_load_file(const char *path, struct json *problems)
{
	struct playbooks *books = books_new();

	load_file(books, path, problems);
	return books;
}

void playbooks_free(struct playbooks *books)
{
	if (!books)
		return;
	for (size_t i = 0; i < books->tree_count; i++)
		json_free(books->trees[i]);
	free(books->trees);
	free(books->list);
	arena_free(books->texts);
	free(books);
}

size_t playbooks_count(const struct playbooks *books)
{
	return books->count;
}

const struct playbook *playbooks_at(const struct playbooks *books, size_t i)
{
	return i < books->count ? &books->list[i] : NULL;
}

const struct playbook *playbooks_find(const struct playbooks *books, const char *name)
{
	for (size_t i = 0; i < books->count; i++)
		if (!strcmp(books->list[i].name, name))
			return &books->list[i];
	return NULL;
}

/* --- matching: rules only. A value is a text, a list of texts, or "*": said, whatever it is. --- */

static int value_matches(const struct json *wanted, const char *value)
{
	if (json_is(wanted, JSON_ARRAY)) {
		for (const struct json *item = json_first(wanted); item; item = json_next(item))
			if (value_matches(item, value))
				return 1;
		return 0;
	}
	const char *text = json_text(wanted);
	return value && text && (!strcmp(text, "*") || !strcmp(text, value));
}

static const char *filter_text(const struct intent *intent, const char *key, char *number, size_t size)
{
	const struct json *value = json_get(intent->filters, key);

	if (json_is(value, JSON_NUMBER)) {
		snprintf(number, size, "%lld", (long long)json_int(value, 0));
		return number;
	}
	return json_is(value, JSON_ARRAY) ? json_text(json_first(value)) : json_text(value);
}

/* How well: -1 not at all, else the number of filters asked for and present. */
static int match_of(const struct playbook *book, const struct intent *intent)
{
	const struct json *filters = json_get(book->match, "filters"), *scope = json_get(book->match, "scope");
	const struct json *goal = json_get(book->match, "goal");
	char number[32];
	int score = 0;

	if (!value_matches(json_get(book->match, "intent"), intent->type) || !value_matches(json_get(book->match, "resource"), intent->resource))
		return -1;
	if ((scope && !value_matches(scope, intent->scope)) || (goal && !value_matches(goal, intent->goal)))
		return -1;
	for (const struct json *wanted = json_first(filters); wanted; wanted = json_next(wanted)) {
		if (!value_matches(wanted, filter_text(intent, json_key(wanted), number, sizeof(number))))
			return -1;
		score++;
	}
	return score * 2 + (scope != NULL) + 16 * (goal != NULL); /* what is asked for says more than what it is about */
}

const struct playbook *playbooks_match(const struct playbooks *books, const struct intent *intent, struct json *why)
{
	const struct playbook *best = NULL;
	int best_score = -1;

	for (size_t i = 0; i < books->count; i++) {
		int score = match_of(&books->list[i], intent);

		if (score <= best_score)
			continue;
		best = &books->list[i];
		best_score = score;
	}
	if (best && why) {
		char *reason = mem_format("playbook %s matches %s %s with %d filters", best->name, intent->type, intent->resource, best_score / 2);

		json_add(why, json_string(reason));
		free(reason);
	}
	return best;
}
