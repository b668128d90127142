#include "sim/api.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "sim/peer.h"
#include "sim/resources.h"
#include "sim/world.h"

enum { ACCEPT_MAX = 1024, SEGMENTS_MAX = 9 };

int api_reply(struct peer *peer, int status, struct json *json)
{
	char *body = json_format(json), audit_id[UUID_MAX];
	size_t length = strlen(body);

	uuid_v7(audit_id);
	int failed = peer_print(peer,
		"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\nAudit-Id: %s\r\nCache-Control: no-cache, private\r\n\r\n", status,
		status < 300 ? "OK" : "Refused", length, audit_id);

	if (!failed && strcmp(peer->method, "HEAD") != 0)
		failed = peer_write(peer, body, length);
	free(body);
	json_free(json);
	return !failed;
}

int api_refuse(struct peer *peer, int status, const char *reason, const char *format, ...)
{
	struct json *json = json_set_text(json_object(), "kind", "Status");
	char message[512];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	json_set_text(json, "apiVersion", "v1");
	json_set(json, "metadata", json_object());
	json_set_text(json, "status", "Failure");
	json_set_text(json, "message", message);
	json_set_text(json, "reason", reason);
	return api_reply(peer, status, json_set_int(json, "code", status));
}

int api_wants_table(const struct peer *peer)
{
	char accept[ACCEPT_MAX];

	return peer_header(peer, "Accept", accept, sizeof(accept)) && strstr(accept, "as=Table");
}

/* --- what is asked --- */

static int is_allowed(const struct api_call *call)
{
	char given[128] = "", wanted[128];

	snprintf(wanted, sizeof(wanted), "Bearer %s", call->api->token);
	return peer_header(call->peer, "Authorization", given, sizeof(given)) && !strcmp(given, wanted);
}

/* "/apis/apps/v1/namespaces/shop/deployments/web/scale". 0, or -1: there is no such resource. */
static int find_resource(struct api_call *call)
{
	char path[PEER_PATH_MAX], *words[SEGMENTS_MAX] = { 0 }, *save = NULL;
	size_t count = 0, at;
	const char *group = "", *version;

	snprintf(path, sizeof(path), "%s", call->peer->path);
	for (char *word = strtok_r(path, "/", &save); word && count < SEGMENTS_MAX; word = strtok_r(NULL, "/", &save))
		words[count++] = word;
	if (count < 3)
		return -1;
	at = !strcmp(words[0], "apis");
	group = at ? words[1] : "";
	version = words[at + 1];
	at += 2;
	if (count > at + 2 && !strcmp(words[at], "namespaces")) {
		snprintf(call->namespace_, sizeof(call->namespace_), "%s", words[at + 1]);
		at += 2;
	}
	call->type = at < count ? resource_find(group, version, words[at]) : NULL;
	snprintf(call->name, sizeof(call->name), "%s", at + 1 < count ? words[at + 1] : "");
	snprintf(call->sub, sizeof(call->sub), "%s", at + 2 < count ? words[at + 2] : "");
	return call->type ? 0 : -1;
}

static int tell_version(struct api_call *call)
{
	struct json *json = json_set_text(json_object(), "major", "1");
	const char *version = json_text_or(json_get(call->world->cluster, "version"), "v1.34.0");

	json_set_text(json, "minor", "34");
	json_set_text(json, "gitVersion", version);
	json_set_text(json, "platform", "linux/amd64");
	return api_reply(call->peer, 200, json);
}

/* Everybody may everything here; policies are the caller's. */
static int tell_rights(struct api_call *call)
{
	struct json *json = json_set_text(json_object(), "kind", "SelfSubjectRulesReview"), *rule = json_object(), *status = json_object();

	json_set(rule, "verbs", json_add(json_array(), json_string("*")));
	json_set(rule, "apiGroups", json_add(json_array(), json_string("*")));
	json_set(rule, "resources", json_add(json_array(), json_string("*")));
	json_set(status, "resourceRules", json_add(json_array(), rule));
	json_set(status, "nonResourceRules", json_array());
	json_set(status, "incomplete", json_boolean(0));
	json_set_text(json, "apiVersion", "authorization.k8s.io/v1");
	return api_reply(call->peer, 201, json_set(json, "status", status));
}

int api_refuse_sub(struct api_call *call)
{
	if (!strcmp(call->sub, "exec") || !strcmp(call->sub, "attach") || !strcmp(call->sub, "portforward"))
		return api_refuse(call->peer, 403, "Forbidden", "the container is simulated: there is nothing in it to run or to reach");
	return api_refuse(call->peer, 404, "NotFound", "the server could not find the requested resource");
}

static int answer_resource(struct api_call *call)
{
	char value[16] = "";
	int reads = !strcmp(call->peer->method, "GET") || !strcmp(call->peer->method, "HEAD");

	if (!reads)
		return api_write(call);
	if (!strcmp(call->sub, "log") && call->type == resource_pods)
		return api_logs(call);
	if (*call->sub)
		return api_refuse_sub(call);
	if (!*call->name && peer_option_text(call->peer, "watch", value, sizeof(value)) && (!strcmp(value, "1") || !strcmp(value, "true")))
		return api_watch(call);
	return api_read(call);
}

int api_answer(struct peer *peer, void *arg)
{
	struct api *api = arg;
	struct api_call call = { .api = api, .world = api->world, .peer = peer };
	int again;

	if (!is_allowed(&call))
		return api_refuse(peer, 401, "Unauthorized", "Unauthorized");
	if (!strcmp(peer->path, "/version"))
		return tell_version(&call);
	if (!strcmp(peer->path, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"))
		return tell_rights(&call);
	again = api_discovery(&call, peer->path);
	if (again < 0)
		again = api_metrics(&call, peer->path);
	if (again >= 0)
		return again;
	if (find_resource(&call))
		return api_refuse(peer, 404, "NotFound", "the server could not find the requested resource");
	return answer_resource(&call);
}
