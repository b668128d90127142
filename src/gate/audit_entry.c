#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/secret.h"
#include "gate/audit_private.h"
#include "gate/audit_scan.h"
#include "gate/user.h"

static void add_text(struct text *body, const char *key, const char *value)
{
	text_format(body, "\"%s\":", key);
	json_quote(body, value ? value : "", value ? strlen(value) : 0);
}

/* Free text may hold what should not be kept for ever: a password on a command line, a token in an error. */
static void add_redacted(struct text *body, const char *key, const char *value)
{
	struct text clean;

	text_init(&clean, AUDIT_BODY_MAX / 4);
	secret_redact(&clean, value ? value : "", value ? strlen(value) : 0);
	add_text(body, key, clean.data);
	text_release(&clean);
}

static int same(const struct text *a, const struct text *b)
{
	return a->length == b->length && !memcmp(a->data, b->data, a->length);
}

static int is_json(const struct text *text)
{
	struct json *json = json_parse(text->data, text->length, NULL);

	json_free(json);
	return json != NULL;
}

static void add_tree(struct text *body, const char *key, const struct json *tree)
{
	struct text bytes, clean;

	if (!tree) {
		text_format(body, "\"%s\":null", key);
		return;
	}
	text_init(&bytes, AUDIT_BODY_MAX / 4);
	text_init(&clean, AUDIT_BODY_MAX / 4);
	json_canonical(tree, &bytes);
	secret_redact(&clean, bytes.data, bytes.length);
	/* Hiding may take a quote or a brace along: what is then no JSON is kept as a text. */
	if (bytes.cut || clean.cut) {
		text_format(body, "\"%s\":\"too large to keep\"", key);
	} else if (same(&bytes, &clean) || is_json(&clean)) {
		text_format(body, "\"%s\":", key);
		text_add_n(body, clean.data, clean.length);
	} else {
		text_format(body, "\"%s\":", key);
		json_quote(body, clean.data, clean.length);
	}
	text_release(&bytes);
	text_release(&clean);
}

static void add_action(struct text *body, const struct audit_event *event)
{
	text_add(body, "\"action\":{");
	add_tree(body, "intent", event->intent);
	text_add_char(body, ',');
	add_text(body, "name", event->name);
	text_add_char(body, ',');
	add_text(body, "plan_id", event->plan_id);
	text_add_char(body, ',');
	add_text(body, "request_digest", event->request_digest);
	text_add_char(body, ',');
	add_text(body, "risk", event->risk);
	text_add_char(body, ',');
	add_text(body, "run_id", event->run_id);
	text_add_char(body, ',');
	add_text(body, "step", event->step);
	text_add_char(body, ',');
	add_redacted(body, "target", event->target);
	text_add_char(body, '}');
}

/* cost_usd: null is unknown. */
static void add_result(struct text *body, const struct audit_event *event)
{
	text_add(body, "\"result\":{");
	if (event->cost_usd && *event->cost_usd)
		add_text(body, "cost_usd", event->cost_usd);
	else
		text_add(body, "\"cost_usd\":null");
	text_add_char(body, ',');
	add_tree(body, "detail", event->detail);
	if (event->duration_ns >= 0)
		text_format(body, ",\"duration_ms\":%lld,", (long long)(event->duration_ns / 1000000));
	else
		text_add(body, ",\"duration_ms\":null,");
	add_redacted(body, "error", event->error);
	text_add_char(body, ',');
	add_text(body, "status", event->status);
	text_add_char(body, '}');
}

static void add_user(struct text *body, const struct user *user)
{
	text_add(body, "\"user\":{");
	add_text(body, "address", user->address);
	text_add_char(body, ',');
	add_text(body, "host", user->host);
	text_add_char(body, ',');
	add_text(body, "id", user->id);
	text_add_char(body, ',');
	add_text(body, "role", user->role);
	text_add_char(body, ',');
	add_text(body, "source", user->source);
	text_add_char(body, '}');
}

void audit_entry_format(struct text *body, const struct audit *audit, const struct audit_event *event, const struct audit_place *place)
{
	char at[CLOCK_RFC3339_MAX];

	clock_format(place->at_ns, at);
	text_add_char(body, '{');
	add_action(body, event);
	text_add_char(body, ',');
	add_tree(body, "approval", event->approval);
	text_format(body, ",\"audit_id\":\"%s\",\"boot_id\":\"%s\",", place->id, audit->boot_id);
	if (*place->log)
		text_format(body, "\"log\":\"%s\",", place->log);
	text_format(body, "\"prev_hash\":\"%s\",", place->prev_hash);
	add_result(body, event);
	text_add_char(body, ',');
	add_tree(body, "rollback", event->rollback);
	text_format(body, ",\"seq\":%llu,\"timestamp\":\"%s\",\"up_ms\":%lld,", (unsigned long long)place->seq, at, (long long)(place->up_ns / 1000000));
	add_user(body, event->user);
	text_add_char(body, '}');
}

void audit_entry_line(struct text *line, const char *body, size_t length, const char *hash_hex, const char *checkpoint)
{
	struct audit_scan scan;
	int unread = audit_scan(body, length, &scan);
	const struct audit_span *next = scan.span[AUDIT_LOG].end ? &scan.span[AUDIT_LOG] : &scan.span[AUDIT_PREV];
	size_t head = unread || next->at < 2 ? length : next->at - 1; /* the comma before it */

	text_add_n(line, body, head);
	if (checkpoint)
		text_format(line, ",\"checkpoint\":%s", checkpoint);
	text_format(line, ",\"hash\":\"%s\"", hash_hex);
	text_add_n(line, body + head, length - head);
	text_add_char(line, '\n');
}
