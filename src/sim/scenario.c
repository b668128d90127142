#include "sim/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "sim/build.h"
#include "sim/resources.h"
#include "sim/world.h"

enum { FILE_MAX_BYTES = 1 << 20, NAMES_MAX = 200 };

static struct json *load_file(const char *path, struct error *err)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, err);
	struct json *json = bytes ? yaml_parse(bytes, length, err) : NULL;

	free(bytes);
	return json;
}

/* The file whose `member` is name: the operator's come first. NULL: none. */
static struct json *find(const char *member, const char *name, struct error *err)
{
	char **paths = file_list_data("scenarios");
	struct json *found = NULL;

	for (size_t i = 0; paths[i] && !found; i++) {
		struct json *json = load_file(paths[i], NULL);

		if (!strcmp(json_text_or(json_get(json, member), ""), name))
			found = json_set_text(json, "file", paths[i]);
		else
			json_free(json);
	}
	file_free_list(paths);
	if (!found)
		error_set(err, ERR_NOT_FOUND, "no %s is called \"%.60s\"", strcmp(member, "name") ? member : "scenario", name);
	return found;
}

/* --- list --- */

static struct json *summary(const char *path)
{
	static const char *const members[] = { "name", "title", "about", "ask", "class", "fix", "heal", NULL };
	struct error err = { 0 };
	struct json *json = load_file(path, &err), *row = json_object();

	for (size_t i = 0; members[i] && json; i++)
		if (json_text(json_get(json, members[i])))
			json_set_text(row, members[i], json_text(json_get(json, members[i])));
	json_set_text(row, "file", path);
	if (!json)
		json_set_text(row, "problem", err.text);
	if (!json || json_get(json, "name")) {
		json_free(json);
		return row;
	}
	json_free(json); /* an estate */
	json_free(row);
	return NULL;
}

struct json *scenario_list(void)
{
	char **paths = file_list_data("scenarios");
	struct json *list = json_array();

	for (size_t i = 0; paths[i]; i++) {
		struct json *row = summary(paths[i]);

		if (row)
			json_add(list, row);
	}
	file_free_list(paths);
	return list;
}

/* --- load --- */

static int tell_unknown(const char *name, struct error *err)
{
	struct json *list = scenario_list();
	struct text names;

	text_init(&names, NAMES_MAX);
	for (const struct json *row = json_first(list); row; row = json_next(row))
		if (json_text(json_get(row, "name")))
			text_format(&names, "%s%s", names.length ? ", " : "", json_text(json_get(row, "name")));
	error_set(err, ERR_INVALID, "no scenario is called \"%.40s\": %.150s", name, names.length ? names.data : "there is none in scenarios/");
	text_release(&names);
	json_free(list);
	return -1;
}

static int refuse_problems(const char *path, struct error *err)
{
	struct json *problems = json_array();
	const struct json *first;
	int failed = 0;

	scenario_lint(path, problems);
	first = json_first(problems);
	if (first)
		failed = error_set(err, ERR_INVALID, "%.100s:%lld: %.120s", path, (long long)json_int(json_get(first, "line"), 0),
			json_text_or(json_get(first, "message"), ""));
	json_free(problems);
	return failed;
}

int scenario_load(struct scenario *scenario, const char *name, struct error *err)
{
	*scenario = (struct scenario){ .json = find("name", name, NULL) };
	if (!scenario->json)
		return tell_unknown(name, err);
	scenario->estate = find("estate", json_text_or(json_get(scenario->json, "on"), ""), err);
	if (scenario->estate && !refuse_problems(json_text(json_get(scenario->estate, "file")), err) &&
		!refuse_problems(json_text(json_get(scenario->json, "file")), err))
		return 0;
	scenario_release(scenario);
	return -1;
}

void scenario_release(struct scenario *scenario)
{
	json_free(scenario->json);
	json_free(scenario->estate);
	*scenario = (struct scenario){ 0 };
}

/* --- lint --- */

struct lint {
	const char *path;
	struct json *problems;
};

