#include "fleet/code/lexicon.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"

enum { FILE_MAX_BYTES = 1 << 20, BUCKETS = 512, NAME_BYTES = 700, MATCHES_MAX = 200000 };

static const char *const role_names[ROLE_COUNT] = { "model", "model_guess", "agent_run", "client", "async_client", "embed", "embedder", "retrieve", "http", "blocking", "shell",
	"sql", "evaluate", "log", "retry", "tool", "tool_holder", "route", "app", "destroy", "write", "file", "loader", "memory_write", "from_url_template",
	"json_loads", "gather", "mcp_tools", "a2a", "chat_surface", "sanitize", "secret_read" };
static const char *const word_names[WORD_COUNT] = { "approval", "limiter", "bound", "budget", "fallback", "breaker", "kill", "tracing", "usage", "redact", "vetted", "allowlist",
	"confined", "trim", "cache", "prompt_cache", "auth", "schema", "deadline", "scores", "tenant", "cite", "disclosure", "idempotent", "semaphore", "audit",
	"health", "guard_data", "guard_secret", "destructive_name", "simple_step", "personal", "content", "asked", "system_name", "prompt_name", "arithmetic",
	"secret_name", "premium", "reply_name" };
static const char *const list_names[LIST_COUNT] = { "model_arguments", "output_limits", "timeouts", "retries", "sdks" };

struct pattern {
	const char *text;
	const char *before, *last; /* its parts before and behind the last point; before NULL: it has none, and is compared whole */
	enum role role;
	int next; /* in its bucket, from 1 */
};

struct lexicon {
	struct arena *arena;
	struct pattern *patterns;
	size_t pattern_count;
	int buckets[BUCKETS]; /* by what stands behind the last point; those with * there are in `wild` */
	int wild;
	struct pattern *except; /* the ones with "!" */
	size_t except_count;
	pcre2_code *words[WORD_COUNT];
	pcre2_match_data *matches;
	pcre2_match_context *context;
	const char **lists[LIST_COUNT];
	struct lexicon_model *models;
	size_t model_count;
};

int lexicon_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	for (; *text;) {
		if (*pattern == '*') {
			star = ++pattern;
			resume = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++resume;
		} else {
			return 0;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* --- loading --- */

static const char *last_part(const char *name)
{
	const char *point = strrchr(name, '.');

	return point ? point + 1 : name;
}

static unsigned bucket_of(const char *part)
{
	unsigned value = 5381;

	while (*part)
		value = value * 33 + (unsigned char)*part++;
	return value % BUCKETS;
}

/* "a.b*" is of b… itself, not of what it gives back: the last part is compared with the last part. "a.*b" leaves open what stands between. */
static void split(struct lexicon *lexicon, struct pattern *pattern)
{
	const char *last = last_part(pattern->text);
	size_t length = (size_t)(last - pattern->text);

	if (!length)
		return;
	pattern->last = last;
	pattern->before = *last == '*' && last[1] ? arena_format(lexicon->arena, "%.*s*", (int)length - 1, pattern->text) : arena_text_n(lexicon->arena, pattern->text, length - 1);
}

static int pattern_matches(const struct pattern *pattern, const char *name, const char *before, const char *last)
{
	if (!pattern->before)
		return lexicon_glob(pattern->text, name);
	return lexicon_glob(pattern->last, last) && lexicon_glob(pattern->before, before);
}

static void add_pattern(struct lexicon *lexicon, enum role role, const char *text)
{
	const char *kept = arena_text(lexicon->arena, text + (*text == '!'));
	struct pattern *pattern;
	int *bucket;

	if (*text == '!') {
		lexicon->except = mem_grow(lexicon->except, lexicon->except_count + 1, sizeof(*lexicon->except));
		lexicon->except[lexicon->except_count++] = (struct pattern){ .text = kept, .role = role };
		return;
	}
	lexicon->patterns = mem_grow(lexicon->patterns, lexicon->pattern_count + 1, sizeof(*lexicon->patterns));
	pattern = &lexicon->patterns[lexicon->pattern_count++];
	bucket = strchr(last_part(kept), '*') ? &lexicon->wild : &lexicon->buckets[bucket_of(last_part(kept))];
	*pattern = (struct pattern){ .text = kept, .role = role, .next = *bucket };
	*bucket = (int)lexicon->pattern_count;
	split(lexicon, pattern);
}

static void add_list(struct lexicon *lexicon, int which, const struct json *list)
{
	size_t count = 0, more = json_count(list);
	const char **old = lexicon->lists[which], **all;

	while (old && old[count])
		count++;
	all = arena_alloc(lexicon->arena, (count + more + 1) * sizeof(*all));
	if (count)
		memcpy(all, old, count * sizeof(*all));
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item))
			all[count++] = arena_text(lexicon->arena, json_text(item));
	lexicon->lists[which] = all;
}

