/* private.h - for src/fleet/report*.c only: an audit while it is made. */
#ifndef FLEET_REPORT_PRIVATE_H
#define FLEET_REPORT_PRIVATE_H

#include <stdatomic.h>

#include "fleet/report/report.h"

struct agents;
struct deps;
struct kept_out;
struct secret_rules;

/* Files of one unit, scanned by one thread: all of an agent, or some of the rest. */
struct item {
	size_t unit, first, count; /* of report->order */
	struct findings *findings;
	struct report_note *notes; /* texts in the findings' arena */
	size_t note_count;
	int done;
};

struct report {
	struct report_options options;
	char *root, *lake; /* lake NULL: none */
	struct arena *arena;
	struct checks *checks;
	struct secret_rules *rules;
	struct heal_values *heal_values;
	struct kept_out *kept_out;
	struct walk *walk;
	struct agents *agents;
	struct deps *deps; /* NULL: not asked for */
	struct registry *registry; /* NULL: not asked */
	struct report_unit *units;
	size_t unit_count;
	size_t *order;      /* files of the walk, unit after unit; links are left out */
	size_t *first_of;   /* of each unit in it; one more at the end */
	uint8_t (*digests)[SHA256_BYTES]; /* of each file in order */
	struct findings *findings;
	struct report_note *notes;
	size_t note_count;
	int *unread;        /* of each unit: something of it was not read, or not whole */
	uint8_t hash_key[SHA256_BYTES];
	atomic_size_t files_done;
	atomic_llong bytes_done;
	int64_t begun_ns, begun_monotonic_ns, duration_ns;
};

/* Text in the report's arena. */
void report_note(struct report *report, const char *path, int failed, const char *text);
/* Scans units[i] with kept == 0; findings and notes are in the report afterwards. */
void report_scan(struct report *report);
/* Takes from the lake what did not change: sets kept, adds the findings. */
void report_take_kept(struct report *report);
void report_save(struct report *report);
/* Each unit's score, from finished findings. */
void report_score(struct report *report);
/* Thresholds, baseline, counts. 0, or -1: the baseline cannot be read. */
int report_judge(struct report *report, struct error *err);

#endif
