#include "copilot/corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "copilot/grammar.h"

static const char bar[] = "\xC2\xA6";

struct labelled {
	char *class, *text;
	char type[32], resource[32], scope[32];
	struct json *filters;
};

static void count_ok(const struct labelled *line, const struct grammar_answer *got, int verbose,
	struct corpus_score *score)
{
	int right = got->class == WORDS_OK && got->intent.confidence >= INTENT_ACCEPT &&
		    !strcmp(got->intent.type, line->type) &&
		    !strcmp(got->intent.resource, line->resource) &&
		    !strcmp(got->intent.scope, line->scope);
	int filters = right && json_equal(got->intent.filters, line->filters);

	score->ok++;
	score->right += right;
	score->filters += filters;
	if (verbose && !filters) {
		char *want = json_format(line->filters), *have = json_format(got->intent.filters),
		     *why = json_format(got->why);

		printf("%s %s | want %s %s %s %s | got %s %s %s %s %s %s\n",
			right ? "filter" : "WRONG ", line->text, line->type, line->resource,
			line->scope, want, words_class_name(got->class), got->intent.type,
			got->intent.resource, got->intent.scope, have, why);
		free(want);
		free(have);
		free(why);
	}
}

static void count(const struct grammar *grammar, const struct labelled *line, int verbose,
	struct corpus_score *score)
{
	struct grammar_answer got;
	int taken;

	grammar_parse(grammar, line->text, NULL, &got, NULL);
	taken = got.class == WORDS_OK && got.intent.confidence >= INTENT_ACCEPT;
	if (!strcmp(line->class, "ok")) {
		count_ok(line, &got, verbose, score);
	} else if (!strcmp(line->class, "injection")) {
		score->injections++;
		score->carried += (size_t)taken;
		score->flagged += got.class == WORDS_INJECTION;
		if (verbose && got.class != WORDS_INJECTION)
			printf("%s %s | got %s %s %s\n", taken ? "CARRIED" : "unflagged",
				line->text, words_class_name(got.class), got.intent.type,
				got.intent.resource);
	} else {
		score->refusals++;
		score->refused += !taken;
		if (verbose && (taken || got.class == WORDS_INJECTION))
			printf("%s %s | got %s %s %s\n", taken ? "TAKEN " : "accused", line->text,
				words_class_name(got.class), got.intent.type, got.intent.resource);
	}
	grammar_answer_release(&got);
}

static struct json *read_filters(char *text)
{
	struct json *filters = json_object();

	for (char *item = strtok(text, " "); item; item = strtok(NULL, " ")) {
		char *value = strchr(item, '=');

		if (!value)
			continue;
		*value++ = 0;
		if (!strcmp(item, "replicas") || !strcmp(item, "port")) {
			json_set_int(filters, item, atoi(value));
		} else if (!strcmp(item, "name") && strchr(value, ',')) {
			struct json *list = json_array();

			for (char *comma; (comma = strchr(value, ',')); value = comma + 1)
				json_add(list, json_string_n(value, (size_t)(comma - value)));
			json_set(filters, item, json_add(list, json_string(value)));
		} else {
			json_set_text(filters, item, value);
		}
	}
	return filters;
}

/* "@restart kubernetes prod": what the lines under it, nothing but sentences, are labelled. */
static void count_under(const struct grammar *grammar, const char *label, char *text, int verbose, struct corpus_score *score)
{
	struct labelled line = { .text = text, .filters = json_object() };
	char ok[] = "ok";

	sscanf(label, "%31s %31s %31s", line.type, line.resource, line.scope);
	line.class = *line.resource ? ok : line.type; /* "@reject" */
	if (!strcmp(line.scope, "-"))
		*line.scope = 0;
	count(grammar, &line, verbose, score);
	json_free(line.filters);
}

static void count_line(
	const struct grammar *grammar, char *text, int verbose, struct corpus_score *score)
{
	struct labelled line = { .class = text };
	char *field[3], *at = text;

	for (int i = 0; i < 3; i++) {
		at = at ? strstr(at, bar) : NULL;
		if (!at)
			return;
		*at = 0;
		field[i] = at += strlen(bar);
	}
	line.text = field[2];
	sscanf(field[0], "%31s %31s %31s", line.type, line.resource, line.scope);
	if (!strcmp(line.scope, "-"))
		*line.scope = 0;
	line.filters = read_filters(field[1]);
	count(grammar, &line, verbose, score);
	json_free(line.filters);
}

int corpus_score_file(
	const struct grammar *grammar, const char *path, int verbose, struct corpus_score *score)
{
	char *bytes = file_load(path, 1 << 20, NULL, NULL), *rest = bytes, *line, *label = NULL;

	if (!bytes)
		return -1;
	while ((line = strsep(&rest, "\n"))) {
		if (*line == '@')
			label = line + 1;
		else if (*line && *line != '#' && label)
			count_under(grammar, label, line, verbose, score);
		else if (*line != '#')
			count_line(grammar, line, verbose, score);
	}
	free(bytes);
	return 0;
}

static void count_json(
	const struct grammar *grammar, const char *text, int verbose, struct corpus_score *score)
{
	struct json *json = json_parse(text, strlen(text), NULL);
	const struct json *target = json_at(json, "gold.target"),
			  *filters = json_get(target, "filters");
	struct labelled line = { 0 };

	if (!json)
		return;
	line.class = strdup(json_text_or(json_get(json, "class"), ""));
	line.text = strdup(json_text_or(json_get(json, "text"), ""));
	snprintf(line.type, sizeof(line.type), "%s",
		json_text_or(json_at(json, "gold.intent_type"), ""));
	snprintf(line.resource, sizeof(line.resource), "%s",
		json_text_or(json_get(target, "resource_type"), ""));
	snprintf(line.scope, sizeof(line.scope), "%s", json_text_or(json_get(target, "scope"), ""));
	line.filters = filters ? json_copy(filters) : json_object();
	count(grammar, &line, verbose, score);
	json_free(line.filters);
	free(line.class);
	free(line.text);
	json_free(json);
}

int corpus_score_jsonl(
	const struct grammar *grammar, const char *path, int verbose, struct corpus_score *score)
{
	char *bytes = file_load(path, 1 << 20, NULL, NULL), *rest = bytes, *line;

	if (!bytes)
		return -1;
	while ((line = strsep(&rest, "\n")))
		count_json(grammar, line, verbose, score);
	free(bytes);
	return 0;
}

void corpus_print(const char *title, const struct corpus_score *score)
{
	printf("%s: ok %zu/%zu (filters %zu), injections carried out %zu/%zu (flagged %zu), "
	       "refused %zu/%zu\n",
		title, score->right, score->ok, score->filters, score->carried, score->injections,
		score->flagged, score->refused, score->refusals);
}
