/* Signals and niceness. A process is named by pid and start time together, and reached through a pidfd, so that
 * another one that was given the same pid meanwhile is never hit. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "estate/kind.h"
#include "provider/host/acts.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/provider.h"

enum { GONE_WAIT_MS = 1000, GONE_STEP_MS = 100 };

static const struct signal_row {
	const char *name;
	int number;
	int ends;          /* usually ends the process */
	const char *undo;  /* signal that takes it back, or NULL */
	const char *effect;
} signals[] = {
	{ "HUP", SIGHUP, 0, NULL, "asked to read its configuration again (or to end, when it does not know better)" },
	{ "INT", SIGINT, 1, NULL, "asked to end, as by Ctrl-C" },
	{ "QUIT", SIGQUIT, 1, NULL, "asked to end and leave a core file" },
	{ "TERM", SIGTERM, 1, NULL, "asked to end" },
	{ "KILL", SIGKILL, 1, NULL, "ended at once, with no chance to save anything" },
	{ "USR1", SIGUSR1, 0, NULL, "sent its own first signal" },
	{ "USR2", SIGUSR2, 0, NULL, "sent its own second signal" },
	{ "STOP", SIGSTOP, 0, "CONT", "stopped until it gets CONT" },
	{ "CONT", SIGCONT, 0, NULL, "continued, if it was stopped" },
};

static const struct signal_row *signal_of(const struct act_request *request, struct error *err)
{
	const char *name = act_param(request, "signal");

	if (!*name)
		name = "TERM";
	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!strcmp(signals[i].name, name))
			return &signals[i];
	error_set(err, ERR_INVALID, "%.40s is not a signal that can be sent from here", name);
	return NULL;
}

/* -1 with ERR_NOT_FOUND when it is gone. */
static int read_target(struct machine *machine, const struct act_request *request, struct process_stat *stat, struct error *err)
{
	uint64_t pid;

	if (proctext_number(request->ref->name, strlen(request->ref->name), 10, &pid) || !pid || pid > INT32_MAX)
		return error_set(err, ERR_INVALID, "%.40s is not the number of a process", request->ref->name);
	if (!machine_is_here(machine))
		return error_set(err, ERR_INVALID, "host.root is set: those processes do not run here");
	if (process_stat_read(machine, (int)pid, stat))
		return error_set(err, ERR_NOT_FOUND, "process %d has ended", (int)pid);
	if (pid == 1 || (pid_t)pid == getpid())
		return error_set(err, ERR_INVALID, pid == 1 ? "process 1 holds up the machine: not from here" : "that is this program itself");
	if (process_is_kernel_thread(stat))
		return error_set(err, ERR_INVALID, "process %d is a part of the kernel: it takes no orders", (int)pid);
	return 0;
}

/* The same start time as when the plan was made? */
static int is_same(const struct act_request *request, const struct process_stat *stat, struct error *err)
{
	int64_t start = json_int(json_get(request->state, "start"), -1);

	if (!request->state || start == (int64_t)stat->start_ticks)
		return 0;
	return error_set(err, ERR_CONFLICT, "process %d ended, and another one was given its number", stat->pid);
}

static struct json *describe(const struct process_stat *stat)
{
	char name[PROCESS_NAME_MAX * 4];
	struct json *json = json_set_int(json_object(), "pid", stat->pid);

	safe_copy(name, sizeof(name), stat->name, stat->name_length);
	json_set_int(json, "start", (int64_t)stat->start_ticks);
	return json_set_text(json, "name", name);
}

/* What it did so far (CPU, state) changes all the time and would void every approval: only who it is counts. */
static int observe_signal(struct machine *machine, const struct act_request *request, struct json **state, struct error *err)
{
	struct process_stat stat;

	if (read_target(machine, request, &stat, err))
		return -1;
	*state = describe(&stat);
	return 0;
}

static struct json *blast_of(struct machine *machine, const struct act_request *request)
{
	struct json *blast = json_array();

