/* A shell in a container, at the terminal of whoever asked. That it began and how it ended is on
 * record; what was done in it is not, and cannot be undone. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/tty.h"
#include "estate/terminal.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/act.h"
#include "provider/kubernetes/exec.h"
#include "provider/kubernetes/rights.h"
#include "provider/kubernetes/shell.h"

/* The better one of those that images have. */
static const char *const shells[] = { "sh", "-c", "command -v bash >/dev/null 2>&1 && exec bash; exec sh", NULL };

static int has_container(const struct json *live, const char *name, char *names, size_t size)
{
	static const char *const lists[] = { "spec.containers", "spec.ephemeralContainers", "spec.initContainers" };
	size_t used = 0;

	*names = 0;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (const struct json *item = json_first(json_at(live, lists[i])); item; item = json_next(item)) {
			const char *own = json_text_or(json_get(item, "name"), "");

			if (!strcmp(own, name))
				return 1;
			if (used < size)
				used += (size_t)snprintf(names + used, size - used, "%s%.60s", used ? ", " : "", own);
		}
	return 0;
}

static const char *container_of(const struct action *action, const struct json *live)
{
	const char *name = param_text(action, "container");

	return name ? name : json_text_or(json_at(live, "spec.containers.0.name"), "");
}

int preview_shell(const struct action *action, const struct json *live, struct act_preview *preview, struct error *err)
{
	const char *container = container_of(action, live), *phase = json_text_or(json_at(live, "status.phase"), "");
	char names[160];

	if (!action->request->terminal)
		return error_set(err, ERR_INVALID,
			"a shell needs a terminal to sit at: the console, or `pilothouse act` at one; `exec command=…` needs none");
	if (!has_container(live, container, names, sizeof(names)))
		return error_set(err, ERR_INVALID, "there is no container %.60s in it; it has %s", container, names);
	if (!strcmp(phase, "Succeeded") || !strcmp(phase, "Failed"))
		return error_set(err, ERR_CONFLICT, "the pod has ended (%.20s): nothing runs in it any more", phase);
	preview->before = json_object();
	preview->after = json_set_text(json_object(), "shell", "bash, or sh where there is none");
	json_set_text(preview->after, "container", container);
	if (kube_may(action->provider, action->request->ref, action->request->verb, preview->dry_run_text, sizeof(preview->dry_run_text)))
		snprintf(preview->dry_run_text, sizeof(preview->dry_run_text), "that it began and how it ended is recorded, not what is typed in it");
	return 0;
}

static void greet(const struct action *action, const char *container, int out)
{
	const struct ref *ref = action->request->ref;
	char line[900], safe[900];
	int length = snprintf(line, sizeof(line), "shell in %s/%s, container %s, on %s; ^] leaves at once", ref->namespace_, ref->name, container, ref->account);

	safe_copy(safe, sizeof(safe) - 2, line, (size_t)length < sizeof(line) ? (size_t)length : sizeof(line) - 1);
	strcat(safe, "\r\n");
	if (write(out, safe, strlen(safe)) < 0)
		return; /* the next write says so */
}

/* The terminal is whole again whichever way this is left. */
static enum shell_end sit_down(const struct action *action, struct kubernetes_exec *exec, const char *container, int *status, struct error *err)
{
	const struct act_terminal *terminal = action->request->terminal;
	enum shell_end end = SHELL_FAILED;
	int in, out;

	if (terminal->take(terminal->arg, &in, &out, err))
		return SHELL_FAILED;
	if (!tty_raw(in, err)) {
		greet(action, container, out);
		end = shell_join(exec, in, out, action->request->cancelled, status, err);
		tty_restore();
	}
	terminal->give_back(terminal->arg);
	return end;
}

int act_shell(const struct action *action, const struct json *live, struct act_result *result, struct error *err)
{
	const struct ref *ref = action->request->ref;
	const char *container = container_of(action, live);
	int64_t began = clock_monotonic_ns();
	int status = -1;

	if (!action->request->terminal)
		return error_set(err, ERR_INVALID, "a shell needs a terminal to sit at");
	struct kubernetes_exec *exec = kubernetes_exec_open(action->account->cluster, ref->namespace_, ref->name, container, shells, 1, err);

	if (!exec)
		return -1;
	enum shell_end end = sit_down(action, exec, container, &status, err);

	kubernetes_exec_close(exec);
	result->output = json_set_text(json_object(), "container", container);
	if (end == SHELL_ENDED)
		json_set_int(result->output, "status", status);
	json_set_text(result->output, "ended", end == SHELL_ENDED ? "the shell ended" : end == SHELL_LEFT ? "left with ^]: what was started there may go on" : "broken off");
	json_set_int(result->output, "seconds", (clock_monotonic_ns() - began) / CLOCK_SECOND_NS);
	return end == SHELL_FAILED ? -1 : 0;
}
