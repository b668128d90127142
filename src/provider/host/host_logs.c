/* Which log belongs to what. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/safe.h"
#include "provider/host/logfiles.h"
#include "provider/host/logread.h"
#include "provider/host/machine.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/service_manager.h"

typedef int (*host_logs_fn)(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err);

static int of_log(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	char path[MACHINE_PATH_MAX + 512];

	if (!strcmp(ref->name, "journal"))
		return logread_journal(NULL, request, on_line, arg, err);
	logfile_path(machine, ref->name, path, sizeof(path));
	if (!*path)
		return error_set(err, ERR_INVALID, "that is not the name of a log file");
	return logread_file(path, ref->name, request, on_line, arg, err);
}

struct search {
	const char *service;
	char found[512];
};

/* "nginx/error.log" or "nginx.log" belong to nginx. */
static void consider(void *arg, const struct logfile *file)
{
	struct search *search = arg;
	size_t length = strlen(search->service);

	if (!strncmp(file->name, search->service, length) && strchr("/.-_", file->name[length] ? file->name[length] : '/') && !*search->found)
		snprintf(search->found, sizeof(search->found), "%s", file->name);
}

static int of_service(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	struct search search = { .service = ref->name };
	char unit[300], path[MACHINE_PATH_MAX + 512];

	if (!service_name_is_valid(ref->name))
		return error_set(err, ERR_INVALID, "that is not a service's name");
	if (machine_services(machine) == SERVICES_SYSTEMD) {
		snprintf(unit, sizeof(unit), "%.250s.service", ref->name);
		return logread_journal(unit, request, on_line, arg, err);
	}
	logfiles_each(machine, consider, &search);
	if (!*search.found)
		return error_set(err, ERR_NOT_FOUND, "no log of %.80s is known: there is no journal and no file of that name below %.80s", ref->name,
			machine->log_folder);
	logfile_path(machine, search.found, path, sizeof(path));
	return logread_file(path, search.found, request, on_line, arg, err);
}

/* Opened for writing, to append: how logs are held. */
static int is_appended(const struct machine *machine, int pid, const char *descriptor)
{
	char path[64], text[512];
	struct proctext value;
	uint64_t flags;

	snprintf(path, sizeof(path), "%d/fdinfo/%.10s", pid, descriptor);
	ssize_t length = machine_read(machine, machine->proc, path, text, sizeof(text));
	const char *word;
	size_t word_length;

	if (length <= 0 || proctext_field(text, (size_t)length, "flags", ':', &value) || proctext_word(&value, &word, &word_length) ||
		proctext_number(word, word_length, 8, &flags))
		return 0;
	return (flags & O_ACCMODE) != O_RDONLY && (flags & O_APPEND);
}

static int looks_like_log(const char *path)
{
	size_t length = strlen(path);

	return strstr(path, "/log/") || strstr(path, "/logs/") || (length > 4 && !strcmp(path + length - 4, ".log"));
}

/* The best of its open files: one with a log's name, else what stdout or stderr goes to when that is a file. */
static int find_open_log(const struct machine *machine, int pid, char out[1024])
{
	char folder_path[32];
	struct dirent *entry;

	out[0] = 0;
	snprintf(folder_path, sizeof(folder_path), "%d/fd", pid);
	int fd = openat(machine->proc, folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (!folder) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	while ((entry = readdir(folder))) {
		char target[1024];
		struct stat info;
		ssize_t length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		if (length <= 0 || *target != '/')
			continue;
		target[length] = 0;
		if (fstatat(fd, entry->d_name, &info, 0) || !S_ISREG(info.st_mode) || !is_appended(machine, pid, entry->d_name))
			continue;
		if (looks_like_log(target) || !strcmp(entry->d_name, "1") || !strcmp(entry->d_name, "2"))
			memcpy(out, target, (size_t)length + 1);
		if (looks_like_log(target))
			break;
	}
	closedir(folder);
	return *out ? 0 : -1;
}

static int of_process(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	char path[1024], cgroup[4096], unit[256], name[PROCESS_NAME_MAX * 4];
	struct process_stat stat;
	uint64_t pid;

	if (proctext_number(ref->name, strlen(ref->name), 10, &pid) || pid > INT32_MAX || process_stat_read(machine, (int)pid, &stat))
		return error_set(err, ERR_NOT_FOUND, "process %.20s has ended", ref->name);
	snprintf(path, sizeof(path), "%d/cgroup", (int)pid);
	ssize_t length = machine_read(machine, machine->proc, path, cgroup, sizeof(cgroup));

	process_unit(cgroup, length > 0 ? (size_t)length : 0, unit, sizeof(unit));
	if (*unit && machine_services(machine) == SERVICES_SYSTEMD)
		return logread_journal(unit, request, on_line, arg, err);
	if (!find_open_log(machine, (int)pid, path))
		return logread_file(path, path, request, on_line, arg, err);
	safe_copy(name, sizeof(name), stat.name, stat.name_length);
	return error_set(err, ERR_NOT_FOUND, "no log of process %d (%.60s) is known: it belongs to no service and has no log file open", stat.pid,
		name);
}

int host_logs(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err)
{
	static const struct {
		const char *kind;
		host_logs_fn read;
	} table[] = { { "logs", of_log }, { "services", of_service }, { "processes", of_process } };

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (!strcmp(table[i].kind, ref->kind))
			return table[i].read(machine, ref, request, on_line, arg, err);
	return error_set(err, ERR_INVALID, "%.60s have no log", ref->kind);
}
