/* Packages as dpkg logs them (dpkg(1), --log), and who asked for it as apt logs it (apt's history.log, "Requested-By: ana (1000)"; where apt
 * knows no user it was apt). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "provider/host/machine.h"
#include "provider/host/proctext.h"
#include "provider/host/records.h"

enum { LOG_MAX_BYTES = 4 << 20, USER_MAX = 64, STAMP_MAX = 40 };

struct asked { /* one run of apt */
	int64_t begin_ns, end_ns;
	char by[USER_MAX];
};

struct runs {
	struct asked *list;
	size_t count;
};

/* "2026-11-29  21:50:35", in local time. 0: none. */
static int64_t stamp(const char *text, size_t length)
{
	char copy[STAMP_MAX];
	struct tm tm = { .tm_isdst = -1 };

	snprintf(copy, sizeof(copy), "%.*s", length < sizeof(copy) ? (int)length : (int)sizeof(copy) - 1, text);
	if (!strptime(copy, "%Y-%m-%d %H:%M:%S", &tm))
		return 0;
	tm.tm_isdst = -1;
	time_t at = mktime(&tm);

	return at > 0 ? (int64_t)at * CLOCK_SECOND_NS : 0;
}

static void take_line(struct runs *runs, struct proctext line)
{
	struct asked *last = runs->count ? &runs->list[runs->count - 1] : NULL;

	if (proctext_after(&line, "Start-Date: ")) {
		runs->list = mem_grow(runs->list, runs->count + 1, sizeof(*runs->list));
		runs->list[runs->count++] = (struct asked){ .begin_ns = stamp(line.at, (size_t)(line.end - line.at)), .end_ns = INT64_MAX };
	} else if (last && proctext_after(&line, "Requested-By: ")) {
		const char *word;
		size_t length;

		if (!proctext_word(&line, &word, &length))
			snprintf(last->by, sizeof(last->by), "%.*s", length < sizeof(last->by) ? (int)length : (int)sizeof(last->by) - 1, word);
	} else if (last && proctext_after(&line, "End-Date: ")) {
		last->end_ns = stamp(line.at, (size_t)(line.end - line.at));
	}
}

static void load_runs(const struct records *records, struct runs *runs)
{
	size_t length;
	char *bytes = records_tail(records, "/var/log/apt/history.log", LOG_MAX_BYTES, 1, &length);
	struct proctext text = proctext_of(bytes ? bytes : "", length), line;

	while (!proctext_line(&text, &line))
		take_line(runs, line);
	free(bytes);
}

static const char *who(const struct runs *runs, int64_t at_ns)
{
	for (size_t i = runs->count; i-- > 0;)
		if (runs->list[i].begin_ns <= at_ns && at_ns <= runs->list[i].end_ns)
			return *runs->list[i].by ? runs->list[i].by : "apt";
	return "";
}

static void copy_word(struct proctext *line, char *out, size_t size)
{
	const char *word;
	size_t length;

	*out = 0;
	if (!proctext_word(line, &word, &length))
		snprintf(out, size, "%.*s", length < size ? (int)length : (int)size - 1, word);
}

/* "DATE TIME install|upgrade|remove|purge NAME:ARCH OLD NEW"; "<none>" is no version. */
static void tell_line(const struct records *records, const struct runs *runs, struct proctext line)
{
	static const char *const actions[] = { "install", "upgrade", "remove", "purge" };
	char action[16], name[256], old[128], new_[128];
	const char *begin = line.at;
	int known = 0;

	if (proctext_skip(&line, 2))
		return;
	copy_word(&line, action, sizeof(action));
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		known |= !strcmp(action, actions[i]);
	if (!known)
		return; /* "status unpacked …" and the like: steps on the way */
	copy_word(&line, name, sizeof(name));
	copy_word(&line, old, sizeof(old));
	copy_word(&line, new_, sizeof(new_));
	name[strcspn(name, ":")] = 0;
	const char *before = !strcmp(old, "<none>") ? NULL : old, *after = !strcmp(new_, "<none>") ? NULL : new_;
	int64_t at_ns = stamp(begin, 19);

	if (*name && at_ns && (before || after) && !(before && after && !strcmp(before, after)))
		records_tell(records, "packages", name, at_ns, "version", before, after, who(runs, at_ns));
}

/* Lines begin with their time in a form that sorts: older ones are passed over without reading them. */
static void since_stamp(const struct records *records, char out[STAMP_MAX])
{
	time_t since = (time_t)(records->since_ns / CLOCK_SECOND_NS);
	struct tm tm;

	if (!localtime_r(&since, &tm) || !strftime(out, STAMP_MAX, "%Y-%m-%d %H:%M:%S", &tm))
		*out = 0;
}

static void tell_file(const struct records *records, const struct runs *runs, const char *path)
{
	char since[STAMP_MAX];
	size_t length;
	char *bytes = records_tail(records, path, LOG_MAX_BYTES, 1, &length);
	struct proctext text = proctext_of(bytes ? bytes : "", length), line;

	since_stamp(records, since);
	while (!proctext_line(&text, &line))
		if (line.end - line.at > 20 && memcmp(line.at, since, strlen(since)) >= 0)
			tell_line(records, runs, line);
	free(bytes);
}

void records_packages(const struct records *records)
{
	struct runs runs = { 0 };

	load_runs(records, &runs);
	tell_file(records, &runs, "/var/log/dpkg.log.1");
	tell_file(records, &runs, "/var/log/dpkg.log");
	free(runs.list);
}
