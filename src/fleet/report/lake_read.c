#include "fleet/report/lake_read.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/report/lake.h"

enum { FILE_MAX_BYTES = 64 << 20, HISTORY_MAX = 2000 };

static struct json *load(const char *path)
{
	size_t length;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL);
	struct json *json = bytes ? json_parse(bytes, length, NULL) : NULL;

	free(bytes);
	if (json)
		json_make_safe(json);
	return json;
}

struct json *lake_read_index(const char *root)
{
	char *path = mem_format("%s/evidence_lake/index.json", root);
	struct json *json = load(path);

	free(path);
	return json;
}

/* The row's folder; "" when it is no name of ours, and leads elsewhere. */
static const char *hash_of(const struct json *row)
{
	const char *hash = json_text_or(json_get(row, "hash"), "");

	return strspn(hash, "0123456789abcdef") == strlen(hash) ? hash : "";
}

struct json *lake_read_entry(const char *root, const struct json *row)
{
	const char *hash = hash_of(row);
	char *lake = *hash ? mem_format("%s/evidence_lake", root) : NULL;
	struct json *entry = lake ? lake_load(lake, hash) : NULL;

	free(lake);
	return entry;
}

int lake_read_has_index(const char *root)
{
	char *path = mem_format("%s/evidence_lake/index.json", root);
	int has = !access(path, R_OK);

	free(path);
	return has;
}

static int is(const struct json *json, const char *key, const char *word)
{
	return !strcmp(json_text_or(json_get(json, key), ""), word);
}

int lake_read_is_open(const struct json *finding)
{
	return !json_get(finding, "state") || is(finding, "state", "open");
}

static void count_one(struct lake_read_counts *counts, const struct json *finding)
{
	if (!lake_read_is_open(finding)) {
		counts->suppressed++;
		return;
	}
	for (int class = 0; class < CLASS_COUNT; class++)
		counts->open[class] += (size_t)is(finding, "class", check_class_name((enum check_class)class));
	for (int severity = 0; severity < counts->worst; severity++)
		if (is(finding, "severity", severity_name((enum check_severity)severity)))
			counts->worst = severity;
	counts->one_click += (size_t)is(finding, "fixability", fixability_name(FIX_ONE_CLICK));
}

void lake_read_count(const struct json *entry, struct lake_read_counts *counts)
{
	*counts = (struct lake_read_counts){ .worst = SEVERITY_COUNT };
	for (const struct json *finding = json_first(json_get(entry, "findings")); finding; finding = json_next(finding))
		count_one(counts, finding);
}

static const char *name_of(const struct json *agent)
{
	const char *path = json_text_or(json_get(agent, "path"), "");

	return *path ? path : *json_text_or(json_get(agent, "framework"), "") ? "." : "(none)";
}

const char *lake_read_agent(const struct json *entry)
{
	return name_of(json_get(entry, "agent"));
}

struct json *lake_read_find(const char *root, const char *fingerprint, const struct json **finding, struct error *err)
{
	struct json *index = lake_read_index(root), *found = NULL;

	for (const struct json *row = json_first(json_get(index, "agents")); row && !found; row = json_next(row)) {
		struct json *entry = lake_read_entry(root, row);

		for (*finding = json_first(json_get(entry, "findings")); *finding; *finding = json_next(*finding))
			if (is(*finding, "fingerprint", fingerprint))
				break;
		if (*finding)
			found = entry;
		else
			json_free(entry);
	}
	if (!found)
		error_set(err, ERR_NOT_FOUND, "the last audit of %.150s has no finding %.64s", root, fingerprint);
	json_free(index);
	return found;
}

/* --- history --- */

static struct json *state_of(const struct json *entry)
{
	static const char *const copied[] = { "observed_at", "observed_ns", "content" };
	struct json *json = json_object();
	struct lake_read_counts counts;

	lake_read_count(entry, &counts);
	for (size_t i = 0; i < sizeof(copied) / sizeof(*copied); i++)
		json_set(json, copied[i], json_copy(json_get(entry, copied[i])));
	json_set_int(json, "score", json_int(json_at(entry, "agent.score"), 0));
	for (int class = 0; class < CLASS_COUNT; class++)
		json_set_int(json, check_class_name((enum check_class)class), (int64_t)counts.open[class]);
	return json_set_text(json, "worst", counts.worst < SEVERITY_COUNT ? severity_name((enum check_severity)counts.worst) : "");
}

static int by_time(const void *a, const void *b)
{
	int64_t x = json_int(json_get(*(struct json *const *)a, "observed_ns"), 0), y = json_int(json_get(*(struct json *const *)b, "observed_ns"), 0);

	return (x > y) - (x < y);
}

/* Names of files in there are ours: digits of a digest and ".json". */
static size_t load_states(const char *folder, struct json **states)
{
	DIR *directory = opendir(folder);
	size_t count = 0;

	for (struct dirent *entry; directory && count < HISTORY_MAX && (entry = readdir(directory));) {
		const char *end = strrchr(entry->d_name, '.');

		if (!end || strcmp(end, ".json") != 0)
			continue;
		char *path = mem_format("%s/%s", folder, entry->d_name);
		struct json *json = load(path);

		if (json)
			states[count++] = state_of(json);
		json_free(json);
		free(path);
	}
	if (directory)
		closedir(directory);
	qsort(states, count, sizeof(*states), by_time);
	return count;
}

struct json *lake_read_history(const char *root, const char *agent, struct error *err)
{
	struct json *index = lake_read_index(root), *list = NULL;
	const struct json *row = json_first(json_get(index, "agents"));

	while (row && strcmp(name_of(row), agent) != 0)
		row = json_next(row);
	const char *hash = hash_of(row);

	if (!*hash) {
		error_set(err, ERR_NOT_FOUND, "the last audit of %.150s has no agent %.150s", root, agent);
	} else {
		struct json **states = mem_zero(HISTORY_MAX, sizeof(*states));
		char *folder = mem_format("%s/evidence_lake/%s/history", root, hash);
		size_t count = load_states(folder, states);

		list = json_array();
		for (size_t i = 0; i < count; i++)
			json_add(list, states[i]);
		free(states);
		free(folder);
	}
	json_free(index);
	return list;
}
