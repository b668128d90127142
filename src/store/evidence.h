/* evidence.h - an evidence lake as it lies on a disk: HASH/latest.json and HASH/history/CONTENT.json, which audits write (src/fleet/report/lake.h) and others
 * list, send on and thin out. What is damaged is named and passed over, never an end of it. */
#ifndef STORE_EVIDENCE_H
#define STORE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct json;

enum { EVIDENCE_HASH_MAX = 33, EVIDENCE_SCHEMA = 1 };

/* One state of one agent. */
struct evidence {
	char *name;                    /* below the lake's folder: "HASH/latest.json" */
	char hash[EVIDENCE_HASH_MAX];  /* of the agent */
	const char *path, *content;    /* of the agent, and of what was audited; the tree's */
	int64_t observed_ns;
	int score;
	struct json *json;
	char *bytes;                   /* as they lie there; NULL when not asked for */
	size_t size;
};

struct evidence_list {
	struct evidence *rows;
	size_t count;
	struct evidence_note {
		char *name, *why;
	} *notes; /* what was passed over */
	size_t note_count;
};

/* Bytes that are an entry of this agent (hash NULL: of any), or ERR_FORMAT with what is wrong. Takes bytes when they are to be kept, and only then. */
int evidence_parse(const char *name, const char *hash, char *bytes, size_t size, int keep, struct evidence *out, struct error *err);
/* A file of the lake: whole, whole with its bytes kept, or only what stands before its findings (which are then none). */
enum evidence_part { EVIDENCE_WHOLE, EVIDENCE_BYTES, EVIDENCE_HEAD };
int evidence_load(const char *folder, const char *name, enum evidence_part part, struct evidence *out, struct error *err);
void evidence_release(struct evidence *evidence);

/* The latest of each agent, by the agent's path. ERR_NOT_FOUND: there is no such folder. */
int evidence_latest(const char *folder, struct evidence_list *list, struct error *err);
/* The states of one agent, oldest first; adds to the list. */
void evidence_history(const char *folder, const char *hash, enum evidence_part part, struct evidence_list *list);
void evidence_list_release(struct evidence_list *list);
int evidence_is_hash(const char *text); /* 32 hex digits */
/* Calls on_name for the name of each file that could be an entry, latest and history, in no order. Nothing is opened but folders. */
int evidence_each(const char *folder, void (*on_name)(void *arg, const char *name), void *arg, struct error *err);

#endif
