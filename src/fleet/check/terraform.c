/* Terraform (IAC001, IAC002, IAC004 to IAC006, IAC008, AGY006): blocks and attributes of HCL, jsonencode() read the same way. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "fleet/check/checker_parts.h"

enum { TOKENS_MAX = 400000 };

/* HCL's words, strings and brackets are near enough to those of JavaScript; comments with # are blanked first. */
struct hcl {
	struct unit *unit;
	struct code *code;
};

static int is(const struct hcl *hcl, int token, const char *text)
{
	return code_is(hcl->code, token, text);
}

static const char *text_at(struct hcl *hcl, int token)
{
	const struct code_token *it = code_token_at(hcl->code, token);

	return it && it->kind == CODE_STRING ? code_string(hcl->code, token, token + 1, NULL) : NULL;
}

static void say(struct hcl *hcl, const char *rule, int from, int to, const char *message)
{
	const struct code_token *first = code_token_at(hcl->code, from), *last = code_token_at(hcl->code, to > from ? to - 1 : from);

	if (first && last)
		flag_at(hcl->unit, rule, first->offset, last->offset + last->length - first->offset, "%s", message);
}

/* key = value or key: value or "key" = value directly in [open,close]; the value's token, or -1. */
static int attribute(struct hcl *hcl, int open, int close, const char *name)
{
	for (int i = open + 1; i < close; i++) {
		const char *text = text_at(hcl, i);

		if ((is(hcl, i, name) || (text && !strcmp(text, name))) && (is(hcl, i + 1, "=") || is(hcl, i + 1, ":")))
			return i + 2;
		if (code_match(hcl->code, i) > i)
			i = code_match(hcl->code, i);
	}
	return -1;
}

/* name { … } somewhere in [open,close]; its brace, or -1. */
static int block(struct hcl *hcl, int open, int close, const char *name)
{
	for (int i = open + 1; i < close; i++)
		if (is(hcl, i, name) && (is(hcl, i + 1, "{") || (is(hcl, i + 1, "=") && is(hcl, i + 2, "{"))))
			return is(hcl, i + 1, "{") ? i + 1 : i + 2;
	return -1;
}

static int value_end(const struct hcl *hcl, int value)
{
	return code_match(hcl->code, value) > value ? code_match(hcl->code, value) + 1 : value + 1;
}

static int has_string(struct hcl *hcl, int from, int to, const char *wanted)
{
	for (int i = from; i < to; i++) {
		const char *text = text_at(hcl, i);

		if (text && !strcmp(text, wanted))
			return i;
	}
	return -1;
}

static int wildcard_action(struct hcl *hcl, int from, int to)
{
	for (int i = from; i < to; i++) {
		const char *text = text_at(hcl, i);
		size_t length = text ? strlen(text) : 0;

		if (text && (!strcmp(text, "*") || (length > 2 && !strcmp(text + length - 2, ":*"))))
			return i;
	}
	return -1;
}

static int touches_data(struct hcl *hcl, int from, int to)
{
	static const char *const verbs[] = { ":Invoke", ":Get", ":Put", ":Read", ":Write", ":Query", ":Scan", ":Delete", ":Update", ":Converse", ":Send", ":Publish", ":Retrieve" };

	for (int i = from; i < to; i++)
		for (size_t k = 0; text_at(hcl, i) && k < sizeof(verbs) / sizeof(*verbs); k++)
			if (strstr(text_at(hcl, i), verbs[k]))
				return 1;
	return 0;
}

/* A statement: braces with actions and resources in them, written either way. */
static void statement(struct hcl *hcl, int open)
{
	int close = code_match(hcl->code, open), action = attribute(hcl, open, close, "Action"), resource = attribute(hcl, open, close, "Resource"), effect, wild;

	action = action < 0 ? attribute(hcl, open, close, "actions") : action;
	resource = resource < 0 ? attribute(hcl, open, close, "resources") : resource;
	if (action < 0)
		return;
	effect = attribute(hcl, open, close, "Effect");
	effect = effect < 0 ? attribute(hcl, open, close, "effect") : effect;
	if (effect >= 0 && text_at(hcl, effect) && strcmp(text_at(hcl, effect), "Allow"))
		return;
	wild = wildcard_action(hcl, action, value_end(hcl, action));
	if (wild >= 0)
		say(hcl, "IAC001", wild, wild + 1, "Allow of every action");
	else if (resource >= 0 && has_string(hcl, resource, value_end(hcl, resource), "*") >= 0 && touches_data(hcl, action, value_end(hcl, action)))
		say(hcl, "IAC002", resource, value_end(hcl, resource), "Allow on every resource");
}

