/* machine.h - where this machine's facts are read from, and what earlier readings left for rates.
 * A list may run on any worker; what they share is behind `lock`, never held while waiting. */
#ifndef PROVIDER_HOST_MACHINE_H
#define PROVIDER_HOST_MACHINE_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct config;
struct error;
struct process_table;
struct rates;
struct socket_owners;
struct trends;

enum { MACHINE_PATH_MAX = 512, MACHINE_NAME_MAX = 128, MACHINE_USER_MAX = 33 };

enum machine_services { SERVICES_NONE, SERVICES_SYSTEMD, SERVICES_SYSV };

struct machine {
	char name[MACHINE_NAME_MAX];           /* the account of every row */
	char root[MACHINE_PATH_MAX];           /* "" this machine itself, else a folder that stands for / */
	char init_folder[MACHINE_PATH_MAX];    /* /etc/init.d */
	char log_folder[MACHINE_PATH_MAX];     /* /var/log */
	int proc, sys;                         /* kept folders; -1 absent */
	long page_bytes, ticks_per_second;
	int64_t boot_ns;                       /* when it booted; 0 unknown */
	const struct config *config;           /* borrowed; NULL in tests */
	pthread_mutex_t lock;
	struct process_table *processes;
	struct rates *rates;                   /* counters of the last reading, for disks, interfaces, CPU */
	struct trends *trends;                 /* of file systems */
	struct socket_owners *owners;
	struct user_name *users;
	size_t user_count;
};

/* root NULL or "": this machine. init_folder, log_folder NULL: those below root. ERR_NOT_FOUND when there is no /proc. */
int machine_open(struct machine *machine, const char *root, const char *init_folder, const char *log_folder, struct error *err);
void machine_close(struct machine *machine);
/* A file below /proc or /sys into a buffer of the caller's, NUL-terminated, cut at size - 1. Its length, or -1 (errno). */
ssize_t machine_read(const struct machine *machine, int folder, const char *path, char *out, size_t size);
/* The same for texts of any length up to max_bytes (tables of sockets, mounts). You own it; NULL + errno. */
char *machine_load(const struct machine *machine, int folder, const char *path, size_t max_bytes, size_t *length);
/* One number in a file of /sys or /proc; `otherwise` when there is none. */
int64_t machine_number(const struct machine *machine, int folder, const char *path, int64_t otherwise);
/* ROOT + path. */
void machine_path(const struct machine *machine, const char *path, char out[MACHINE_PATH_MAX]);
int machine_is_here(const struct machine *machine); /* 1: no root set, so its tools may be asked */
enum machine_services machine_services(const struct machine *machine);
/* Name of a user, out of ROOT/etc/passwd, then the system's name service; the number when it has none. Takes the lock. */
void machine_user(struct machine *machine, uid_t uid, char out[MACHINE_USER_MAX]);
/* One already asked for; NULL: not known. Call with the lock held; valid until it is released. */
const char *machine_user_known(const struct machine *machine, uid_t uid);

#endif
