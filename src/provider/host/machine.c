#include "provider/host/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/safe.h"
#include "provider/host/process_table.h"
#include "provider/host/proctext.h"
#include "provider/host/rates.h"
#include "provider/host/trend.h"
#include "provider/host/socket_owners.h"

struct user_name {
	uid_t uid;
	char name[MACHINE_USER_MAX];
};

enum { USERS_MAX = 4096, PASSWD_MAX_BYTES = 8 << 20 };

static void read_name(struct machine *machine)
{
	char text[MACHINE_NAME_MAX] = "";
	ssize_t length = machine_read(machine, machine->proc, "sys/kernel/hostname", text, sizeof(text));

	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
		text[--length] = 0;
	safe_copy(machine->name, sizeof(machine->name), length > 0 ? text : "localhost", length > 0 ? (size_t)length : 9);
	for (char *c = machine->name; *c; c++)
		if (*c == '/' || *c == ':')
			*c = '-'; /* they divide the parts of an id */
}

/* btime and not now minus uptime: it is the same at every start, so that start times do not seem to change. */
static void read_boot_time(struct machine *machine)
{
	size_t length = 0;
	char *text = machine_load(machine, machine->proc, "stat", 4 << 20, &length);
	struct proctext value;
	uint64_t seconds;

	if (text && !proctext_field(text, length, "btime", ' ', &value) && !proctext_u64(&value, &seconds) &&
		seconds < (uint64_t)(INT64_MAX / CLOCK_SECOND_NS))
		machine->boot_ns = (int64_t)seconds * CLOCK_SECOND_NS;
	free(text);
}

static void set_folder(const struct machine *machine, char out[MACHINE_PATH_MAX], const char *chosen, const char *usual)
{
	if (chosen && *chosen)
		snprintf(out, MACHINE_PATH_MAX, "%s", chosen);
	else
		machine_path(machine, usual, out);
}

int machine_open(struct machine *machine, const char *root, const char *init_folder, const char *log_folder, struct error *err)
{
	char path[MACHINE_PATH_MAX];

	*machine = (struct machine){ .proc = -1, .sys = -1, .page_bytes = sysconf(_SC_PAGESIZE), .ticks_per_second = sysconf(_SC_CLK_TCK) };
	if (root && strlen(root) >= MACHINE_PATH_MAX - 64)
		return error_set(err, ERR_LIMIT, "host.root is longer than %d bytes", MACHINE_PATH_MAX - 64);
	snprintf(machine->root, sizeof(machine->root), "%s", root && strcmp(root, "/") ? root : "");
	machine_path(machine, "/proc", path);
	machine->proc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (machine->proc < 0)
		return error_set(err, ERR_NOT_FOUND, "%s cannot be read: this machine shows nothing of itself", path);
	machine_path(machine, "/sys", path);
	machine->sys = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	set_folder(machine, machine->init_folder, init_folder, "/etc/init.d");
	set_folder(machine, machine->log_folder, log_folder, "/var/log");
	pthread_mutex_init(&machine->lock, NULL);
	read_name(machine);
	read_boot_time(machine);
	machine->processes = process_table_new();
	machine->rates = rates_new();
	machine->trends = trends_new();
	machine->owners = socket_owners_new();
	return 0;
}

void machine_close(struct machine *machine)
{
	if (machine->proc < 0)
		return;
	close(machine->proc);
	if (machine->sys >= 0)
		close(machine->sys);
	process_table_free(machine->processes);
	rates_free(machine->rates);
	trends_free(machine->trends);
	socket_owners_free(machine->owners);
	free(machine->users);
	pthread_mutex_destroy(&machine->lock);
	machine->proc = -1;
}

/* Until the end or until out is full: 1 at the end, 0 full, -1 an error with nothing read. */
static int read_into(int fd, char *out, size_t size, size_t *used)
{
	while (*used + 1 < size) {
		ssize_t got = read(fd, out + *used, size - 1 - *used);

		if (got > 0)
			*used += (size_t)got;
		else if (!got)
			return 1;
		else if (errno != EINTR)
			return *used ? 1 : -1;
	}
	return 0;
}

ssize_t machine_read(const struct machine *machine, int folder, const char *path, char *out, size_t size)
{
	(void)machine;
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t used = 0;

	if (fd < 0)
		return -1;
	int status = read_into(fd, out, size, &used), number = errno;

	close(fd);
	errno = number;
	out[used] = 0;
	return status < 0 ? -1 : (ssize_t)used;
}

