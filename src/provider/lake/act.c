#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/act.h"
#include "estate/kind.h"
#include "provider/lake/lake.h"
#include "provider/lake/provider.h"

static const char *param(const struct act_request *request, const char *name)
{
	return json_text_or(json_get(request->params, name), "");
}

/* --- push --- */

static const struct sink_ops *const sinks[] = { &lake_s3, &lake_postgres, &lake_postgresql };

static const struct sink_ops *sink_of(const char *target, struct error *err)
{
	int had_one = 0;

	free(lake_target_without_password(target, &had_one));
	if (had_one) {
		error_set(err, ERR_INVALID, "a plan is kept, and its target may hold no password: PGPASSWORD or ~/.pgpass gives it");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(sinks) / sizeof(*sinks); i++)
		if (!strncmp(target, sinks[i]->scheme, strlen(sinks[i]->scheme)))
			return sinks[i];
	error_set(err, ERR_INVALID, "'%.80s' is no place a lake can be sent to: s3://BUCKET/PREFIX or postgres://HOST/DATABASE", target);
	return NULL;
}

static struct push push_of(struct provider *provider, const struct act_request *request, const struct lake_files *files)
{
	return (struct push){ .net = provider->net, .folder = request->ref->name, .target = param(request, "target"), .tree = param(request, "tree"),
		.files = files, .cancelled = request->cancelled, .progress = request->progress, .arg = request->arg };
}

void push_plan_add(struct push_plan *plan, const char *name, const char *what, size_t bytes)
{
	char line[120];

	plan->lacking++;
	plan->bytes += (int64_t)bytes;
	snprintf(line, sizeof(line), "%s, %zu bytes", what, bytes);
	if (plan->after && plan->lacking <= LAKE_SHOWN_MAX)
		json_set_text(plan->after, name, line);
}

void push_tell_passed_over(const struct push *push, const struct json *passed_over)
{
	char line[400];

	for (const struct json *row = json_first(passed_over); row && push->progress; row = json_next(row)) {
		snprintf(line, sizeof(line), "passed over %s: %s", json_text_or(json_get(row, "file"), "?"), json_text_or(json_get(row, "why"), "?"));
		push->progress(push->arg, line);
	}
}

static int preview_push(struct provider *provider, const struct act_request *request, const struct lake_files *files, struct act_preview *out, struct error *err)
{
	struct push push = push_of(provider, request, files);
	const struct sink_ops *sink = sink_of(push.target, err);
	struct push_plan plan = { .after = json_object() };
	char more[80];

	if (!sink || sink->plan(&push, &plan, err)) {
		json_free(plan.after);
		return -1;
	}
	if (plan.lacking > LAKE_SHOWN_MAX) {
		snprintf(more, sizeof(more), "%zu more", plan.lacking - LAKE_SHOWN_MAX);
		json_set_text(plan.after, "and", more);
	}
	out->before = json_object();
	out->after = plan.after;
	snprintf(out->undo_text, sizeof(out->undo_text), "cannot be undone here: what was sent stays there until it is deleted there");
	out->dry_run = 1; /* the target was asked */
	snprintf(out->dry_run_text, sizeof(out->dry_run_text), "%.100s has %zu of %zu; %zu to send, %lld bytes", push.target, plan.there,
		plan.there + plan.lacking, plan.lacking, (long long)plan.bytes);
	return 0;
}

static int push(struct provider *provider, const struct act_request *request, const struct lake_files *files, struct act_result *result, struct error *err)
{
	struct push push_ = push_of(provider, request, files);
	const struct sink_ops *sink = sink_of(push_.target, err);

	return sink ? sink->send(&push_, &result->output, err) : -1;
}

/* What was sent is there, and a push that was cut off is made whole by the next. */
static int reconcile_push(struct provider *provider, const struct act_request *request, const struct lake_files *files, enum act_outcome *outcome, struct error *err)
{
	struct push push = push_of(provider, request, files);
	const struct sink_ops *sink = sink_of(push.target, err);
	struct push_plan plan = { 0 };

	if (!sink || sink->plan(&push, &plan, err))
		return -1;
	*outcome = plan.lacking ? ACT_NOT_DONE : ACT_DONE;
	return 0;
}

/* --- prune --- */

static size_t keep_of(const struct act_request *request)
{
	int64_t keep = json_int(json_get(request->params, "keep"), 0);

	return keep > 0 ? (size_t)keep : 0;
}

