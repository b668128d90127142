/* lake.h - the evidence lake: evidence_lake/HASH/latest.json for each agent and HASH/history/CONTENT.json for each state it was seen in. Files are
 * written beside and renamed: any number of processes may write at once, and a killed one leaves whole files. */
#ifndef FLEET_LAKE_H
#define FLEET_LAKE_H

#include <stddef.h>
#include <stdint.h>

struct checks;
struct error;
struct findings;
struct json;
struct report_unit;

/* Name of an agent's folder: 32 hex digits of its path. */
void lake_hash(const char *agent_path, char hash[33]);
/* latest.json of a unit, or NULL: none, or not one of ours. Yours. */
struct json *lake_load(const char *lake, const char *hash);
/* Entries lie in the audited tree, which may be anybody's: each carries a seal over all else that stands in it, made with the key of this machine's
 * user (32 bytes). What is not sealed so is no reason not to look again. */
int lake_is_sealed(const struct json *kept, const uint8_t *key);
/* Whether what is kept is of this content (stats 0) or these stats (stats 1), made by this program, and may still be believed. */
int lake_is_current(const struct json *kept, const struct report_unit *unit, int stats, int64_t now_ns);
/* The kept findings. -1: they cannot all be read: scan again. */
int lake_findings(const struct json *kept, const struct checks *checks, struct findings *findings);
/* Findings of the unit are those of the list whose agent is the unit's. reusable 0: something was not read, the next run looks again. */
int lake_save(const char *lake, const struct report_unit *unit, const struct findings *findings, int reusable, const uint8_t *key, struct error *err);
/* index.json: one row an agent; written last. */
int lake_save_index(const char *lake, const struct report_unit *units, size_t count, struct error *err);

#endif
