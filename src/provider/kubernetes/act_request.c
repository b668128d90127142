#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/url.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"

void change_release(struct change *change)
{
	json_free(change->body);
	*change = (struct change){ 0 };
}

void answer_release(struct answer *answer)
{
	json_free(answer->object);
	answer->object = NULL;
}

struct json *delete_options(const char *uid, const char *propagation, long grace, int dry)
{
	struct json *options = json_object();

	json_set_text(options, "kind", "DeleteOptions");
	json_set_text(options, "apiVersion", "v1");
	if (uid && *uid)
		json_set(options, "preconditions", json_set_text(json_object(), "uid", uid));
	if (propagation)
		json_set_text(options, "propagationPolicy", propagation);
	if (grace >= 0)
		json_set_int(options, "gracePeriodSeconds", grace);
	if (dry)
		json_set(options, "dryRun", json_add(json_array(), json_string("All")));
	return options;
}

static void change_path(
	struct text *path, const struct action *action, const struct change *change, int dry)
{
	const struct ref *ref = action->request->ref;

	resource_path(path, &action->resource, ref->namespace_, ref->name, change->sub);
	if (!strcmp(change->method, "DELETE"))
		return; /* all options are in the body */
	if (dry)
		url_query(path, "dryRun", "All");
	url_query(path, "fieldManager", FIELD_MANAGER);
	if (!change->sub)
		url_query(path, "fieldValidation", "Strict");
	if (change->force)
		url_query(path, "force", "true");
}

/* An API server gives up by itself after 60 s (kube-apiserver, --request-timeout), and says so. Who hangs up before that looks, finds nothing,
 * calls it failed, and may then see it happen. */
enum { WRITE_STALL_MS = 70000, WRITE_MS = 90000 };

/* Options of deletions carry the dry run themselves; an eviction's must say the same as the query.
 */
static struct json *body_of(const struct change *change, int dry)
{
	struct json *body = json_copy(change->body);
	struct json *options =
		!strcmp(change->method, "DELETE") ? body : json_get(body, "deleteOptions");

	if (options && dry)
		json_set(options, "dryRun", json_add(json_array(), json_string("All")));
	return body;
}

/* What the server says, without the secrets it may say back. */
static void set_said(struct error *err, enum error_code code, const char *before, const char *said)
{
	struct text plain;

	text_init(&plain, 4096);
	secret_redact(&plain, said, strnlen(said, 2048));
	error_set(err, code, "%.60s: %.180s", before, plain.data);
	text_release(&plain);
}

/* Who holds which field, or which field is wrong: the causes of the server's Status. */
static void add_causes(const struct json *status, struct error *err)
{
	struct text text;
	const struct json *cause = json_first(json_at(status, "details.causes"));

	if (!cause || !err)
		return;
	text_init(&text, sizeof(err->text) - 1);
	for (; cause; cause = json_next(cause)) {
		const char *field = json_text_or(json_get(cause, "field"), "");
		const char *message = json_text_or(json_get(cause, "message"), "");

		text_add(&text, text.length ? "; " : "");
		safe_add(&text, field, strlen(field));
		text_add(&text, *field ? ": " : "");
		safe_add(&text, message, strlen(message));
	}
	set_said(err, err->code, json_text_or(json_get(status, "reason"), "refused"), text.data);
	text_release(&text);
}

static void explain(const struct net_response *response, struct error *err)
{
	struct json *status =
		response->body ? json_parse(response->body, response->body_length, NULL) : NULL;

	/* A 429 is an answer: nothing was done. ERR_UNREACHABLE would leave that open. */
	if (response->status == 429)
		set_said(err, ERR_CONFLICT, "not now",
			json_text_or(json_at(status, "details.causes.0.message"), /* which budget */
				json_text_or(json_get(status, "message"), "too many requests")));
	else if (response->status == 409 || response->status == 422)
		add_causes(status, err);
	json_free(status);
}

int change_send(const struct action *action, const struct change *change, int dry,
	struct answer *answer, struct error *err)
{
	struct text path;
	struct json *body = body_of(change, dry);
	char *bytes = json_format(body);
	struct net_response response = { 0 };
	struct error own = { 0 };

	*answer = (struct answer){ 0 };
	text_init(&path, RESOURCE_PATH_MAX);
	change_path(&path, action, change, dry);
	struct call call = {
		.stall_ms = dry ? 0 : WRITE_STALL_MS,
		.timeout_ms = dry ? 0 : WRITE_MS,
		.method = change->method,
		.path = path.data,
		.type = change->type,
		.body = bytes,
		.body_length = strlen(bytes),
		.cancelled = action->request->cancelled,
	};
	int failed = call_fetch(action->account, &call, &response, &own);

	answer->status = response.status;
	call_headers(&response, answer->warnings, sizeof(answer->warnings), answer->audit_id,
		sizeof(answer->audit_id));
	if (failed)
		explain(&response, &own);
	else if (!(answer->object = json_parse(response.body, response.body_length, &own)))
		answer->object = json_object(); /* it was done; what it says of it is not needed */
	if (failed && err)
		*err = own;
	net_response_release(&response);
	text_release(&path);
	json_free(body);
	free(bytes);
	return failed;
}
