/* The layout of a kind's file, one YAML document a kind:
 *
 *   kind: pods             required; plural, lower case, as typed
 *   provider: kubernetes   required; which dialect
 *   title: Pods            default: kind
 *   singular: pod          default: kind
 *   aliases: [po]
 *   help: what it is, in one sentence (for documentation)
 *   empty: what is said where there are none, such as what to set
 *   namespaced, watch, logs, wrong_now: true|false   default false
 *   history: false         changes are not kept (log lines, sockets); default true
 *   poll: 5s               when not watched; default 5s, at least 200ms
 *   sort: name | -cpu      default: as listed
 *   columns:               visible, in the order of the screen
 *     - {name: CPU, type: percent, role: none, path: .x, volatile: true, wide: true, width: 6}
 *   hidden:                the same, not drawn: roles that are no column
 *     - {name: uid, path: .metadata.uid}
 *   severity:              first match wins; `when` is estate/filter.h's language over columns
 *     - {when: 'restarts > 5', severity: high, why: "{RESTARTS} restarts"}
 *   links:                 drill down; filter is a template over this row's cells
 *     - {kind: pods, title: Pods, filter: 'name ~ "^{NAME}-"', enter: true}
 *   verbs:
 *     - name: scale        title, risk (read write delete) required too
 *       reversible: true, inverse: words, key: s, seconds: 20, help: words
 *       params: [{name: replicas, type: integer, required: true, default: 1, values: "a|b", help: words}]
 *       spec: {…dialect's own…}
 *   spec: {…dialect's own…}
 *
 * type: text number bytes percent millicores seconds age bool. role: id name namespace account region scope state
 * severity why labels; a column called like a role has it when no other column does. Hidden columns id, severity,
 * why, scope, account and labels are added where a kind declares none. Keys not listed here are errors. */
#include "estate/kind_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/filter.h"
#include "estate/kind.h"

enum { COLUMNS_MAX = 96, POLL_DEFAULT_MS = 5000, POLL_LEAST_MS = 200 };

static const char *const type_names[] = {
	[COLUMN_TEXT] = "text",
	[COLUMN_NUMBER] = "number",
	[COLUMN_BYTES] = "bytes",
	[COLUMN_PERCENT] = "percent",
	[COLUMN_MILLICORES] = "millicores",
	[COLUMN_SECONDS] = "seconds",
	[COLUMN_AGE] = "age",
	[COLUMN_BOOL] = "bool",
};

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_NONE] = "none",
	[ROLE_ID] = "id",
	[ROLE_NAME] = "name",
	[ROLE_NAMESPACE] = "namespace",
	[ROLE_ACCOUNT] = "account",
	[ROLE_REGION] = "region",
	[ROLE_SCOPE] = "scope",
	[ROLE_STATE] = "state",
	[ROLE_SEVERITY] = "severity",
	[ROLE_WHY] = "why",
	[ROLE_LABELS] = "labels",
};

/* Added as hidden columns where a kind has none; the id first, so that it is found at once. */
static const enum column_role always[] = { ROLE_ID, ROLE_SEVERITY, ROLE_WHY, ROLE_SCOPE,
	ROLE_ACCOUNT, ROLE_LABELS };

static const char *const risk_names[] = { "read", "write", "delete" };
static const char *const severity_names[] = { "", "info", "low", "medium", "high", "critical" };
static const char *const param_types[] = { "text", "integer", "signed", "boolean", "bytes", "duration", "enum",
	"file" };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static int find_name(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (!strcmp(names[i], name))
			return (int)i;
	return -1;
}

const char *column_type_name(enum column_type type)
{
	return type_names[type];
}

const char *risk_name(enum risk risk)
{
	return risk_names[risk];
}

int severity_rank(const char *name)
{
	int rank = find_name(severity_names, COUNT(severity_names), name);

	return rank > 0 ? rank : 0;
}

/* What is being parsed, so that each step can say where it failed. */
struct parse {
	struct kind *kind;
	struct arena *arena;
	int *line;
	struct error *err;
};

