/* YAML and JSON: MCP clients' files (AGY002 to AGY004, AGY010), agent cards (AGY007), Kubernetes and Compose (IAC004, IAC006, IAC008, AGY006), IAM policies
 * (IAC001, IAC002, IAC005, AGY006), workflows (SUP005), names of models (MOD001, MOD002), patterns of `match: key`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/toml.h"
#include "base/yaml.h"
#include "fleet/check/checker_parts.h"
#include "fleet/check/place_url.h"

enum { DOCUMENT_MAX = 1 << 20, DEPTH_MAX = 40 };

static int ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), n = strlen(end);

	return length >= n && !strcmp(text + length - n, end);
}

static int text_is(const struct json *node, const char *text)
{
	return json_text(node) && !strcmp(json_text(node), text);
}

/* A text that is it, or a list that has it. */
static int has_text(const struct json *node, const char *text)
{
	if (text_is(node, text))
		return 1;
	for (const struct json *item = json_is(node, JSON_ARRAY) ? json_first(node) : NULL; item; item = json_next(item))
		if (text_is(item, text))
			return 1;
	return 0;
}

static int line_of(const struct json *node, const struct json *otherwise)
{
	return json_line(node) ? json_line(node) : json_line(otherwise);
}

/* --- MCP --- */

static int is_pinned_package(const char *name)
{
	const char *at = strrchr(name, '@'), *equals = strstr(name, "==");

	if (equals)
		return 1;
	return at && at != name && at[1] && strcmp(at, "@latest");
}

static int is_pinned_image(const char *name)
{
	const char *slash = strrchr(name, '/'), *colon = strchr(slash ? slash : name, ':');

	return strstr(name, "@sha256:") || (colon && strcmp(colon, ":latest"));
}

static int takes_value(const char *option)
{
	static const char *const options[] = { "-e", "-v", "--env", "--volume", "--mount", "-p", "--name", "--network", "--from", "--with", "--python", "-c", "--package", "-w", "--env-file", "--directory" };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (!strcmp(option, options[i]))
			return 1;
	return 0;
}

/* At the text on its line, so that two of one line are two findings. */
static void unpinned(struct unit *unit, int line, const char *server, const char *package)
{
	const char *at = unit->text, *end = unit->text + unit->length, *stop;

	for (int i = 1; i < line && at; i++) {
		at = memchr(at, '\n', (size_t)(end - at));
		at = at ? at + 1 : NULL;
	}
	stop = at ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	at = at ? memmem(at, (size_t)((stop ? stop : end) - at), package, strlen(package)) : NULL;
	if (at)
		flag_at(unit, "AGY003", (size_t)(at - unit->text), strlen(package), "MCP server %s: %s is fetched without a version", server, package);
	else
		flag_line(unit, "AGY003", line, "MCP server %s: %s is fetched without a version", server, package);
}

static void mcp_command(struct unit *unit, const struct json *server, const char *name)
{
	const char *command = json_text(json_get(server, "command")), *base = command ? strrchr(command, '/') : NULL;
	int docker, runner;

	base = base ? base + 1 : command;
	docker = base && (!strcmp(base, "docker") || !strcmp(base, "podman"));
	runner = base && (!strcmp(base, "npx") || !strcmp(base, "uvx") || !strcmp(base, "bunx") || !strcmp(base, "pnpm") || !strcmp(base, "pipx") || !strcmp(base, "npx.cmd"));
	if (!docker && !runner)
		return;
	for (const struct json *item = json_first(json_get(server, "args")); item; item = json_next(item)) {
		const char *text = json_text(item);

		if (text && (!strcmp(text, "--from") || !strcmp(text, "--package")) && json_next(item)) {
			text = json_text(json_next(item));
		} else if (!text || *text == '-') {
			if (text && takes_value(text) && json_next(item))
				item = json_next(item);
			continue;
		} else if (!strcmp(text, "run") || !strcmp(text, "dlx") || !strcmp(text, "exec")) {
			continue;
		}
		if (text && !(docker ? is_pinned_image(text) : is_pinned_package(text)) && *text != '.' && *text != '/' && *text != '$')
			unpinned(unit, line_of(item, server), name, text);
		return;
	}
}

