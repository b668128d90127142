#include "gate/intent.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"

const struct intent_word intent_types[] = {
	{ "investigate", "remediate diagnose troubleshoot fix",
		"why, diagnose, find the cause; also \"fix X safely\"", "root_cause", 0 },
	{ "list", "enumerate show", "show, list, which, print logs", "inventory", 0 },
	{ "explain_cost", "cost", "why a bill is what it is", "cost_breakdown", 0 },
	{ "audit_security", "audit security", "risky, exposed, public, unencrypted, compliance",
		"exposure", 0 },
	{ "scale", "resize", "replicas, node pool, capacity, instance size", "scale", 1 },
	{ "restart", "reboot", "reboot, bounce, rolling restart", "restart", 1 },
	{ "stop", "shutdown", "shut down, power off, pause", "stop", 1 },
	{ "start", "boot", "boot, power on, run", "start", 1 },
	{ "terminate", "delete", "delete, destroy, drop for good", "terminate", 1 },
	{ "rollback", "undo", "revert to an earlier release or state", "rollback", 1 },
	{ "cordon", "", "no new pods on a node", "cordon", 1 },
	{ "drain", "", "move the work off a node or a backend", "drain", 1 },
	{ "forecast", "predict", "a future cost, or when capacity runs out", "forecast_capacity",
		0 },
	{ "migrate", "", "to another region, cluster, provider or engine", "migrate", 1 },
	{ "status", "describe health", "health, validity, rollout state of one thing", "health",
		0 },
	{ NULL, NULL, NULL, NULL, 0 },
};

