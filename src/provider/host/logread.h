/* logread.h - lines of a file or of the journal, from the end backwards to where they were asked for, then as they come. */
#ifndef PROVIDER_HOST_LOGREAD_H
#define PROVIDER_HOST_LOGREAD_H

#include <stddef.h>

#include "estate/provider.h"

enum { LOGREAD_LINE_MAX = 65536 }; /* longer lines are cut there */

/* source is told with each line. Follows by inotify; sees truncation and rotation. */
int logread_file(const char *path, const char *source, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err);
/* unit NULL: all of the journal. */
int logread_journal(const char *unit, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err);
/* One line of `journalctl -o json`: 0, or the on_line's answer; lines that are no object are skipped. */
int logread_journal_line(const char *bytes, size_t length, log_line_fn on_line, void *arg);
/* What ref's log is: a service's unit, a log of the table, a process' unit or open log file. */
struct machine;
int host_logs(struct machine *machine, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg,
	struct error *err);

#endif
