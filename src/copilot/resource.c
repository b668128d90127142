/* resource.c - a table that turns marks into a resource; without one, the shape of the name. First
 * row that fits wins. */
#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

struct resource_row {
	const char *resource;
	unsigned char need[3], avoid[4];
	enum named named;
};

static const struct resource_row resource_rows[] = {
	{ "log", { C_LOG }, { 0 }, ANY_NAME },
	{ "cert", { C_CERT }, { 0 }, ANY_NAME },
	{ "host", { C_SERVICE, C_RESTART }, { C_KUBERNETES, C_DB, C_LB, C_APP }, NAMED },
	{ "dns", { C_DNS }, { 0 }, ANY_NAME },
	{ "host", { C_SERVICE, C_HOST }, { 0 }, ANY_NAME },
	{ "lb", { C_LB }, { C_SERVICE }, ANY_NAME },
	{ "kubernetes", { C_DB, C_KIND }, { C_HOST }, ANY_NAME },
	{ "db", { C_DB }, { C_SG, C_PORT_NOUN }, ANY_NAME },
	{ "sg", { C_SG }, { 0 }, ANY_NAME },
	{ "db", { C_DB }, { C_PORT_NOUN }, ANY_NAME },
	{ "kubernetes", { C_SERVICE, C_KIND }, { C_HOST }, ANY_NAME },
	{ "kubernetes", { C_SERVICE, C_CLUSTER }, { C_HOST }, ANY_NAME },
	{ "host", { C_SERVICE }, { 0 }, ANY_NAME },
	{ "ec2", { C_EC2 }, { C_NODE }, ANY_NAME },
	{ "vm", { C_VM }, { C_NODE }, ANY_NAME },
	{ "host", { C_HOST }, { C_NODE }, ANY_NAME },
	{ "kubernetes", { C_KUBERNETES }, { 0 }, ANY_NAME },
	{ "kubernetes", { C_APP }, { 0 }, ANY_NAME },
};

static int is_type(const struct reading *reading, const char *type)
{
	return !strcmp(reading->intent->type, type);
}

static const char *machine(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_PROVIDER); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->value && (!strcmp(mark->value, "gcp") || !strcmp(mark->value, "azure")))
			return "vm";
	if (HAS(reading, C_PROVIDER))
		return "ec2";
	const struct mark *mark = marks_first(&reading->marks, C_MACHINE);
	return mark && mark->value ? mark->value : "host";
}

/* "edge-lb" "orders-db": a part of the name says what it is. */
static const char *by_name(const struct token *token)
{
	static const struct {
		const char *part, *resource;
	} parts[] = { { "lb", "lb" }, { "alb", "lb" }, { "nlb", "lb" }, { "elb", "lb" },
		{ "db", "db" }, { "postgres", "db" }, { "mysql", "db" }, { "redis", "db" },
		{ "cache", "db" }, { "pg", "db" }, { "rds", "db" }, { "asg", "ec2" },
		{ "vm", "vm" }, { "node", "kubernetes" }, { "server", "host" }, { "host", "host" },
		{ "srv", "host" }, { "sg", "sg" }, { "bastion", "host" },
		{ "datenbank", "db" }, { "loadbalancer", "lb" } };

	for (const char *at = token->text; *at;) {
		size_t length = strcspn(at, "-_.");

		for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
			if (strlen(parts[i].part) == length && !memcmp(parts[i].part, at, length) &&
				token->shape & TOKEN_JOINED)
				return parts[i].resource;
		at += length + (at[length] != 0);
	}
	return NULL;
}

static int cost_type(const struct reading *reading)
{
	return is_type(reading, "explain_cost") ||
	       (is_type(reading, "forecast") &&
		       (HAS(reading, C_COST) ||
			       !(HAS(reading, C_METRIC) || HAS(reading, C_RUNOUT) ||
				       HAS(reading, C_KIND) || HAS(reading, C_REPLICAS))));
}

/* Disk, load or swap of something with a machine's name is a machine's. */
static int machine_metric(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_METRIC); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->value && (!strcmp(mark->value, "disk") || !strcmp(mark->value, "load")))
			return 1;
	return 0;
}