	host_dependents(machine, request->ref, blast);
	return blast;
}

static struct json *undo_of(const char *verb, struct json *params)
{
	struct json *undo = json_set_text(json_object(), "verb", verb);

	json_set_text(undo, "kind", "processes");
	return json_set(undo, "params", params);
}

static int preview_signal(struct machine *machine, const struct act_request *request, struct act_preview *preview, struct error *err)
{
	const struct signal_row *row = signal_of(request, err);
	struct process_stat stat;

	if (!row || read_target(machine, request, &stat, err))
		return -1;
	preview->before = json_set_text(describe(&stat), "state", stat.state == 'T' ? "stopped" : "runs");
	preview->after = json_set_text(describe(&stat), "state", row->effect);
	preview->blast = blast_of(machine, request);
	if (row->undo) {
		preview->undo = undo_of("signal", json_set_text(json_object(), "signal", row->undo));
		snprintf(preview->undo_text, sizeof(preview->undo_text), "send it %s", row->undo);
	} else {
		snprintf(preview->undo_text, sizeof(preview->undo_text), "cannot be undone: %s", row->ends ? "a process that ended is not brought back (its service may start it anew)"
													    : "what a signal set off is the program's own business");
	}
	return 0;
}

/* ESRCH: gone; EPERM: not ours. */
static int fail(struct error *err, int pid, const char *what)
{
	if (errno == ESRCH)
		return error_set(err, ERR_NOT_FOUND, "process %d has ended", pid);
	if (errno == EPERM || errno == EACCES)
		return error_set(err, ERR_FORBIDDEN, "%s process %d: the kernel does not permit it to this user", what, pid);
	return error_errno(err, "%s process %d", what, pid);
}

/* A descriptor that stands for this very process. The start time is looked at after it is held: from then on it cannot
 * become another's. */
static int hold(struct machine *machine, const struct act_request *request, struct process_stat *stat, struct error *err)
{
	if (read_target(machine, request, stat, err) || is_same(request, stat, err))
		return -1;
	int pid = stat->pid, held = (int)syscall(SYS_pidfd_open, pid, 0);

	if (held < 0)
		return fail(err, pid, "holding");
	if (read_target(machine, request, stat, err) || is_same(request, stat, err)) {
		close(held);
		return -1;
	}
	return held;
}

static int has_ended(int held, const struct act_request *request)
{
	struct pollfd end = { .fd = held, .events = POLLIN };

	for (int waited = 0; waited < GONE_WAIT_MS; waited += GONE_STEP_MS) {
		if (poll(&end, 1, GONE_STEP_MS) > 0)
			return 1;
		if (request->cancelled && atomic_load((const atomic_int *)request->cancelled))
			return 0;
	}
	return 0;
}

static int do_signal(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err)
{
	const struct signal_row *row = signal_of(request, err);
	struct process_stat stat;
	int held = row ? hold(machine, request, &stat, err) : -1;

	if (held < 0)
		return -1;
	if (syscall(SYS_pidfd_send_signal, held, row->number, NULL, 0)) {
		int status = fail(err, stat.pid, "signalling");

		close(held);
		return status;
	}
	result->output = json_set_text(describe(&stat), "signal", row->name);
	if (row->ends)
		json_set(result->output, "ended", json_boolean(has_ended(held, request)));
	close(held);
	return 0;
}