static char **names_to_prune(const struct act_request *request, size_t *count, struct error *err)
{
	return lake_prune_names(request->ref->name, keep_of(request), count, err);
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int preview_prune(struct provider *provider, const struct act_request *request, const struct lake_files *files, struct act_preview *out, struct error *err)
{
	size_t count;
	char **names = names_to_prune(request, &count, err), number[24];

	(void)provider;
	if (!names)
		return -1;
	out->before = json_object();
	out->after = json_object();
	snprintf(number, sizeof(number), "%zu", files->count - files->agents);
	json_set_text(out->before, "states", number);
	snprintf(number, sizeof(number), "%zu", files->count - files->agents - count);
	json_set_text(out->after, "states", number);
	for (size_t i = 0; i < count && i < LAKE_SHOWN_MAX; i++)
		json_set_text(out->before, names[i], "deleted");
	snprintf(out->undo_text, sizeof(out->undo_text), "cannot be undone: %zu states are deleted; lake push keeps them elsewhere first", count);
	free_names(names, count);
	return 0;
}

static int prune(struct provider *provider, const struct act_request *request, const struct lake_files *files, struct act_result *result, struct error *err)
{
	size_t count, gone = 0;
	char **names = names_to_prune(request, &count, err);
	int failed = names == NULL;

	(void)provider, (void)files;
	for (size_t i = 0; i < count && !failed; i++) {
		char *path = mem_format("%s/%s", request->ref->name, names[i]);

		failed = unlink(path) ? error_errno(err, "deleting %.180s", names[i]) : 0;
		gone += !failed;
		free(path);
	}
	free_names(names, count);
	result->output = json_set_int(json_object(), "deleted", (int64_t)gone);
	return failed;
}

static int reconcile_prune(struct provider *provider, const struct act_request *request, const struct lake_files *files, enum act_outcome *outcome, struct error *err)
{
	size_t count;
	char **names = names_to_prune(request, &count, err);

	(void)provider, (void)files;
	if (!names)
		return -1;
	*outcome = count ? ACT_NOT_DONE : ACT_DONE;
	free_names(names, count);
	return 0;
}

/* --- the four --- */

static const struct verb {
	const char *name;
	int (*preview)(struct provider *, const struct act_request *, const struct lake_files *, struct act_preview *, struct error *);
	int (*act)(struct provider *, const struct act_request *, const struct lake_files *, struct act_result *, struct error *);
	int (*reconcile)(struct provider *, const struct act_request *, const struct lake_files *, enum act_outcome *, struct error *);
} verbs[] = {
	{ "push", preview_push, push, reconcile_push },
	{ "prune", preview_prune, prune, reconcile_prune },
};

static const struct verb *verb_of(const struct act_request *request, struct error *err)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verbs[i].name, request->verb->name))
			return &verbs[i];
	error_set(err, ERR_INVALID, "lakes have no verb '%.40s'", request->verb->name);
	return NULL;
}

static int list_files(const struct act_request *request, struct lake_files *files, struct error *err)
{
	if (*request->ref->name != '/')
		return error_set(err, ERR_INVALID, "'%.150s' is no absolute path of a lake", request->ref->name);
	return lake_files_list(request->ref->name, files, err);
}

static int observe(struct provider *provider, const struct act_request *request, struct json **state, struct error *err)
{
	struct lake_files files;

	(void)provider;
	if (list_files(request, &files, err))
		return -1;
	*state = json_set_int(json_object(), "files", (int64_t)files.count);
	json_set_text(*state, "sha256", files.digest);
	lake_files_release(&files);
	return 0;
}

static int preview(struct provider *provider, const struct act_request *request, struct act_preview *out, struct error *err)
{
	const struct verb *verb = verb_of(request, err);
	struct lake_files files;

	memset(out, 0, sizeof(*out));
	out->seconds = -1;
	if (!verb || list_files(request, &files, err))
		return -1;
	int failed = verb->preview(provider, request, &files, out, err);
	if (!failed)
		out->blast = json_array();
	lake_files_release(&files);
	return failed;
}

/* What the plan was made for, or nothing: an audit may have written meanwhile. */
static int unchanged(const struct act_request *request, const struct lake_files *files, struct error *err)
{
	const char *digest = json_text(json_get(request->state, "sha256"));

	if (!digest || !strcmp(digest, files->digest))
		return 0;
	return error_set(err, ERR_CONFLICT, "%.180s changed since the plan was made: make a new one", request->ref->name);
}

static int act(struct provider *provider, const struct act_request *request, struct act_result *result, struct error *err)
{
	const struct verb *verb = verb_of(request, err);
	struct lake_files files;

	memset(result, 0, sizeof(*result));
	if (!verb || list_files(request, &files, err))
		return -1;
	int failed = unchanged(request, &files, err) || verb->act(provider, request, &files, result, err) ? -1 : 0;
	lake_files_release(&files);
	return failed;
}

static int reconcile(struct provider *provider, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	const struct verb *verb = verb_of(request, err);
	struct lake_files files;

	*outcome = ACT_UNKNOWN;
	if (!verb || list_files(request, &files, err))
		return -1;
	int failed = verb->reconcile(provider, request, &files, outcome, err);
	lake_files_release(&files);
	return failed;
}

const struct act_ops lake_acts = { .observe = observe, .preview = preview, .act = act, .reconcile = reconcile };
