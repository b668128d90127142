/* rules.c - tables that turn marks into a type and a resource. First row that fits wins. */
#include <string.h>

#include "base/json.h"
#include "copilot/grammar.h"
#include "copilot/reading.h"

enum { ROW_MARKS = 5 };
enum named { ANY_NAME, NAMED, UNNAMED };

struct type_row {
	const char *type;
	unsigned char need[ROW_MARKS], avoid[ROW_MARKS];
	enum named named;
};

static const struct type_row type_rows[] = {
	{ "cordon", { C_CORDON }, { C_WHY }, ANY_NAME },
	{ "drain", { C_DRAIN }, { C_WHY }, ANY_NAME },
	{ "drain", { C_REMOVE, C_LB }, { C_WHY, C_CALLED }, NAMED },
	{ "explain_cost", { C_COST, C_WHY }, { C_FUTURE }, ANY_NAME },
	{ "explain_cost", { C_BILLED, C_WHY }, { C_FUTURE, C_RESTART }, ANY_NAME },
	{ "investigate", { C_WHY, C_SYMPTOM }, { 0 }, ANY_NAME },
	{ "investigate", { C_INVESTIGATE, C_SYMPTOM }, { C_COST, C_FUTURE }, ANY_NAME },
	{ "migrate", { C_MIGRATE }, { C_WHY, C_LIST, C_INVESTIGATE, C_WHICH }, ANY_NAME },
	{ "rollback", { C_ROLLBACK }, { C_WHY, C_LIST }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_COST }, { C_WHY }, ANY_NAME },
	{ "forecast", { C_FUTURE, C_COST }, { 0 }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_RUNOUT }, { C_CERT }, ANY_NAME },
	{ "forecast", { C_WHEN, C_RUNOUT }, { C_CERT }, ANY_NAME },
	{ "forecast", { C_WHEN, C_METRIC }, { C_CERT, C_WHY }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_METRIC }, { C_LIST, C_WHY, C_SCALE }, ANY_NAME },
	{ "forecast", { C_FORECAST, C_FUTURE }, { C_WHY, C_SCALE }, ANY_NAME },
	{ "explain_cost", { C_COST }, { C_STOP, C_START, C_TERMINATE, C_RESTART }, ANY_NAME },
	{ "explain_cost", { C_EXPLAIN_COST }, { C_KUBERNETES, C_DB }, ANY_NAME },
	{ "explain_cost", { C_ANOMALY, C_WHICH }, { C_SYMPTOM }, ANY_NAME },
	{ "audit_security", { C_AUDIT }, { C_WHY, C_TERMINATE, C_STOP, C_RESTART }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_SG }, { C_WHY, C_SYMPTOM }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_OPEN, C_PORT_NOUN }, { C_WHY, C_SYMPTOM },
		ANY_NAME },
	{ "investigate", { C_INVESTIGATE }, { C_EXPOSED }, ANY_NAME },
	{ "audit_security", { C_INVESTIGATE, C_EXPOSED }, { C_WHY }, ANY_NAME },
	{ "investigate", { C_WHY }, { 0 }, ANY_NAME },
	{ "scale", { C_REPLICAS, C_NUMBER },
		{ C_LIST, C_WHICH, C_RESTART, C_TERMINATE, C_ROLLBACK }, NAMED },
	{ "terminate", { C_TERMINATE }, { C_WHICH, C_LIST }, ANY_NAME },
	{ "stop", { C_STOP }, { C_WHICH, C_LIST, C_EXPOSED }, ANY_NAME },
	{ "restart", { C_RESTART }, { C_LIST }, ANY_NAME },
	{ "audit_security", { C_EXPOSED }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_SG }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_PORT }, { 0 }, ANY_NAME },
	{ "audit_security", { C_OPEN, C_PORT_NOUN }, { 0 }, ANY_NAME },
	{ "audit_security", { C_CIDR }, { C_START }, ANY_NAME },
	{ "audit_security", { C_RISKY }, { 0 }, ANY_NAME },
	{ "scale", { C_SCALE, C_REPLICAS }, { C_LIST }, ANY_NAME },
	{ "scale", { C_SCALE, C_NUMBER }, { C_LIST, C_STATUS_CODE, C_WHICH }, NAMED },
	{ "start", { C_START }, { C_WHICH, C_LIST, C_SYMPTOM }, ANY_NAME },
	{ "scale", { C_SCALE }, { C_WHICH, C_LIST, C_SYMPTOM, C_STATUS }, ANY_NAME },
	{ "list", { C_LOG }, { C_STATUS, C_RUNOUT }, ANY_NAME },
	{ "status", { C_CERT, C_WHEN }, { C_LIST }, NAMED },
	{ "status", { C_CERT, C_VALID }, { C_LIST }, NAMED },
	{ "list", { C_CERT, C_STATE }, { 0 }, UNNAMED },
	{ "status", { C_CERT, C_STATE }, { C_LIST }, NAMED },
	{ "list", { C_WHICH, C_STATE }, { C_EXPOSED, C_AUDIT, C_CERT }, UNNAMED },
	{ "list", { C_SYMPTOM, C_LIST, C_KIND }, { 0 }, UNNAMED },
	{ "list", { C_SYMPTOM, C_WHICH, C_KIND }, { 0 }, UNNAMED },
	{ "investigate", { C_SYMPTOM }, { 0 }, ANY_NAME },
	{ "list", { C_STATUS, C_WHICH, C_EC2 }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_VM }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_MACHINE }, { 0 }, UNNAMED },
	{ "list", { C_STATUS, C_WHICH, C_KIND }, { 0 }, UNNAMED },
	{ "status", { C_STATUS }, { C_LIST }, ANY_NAME },
	{ "list", { C_LIST, C_DNS }, { 0 }, ANY_NAME },
	{ "status", { C_STATUS, C_LIST }, { C_MANY }, NAMED },
	{ "status", { C_ASK }, { C_LIST }, ANY_NAME },
	{ "list", { C_LIST }, { 0 }, ANY_NAME },
	{ "status", { C_VALID }, { 0 }, NAMED },
	{ "status", { C_CHECK }, { 0 }, ANY_NAME },
	{ "list", { C_STATE }, { 0 }, UNNAMED },
	{ "list", { C_WHICH }, { 0 }, UNNAMED },
	{ "scale", { C_REPLICAS, C_NUMBER }, { 0 }, NAMED },
};

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

