/* Vacuum of logs: what is gone is gone, so the preview says so and names every file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/process.h"
#include "base/safe.h"
#include "estate/kind.h"
#include "provider/host/acts.h"
#include "provider/host/logfiles.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"

enum { VACUUM_TIMEOUT_MS = 300000, NAMED_MAX = 50 };
static const char gone[] = "cannot be undone: removed log lines are gone";

/* "500M", 1048576: bytes to keep. */
static int keep_of(const struct act_request *request, int64_t *bytes, struct error *err)
{
	const struct json *param = json_get(request->params, "keep");
	const char *text = json_text(param);
	static const char units[] = "KMGT";
	uint64_t number;
	size_t digits = text ? strspn(text, "0123456789") : 0;

	*bytes = json_int(param, text ? -1 : 0);
	if (text && !proctext_number(text, digits, 10, &number)) {
		const char *unit = text[digits] ? strchr(units, text[digits]) : NULL;
		unsigned shift = unit ? (unsigned)(unit - units + 1) * 10 : 0;

		if ((unit || !text[digits]) && number <= (uint64_t)INT64_MAX >> shift)
			*bytes = (int64_t)(number << shift);
	}
	return *bytes >= 0 ? 0 : error_set(err, ERR_INVALID, "keep is a size: 500M, 2G, or bytes");
}

static int observe_journal(struct machine *machine, const struct act_request *request, struct json **state, struct error *err)
{
	(void)request;
	if (journal_size(machine) < 0)
		return error_set(err, ERR_NOT_FOUND, "this machine keeps no journal");
	*state = json_set_text(json_object(), "name", "journal"); /* its size grows with every line: no part of the state */
	return 0;
}

static int preview_journal(struct machine *machine, const struct act_request *request, struct act_preview *preview, struct error *err)
{
	int64_t keep, size = journal_size(machine);

	if (keep_of(request, &keep, err))
		return -1;
	if (size < 0)
		return error_set(err, ERR_NOT_FOUND, "this machine keeps no journal");
	preview->before = json_set_int(json_object(), "size_bytes", size);
	preview->after = json_set_int(json_object(), "size_bytes_at_most", size < keep ? size : keep);
	preview->blast = json_array();
	snprintf(preview->undo_text, sizeof(preview->undo_text), "%s", gone);
	return 0;
}

static int do_journal(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err)
{
	char option[64];
	const char *const argv[] = { "journalctl", option, NULL };
	const struct process_request vacuum = { .argv = argv, .timeout_ms = VACUUM_TIMEOUT_MS, .cancelled = request->cancelled };
	struct process_result ended = { 0 };
	int64_t keep, before = journal_size(machine);

	if (keep_of(request, &keep, err))
		return -1;
	if (!machine_is_here(machine))
		return error_set(err, ERR_INVALID, "host.root is set: that journal is not this machine's");
	snprintf(option, sizeof(option), "--vacuum-size=%lld", (long long)keep);
	int status = process_run(&vacuum, &ended, err);

	if (!status && ended.status) {
		char said[160];

		safe_copy(said, sizeof(said), ended.errors ? ended.errors : "", ended.errors ? strlen(ended.errors) : 0);
		status = error_set(err, ERR_IO, "journalctl ended with status %d: %s", ended.status, said);
	}
	process_release(&ended);
	if (status)
		return status;
	result->output = json_set_int(json_object(), "size_bytes_before", before);
	json_set_int(result->output, "size_bytes_after", journal_size(machine));
	return 0;
}

static int reconcile_journal(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	int64_t keep, size = journal_size(machine);

	if (keep_of(request, &keep, err))
		return -1;
	*outcome = size <= keep ? ACT_DONE : ACT_UNKNOWN; /* active files are never removed, so more may rightly stay */
	return 0;
}

static int truncates(const struct act_request *request)
{
	return !strcmp(act_param(request, "what"), "truncate");
}

static int find(struct machine *machine, const struct act_request *request, struct logfile *file, struct error *err)
{
	if (!logfile_find(machine, request->ref->name, file))
		return 0;
	return error_set(err, ERR_NOT_FOUND, "there is no log file %.180s", request->ref->name);
}

struct names {
	struct json *list;
	int64_t bytes, removed_bytes;
	int failed;
};

static void add_name(void *arg, int folder, const char *name, int64_t size_bytes)
{
	struct names *names = arg;
	char safe[256];

	(void)folder;
	safe_copy(safe, sizeof(safe), name, strlen(name));
	names->bytes += size_bytes;
	if (json_count(names->list) < NAMED_MAX)
		json_add(names->list, json_string(safe));
}