/* Strings that stand for too much wherever they are. */
static void strings(struct hcl *hcl)
{
	for (int i = 0; i < code_token_count(hcl->code); i++) {
		const char *text = text_at(hcl, i);

		if (!text)
			continue;
		if (!strcmp(text, "allUsers") || !strcmp(text, "allAuthenticatedUsers"))
			say(hcl, "IAC005", i, i + 1, "everybody may call it");
		else if (!strcmp(text, "roles/owner") || !strcmp(text, "roles/editor") || strstr(text, ":policy/AdministratorAccess") ||
			!strcmp(text, "https://www.googleapis.com/auth/cloud-platform") || !strcmp(text, "cloud-platform"))
			say(hcl, "AGY006", i, i + 1, "the account may do everything");
		else if (!strcmp(text, "/var/run/docker.sock"))
			say(hcl, "IAC004", i, i + 1, "the container engine's socket is mounted");
	}
}

static void security_group(struct hcl *hcl, int open, int close, const char *type)
{
	for (int i = open + 1; i < close; i++) {
		int inner, cidr;

		if (!is(hcl, i, "ingress") && i > open + 1)
			continue;
		inner = is(hcl, i, "ingress") ? block(hcl, i - 1, close, "ingress") : open;
		if (inner < 0 || (inner == open && !strstr(type, "rule")))
			continue;
		cidr = has_string(hcl, inner, code_match(hcl->code, inner), "0.0.0.0/0");
		if (cidr >= 0 && (inner != open || has_string(hcl, open, close, "ingress") >= 0 || strstr(type, "ingress")))
			say(hcl, "IAC005", cidr, cidr + 1, "the whole Internet may reach it");
		i = inner == open ? close : code_match(hcl->code, inner);
	}
}

static void cloud_run(struct hcl *hcl, int at, int open, int close, const char *type)
{
	int containers = block(hcl, open, close, "containers"), limits = -1, max = -1;

	for (int i = open; i < close; i++) {
		limits = is(hcl, i, "limits") ? i : limits;
		max = is(hcl, i, "max_instance_count") || is(hcl, i, "autoscaling.knative.dev/maxScale") || (text_at(hcl, i) && strstr(text_at(hcl, i), "maxScale")) ? i : max;
	}
	if (max < 0)
		say(hcl, "IAC008", at, open, "no max_instance_count");
	if (limits < 0 && (containers >= 0 || strstr(type, "_v2_")))
		say(hcl, "IAC006", at, open, "the container has no limits");
}

static void resource(struct hcl *hcl, int at)
{
	const char *type = text_at(hcl, at + 1);
	int open = at + 3, close = code_match(hcl->code, open);

	if (!type || close < open)
		return;
	if (strstr(type, "security_group") || !strcmp(type, "google_compute_firewall"))
		security_group(hcl, open, close, type);
	if (!strcmp(type, "google_compute_firewall") && has_string(hcl, open, close, "0.0.0.0/0") >= 0 && has_string(hcl, open, close, "EGRESS") < 0)
		say(hcl, "IAC005", has_string(hcl, open, close, "0.0.0.0/0"), has_string(hcl, open, close, "0.0.0.0/0") + 1, "the whole Internet may reach it");
	if (!strcmp(type, "google_cloud_run_v2_service") || !strcmp(type, "google_cloud_run_service"))
		cloud_run(hcl, at, open, close, type);
	if (!strcmp(type, "aws_appautoscaling_target") && attribute(hcl, open, close, "max_capacity") < 0)
		say(hcl, "IAC008", at, open, "no max_capacity");
	for (int i = open; i < close; i++)
		if ((is(hcl, i, "privileged") || (text_at(hcl, i) && !strcmp(text_at(hcl, i), "privileged"))) && (is(hcl, i + 1, "=") || is(hcl, i + 1, ":")) && is(hcl, i + 2, "true"))
			say(hcl, "IAC004", i, i + 3, "the container is privileged");
}

/* HCL's comments with # as blanks, so that places stay. */
static char *without_comments(struct unit *unit)
{
	char *text = arena_text_n(unit->arena, unit->text, unit->length);
	int quoted = 0;

	for (size_t i = 0; i < unit->length; i++) {
		if (text[i] == '"' && (!i || text[i - 1] != '\\'))
			quoted = !quoted;
		else if (text[i] == '\n')
			quoted = 0;
		else if (text[i] == '#' && !quoted)
			while (i < unit->length && text[i] != '\n')
				text[i++] = ' ';
	}
	return text;
}

void check_terraform(struct unit *unit)
{
	struct hcl hcl = { .unit = unit };

	hcl.code = code_parse(unit->arena, CODE_SCRIPT, without_comments(unit), unit->length);
	if (code_token_count(hcl.code) > TOKENS_MAX)
		return;
	for (int i = 0; i < code_token_count(hcl.code); i++) {
		if (is(&hcl, i, "{") && code_match(hcl.code, i) > i && code_match(hcl.code, i) - i < 2000)
			statement(&hcl, i);
		if (is(&hcl, i, "resource") && is(&hcl, i + 3, "{"))
			resource(&hcl, i);
	}
	strings(&hcl);
}
