/* heal.h - what can be mended mechanically: the 1-Click findings of a report as edits of files, each with its reason. Nothing is written here: the edits
 * become acts of the files provider, which pass the gate. Edits keep everything else byte for byte, line ends too; a file whose edits would not leave
 * it well-formed is left alone. */
#ifndef FLEET_HEAL_H
#define FLEET_HEAL_H

#include <stddef.h>

struct error;
struct finding;
struct findings;
struct heal;
struct heal_values;
struct json;
struct report;

/* What became of one finding. */
struct heal_fix {
	const struct finding *finding;
	const char *path;    /* of the file edited */
	const char *safe;    /* why the edit is safe; NULL when refused */
	const char *refused; /* why it is not made; NULL when it is */
	int later;           /* refused for now only: an option is missing, or another edit goes first */
};

/* A file and all edits of it. */
struct heal_file {
	const char *path;     /* from the root of the report */
	const char *absolute;
	struct json *edits;   /* as the files provider takes them: [{"offset","length","text"}] */
	struct json *hide;    /* [{"offset","length"}]: bytes of secrets, which no diff shows */
	int is_new;
};

struct heal_options {
	size_t max_files; /* 0: as cockpit.yaml says (max_fix_files), else 200 */
	const char *owner; /* for GOV001; NULL: refused */
	int (*is_wanted)(void *arg, const struct finding *finding); /* 1: it is to be mended; NULL: all are */
	void *arg;
};

/* What repairs put in: checks/heal.yaml, the operator's first. NULL: an error that names the file. Read only afterwards, by any thread. */
struct heal_values *heal_values_load(struct error *err);
void heal_values_free(struct heal_values *values);

/* Tries the repair of each finding whose check is 1-Click, and writes nothing: one whose edit would be refused becomes Structural, and unfixable says
 * why. elsewhere 0: all but those whose edit follows from other files of the tree; 1: only those, of which some may become 1-Click again.
 * Any thread, for findings of its own; the report needs its walk and its units. */
void heal_judge(const struct report *report, const struct heal_values *values, struct findings *findings, int elsewhere);

/* Reads the files again. Never NULL. The report must outlive it. */
struct heal *heal_new(const struct report *report, const struct heal_options *options);
void heal_free(struct heal *heal);
size_t heal_fixes(const struct heal *heal); /* one for each open finding that is wanted and whose check is 1-Click, in order */
const struct heal_fix *heal_fix_at(const struct heal *heal, size_t i);
size_t heal_files(const struct heal *heal); /* with at least one edit, in order of path */
const struct heal_file *heal_file_at(const struct heal *heal, size_t i);

#endif
