/* Checks whose pattern is data: `match` of a row of the catalogue or of an operator's checks/ folder. One pattern or a list of them:
 *   call: NAME or list   what is called, as it resolves, with * (also as written when it begins with *)
 *   with: {key: value}   its keyword arguments: a literal, /expression/, or * for any
 *   without: [key, …]    none of these stands there
 *   in: async|loop|handler|tool, language: python|javascript
 *   import: NAME         a module or a name of it
 *   assign: /name/, value: /text/   a name given a literal
 *   text: /expression/   in any file; pattern: means the same, and scope: what files: does, also beside id and title
 *   needs: [text, …]     one of these stands in the file, else it is not searched
 *   key: a.*.b, value: /text/ or literal   in YAML and JSON
 *   files: [glob, …], tests: true (tests too), message: TEXT. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/check/checker_parts.h"

enum { MATCHES_MAX = 100000, DEPTH_MAX = 2000, FOUND_MAX = 200, VALUE_MAX = 4000, KEYS_MAX = 24 };

struct rule {
	const struct check *check;
	const struct json *match;
	pcre2_code *text, *assign, *value;
	int has_calls;
};

struct rules {
	struct rule *rules;
	size_t count;
	pcre2_match_data *matches;
	pcre2_match_context *context;
};

/* --- reading --- */

static const char *expression_of(const char *text, size_t *length)
{
	size_t whole = strlen(text);

	*length = whole;
	if (whole >= 2 && text[0] == '/' && text[whole - 1] == '/') {
		*length = whole - 2;
		return text + 1;
	}
	return text;
}

static int compile(const struct rule *rule, const char *key, pcre2_code **code, struct error *err)
{
	const struct json *value = json_get(rule->match, key);
	int number;
	PCRE2_SIZE offset;
	PCRE2_UCHAR why[100];
	size_t length;
	const char *text;

	if (!value || !json_text(value))
		return 0;
	text = expression_of(json_text(value), &length);
	*code = pcre2_compile((PCRE2_SPTR)text, length, PCRE2_MULTILINE, &number, &offset, NULL);
	if (!*code) {
		pcre2_get_error_message(number, why, sizeof(why));
		return error_set(err, ERR_FORMAT, "%s line %d: %s of check %s is no expression: %s at byte %zu", rule->check->file, json_line(value), key, rule->check->id, why,
			(size_t)offset);
	}
	pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE);
	return 0;
}

static int check_keys(const struct check *check, const struct json *match, struct error *err)
{
	static const char *const known[] = { "call", "with", "without", "in", "language", "import", "assign", "value", "text", "pattern", "needs", "key", "files", "scope", "tests", "message" };
	static const char *const subjects[] = { "call", "import", "assign", "text", "pattern", "key" };
	int has_subject = 0;

	/* A row of its own has other keys too. */
	for (const struct json *item = json_get(match, "id") ? NULL : json_first(match); item; item = json_next(item)) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(*known) && strcmp(known[i], json_key(item) ? json_key(item) : ""))
			i++;
		if (i == sizeof(known) / sizeof(*known))
			return error_set(err, ERR_FORMAT, "%s line %d: check %s: match has no key %.40s; it has call, with, without, in, language, import, assign, value, text, key, files, "
				"tests, message", check->file, json_line(item), check->id, json_key(item) ? json_key(item) : "?");
	}
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++)
		has_subject |= json_get(match, subjects[i]) != NULL;
	return has_subject ? 0 : error_set(err, ERR_FORMAT, "%s line %d: check %s: match needs one of call, import, assign, text, key", check->file, check->line, check->id);
}

static int add(struct rules *rules, const struct check *check, const struct json *match, struct error *err)
{
	struct rule *rule;

	if (check_keys(check, match, err))
		return -1;
	rules->rules = mem_grow(rules->rules, rules->count + 1, sizeof(*rules->rules));
	rule = &rules->rules[rules->count++];
	*rule = (struct rule){ .check = check, .match = match };
	if (compile(rule, "text", &rule->text, err) || (!rule->text && compile(rule, "pattern", &rule->text, err)))
		return -1;
	return compile(rule, "assign", &rule->assign, err) || compile(rule, "value", &rule->value, err) ? -1 : 0;
}

struct rules *rules_new(const struct checks *checks, struct error *err)
{
	struct rules *rules = mem_zero(1, sizeof(*rules));
	int failed = 0;

