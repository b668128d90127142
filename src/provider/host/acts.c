#include "provider/host/acts.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "provider/host/provider.h"

static const struct host_act *const table[] = { &act_signal, &act_renice, &act_service, &act_vacuum_journal, &act_vacuum_file };

const char *act_param(const struct act_request *request, const char *name)
{
	return json_text_or(json_get(request->params, name), "");
}

/* The journal and a plain file are both logs, but nothing alike to clean. */
static int fits(const struct host_act *act, const struct act_request *request)
{
	if (strcmp(act->kind, request->kind->name) != 0 || (act->verb && strcmp(act->verb, request->verb->name) != 0))
		return 0;
	if (act == &act_vacuum_journal || act == &act_vacuum_file)
		return (act == &act_vacuum_journal) == !strcmp(request->ref->name, "journal");
	return 1;
}

static const struct host_act *find(struct provider *provider, const struct act_request *request, struct error *err)
{
	if (*request->ref->account && strcmp(request->ref->account, provider->machine.name) != 0) {
		error_set(err, ERR_NOT_FOUND, "the only host here is %s", provider->machine.name);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (fits(table[i], request))
			return table[i];
	error_set(err, ERR_INVALID, "%s of %s is nothing this host can do", request->verb->name, request->kind->name);
	return NULL;
}

static int observe(struct provider *provider, const struct act_request *request, struct json **state, struct error *err)
{
	const struct host_act *act = find(provider, request, err);

	return act ? act->observe(&provider->machine, request, state, err) : -1;
}

static int preview(struct provider *provider, const struct act_request *request, struct act_preview *out, struct error *err)
{
	const struct host_act *act = find(provider, request, err);

	memset(out, 0, sizeof(*out));
	if (!act)
		return -1;
	out->seconds = request->verb->seconds ? request->verb->seconds : -1;
	strcpy(out->cost, "0");
	if (!act->preview(&provider->machine, request, out, err))
		return 0;
	act_preview_release(out);
	return -1;
}

static int act(struct provider *provider, const struct act_request *request, struct act_result *result, struct error *err)
{
	const struct host_act *row = find(provider, request, err);

	memset(result, 0, sizeof(*result));
	return row ? row->act(&provider->machine, request, result, err) : -1;
}

static int reconcile(struct provider *provider, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	const struct host_act *row = find(provider, request, err);

	*outcome = ACT_UNKNOWN;
	return row ? row->reconcile(&provider->machine, request, outcome, err) : -1;
}

const struct act_ops host_acts = { .observe = observe, .preview = preview, .act = act, .reconcile = reconcile };
