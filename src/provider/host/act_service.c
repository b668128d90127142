/* start, stop, restart, reload of a service, by systemd or by its script. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/kind.h"
#include "provider/host/acts.h"
#include "provider/host/machine.h"
#include "provider/host/provider.h"
#include "provider/host/service_manager.h"

/* What each verb leads to, and how it is taken back. */
static const struct service_verb {
	const char *name, *after, *undo, *undo_text;
} verbs[] = {
	{ "start", "active", "stop", "stop it again" },
	{ "stop", "inactive", "start", "start it again; connections it had are lost" },
	{ "restart", "active", NULL, "cannot be undone: it runs as before, but connections and what it kept in memory are lost" },
	{ "reload", NULL, NULL, "cannot be undone: it reads its configuration again; put the old file back and reload" },
};

static const struct service_verb *verb_of(const struct act_request *request, struct error *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, request->verb->name))
			return &verbs[i];
	error_set(err, ERR_INVALID, "a service cannot %s", request->verb->name);
	return NULL;
}

static struct json *describe(const struct service *service)
{
	struct json *json = json_set_text(json_object(), "name", service->name);

	json_set_text(json, "state", service->state);
	return json_set(json, "pid", service->pid > 0 ? json_integer(service->pid) : json_null());
}

static int observe(struct machine *machine, const struct act_request *request, struct json **state, struct error *err)
{
	struct service service;

	if (service_find(machine, request->ref->name, &service, err))
		return -1;
	*state = describe(&service);
	return 0;
}

static int is_active(const struct service *service)
{
	return !strcmp(service->state, "active") || !strcmp(service->state, "reloading") || !strcmp(service->state, "activating");
}

static void set_undo(const struct service_verb *verb, const struct service *service, struct act_preview *preview)
{
	/* Starting what runs and stopping what stands change nothing: their "undo" would. */
	if ((!strcmp(verb->name, "start") && is_active(service)) || (!strcmp(verb->name, "stop") && !is_active(service))) {
		snprintf(preview->undo_text, sizeof(preview->undo_text), "nothing to undo: it is %s already", service->state);
		return;
	}
	snprintf(preview->undo_text, sizeof(preview->undo_text), "%s", verb->undo_text);
	if (!verb->undo)
		return;
	preview->undo = json_set_text(json_object(), "verb", verb->undo);
	json_set_text(preview->undo, "kind", "services");
	json_set(preview->undo, "params", json_object());
}

static int preview(struct machine *machine, const struct act_request *request, struct act_preview *out, struct error *err)
{
	const struct service_verb *verb = verb_of(request, err);
	struct service service;

	if (!verb || service_find(machine, request->ref->name, &service, err))
		return -1;
	if (!strcmp(verb->name, "reload") && !is_active(&service))
		return error_set(err, ERR_CONFLICT, "%s is %s: only what runs can reload", service.name, service.state);
	out->before = describe(&service);
	out->after = describe(&service);
	if (verb->after)
		json_set_text(out->after, "state", verb->after);
	if (strcmp(verb->name, "reload") != 0 && !(is_active(&service) && !strcmp(verb->name, "start")))
		json_set(out->after, "pid", !strcmp(verb->name, "stop") ? json_null() : json_string("a new one"));
	out->blast = json_array();
	host_dependents(machine, request->ref, out->blast);
	set_undo(verb, &service, out);
	return 0;
}

static void tell(const struct act_request *request, const char *bytes)
{
	if (request->progress && *bytes)
		request->progress(request->arg, bytes);
}

static int act(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err)
{
	const struct service_verb *verb = verb_of(request, err);
	struct service service;
	char *said = NULL;
	struct text safe;

	if (!verb || service_find(machine, request->ref->name, &service, err))
		return -1;
	int status = service_act(machine, service.name, verb->name, request->cancelled, &said, err);

	text_init(&safe, 4096);
	safe_add_lines(&safe, said ? said : "", said ? strlen(said) : 0);
	free(said);
	tell(request, safe.data);
	if (!status && !service_find(machine, request->ref->name, &service, NULL))
		result->output = json_set_text(describe(&service), "output", safe.data);
	/* A script may say yes and not mean it: the state is what counts. */
	int should_run = strcmp(verb->name, "stop") != 0;

	if (!status && verb->after && should_run != is_active(&service) && strcmp(service.state, "unknown") != 0)
		status = error_set(err, ERR_IO, "%s said it was done, but %s is %s%s%.100s", verb->name, service.name, service.state,
			*safe.data ? ": " : "", safe.data);
	text_release(&safe);
	if (status)
		act_result_release(result);
	return status;
}

static int reconcile(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	const struct service_verb *verb = verb_of(request, err);
	struct service service;

	if (!verb || service_find(machine, request->ref->name, &service, err))
		return -1;
	int64_t pid_before = json_int(json_get(request->state, "pid"), 0);

	*outcome = ACT_UNKNOWN;
	if (!strcmp(service.state, "unknown") || !strcmp(verb->name, "reload"))
		return 0;
	if (!strcmp(verb->name, "stop"))
		*outcome = is_active(&service) ? ACT_NOT_DONE : ACT_DONE;
	else if (!strcmp(verb->name, "start"))
		*outcome = is_active(&service) ? ACT_DONE : ACT_NOT_DONE;
	else if (!is_active(&service))
		*outcome = ACT_NOT_DONE; /* stopped, and not started again */
	else if (pid_before > 0 && service.pid > 0)
		*outcome = service.pid == pid_before ? ACT_NOT_DONE : ACT_DONE;
	return 0;
}

const struct host_act act_service = { .kind = "services", .observe = observe, .preview = preview, .act = act, .reconcile = reconcile };
