/* check.h - the catalogue of checks: what a rule id means, as data (checks/catalogue.yaml and the operator's checks/).
 * A finding carries the id, with a detail after a slash ("SEC002/aws-key-pair"); everything else said of it stands here. */
#ifndef FLEET_CHECK_H
#define FLEET_CHECK_H

#include <stddef.h>

struct checks;
struct error;
struct json;

/* Ordered: the first is the worst. */
enum check_severity { SEVERITY_CRITICAL, SEVERITY_HIGH, SEVERITY_MEDIUM, SEVERITY_LOW, SEVERITY_INFO, SEVERITY_COUNT };
enum check_class { CLASS_SECRET, CLASS_ARCHITECTURE, CLASS_POLICY, CLASS_COUNT };
enum check_fixability { FIX_STRUCTURAL, FIX_ONE_CLICK };

struct check {
	const char *id;       /* "REL001" */
	const char *title, *detect, *fix, *persona; /* persona: "SecOps" */
	const char *const *sources;                 /* "OWASP-LLM10", NULL-terminated */
	enum check_severity severity;
	enum check_class class;
	enum check_fixability fixability;
	const struct json *match; /* a house rule's own pattern and scope, or NULL: found by code. Valid until checks_free */
	const char *file;         /* it stands in, and where */
	int line;
};

/* Every file of the area "checks": the operator's first, a row of theirs replaces the built-in one of the same id. NULL: an error that names
 * file and line. */
struct checks *checks_load(struct error *err);
struct checks *checks_load_file(const char *path, struct error *err); /* one file alone, for lint; it may hold no checks at all */
void checks_free(struct checks *checks);
size_t checks_count(const struct checks *checks);
const struct check *checks_at(const struct checks *checks, size_t i); /* ordered by id */
/* Of an id with or without a detail; NULL: unknown. Valid until checks_free. */
const struct check *checks_find(const struct checks *checks, const char *rule);
/* SHA-256 in hex over all rules and their files: part of the key under which results are kept. */
const char *checks_version(const struct checks *checks);

const char *severity_name(enum check_severity severity);     /* "critical" */
const char *check_class_name(enum check_class class);        /* "secret" */
const char *fixability_name(enum check_fixability fixability); /* "1-Click" */

#endif
