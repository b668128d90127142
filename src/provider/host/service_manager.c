#include "provider/host/service_manager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/process.h"
#include "base/secret.h"
#include "base/text.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/sysv.h"
#include "provider/host/unit_files.h"

enum { SHOW_TIMEOUT_MS = 15000, ACT_TIMEOUT_MS = 120000, SHOW_MAX_BYTES = 32 << 20 };

/* No leading '-', no path, no glob, nothing a shell or systemd would read otherwise. */
int service_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length && length < 240 && *name != '-' && *name != '.' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.@:+\\-") == length;
}

static void copy(struct proctext value, char *out, size_t size)
{
	size_t length = (size_t)(value.end - value.at);

	if (length >= size)
		length = size - 1;
	memcpy(out, value.at, length);
	out[length] = 0;
}

static int64_t number(struct proctext value)
{
	uint64_t parsed;

	/* [not set] and UINT64_MAX both mean unknown */
	return proctext_number(value.at, (size_t)(value.end - value.at), 10, &parsed) || parsed > INT64_MAX ? -1 : (int64_t)parsed;
}

/* Micro-seconds after boot, on the monotonic clock. */
static int64_t since(struct proctext value)
{
	int64_t micros = number(value);

	if (micros <= 0 || micros > INT64_MAX / 1000)
		return 0;
	return clock_now_ns() - clock_monotonic_ns() + micros * 1000;
}

static void set_field(struct service *service, struct proctext line)
{
	if (proctext_after(&line, "Id="))
		copy(line, service->name, sizeof(service->name));
	else if (proctext_after(&line, "ActiveState="))
		copy(line, service->state, sizeof(service->state));
	else if (proctext_after(&line, "SubState="))
		copy(line, service->detail, sizeof(service->detail));
	else if (proctext_after(&line, "UnitFileState="))
		copy(line, service->start, sizeof(service->start));
	else if (proctext_after(&line, "Description="))
		copy(line, service->description, sizeof(service->description));
	else if (proctext_after(&line, "Result="))
		copy(line, service->result, sizeof(service->result));
	else if (proctext_after(&line, "MainPID="))
		service->pid = (int)number(line);
	else if (proctext_after(&line, "NRestarts="))
		service->restarts = number(line);
	else if (proctext_after(&line, "MemoryCurrent="))
		service->memory_bytes = number(line);
	else if (proctext_after(&line, "TasksCurrent="))
		service->tasks = number(line);
	else if (proctext_after(&line, "StateChangeTimestampMonotonic="))
		service->since_ns = since(line);
}

static void finish(struct service *service, int missing, service_fn on_service, void *arg)
{
	size_t length = strlen(service->name);

	if (length > 8 && !strcmp(service->name + length - 8, ".service"))
		service->name[length - 8] = 0;
	if (*service->name && !missing)
		on_service(arg, service);
	*service = (struct service){ .restarts = -1, .memory_bytes = -1, .tasks = -1 };
}

void systemd_parse(const char *bytes, size_t length, service_fn on_service, void *arg)
{
	struct proctext text = proctext_of(bytes, length), line;
	struct service service = { .restarts = -1, .memory_bytes = -1, .tasks = -1 };
	int missing = 0;

	while (!proctext_line(&text, &line)) {
		struct proctext look = line;

		if (line.at == line.end) {
			finish(&service, missing, on_service, arg);
			missing = 0;
		} else if (proctext_after(&look, "LoadState=not-found")) {
			missing = 1; /* only named by others: there is no such service */
		} else {
			set_field(&service, line);
		}
	}
	finish(&service, missing, on_service, arg);
}

static int run(const char *const *argv, int timeout_ms, const void *cancelled, struct process_result *result, struct error *err)
{
	static const char *const env[] = { "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", NULL };
	const struct process_request request = { .argv = argv, .env = env, .output_max_bytes = SHOW_MAX_BYTES, .timeout_ms = timeout_ms,
		.cancelled = cancelled };

	return process_run(&request, result, err);
}

struct loaded { /* hands each on, and notes its name */
	service_fn on_service;
	void *arg;
	struct text names; /* "\nNAME\nNAME\n" */
};

static void note_loaded(void *arg, const struct service *service)
{
	struct loaded *loaded = arg;

	text_add(&loaded->names, service->name);
	text_add_char(&loaded->names, '\n');
	loaded->on_service(loaded->arg, service);
}

/* Loaded ones first, then those that are only installed. */
static void hand_over(const char *bytes, size_t length, service_fn on_service, void *arg)
{
	struct loaded loaded = { .on_service = on_service, .arg = arg };

	text_init(&loaded.names, SHOW_MAX_BYTES);
	text_add_char(&loaded.names, '\n');
	systemd_parse(bytes, length, note_loaded, &loaded);
	unit_files_each(loaded.names.data, on_service, arg);
	text_release(&loaded.names);
}

