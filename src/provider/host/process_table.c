#include "provider/host/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"

enum {
	COMMAND_MAX = 4096,
	PROCESSES_MAX = 4 << 20, /* PID_MAX_LIMIT of the kernel */
	SAMPLE_MIN_MS = 50,      /* a shorter one says nothing at 100 ticks a second */
	YOUNG_SCANS = 4,         /* a process changes its arguments and owner mostly when it is young, */
	OLD_SCANS = 16,          /* and seldom afterwards */
	KERNEL_THREAD_FLAG = 0x00200000, /* PF_KTHREAD, include/linux/sched.h */
};

struct process_table {
	struct process *list;
	size_t count;
	int *pids; /* kept between scans: no allocation when nothing grew */
	size_t pid_room;
	int64_t first_ns, last_ns; /* of the scans so far; 0: none */
};

struct process_table *process_table_new(void)
{
	return mem_zero(1, sizeof(struct process_table));
}

static void release(struct process *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(list[i].command);
	free(list);
}

void process_table_free(struct process_table *table)
{
	if (!table)
		return;
	release(table->list, table->count);
	free(table->pids);
	free(table);
}

/* After "pid (name) ": fields 3 to 24 of proc(5). */
static int parse_fields(struct proctext *text, struct process_stat *stat)
{
	int64_t parent, session, terminal, nice, rss;
	uint64_t user, system;
	const char *state;
	size_t length;

	if (proctext_word(text, &state, &length) || proctext_i64(text, &parent) || proctext_skip(text, 1) ||
		proctext_i64(text, &session) || proctext_i64(text, &terminal) || proctext_skip(text, 1) ||
		proctext_u64(text, &stat->flags) || proctext_skip(text, 4) || proctext_u64(text, &user) ||
		proctext_u64(text, &system) || proctext_skip(text, 3) || proctext_i64(text, &nice) ||
		proctext_i64(text, &stat->threads) || proctext_skip(text, 1) || proctext_u64(text, &stat->start_ticks) ||
		proctext_skip(text, 1) || proctext_i64(text, &rss))
		return -1;
	if (user > UINT64_MAX - system)
		return -1;
	stat->state = *state;
	stat->parent = (int)parent;
	stat->session = (int)session;
	stat->terminal = (int)terminal;
	stat->nice = (int)nice;
	stat->ticks = user + system;
	stat->rss_pages = rss;
	return 0;
}

int process_stat_parse(const char *bytes, size_t length, struct process_stat *stat)
{
	const char *open = memchr(bytes, '(', length);
	const char *close = memrchr(bytes, ')', length);
	uint64_t pid;

	if (!open || !close || close < open)
		return -1;
	struct proctext head = proctext_of(bytes, (size_t)(open - bytes));
	struct proctext tail = proctext_of(close + 1, (size_t)(bytes + length - close - 1));

	if (proctext_u64(&head, &pid) || pid > PROCESSES_MAX || parse_fields(&tail, stat))
		return -1;
	stat->pid = (int)pid;
	stat->name_length = (size_t)(close - open - 1);
	if (stat->name_length >= PROCESS_NAME_MAX)
		stat->name_length = PROCESS_NAME_MAX - 1;
	memcpy(stat->name, open + 1, stat->name_length);
	stat->name[stat->name_length] = 0;
	return 0;
}

int process_is_kernel_thread(const struct process_stat *stat)
{
	return (stat->flags & KERNEL_THREAD_FLAG) != 0;
}

/* "PID/file" without stdio: this is called once or twice a process. */
static const char *pid_path(int pid, const char *file, char out[64])
{
	char digits[16];
	size_t count = 0, used = 0;

	do
		digits[count++] = (char)('0' + pid % 10);
	while ((pid /= 10) > 0);
	while (count)
		out[used++] = digits[--count];
	strcpy(out + used, file); /* file is a literal of ours */
	return out;
}

int process_stat_read(const struct machine *machine, int pid, struct process_stat *stat)
{
	char path[64], text[1024];
	ssize_t length = machine_read(machine, machine->proc, pid_path(pid, "/stat", path), text, sizeof(text));

	return length <= 0 ? -1 : process_stat_parse(text, (size_t)length, stat);
}