static int has_credentials(const struct json *server)
{
	static const char *const keys[] = { "headers", "oauth", "auth", "authorization", "authorization_token", "authProvider", "bearer_token", "token", "env", "requestInit", "apiKey", "api_key",
		"bearer_token_env_var", "http_headers", "env_http_headers" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_get(server, keys[i]))
			return 1;
	return 0;
}

static void mcp_server(struct unit *unit, const struct json *server)
{
	const char *name = json_key(server) ? json_key(server) : json_text_or(json_get(server, "name"), "?");
	const struct json *address = json_get(server, "url");
	const char *url;

	address = address ? address : json_get(server, "serverUrl");
	address = address ? address : json_get(server, "httpUrl");
	url = json_text(address);
	mcp_command(unit, server, name);
	if (url && !url_is_local(url)) {
		if (!strncmp(url, "http://", 7))
			flag_line(unit, "AGY004", line_of(address, server), "MCP server %s is reached without TLS", name);
		else if (!has_credentials(server))
			flag_line(unit, "AGY004", line_of(address, server), "MCP server %s is reached without credentials", name);
	}
	/* The whole disk as a server's folder. */
	for (const struct json *item = json_first(json_get(server, "args")); item; item = json_next(item))
		if (text_is(item, "/") || (json_text(item) && !strncmp(json_text(item), "/:/", 3)))
			flag_line(unit, "AGY002/over-broad", line_of(item, server), "MCP server %s is given the whole disk", name);
	for (size_t i = 0; i < 2; i++) {
		const struct json *allow = json_get(server, i ? "autoApprove" : "alwaysAllow");

		if (has_text(allow, "*") || json_bool(allow, 0))
			flag_line(unit, "AGY010", line_of(allow, server), "MCP server %s: every call of its tools is approved beforehand", name);
	}
	if (has_text(json_get(server, "tools"), "*") || has_text(json_get(server, "allowedTools"), "*") || has_text(json_get(server, "allowed_tools"), "*"))
		flag_line(unit, "AGY002", json_line(server), "MCP server %s: every tool of it is granted", name);
}

static int is_mcp_file(const struct unit *unit)
{
	const char *name = strrchr(unit->path, '/');

	name = name ? name + 1 : unit->path;
	return strstr(name, "mcp") != NULL;
}

static void mcp(struct unit *unit, const struct json *tree)
{
	const struct json *servers = json_get(tree, "mcpServers");

	servers = servers ? servers : json_get(tree, "mcp_servers");
	servers = servers ? servers : json_at(tree, "mcp.servers");
	servers = !servers && is_mcp_file(unit) ? json_get(tree, "servers") : servers;
	for (const struct json *server = json_first(servers); server; server = json_next(server))
		if (json_is(server, JSON_OBJECT))
			mcp_server(unit, server);
}

static void agent_card(struct unit *unit, const struct json *tree)
{
	if (!json_text(json_get(tree, "name")) || !json_text(json_get(tree, "url")) || !json_get(tree, "skills") || !json_get(tree, "capabilities"))
		return;
	if (!json_get(tree, "securitySchemes") && !json_get(tree, "security") && !json_get(tree, "authentication"))
		flag_line(unit, "AGY007", json_line(tree), "the card of %s names no security scheme", json_text(json_get(tree, "name")));
}

/* --- Kubernetes, Compose --- */

static void container(struct unit *unit, const struct json *it, int needs_limits)
{
	const char *name = json_text_or(json_get(it, "name"), "?");
	const struct json *privileged = json_at(it, "securityContext.privileged");

	if (json_bool(privileged, 0))
		flag_line(unit, "IAC004", line_of(privileged, it), "container %s is privileged", name);
	const struct json *resources = json_get(it, "resources");

	/* What a chart's values say of it is not known here. */
	if (json_text(resources) || json_get(resources, helm_mark) || json_text(json_get(resources, "limits")))
		return;
	if (needs_limits && !json_count(json_get(resources, "limits")))
		flag_line(unit, "IAC006", json_line(it), "container %s has no limits", name);
}