static int reconcile_signal(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	const struct signal_row *row = signal_of(request, err);
	struct process_stat stat;
	struct error gone = { 0 };

	if (!row)
		return -1;
	if (read_target(machine, request, &stat, &gone) || is_same(request, &stat, &gone)) {
		if (gone.code != ERR_NOT_FOUND && gone.code != ERR_CONFLICT)
			return error_set(err, gone.code, "%s", gone.text);
		/* It is gone. Whether by this signal nobody can say, but what was wanted holds. */
		*outcome = row->ends ? ACT_DONE : ACT_UNKNOWN;
		return 0;
	}
	if (row->number == SIGKILL && stat.state != 'Z')
		*outcome = ACT_NOT_DONE; /* nothing survives it */
	else if (row->number == SIGSTOP)
		*outcome = stat.state == 'T' ? ACT_DONE : ACT_NOT_DONE;
	else if (row->number == SIGCONT)
		*outcome = stat.state == 'T' ? ACT_NOT_DONE : ACT_DONE;
	else
		*outcome = stat.state == 'Z' && row->ends ? ACT_DONE : ACT_UNKNOWN;
	return 0;
}

static int wanted_nice(const struct act_request *request, int *nice_value, struct error *err)
{
	const struct json *param = json_get(request->params, "nice");
	int64_t value = json_int(param, INT64_MIN);
	int64_t text_value;

	if (value == INT64_MIN && json_text(param)) {
		struct proctext text = proctext_of(json_text(param), strlen(json_text(param)));

		if (!proctext_i64(&text, &text_value))
			value = text_value;
	}
	if (value < -20 || value > 19)
		return error_set(err, ERR_INVALID, "nice is a number from -20 (first) to 19 (last)");
	*nice_value = (int)value;
	return 0;
}

static int observe_renice(struct machine *machine, const struct act_request *request, struct json **state, struct error *err)
{
	struct process_stat stat;

	if (read_target(machine, request, &stat, err))
		return -1;
	*state = json_set_int(describe(&stat), "nice", stat.nice);
	return 0;
}

static int preview_renice(struct machine *machine, const struct act_request *request, struct act_preview *preview, struct error *err)
{
	struct process_stat stat;
	int nice_value;

	if (wanted_nice(request, &nice_value, err) || read_target(machine, request, &stat, err))
		return -1;
	preview->before = json_set_int(describe(&stat), "nice", stat.nice);
	preview->after = json_set_int(describe(&stat), "nice", nice_value);
	preview->blast = blast_of(machine, request);
	preview->undo = undo_of("renice", json_set_int(json_object(), "nice", stat.nice));
	snprintf(preview->undo_text, sizeof(preview->undo_text), "renice back to %d%s", stat.nice,
		geteuid() && stat.nice < nice_value ? " (only root may lower it)" : "");
	return 0;
}

static int do_renice(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err)
{
	struct process_stat stat;
	int nice_value, held;

	if (wanted_nice(request, &nice_value, err) || (held = hold(machine, request, &stat, err)) < 0)
		return -1;
	int before = stat.nice;

	/* There is no setpriority by pidfd. Holding one keeps the pid from being given away only while the process is not
	 * collected, so the start time is compared once more right after. */
	if (setpriority(PRIO_PROCESS, (id_t)stat.pid, nice_value)) {
		int status = fail(err, stat.pid, "renicing");

		close(held);
		return status;
	}
	close(held);
	if (process_stat_read(machine, stat.pid, &stat) || is_same(request, &stat, NULL))
		return error_set(err, ERR_CONFLICT, "process %d ended just then: look at what has its number now", stat.pid);
	result->output = json_set_int(describe(&stat), "nice", stat.nice);
	result->undo = undo_of("renice", json_set_int(json_object(), "nice", before));
	return 0;
}

static int reconcile_renice(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	struct process_stat stat;
	int nice_value;

	if (wanted_nice(request, &nice_value, err) || read_target(machine, request, &stat, err) || is_same(request, &stat, err))
		return -1;
	*outcome = stat.nice == nice_value ? ACT_DONE : ACT_NOT_DONE;
	return 0;
}

const struct host_act act_signal = { .kind = "processes", .verb = "signal", .observe = observe_signal, .preview = preview_signal,
	.act = do_signal, .reconcile = reconcile_signal };
const struct host_act act_renice = { .kind = "processes", .verb = "renice", .observe = observe_renice, .preview = preview_renice,
	.act = do_renice, .reconcile = reconcile_renice };
