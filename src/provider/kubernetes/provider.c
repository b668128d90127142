#include "provider/kubernetes/kubernetes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/mem.h"
#include "estate/provider.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/cluster.h"
#include "provider/kubernetes/discovery.h"
#include "provider/kubernetes/get.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/query.h"
#include "provider/kubernetes/recorded.h"
#include "provider/kubernetes/rights.h"

/* A kubeconfig that exists but is broken is an error of its own: only without any do we look
 * whether we run in a pod. */
static struct kubeconfig *load(const struct config *config, struct error *err)
{
	const char *paths = config ? config_get(config, "kubernetes.kubeconfig") : NULL;
	struct error own = { 0 };
	struct kubeconfig *kubeconfig = kubeconfig_load(paths && *paths ? paths : NULL, &own);

	if (!kubeconfig && own.code == ERR_NOT_FOUND)
		kubeconfig = kubeconfig_in_cluster(NULL);
	if (!kubeconfig && err)
		*err = own;
	return kubeconfig;
}

static void account_free(struct account *account)
{
	if (!account)
		return;
	cluster_free(account->cluster);
	discovery_free(account->discovery);
	rights_free(account->rights);
	pthread_mutex_destroy(&account->lock);
	free(account);
}

static void provider_close(struct provider *provider)
{
	if (!provider)
		return;
	for (size_t i = 0; i < provider->account_count; i++)
		account_free(provider->accounts[i]);
	free(provider->accounts);
	kubeconfig_free(provider->kubeconfig);
	pthread_mutex_destroy(&provider->lock);
	free(provider);
}

static int is_known(const struct kubeconfig *kubeconfig, const char *context)
{
	for (size_t i = 0; i < kubeconfig_contexts(kubeconfig); i++)
		if (!strcmp(kubeconfig_context_at(kubeconfig, i), context))
			return 1;
	return 0;
}

/* kubernetes.context goes before what the kubeconfig calls current. One that is not there is no reason to show another. */
static int choose_start(struct provider *provider, const struct config *config, struct error *err)
{
	const char *context = config ? config_get(config, "kubernetes.context") : NULL;
	const char *namespace_ = config ? config_get(config, "kubernetes.namespace") : NULL;

	if (!context || !*context)
		context = kubeconfig_current(provider->kubeconfig);
	else if (!is_known(provider->kubeconfig, context))
		return error_set(err, ERR_INVALID, "kubernetes.context is \"%.100s\", and no context is called so", context);
	if (!provider->account_count && context && *context)
		return error_set(err, ERR_INVALID, "current-context is \"%.100s\", and the kubeconfig has no context", context);
	snprintf(provider->current, sizeof(provider->current), "%s", context ? context : "");
	snprintf(provider->start, sizeof(provider->start), "%s", provider->current);
	snprintf(provider->start_namespace, sizeof(provider->start_namespace), "%s", namespace_ ? namespace_ : "");
	return 0;
}

static int provider_open(struct provider **out, struct kinds *kinds, struct net *net,
	const struct config *config, struct error *err)
{
	if (config && !config_get_bool(config, "kubernetes.enabled", 1))
		return error_set(err, ERR_NOT_FOUND, "clusters are not watched: kubernetes.enabled is false");
	struct kubeconfig *kubeconfig = load(config, err);

	if (!kubeconfig) {
		if (err && err->code != ERR_NOT_FOUND) /* none is no mistake, one that cannot be read is */
			err->code = ERR_INVALID;
		return -1;
	}
	struct provider *provider = mem_zero(1, sizeof(*provider));

	provider->kinds = kinds;
	provider->net = net;
	provider->kubeconfig = kubeconfig;
	provider->account_count = kubeconfig_contexts(kubeconfig);
	provider->accounts = mem_zero(provider->account_count + 1, sizeof(struct account *));
	pthread_mutex_init(&provider->lock, NULL);
	if (choose_start(provider, config, err)) {
		provider_close(provider);
		return -1;
	}
	*out = provider;
	return 0;
}

static void describe(struct provider *provider, size_t i, struct provider_account *out)
{
	const char *name = kubeconfig_context_at(provider->kubeconfig, i);
	struct kubeconfig_context context;
	struct error err = { 0 };
	struct account *account;

	*out = (struct provider_account){ .current = !strcmp(name, provider->current) };
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(out->state, sizeof(out->state), "unknown");
	if (!kubeconfig_context(provider->kubeconfig, name, &context, &err)) {
		snprintf(out->server, sizeof(out->server), "%s",
			context.server ? context.server : "");
		snprintf(out->user, sizeof(out->user), "%s", context.user ? context.user : "");
		snprintf(out->namespace_, sizeof(out->namespace_), "%s",
			context.namespace_ ? context.namespace_ : "");
		if (account_start_namespace(provider, name))
			snprintf(out->namespace_, sizeof(out->namespace_), "%s", account_start_namespace(provider, name));
		out->insecure = context.insecure;
	} else {
		snprintf(out->why, sizeof(out->why), "%s", err.text);
	}
	account = provider->accounts[i];
	if (!account)
		return;
	pthread_mutex_lock(&account->lock);
	memcpy(out->state, account->state, sizeof(out->state));
	memcpy(out->why, account->why, sizeof(out->why));
	pthread_mutex_unlock(&account->lock);
}

static size_t provider_accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	pthread_mutex_lock(&provider->lock);
	for (size_t i = 0; i < provider->account_count && i < max; i++)
		describe(provider, i, &out[i]);
	pthread_mutex_unlock(&provider->lock);
	return provider->account_count;
}

static int provider_select(struct provider *provider, const char *account, struct error *err)
{
	if (!account_find(provider, account, err))
		return -1;
	pthread_mutex_lock(&provider->lock);
	snprintf(provider->current, sizeof(provider->current), "%s", account);
	pthread_mutex_unlock(&provider->lock);
	return 0;
}

const struct provider_ops kubernetes_provider = {
	.name = "kubernetes",
	.title = "Kubernetes",
	.open = provider_open,
	.close = provider_close,
	.accounts = provider_accounts,
	.select_account = provider_select,
	.resolve = kube_resolve,
	.list = kube_list,
	.watch = kube_watch,
	.get = kube_get,
	.logs = kube_logs,
	.dependents = kube_dependents,
	.query = kube_query,
	.recorded = kube_recorded,
	.may = kube_may,
	.act = &kubernetes_act,
};
