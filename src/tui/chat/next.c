#include "tui/chat/next.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "tui/console.h"
#include "tui/dialog/choosers.h"

enum { HASH_LEAST = 6, HASH_MOST = 10, POD_SUFFIX = 5, NAME_MAX_ = 254 };

int chat_next_has(const struct json *turn, const char *word)
{
	for (const struct json *next = json_first(json_get(turn, "next")); next; next = json_next(next))
		if (!strcmp(json_text_or(next, ""), word))
			return 1;
	return 0;
}

static int is_suffix(const char *text, size_t least, size_t most)
{
	size_t length = strlen(text);

	for (const char *at = text; *at; at++)
		if (!islower((unsigned char)*at) && !isdigit((unsigned char)*at))
			return 0;
	return length >= least && length <= most;
}

/* A Deployment's pods are NAME-HASH-SUFFIX, a DaemonSet's NAME-SUFFIX, a StatefulSet's NAME-NUMBER (Kubernetes, pod names). */
void chat_workload(const char *kind, const char *name, char *out, size_t size)
{
	char *dash;

	snprintf(out, size, "%s", name);
	if (strcmp(kind, "pods") != 0 || !(dash = strrchr(out, '-')))
		return;
	if (dash[1] && strspn(dash + 1, "0123456789") == strlen(dash + 1)) {
		*dash = 0;
		return;
	}
	if (!is_suffix(dash + 1, POD_SUFFIX, POD_SUFFIX))
		return;
	*dash = 0;
	dash = strrchr(out, '-');
	if (dash && is_suffix(dash + 1, HASH_LEAST, HASH_MOST) && strpbrk(dash, "0123456789"))
		*dash = 0;
}

/* The first finding whose kind has it: a log, a verb; with NULL any. 1 when there is one. */
static int find_target(struct console *console, const struct json *turn, int wants_log, struct ref *ref)
{
	for (const struct json *finding = json_first(json_at(turn, "report.findings")); finding; finding = json_next(finding)) {
		if (ref_parse(json_text_or(json_get(finding, "target"), ""), ref))
			continue;
		const struct kind *kind = console_estate(console) ? kinds_of(estate_kinds(console_estate(console)), ref) : NULL;

		if (!wants_log || (kind && kind->logs))
			return 1;
	}
	return 0;
}

static void begin_words(struct console *console, const struct json *turn, const char *word, char *out, size_t size)
{
	const struct json *filters = json_at(turn, "intent.target.filters");
	const char *name = json_text_or(json_get(filters, "name"), json_text_or(json_get(filters, "service"), ""));
	char workload[NAME_MAX_];
	struct ref ref;

	if (!find_target(console, turn, 0, &ref)) {
		snprintf(out, size, "%s %s", word, name);
		return;
	}
	chat_workload(ref.kind, ref.name, workload, sizeof(workload));
	snprintf(out, size, "%s %s%s%s", word, workload, *ref.namespace_ ? " in namespace " : "", ref.namespace_);
}

void chat_next(struct console *console, const struct json *turn, const char *word, char *out, size_t size)
{
	int logs = !strcmp(word, "logs");
	struct estate *estate = console_estate(console);
	struct error err = { 0 };
	struct ref ref;

	*out = 0;
	if (!strcmp(word, "undo"))
		console_undo_last(console);
	else if ((logs || !strcmp(word, "describe")) && find_target(console, turn, logs, &ref))
		console_push(console, logs ? logs_new(console, &ref, 1, 0) : detail_new(console, &ref));
	else if (estate && kinds_find(estate_kinds(estate), word) && console_open(console, word, &err))
		console_say_error(console, &err);
	else if (!estate || !kinds_find(estate_kinds(estate), word))
		begin_words(console, turn, word, out, size);
}