/* Which rotated files there are is the state: one more, and the approval was for other ones. */
static int observe_file(struct machine *machine, const struct act_request *request, struct json **state, struct error *err)
{
	struct logfile file;

	if (find(machine, request, &file, err))
		return -1;
	*state = json_set_int(json_object(), "inode", (int64_t)file.inode);
	json_set_int(*state, "rotated", (int64_t)file.rotated);
	json_set_int(*state, "rotated_bytes", file.rotated_bytes);
	return 0;
}

static int preview_file(struct machine *machine, const struct act_request *request, struct act_preview *preview, struct error *err)
{
	struct logfile file;
	struct names names = { 0 };

	if (find(machine, request, &file, err))
		return -1;
	if (!truncates(request) && !file.rotated)
		return error_set(err, ERR_CONFLICT, "%.150s has no rotated files; what=truncate empties the log itself", file.name);
	preview->before = json_set_int(json_object(), "size_bytes", file.size_bytes);
	preview->after = json_set_int(json_object(), "size_bytes", truncates(request) ? 0 : file.size_bytes);
	names.list = json_array();
	logfile_rotated_each(machine, file.name, add_name, &names);
	json_set_int(preview->before, "rotated_bytes", names.bytes);
	json_set_int(preview->after, "rotated_bytes", truncates(request) ? names.bytes : 0);
	json_set(preview->before, "rotated", truncates(request) ? json_integer((int64_t)file.rotated) : json_copy(names.list));
	json_set(preview->after, "rotated", truncates(request) ? json_integer((int64_t)file.rotated) : json_array());
	json_free(names.list);
	preview->blast = json_array();
	snprintf(preview->undo_text, sizeof(preview->undo_text), "%s", gone);
	return 0;
}

static void remove_one(void *arg, int folder, const char *name, int64_t size_bytes)
{
	struct names *names = arg;

	if (unlinkat(folder, name, 0))
		names->failed = errno;
	else
		names->removed_bytes += size_bytes;
}

/* The writer keeps its descriptor, so the log is emptied in place; a link is never followed. */
static int empty(const struct machine *machine, const struct logfile *file, struct error *err)
{
	char path[MACHINE_PATH_MAX + 512];
	struct stat info;

	logfile_path(machine, file->name, path, sizeof(path));
	int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_errno(err, "opening %.150s", path);
	int failed = fstat(fd, &info) || !S_ISREG(info.st_mode) || info.st_ino != file->inode || ftruncate(fd, 0);
	int status = failed ? error_errno(err, "emptying %.150s", path) : 0;

	close(fd);
	return status;
}

static int do_file(struct machine *machine, const struct act_request *request, struct act_result *result, struct error *err)
{
	struct logfile before, after;
	struct names names = { 0 };

	if (find(machine, request, &before, err))
		return -1;
	if (request->state && json_int(json_get(request->state, "inode"), -1) != (int64_t)before.inode)
		return error_set(err, ERR_CONFLICT, "%.180s is another file now: it was rotated", before.name);
	if (truncates(request)) {
		if (empty(machine, &before, err))
			return -1;
	} else {
		logfile_rotated_each(machine, before.name, remove_one, &names);
		if (names.failed) {
			errno = names.failed;
			return error_errno(err, "removing rotated files of %.120s (%lld bytes are gone)", before.name, (long long)names.removed_bytes);
		}
	}
	if (find(machine, request, &after, err))
		return -1;
	result->output = json_set_int(json_object(), "bytes_before", before.size_bytes + before.rotated_bytes);
	json_set_int(result->output, "bytes_after", after.size_bytes + after.rotated_bytes);
	return 0;
}

static int reconcile_file(struct machine *machine, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	struct logfile file;

	if (find(machine, request, &file, err))
		return -1;
	if (truncates(request)) /* it may have grown again since */
		*outcome = file.size_bytes == 0 ? ACT_DONE : ACT_UNKNOWN;
	else
		*outcome = file.rotated == 0 ? ACT_DONE : ACT_NOT_DONE;
	return 0;
}

const struct host_act act_vacuum_journal = { .kind = "logs", .verb = "vacuum", .observe = observe_journal, .preview = preview_journal,
	.act = do_journal, .reconcile = reconcile_journal };
const struct host_act act_vacuum_file = { .kind = "logs", .verb = "vacuum", .observe = observe_file, .preview = preview_file, .act = do_file,
	.reconcile = reconcile_file };
