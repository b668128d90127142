/* load.c - checks/secrets.yaml and the operator's own rules: read, checked, and made into literals and patterns. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "fleet/secrets/private.h"

enum { FILE_MAX_BYTES = 4 << 20, RULES_MAX = 2000, KEYWORD_MAX = 64, PATTERN_MAX = 2000 };

/* --- sets of words --- */

struct word_set {
	const char **words; /* ordered */
	size_t count;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int word_set_has(const struct word_set *set, const char *word, size_t length)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strncmp(word, set->words[middle], length);

		if (!order)
			order = set->words[middle][length] ? -1 : 0;
		if (!order)
			return 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

static void add_words(struct secret_rules *rules, struct word_set *set, const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (!json_text(item))
			continue;
		set->words = mem_grow(set->words, set->count + 1, sizeof(*set->words));
		set->words[set->count++] = arena_text(rules->texts, json_text(item));
	}
	if (set->count)
		qsort(set->words, set->count, sizeof(*set->words), by_text);
}

static void free_words(struct word_set *set)
{
	if (set)
		free(set->words);
	free(set);
}

/* --- literals --- */

static struct literal *literal_of(struct secret_rules *rules, const char *text, int caseless)
{
	struct literal *literal;

	for (size_t i = 0; i < rules->literal_count; i++)
		if (rules->literals[i].caseless == caseless && !strcmp(rules->literals[i].text, text))
			return &rules->literals[i];
	rules->literals = mem_grow(rules->literals, rules->literal_count + 1, sizeof(*rules->literals));
	literal = &rules->literals[rules->literal_count++];
	*literal = (struct literal){ .text = arena_text(rules->texts, text), .length = (unsigned)strlen(text), .caseless = caseless };
	return literal;
}

static void add_keyword(struct secret_rules *rules, const char *text, int caseless, unsigned rule)
{
	struct literal *literal = literal_of(rules, text, caseless);

	literal->rules = mem_grow(literal->rules, literal->rule_count + 1, sizeof(*literal->rules));
	literal->rules[literal->rule_count++] = rule;
}

/* --- a rule --- */

static const char *const severities[] = { "critical", "high", "medium", "low", "info" };

static int wrong(const struct json *row, const char *id, struct error *err, const char *what)
{
	return error_set(err, ERR_FORMAT, "line %d: rule %s %s", json_line(row), id, what);
}

static int read_severity(struct secret_rule *rule, const struct json *row, struct error *err)
{
	const char *severity = json_text(json_get(row, "severity")), *fixability = json_text(json_get(row, "fixability"));
	int i = 0;

	rule->severity = rule->check->severity;
	rule->fixability = rule->check->fixability;
	if (fixability && strcmp(fixability, "1-Click") != 0 && strcmp(fixability, "Structural") != 0)
		return wrong(row, rule->id, err, "has a fixability that is neither 1-Click nor Structural");
	if (fixability)
		rule->fixability = *fixability == '1' ? FIX_ONE_CLICK : FIX_STRUCTURAL;
	if (!severity)
		return 0;
	while (i < SEVERITY_COUNT && strcmp(severities[i], severity) != 0)
		i++;
	if (i == SEVERITY_COUNT)
		return wrong(row, rule->id, err, "has a severity that is none of critical high medium low info");
	rule->severity = (enum check_severity)i;
	return 0;
}

static int read_pattern(struct secret_rule *rule, const struct json *row, struct error *err)
{
	const char *pattern = json_text(json_get(row, "pattern"));
	int code = 0;
	PCRE2_SIZE offset = 0;
	char why[200] = "", message[160];

	if (!pattern || strlen(pattern) > PATTERN_MAX)
		return wrong(row, rule->id, err, "needs a pattern of at most 2000 bytes");
	rule->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_ANCHORED | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C, &code, &offset, NULL);
	if (rule->code) {
		pcre2_pattern_info(rule->code, PCRE2_INFO_MINLENGTH, &rule->shortest);
		return 0;
	}
	pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof(why));
	snprintf(message, sizeof(message), "has a pattern that does not compile, at its byte %zu: %.100s", (size_t)offset, why);
	return wrong(row, rule->id, err, message);
}

static int read_keywords(struct secret_rules *rules, struct secret_rule *rule, const struct json *row, struct error *err)
{
	int caseless = json_bool(json_get(row, "caseless"), 0);

	for (const struct json *item = json_first(json_get(row, "keywords")); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (!text || strlen(text) < 2 || strlen(text) > KEYWORD_MAX)
			return wrong(row, rule->id, err, "has a keyword that is no text of 2 to 64 bytes");
		add_keyword(rules, text, caseless, (unsigned)(rule - rules->rules));
	}
	return 0;
}