const struct intent_word intent_resources[] = {
	{ "kubernetes", "kubernetes_cluster deployment k8s",
		"pods, deployments, nodes, services by bare name", "", 0 },
	{ "ec2", "ec2_instance", "AWS machines and their groups", "", 0 },
	{ "vm", "virtual_machine", "GCP and Azure machines", "", 0 },
	{ "sg", "security_group firewall", "security groups, firewall rules, open ports", "", 0 },
	{ "bill", "cost billing", "bills, costs, spend", "", 0 },
	{ "db", "database", "any database or cache", "", 0 },
	{ "lb", "load_balancer", "load balancers and their backends", "", 0 },
	{ "log", "logs", "reading logs", "", 0 },
	{ "host", "server", "servers by host name, and their daemons", "", 0 },
	{ "dns", "", "zones and records", "", 0 },
	{ "cert", "certificate", "certificates", "", 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};

const struct intent_word intent_scopes[] = {
	{ "prod", "production live", "", "", 0 },
	{ "staging", "stage stg", "", "", 0 },
	{ "dev", "development", "", "", 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};

const struct intent_word intent_filter_keys[] = {
	{ "name", "", "name or id; a list when several", "", 0 },
	{ "namespace", "", "as written", "", 0 },
	{ "region", "", "as written", "", 0 },
	{ "version", "", "as written; \"previous\", \"revision-N\"", "", 0 },
	{ "to", "", "destination", "", 0 },
	{ "size", "", "as written", "", 0 },
	{ "cidr", "", "as written", "", 0 },
	{ "label", "", "key=value", "", 0 },
	{ "provider", "", "aws gcp azure postgres mysql redis rds", "", 0 },
	{ "time", "", "10m 1h 7d, or today, last_month", "", 0 },
	{ "metric", "",
		"cpu memory disk latency errors restarts network connections replication_lag load "
		"storage requests",
		"", 0 },
	{ "replicas", "", "integer", "", 0 },
	{ "port", "", "integer", "", 0 },
	{ "state", "", "running stopped pending expiring public unencrypted", "", 0 },
	{ "status", "", "5xx", "", 0 },
	{ "level", "", "error", "", 0 },
	{ "kind", "", "pod deployment node namespace rbac", "", 0 },
	{ "service", "", "daemon on a host, or billed service", "", 0 },
	{ "constraint", "", "no_downtime", "", 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};

/* Is name one of the space separated words? */
static int among(const char *words, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = words; *at && length;) {
		size_t word = strcspn(at, " ");

		if (word == length && !memcmp(at, name, length))
			return 1;
		at += word + (at[word] == ' ');
	}
	return 0;
}

const struct intent_word *intent_word_find(const struct intent_word *table, const char *name)
{
	if (!name)
		return NULL;
	for (const struct intent_word *row = table; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	for (const struct intent_word *row = table; row->name; row++)
		if (among(row->alias, name))
			return row;
	return NULL;
}

void intent_init(struct intent *intent)
{
	*intent = (struct intent){ .filters = json_object() };
}

void intent_release(struct intent *intent)
{
	json_free(intent->filters);
	*intent = (struct intent){ 0 };
}

void intent_copy(struct intent *to, const struct intent *from)
{
	*to = *from;
	to->filters = from->filters ? json_copy(from->filters) : json_object();
}

static int read_word(char *out, size_t size, const struct intent_word *table,
	const struct json *value, const char *field, struct error *err)
{
	const char *name = json_text(value);
	const struct intent_word *row = intent_word_find(table, name);

	if (!name)
		return error_set(err, ERR_INVALID, "%s: missing, or not a text", field);
	if (!row)
		return error_set(err, ERR_INVALID, "%s: \"%.40s\" is not known", field, name);
	snprintf(out, size, "%s", row->name);
	return 0;
}

static int name_fits(const struct json *value)
{
	if (json_is(value, JSON_STRING))
		return 1;
	if (!json_is(value, JSON_ARRAY) || !json_count(value))
		return 0;
	for (const struct json *item = json_first(value); item; item = json_next(item))
		if (!json_is(item, JSON_STRING))
			return 0;
	return 1;
}

static int filter_fits(const char *key, const struct json *value)
{
	if (!strcmp(key, "replicas") || !strcmp(key, "port"))
		return json_is(value, JSON_NUMBER) && json_number(value, -1) >= 0 &&
		       json_number(value, 0) <= 1000000 &&
		       json_number(value, 0) == (double)json_int(value, -1);
	if (!strcmp(key, "name"))
		return name_fits(value);
	return json_is(value, JSON_STRING);
}

static int read_filters(struct intent *intent, const struct json *filters, struct error *err)
{
	if (!filters || json_is(filters, JSON_NULL))
		return 0;
	if (!json_is(filters, JSON_OBJECT))
		return error_set(err, ERR_INVALID, "target.filters: not an object");
	for (const struct json *item = json_first(filters); item; item = json_next(item)) {
		const char *key = json_key(item);

		if (!intent_word_find(intent_filter_keys, key))
			return error_set(err, ERR_INVALID, "target.filters.%.40s: not known", key);
		if (!filter_fits(key, item))
			return error_set(
				err, ERR_INVALID, "target.filters.%s: wrong kind of value", key);
	}
	json_free(intent->filters);
	intent->filters = json_copy(filters);
	return 0;
}

static int read_goal(struct intent *intent, const struct json *goal, struct error *err)
{
	const char *text = json_text(goal);

	if (goal && !json_is(goal, JSON_NULL) && !text)
		return error_set(err, ERR_INVALID, "goal: not a text");
	if (!text)
		text = intent_word_find(intent_types, intent->type)->goal;
	if (strlen(text) >= sizeof(intent->goal))
		return error_set(
			err, ERR_INVALID, "goal: longer than %zu bytes", sizeof(intent->goal) - 1);
	snprintf(intent->goal, sizeof(intent->goal), "%s", text);
	return 0;
}

static int read_confidence(struct intent *intent, const struct json *confidence, struct error *err)
{
	intent->confidence = confidence ? json_number(confidence, -1) : 1;
	if (!(intent->confidence >= 0 && intent->confidence <= 1))
		return error_set(err, ERR_INVALID, "confidence: not a number from 0 to 1");
	return 0;
}

int intent_from_json(struct intent *intent, const struct json *json, struct error *err)
{
	const struct json *target = json_get(json, "target"), *scope = json_get(target, "scope");

	intent_init(intent);
	if (!json_is(json, JSON_OBJECT))
		return error_set(err, ERR_INVALID, "intent: not an object");
	if (read_word(intent->type, sizeof(intent->type), intent_types,
		    json_get(json, "intent_type"), "intent_type", err))
		return -1;
	if (!json_is(target, JSON_OBJECT))
		return error_set(err, ERR_INVALID, "target: missing, or not an object");
	if (read_word(intent->resource, sizeof(intent->resource), intent_resources,
		    json_get(target, "resource_type"), "target.resource_type", err))
		return -1;
	if (scope && !json_is(scope, JSON_NULL) &&
		read_word(intent->scope, sizeof(intent->scope), intent_scopes, scope,
			"target.scope", err))
		return -1;
	if (read_filters(intent, json_get(target, "filters"), err) ||
		read_goal(intent, json_get(json, "goal"), err))
		return -1;
	return read_confidence(intent, json_get(json, "confidence"), err);
}

struct json *intent_to_json(const struct intent *intent)
{
	struct json *target = json_object(), *out = json_object();

	json_set_text(target, "resource_type", intent->resource);
	json_set(target, "scope", *intent->scope ? json_string(intent->scope) : json_null());
	json_set(target, "filters", intent->filters ? json_copy(intent->filters) : json_object());
	json_set_text(out, "intent_type", intent->type);
	json_set(out, "target", target);
	json_set_text(out, "goal", intent->goal);
	return json_set(out, "confidence", json_double(intent->confidence));
}

const char *intent_filter(const struct intent *intent, const char *key)
{
	const struct json *value = json_get(intent->filters, key);

	return json_is(value, JSON_ARRAY) ? json_text(json_item(value, 0)) : json_text(value);
}
