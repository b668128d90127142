#include "provider/host/records.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "provider/host/machine.h"

void records_tell(const struct records *records, const char *kind, const char *name, int64_t at_ns, const char *field, const char *old,
	const char *new_, const char *by)
{
	struct change_record record = { .at_ns = at_ns, .field = field, .old = old, .new_ = new_, .by = by };

	if (at_ns < records->since_ns)
		return;
	snprintf(record.ref.provider, sizeof(record.ref.provider), "host");
	snprintf(record.ref.account, sizeof(record.ref.account), "%s", records->machine->name);
	snprintf(record.ref.kind, sizeof(record.ref.kind), "%s", kind);
	snprintf(record.ref.name, sizeof(record.ref.name), "%s", name);
	records->on_change(records->arg, &record);
}

char *records_tail(const struct records *records, const char *path, size_t max_bytes, int whole_lines, size_t *length)
{
	char full[MACHINE_PATH_MAX], *bytes = NULL;
	struct stat info;

	machine_path(records->machine, path, full);
	int fd = *full ? open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

	*length = 0;
	if (fd >= 0 && !fstat(fd, &info) && S_ISREG(info.st_mode)) {
		size_t size = (size_t)info.st_size < max_bytes ? (size_t)info.st_size : max_bytes;
		off_t start = info.st_size - (off_t)size;
		ssize_t got;

		bytes = mem_alloc(size + 1);
		got = pread(fd, bytes, size, start);
		*length = got > 0 ? (size_t)got : 0;
		if (start && whole_lines) { /* the first line is a piece */
			const char *end = memchr(bytes, '\n', *length);
			size_t skip = end ? (size_t)(end - bytes) + 1 : *length;

			memmove(bytes, bytes + skip, *length - skip);
			*length -= skip;
		}
		bytes[*length] = 0;
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

/* --- what was read last --- */

enum { HOLDS_S = 10 };

struct records_kept {
	struct arena *texts;
	struct change_record *list;
	size_t count;
	int64_t since_ns, read_ns; /* read_ns on the monotonic clock */
};

void records_kept_free(struct records_kept *kept)
{
	if (!kept)
		return;
	arena_free(kept->texts);
	free(kept->list);
	free(kept);
}

static void keep(void *arg, const struct change_record *record)
{
	struct records_kept *kept = arg;
	struct change_record copy = *record;

	copy.field = arena_text(kept->texts, record->field);
	copy.old = record->old ? arena_text(kept->texts, record->old) : NULL;
	copy.new_ = record->new_ ? arena_text(kept->texts, record->new_) : NULL;
	copy.by = arena_text(kept->texts, record->by);
	kept->list = mem_grow(kept->list, kept->count + 1, sizeof(*kept->list));
	kept->list[kept->count++] = copy;
}

static struct records_kept *read_all(const struct machine *machine, int64_t since_ns)
{
	static void (*const parts[])(const struct records *records) = { records_packages, records_logins, records_files, records_services };
	struct records_kept *kept = mem_zero(1, sizeof(*kept));
	const struct records records = { .machine = machine, .since_ns = since_ns, .on_change = keep, .arg = kept };

	kept->texts = arena_new();
	kept->since_ns = since_ns;
	kept->read_ns = clock_monotonic_ns();
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		parts[i](&records);
	return kept;
}

/* Two that ask at once may both read; the later one stays. */
void host_changes(const struct machine *machine, pthread_mutex_t *lock, struct records_kept **kept, int64_t since_ns, const char *kind,
	change_fn on_change, void *arg)
{
	struct records_kept *fresh;

	pthread_mutex_lock(lock);
	int holds = *kept && (*kept)->since_ns <= since_ns && clock_monotonic_ns() - (*kept)->read_ns < HOLDS_S * CLOCK_SECOND_NS;

	pthread_mutex_unlock(lock);
	fresh = holds ? NULL : read_all(machine, since_ns);
	pthread_mutex_lock(lock);
	if (fresh) {
		records_kept_free(*kept);
		*kept = fresh;
	}
	for (size_t i = 0; i < (*kept)->count; i++)
		if ((*kept)->list[i].at_ns >= since_ns && (!kind || !strcmp((*kept)->list[i].ref.kind, kind)))
			on_change(arg, &(*kept)->list[i]);
	pthread_mutex_unlock(lock);
}