static const char *lower_text(struct secret_rules *rules, const char *text)
{
	char *copy = arena_text(rules->texts, text);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static const char *const *read_lower(struct secret_rules *rules, const struct json *list)
{
	const char **words;
	size_t count = 0;

	if (!json_count(list))
		return NULL;
	words = arena_alloc(rules->texts, (json_count(list) + 1) * sizeof(*words));
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (json_text(item))
			words[count++] = lower_text(rules, json_text(item));
	return words;
}

static int read_proof(struct secret_rule *rule, const struct json *row, struct error *err)
{
	rule->proof = proof_named(json_text_or(json_get(row, "checksum"), "none"));
	return rule->proof == PROOF_COUNT ? wrong(row, rule->id, err, "names a checksum that is not known") : 0;
}

static int read_judge(struct secret_rule *rule, const struct json *row, struct error *err)
{
	static const char *const judges[] = { [JUDGE_FORM] = "form", [JUDGE_RANDOM] = "random", [JUDGE_PASSWORD] = "password" };
	const char *judge = json_text_or(json_get(row, "judge"), "form");

	for (int i = JUDGE_FORM; i <= JUDGE_PASSWORD; i++)
		if (!strcmp(judges[i], judge)) {
			rule->judge = (enum secret_judge)i;
			return 0;
		}
	return wrong(row, rule->id, err, "has a judge that is none of form random password");
}

/* "SEC002/aws-key-pair": the part before the slash is one of the catalogue's. */
static int read_id(struct secret_rules *rules, struct secret_rule *rule, const struct json *row, struct error *err)
{
	const char *id = json_text_or(json_get(row, "id"), ""), *slash = strchr(id, '/');

	rule->id = arena_text(rules->texts, id);
	if (!slash || !slash[1] || strspn(slash + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(slash + 1))
		return wrong(row, id, err, "needs an id like SEC001/name-of-it");
	rule->name = rule->id + (slash + 1 - id);
	rule->check = checks_find(rules->checks, id);
	if (!rule->check || rule->check->class != CLASS_SECRET)
		return wrong(row, id, err, "names no check of class secret; see checks/catalogue.yaml");
	return 0;
}

/* A key that is none would be a rule that does less than its author thinks. */
static int check_keys(const struct json *row, struct error *err)
{
	static const char *const known[] = { "id", "title", "keywords", "caseless", "back", "pattern", "entropy", "checksum", "judge", "names", "pair", "public", "severity", "fixability" };
	const char *id = json_text_or(json_get(row, "id"), "without an id");

	for (const struct json *item = json_first(row); item; item = json_next(item)) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(*known) && strcmp(known[i], json_key(item)) != 0)
			i++;
		if (i == sizeof(known) / sizeof(*known))
			return error_set(err, ERR_FORMAT, "line %d: rule %.60s has a key that is not known: %.40s", json_line(row), id, json_key(item));
	}
	return 0;
}

static int read_rule(struct secret_rules *rules, const struct json *row, struct error *err)
{
	struct secret_rule *rule;
	const struct json *pair = json_get(row, "pair");

	if (rules->count == RULES_MAX)
		return error_set(err, ERR_LIMIT, "more than %d rules", RULES_MAX);
	if (check_keys(row, err))
		return -1;
	if (secrets_rule_named(rules, strchr(json_text_or(json_get(row, "id"), "/"), '/') ? strchr(json_text_or(json_get(row, "id"), "/"), '/') + 1 : ""))
		return 0; /* the operator's came first */
	rules->rules = mem_grow(rules->rules, rules->count + 1, sizeof(*rules->rules));
	rule = &rules->rules[rules->count++];
	*rule = (struct secret_rule){ 0 };
	if (read_id(rules, rule, row, err) || read_severity(rule, row, err) || read_pattern(rule, row, err) || read_proof(rule, row, err) || read_judge(rule, row, err))
		return -1;
	rule->title = arena_text(rules->texts, json_text_or(json_get(row, "title"), rule->name));
	rule->walk_back = json_bool(json_get(row, "back"), 0);
	rule->is_public = json_bool(json_get(row, "public"), 0);
	rule->entropy = json_number(json_get(row, "entropy"), 0);
	rule->names = read_lower(rules, json_get(row, "names"));
	rule->pair = arena_text(rules->texts, json_text(json_get(pair, "with")));
	rule->pair_id = arena_text(rules->texts, json_text(json_get(pair, "as")));
	return read_keywords(rules, rule, row, err);
}

/* --- files --- */

static void read_words(struct secret_rules *rules, const struct json *tree)
{
	const struct json *words = json_get(tree, "words");

	add_words(rules, rules->stop, json_get(words, "stop"));
	add_words(rules, rules->names, json_get(words, "names"));
	add_words(rules, rules->names, json_get(words, "passwords"));
	add_words(rules, rules->passwords, json_get(words, "passwords"));
	add_words(rules, rules->neutral, json_get(words, "neutral"));
	add_words(rules, rules->negative, json_get(words, "negative"));
	for (const struct json *stem = json_first(json_get(words, "stems")); stem; stem = json_next(stem))
		if (json_text(stem) && strlen(json_text(stem)) >= 2)
			literal_of(rules, json_text(stem), 1)->use |= USE_NAME;
}

