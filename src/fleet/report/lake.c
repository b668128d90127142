#include "fleet/report/lake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/agent/agent.h"
#include "fleet/finding/finding.h"
#include "fleet/report/finding_json.h"
#include "fleet/report/report.h"

enum { SCHEMA = 1, ENTRY_MAX_BYTES = 64 << 20, NAME_BYTES = 16, CONTENT_DIGITS = 32 };
/* A file changed within the same tick as it was read may look unchanged later: stats are believed only when they were old enough. */
#define RACY_NS (2 * CLOCK_SECOND_NS)
#define DAY_NS (86400 * CLOCK_SECOND_NS)

void lake_hash(const char *agent_path, char hash[33])
{
	uint8_t digest[SHA256_BYTES];

	sha256(agent_path, strlen(agent_path) + 1, digest);
	hex_format(digest, NAME_BYTES, hash);
}

/* --- reading --- */

struct json *lake_load(const char *lake, const char *hash)
{
	char *path = mem_format("%s/%s/latest.json", lake, hash);
	size_t length;
	char *bytes = file_load(path, ENTRY_MAX_BYTES, &length, NULL);
	struct json *json = bytes ? json_parse(bytes, length, NULL) : NULL;

	free(bytes);
	free(path);
	if (json && json_int(json_get(json, "schema"), 0) == SCHEMA) {
		json_make_safe(json); /* written here it is; but anybody may have put a file there */
		return json;
	}
	json_free(json);
	return NULL;
}

static int is_text(const struct json *json, const char *key, const char *wanted)
{
	const char *text = json_text(json_get(json, key));

	return text && *wanted && !strcmp(text, wanted);
}

/* --- the seal --- */

/* HMAC-SHA-256 over the canonical bytes of everything but the seal itself, in hex. */
static void seal_of(const struct json *entry, const uint8_t *key, char out[SHA256_HEX_MAX])
{
	struct json *bare = json_copy(entry);
	uint8_t digest[SHA256_BYTES];
	struct text text;

	json_remove(bare, "seal");
	text_init(&text, 2 * (size_t)ENTRY_MAX_BYTES);
	json_canonical(bare, &text);
	hmac_sha256(key, SHA256_BYTES, text.data, text.length, digest);
	hex_format(digest, SHA256_BYTES, out);
	text_release(&text);
	json_free(bare);
}

int lake_is_sealed(const struct json *kept, const uint8_t *key)
{
	const char *seal = json_text(json_get(kept, "seal"));
	char wanted[SHA256_HEX_MAX];

	if (!seal)
		return 0;
	seal_of(kept, key, wanted);
	return !strcmp(seal, wanted);
}

int lake_is_current(const struct json *kept, const struct report_unit *unit, int stats, int64_t now_ns)
{
	int64_t observed_ns = json_int(json_get(kept, "observed_ns"), 0);

	if (!json_bool(json_get(kept, "reusable"), 0))
		return 0;
	if (json_bool(json_get(kept, "suppressions"), 0) && observed_ns / DAY_NS != now_ns / DAY_NS)
		return 0; /* one may have ended */
	if (!stats)
		return is_text(kept, "content", unit->content);
	return is_text(kept, "stats", unit->stats) && observed_ns - unit->newest_ns > RACY_NS;
}

int lake_findings(const struct json *kept, const struct checks *checks, struct findings *findings)
{
	for (const struct json *row = json_first(json_get(kept, "findings")); row; row = json_next(row))
		if (finding_from_json(row, checks, findings))
			return -1;
	return 0;
}

/* --- writing --- */

