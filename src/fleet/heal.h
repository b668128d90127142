/* heal.h - what can be mended mechanically: the 1-Click findings of a report as edits of files, each with its reason. Nothing is written here: the edits
 * become acts of the files provider, which pass the gate. Edits keep everything else byte for byte, line ends too; a file whose edits would not leave
 * it well-formed is left alone. */
#ifndef FLEET_HEAL_H
#define FLEET_HEAL_H

#include <stddef.h>

struct error;
struct finding;
struct heal;
struct json;
struct report;

/* What became of one finding. */
struct heal_fix {
	const struct finding *finding;
	const char *path;    /* of the file edited */
	const char *safe;    /* why the edit is safe; NULL when refused */
	const char *refused; /* why it is not made; NULL when it is */
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

/* Reads the files again. NULL: checks/heal.yaml cannot be used. The report must outlive it. */
struct heal *heal_new(const struct report *report, const struct heal_options *options, struct error *err);
void heal_free(struct heal *heal);
size_t heal_fixes(const struct heal *heal); /* one for each open 1-Click finding that is wanted, in order */
const struct heal_fix *heal_fix_at(const struct heal *heal, size_t i);
size_t heal_files(const struct heal *heal); /* with at least one edit, in order of path */
const struct heal_file *heal_file_at(const struct heal *heal, size_t i);

#endif