static int read_examples(struct secret_rules *rules, const struct json *tree, struct error *err)
{
	for (const struct json *item = json_first(json_get(tree, "examples")); item; item = json_next(item)) {
		const char *hex = json_text_or(item, "");

		if (strlen(hex) != 64)
			return error_set(err, ERR_FORMAT, "line %d: an example is the SHA-256 of a value, 64 hex digits", json_line(item));
		rules->examples = mem_grow(rules->examples, rules->example_count + 1, sizeof(*rules->examples));
		memcpy(rules->examples[rules->example_count++], hex, 65);
	}
	if (rules->example_count)
		qsort(rules->examples, rules->example_count, sizeof(*rules->examples), (int (*)(const void *, const void *))strcmp);
	return 0;
}

/* Files of the area without `rules` are others': the catalogue, house rules. */
static int read_file(struct secret_rules *rules, const char *path, struct error *err)
{
	size_t length = 0;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *tree = bytes ? yaml_parse(bytes, length, err) : NULL;
	int failed = !tree;

	free(bytes);
	if (tree) {
		read_words(rules, tree);
		failed = read_examples(rules, tree, err);
	}
	for (const struct json *row = json_first(json_get(tree, "rules")); row && !failed; row = json_next(row))
		failed = read_rule(rules, row, err);
	json_free(tree);
	return failed ? error_wrap(err, "%s", path) : 0;
}

struct secret_rule *secrets_rule_named(struct secret_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->count; i++)
		if (!strcmp(rules->rules[i].name, name))
			return &rules->rules[i];
	return NULL;
}

/* Rules the code itself asks for, by name. */
static int find_own_rules(struct secret_rules *rules, struct error *err)
{
	const struct {
		const struct secret_rule **at;
		const char *name;
	} wanted[] = {
		{ &rules->generic, "generic-secret" },
		{ &rules->password, "generic-password" },
		{ &rules->url, "url-password" },
		{ &rules->basic, "basic-auth" },
		{ &rules->pem, "private-key" },
		{ &rules->service_account, "gcp-service-account" },
		{ &rules->pair, "aws-key-pair" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		*wanted[i].at = secrets_rule_named(rules, wanted[i].name);
		if (!*wanted[i].at)
			return error_set(err, ERR_FORMAT, "checks/secrets.yaml has no rule named %s; reinstall, or set PILOTHOUSE_DATA", wanted[i].name);
	}
	return 0;
}

static void add_own_literals(struct secret_rules *rules)
{
	literal_of(rules, "://", 0)->use |= USE_URL;
	literal_of(rules, "-----BEGIN ", 0)->use |= USE_PEM;
	literal_of(rules, "kind: Secret", 0)->use |= USE_SECRET_KIND;
	literal_of(rules, "\"Secret\"", 0)->use |= USE_SECRET_KIND;
}

static struct secret_rules *new_rules(const struct secret_rules_options *options)
{
	struct secret_rules *rules = mem_zero(1, sizeof(*rules));
	struct word_set **sets[] = { &rules->stop, &rules->names, &rules->passwords, &rules->neutral, &rules->negative };

	rules->texts = arena_new();
	rules->checks = options->checks;
	if (options->hash_key)
		memcpy(rules->hash_key, options->hash_key, sizeof(rules->hash_key));
	pthread_mutex_init(&rules->jit, NULL);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		*sets[i] = mem_zero(1, sizeof(**sets[i]));
	return rules;
}

struct secret_rules *secret_rules_load(const struct secret_rules_options *options, struct error *err)
{
	struct secret_rules *rules = new_rules(options);
	char **files = file_list_data("checks");
	int failed = 0;

	for (char **file = files; *file && !failed; file++)
		failed = read_file(rules, *file, err);
	file_free_list(files);
	if (failed || find_own_rules(rules, err)) {
		secret_rules_free(rules);
		return NULL;
	}
	add_own_literals(rules);
	rules->engine = engine_new(rules->literals, rules->literal_count, options->no_vectorscan);
	return rules;
}

int secret_rules_check(const char *path, const struct checks *checks, struct error *err)
{
	struct secret_rules *rules = new_rules(&(struct secret_rules_options){ .checks = checks });
	int failed = read_file(rules, path, err);

	secret_rules_free(rules);
	return failed;
}

void secret_rules_free(struct secret_rules *rules)
{
	if (!rules)
		return;
	engine_free(rules->engine);
	for (size_t i = 0; i < rules->count; i++)
		pcre2_code_free(rules->rules[i].code);
	for (size_t i = 0; i < rules->literal_count; i++)
		free(rules->literals[i].rules);
	free(rules->rules);
	free(rules->literals);
	free(rules->examples);
	free_words(rules->stop);
	free_words(rules->names);
	free_words(rules->passwords);
	free_words(rules->neutral);
	free_words(rules->negative);
	pthread_mutex_destroy(&rules->jit);
	arena_free(rules->texts);
	free(rules);
}

size_t secret_rules_count(const struct secret_rules *rules)
{
	return rules->count;
}

const char *secret_rules_engine(const struct secret_rules *rules)
{
	return engine_name(rules->engine);
}