__attribute__((format(printf, 3, 4))) static int fail(struct parse *p, const struct json *where,
	const char *format, ...)
{
	char text[200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (where && json_line(where))
		*p->line = json_line(where);
	return error_set(p->err, ERR_FORMAT, "%s", text);
}

static int check_keys(struct parse *p, const struct json *object, const char *what,
	const char *const *known, size_t count)
{
	if (!json_is(object, JSON_OBJECT))
		return fail(p, object, "%s is no mapping", what);
	for (const struct json *item = json_first(object); item; item = json_next(item))
		if (find_name(known, count, json_key(item)) < 0)
			return fail(p, item, "%s has no key \"%.60s\"", what, json_key(item));
	return 0;
}

/* Numbers and booleans stand for their text: `initial: 1`. */
static const char *text_of(struct parse *p, const struct json *json)
{
	if (json_text(json))
		return json_text(json);
	if (json_is(json, JSON_BOOL))
		return json_bool(json, 0) ? "true" : "false";
	if (json_is(json, JSON_NUMBER))
		return arena_format(p->arena, "%.15g", json_number(json, 0));
	return NULL;
}

/* 0, or -1 when it is there and no list. */
static int check_list(struct parse *p, const struct json *list, const char *what)
{
	if (list && !json_is(list, JSON_ARRAY) && !json_is(list, JSON_NULL))
		return fail(p, list, "%s is no list", what);
	return 0;
}

static int parse_column(struct parse *p, const struct json *item, int hidden,
	struct kind_column *column)
{
	static const char *const known[] = { "name", "type", "role", "path", "wide", "volatile",
		"width", "help" };
	const char *type = json_text_or(json_get(item, "type"), "text");
	const char *role = json_text_or(json_get(item, "role"), "none");
	int type_index = find_name(type_names, COUNT(type_names), type);
	int role_index = find_name(role_names, COUNT(role_names), role);

	if (check_keys(p, item, "a column", known, COUNT(known)))
		return -1;
	if (!json_text(json_get(item, "name")) || !*json_text(json_get(item, "name")))
		return fail(p, item, "a column needs a name");
	if (type_index < 0)
		return fail(p, item, "column type \"%.40s\" is unknown", type);
	if (role_index < 0)
		return fail(p, item, "column role \"%.40s\" is unknown", role);
	*column = (struct kind_column){
		.name = json_text(json_get(item, "name")),
		.type = (enum column_type)type_index,
		.role = (enum column_role)role_index,
		.path = json_text_or(json_get(item, "path"), ""),
		.hidden = hidden,
		.wide = json_bool(json_get(item, "wide"), 0),
		.is_volatile = json_bool(json_get(item, "volatile"), 0),
		.width = (int)json_int(json_get(item, "width"), 0),
	};
	if (kind_column_find(p->kind, column->name) >= 0)
		return fail(p, item, "two columns are called \"%.60s\"", column->name);
	if (column->role && p->kind->role[column->role] >= 0)
		return fail(p, item, "two columns have the role %s", role);
	return 0;
}

static int parse_column_list(struct parse *p, const struct json *list, int hidden)
{
	struct kind *kind = p->kind;

	if (check_list(p, list, hidden ? "hidden" : "columns"))
		return -1;
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (kind->column_count + COUNT(always) >= COLUMNS_MAX)
			return fail(p, item, "a kind has at most %d columns",
				COLUMNS_MAX - (int)COUNT(always));
		struct kind_column *column = &kind->columns[kind->column_count];

		if (parse_column(p, item, hidden, column))
			return -1;
		if (column->role)
			kind->role[column->role] = (int)kind->column_count;
		kind->column_count++;
	}
	return 0;
}

static void assign_roles_by_name(struct kind *kind)
{
	for (int role = ROLE_ID; role < ROLE_COUNT; role++) {
		int column = kind_column_find(kind, role_names[role]);

		if (kind->role[role] >= 0 || column < 0 || kind->columns[column].role)
			continue;
		kind->columns[column].role = (enum column_role)role;
		kind->role[role] = column;
	}
}

static void add_hidden_roles(struct kind *kind, int declared_hidden_too)
{
	for (size_t i = 0; i < COUNT(always); i++) {
		enum column_role role = always[i];

		if (kind->role[role] >= 0 || (role == ROLE_ID) == declared_hidden_too)
			continue;
		kind->columns[kind->column_count] = (struct kind_column){
			.name = role_names[role],
			.role = role,
			.path = "",
			.hidden = 1,
			/* worked out from the other cells: no change of its own */
			.is_volatile = role == ROLE_WHY || role == ROLE_SCOPE || role == ROLE_SEVERITY,
		};
		kind->role[role] = (int)kind->column_count++;
	}
}

/* Whether `hidden:` brings a column for the id. */
static int declares_id(const struct json *definition)
{
	for (const struct json *item = json_first(json_get(definition, "hidden")); item;
		item = json_next(item))
		if (!strcmp(json_text_or(json_get(item, "role"), ""), "id") ||
			!strcasecmp(json_text_or(json_get(item, "name"), ""), "id"))
			return 1;
	return 0;
}

