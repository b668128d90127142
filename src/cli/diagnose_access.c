/* What needs credentials: each account of each provider, and the endpoints of models. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/diagnose.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "estate/snapshot.h"
#include "net/net.h"
#include "net/url.h"

enum { ACCOUNTS_MAX = 64 };

/* --- providers --- */

/* What is listed, one row of it, to see whether an account answers. */
static const struct question {
	const char *provider, *kind;
} questions[] = { { "host", "hosts" }, { "kubernetes", "namespaces" } };

static const char *fix_of(enum error_code code, const char *provider)
{
	int is_kube = !strcmp(provider, "kubernetes");

	switch (code) {
	case ERR_UNAUTHORIZED:
		return is_kube ? "log in to the cluster again, or renew token and certificate in the kubeconfig" : "log in again, or renew the credentials";
	case ERR_FORBIDDEN:
		return "ask for the right to list, or set a namespace you may read (kubernetes.namespace)";
	case ERR_TIMEOUT:
	case ERR_UNREACHABLE:
		return is_kube ? "is the address in the kubeconfig right, is there a way to it (VPN), does it run?" : "is there a way to it, does it run?";
	default:
		return "read the cause; pilothouse -v get says more";
	}
}

static enum error_code code_named(const char *name)
{
	for (int code = 0; code < ERR_COUNT; code++)
		if (name && !strcmp(error_name((enum error_code)code), name))
			return (enum error_code)code;
	return ERR_NONE;
}

static void tell_failure(struct task *task, const char *provider, enum error_code code, const char *text)
{
	if (code == ERR_FORBIDDEN)
		task_tell(task, NULL, CHECK_WARN, fix_of(code, provider), "it answers and knows us, but: %s", text);
	else
		task_tell(task, NULL, CHECK_FAIL, fix_of(code, provider), "%s", text);
}

static void account(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);
	const struct question *question = &questions[task_number(task)];
	struct error err = { 0 };
	struct estate *estate = estate_new(&(struct estate_options){ .kinds = surroundings->kinds, .net = surroundings->net, .config = surroundings->config, .providers = surroundings->providers });
	const struct kind *kind = estate_kind(estate, question->kind, &err);
	struct json *errors = json_array();
	struct snapshot *snapshot = kind ? estate_list(estate, kind, &(struct selection){ .account = task_argument(task), .limit = 1 }, errors, &err) : NULL;
	const struct json *first = json_first(errors);

	if (!snapshot)
		tell_failure(task, question->provider, err.code, err.text);
	else if (first)
		tell_failure(task, question->provider, code_named(json_text(json_get(first, "code"))), json_text_or(json_get(first, "message"), "?"));
	else
		task_tell(task, NULL, CHECK_OK, NULL, "it answers, and lets us list %s", question->kind);
	snapshot_unref(snapshot);
	json_free(errors);
	estate_free(estate);
}

static void wrongly_set_up(struct task *task)
{
	task_tell(task, NULL, CHECK_FAIL, "correct it; KUBECONFIG and kubernetes.kubeconfig say which files are read", "%s", task_argument(task));
}

static void nothing_to_talk_to(struct task *task)
{
	task_tell(task, NULL, CHECK_SKIP, NULL, "%s", task_argument(task));
}

static void add_accounts_of(struct diagnosis *diagnosis, const struct provider_account *accounts, const char **providers, size_t count, size_t q)
{
	char name[200];

	for (size_t i = 0; i < count; i++) {
		if (strcmp(providers[i], questions[q].provider) != 0)
			continue;
		snprintf(name, sizeof(name), "%s %s", providers[i], accounts[i].name);
		diagnosis_add(diagnosis, name, accounts[i].name, q, account);
	}
}

/* One that cannot be opened has an account when it is set up wrongly, none when it is not set up. */
static int has_account(const char *const *providers, size_t count, const char *provider)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(providers[i], provider))
			return 1;
	return 0;
}