static void add_models(struct lexicon *lexicon, const struct json *rows)
{
	for (const struct json *row = json_first(rows); row; row = json_next(row)) {
		const char *id = json_text(json_get(row, "id"));

		if (!id)
			continue;
		lexicon->models = mem_grow(lexicon->models, lexicon->model_count + 1, sizeof(*lexicon->models));
		lexicon->models[lexicon->model_count++] = (struct lexicon_model){ .id = arena_text(lexicon->arena, id),
			.use = arena_text(lexicon->arena, json_text_or(json_get(row, "use"), "")), .date = arena_text(lexicon->arena, json_text(json_get(row, "date"))) };
	}
}

/* The first file that has a word says what it is. */
static int add_word(struct lexicon *lexicon, int which, const struct json *value, struct error *err)
{
	const char *text = json_text(value);
	int number;
	PCRE2_SIZE offset;
	PCRE2_UCHAR why[128];

	if (!text || lexicon->words[which])
		return 0;
	lexicon->words[which] = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &number, &offset, NULL);
	if (!lexicon->words[which]) {
		pcre2_get_error_message(number, why, sizeof(why));
		return error_set(err, ERR_FORMAT, "line %d: %s is no expression: %s at byte %zu", json_line(value), word_names[which], why, (size_t)offset);
	}
	pcre2_jit_compile(lexicon->words[which], PCRE2_JIT_COMPLETE);
	return 0;
}

static int add_tree(struct lexicon *lexicon, const struct json *tree, struct error *err)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		for (const struct json *item = json_first(json_get(json_get(tree, "roles"), role_names[i])); item; item = json_next(item))
			if (json_text(item))
				add_pattern(lexicon, (enum role)i, json_text(item));
	for (int i = 0; i < LIST_COUNT; i++)
		add_list(lexicon, i, json_get(tree, list_names[i]));
	add_models(lexicon, json_get(tree, "retired"));
	add_models(lexicon, json_get(tree, "moving"));
	for (int i = 0; i < WORD_COUNT; i++)
		if (add_word(lexicon, i, json_get(json_get(tree, "words"), word_names[i]), err))
			return -1;
	return 0;
}

static int add_file(struct lexicon *lexicon, const char *path, struct error *err)
{
	const char *base = strrchr(path, '/');
	size_t length;
	char *bytes;
	struct json *tree;
	int failed;

	if (strcmp(base ? base + 1 : path, "lexicon.yaml"))
		return 0;
	bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	tree = bytes ? yaml_parse(bytes, length, err) : NULL;
	failed = !tree || add_tree(lexicon, tree, err);
	free(bytes);
	json_free(tree);
	return failed ? error_wrap(err, "%s", path) : 0;
}

struct lexicon *lexicon_load(struct error *err)
{
	struct lexicon *lexicon = mem_zero(1, sizeof(*lexicon));
	char **files = file_list_data("checks");
	int failed = 0;

	lexicon->arena = arena_new();
	lexicon->matches = pcre2_match_data_create(1, NULL);
	lexicon->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(lexicon->context, MATCHES_MAX);
	for (char **file = files; *file && !failed; file++)
		failed = add_file(lexicon, *file, err);
	file_free_list(files);
	for (int i = 0; i < WORD_COUNT && !failed; i++)
		if (!lexicon->words[i])
			failed = error_set(err, ERR_NOT_FOUND, "checks/lexicon.yaml has no word %s: reinstall or set PILOTHOUSE_DATA", word_names[i]);
	if (!failed)
		return lexicon;
	lexicon_free(lexicon);
	return NULL;
}