/* Beside it and renamed; a killed process leaves a whole file or a forgotten one. No fsync: what is lost with the power is made again. */
static int write_whole(const char *path, const char *bytes, size_t length, struct error *err)
{
	static atomic_uint number;
	char *beside = mem_format("%s.%ld.%u.new", path, (long)getpid(), atomic_fetch_add(&number, 1));
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644), failed = fd < 0;

	for (size_t at = 0; !failed && at < length;) {
		ssize_t written = write(fd, bytes + at, length - at);

		failed = written < 0 && errno != EINTR;
		at += written > 0 ? (size_t)written : 0;
	}
	if (fd >= 0 && close(fd))
		failed = 1;
	if (!failed)
		failed = rename(beside, path) != 0;
	if (failed)
		error_errno(err, "writing %s", path), unlink(beside);
	free(beside);
	return failed ? -1 : 0;
}

static int write_json(const char *path, const struct json *json, struct error *err)
{
	char *text = json_format(json);
	int failed = write_whole(path, text, strlen(text), err);

	free(text);
	return failed;
}

static struct json *about_agent(const struct report_unit *unit)
{
	struct json *json = json_object();

	json_set_text(json, "path", unit->path);
	json_set_text(json, "hash", unit->hash);
	json_set_text(json, "brain", unit->agent ? unit->agent->brain : "");
	json_set_text(json, "framework", unit->agent ? unit->agent->framework : "");
	json_set_int(json, "score", unit->score);
	json_make_safe(json);
	return json;
}

static int belongs(const struct finding *finding, const struct report_unit *unit)
{
	return unit->agent ? finding->agent && !strcmp(finding->agent, unit->path) : !finding->agent;
}

static struct json *entry_of(const struct report_unit *unit, const struct findings *findings, int reusable)
{
	struct json *json = json_object(), *rows = json_array();
	char at[CLOCK_RFC3339_MAX];
	int suppressions = 0;

	clock_format(unit->observed_ns, at);
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);

		if (!belongs(finding, unit))
			continue;
		suppressions |= finding->state == FINDING_SUPPRESSED;
		json_add(rows, finding_to_json(finding));
	}
	json_set_int(json, "schema", SCHEMA);
	json_set(json, "agent", about_agent(unit));
	json_set_text(json, "observed_at", at);
	json_set_int(json, "observed_ns", unit->observed_ns);
	json_set_text(json, "content", unit->content);
	json_set_text(json, "stats", unit->stats);
	json_set(json, "reusable", json_boolean(reusable));
	json_set(json, "suppressions", json_boolean(suppressions));
	json_set_int(json, "files", (int64_t)unit->files);
	json_set_int(json, "bytes", unit->bytes);
	return json_set(json, "findings", rows);
}

int lake_save(const char *lake, const struct report_unit *unit, const struct findings *findings, int reusable, const uint8_t *key, struct error *err)
{
	struct json *entry = entry_of(unit, findings, reusable);
	char seal[SHA256_HEX_MAX];

	seal_of(entry, key, seal);
	json_set_text(entry, "seal", seal);
	char *history = mem_format("%s/%s/history", lake, unit->hash);
	char *latest = mem_format("%s/%s/latest.json", lake, unit->hash);
	char *dated = mem_format("%s/%.*s.json", history, CONTENT_DIGITS, unit->content);
	int failed = file_make_folder(history, 0755, err);

	if (!failed && access(dated, F_OK))
		failed = write_json(dated, entry, err);
	if (!failed)
		failed = write_json(latest, entry, err);
	free(history);
	free(latest);
	free(dated);
	json_free(entry);
	return failed;
}

int lake_save_index(const char *lake, const struct report_unit *units, size_t count, struct error *err)
{
	struct json *json = json_object(), *rows = json_array();
	char at[CLOCK_RFC3339_MAX];
	char *path = mem_format("%s/index.json", lake);

	clock_format(clock_now_ns(), at);
	for (size_t i = 0; i < count; i++)
		json_add(rows, about_agent(&units[i]));
	json_set_int(json, "schema", SCHEMA);
	json_set_text(json, "observed_at", at);
	json_set(json, "agents", rows);
	int failed = write_json(path, json, err);
	json_free(json);
	free(path);
	return failed;
}