	rules->matches = pcre2_match_data_create(1, NULL);
	rules->context = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(rules->context, MATCHES_MAX);
	pcre2_set_depth_limit(rules->context, DEPTH_MAX);
	for (size_t i = 0; i < checks_count(checks) && !failed; i++) {
		const struct check *check = checks_at(checks, i);

		if (json_is(check->match, JSON_ARRAY))
			for (const struct json *item = json_first(check->match); item && !failed; item = json_next(item))
				failed = add(rules, check, item, err);
		else if (check->match)
			failed = add(rules, check, check->match, err);
	}
	if (!failed)
		return rules;
	rules_free(rules);
	return NULL;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		pcre2_code_free(rules->rules[i].text);
		pcre2_code_free(rules->rules[i].assign);
		pcre2_code_free(rules->rules[i].value);
	}
	pcre2_match_data_free(rules->matches);
	pcre2_match_context_free(rules->context);
	free(rules->rules);
	free(rules);
}

/* --- asking --- */

static int found(struct rules *rules, const pcre2_code *code, const char *text, size_t length, size_t from, size_t *at, size_t *end)
{
	if (pcre2_match(code, (PCRE2_SPTR)text, length, from, 0, rules->matches, rules->context) < 0)
		return 0;
	*at = pcre2_get_ovector_pointer(rules->matches)[0];
	*end = pcre2_get_ovector_pointer(rules->matches)[1];
	return 1;
}

static int says_it(struct rules *rules, const pcre2_code *code, const char *text)
{
	size_t at, end;

	return found(rules, code, text, strlen(text), 0, &at, &end);
}

/* A text, or one of a list. */
static int any_glob(const struct json *patterns, const char *text)
{
	if (json_text(patterns))
		return lexicon_glob(json_text(patterns), text);
	for (const struct json *item = json_first(patterns); item; item = json_next(item))
		if (json_text(item) && lexicon_glob(json_text(item), text))
			return 1;
	return 0;
}

/* Compared with the path from the root and with the name; a leading star star slash also means no folder. */
static int file_glob(const char *pattern, const char *path)
{
	const char *base = strrchr(path, '/');

	return lexicon_glob(pattern, path) || lexicon_glob(pattern, base ? base + 1 : path) || (!strncmp(pattern, "**/", 3) && lexicon_glob(pattern + 3, path));
}

static int any_file_glob(const struct json *patterns, const char *path)
{
	if (json_text(patterns))
		return file_glob(json_text(patterns), path);
	for (const struct json *item = json_first(patterns); item; item = json_next(item))
		if (json_text(item) && file_glob(json_text(item), path))
			return 1;
	return 0;
}

static int file_matches(const struct rule *rule, const struct unit *unit)
{
	const struct json *files = json_get(rule->match, "files") ? json_get(rule->match, "files") : json_get(rule->match, "scope");
	const char *language = json_text(json_get(rule->match, "language"));

	if (unit->is_test && !json_bool(json_get(rule->match, "tests"), 0))
		return 0;
	if (language && strcmp(language, unit->kind == SOURCE_PYTHON ? "python" : unit->kind == SOURCE_SCRIPT ? "javascript" : ""))
		return 0;
	return !files || any_file_glob(files, unit->path);
}

static const char *message(const struct rule *rule)
{
	return json_text_or(json_get(rule->match, "message"), rule->check->title);
}

/* --- calls --- */

/* A union's parts are compared each for themselves. */
static int call_named(const struct json *patterns, const struct code_call *call)
{
	const char *resolved = call->resolved;

	if (resolved && *resolved == '(') {
		const char *rest = strrchr(resolved, ')');
		char name[600];

		for (const char *at = resolved + 1; rest && at < rest;) {
			size_t length = strcspn(at, "|");

			if (at + length > rest)
				length = (size_t)(rest - at);
			snprintf(name, sizeof(name), "%.*s%s", (int)length, at, rest + 1);
			if (any_glob(patterns, name))
				return 1;
			at += length + 1;
		}
	}
	if (resolved && any_glob(patterns, resolved))
		return 1;
	if (resolved)
		return 0;
	/* Not known: only patterns that say so may match what is written. */
	for (const struct json *item = json_text(patterns) ? patterns : json_first(patterns); item; item = json_text(patterns) ? NULL : json_next(item))
		if (json_text(item) && *json_text(item) == '*' && lexicon_glob(json_text(item), call->written))
			return 1;
	return 0;
}