static int fits(const struct reading *reading, const unsigned char *need, size_t needs,
	const unsigned char *avoid, size_t avoids, enum named named)
{
	for (size_t i = 0; i < needs && need[i]; i++)
		if (!HAS(reading, need[i]))
			return 0;
	for (size_t i = 0; i < avoids && avoid[i]; i++)
		if (HAS(reading, avoid[i]))
			return 0;
	return named == ANY_NAME || (named == NAMED) == (reading->names > 0);
}

static int has_entity(const struct reading *reading, enum entity entity)
{
	for (size_t i = 0; i < reading->marks.fold.count; i++)
		if (reading->entity[i] == entity)
			return 1;
	return 0;
}

static void set_type(struct reading *reading, const char *type)
{
	const struct intent_word *row = intent_word_find(intent_types, type);

	strcpy(reading->intent->type, row->name);
	strcpy(reading->intent->goal, row->goal);
	reading->write = row->write;
}

int rules_has_noun(const struct reading *reading)
{
	static const enum concept nouns[] = { C_KUBERNETES, C_EC2, C_VM, C_SG, C_DB, C_LB, C_HOST,
		C_DNS, C_CERT, C_MACHINE, C_KIND };

	for (size_t i = 0; i < sizeof(nouns) / sizeof(*nouns); i++)
		if (HAS(reading, nouns[i]))
			return 1;
	return 0;
}

