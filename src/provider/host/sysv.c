#include "provider/host/sysv.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"

enum { SCRIPT_MAX_BYTES = 256 << 10, STATUS_TIMEOUT_MS = 3000, ACT_TIMEOUT_MS = 120000, SCRIPTS_MAX = 1000, ASKED_MAX = 256, ASKED_HOLDS_S = 60 };

const char *sysv_state(int status)
{
	switch (status) {
	case 0:
		return "active";
	case 1: /* dead, its pid file is left */
	case 2: /* dead, its lock is left */
		return "failed";
	case 3:
		return "inactive";
	default:
		return "unknown";
	}
}

void sysv_header(const char *script, size_t length, const char *key, char *out, size_t size)
{
	struct proctext text = proctext_of(script, length), line;
	const char *value;
	size_t value_length;

	out[0] = 0;
	while (!proctext_line(&text, &line)) {
		if (!proctext_after(&line, "#"))
			continue;
		while (line.at < line.end && (*line.at == ' ' || *line.at == '\t'))
			line.at++;
		if (!proctext_after(&line, key) || line.at == line.end || *line.at++ != ':')
			continue;
		proctext_rest(&line, &value, &value_length);
		if (value_length >= size)
			value_length = size - 1;
		memcpy(out, value, value_length);
		out[value_length] = 0;
		return;
	}
}

static int script_path(const struct machine *machine, const char *name, char out[MACHINE_PATH_MAX])
{
	struct stat info;

	if (!service_name_is_valid(name) || snprintf(out, MACHINE_PATH_MAX, "%s/%s", machine->init_folder, name) >= MACHINE_PATH_MAX)
		return -1;
	return stat(out, &info) || !S_ISREG(info.st_mode) || !(info.st_mode & 0111) ? -1 : 0;
}

