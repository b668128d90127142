#include "provider/host/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/kind.h"
#include "provider/host/acts.h"
#include "provider/host/lists.h"
#include "provider/host/logread.h"
#include "provider/host/machine.h"
#include "provider/host/provider.h"
#include "provider/host/records.h"
#include "provider/host/rows.h"

static const char *setting(const struct config *config, const char *key)
{
	return config ? config_get(config, key) : NULL;
}

static int open_host(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err)
{
	const char *enabled = setting(config, "host.enabled");

	(void)kinds;
	(void)net;
	if (enabled && (!strcmp(enabled, "false") || !strcmp(enabled, "0")))
		return error_set(err, ERR_NOT_FOUND, "this machine is not watched: host.enabled is false");
	struct provider *provider = mem_zero(1, sizeof(*provider));

	if (machine_open(&provider->machine, setting(config, "host.root"), setting(config, "host.init_folder"),
		    setting(config, "host.log_folder"), err)) {
		free(provider);
		return -1;
	}
	provider->machine.config = config;
	pthread_mutex_init(&provider->kept_lock, NULL);
	*out = provider;
	return 0;
}

static void close_host(struct provider *provider)
{
	if (!provider)
		return;
	machine_close(&provider->machine);
	records_kept_free(provider->kept);
	pthread_mutex_destroy(&provider->kept_lock);
	free(provider);
}

static size_t accounts(struct provider *provider, struct provider_account *out, size_t max)
{
	if (!max)
		return 0;
	*out = (struct provider_account){ .current = 1, .state = "ok" };
	snprintf(out->name, sizeof(out->name), "%s", provider->machine.name);
	snprintf(out->server, sizeof(out->server), "%.250s", machine_is_here(&provider->machine) ? "this machine" : provider->machine.root);
	machine_user(&provider->machine, geteuid(), out->user);
	return 1;
}

/* "" and "*" mean this machine: there is no other. */
static int is_ours(const struct provider *provider, const char *account)
{
	return !account || !*account || !strcmp(account, "*") || !strcmp(account, provider->machine.name);
}

static int select_account(struct provider *provider, const char *account, struct error *err)
{
	return is_ours(provider, account) ? 0 : error_set(err, ERR_NOT_FOUND, "the only host here is %s", provider->machine.name);
}

static int list(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err)
{
	const struct host_list *row = host_list_find(kind->name);
	struct rows rows;

	if (!row)
		return error_set(err, ERR_NOT_FOUND, "a host has no %s", kind->name);
	feed_begin(feed);
	if (is_ours(provider, selection ? selection->account : NULL)) {
		rows_to_feed(&rows, &provider->machine, row->fields, kind, selection, feed);
		if (host_list_run(row, &rows, err))
			return -1;
	}
	if (feed_cancelled(feed))
		return error_set(err, ERR_CANCELLED, "cancelled");
	feed_end(feed);
	return 0;
}

static int get(struct provider *provider, const struct ref *ref, struct json **object, struct error *err)
{
	const struct host_list *row = host_list_find(ref->kind);

	if (!is_ours(provider, ref->account))
		return error_set(err, ERR_NOT_FOUND, "the only host here is %s", provider->machine.name);
	struct json *items = host_items(&provider->machine, ref->kind, ref->name, 1, err);

	if (!items)
		return -1;
	if (!json_count(items) || !row) {
		json_free(items);
		return error_set(err, ERR_NOT_FOUND, "there is no %.100s in %s of %.60s now", ref->name, ref->kind, provider->machine.name);
	}
	*object = json_copy(json_item(items, 0));
	json_free(items);
	return row->detail ? row->detail(&provider->machine, ref->name, *object, err) : 0;
}

static int dependents(struct provider *provider, const struct ref *ref, struct json **out, struct error *err)
{
	if (!is_ours(provider, ref->account))
		return error_set(err, ERR_NOT_FOUND, "the only host here is %s", provider->machine.name);
	*out = json_array();
	host_dependents(&provider->machine, ref, *out);
	return 0;
}

static int logs(struct provider *provider, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	if (!is_ours(provider, ref->account))
		return error_set(err, ERR_NOT_FOUND, "the only host here is %s", provider->machine.name);
	return host_logs(&provider->machine, ref, request, on_line, arg, err);
}

static int query(struct provider *provider, const char *name, const struct json *params, struct json **out, struct error *err)
{
	return host_query(&provider->machine, name, params, out, err);
}

static int changes(struct provider *provider, int64_t since_ns, const char *kind, change_fn on_change, void *arg, struct error *err)
{
	(void)err;
	host_changes(&provider->machine, &provider->kept_lock, &provider->kept, since_ns, kind, on_change, arg);
	return 0;
}

const struct provider_ops host_provider = {
	.name = "host",
	.title = "This machine",
	.open = open_host,
	.close = close_host,
	.accounts = accounts,
	.select_account = select_account,
	.list = list,
	.get = get,
	.logs = logs,
	.dependents = dependents,
	.query = query,
	.changes = changes,
	.act = &host_acts,
};