size_t process_command_join(char *bytes, size_t length)
{
	while (length && !bytes[length - 1])
		length--;
	for (size_t i = 0; i < length; i++)
		if (!bytes[i])
			bytes[i] = ' ';
	return length;
}

static void read_command(const struct machine *machine, struct process *process)
{
	char path[64], text[COMMAND_MAX];
	ssize_t got = -1;

	free(process->command);
	if (!process_is_kernel_thread(&process->stat))
		got = machine_read(machine, machine->proc, pid_path(process->stat.pid, "/cmdline", path), text, sizeof(text));
	process->command_length = got > 0 ? process_command_join(text, (size_t)got) : 0;
	if (process->command_length) {
		process->command = mem_text_n(text, process->command_length);
		return;
	}
	/* Kernel threads and zombies have none: as ps shows them. */
	process->command = mem_alloc(process->stat.name_length + 3);
	process->command_length = process->stat.name_length + 2;
	process->command[0] = '[';
	memcpy(process->command + 1, process->stat.name, process->stat.name_length);
	memcpy(process->command + 1 + process->stat.name_length, "]", 2);
}

void process_unit(const char *cgroup, size_t length, char *out, size_t size)
{
	struct proctext text = proctext_of(cgroup, length), line;

	out[0] = 0;
	while (!proctext_line(&text, &line)) {
		const char *end = line.end, *slash = memrchr(line.at, '/', (size_t)(end - line.at));

		if (!slash || (size_t)(end - slash - 1) >= size || end - slash < 10 || memcmp(end - 8, ".service", 8) != 0)
			continue;
		memcpy(out, slash + 1, (size_t)(end - slash - 1));
		out[end - slash - 1] = 0;
		return;
	}
}

static int compare_pids(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;

	return (left > right) - (left < right);
}

/* struct linux_dirent64 of getdents64(2): one call brings about a thousand names, and libc's opendir would stat besides. */
struct folder_entry {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};

static size_t add_pids(struct process_table *table, size_t count, const char *bytes, size_t length, int *sorted)
{
	for (size_t at = 0; at < length;) {
		const struct folder_entry *entry = (const void *)(bytes + at);
		uint64_t pid;

		at += entry->length;
		if (proctext_number(entry->name, strlen(entry->name), 10, &pid) || pid > PROCESSES_MAX || !pid)
			continue;
		if (count == table->pid_room) {
			table->pid_room = table->pid_room ? table->pid_room * 2 : 256;
			table->pids = mem_resize(table->pids, table->pid_room * sizeof(*table->pids));
		}
		*sorted = *sorted && (!count || table->pids[count - 1] < (int)pid);
		table->pids[count++] = (int)pid;
	}
	return count;
}

static long list_pids(struct process_table *table, const struct machine *machine)
{
	_Alignas(8) char bytes[32768];
	int fd = openat(machine->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), sorted = 1;
	size_t count = 0;
	long got;

	if (fd < 0)
		return -1;
	while ((got = syscall(SYS_getdents64, fd, bytes, sizeof(bytes))) > 0)
		count = add_pids(table, count, bytes, (size_t)got, &sorted);
	close(fd);
	if (!sorted)
		qsort(table->pids, count, sizeof(*table->pids), compare_pids);
	return got < 0 ? -1 : (long)count;
}

static double share(const struct machine *machine, int64_t ticks, int64_t passed_ns)
{
	return (double)ticks / (double)machine->ticks_per_second / ((double)passed_ns / 1e9) * 100;
}

static int is_long_enough(int64_t passed_ns)
{
	return passed_ns >= SAMPLE_MIN_MS * INT64_C(1000000);
}

static void measure(struct process *now, const struct process *before, const struct machine *machine, int64_t at_ns)
{
	int64_t passed_ns = at_ns - before->sampled_ns;

	now->sampled_ns = at_ns;
	now->sampled_ticks = now->stat.ticks;
	now->cpu = before->cpu;
	if (!is_long_enough(passed_ns)) {
		now->sampled_ns = before->sampled_ns;
		now->sampled_ticks = before->sampled_ticks;
	} else if (now->stat.ticks >= before->sampled_ticks) {
		now->cpu = share(machine, (int64_t)(now->stat.ticks - before->sampled_ticks), passed_ns);
	}
}