static int parse_columns(struct parse *p, const struct json *definition)
{
	struct kind *kind = p->kind;
	const struct json *columns = json_get(definition, "columns");

	for (int i = 0; i < ROLE_COUNT; i++)
		kind->role[i] = -1;
	size_t most = json_count(columns) + json_count(json_get(definition, "hidden")) + COUNT(always);

	kind->columns = arena_alloc(p->arena, (most < COLUMNS_MAX ? most : COLUMNS_MAX) * sizeof(*kind->columns));
	if (!json_count(columns))
		return fail(p, definition, "columns are missing");
	if (parse_column_list(p, columns, 0))
		return -1;
	kind->visible_count = kind->column_count;
	assign_roles_by_name(kind);
	if (kind->role[ROLE_ID] < 0 && !declares_id(definition))
		add_hidden_roles(kind, 0);
	if (parse_column_list(p, json_get(definition, "hidden"), 1))
		return -1;
	assign_roles_by_name(kind);
	add_hidden_roles(kind, 1);
	if (kind->role[ROLE_NAME] < 0)
		return fail(p, columns, "no column has the role name");
	return 0;
}

/* Each {column} of a template names a column. */
static int check_template(struct parse *p, const struct json *where, const char *template)
{
	for (const char *open = strchr(template, '{'); open; open = strchr(open + 1, '{')) {
		const char *close = strchr(open, '}');
		char name[64];

		if (!close || close - open - 1 >= (long)sizeof(name))
			return fail(p, where, "a { of \"%.60s\" has no }", template);
		snprintf(name, sizeof(name), "%.*s", (int)(close - open - 1), open + 1);
		if (kind_column_find(p->kind, name) < 0)
			return fail(p, where, "no column is called \"%.60s\"", name);
	}
	return 0;
}

static int parse_rule(struct parse *p, const struct json *item, struct kind_rule *rule)
{
	static const char *const known[] = { "when", "severity", "why" };
	const char *when = json_text(json_get(item, "when"));
	struct error why = { 0 };

	if (check_keys(p, item, "a severity rule", known, COUNT(known)))
		return -1;
	rule->severity = json_text_or(json_get(item, "severity"), "?");
	rule->why = json_text_or(json_get(item, "why"), "");
	rule->line = json_line(item);
	if (!severity_rank(rule->severity))
		return fail(p, item, "severity is critical, high, medium, low or info");
	if (!when || !*when)
		return fail(p, item, "a severity rule needs `when`");
	if (check_template(p, item, rule->why))
		return -1;
	rule->when = filter_parse(when, p->kind, &why);
	return rule->when ? 0 : fail(p, item, "when: %.160s", why.text);
}

static int parse_rules(struct parse *p, const struct json *list)
{
	struct kind *kind = p->kind;

	if (check_list(p, list, "severity"))
		return -1;
	kind->rules = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*kind->rules));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (parse_rule(p, item, &kind->rules[kind->rule_count]))
			return -1;
		kind->rule_count++;
	}
	return 0;
}

static int parse_links(struct parse *p, const struct json *list)
{
	static const char *const known[] = { "kind", "title", "filter", "labels", "enter" };
	struct kind *kind = p->kind;

	if (check_list(p, list, "links"))
		return -1;
	kind->links = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*kind->links));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		struct kind_link *link = &kind->links[kind->link_count];

		if (check_keys(p, item, "a link", known, COUNT(known)))
			return -1;
		link->kind = json_text(json_get(item, "kind"));
		if (!link->kind)
			return fail(p, item, "a link needs a kind");
		link->title = json_text_or(json_get(item, "title"), link->kind);
		link->filter = json_text_or(json_get(item, "filter"), "");
		link->labels = json_text_or(json_get(item, "labels"), "");
		link->enter = json_bool(json_get(item, "enter"), 0);
		if (check_template(p, item, link->filter) || check_template(p, item, link->labels))
			return -1;
		kind->link_count++;
	}
	return 0;
}

static int parse_beside(struct parse *p, const struct json *json)
{
	static const char *const known[] = { "kind", "columns", "absent" }, *const of_column[] = { "name", "of" };
	struct kind_beside *beside = &p->kind->beside;

	if (!json)
		return 0;
	if (check_keys(p, json, "beside", known, COUNT(known)) || check_list(p, json_get(json, "columns"), "columns"))
		return -1;
	beside->kind = json_text(json_get(json, "kind"));
	beside->absent = json_text_or(json_get(json, "absent"), "");
	if (!beside->kind)
		return fail(p, json, "beside needs a kind");
	for (const struct json *item = json_first(json_get(json, "columns")); item; item = json_next(item)) {
		const char *name = json_text(json_get(item, "name")), *of = json_text(json_get(item, "of"));

		if (check_keys(p, item, "a column beside", of_column, COUNT(of_column)))
			return -1;
		if (!name || beside->count == KIND_BESIDE_MAX)
			return fail(p, item, "a column beside needs a name, and there are at most %d", KIND_BESIDE_MAX);
		beside->columns[beside->count].name = name;
		beside->columns[beside->count++].of = of ? of : name;
	}
	return 0;
}

