#include "provider/kubernetes/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/safe.h"
#include "base/text.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/kubeconfig.h"

enum { RETRIES = 3, ANSWER_MAX = 64 * 1024 * 1024, STEP_MS = 100, CONNECT_MS = 8000 };

static long index_of(const struct provider *provider, const char *name)
{
	for (size_t i = 0; i < provider->account_count; i++)
		if (!strcmp(kubeconfig_context_at(provider->kubeconfig, i), name))
			return (long)i;
	return -1;
}

const char *account_start_namespace(const struct provider *provider, const char *name)
{
	return *provider->start_namespace && !strcmp(provider->start, name) ? provider->start_namespace : NULL;
}

static struct account *account_new(struct provider *provider, size_t i, struct error *err)
{
	const char *name = kubeconfig_context_at(provider->kubeconfig, i);
	struct cluster *cluster = cluster_new(provider->net, provider->kubeconfig, name, err);

	if (!cluster)
		return NULL;
	struct account *account = mem_zero(1, sizeof(*account));
	account->name = name;
	account->namespace_ = account_start_namespace(provider, name);
	if (!account->namespace_)
		account->namespace_ = cluster_namespace(cluster);
	account->cluster = cluster;
	pthread_mutex_init(&account->lock, NULL);
	snprintf(account->state, sizeof(account->state), "unknown");
	return account;
}

struct account *account_find(struct provider *provider, const char *name, struct error *err)
{
	struct account *found = NULL;

	pthread_mutex_lock(&provider->lock);
	const char *wanted = name && *name ? name : provider->current;
	long i = index_of(provider, wanted);

	if (i >= 0) {
		if (!provider->accounts[i])
			provider->accounts[i] = account_new(provider, (size_t)i, err);
		found = provider->accounts[i];
	} else if (*wanted) {
		error_set(err, ERR_INVALID, "no context is called \"%.120s\"; pilothouse init shows those there are", wanted);
	} else {
		error_set(err, ERR_INVALID,
			"the kubeconfig names no current context: choose one with --account");
	}
	pthread_mutex_unlock(&provider->lock);
	return found;
}

const char *account_namespace(const struct account *account)
{
	return account->namespace_;
}

void account_note(struct account *account, const struct error *err)
{
	const char *state = "ok";

	if (err && err->code == ERR_CANCELLED)
		return;
	if (err && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT))
		state = "unreachable";
	if (err && err->code == ERR_UNAUTHORIZED)
		state = "unauthorized";
	pthread_mutex_lock(&account->lock);
	snprintf(account->state, sizeof(account->state), "%s", state);
	snprintf(account->why, sizeof(account->why), "%s",
		strcmp(state, "ok") && err ? err->text : "");
	pthread_mutex_unlock(&account->lock);
}

void call_request(const struct account *account, const struct call *call,
	struct net_request *request, struct net_header *headers)
{
	headers[0] = (struct net_header){ .name = "Accept",
		.value = call->accept ? call->accept : ACCEPT_JSON };
	headers[1] = (struct net_header){ .name = "Content-Type", .value = call->type };
	*request = (struct net_request){
		.method = call->method,
		.headers = headers,
		.header_count = call->type ? 2 : 1,
		.body = call->body,
		.body_length = call->body_length,
		.connect_timeout_ms = CONNECT_MS,
		.timeout_ms = call->on_data ? -1 : call->timeout_ms,
		.stall_timeout_ms = call->stall_ms,
		.max_bytes = call->max_bytes ? call->max_bytes : ANSWER_MAX,
		.gzip = !cluster_loopback(account->cluster),
		.retries = call->on_data || call->method ? 0 : RETRIES, /* a write is sent once */
		.harmless = call->harmless,
		.cancelled = call->cancelled,
		.on_data = call->on_data,
		.arg = call->arg,
	};
}

int call_fetch(struct account *account, const struct call *call, struct net_response *response,
	struct error *err)
{
	struct net_request request;
	struct net_header headers[3];
	struct error own = { 0 };

	call_request(account, call, &request, headers);
	int failed = cluster_fetch(account->cluster, &request, call->path, response, &own);

	account_note(account, failed ? &own : NULL);
	if (failed && err)
		*err = own;
	return failed;
}

/* Every `warning: 299 - "text"` line, joined by "; ". */
static void collect_warnings(const struct net_response *response, char *out, size_t size)
{
	struct text text;
	const char *line = response->header_lines;

	text_init(&text, size - 1);
	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, "warning:", 8))
			continue;
		const char *open = strchr(line, '"'), *end = strchr(line, '\n');
		const char *close = NULL;

		end = end ? end : line + strlen(line);
		for (const char *at = end; open && at > open; at--)
			if (*at == '"') {
				close = at;
				break;
			}
		if (!close)
			continue;
		if (text.length)
			text_add(&text, "; ");
		safe_add(&text, open + 1, (size_t)(close - open - 1));
	}
	snprintf(out, size, "%s", text.data);
	text_release(&text);
}

void call_headers(const struct net_response *response, char *warnings, size_t warnings_size,
	char *audit_id, size_t audit_id_size)
{
	collect_warnings(response, warnings, warnings_size);
	if (!net_header(response, "audit-id", audit_id, audit_id_size))
		*audit_id = '\0';
}

struct json *call_json(struct account *account, const struct call *call, struct error *err)
{
	struct net_response response = { 0 };
	struct json *json = NULL;

	if (!call_fetch(account, call, &response, err))
		json = json_parse(response.body, response.body_length, err);
	net_response_release(&response);
	return json;
}

int pause_ms(const atomic_int *cancelled, int duration_ms)
{
	struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (int waited = 0; waited < duration_ms; waited += STEP_MS) {
		if (cancelled && atomic_load(cancelled))
			return -1;
		nanosleep(&step, NULL);
	}
	return cancelled && atomic_load(cancelled) ? -1 : 0;
}
