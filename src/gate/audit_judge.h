/* audit_judge.h - which kind of tampering a broken chain shows, and where. */
#ifndef GATE_AUDIT_JUDGE_H
#define GATE_AUDIT_JUDGE_H

#include <stddef.h>
#include <stdint.h>

struct audit_link {          /* an entry as it lies there, in short: beginnings of hashes */
	uint64_t seq, given, prev, log;
	const char *kind;    /* of its own fault, or NULL */
	int trusted;         /* its seq, prev and log are its own: not edited, readable; else they are those of its place */
};

typedef void (*audit_judged)(void *arg, uint64_t entry, const char *kind, const char *detail);

/* links in the order they lie; from: the number the first should have. Tells each break once. */
void audit_judge(const struct audit_link *links, size_t count, uint64_t from, audit_judged tell, void *arg);

#endif