static uid_t owner_of(const struct machine *machine, int pid)
{
	struct stat info;
	char path[64];

	/* The folder always has the effective user, whatever the process set itself undumpable for. */
	return fstatat(machine->proc, pid_path(pid, "", path), &info, 0) ? (uid_t)-1 : info.st_uid;
}

/* exec keeps pid and start time but nearly always changes the name; a program may also write its own arguments (setproctitle) or let go of
 * root, and no field of /proc/PID/stat tells. So they are looked at again, not in every scan: it costs two calls a process. */
static int may_have_changed(const struct process *now, const struct process *before)
{
	return now->stat.name_length != before->stat.name_length || memcmp(now->stat.name, before->stat.name, now->stat.name_length) != 0 ||
	       now->scans < YOUNG_SCANS || (now->scans + now->stat.pid) % OLD_SCANS == 0;
}

static void carry_over(struct process *now, struct process *before, const struct machine *machine, int64_t at_ns)
{
	now->scans = before->scans + 1;
	now->uid = before->uid;
	now->command = before->command;
	now->command_length = before->command_length;
	before->command = NULL;
	measure(now, before, machine, at_ns);
	if (may_have_changed(now, before)) {
		read_command(machine, now);
		now->uid = owner_of(machine, now->stat.pid);
	}
}

/* Began since the scan before, as far as boot time and clock ticks tell; an old one may also have been hidden from us until now. */
static int is_young(const struct process *now, const struct machine *machine, int64_t passed_ns)
{
	int64_t age_ns = clock_now_ns() - machine->boot_ns - (int64_t)(now->stat.start_ticks * (uint64_t)(CLOCK_SECOND_NS / machine->ticks_per_second));

	return !machine->boot_ns || age_ns < passed_ns + CLOCK_SECOND_NS;
}

/* A process that began after the scan before used all its time since then. */
static void meet(struct process *now, const struct machine *machine, int64_t before_ns, int64_t at_ns)
{
	int64_t passed_ns = at_ns - before_ns;
	int is_known = before_ns && is_long_enough(passed_ns) && is_young(now, machine, passed_ns);

	now->cpu = is_known ? share(machine, (int64_t)now->stat.ticks, passed_ns) : NAN;
	now->scans = 0;
	now->sampled_ns = at_ns;
	now->sampled_ticks = now->stat.ticks;
	now->command = NULL;
	now->uid = owner_of(machine, now->stat.pid);
	read_command(machine, now);
}

int process_table_scan(struct process_table *table, const struct machine *machine, struct error *err)
{
	long pids = list_pids(table, machine);
	size_t count = 0, old = 0;
	int64_t began_ns = clock_monotonic_ns();

	if (pids < 0)
		return error_errno(err, "reading /proc");
	struct process *list = mem_alloc(((size_t)pids + 1) * sizeof(*list));

	for (long i = 0; i < pids; i++) {
		struct process *now = &list[count];

		if (process_stat_read(machine, table->pids[i], &now->stat))
			continue; /* it ended since the folder was read */
		int64_t at_ns = clock_monotonic_ns();

		while (old < table->count && table->list[old].stat.pid < now->stat.pid)
			old++;
		if (old < table->count && table->list[old].stat.pid == now->stat.pid &&
			table->list[old].stat.start_ticks == now->stat.start_ticks)
			carry_over(now, &table->list[old], machine, at_ns);
		else
			meet(now, machine, table->last_ns, at_ns);
		count++;
	}
	release(table->list, table->count);
	table->list = list;
	table->count = count;
	table->last_ns = began_ns;
	if (!table->first_ns)
		table->first_ns = began_ns;
	return 0;
}

int process_table_is_first(const struct process_table *table)
{
	return !is_long_enough(table->last_ns - table->first_ns);
}

size_t process_table_count(const struct process_table *table)
{
	return table->count;
}

const struct process *process_table_at(const struct process_table *table, size_t i)
{
	return i < table->count ? &table->list[i] : NULL;
}

const struct process *process_table_find(const struct process_table *table, int pid)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->list[middle].stat.pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table->count && table->list[low].stat.pid == pid ? &table->list[low] : NULL;
}
