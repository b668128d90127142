/* process_table.h - the processes of /proc, as they were at the last scan. What does not change while pid and start
 * time stay (command line, owner's name) is read once. Behind machine->lock. */
#ifndef PROVIDER_HOST_PROCESS_TABLE_H
#define PROVIDER_HOST_PROCESS_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct machine;
struct process_table;

enum { PROCESS_NAME_MAX = 64 }; /* the kernel's own is 16; kernel threads show up to 63 */

/* Fields of /proc/PID/stat, proc(5). */
struct process_stat {
	int pid, parent, session, terminal;
	char state;
	uint64_t ticks;       /* user and system time */
	uint64_t start_ticks; /* after boot: with pid, it names a process for good */
	int nice;
	int64_t threads, rss_pages;
	uint64_t flags;
	char name[PROCESS_NAME_MAX]; /* as the kernel has it: any bytes */
	size_t name_length;
};

struct process {
	struct process_stat stat;
	uid_t uid;
	char *command;          /* arguments joined by blanks, or [name] of a kernel thread; any bytes */
	size_t command_length;
	double cpu;             /* percent of one core since the sample before; NAN unknown */
	uint64_t sampled_ticks; /* at sampled_ns (monotonic) */
	int64_t sampled_ns;
	int scans;              /* how many saw it before this one */
};

/* 0, or -1 when it is not such a line (a process that went away while it was read). The name may hold anything,
 * ')' and newlines too: it ends at the last ')'. */
int process_stat_parse(const char *bytes, size_t length, struct process_stat *stat);
int process_stat_read(const struct machine *machine, int pid, struct process_stat *stat); /* -1: gone */
/* Arguments of /proc/PID/cmdline: NULs become blanks; returns the new length. */
size_t process_command_join(char *bytes, size_t length);
/* Its service out of /proc/PID/cgroup: "nginx.service", or "" . */
void process_unit(const char *cgroup, size_t length, char *out, size_t size);
int process_is_kernel_thread(const struct process_stat *stat);

struct process_table *process_table_new(void);
void process_table_free(struct process_table *table);
/* Reads them all. Processes that vanish meanwhile are left out. -1 only when /proc cannot be read. */
int process_table_scan(struct process_table *table, const struct machine *machine, struct error *err);
/* 1 when CPU is unknown: no two scans far enough apart yet. */
int process_table_is_first(const struct process_table *table);
size_t process_table_count(const struct process_table *table);
const struct process *process_table_at(const struct process_table *table, size_t i); /* ascending pid */
const struct process *process_table_find(const struct process_table *table, int pid);

#endif
