/* What is wrong with a playbook, before anyone needs it: file, line and words. */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/jq.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "estate/filter.h"
#include "estate/kind.h"
#include "gate/intent.h"
#include "gate/playbook.h"
#include "gate/playbook_private.h"

enum { FILE_MAX_BYTES = 1 << 20, DEPTH_MAX = 64, NAME_MAX_BYTES = 64, PROGRAM_MAX = 1 << 20 };

struct lint {
	const char *file;
	const struct kinds *kinds;
	struct json *problems;
	const struct json *book, *steps;
	struct json *programs; /* [{"line","text"}]: compiled together, and one by one only when that fails */
};

__attribute__((format(printf, 3, 4))) static void problem(const struct lint *lint, const struct json *at, const char *format, ...)
{
	char message[400];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	problem_add(lint->problems, lint->file, json_line(at), message);
}

/* What should be a mapping may be a list: its items have no key, which is told like a wrong one. */
static const char *key_of(const struct json *member)
{
	return json_key(member) ? json_key(member) : "-";
}

static int is_among(const char *word, const char *words)
{
	size_t length = strlen(word);

	for (const char *at = words; length && (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') && (!at[length] || at[length] == ' '))
			return 1;
	return 0;
}

static void check_keys(const struct lint *lint, const struct json *object, const char *what, const char *known)
{
	for (const struct json *member = json_first(object); member; member = json_next(member))
		if (!is_among(key_of(member), known))
			problem(lint, member, "%s has no '%s'; known: %s", what, key_of(member), known);
}

static int is_template(const char *text)
{
	return strstr(text, "{{") != NULL;
}

/* --- expressions --- */

/* Findings see $in and $item too; they stand before the text. */
static void want_program(struct lint *lint, const struct json *at, const char *text, int of_finding)
{
	struct json *program = json_object();

	json_set_int(program, "line", json_line(at));
	json_set_text(program, "text", text);
	json_set_text(program, "before", of_finding ? ". as $in | .item as $item | " : "");
	json_add(lint->programs, program);
}

/* The names after each ".steps." or ".params.": called once a name. */
static void each_name(struct lint *lint, const struct json *at, const char *text, const char *prefix,
	void (*on_name)(struct lint *, const struct json *, const char *, void *), void *arg)
{
	char name[NAME_MAX_BYTES];

	for (const char *from = text; (from = strstr(from, prefix));) {
		size_t length = 0;

		from += strlen(prefix);
		while (isalnum((unsigned char)from[length]) || from[length] == '_')
			length++;
		snprintf(name, sizeof(name), "%.*s", (int)length, from);
		if (length)
			on_name(lint, at, name, arg);
	}
}

static const struct json *step_named(const struct lint *lint, const char *id)
{
	for (const struct json *step = json_first(lint->steps); step; step = json_next(step))
		if (!strcmp(json_text_or(json_get(step, "id"), ""), id))
			return step;
	return NULL;
}

static void param_is_known(struct lint *lint, const struct json *at, const char *name, void *arg)
{
	(void)arg;
	if (!json_get(json_get(lint->book, "params"), name))
		problem(lint, at, "there is no parameter '%s'", name);
}

static int needs_step(const struct lint *lint, const struct json *step, const char *id, int depth)
{
	const struct json *needs = json_get(step, "needs");
	const struct json *need = json_is(needs, JSON_ARRAY) ? json_first(needs) : needs;

	for (; need && depth < DEPTH_MAX; need = json_is(needs, JSON_ARRAY) ? json_next(need) : NULL) {
		const char *name = json_text_or(need, "");

		if (!strcmp(name, id) || needs_step(lint, step_named(lint, name), id, depth + 1))
			return 1;
	}
	return 0;
}

/* arg: the step whose expression this is, or NULL in a finding. */
static void step_is_known(struct lint *lint, const struct json *at, const char *name, void *arg)
{
	const struct json *user = arg;

	if (!step_named(lint, name))
		problem(lint, at, "there is no step '%s'", name);
	else if (user && !needs_step(lint, user, name, 0))
		problem(lint, at, "step '%s' uses what '%s' found, but does not need it", json_text_or(json_get(user, "id"), "?"), name);
}

static void check_program(struct lint *lint, const struct json *at, const char *text, const struct json *step)
{
	want_program(lint, at, text, !step);
	each_name(lint, at, text, ".params.", param_is_known, NULL);
	each_name(lint, at, text, ".steps.", step_is_known, (void *)(uintptr_t)step);
}

static void check_template(struct lint *lint, const struct json *at, const char *text, const struct json *step)
{
	const char *begin, *end;
	size_t length;

	for (const char *from = text; (begin = jq_template_next(from, &length, &end)); from = end) {
		char *program = length == (size_t)-1 ? NULL : mem_text_n(begin, length);

		if (!program) {
			problem(lint, at, "a template is not closed: {{%.80s", begin);
			return;
		}
		check_program(lint, at, program, step);
		free(program);
	}
}

static void check_templates(struct lint *lint, const struct json *value, const struct json *step)
{
	if (json_text(value))
		check_template(lint, value, json_text(value), step);
	for (const struct json *item = json_is(value, JSON_ARRAY) || json_is(value, JSON_OBJECT) ? json_first(value) : NULL; item; item = json_next(item))
		check_templates(lint, item, step);
}

static int all_compile(const struct lint *lint)
{
	struct text all;
	int fine;

	text_init(&all, PROGRAM_MAX);
	text_add(&all, json_text_or(json_get(lint->book, "define"), ""));
	text_add(&all, "\n[");
	for (const struct json *program = json_first(lint->programs); program; program = json_next(program))
		text_format(&all, "%s(%s%s\n)", program == json_first(lint->programs) ? "" : ",", json_text(json_get(program, "before")),
			json_text(json_get(program, "text")));
	text_add(&all, "]");
	fine = !all.cut && !jq_check(all.data, NULL);
	text_release(&all);
	return fine;
}

static void compile(struct lint *lint)
{
	if (all_compile(lint))
		return;
	for (const struct json *program = json_first(lint->programs); program; program = json_next(program)) {
		struct error err = { 0 };
		char message[400];

		char *whole = mem_format("%s\n%s%s", json_text_or(json_get(lint->book, "define"), ""), json_text(json_get(program, "before")),
			json_text(json_get(program, "text")));
		int fine = !jq_check(whole, &err);

		free(whole);
		if (fine)
			continue;
		snprintf(message, sizeof(message), "%.150s: %.200s", json_text(json_get(program, "text")), err.text);
		problem_add(lint->problems, lint->file, (int)json_int(json_get(program, "line"), 0), message);
	}
}

static void check_window(const struct lint *lint, const struct json *value, const char *what)
{
	int64_t window_ns;

	if (value && (!json_text(value) || (!is_template(json_text(value)) && clock_parse_window(json_text(value), &window_ns))))
		problem(lint, value, "%s is a duration: 30s, 5m, 1h", what);
}

/* --- match, params --- */

static void check_words(const struct lint *lint, const struct json *value, const struct intent_word *table, const char *what)
{
	if (json_is(value, JSON_ARRAY)) {
		for (const struct json *item = json_first(value); item; item = json_next(item))
			check_words(lint, item, table, what);
		return;
	}
	const char *word = json_text_or(value, "");
	const struct intent_word *row = intent_word_find(table, word);

	if (!row || strcmp(row->name, word))
		problem(lint, value, "there is no %s '%s'%s%s", what, word, row ? "; it is called " : "", row ? row->name : "");
}

static void check_match(const struct lint *lint, const struct json *match)
{
	check_keys(lint, match, "match", "intent resource scope goal filters");
	if (json_get(match, "intent"))
		check_words(lint, json_get(match, "intent"), intent_types, "intent");
	else
		problem(lint, match, "match has no intent");
	if (json_get(match, "resource"))
		check_words(lint, json_get(match, "resource"), intent_resources, "resource");
	else
		problem(lint, match, "match has no resource");
	if (json_get(match, "scope") && strcmp(json_text_or(json_get(match, "scope"), ""), "*"))
		check_words(lint, json_get(match, "scope"), intent_scopes, "scope");
	for (const struct json *filter = json_first(json_get(match, "filters")); filter; filter = json_next(filter))
		if (!intent_word_find(intent_filter_keys, key_of(filter)))
			problem(lint, filter, "intents have no filter '%s'", key_of(filter));
}

static void check_params(const struct lint *lint, const struct json *params)
{
	for (const struct json *param = json_first(params); param; param = json_next(param)) {
		const char *from = json_text(json_get(param, "from"));

		if (!json_is(param, JSON_OBJECT))
			continue; /* a constant */
		check_keys(lint, param, "a parameter", "from default help");
		if (from && !strncmp(from, "target.filters.", 15) && !intent_word_find(intent_filter_keys, from + 15))
			problem(lint, param, "intents have no filter '%s'", from + 15);
		else if (from && strncmp(from, "target.", 7) && strcmp(from, "intent_type") && strcmp(from, "goal"))
			problem(lint, param, "'%s' is no part of an intent: target.scope, target.resource_type, target.filters.KEY", from);
	}
}

/* --- actions --- */

static const struct kind *kind_of(const struct lint *lint, const char *provider, const char *name)
{
	char full[160];
	const struct kind *kind;

	snprintf(full, sizeof(full), "%s/%s", provider, name);
	kind = kinds_find(lint->kinds, strchr(name, '/') ? name : full);
	return kind && !strcmp(kind->provider, provider) ? kind : NULL;
}

static int has_param(const struct kind_verb *verb, const char *name)
{
	for (size_t i = 0; i < verb->param_count; i++)
		if (!strcmp(verb->params[i].name, name))
			return 1;
	return 0;
}

static void check_verb_params(const struct lint *lint, const struct json *step, const struct kind_verb *verb)
{
	const struct json *with = json_get(step, "with");

	for (const struct json *member = json_first(with); member; member = json_next(member))
		if (!is_among(key_of(member), PLAYBOOK_ADDRESS) && !has_param(verb, key_of(member)))
			problem(lint, member, "%s takes no '%s'", verb->name, key_of(member));
	for (size_t i = 0; i < verb->param_count; i++)
		if (verb->params[i].required && !json_get(with, verb->params[i].name))
			problem(lint, step, "%s needs '%s'", verb->name, verb->params[i].name);
}

static void check_write_kind(const struct lint *lint, const struct json *step, const char *provider, const char *verb, const struct json *name)
{
	const struct kind *kind = json_text(name) && !is_template(json_text(name)) ? kind_of(lint, provider, json_text(name)) : NULL;

	if (!json_text(name) || is_template(json_text(name)))
		return;
	if (!kind)
		problem(lint, name, "%s has no kind '%s'", provider, json_text(name));
	else if (!kind_verb_find(kind, verb))
		problem(lint, name, "%s have no verb '%s'", kind->name, verb);
	else
		check_verb_params(lint, step, kind_verb_find(kind, verb));
}

static int is_verb(const struct lint *lint, const char *provider, const char *verb)
{
	for (size_t i = 0; i < kinds_count(lint->kinds); i++)
		if (!strcmp(kinds_at(lint->kinds, i)->provider, provider) && kind_verb_find(kinds_at(lint->kinds, i), verb))
			return 1;
	return 0;
}

static void check_write(const struct lint *lint, const struct json *step, const char *provider, const char *verb)
{
	const struct json *kind = json_at(step, "with.kind");

	if (json_is(kind, JSON_ARRAY)) {
		for (const struct json *item = json_first(kind); item; item = json_next(item))
			check_write_kind(lint, step, provider, verb, item);
		return;
	}
	if (!kind)
		problem(lint, step, "%s.%s says no kind", provider, verb);
	check_write_kind(lint, step, provider, verb, kind);
	if (!json_at(step, "with.name") && !json_at(step, "with.labels"))
		problem(lint, step, "%s.%s says neither name nor labels", provider, verb);
}

/* Reads and what they take. The measurements are those of provider/host/queries.c and provider/kubernetes/query.c. */
static const struct read_action {
	const char *provider, *what, *takes; /* provider "*": each that has kinds */
	int kind;                            /* with.kind must be there */
} reads[] = {
	{ "*", "get", "kind name namespace account scope", 1 },
	{ "*", "list", "kind name namespace account scope filter sort limit labels columns", 1 },
	{ "*", "logs", "kind name namespace account tail previous container grep", 1 },
	{ "estate", "changes", "since kind id", 0 },
	{ "estate", "reckon", "items", 0 },
	{ "host", "disk_usage", "path seconds limit", 0 },
	{ "host", "oom", "since", 0 },
	{ "host", "port", "port", 0 },
	{ "host", "pressure", "", 0 },
	{ "host", "top", "sort limit", 0 },
	{ "kubernetes", "events", "account namespace name kind id limit", 0 },
	{ "kubernetes", "metrics", "account namespace name kind id selector sort limit", 0 },
	{ "kubernetes", "nodes_state", "account name id selector limit", 0 },
	{ "kubernetes", "pods_state", "account namespace name id selector all limit", 0 },
	{ "kubernetes", "rollout", "account namespace name kind id", 0 },
	{ "kubernetes", "scheduling", "account namespace name kind id limit", 0 },
};

static int has_kinds(const struct lint *lint, const char *provider)
{
	for (size_t i = 0; i < kinds_count(lint->kinds); i++)
		if (!strcmp(kinds_at(lint->kinds, i)->provider, provider))
			return 1;
	return 0;
}

static const struct read_action *find_read(const struct lint *lint, const char *provider, const char *what)
{
	for (size_t i = 0; i < sizeof(reads) / sizeof(*reads); i++)
		if (!strcmp(reads[i].what, what) && (!strcmp(reads[i].provider, provider) || (*reads[i].provider == '*' && has_kinds(lint, provider))))
			return &reads[i];
	return NULL;
}

static void check_filter(const struct lint *lint, const struct json *filter, const struct kind *kind)
{
	struct error err = { 0 };

	if (json_text(filter) && !is_template(json_text(filter)))
		filter_free(filter_parse(json_text(filter), kind, &err));
	if (err.code)
		problem(lint, filter, "filter: %s", err.text);
}

static void check_read(const struct lint *lint, const struct json *step, const char *provider, const struct read_action *read)
{
	const struct json *with = json_get(step, "with"), *kind = json_get(with, "kind");

	for (const struct json *member = json_first(with); member; member = json_next(member))
		if (!is_among(key_of(member), read->takes))
			problem(lint, member, "%s.%s takes no '%s'; it takes: %s", provider, read->what, key_of(member), *read->takes ? read->takes : "nothing");
	check_window(lint, json_get(with, "since"), "since");
	if (!kind && read->kind)
		problem(lint, step, "%s.%s says no kind", provider, read->what);
	if (!json_text(kind) || is_template(json_text(kind)) || !strcmp(provider, "estate"))
		return;
	const struct kind *known = kind_of(lint, provider, json_text(kind));
	if (!known)
		problem(lint, kind, "%s has no kind '%s'", provider, json_text(kind));
	else
		check_filter(lint, json_get(with, "filter"), known);
}

static void check_action(const struct lint *lint, const struct json *step)
{
	const char *action = json_text_or(json_get(step, "action"), ""), *dot = strchr(action, '.');
	char provider[16];

	if (!dot || (size_t)(dot - action) >= sizeof(provider)) {
		problem(lint, step, "'%s' is no action: PROVIDER.WHAT", action);
		return;
	}
	snprintf(provider, sizeof(provider), "%.*s", (int)(dot - action), action);
	const struct read_action *read = find_read(lint, provider, dot + 1);
	if (read)
		check_read(lint, step, provider, read);
	else if (is_verb(lint, provider, dot + 1))
		check_write(lint, step, provider, dot + 1);
	else
		problem(lint, step, "there is no action '%s'", action);
}

/* --- steps and findings --- */

static void check_id(const struct lint *lint, const struct json *step)
{
	const char *id = json_text_or(json_get(step, "id"), "");
	size_t length = 0;

	while (isalnum((unsigned char)id[length]) || id[length] == '_')
		length++;
	if (!length || id[length])
		problem(lint, step, "a step's id is a word of letters, digits and _: '%s'", id);
	else if (step_named(lint, id) != step)
		problem(lint, step, "there are two steps '%s'", id);
}

static void check_needs(const struct lint *lint, const struct json *step)
{
	const char *id = json_text_or(json_get(step, "id"), "");
	const struct json *needs = json_get(step, "needs");
	const struct json *need = json_is(needs, JSON_ARRAY) ? json_first(needs) : needs;

	for (; need; need = json_is(needs, JSON_ARRAY) ? json_next(need) : NULL)
		if (!step_named(lint, json_text_or(need, "")))
			problem(lint, need, "step '%s' needs '%s', which is no step", id, json_text_or(need, "?"));
	if (needs_step(lint, step, id, 0))
		problem(lint, step, "step '%s' needs itself: a circle", id);
}

static void check_verify(struct lint *lint, const struct json *step)
{
	const struct json *verify = json_get(step, "verify");

	if (!verify)
		return;
	check_keys(lint, verify, "verify", "action with until timeout");
	check_window(lint, json_get(verify, "timeout"), "timeout");
	if (!json_text(json_get(verify, "until")))
		problem(lint, verify, "verify says no 'until'");
	else
		want_program(lint, verify, json_text(json_get(verify, "until")), 0);
}

static void check_step(struct lint *lint, const struct json *step)
{
	check_keys(lint, step, "a step", "id action needs when foreach with retry timeout verify undo");
	check_id(lint, step);
	check_needs(lint, step);
	check_action(lint, step);
	check_window(lint, json_get(step, "timeout"), "timeout");
	if (json_get(step, "retry") && !json_is(json_get(step, "retry"), JSON_NUMBER))
		problem(lint, json_get(step, "retry"), "retry is a number");
	if (json_text(json_get(step, "when")))
		check_program(lint, json_get(step, "when"), json_text(json_get(step, "when")), step);
	if (json_text(json_get(step, "foreach")))
		check_program(lint, json_get(step, "foreach"), json_text(json_get(step, "foreach")), step);
	check_templates(lint, json_get(step, "with"), step);
	check_verify(lint, step);
}

static void check_cites(const struct lint *lint, const struct json *finding)
{
	const struct json *cites = json_get(finding, "cites") ? json_get(finding, "cites") : json_get(finding, "cite");
	const struct json *cite = json_is(cites, JSON_ARRAY) ? json_first(cites) : cites;

	if (!cite)
		problem(lint, finding, "a finding cites the steps it stands on");
	for (; cite; cite = json_is(cites, JSON_ARRAY) ? json_next(cite) : NULL)
		if (!step_named(lint, json_text_or(cite, "")))
			problem(lint, cite, "there is no step '%s' to cite", json_text_or(cite, "?"));
}

static void check_finding(struct lint *lint, const struct json *finding)
{
	static const char *const programs[] = { "when", "each", "target", "weight", NULL };
	const char *class = json_text_or(json_get(finding, "class"), "");
	double weight = json_number(json_get(finding, "weight"), 0.5);

	check_keys(lint, finding, "a finding", "when each class target cause weight cite cites");
	if (!is_among(class, PLAYBOOK_CLASSES))
		problem(lint, finding, "'%s' is no class: %s", class, PLAYBOOK_CLASSES);
	if (!json_text(json_get(finding, "cause")))
		problem(lint, finding, "a finding says its cause in a sentence");
	if (weight < 0 || weight > 1)
		problem(lint, finding, "a weight lies between 0 and 1");
	check_cites(lint, finding);
	for (const char *const *key = programs; *key; key++)
		if (json_text(json_get(finding, *key)))
			check_program(lint, json_get(finding, *key), json_text(json_get(finding, *key)), NULL);
	check_templates(lint, json_get(finding, "cause"), NULL);
}

static void check_book(struct lint *lint, struct json *book)
{
	struct error err = { 0 };

	lint->book = book;
	lint->steps = json_get(book, "steps");
	lint->programs = json_array();
	if (playbook_take_in(book, &err))
		problem(lint, json_get(book, "use") ? json_get(book, "use") : book, "%s", err.text);
	check_keys(lint, book, "a playbook", "name title help match params use define steps findings next");
	if (!json_text(json_get(book, "name")))
		problem(lint, book, "a playbook has a name");
	check_match(lint, json_get(book, "match"));
	check_params(lint, json_get(book, "params"));
	if (!json_count(lint->steps))
		problem(lint, book, "a playbook has steps");
	for (const struct json *step = json_first(lint->steps); step; step = json_next(step))
		check_step(lint, step);
	for (const struct json *finding = json_first(json_get(book, "findings")); finding; finding = json_next(finding))
		check_finding(lint, finding);
	compile(lint);
	json_free(lint->programs);
}

int playbook_lint(const char *path, const struct kinds *kinds, struct json *problems)
{
	struct lint lint = { .file = path, .kinds = kinds, .problems = problems };
	struct error err = { 0 };
	size_t length, before = json_count(problems);
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, &err);
	struct json *tree = bytes ? yaml_parse_all(bytes, length, &err) : NULL;

	free(bytes);
	if (!tree)
		problem_add(problems, path, 0, err.text);
	for (struct json *book = json_first(tree); book; book = json_next(book))
		check_book(&lint, book);
	json_free(tree);
	return json_count(problems) > before ? -1 : 0;
}