static void problem(const struct lint *lint, const struct json *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void problem(const struct lint *lint, const struct json *at, const char *format, ...)
{
	char message[256];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	problem_add(lint->problems, lint->path, json_line(at), message);
}

enum value { TEXT, TEXTS, NUMBER, WINDOW, WHEN, OBJECT, LIST, ANY };

/* Members of each part; "!" before what must be there. */
struct member {
	const char *name;
	enum value value;
};

static const struct member scenario_members[] = { { "!name", TEXT }, { "!title", TEXT }, { "!about", TEXT }, { "!on", TEXT }, { "!ask", TEXT }, { "!class", TEXT },
	{ "!fix", TEXT }, { "heal", TEXT }, { "timeline", LIST }, { "!troubles", LIST }, { 0 } };
static const struct member step_members[] = { { "!at", WHEN }, { "!cluster", TEXT }, { "!kind", TEXT }, { "!name", TEXT }, { "by", TEXT }, { "!patch", OBJECT },
	{ "event", TEXT }, { "message", TEXT }, { 0 } };
static const struct member trouble_members[] = { { "!cluster", TEXT }, { "workload", TEXT }, { "image", TEXT }, { "node", TEXT }, { "when", OBJECT },
	{ "together", NUMBER }, { "pod", TEXT }, { "node_is", TEXT }, { "after", WINDOW }, { "exit", NUMBER }, { "message", TEXT }, { "backoff", WINDOW },
	{ "log", TEXTS }, { "evict", WINDOW }, { "victims", TEXT }, { "evicted", TEXT }, { 0 } };
static const struct member when_members[] = { { "!kind", TEXT }, { "!name", TEXT }, { "!path", TEXT }, { "!is", TEXT }, { 0 } };
static const struct member estate_members[] = { { "!estate", TEXT }, { "!title", TEXT }, { "!clusters", LIST }, { 0 } };
static const struct member cluster_members[] = { { "!name", TEXT }, { "!version", TEXT }, { "!nodes", LIST }, { "!workloads", LIST }, { "objects", LIST }, { 0 } };
static const struct member node_members[] = { { "!name", TEXT }, { "!cpu", ANY }, { "!memory", TEXT }, { "!pods", NUMBER }, { "labels", OBJECT }, { 0 } };
static const struct member workload_members[] = { { "!name", TEXT }, { "!namespace", TEXT }, { "kind", TEXT }, { "replicas", NUMBER }, { "!image", TEXT },
	{ "revision", NUMBER }, { "age", WINDOW }, { "cpu", TEXT }, { "memory", TEXT }, { "uses", OBJECT }, { "port", NUMBER }, { "budget", NUMBER },
	{ "scaler", OBJECT }, { "selector", OBJECT }, { "pull_secret", TEXT }, { "log", TEXTS }, { 0 } };

static int is_texts(const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		if (!json_text(item))
			return 0;
	return json_is(list, JSON_ARRAY);
}

static int fits(const struct json *value, const struct json *holder, enum value wanted)
{
	int64_t ns;

	switch (wanted) {
	case TEXT:
		return json_text(value) != NULL;
	case TEXTS:
		return is_texts(value);
	case NUMBER:
		return json_is(value, JSON_NUMBER);
	case WINDOW:
		return json_text(value) && !clock_parse_window(json_text(value), &ns);
	case WHEN:
		return !build_when(holder, &ns);
	case OBJECT:
		return json_is(value, JSON_OBJECT);
	case LIST:
		return json_is(value, JSON_ARRAY);
	case ANY:
		return 1;
	}
	return 0;
}

static const char *const value_names[] = { "a text", "a list of texts", "a number", "a duration as 90s or 5m", "a time as -4m or 30s", "a mapping", "a list", "" };

static const struct member *member_called(const struct member *members, const char *name)
{
	for (; members->name; members++)
		if (!strcmp(members->name + (*members->name == '!'), name))
			return members;
	return NULL;
}

static void check(const struct lint *lint, const struct json *part, const struct member *members, const char *what)
{
	if (!json_is(part, JSON_OBJECT)) {
		problem(lint, part, "%s is a mapping", what);
		return;
	}
	for (const struct json *item = json_first(part); item; item = json_next(item)) {
		const struct member *member = member_called(members, json_key(item));

		if (!member)
			problem(lint, item, "%s has no \"%.60s\"", what, json_key(item));
		else if (!fits(item, part, member->value))
			problem(lint, item, "%s is %s", json_key(item), value_names[member->value]);
	}
	for (; members->name; members++)
		if (*members->name == '!' && !json_get(part, members->name + 1))
			problem(lint, part, "%s needs \"%s\"", what, members->name + 1);
}

static void check_each(const struct lint *lint, const struct json *list, const struct member *members, const char *what)
{
	for (const struct json *item = json_first(list); item; item = json_next(item))
		check(lint, item, members, what);
}

static void check_objects(const struct lint *lint, const struct json *list)
{
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *kind = json_text_or(json_get(item, "kind"), "");
		size_t i = 0;

		while (i < resource_type_count && strcmp(resource_types[i].kind, kind) != 0)
			i++;
		if (i == resource_type_count || !json_text(json_at(item, "metadata.name")))
			problem(lint, item, "an object needs a kind that is served (%.40s is not known) and metadata.name", kind);
	}
}