static int value_matches(struct unit *unit, struct rules *rules, const struct code_argument *argument, const struct json *wanted)
{
	int from = argument->value, to = argument->end, number, matches;
	const char *text, *literal_text;
	PCRE2_SIZE offset;
	pcre2_code *code;
	size_t length;

	value_of(unit, &from, &to);
	literal_text = code_string(unit->code, from, to, NULL);
	text = literal_text ? literal_text : code_text(unit->code, from, to);
	if (json_type(wanted) == JSON_BOOL)
		return !strcmp(text, json_bool(wanted, 0) ? "True" : "False") || !strcmp(text, json_bool(wanted, 0) ? "true" : "false");
	if (json_type(wanted) == JSON_NUMBER)
		return strtod(text, NULL) == json_number(wanted, 0) && strspn(text, "0123456789.-") == strlen(text);
	if (!json_text(wanted) || !strcmp(json_text(wanted), "*"))
		return 1;
	if (*json_text(wanted) != '/')
		return !strcmp(text, json_text(wanted));
	const char *expression = expression_of(json_text(wanted), &length);

	code = pcre2_compile((PCRE2_SPTR)expression, length, 0, &number, &offset, NULL);
	matches = code && says_it(rules, code, text);
	pcre2_code_free(code);
	return matches;
}

static int arguments_match(struct unit *unit, struct rules *rules, const struct rule *rule, const struct code_call *call)
{
	const struct json *with = json_get(rule->match, "with"), *without = json_get(rule->match, "without");

	for (const struct json *item = json_first(with); item; item = json_next(item)) {
		const char *key = json_key(item);
		const struct code_argument *argument = strspn(key, "0123456789") == strlen(key) ? code_positional(unit->code, call, atoi(key)) : code_keyword(unit->code, call, key);

		if (!argument || !value_matches(unit, rules, argument, item))
			return 0;
	}
	if (without && has_unpacked(unit, call))
		return 0;
	for (const struct json *item = json_first(without); item; item = json_next(item))
		if (json_text(item) && (code_keyword(unit->code, call, json_text(item)) || range_has_word(unit, call->open + 1, call->close, json_text(item), 2)))
			return 0;
	return 1;
}

static int place_matches(struct unit *unit, const struct rule *rule, const struct code_call *call)
{
	const char *in = json_text(json_get(rule->match, "in"));
	const struct code_function *function = code_function_at(unit->code, call->function);

	if (!in)
		return 1;
	if (!strcmp(in, "async"))
		return function && function->is_async;
	if (!strcmp(in, "loop"))
		return block_of_kind(unit, call->block, 1 << BLOCK_FOR | 1 << BLOCK_WHILE) >= 0;
	if (!strcmp(in, "handler"))
		return function && (unit->functions[call->function] & IS_HANDLER);
	return !strcmp(in, "tool") && function && (unit->functions[call->function] & IS_TOOL);
}

/* Some word of a pattern stands in the file; "*" alone asks for nothing. */
static int word_stands(const struct unit *unit, const char *pattern)
{
	const char *best = "";
	size_t most = 0;

	for (const char *at = pattern; *at;) {
		size_t length = strcspn(at, "*.()[]/@");

		if (length > most) {
			best = at;
			most = length;
		}
		at += length + (at[length] != 0);
	}
	return !most || memmem(unit->vocabulary, unit->vocabulary_length, best, most);
}

static int may_match(const struct rule *rule, const struct unit *unit)
{
	const struct json *patterns = json_get(rule->match, "call");
	int any = json_text(patterns) ? word_stands(unit, json_text(patterns)) : 0;

	for (const struct json *item = json_first(json_get(rule->match, "with")); item; item = json_next(item))
		if (strspn(json_key(item), "0123456789") != strlen(json_key(item)) && !memmem(unit->vocabulary, unit->vocabulary_length, json_key(item), strlen(json_key(item))))
			return 0;
	for (const struct json *item = json_text(patterns) ? NULL : json_first(patterns); item && !any; item = json_next(item))
		any = json_text(item) && word_stands(unit, json_text(item));
	return any;
}

static void match_calls(struct rules *rules, const struct rule *rule, struct unit *unit)
{
	const struct json *patterns = json_get(rule->match, "call");

	for (int i = 0; i < code_call_count(unit->code); i++) {
		const struct code_call *call = code_call_at(unit->code, i);

		if (call_named(patterns, call) && place_matches(unit, rule, call) && arguments_match(unit, rules, rule, call))
			flag_call(unit, rule->check->id, call, "%s: %s", *call->written ? call->written : "call", message(rule));
	}
}

static void match_imports(const struct rule *rule, struct unit *unit)
{
	for (int i = 0; i < code_import_count(unit->code); i++) {
		const struct code_import *import = code_import_at(unit->code, i);
		const char *whole = import->name ? arena_format(unit->arena, "%s.%s", import->module, import->name) : import->module;

		if (any_glob(json_get(rule->match, "import"), import->module) || any_glob(json_get(rule->match, "import"), whole))
			flag(unit, rule->check->id, import->token, import->token + 1, "%s: %s", whole, message(rule));
	}
}

