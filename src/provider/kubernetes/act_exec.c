/* A command in a container. What it did there cannot be known or undone: the audit has its words
 * and its output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/exec.h"
#include "provider/kubernetes/rights.h"

enum { ARGUMENTS_MAX = 64, OUTPUT_MAX = 64 * 1024, TIMEOUT_DEFAULT_MS = 30000 };

/* Splits at spaces; '…' and "…" hold together, \ keeps the next character. In place; -1: a quote
 * does not end, too many. */
static int split(char *text, const char **argv)
{
	size_t count = 0;
	char *out = text;

	while (*text == ' ' || *text == '\t')
		text++;
	while (*text) {
		char quote = 0;

		if (count == ARGUMENTS_MAX)
			return -1;
		out = out < text ? out : text;
		argv[count++] = out;
		for (; *text && (quote || (*text != ' ' && *text != '\t')); text++) {
			if (quote && *text == quote)
				quote = 0;
			else if (!quote && (*text == '\'' || *text == '"'))
				quote = *text;
			else if (*text == '\\' && quote != '\'' && text[1])
				*out++ = *++text;
			else
				*out++ = *text;
		}
		if (quote)
			return -1;
		while (*text == ' ' || *text == '\t')
			text++;
		*out++ = '\0';
	}
	argv[count] = NULL;
	return count ? 0 : -1;
}

static int command_of(
	const struct action *action, char **words, const char **argv, struct error *err)
{
	const char *command = param_text(action, "command");

	if (!command)
		return error_set(err, ERR_INVALID, "which command? give command=");
	*words = mem_text(command);
	if (!split(*words, argv))
		return 0;
	free(*words);
	*words = NULL;
	return error_set(err, ERR_INVALID,
		"the command's quotes do not match, or it has more than %d words", ARGUMENTS_MAX);
}

int preview_exec(const struct action *action, const struct json *live, struct act_preview *preview,
	struct error *err)
{
	const char *argv[ARGUMENTS_MAX + 1];
	struct json *list = json_array();
	char *words;

	if (command_of(action, &words, argv, err)) {
		json_free(list);
		return -1;
	}
	for (size_t i = 0; argv[i]; i++)
		json_add(list, json_string(argv[i]));
	preview->before = json_object();
	preview->after = json_set(json_object(), "command", list);
	json_set_text(preview->after, "container",
		param_text(action, "container")
			? param_text(action, "container")
			: json_text_or(json_at(live, "spec.containers.0.name"), ""));
	if (kube_may(action->provider, action->request->ref, action->request->verb,
		    preview->dry_run_text, sizeof(preview->dry_run_text)))
		snprintf(preview->dry_run_text, sizeof(preview->dry_run_text),
			"a command cannot be tried without running it");
	free(words);
	return 0;
}

static int timeout_ms(const struct action *action)
{
	const char *text = param_text(action, "timeout");
	int64_t window_ns;

	if (!text || clock_parse_window(text, &window_ns) || window_ns > 86400 * CLOCK_SECOND_NS)
		return TIMEOUT_DEFAULT_MS;
	return (int)(window_ns / 1000000);
}

int act_exec(const struct action *action, const struct json *live, struct act_result *result,
	struct error *err)
{
	const struct ref *ref = action->request->ref;
	const char *argv[ARGUMENTS_MAX + 1];
	struct text output;
	char *words;
	int status = 0;

	(void)live;
	if (command_of(action, &words, argv, err))
		return -1;
	text_init(&output, OUTPUT_MAX);
	int failed = kubernetes_exec_run(action->account->cluster, ref->namespace_, ref->name,
		param_text(action, "container"), argv, timeout_ms(action),
		action->request->cancelled, &output, &status, err);

	result->output = json_set_int(json_object(), "status", failed ? -1 : status);
	json_set_text(result->output, "output", output.data);
	json_set(result->output, "cut", json_boolean(output.cut));
	text_release(&output);
	free(words);
	return failed;
}

enum act_outcome outcome_exec(const struct action *action, const struct json *live)
{
	(void)action;
	(void)live;
	return ACT_UNKNOWN;
}
