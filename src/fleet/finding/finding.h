/* finding.h - what a check found, and where. A list owns its findings and their texts; a worker fills a list of its own for a file,
 * the scan joins them in order of path, so that the result does not depend on threads. */
#ifndef FLEET_FINDING_H
#define FLEET_FINDING_H

#include <stddef.h>

#include "fleet/finding/check.h"

struct arena;
struct json;

/* A place in a file as people count: line and column from 1, columns in characters; bytes for edits. */
struct place {
	size_t offset, length; /* bytes of the file as it lies on the disk; length 0: a whole file, or its absence */
	int line, column, end_line, end_column; /* the end is exclusive */
};

/* Set by `# cockpit-ignore: RULE owner=… reason="…" until=2027-01-01`, by cockpit.yaml, or by a baseline. */
enum finding_state { FINDING_OPEN, FINDING_SUPPRESSED, FINDING_BASELINE };

struct finding {
	const struct check *check;
	const char *rule;     /* "SEC002/aws-key-pair"; begins with check->id */
	const char *message;  /* one sentence of this place; never holds a secret's value; harmless text */
	const char *path;     /* from the root of the report, '/' between, bytes as the disk has them */
	struct place place;
	const struct place *also; /* the second half of a pair in the same file, or NULL */
	const char *symbol;   /* function or section it is in, or NULL */
	const char *agent;    /* path of the agent it belongs to; "" the root, NULL: none */
	/* Secrets only: "AKIA… (20 characters)" and a keyed hash, 16 hex digits. NULL otherwise. */
	const char *redacted, *secret_hash;
	const char *fingerprint; /* set by findings_finish: survives moves of lines */
	const char *fix;         /* what to do here; NULL: check->fix */
	enum check_severity severity;     /* may differ from the check's */
	enum check_fixability fixability; /* of this place: a generator is Structural where the check is 1-Click */
	const char *unfixable;   /* why this one is Structural where its check is 1-Click; NULL: it is not, or the check says it of itself */
	enum finding_state state;
	const char *why;         /* of the state: reason, owner and expiry of a suppression */
	/* The line with the secret blanked (or any text that names the place without its number): only its digest is kept, as 32 hex digits. Of the two
	 * findings_add takes the first that is set. */
	const char *anchor, *anchor_hash;
};

struct findings;

struct findings *findings_new(void);
void findings_free(struct findings *findings);
/* Where this list will be taken behind `before` others: of what is sure to be cut then nothing is kept now. */
void findings_stand_behind(struct findings *findings, size_t before);
/* Copies the texts (check stays a pointer into the catalogue). Past 100,000 (of secrets 200,000) the rest is only counted: findings_cut. Returns the
 * finding as kept, or NULL when it was cut. */
struct finding *findings_add(struct findings *findings, const struct finding *finding);
size_t findings_count(const struct findings *findings);
size_t findings_cut(const struct findings *findings);
struct finding *findings_at(const struct findings *findings, size_t i);
struct arena *findings_arena(struct findings *findings); /* for texts that live as long */
void findings_miss(struct findings *findings, size_t count); /* so many more were seen and are not kept */
void findings_take(struct findings *findings, struct findings *other); /* moves all of them over; frees other */
/* Orders by path, place and rule, drops what is said twice, gives fingerprints: SHA-256 over rule, path and the line's text without
 * white space and with secrets blanked, with an ordinal for equal ones; no line number enters. */
void findings_finish(struct findings *findings);

#endif