/* "api to five instances": the noun says of what there shall be so many. */
static int counts_machines(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_MACHINE);

	return is_type(reading, "scale") && reading->names && !HAS(reading, C_PROVIDER) &&
	       mark->from && filters_number(reading, mark->from - 1u) >= 0;
}

/* Disk, load, processor or memory. */
static int machine_part(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_METRIC);

	return machine_metric(reading) ||
	       (mark && mark->value &&
		       (!strcmp(mark->value, "cpu") || !strcmp(mark->value, "memory")));
}

/* What is powered on or off ends in a number: "mac-build-2". */
static int powered(const struct reading *reading, const struct token *token)
{
	return HAS(reading, C_POWER) && token->shape & TOKEN_DIGIT &&
	       isdigit((unsigned char)token->text[token->length - 1]);
}

/* "gw-1", "web3": a word and a small number is what machines are called. */
static int machine_name(const struct token *token)
{
	size_t letters = strspn(token->text, "abcdefghijklmnopqrstuvwxyz");
	const char *number = token->text + letters + (token->text[letters] == '-');
	size_t digits = strspn(number, "0123456789");

	return letters > 1 && digits && digits < 4 && !number[digits];
}

static int machine_type(const struct reading *reading)
{
	static const char *const types[] = { "status", "investigate", "forecast", "stop", "start",
		"restart" };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (is_type(reading, types[i]))
			return 1;
	return 0;
}

/* Only databases replicate. */
static int replication_told(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_METRIC); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->value && !strcmp(mark->value, "replication_lag"))
			return 1;
	return 0;
}

/* Pods restart by themselves, machines are rebooted. */
static int restarts_told(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_METRIC);

	return mark && mark->value && !strcmp(mark->value, "restarts");
}

/* "when does staging run out of cpu", "is production healthy", "OOM kills in dev": the scope as a
 * whole is its cluster. */
static int scope_alone(const struct reading *reading)
{
	if (!HAS(reading, C_SCOPE) || HAS(reading, C_IT))
		return 0;
	return is_type(reading, "forecast") ||
	       (is_type(reading, "status") &&
		       (HAS(reading, C_STATUS) || HAS(reading, C_ASK) || !strncmp(reading->marks.fold.tokens[rules_first_word(reading)].text, "how", 3))) ||
	       /* "what is wrong in prod" */
	       (is_type(reading, "investigate") && HAS(reading, C_WHICH) &&
		       (HAS(reading, C_INVESTIGATE) || HAS(reading, C_SYMPTOM))) ||
	       (is_type(reading, "investigate") && !machine_metric(reading) &&
		       ((HAS(reading, C_SYMPTOM) &&
				(HAS(reading, C_METRIC) || HAS(reading, C_INVESTIGATE))) ||
			       (HAS(reading, C_WHY) &&
				       (HAS(reading, C_SYMPTOM) || HAS(reading, C_TALK)))));
}

static const char *named_resource(struct reading *reading)
{
	const struct token *token = names_token(reading, 0);
	const char *hint = token ? by_name(token) : NULL;

	if (HAS(reading, C_HERE))
		return "host";
	if (!token)
		return scope_alone(reading) ? "kubernetes" : NULL;
	if (reading->entity[reading->name[0]] == ENTITY_DOMAIN &&
		!((is_type(reading, "rollback") || is_type(reading, "scale")) && strchr(token->text, '.') == strrchr(token->text, '.')))
		return "host"; /* "roll ui.kit back": machines are not rolled back */
	/* "the disk of db-9", "memory of cache-4": what a machine has */
	if (hint && !strcmp(hint, "db") && machine_name(token) && machine_part(reading))
		return "host";
	if (hint)
		return hint;
	if (machine_type(reading) && (machine_name(token) || powered(reading, token)) &&
		!restarts_told(reading))
		return "host";
	if (machine_metric(reading) && token->shape & (TOKEN_JOINED | TOKEN_DIGIT))
		return "host";
	if (is_type(reading, "audit_security"))
		return "sg";
	return "kubernetes";
}