/* Scripts of the boot itself are no services. */
static int is_furniture(const char *name)
{
	static const char *const names[] = { "README", "skeleton", "rc", "rcS", "rc.local", "functions", "halt", "reboot", "single",
		"sendsigs", "umountfs", "umountroot", "umountnfs.sh", "killprocs", "killall", "bootmisc.sh", "checkfs.sh", "checkroot.sh",
		"checkroot-bootclean.sh", "mountall.sh", "mountdevsubfs.sh", "mountkernfs.sh", "mountnfs.sh", "hostname.sh", "bootlogs", "motd" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return 1;
	return strstr(name, ".dpkg-") != NULL || name[strlen(name) - 1] == '~';
}

static int pid_of_file(const char *path)
{
	size_t length = 0;
	char *text = file_load(path, 64, &length, NULL);
	struct proctext at = proctext_of(text ? text : "", length);
	uint64_t pid;
	int found = text && !proctext_u64(&at, &pid) && pid > 1 && pid < INT32_MAX ? (int)pid : 0;

	free(text);
	return found;
}

/* The main process by the usual places of a pid file; 0 when none names a live process. */
static int find_pid(const struct machine *machine, const char *name, const char *script, size_t length)
{
	char path[MACHINE_PATH_MAX], declared[256], usual[2][300];
	struct process_stat stat;

	sysv_header(script, length, "pidfile", declared, sizeof(declared)); /* as chkconfig writes it */
	snprintf(usual[0], sizeof(usual[0]), "/run/%s.pid", name);
	snprintf(usual[1], sizeof(usual[1]), "/run/%s/%s.pid", name, name);
	const char *const places[] = { declared, usual[0], usual[1] };

	for (size_t i = 0; i < 3; i++) {
		if (*places[i] != '/')
			continue;
		machine_path(machine, places[i], path);
		int pid = pid_of_file(path);

		if (pid && !process_stat_read(machine, pid, &stat))
			return pid;
	}
	return 0;
}

/* S?? links of the runlevels that are used: 2 to 5. */
static int is_enabled(const struct machine *machine, const char *name)
{
	for (int level = 2; level <= 5; level++) {
		char path[MACHINE_PATH_MAX], folder_name[32];
		struct dirent *entry;
		int found = 0;

		snprintf(folder_name, sizeof(folder_name), "/etc/rc%d.d", level);
		machine_path(machine, folder_name, path);
		DIR *folder = opendir(path);

		while (folder && !found && (entry = readdir(folder)))
			found = entry->d_name[0] == 'S' && strlen(entry->d_name) > 3 && !strcmp(entry->d_name + 3, name);
		if (folder)
			closedir(folder);
		if (found)
			return 1;
	}
	return 0;
}

/* What scripts said: they are programs of others, some of them slow, so they are not run at every list. */
static struct asked {
	char path[MACHINE_PATH_MAX];
	int status;
	int64_t at_ns;
} asked[ASKED_MAX];
static size_t asked_count;
static pthread_mutex_t asked_lock = PTHREAD_MUTEX_INITIALIZER;

static struct asked *find_asked(const char *path)
{
	for (size_t i = 0; i < asked_count; i++)
		if (!strcmp(asked[i].path, path))
			return &asked[i];
	return NULL;
}

/* 1 when it said so a short while ago. */
static int remembered(const char *path, int *status)
{
	pthread_mutex_lock(&asked_lock);
	const struct asked *found = find_asked(path);
	int holds = found && clock_monotonic_ns() - found->at_ns < ASKED_HOLDS_S * CLOCK_SECOND_NS;

	if (holds)
		*status = found->status;
	pthread_mutex_unlock(&asked_lock);
	return holds;
}

static void remember(const char *path, int status)
{
	pthread_mutex_lock(&asked_lock);
	struct asked *found = find_asked(path);

	if (!found && asked_count < ASKED_MAX) {
		found = &asked[asked_count++];
		snprintf(found->path, sizeof(found->path), "%s", path);
	}
	if (found) {
		found->status = status;
		found->at_ns = clock_monotonic_ns();
	}
	pthread_mutex_unlock(&asked_lock);
}

/* Its main process lives or has ended since: what the script said of before holds no more. */
static void forget(const char *path)
{
	pthread_mutex_lock(&asked_lock);
	struct asked *found = find_asked(path);

	if (found)
		found->at_ns = -ASKED_HOLDS_S * CLOCK_SECOND_NS;
	pthread_mutex_unlock(&asked_lock);
}

static int ask_status(const char *path)
{
	const char *const argv[] = { path, "status", NULL };
	const struct process_request request = { .argv = argv, .timeout_ms = STATUS_TIMEOUT_MS, .output_max_bytes = 65536 };
	struct process_result result = { 0 };
	int status = process_run(&request, &result, NULL) ? -1 : result.status;

	process_release(&result);
	remember(path, status);
	return status;
}

static int has_status(const char *script, size_t length)
{
	return memmem(script, length, "status)", 7) || memmem(script, length, "status|", 7) || memmem(script, length, "|status", 7) ||
		memmem(script, length, "init-d-script", 13); /* Debian's common body answers it */
}

enum asking { ASK_NEVER, ASK_IF_OLD, ASK_NOW };

/* 0; 1 when only its script could say the state and may not be asked; -1 no such script. */
static int load(const struct machine *machine, const char *name, enum asking asking, struct service *out)
{
	int status = -1, is_known = 1;
	char path[MACHINE_PATH_MAX];
	size_t length = 0;

	if (script_path(machine, name, path))
		return -1;
	char *script = file_load(path, SCRIPT_MAX_BYTES, &length, NULL);

	if (!script)
		return -1;
	*out = (struct service){ .restarts = -1, .memory_bytes = -1, .tasks = -1 };
	snprintf(out->name, sizeof(out->name), "%s", name);
	sysv_header(script, length, "Short-Description", out->description, sizeof(out->description));
	out->pid = find_pid(machine, name, script, length);
	/* A live main process answers without running the script; else the script is asked, as `service --status-all` does. */
	if (out->pid) {
		status = 0;
		forget(path);
	} else if (has_status(script, length) && (asking == ASK_NOW || !remembered(path, &status))) {
		is_known = asking != ASK_NEVER;
		status = is_known ? ask_status(path) : -1;
	}
	snprintf(out->state, sizeof(out->state), "%s", sysv_state(status));
	snprintf(out->start, sizeof(out->start), "%s", is_enabled(machine, name) ? "enabled" : "disabled");
	free(script);
	return !is_known;
}

/* Those whose state is known without running a script first, so that they are on the screen while the others are asked. */
static void each_script(const struct machine *machine, struct dirent **entries, int count, service_fn on_service, void *arg)
{
	struct service service;
	int late = 0;

	for (int i = 0; i < count; i++) {
		char *name = entries[i]->d_name;
		int result = i < SCRIPTS_MAX && *name != '.' && !is_furniture(name) ? load(machine, name, ASK_NEVER, &service) : -1;

		if (!result)
			on_service(arg, &service);
		if (result <= 0)
			*name = 0; /* done with */
		late += result > 0;
	}
	if (late)
		on_service(arg, NULL);
	for (int i = 0; i < count && late; i++)
		if (*entries[i]->d_name && !load(machine, entries[i]->d_name, ASK_IF_OLD, &service))
			on_service(arg, &service);
}

int sysv_each(const struct machine *machine, const char *name, service_fn on_service, void *arg, struct error *err)
{
	struct service service;
	struct dirent **entries = NULL;

	if (name) {
		if (!load(machine, name, ASK_NOW, &service))
			on_service(arg, &service);
		return 0;
	}
	int count = scandir(machine->init_folder, &entries, NULL, alphasort);

	if (count < 0)
		return error_errno(err, "reading %s", machine->init_folder);
	each_script(machine, entries, count, on_service, arg);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return 0;
}

int sysv_act(const struct machine *machine, const char *name, const char *verb, const void *cancelled, struct process_result *result,
	struct error *err)
{
	char path[MACHINE_PATH_MAX];

	if (script_path(machine, name, path))
		return error_set(err, ERR_NOT_FOUND, "there is no script %s in %.150s", name, machine->init_folder);
	/* As service(8) runs it: from /, with a bare environment of ours and no terminal. */
	const char *const argv[] = { "env", "-C", "/", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
		path, verb, NULL };
	const struct process_request request = { .argv = argv, .timeout_ms = ACT_TIMEOUT_MS, .output_max_bytes = 1 << 20,
		.cancelled = cancelled };

	return process_run(&request, result, err);
}

static int names(const char *list, const char *name)
{
	struct proctext text = proctext_of(list, strlen(list));
	const char *word;
	size_t length;

	while (!proctext_word(&text, &word, &length)) {
		if (*word == '+') { /* optional in newer heads */
			word++;
			length--;
		}
		if (length == strlen(name) && !memcmp(word, name, length))
			return 1;
	}
	return 0;
}

static void add_dependent(const struct machine *machine, const char *script, const char *name, struct json *out)
{
	char path[MACHINE_PATH_MAX], needs[1024], id[400];
	size_t length = 0;

	if (script_path(machine, script, path) || is_furniture(script))
		return;
	char *text = file_load(path, SCRIPT_MAX_BYTES, &length, NULL);

	if (!text)
		return;
	sysv_header(text, length, "Required-Start", needs, sizeof(needs));
	free(text);
	if (!names(needs, name))
		return;
	snprintf(id, sizeof(id), "host:%s/services/%s", machine->name, script);
	struct json *item = json_set_text(json_object(), "id", id);

	json_set_text(item, "relation", "needs it at start");
	json_set_text(item, "name", script);
	json_add(out, item);
}

void sysv_dependents(const struct machine *machine, const char *name, struct json *out)
{
	struct dirent **entries = NULL;
	int count = scandir(machine->init_folder, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		if (i < SCRIPTS_MAX && strcmp(entries[i]->d_name, name) != 0)
			add_dependent(machine, entries[i]->d_name, name, out);
		free(entries[i]);
	}
	free(entries);
}