static int parse_details(struct parse *p, const struct json *list)
{
	static const char *const known[] = { "title", "rows" };
	struct kind *kind = p->kind;

	if (check_list(p, list, "detail"))
		return -1;
	kind->details = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*kind->details));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		struct kind_detail *detail = &kind->details[kind->detail_count];

		if (check_keys(p, item, "a part of the detail", known, COUNT(known)))
			return -1;
		*detail = (struct kind_detail){ .title = json_text(json_get(item, "title")), .rows = json_text(json_get(item, "rows")) };
		if (!detail->title || !detail->rows)
			return fail(p, item, "a part of the detail needs a title and rows");
		kind->detail_count++;
	}
	return 0;
}

static int parse_param(struct parse *p, const struct json *item, struct kind_param *param)
{
	static const char *const known[] = { "name", "type", "required", "default", "initial", "help",
		"values", "choices", "now" };
	const struct json *initial = json_get(item, "default");

	if (check_keys(p, item, "a parameter", known, COUNT(known)))
		return -1;
	*param = (struct kind_param){
		.name = json_text(json_get(item, "name")),
		.type = json_text_or(json_get(item, "type"), "text"),
		.required = json_bool(json_get(item, "required"), 0),
		.initial = text_of(p, initial ? initial : json_get(item, "initial")),
		.help = json_text_or(json_get(item, "help"), ""),
		.values = json_text(json_get(item, "values")),
		.choices = json_text(json_get(item, "choices")),
		.now = json_text(json_get(item, "now")),
	};
	if (!param->name)
		return fail(p, item, "a parameter needs a name");
	if (find_name(param_types, COUNT(param_types), param->type) < 0)
		return fail(p, item, "parameter type \"%.40s\" is unknown", param->type);
	if (!strcmp(param->type, "enum") && !param->values)
		return fail(p, item, "an enum needs `values: \"a|b\"`");
	return 0;
}

static int parse_params(struct parse *p, const struct json *list, struct kind_verb *verb)
{
	if (check_list(p, list, "params"))
		return -1;
	verb->params = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*verb->params));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (parse_param(p, item, &verb->params[verb->param_count]))
			return -1;
		verb->param_count++;
	}
	return 0;
}

static int parse_verb(struct parse *p, const struct json *item, struct kind_verb *verb)
{
	static const char *const known[] = { "name", "title", "risk", "reversible", "inverse", "key",
		"params", "seconds", "spec", "help", "terminal" };
	const char *risk = json_text_or(json_get(item, "risk"), "?");
	int risk_index = find_name(risk_names, COUNT(risk_names), risk);

	if (check_keys(p, item, "a verb", known, COUNT(known)))
		return -1;
	*verb = (struct kind_verb){
		.name = json_text(json_get(item, "name")),
		.title = json_text(json_get(item, "title")),
		.risk = risk_index < 0 ? RISK_DELETE : (enum risk)risk_index,
		.reversible = json_bool(json_get(item, "reversible"), 0),
		.inverse = json_text_or(json_get(item, "inverse"), ""),
		.key = text_of(p, json_get(item, "key")),
		.seconds = (int)json_int(json_get(item, "seconds"), 0),
		.terminal = json_bool(json_get(item, "terminal"), 0),
		.spec = json_get(item, "spec"),
	};
	if (!verb->name)
		return fail(p, item, "a verb needs a name");
	if (risk_index < 0)
		return fail(p, item, "verb %.40s: risk is read, write or delete", verb->name);
	if (kind_verb_find(p->kind, verb->name))
		return fail(p, item, "two verbs are called %.40s", verb->name);
	if (!verb->title)
		verb->title = verb->name;
	return parse_params(p, json_get(item, "params"), verb);
}

static int parse_verbs(struct parse *p, const struct json *list)
{
	struct kind *kind = p->kind;

	if (check_list(p, list, "verbs"))
		return -1;
	kind->verbs = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*kind->verbs));
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (parse_verb(p, item, &kind->verbs[kind->verb_count]))
			return -1;
		kind->verb_count++;
	}
	return 0;
}