static void pod(struct unit *unit, const struct json *spec)
{
	for (const struct json *it = json_first(json_get(spec, "containers")); it; it = json_next(it))
		container(unit, it, 1);
	for (const struct json *it = json_first(json_get(spec, "initContainers")); it; it = json_next(it))
		container(unit, it, 0);
	for (const struct json *it = json_first(json_get(spec, "volumes")); it; it = json_next(it)) {
		const char *path = json_text(json_at(it, "hostPath.path"));

		if (path && (!strcmp(path, "/") || strstr(path, "docker.sock") || strstr(path, "containerd.sock")))
			flag_line(unit, "IAC004", line_of(json_at(it, "hostPath.path"), it), "%s of the host is mounted", path);
	}
}

static void scaling(struct unit *unit, const struct json *doc, const char *kind, const char *api)
{
	if (!strcmp(kind, "HorizontalPodAutoscaler") && !json_at(doc, "spec.maxReplicas"))
		flag_line(unit, "IAC008", json_line(json_get(doc, "spec")), "the autoscaler has no maxReplicas");
	if (!strcmp(kind, "ScaledObject") && !json_at(doc, "spec.maxReplicaCount"))
		flag_line(unit, "IAC008", line_of(json_get(doc, "spec"), doc), "the ScaledObject has no maxReplicaCount");
	if (!strcmp(kind, "Service") && strstr(api, "knative")) {
		const struct json *annotations = json_get(json_at(doc, "spec.template.metadata"), "annotations");

		if (!json_get(annotations, "autoscaling.knative.dev/maxScale") && !json_get(annotations, "autoscaling.knative.dev/max-scale"))
			flag_line(unit, "IAC008", line_of(json_at(doc, "spec.template"), doc), "the service has no autoscaling.knative.dev/maxScale");
	}
}

static void kubernetes(struct unit *unit, const struct json *doc)
{
	const char *kind = json_text(json_get(doc, "kind")), *api = json_text(json_get(doc, "apiVersion"));
	const struct json *spec = json_get(doc, "spec"), *template;

	if (!kind || !api)
		return;
	if (!strcmp(kind, "List"))
		for (const struct json *item = json_first(json_get(doc, "items")); item; item = json_next(item))
			kubernetes(unit, item);
	template = json_at(spec, "template.spec");
	if (!strcmp(kind, "CronJob"))
		template = json_at(spec, "jobTemplate.spec.template.spec");
	if (!strcmp(kind, "Pod"))
		template = spec;
	if (json_get(template, "containers"))
		pod(unit, template);
	scaling(unit, doc, kind, api);
	if ((!strcmp(kind, "ClusterRoleBinding") || !strcmp(kind, "RoleBinding")) && text_is(json_at(doc, "roleRef.name"), "cluster-admin"))
		flag_line(unit, "AGY006", line_of(json_at(doc, "roleRef.name"), doc), "cluster-admin is bound to the account");
}

