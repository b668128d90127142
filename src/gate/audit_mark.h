/* audit_mark.h - checkpoints the chain is held against: those in the file, and those anchored outside it. */
#ifndef GATE_AUDIT_MARK_H
#define GATE_AUDIT_MARK_H

#include "gate/merkle.h"
#include "gate/seal.h"

struct json;

struct mark {               /* a checkpoint to be met at its size */
	uint64_t size;
	char root[SHA256_HEX_MAX], log[SHA256_HEX_MAX], last[SHA256_HEX_MAX], key[SEAL_PUBLIC_HEX_MAX];
	int anchored, good; /* from outside; signed by its key */
	int met, agrees;    /* the chain came to its size; and gives its root */
};

struct marks {
	struct mark *list;  /* by size once chosen */
	size_t count, next; /* the next to be met */
};

void marks_add(struct marks *marks, const struct json *checkpoint, int anchored);
void marks_release(struct marks *marks);
/* Leaves those of this log (first: the hash of its first entry; NULL not known: a part), in order. An anchor of another log says nothing of
 * this one, unless it must be of this one: own, or by the same key. */
void marks_choose(struct marks *marks, int own, const char *first);
/* Up to size entries have come: those whose size was passed before are dropped silently (a part begins later). */
struct mark *marks_of_size(struct marks *marks, uint64_t size); /* NULL: none (more) of that size */

#endif
