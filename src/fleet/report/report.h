/* report.h - one audit of a tree of agents: walk, discover, scan, judge. Writers of every format read it; it holds no secret's value. */
#ifndef FLEET_REPORT_H
#define FLEET_REPORT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "fleet/finding/finding.h"

struct agent;
struct deps;
struct error;
struct heal_values;
struct registry;
struct registry_options;
struct report;
struct walk;

struct report_progress {
	size_t files, files_total;
	int64_t bytes;
	int64_t elapsed_ns;
};

struct report_options {
	const char *path;     /* a folder, or one file */
	const char *lake;     /* folder of kept results; NULL: evidence_lake below path; "": keeps none */
	const char *baseline; /* an earlier report as JSON: what it has does not count; NULL: none */
	int threads;          /* 0: one a processor, at most 16 */
	int afresh;           /* unchanged agents are scanned too */
	int no_vectorscan;
	int archives;         /* secrets in files inside archives, too */
	int history;          /* secrets in what any commit brought, too */
	int dependencies;     /* manifests and lock files are read: report_deps */
	const struct registry_options *registry; /* indices are asked about them; NULL: no network. Its deadline holds */
	const atomic_int *cancelled;
	void (*progress)(void *arg, const struct report_progress *progress); /* on the calling thread, at most ten times a second; NULL */
	void *arg;
};

enum { AGENT_HASH_MAX = 33, REPORT_ERROR_EXIT = 3 };

/* Whether the findings are those kept in the lake because nothing changed, and how that was seen. */
enum report_kept { KEPT_NOT, KEPT_BY_STATS, KEPT_BY_CONTENT };

/* Files below an agent's folder; the last unit of a report may be the files that belong to no agent (agent NULL). */
struct report_unit {
	const struct agent *agent;
	const char *path;           /* of the agent; "" */
	char hash[AGENT_HASH_MAX];  /* of its path: names its folder in the lake */
	char content[SHA256_HEX_MAX]; /* of its files, the rules and the program: equal means nothing to scan again */
	char stats[SHA256_HEX_MAX]; /* of names, sizes and times, to see that without reading */
	int64_t newest_ns, observed_ns;
	int score;                  /* 0 to 100 */
	enum report_kept kept;
	size_t files;
	int64_t bytes;
	size_t open[CLASS_COUNT], by_severity[SEVERITY_COUNT]; /* findings that count */
	size_t suppressed, known;   /* known: in the baseline */
};

/* A file that was not looked at, or not whole. failed: it should have been. */
struct report_note {
	const char *path, *text;
	int failed;
};

/* NULL: no report could be made (exit status 3); err says why. */
struct report *report_run(const struct report_options *options, struct error *err);
void report_free(struct report *report);

const struct checks *report_checks(const struct report *report);
const struct walk *report_walk(const struct report *report);
const struct heal_values *report_heal_values(const struct report *report);
const char *report_root(const struct report *report); /* absolute path of the folder */
const struct findings *report_findings(const struct report *report); /* finished: ordered, with fingerprints and states */
size_t report_units(const struct report *report);
const struct report_unit *report_unit_at(const struct report *report, size_t i); /* agents in order of path, then the rest */
size_t report_notes(const struct report *report);
const struct report_note *report_note_at(const struct report *report, size_t i);
size_t report_files(const struct report *report);
int64_t report_bytes(const struct report *report);
int64_t report_begun_ns(const struct report *report);
int64_t report_duration_ns(const struct report *report);
const struct deps *report_deps(const struct report *report); /* NULL: not asked for */
const struct registry *report_registry(const struct report *report); /* NULL: not asked */
const char *report_engine(const struct report *report); /* of the secret scan */
/* 0 passed; 1 a secret; 2 architecture or policy of severity above low; 3 nothing found but something could not be read: the lowest that applies. */
int report_exit(const struct report *report);

#endif