static void match_assigns(struct rules *rules, const struct rule *rule, struct unit *unit)
{
	for (int i = 0; i < code_assign_count(unit->code); i++) {
		const struct code_assign *assign = code_assign_at(unit->code, i);
		const char *text = says_it(rules, rule->assign, assign->target) ? code_string(unit->code, assign->value, assign->end, NULL) : NULL;

		if (text && (!rule->value || says_it(rules, rule->value, text)))
			flag(unit, rule->check->id, assign->token, assign->end, "%s: %s", assign->target, message(rule));
	}
}

static void match_text(struct rules *rules, const struct rule *rule, struct unit *unit)
{
	const struct json *needs = json_get(rule->match, "needs");
	size_t at, end = 0;
	int stands = !needs;

	for (const struct json *item = json_first(needs); item && !stands; item = json_next(item))
		stands = json_text(item) && memmem(unit->text, unit->length, json_text(item), strlen(json_text(item)));
	for (int left = stands ? FOUND_MAX : 0; left && end <= unit->length && found(rules, rule->text, unit->text, unit->length, end, &at, &end); left--) {
		flag_at(unit, rule->check->id, at, end - at, "%s", message(rule));
		end += end == at;
	}
}

/* --- keys of documents --- */

struct keys {
	struct rules *rules;
	const struct rule *rule;
	struct unit *unit;
	int left;
};

static int value_is(const struct keys *keys, const struct json *node)
{
	const struct json *wanted = json_get(keys->rule->match, "value");
	char number[40];

	if (!wanted)
		return 1;
	if (json_is(wanted, JSON_BOOL))
		return json_is(node, JSON_BOOL) && json_bool(node, 0) == json_bool(wanted, 0);
	if (json_is(wanted, JSON_NUMBER))
		return json_is(node, JSON_NUMBER) && json_number(node, 0) == json_number(wanted, 0);
	if (json_is(node, JSON_NUMBER)) {
		snprintf(number, sizeof(number), "%.15g", json_number(node, 0));
		return says_it(keys->rules, keys->rule->value, number);
	}
	if (json_is(node, JSON_BOOL))
		return says_it(keys->rules, keys->rule->value, json_bool(node, 0) ? "true" : "false");
	return json_text(node) && keys->rule->value && says_it(keys->rules, keys->rule->value, json_text(node));
}

/* `path` dotted from here on; a part * is any one key or place in a list, ** any depth. */
static void match_key(struct keys *keys, const struct json *node, const char *path, int depth)
{
	size_t length = strcspn(path, ".");
	const char *rest = path[length] ? path + length + 1 : NULL;
	int any_depth = length == 2 && !strncmp(path, "**", 2);

	if (!node || depth > KEYS_MAX || keys->left <= 0)
		return;
	if (any_depth && rest)
		match_key(keys, node, rest, depth + 1);
	if (!json_is(node, JSON_OBJECT) && !json_is(node, JSON_ARRAY))
		return;
	for (const struct json *item = json_first(node); item; item = json_next(item)) {
		const char *key = json_key(item);

		if (any_depth) {
			match_key(keys, item, path, depth + 1);
		} else if ((length == 1 && *path == '*') || (key && strlen(key) == length && !strncmp(key, path, length))) {
			if (rest) {
				match_key(keys, item, rest, depth + 1);
			} else if (value_is(keys, item)) {
				keys->left--;
				flag_line(keys->unit, keys->rule->check->id, json_line(item), "%s", message(keys->rule));
			}
		}
	}
}

/* The catalogue judges agents: code that belongs to none is only held to an operator's own rules. */
static int is_of_catalogue(const struct rule *rule)
{
	const char *folder = file_data_folder();

	return !strncmp(rule->check->file, folder, strlen(folder));
}

void rules_apply(struct rules *rules, struct unit *unit, const struct json *tree)
{
	int foreign = !unit->checker->agent && (unit->kind == SOURCE_PYTHON || unit->kind == SOURCE_SCRIPT);

	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->rules[i];

		if ((foreign && is_of_catalogue(rule)) || !file_matches(rule, unit))
			continue;
		if (rule->text)
			match_text(rules, rule, unit);
		if (tree && json_text(json_get(rule->match, "key"))) {
			struct keys keys = { rules, rule, unit, FOUND_MAX };

			match_key(&keys, tree, json_text(json_get(rule->match, "key")), 0);
		}
		if (!unit->code)
			continue;
		if (json_get(rule->match, "call") && may_match(rule, unit))
			match_calls(rules, rule, unit);
		if (json_get(rule->match, "import"))
			match_imports(rule, unit);
		if (rule->assign)
			match_assigns(rules, rule, unit);
	}
}