static int parse_aliases(struct parse *p, const struct json *list)
{
	const char **aliases = arena_alloc(p->arena, (json_count(list) + 1) * sizeof(*aliases));
	size_t count = 0;

	if (check_list(p, list, "aliases"))
		return -1;
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		if (!json_text(item))
			return fail(p, item, "an alias is no text");
		aliases[count++] = json_text(item);
	}
	p->kind->aliases = aliases;
	return 0;
}

/* "500ms" or a window of clock_parse_window. */
static int parse_poll(struct parse *p, const struct json *json)
{
	const char *text = json_text(json);
	int64_t window = 0;
	char *end = NULL;
	long number = text ? strtol(text, &end, 10) : 0;

	p->kind->poll_ms = POLL_DEFAULT_MS;
	if (!json)
		return 0;
	if (end && end != text && !strcmp(end, "ms"))
		window = number * INT64_C(1000000);
	else if (!text || clock_parse_window(text, &window))
		return fail(p, json, "poll is no time such as 5s");
	if (window < POLL_LEAST_MS * INT64_C(1000000) || window > 86400 * CLOCK_SECOND_NS)
		return fail(p, json, "poll is between %d ms and a day", POLL_LEAST_MS);
	p->kind->poll_ms = (int)(window / 1000000);
	return 0;
}

static int parse_sort(struct parse *p, const struct json *json)
{
	const char *sort = json_text(json);

	p->kind->sort = sort;
	if (sort && kind_column_find(p->kind, sort + (*sort == '-')) < 0)
		return fail(p, json, "sort: no column is called \"%.60s\"", sort);
	return 0;
}

static int parse_head(struct parse *p, const struct json *definition, const char *file)
{
	struct kind *kind = p->kind;

	*kind = (struct kind){
		.name = json_text(json_get(definition, "kind")),
		.provider = json_text(json_get(definition, "provider")),
		.namespaced = json_bool(json_get(definition, "namespaced"), 0),
		.watchable = json_bool(json_get(definition, "watch"), 0),
		.logs = json_bool(json_get(definition, "logs"), 0),
		.history = json_bool(json_get(definition, "history"), 1),
		.wrong_now = json_bool(json_get(definition, "wrong_now"), 0),
		.spec = json_get(definition, "spec"),
		.file = arena_text(p->arena, file),
	};
	if (!kind->name || !*kind->name || strpbrk(kind->name, "/: "))
		return fail(p, definition, "`kind` is missing or no plain word");
	if (!kind->provider || !*kind->provider || strpbrk(kind->provider, "/: "))
		return fail(p, definition, "`provider` is missing or no plain word");
	kind->title = json_text_or(json_get(definition, "title"), kind->name);
	kind->singular = json_text_or(json_get(definition, "singular"), kind->name);
	kind->empty = json_text_or(json_get(definition, "empty"), "");
	return 0;
}

static int parse_all(struct parse *p, const struct json *definition, const char *file)
{
	static const char *const known[] = { "kind", "provider", "title", "singular", "aliases",
		"help", "empty", "namespaced", "watch", "logs", "poll", "history", "wrong_now", "sort",
		"columns", "hidden", "severity", "links", "beside", "detail", "verbs", "spec" };

	if (check_keys(p, definition, "a kind", known, COUNT(known)) ||
		parse_head(p, definition, file) || parse_columns(p, definition) ||
		parse_aliases(p, json_get(definition, "aliases")) ||
		parse_poll(p, json_get(definition, "poll")) ||
		parse_sort(p, json_get(definition, "sort")) ||
		parse_links(p, json_get(definition, "links")) ||
		parse_beside(p, json_get(definition, "beside")) ||
		parse_details(p, json_get(definition, "detail")) ||
		parse_verbs(p, json_get(definition, "verbs")))
		return -1;
	return parse_rules(p, json_get(definition, "severity"));
}

int kind_parse(struct kind *kind, const struct json *definition, struct arena *arena,
	const char *file, int *line, struct error *err)
{
	struct parse p = { .kind = kind, .arena = arena, .line = line, .err = err };

	*kind = (struct kind){ 0 };
	*line = json_line(definition);
	if (!parse_all(&p, definition, file))
		return 0;
	kind_release(kind);
	return -1;
}

void kind_release(struct kind *kind)
{
	/* kind.h shows the filters as const to all others; this file made them. */
	for (size_t i = 0; i < kind->rule_count; i++)
		filter_free((struct filter *)(uintptr_t)kind->rules[i].when);
	kind->rule_count = 0;
}
