/* records.h - what this machine itself has on record of changes: packages (dpkg), logins and boots (wtmp), states of services (the
 * journal), files below /etc by their time. Each part reads the end of its source and calls on_change for what is new enough. */
#ifndef PROVIDER_HOST_RECORDS_H
#define PROVIDER_HOST_RECORDS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "estate/provider.h"

struct machine;

struct records {
	const struct machine *machine;
	int64_t since_ns;
	change_fn on_change;
	void *arg;
};

void records_tell(const struct records *records, const char *kind, const char *name, int64_t at_ns, const char *field, const char *old,
	const char *new_, const char *by);
/* The last max_bytes of ROOT + path, from the beginning of a line when whole_lines. You own it; NULL: none. */
char *records_tail(const struct records *records, const char *path, size_t max_bytes, int whole_lines, size_t *length);

void records_packages(const struct records *records); /* dpkg.log; who, by apt's history */
void records_logins(const struct records *records);   /* wtmp(5) */
void records_files(const struct records *records);    /* below /etc */
void records_services(const struct records *records); /* the journal; nothing without systemd */
/* One line of `journalctl -o json`. For tests. */
void records_service_line(const struct records *records, const char *bytes, size_t length);

/* All of them. What was read is told again for ten seconds: a dashboard asks with every change it
 * hears of. kept begins NULL and is guarded by lock, which is held while on_change is called. */
struct records_kept;
void host_changes(const struct machine *machine, pthread_mutex_t *lock, struct records_kept **kept, int64_t since_ns, const char *kind,
	change_fn on_change, void *arg);
void records_kept_free(struct records_kept *kept);

#endif