static void add_accounts(struct diagnosis *diagnosis, const struct surroundings *surroundings)
{
	struct estate *estate = estate_new(&(struct estate_options){ .kinds = surroundings->kinds, .net = surroundings->net, .config = surroundings->config, .providers = surroundings->providers });
	struct provider_account *accounts = mem_zero(ACCOUNTS_MAX, sizeof(*accounts));
	const char *providers[ACCOUNTS_MAX];
	size_t count = estate_accounts(estate, accounts, providers, ACCOUNTS_MAX);

	count = count < ACCOUNTS_MAX ? count : ACCOUNTS_MAX;
	for (size_t q = 0; q < sizeof(questions) / sizeof(*questions); q++) {
		const struct provider_ops *ops;
		struct error err = { 0 };

		if (estate_provider(estate, questions[q].provider, &ops, &err))
			add_accounts_of(diagnosis, accounts, providers, count, q);
		else
			diagnosis_add(diagnosis, questions[q].provider, err.text, q, has_account(providers, count, questions[q].provider) ? wrongly_set_up : nothing_to_talk_to);
	}
	free(accounts);
	estate_free(estate);
}

/* --- model endpoints --- */

static const struct endpoint {
	const char *name, *key, *base, *initial, *path; /* variables of the key and the address; address without one */
	const char *header, *prefix;
} endpoints[] = {
	{ "OpenAI", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1", "models", "Authorization", "Bearer " },
	{ "Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com", "v1/models", "x-api-key", "" },
	{ "Gemini", "GEMINI_API_KEY", "GEMINI_BASE_URL", "https://generativelanguage.googleapis.com", "v1beta/models", "x-goog-api-key", "" },
	{ "LLM_ENDPOINT", "LLM_ENDPOINT_KEY", "LLM_ENDPOINT", NULL, "", "Authorization", "Bearer " },
};

static const char *set_value(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void model_endpoint(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);
	const struct endpoint *endpoint = &endpoints[task_number(task)];
	const char *key = surroundings->with_keys ? set_value(endpoint->key) : NULL, *base = set_value(endpoint->base) ? set_value(endpoint->base) : endpoint->initial;
	struct secret *secret = key ? secret_new(key, strlen(key)) : NULL;
	struct net_header headers[] = { { .name = endpoint->header, .value = endpoint->prefix, .secret = secret }, { .name = "anthropic-version", .value = "2023-06-01" } };
	struct net_response response = { 0 };
	struct error err = { 0 };
	struct text url;

	text_init(&url, 2048);
	url_join(&url, base, endpoint->path);
	int failed = net_fetch(surroundings->net, &(struct net_request){ .url = url.data, .headers = headers, .header_count = secret ? 2 : 0, .timeout_ms = surroundings->timeout_ms,
		.connect_timeout_ms = surroundings->timeout_ms }, &response, &err);
	if (failed)
		task_tell(task, NULL, CHECK_FAIL, "is the address right, is there a proxy to go through (HTTPS_PROXY)?", "%s", err.text);
	else if (response.status >= 500)
		task_tell(task, NULL, CHECK_WARN, "look at the vendor's status page, try again later", "%d: it is out of order", response.status);
	else if (!secret)
		task_tell(task, NULL, CHECK_OK, NULL, "it answers; no key was sent (--with-keys does)");
	else if (response.status == 401 || response.status == 403)
		task_tell(task, NULL, CHECK_FAIL, "make a new key and set it", "%d: the key in %s is not accepted", response.status, endpoint->key);
	else if (response.status == 429)
		task_tell(task, NULL, CHECK_WARN, "wait, or raise the limit of the account", "429: the key is accepted, its limit is reached");
	else
		task_tell(task, NULL, response.status < 300 ? CHECK_OK : CHECK_WARN, response.status < 300 ? NULL : "check the address", "%d with the key in %s", response.status, endpoint->key);
	net_response_release(&response);
	secret_free(secret);
	text_release(&url);
}

static void no_endpoint(struct task *task)
{
	task_tell(task, NULL, CHECK_SKIP, NULL, "none is configured (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, LLM_ENDPOINT)");
}

static void add_endpoints(struct diagnosis *diagnosis)
{
	size_t found = 0;
	char name[80];

	for (size_t i = 0; i < sizeof(endpoints) / sizeof(*endpoints); i++) {
		if (!(endpoints[i].initial ? set_value(endpoints[i].key) : set_value(endpoints[i].base)))
			continue;
		found++;
		snprintf(name, sizeof(name), "model %s", endpoints[i].name);
		diagnosis_add(diagnosis, name, NULL, i, model_endpoint);
	}
	if (!found)
		diagnosis_add(diagnosis, "model", NULL, 0, no_endpoint);
}

void diagnose_access(struct diagnosis *diagnosis, const struct surroundings *surroundings)
{
	if (surroundings->kinds)
		add_accounts(diagnosis, surroundings);
	if (surroundings->net)
		add_endpoints(diagnosis);
}