void lexicon_free(struct lexicon *lexicon)
{
	if (!lexicon)
		return;
	for (int i = 0; i < WORD_COUNT; i++)
		pcre2_code_free(lexicon->words[i]);
	pcre2_match_data_free(lexicon->matches);
	pcre2_match_context_free(lexicon->context);
	free(lexicon->patterns);
	free(lexicon->except);
	free(lexicon->models);
	arena_free(lexicon->arena);
	free(lexicon);
}

/* --- asking --- */

static uint64_t roles_in(const struct lexicon *lexicon, int first, const char *name, const char *before, const char *last)
{
	uint64_t roles = 0;

	for (int i = first; i; i = lexicon->patterns[i - 1].next) {
		const struct pattern *pattern = &lexicon->patterns[i - 1];

		/* Most differ in the first letter. */
		if (*pattern->text != '*' && *pattern->text != *name)
			continue;
		if (pattern->last && *pattern->last != '*' && *pattern->last != *last)
			continue;
		if (!(roles & (uint64_t)1 << pattern->role) && pattern_matches(pattern, name, before, last))
			roles |= (uint64_t)1 << pattern->role;
	}
	return roles;
}

static uint64_t roles_of(const struct lexicon *lexicon, const char *name)
{
	const char *last = last_part(name);
	char before[NAME_BYTES];
	size_t length = (size_t)(last - name);
	uint64_t roles;

	length = length ? length - 1 : 0;
	length = length < sizeof(before) ? length : sizeof(before) - 1;
	memcpy(before, name, length);
	before[length] = 0;
	roles = roles_in(lexicon, lexicon->buckets[bucket_of(last)], name, before, last) | roles_in(lexicon, lexicon->wild, name, before, last);

	for (size_t i = 0; roles && i < lexicon->except_count; i++)
		if (roles & (uint64_t)1 << lexicon->except[i].role && lexicon_glob(lexicon->except[i].text, name))
			roles &= ~((uint64_t)1 << lexicon->except[i].role);
	return roles;
}

/* The bracket that closes the one at the beginning. */
static const char *union_end(const char *name)
{
	int depth = 0;

	for (; *name; name++) {
		depth += (*name == '(') - (*name == ')');
		if (!depth)
			return name;
	}
	return NULL;
}

uint64_t lexicon_roles(const struct lexicon *lexicon, const char *resolved)
{
	const char *close = *resolved == '(' ? union_end(resolved) : NULL;
	char name[NAME_BYTES];
	uint64_t roles = 0;
	int depth = 0;

	if (!close || strlen(resolved) >= NAME_BYTES)
		return roles_of(lexicon, resolved);
	for (const char *at = resolved + 1, *begin = at; at <= close; at++) {
		if ((*at == '|' && !depth) || at == close) {
			memcpy(name, begin, (size_t)(at - begin));
			strcpy(name + (at - begin), close + 1);
			roles |= lexicon_roles(lexicon, name);
			begin = at + 1;
		}
		depth += (*at == '(') - (*at == ')');
	}
	return roles;
}

int lexicon_says(const struct lexicon *lexicon, enum word word, const char *text, size_t length)
{
	return pcre2_match(lexicon->words[word], (PCRE2_SPTR)text, length, 0, 0, lexicon->matches, lexicon->context) >= 0;
}

int lexicon_lists(const struct lexicon *lexicon, enum word_list list, const char *name)
{
	for (const char **it = lexicon->lists[list]; it && *it; it++)
		if (!strcmp(*it, name))
			return 1;
	return 0;
}

static const struct lexicon_model *model(const struct lexicon *lexicon, const char *id, int gone)
{
	for (size_t i = 0; i < lexicon->model_count; i++)
		if (!strcmp(lexicon->models[i].id, id) && !lexicon->models[i].date == !gone)
			return &lexicon->models[i];
	return NULL;
}

const struct lexicon_model *lexicon_moving(const struct lexicon *lexicon, const char *id)
{
	return model(lexicon, id, 0);
}

const struct lexicon_model *lexicon_retired(const struct lexicon *lexicon, const char *id)
{
	return model(lexicon, id, 1);
}