/* "is mongodb (27017) open to the internet": a port is asked about, whoever listens. */
static int port_in_the_open(const struct reading *reading)
{
	if (!is_type(reading, "audit_security") || !HAS(reading, C_DB) ||
		!(HAS(reading, C_OPEN) || HAS(reading, C_CIDR)))
		return 0;
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] == ENTITY_NUMBER && !reading->used[i] &&
			reading->marks.fold.tokens[i].length > 1)
			return 1;
	return 0;
}

/* "take web-9 out of rotation on alb-front": no node stands behind a balancer. */
static int balancer_named(const struct reading *reading)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++) {
		const struct token *token = &reading->marks.fold.tokens[i];
		const char *hint = reading->marks.taken[i] ? NULL : by_name(token);

		if (hint && !strcmp(hint, "lb") && token != names_token(reading, 0))
			return 1;
	}
	return 0;
}

/* "let the connections of backend web-4 run out": only a balancer has them. */
static int connections_told(const struct reading *reading)
{
	static const char *const words[] = { "connections", "connection", "verbindungen", "connexions", "conexiones", "conexoes" };
	const struct fold *fold = &reading->marks.fold;

	for (size_t i = 0; i < fold->count; i++) {
		if (!strcmp(fold->tokens[i].text, "backend") && reading->names && reading->name[0] == i + 1)
			return 1;
		for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++)
			if (!strcmp(fold->tokens[i].text, words[w]) && reading->marks.taken[i])
				return 1;
	}
	return 0;
}

static const char *resource_of(struct reading *reading)
{
	if (cost_type(reading))
		return "bill";
	if (reading->seen && reading->seen->resource && *reading->seen->resource)
		return reading->seen->resource;
	if (is_type(reading, "drain") && (balancer_named(reading) || (connections_told(reading) && !HAS(reading, C_NODE))))
		return "lb";
	if (is_type(reading, "cordon") || (is_type(reading, "drain") && !HAS(reading, C_LB)))
		return "kubernetes";
	if (is_type(reading, "drain"))
		return "lb";
	if (rules_has_entity(reading, ENTITY_MACHINE_ID))
		return "ec2";
	if (json_get(reading->intent->filters, "service") && HAS(reading, C_DB))
		return "host"; /* "memcached on cache-1": see rescue.c */
	if (replication_told(reading) && !(is_type(reading, "scale") && HAS(reading, C_REPLICAS)))
		return "db";
	if (is_type(reading, "migrate") && HAS(reading, C_DB) && HAS(reading, C_PORT_NOUN))
		return "db"; /* "port ratings from mysql to postgres" */
	if (rules_has_entity(reading, ENTITY_GROUP_ID) || port_in_the_open(reading))
		return "sg";
	for (size_t i = 0; i < sizeof(resource_rows) / sizeof(*resource_rows); i++) {
		const struct resource_row *row = &resource_rows[i];

		if (rules_fit(reading, row->need, 3, row->avoid, 4, row->named))
			return row->resource;
	}
	if (HAS(reading, C_MACHINE) && !counts_machines(reading))
		return machine(reading);
	if (is_type(reading, "audit_security") && !reading->names)
		return "sg";
	const char *hint = reading->names ? by_name(names_token(reading, 0)) : NULL;

	if (hint && !strcmp(hint, "db") && is_type(reading, "migrate"))
		return hint; /* "bring orders-db from aws to gcp" */
	if (HAS(reading, C_PROVIDER) && reading->names && !HAS(reading, C_RISKY))
		return machine(reading);
	reading->weak = 1;
	return named_resource(reading);
}

/* "why is cpu high", "what is wrong": asked of whatever is looked at. Disk and load are a machine's. */
static const char *usual(struct reading *reading)
{
	const char *resource = reading->context ? reading->context->usual : NULL;

	if (!resource || reading->write || reading->names || HAS(reading, C_IT))
		return NULL;
	reading->assumed = 1;
	return machine_metric(reading) ? "host" : resource;
}

int rules_resource(struct reading *reading)
{
	const char *resource = resource_of(reading);

	if (!resource)
		resource = usual(reading);
	if (!resource)
		return -1;
	strcpy(reading->intent->resource, intent_word_find(intent_resources, resource)->name);
	return 0;
}
