/* file_edits.h - edits of files of this machine as one plan, for those who know files and edits and need not know how an estate names them. */
#ifndef GATE_FILE_EDITS_H
#define GATE_FILE_EDITS_H

#include <stddef.h>

struct error;
struct gate;
struct json;
struct plan;

/* One step of the plan. All of it stays the caller's. */
struct gate_file_edits {
	const char *path;         /* absolute; a file that is not there is made */
	const struct json *edits; /* as the files provider takes them: [{"offset","length","text"}] */
	const struct json *hide;  /* [{"offset","length"}]: bytes of secrets, which no diff shows */
	const char *because;
};

/* In order; at most 500, as of any plan. *plan yours. 0, or -1 and no plan. */
int gate_plan_file_edits(struct gate *gate, const struct gate_file_edits *files, size_t count, const char *summary, struct plan **plan, struct error *err);

#endif