/* In one pass: the kernel makes such a table anew from its start for each opening. */
char *machine_load(const struct machine *machine, int folder, const char *path, size_t max_bytes, size_t *length)
{
	(void)machine;
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY), status;
	size_t room = 16384;

	if (fd < 0)
		return NULL;
	char *text = mem_alloc(room);

	*length = 0;
	while (!(status = read_into(fd, text, room, length)) && room < max_bytes) {
		room *= 4;
		text = mem_resize(text, room);
	}
	int number = errno;

	close(fd);
	text[*length] = 0;
	if (status >= 0)
		return text;
	free(text);
	errno = number;
	return NULL;
}

int64_t machine_number(const struct machine *machine, int folder, const char *path, int64_t otherwise)
{
	char text[64];
	int64_t value;
	ssize_t length = machine_read(machine, folder, path, text, sizeof(text));
	struct proctext at = proctext_of(text, length > 0 ? (size_t)length : 0);

	return length > 0 && !proctext_i64(&at, &value) ? value : otherwise;
}

void machine_path(const struct machine *machine, const char *path, char out[MACHINE_PATH_MAX])
{
	if (snprintf(out, MACHINE_PATH_MAX, "%s%s", machine->root, path) >= MACHINE_PATH_MAX)
		out[0] = 0; /* a cut path would name another file */
}

int machine_is_here(const struct machine *machine)
{
	return !machine->root[0];
}

static int is_folder(const char *path)
{
	struct stat info;

	return !stat(path, &info) && S_ISDIR(info.st_mode);
}

enum machine_services machine_services(const struct machine *machine)
{
	char path[MACHINE_PATH_MAX];

	machine_path(machine, "/run/systemd/system", path); /* sd_booted(3): this folder is the test */
	if (is_folder(path))
		return SERVICES_SYSTEMD;
	return is_folder(machine->init_folder) ? SERVICES_SYSV : SERVICES_NONE;
}

static void add_user(struct machine *machine, uid_t uid, const char *name, size_t length)
{
	if (machine->user_count == USERS_MAX)
		return;
	machine->users = mem_grow(machine->users, machine->user_count + 1, sizeof(*machine->users));
	struct user_name *user = &machine->users[machine->user_count++];

	user->uid = uid;
	safe_copy(user->name, sizeof(user->name), name, length);
}

/* Loading the name service's modules costs more than a whole list of processes: the file answers nearly always. */
static void read_passwd(struct machine *machine)
{
	char path[MACHINE_PATH_MAX];
	size_t length = 0;
	struct proctext text, line;

	machine_path(machine, "/etc/passwd", path);
	char *bytes = file_load(path, PASSWD_MAX_BYTES, &length, NULL);

	if (!bytes)
		return;
	text = proctext_of(bytes, length);
	while (!proctext_line(&text, &line)) {
		size_t left = (size_t)(line.end - line.at);
		const char *name_end = memchr(line.at, ':', left);
		const char *uid = name_end ? memchr(name_end + 1, ':', (size_t)(line.end - name_end - 1)) : NULL;
		const char *uid_end = uid ? memchr(uid + 1, ':', (size_t)(line.end - uid - 1)) : NULL;
		uint64_t number;

		if (uid_end && !proctext_number(uid + 1, (size_t)(uid_end - uid - 1), 10, &number))
			add_user(machine, (uid_t)number, line.at, (size_t)(name_end - line.at));
	}
	free(bytes);
}

const char *machine_user_known(const struct machine *machine, uid_t uid)
{
	for (size_t i = 0; i < machine->user_count; i++)
		if (machine->users[i].uid == uid)
			return machine->users[i].name;
	return NULL;
}

static void ask_name_service(struct machine *machine, uid_t uid)
{
	struct passwd entry, *found = NULL;
	char buffer[4096], number[MACHINE_USER_MAX];

	snprintf(number, sizeof(number), "%u", (unsigned)uid);
	if (machine_is_here(machine))
		getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found);
	const char *name = found ? found->pw_name : number;

	add_user(machine, uid, name, strlen(name));
}

void machine_user(struct machine *machine, uid_t uid, char out[MACHINE_USER_MAX])
{
	pthread_mutex_lock(&machine->lock);
	if (!machine->user_count)
		read_passwd(machine);
	if (!machine_user_known(machine, uid))
		ask_name_service(machine, uid);
	const char *name = machine_user_known(machine, uid);

	if (name)
		memcpy(out, name, MACHINE_USER_MAX);
	else
		snprintf(out, MACHINE_USER_MAX, "%u", (unsigned)uid);
	pthread_mutex_unlock(&machine->lock);
}