static void check_estate(const struct lint *lint, const struct json *estate)
{
	check(lint, estate, estate_members, "an estate");
	for (const struct json *cluster = json_first(json_get(estate, "clusters")); cluster; cluster = json_next(cluster)) {
		const char *name = json_text_or(json_get(cluster, "name"), "x");

		check(lint, cluster, cluster_members, "a cluster");
		if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")])
			problem(lint, cluster, "the name of a cluster has small letters, digits and \"-\" only");
		check_each(lint, json_get(cluster, "nodes"), node_members, "a node");
		check_each(lint, json_get(cluster, "workloads"), workload_members, "a workload");
		check_objects(lint, json_get(cluster, "objects"));
	}
}

static const struct json *cluster_named(const struct json *estate, const char *name)
{
	for (const struct json *cluster = json_first(json_get(estate, "clusters")); cluster; cluster = json_next(cluster))
		if (!strcmp(json_text_or(json_get(cluster, "name"), ""), name))
			return cluster;
	return NULL;
}

/* Whether the object is there can only be seen where it lives: in the cluster as it is built. */
static void check_reach(const struct lint *lint, const struct json *estate, const struct json *part, const struct json *names)
{
	const struct json *cluster = cluster_named(estate, json_text_or(json_get(part, "cluster"), ""));
	struct world *world;

	if (!cluster) {
		problem(lint, part, "the estate has no cluster \"%.60s\"", json_text_or(json_get(part, "cluster"), ""));
		return;
	}
	if (!names)
		return;
	world = world_new(json_text_or(json_get(cluster, "name"), ""), CLOCK_SECOND_NS * 1000000000);
	world->cluster = cluster;
	build_cluster(world);
	if (!build_object(world, names))
		problem(lint, names, "there is no %.40s \"%.80s\" in %.60s", json_text_or(json_get(names, "kind"), "?"), json_text_or(json_get(names, "name"), "?"),
			world->name);
	world_free(world);
}

static int is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, text))
			return 1;
	return 0;
}

static void check_trouble(const struct lint *lint, const struct json *trouble)
{
	static const char *const pods[] = { "crash", "oom", "pull", NULL }, *const nodes[] = { "MemoryPressure", "DiskPressure", "PIDPressure", "NotReady", NULL };
	const struct json *pod = json_get(trouble, "pod"), *node = json_get(trouble, "node_is");

	if (!pod == !node)
		problem(lint, trouble, "a trouble has either \"pod\" or \"node_is\"");
	if (pod && !is_one_of(json_text_or(pod, ""), pods))
		problem(lint, pod, "pod is crash, oom or pull");
	if (node && !is_one_of(json_text_or(node, ""), nodes))
		problem(lint, node, "node_is is MemoryPressure, DiskPressure, PIDPressure or NotReady");
	if (json_get(trouble, "when"))
		check(lint, json_get(trouble, "when"), when_members, "when");
}

static void check_scenario(const struct lint *lint, const struct json *scenario)
{
	struct json *estate = find("estate", json_text_or(json_get(scenario, "on"), ""), NULL);

	check(lint, scenario, scenario_members, "a scenario");
	check_each(lint, json_get(scenario, "timeline"), step_members, "a step of the timeline");
	check_each(lint, json_get(scenario, "troubles"), trouble_members, "a trouble");
	if (json_count(json_get(scenario, "troubles")) > WORLD_TROUBLES_MAX)
		problem(lint, json_get(scenario, "troubles"), "at most %d troubles", WORLD_TROUBLES_MAX);
	if (!estate) {
		problem(lint, json_get(scenario, "on"), "no estate is called \"%.60s\"", json_text_or(json_get(scenario, "on"), ""));
		return;
	}
	for (const struct json *step = json_first(json_get(scenario, "timeline")); step; step = json_next(step))
		check_reach(lint, estate, step, step);
	for (const struct json *trouble = json_first(json_get(scenario, "troubles")); trouble; trouble = json_next(trouble)) {
		check_trouble(lint, trouble);
		check_reach(lint, estate, trouble, json_get(trouble, "when"));
	}
	json_free(estate);
}

void scenario_lint(const char *path, struct json *problems)
{
	struct lint lint = { path, problems };
	struct error err = { 0 };
	struct json *json = load_file(path, &err);

	if (!json)
		problem(&lint, NULL, "%s", err.text);
	else if (json_get(json, "estate"))
		check_estate(&lint, json);
	else
		check_scenario(&lint, json);
	json_free(json);
}