/* "namespaces?": several of a kind. */
int rules_plural(const struct reading *reading)
{
	static const enum concept nouns[] = { C_EC2, C_VM, C_SG, C_DB, C_LB, C_HOST, C_MACHINE,
		C_KIND, C_CERT };
	const struct fold *fold = &reading->marks.fold;

	for (size_t n = 0; n < sizeof(nouns) / sizeof(*nouns); n++)
		for (const struct mark *mark = marks_first(&reading->marks, nouns[n]); mark;
			mark = marks_next(&reading->marks, mark)) {
			const struct token *token = &fold->tokens[mark->to - 1];

			if (token->length > 2 && token->text[token->length - 1] == 's' &&
				strcmp(token->text, "redis") && strcmp(token->text, "postgres"))
				return 1;
		}
	return 0;
}

/* "ranker to 4", "etl-1 to n2-standard-8": a count or a size something goes to. */
static int goes_to_amount(const struct reading *reading)
{
	for (const struct mark *mark = marks_first(&reading->marks, C_INTO); mark;
		mark = marks_next(&reading->marks, mark))
		if (mark->to < reading->marks.fold.count && !reading->used[mark->to] &&
			(reading->entity[mark->to] == ENTITY_NUMBER ||
				marks_at(&reading->marks, mark->to, C_NUMBER)))
			return 1;
	for (const struct mark *mark = marks_first(&reading->marks, C_KIND); mark;
		mark = marks_next(&reading->marks, mark)) /* "7 pods" */
		if (mark->from && !HAS(reading, C_SYMPTOM) && !HAS(reading, C_WHICH) &&
			(reading->entity[mark->from - 1] == ENTITY_NUMBER ||
				marks_at(&reading->marks, mark->from - 1u, C_NUMBER)))
			return 1;
	return has_entity(reading, ENTITY_SIZE) || has_entity(reading, ENTITY_TIMES);
}

/* "dns records of example.com": several, though a name is said. */
static int plural_records(const struct reading *reading)
{
	const struct mark *mark = marks_first(&reading->marks, C_DNS);
	const struct token *last = mark ? &reading->marks.fold.tokens[mark->to - 1] : NULL;

	return last && last->length > 3 && last->text[last->length - 1] == 's';
}

/* "remove api-6 from the load balancer": it leaves, and lives on. */
static int leaves_balancer(const struct reading *reading)
{
	if (!reading->names)
		return 0;
	for (const struct mark *mark = marks_first(&reading->marks, C_LB); mark;
		mark = marks_next(&reading->marks, mark)) {
		size_t at = mark->from;

		while (at && (marks_at(&reading->marks, at - 1, C_FILL) ||
				     marks_at(&reading->marks, at - 1, C_SCOPE)))
			at--;
		if (at && marks_at(&reading->marks, at - 1, C_FROM))
			return 1;
	}
	return 0;
}

/* No act is said: "pods in dev?", "ranker to 4", "login 4.0.2". */
static int type_implied(struct reading *reading)
{
	if (reading->names && goes_to_amount(reading))
		set_type(reading, "scale");
	else if (reading->names && HAS(reading, C_INTO) && has_entity(reading, ENTITY_VERSION) &&
		 !HAS(reading, C_PLAIN) && !HAS(reading, C_OTHER))
		set_type(reading, "rollback"); /* "orders to 3.9.0 again" */
	else if (leaves_balancer(reading))
		set_type(reading, "drain");
	else if (has_entity(reading, ENTITY_GROUP_ID) && HAS(reading, C_OPEN))
		set_type(reading, "audit_security");
	else if ((!reading->names && rules_plural(reading)) || plural_records(reading) ||
		 (has_entity(reading, ENTITY_LABEL) && !reading->names && rules_has_noun(reading)))
		set_type(reading, "list");
	else if (!reading->names && rules_has_noun(reading) &&
		 (HAS(reading, C_SCOPE) || has_entity(reading, ENTITY_REGION) ||
			 HAS(reading, C_PROVIDER) || HAS(reading, C_ALL) ||
			 HAS(reading, C_WHICH)))
		set_type(reading, "list");
	else if (reading->names &&
		 (rules_has_noun(reading) || HAS(reading, C_SERVICE) || HAS(reading, C_STATE)) &&
		 reading->marks.fold.tokens[reading->marks.fold.count - 1].shape & TOKEN_ASKED)
		set_type(reading, "status");
	else if (reading->names && (HAS(reading, C_CERT) || HAS(reading, C_DNS)))
		set_type(reading, "status");
	else
		return -1;
	return 0;
}