static int has_limits(const struct json *service)
{
	static const char *const keys[] = { "mem_limit", "cpus", "cpu_quota", "extends" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (json_get(service, keys[i]))
			return 1;
	return json_count(json_at(service, "deploy.resources.limits")) > 0;
}

static void compose(struct unit *unit, const struct json *doc)
{
	const char *name = strrchr(unit->path, '/');

	if (!strstr(name ? name : unit->path, "compose"))
		return;
	for (const struct json *service = json_first(json_get(doc, "services")); service; service = json_next(service)) {
		if (json_is(service, JSON_OBJECT) && !has_limits(service))
			flag_line(unit, "IAC006", json_line(service), "service %s has no limits", json_key(service));
		if (json_bool(json_get(service, "privileged"), 0))
			flag_line(unit, "IAC004", line_of(json_get(service, "privileged"), service), "service %s is privileged", json_key(service));
		for (const struct json *volume = json_first(json_get(service, "volumes")); volume; volume = json_next(volume)) {
			const char *text = json_text(volume) ? json_text(volume) : json_text(json_get(volume, "source"));

			if (text && (strstr(text, "docker.sock") || !strncmp(text, "/:", 2)))
				flag_line(unit, "IAC004", line_of(volume, service), "service %s mounts %s", json_key(service), strstr(text, "docker.sock") ? "the container engine's socket" : "the host's root");
		}
	}
}

/* --- IAM --- */

static int service_wildcard(const char *action)
{
	return !strcmp(action, "*") || (ends_with(action, ":*") && strchr(action, ':') == action + strlen(action) - 2) || !strcmp(action, "*:*");
}

static const struct json *wildcard_action(const struct json *actions)
{
	if (json_text(actions))
		return service_wildcard(json_text(actions)) ? actions : NULL;
	for (const struct json *item = json_first(actions); item; item = json_next(item))
		if (json_text(item) && service_wildcard(json_text(item)))
			return item;
	return NULL;
}

static int touches_data(const struct json *actions)
{
	static const char *const words[] = { "Invoke", "Get", "Put", "Read", "Write", "Query", "Scan", "Delete", "Update", "Converse", "List", "Send", "Publish", "Retrieve" };
	const struct json *item = json_text(actions) ? actions : json_first(actions);

	for (; item; item = json_text(actions) ? NULL : json_next(item)) {
		const char *text = json_text(item), *verb = text ? strchr(text, ':') : NULL;

		for (size_t i = 0; verb && i < sizeof(words) / sizeof(*words); i++)
			if (!strncmp(verb + 1, words[i], strlen(words[i])) && strcmp(words[i], "List"))
				return 1;
	}
	return 0;
}

static void statement(struct unit *unit, const struct json *it)
{
	const struct json *actions = json_get(it, "Action"), *resource = json_get(it, "Resource"), *wild;

	if (!text_is(json_get(it, "Effect"), "Allow"))
		return;
	wild = wildcard_action(actions);
	if (wild)
		flag_line(unit, "IAC001", line_of(wild, it), "Allow of %s", json_text(wild));
	else if (has_text(resource, "*") && touches_data(actions))
		flag_line(unit, "IAC002", line_of(resource, it), "Allow on every resource");
}

static void iam(struct unit *unit, const struct json *node, int depth)
{
	const struct json *statements = json_get(node, "Statement");

	if (depth > DEPTH_MAX || (!json_is(node, JSON_OBJECT) && !json_is(node, JSON_ARRAY)))
		return;
	if (json_is(statements, JSON_OBJECT))
		statement(unit, statements);
	for (const struct json *it = json_is(statements, JSON_ARRAY) ? json_first(statements) : NULL; it; it = json_next(it))
		statement(unit, it);
	for (const struct json *item = json_first(node); item; item = json_next(item)) {
		const char *text = json_text(item), *key = json_key(item);

		if (text && (!strcmp(text, "allUsers") || !strcmp(text, "allAuthenticatedUsers")))
			flag_line(unit, "IAC005", line_of(item, node), "%s may call it", text);
		else if (text && key && !strcasecmp(key, "CidrIp") && (!strcmp(text, "0.0.0.0/0") || !strcmp(text, "::/0")))
			flag_line(unit, "IAC005", line_of(item, node), "the whole Internet may reach it");
		else if (text && (!strcmp(text, "roles/owner") || !strcmp(text, "roles/editor") || ends_with(text, ":policy/AdministratorAccess") ||
			!strcmp(text, "https://www.googleapis.com/auth/cloud-platform")))
			flag_line(unit, "AGY006", line_of(item, node), "%s is given to the account", text);
		iam(unit, item, depth + 1);
	}
}

/* --- workflows --- */

static int is_commit(const char *ref)
{
	return strlen(ref) == 40 && strspn(ref, "0123456789abcdef") == 40;
}

static int mentions_secrets(const struct json *node, int depth)
{
	if (json_text(node))
		return strstr(json_text(node), "secrets.") != NULL || strstr(json_text(node), "secrets[") != NULL;
	for (const struct json *item = depth < DEPTH_MAX && (json_is(node, JSON_OBJECT) || json_is(node, JSON_ARRAY)) ? json_first(node) : NULL; item; item = json_next(item))
		if (mentions_secrets(item, depth + 1) || (json_key(item) && !strcmp(json_key(item), "secrets")))
			return 1;
	return 0;
}

static void uses(struct unit *unit, const struct json *it)
{
	const char *text = json_text(it), *at = text ? strchr(text, '@') : NULL;

	if (!text || *text == '.' || !strncmp(text, "docker://", 9))
		return;
	if (!at || !is_commit(at + 1))
		flag_line(unit, "SUP005", json_line(it), "%s runs beside secrets and is not pinned to a commit", text);
}

static void workflow(struct unit *unit, const struct json *doc)
{
	int all = mentions_secrets(json_get(doc, "env"), 0);

	if (!strstr(unit->path, ".github/workflows/") && !json_get(doc, "jobs"))
		return;
	for (const struct json *job = json_first(json_get(doc, "jobs")); job; job = json_next(job)) {
		if (!all && !mentions_secrets(job, 0) && !text_is(json_at(job, "permissions.id-token"), "write"))
			continue;
		if (json_get(job, "uses"))
			uses(unit, json_get(job, "uses"));
		for (const struct json *step = json_first(json_get(job, "steps")); step; step = json_next(step))
			if (json_get(step, "uses"))
				uses(unit, json_get(step, "uses"));
	}
}

/* --- models --- */

static void models(struct unit *unit, const struct json *node, int depth)
{
	for (const struct json *item = depth < DEPTH_MAX && (json_is(node, JSON_OBJECT) || json_is(node, JSON_ARRAY)) ? json_first(node) : NULL; item; item = json_next(item)) {
		const char *key = json_key(item), *text = json_text(item), *rule, *fix, *fault;

		if (key && text && lexicon_lists(unit->checker->lexicon, LIST_MODEL_ARGUMENTS, key) && (fault = model_fault(unit, text, &rule, &fix))) {
			struct finding *finding = flag_line(unit, rule, json_line(item), "%s", fault);

			if (fix)
				flag_fix(unit, finding, "write %s", fix);
		}
		models(unit, item, depth + 1);
	}
}

/* --- which files are read at all --- */

static int is_of_interest(const struct unit *unit)
{
	static const char *const words[] = { "servers", "mcpServers", "apiVersion", "services:", "Statement", "allUsers", "allAuthenticatedUsers", "CidrIp", "roles/owner",
		"roles/editor", "cloud-platform", "AdministratorAccess", "jobs:", "skills", "model", "engine", "auto_approve", "autoApprove", "allowed_tools", "allowedTools", "base_url", "trace",
		"delegat", "code_execution", "permission", "tools" };

	if (ends_with(unit->path, ".jsonl") || ends_with(unit->path, ".ndjson"))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (memmem(unit->text, unit->length, words[i], strlen(words[i]))) {
			if (unit->length > DOCUMENT_MAX && (unit->kind == SOURCE_YAML || is_mcp_file(unit)))
				unit->checker->skipped = "is of more than 1 MiB: its secrets were looked for, not what it sets";
			return unit->length <= DOCUMENT_MAX;
		}
	return 0;
}

static void check_tree(struct unit *unit, const struct json *doc)
{
	mcp(unit, doc);
	pins_in_document(unit, doc);
	if (unit->kind == SOURCE_JSON)
		agent_card(unit, doc);
	kubernetes(unit, doc);
	compose(unit, doc);
	workflow(unit, doc);
	iam(unit, doc, 0);
	if (unit->checker->agent && !unit->is_test)
		models(unit, doc, 0);
	rules_apply(unit->checker->rules, unit, doc);
}

/* Comments of JSON with comments as blanks, so that lines stay. */
static char *without_comments(struct unit *unit)
{
	char *text = arena_text_n(unit->arena, unit->text, unit->length);
	int quoted = 0;

	for (size_t i = 0; i < unit->length; i++) {
		if (quoted) {
			i += text[i] == '\\';
			quoted = i < unit->length && text[i] != '"';
		} else if (text[i] == '"') {
			quoted = 1;
		} else if (text[i] == '/' && text[i + 1] == '/') {
			for (; i < unit->length && text[i] != '\n'; i++)
				text[i] = ' ';
		} else if (text[i] == '/' && text[i + 1] == '*') {
			for (; i < unit->length && !(text[i] == '*' && text[i + 1] == '/'); i++)
				text[i] = text[i] == '\n' ? '\n' : ' ';
			if (i + 1 < unit->length)
				text[i] = text[i + 1] = ' ';
		}
	}
	return text;
}

/* An edit of a template cannot be proven to parse: only what the chart makes of it could. */
static void left_to_a_person(struct unit *unit, size_t from)
{
	for (; from < findings_count(unit->findings); from++) {
		struct finding *finding = findings_at(unit->findings, from);

		finding->fixability = FIX_STRUCTURAL;
		flag_fix(unit, finding, "%s, by hand: only what the chart makes of this template can be proven to parse", finding->fix ? finding->fix : finding->check->fix);
	}
}

void check_document(struct unit *unit)
{
	size_t from = findings_count(unit->findings);
	int is_template = 0;

	/* JSON is YAML, and so its lines are known; what only JSON's reader takes has none. */
	int wanted = is_of_interest(unit);
	struct json *tree = wanted ? yaml_parse_all(unit->text, unit->length, NULL) : NULL;

	if (!tree && wanted && unit->kind == SOURCE_YAML && memmem(unit->text, unit->length, "{{", 2)) {
		char *plain = helm_plain(unit->arena, unit->text, unit->length);

		tree = yaml_parse_all(plain, strlen(plain), NULL);
		is_template = tree != NULL;
	}
	if (!tree && wanted && unit->kind == SOURCE_YAML)
		unit->checker->skipped = "is no YAML that could be read: its secrets were looked for, not what it sets";
	if (!tree && wanted && unit->kind == SOURCE_JSON && memchr(unit->text, '/', unit->length))
		tree = yaml_parse_all(without_comments(unit), unit->length, NULL);
	if (!tree && unit->kind == SOURCE_JSON && wanted) {
		struct json *doc = json_parse(unit->text, unit->length, NULL);

		if (doc)
			check_tree(unit, doc);
		else
			rules_apply(unit->checker->rules, unit, NULL);
		if (!doc && is_mcp_file(unit))
			unit->checker->skipped = "is no JSON that could be read: its secrets were looked for, not what it sets";
		json_free(doc);
		return;
	}
	for (const struct json *doc = json_first(tree); doc; doc = json_next(doc))
		check_tree(unit, doc);
	if (is_template)
		left_to_a_person(unit, from);
	if (!tree)
		rules_apply(unit->checker->rules, unit, NULL);
	json_free(tree);
}

void check_toml(struct unit *unit)
{
	struct json *tree = NULL;

	if (unit->length <= DOCUMENT_MAX && (memmem(unit->text, unit->length, "mcp_servers", 11) || memmem(unit->text, unit->length, "mcpServers", 10) ||
		memmem(unit->text, unit->length, "mcp.servers", 11))) {
		tree = toml_parse(unit->text, unit->length, NULL);
		if (!tree)
			unit->checker->skipped = "is no TOML that could be read: its secrets were looked for, not what it sets";
	}
	if (tree)
		mcp(unit, tree);
	json_free(tree);
}