static int systemd_each(const char *name, service_fn on_service, void *arg, struct error *err)
{
	char unit[300];
	const char *const argv[] = { "systemctl", "show", "--no-pager",
		"--property=Id,LoadState,ActiveState,SubState,UnitFileState,Description,Result,MainPID,NRestarts,MemoryCurrent,TasksCurrent,"
		"StateChangeTimestampMonotonic", "--", unit, NULL };
	struct process_result result = { 0 };

	snprintf(unit, sizeof(unit), "%s.service", name ? name : "*");
	int status = run(argv, SHOW_TIMEOUT_MS, NULL, &result, err);

	if (!status && result.status)
		status = error_set(err, ERR_UNREACHABLE, "systemctl show ended with status %d: is systemd running?", result.status);
	else if (!status && name)
		systemd_parse(result.output, result.output_length, on_service, arg);
	else if (!status)
		hand_over(result.output, result.output_length, on_service, arg);
	process_release(&result);
	return status;
}

int services_each(const struct machine *machine, const char *name, service_fn on_service, void *arg, struct error *err)
{
	if (name && !*name)
		name = NULL;
	if (name && !service_name_is_valid(name))
		return error_set(err, ERR_INVALID, "that is not a service's name");
	switch (machine_services(machine)) {
	case SERVICES_SYSTEMD:
		return systemd_each(name, on_service, arg, err);
	case SERVICES_SYSV:
		return sysv_each(machine, name, on_service, arg, err);
	default:
		return error_set(err, ERR_NOT_FOUND, "none: this machine runs neither systemd nor scripts in %.150s", machine->init_folder);
	}
}

struct finding {
	struct service *out;
	int found;
};

static void take(void *arg, const struct service *service)
{
	struct finding *finding = arg;

	*finding->out = *service;
	finding->found = 1;
}

int service_find(const struct machine *machine, const char *name, struct service *out, struct error *err)
{
	struct finding finding = { .out = out };

	if (!name || !*name)
		return error_set(err, ERR_INVALID, "a service must be named");
	if (services_each(machine, name, take, &finding, err))
		return -1;
	return finding.found ? 0 : error_set(err, ERR_NOT_FOUND, "there is no service %.200s", name);
}

/* What it printed, for the record: secrets out, at most a page. */
static char *shown(const struct process_result *result)
{
	struct text text;

	text_init(&text, 4096);
	secret_redact(&text, result->output ? result->output : "", result->output_length);
	if (result->errors && *result->errors)
		secret_redact(&text, result->errors, strlen(result->errors));
	return text_take(&text);
}

static int systemd_act(const char *name, const char *verb, const void *cancelled, struct process_result *result, struct error *err)
{
	char unit[300];
	const char *const argv[] = { "systemctl", "--no-pager", "--no-ask-password", verb, "--", unit, NULL };

	snprintf(unit, sizeof(unit), "%s.service", name);
	return run(argv, ACT_TIMEOUT_MS, cancelled, result, err);
}

int service_act(const struct machine *machine, const char *name, const char *verb, const void *cancelled, char **output, struct error *err)
{
	struct process_result result = { 0 };
	enum machine_services manager = machine_services(machine);
	int status;

	if (!service_name_is_valid(name))
		return error_set(err, ERR_INVALID, "that is not a service's name");
	if (manager == SERVICES_NONE)
		return error_set(err, ERR_NOT_FOUND, "this machine has no manager of services");
	if (manager == SERVICES_SYSTEMD)
		status = systemd_act(name, verb, cancelled, &result, err);
	else
		status = sysv_act(machine, name, verb, cancelled, &result, err);
	if (!status) {
		char *said = shown(&result);

		/* systemctl: 4 is "insufficient permission" for polkit's sake; LSB: 4 too */
		if (result.status)
			status = error_set(err, result.status == 4 ? ERR_FORBIDDEN : ERR_IO, "%s %s ended with status %d%s%.150s", verb, name,
				result.status, *said ? ": " : "", said);
		if (output)
			*output = said;
		else
			free(said);
	}
	process_release(&result);
	return status;
}

static void add_unit(const struct machine *machine, struct json *out, const char *unit, size_t length)
{
	char name[256], id[400];

	if (length <= 8 || length - 8 >= sizeof(name) || memcmp(unit + length - 8, ".service", 8) != 0)
		return;
	memcpy(name, unit, length - 8);
	name[length - 8] = 0;
	if (!service_name_is_valid(name))
		return;
	snprintf(id, sizeof(id), "host:%s/services/%s", machine->name, name);
	struct json *item = json_set_text(json_object(), "id", id);

	json_set_text(item, "relation", "needs it");
	json_set_text(item, "name", name);
	json_add(out, item);
}

static void systemd_dependents(const struct machine *machine, const char *name, struct json *out)
{
	char unit[300];
	const char *const argv[] = { "systemctl", "list-dependencies", "--reverse", "--plain", "--no-pager", "--", unit, NULL };
	struct process_result result = { 0 };

	snprintf(unit, sizeof(unit), "%s.service", name);
	if (!run(argv, SHOW_TIMEOUT_MS, NULL, &result, NULL) && !result.status) {
		struct proctext text = proctext_of(result.output, result.output_length), line;
		const char *word;
		size_t length;

		if (!proctext_line(&text, &line)) /* the first is the service itself */
			while (!proctext_line(&text, &line)) {
				proctext_rest(&line, &word, &length);
				add_unit(machine, out, word, length);
			}
	}
	process_release(&result);
}

void service_dependents(const struct machine *machine, const char *name, struct json *out)
{
	if (!service_name_is_valid(name))
		return;
	if (machine_services(machine) == SERVICES_SYSTEMD)
		systemd_dependents(machine, name, out);
	else
		sysv_dependents(machine, name, out);
}