int rules_type(struct reading *reading)
{
	if ((HAS(reading, C_TERMINATE) || HAS(reading, C_REMOVE)) && leaves_balancer(reading)) {
		set_type(reading, "drain");
		return 0;
	}
	for (size_t i = 0; i < sizeof(type_rows) / sizeof(*type_rows); i++) {
		const struct type_row *row = &type_rows[i];

		if (!fits(reading, row->need, ROW_MARKS, row->avoid, ROW_MARKS, row->named))
			continue;
		set_type(reading, row->type);
		return 0;
	}
	return type_implied(reading);
}

/* --- resource --- */

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
		{ "srv", "host" }, { "sg", "sg" }, { "bastion", "host" } };

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
			       !(HAS(reading, C_METRIC) || HAS(reading, C_RUNOUT))));
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
	       (is_type(reading, "status") && HAS(reading, C_STATUS)) ||
	       (is_type(reading, "investigate") && HAS(reading, C_INVESTIGATE) &&
		       HAS(reading, C_WHICH)) || /* "what is wrong in prod" */
	       (is_type(reading, "investigate") && HAS(reading, C_METRIC) &&
		       HAS(reading, C_SYMPTOM) && !machine_metric(reading));
}

static const char *named_resource(struct reading *reading)
{
	const struct token *token = names_token(reading, 0);
	const char *hint = token ? by_name(token) : NULL;

	if (!token)
		return scope_alone(reading) ? "kubernetes" : NULL;
	if (reading->entity[reading->name[0]] == ENTITY_DOMAIN)
		return "host";
	if (hint)
		return hint;
	if (machine_type(reading) && machine_name(token) && !restarts_told(reading))
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

static const char *resource_of(struct reading *reading)
{
	if (cost_type(reading))
		return "bill";
	if (reading->seen && reading->seen->resource && *reading->seen->resource)
		return reading->seen->resource;
	if (is_type(reading, "cordon") || (is_type(reading, "drain") && !HAS(reading, C_LB)))
		return "kubernetes";
	if (is_type(reading, "drain"))
		return "lb";
	if (has_entity(reading, ENTITY_MACHINE_ID))
		return "ec2";
	if (replication_told(reading))
		return "db";
	if (has_entity(reading, ENTITY_GROUP_ID) || port_in_the_open(reading))
		return "sg";
	for (size_t i = 0; i < sizeof(resource_rows) / sizeof(*resource_rows); i++) {
		const struct resource_row *row = &resource_rows[i];

		if (fits(reading, row->need, 3, row->avoid, 4, row->named))
			return row->resource;
	}
	if (HAS(reading, C_MACHINE))
		return machine(reading);
	if (is_type(reading, "audit_security") && !reading->names)
		return "sg";
	if (HAS(reading, C_PROVIDER) && reading->names && !HAS(reading, C_RISKY))
		return machine(reading);
	reading->weak = 1;
	return named_resource(reading);
}

int rules_resource(struct reading *reading)
{
	const char *resource = resource_of(reading);

	if (!resource)
		return -1;
	strcpy(reading->intent->resource, intent_word_find(intent_resources, resource)->name);
	return 0;
}
