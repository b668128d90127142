/* audit_verify.h - the chain looked at entry by entry, apart from where the entries come from (a database, a copy, an export, a fuzzer). */
#ifndef GATE_AUDIT_VERIFY_H
#define GATE_AUDIT_VERIFY_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct text;
struct verify;

enum verify_what {
	VERIFY_PART,  /* lines: may end anywhere, and begin where the first says by its checkpoint that it does so; what that covers must be there */
	VERIFY_WHOLE, /* a database: begins with the first entry, and reaches as far as is anchored */
	VERIFY_OWN,   /* this machine's: and the newest anchored log must be this one */
};

struct verify *verify_new(enum verify_what what);
void verify_free(struct verify *verify);
void verify_must_reach(struct verify *verify); /* the anchors were given by hand: a part must reach as far as they do */
/* Before the entries. anchored: from outside the file. Copied. */
void verify_checkpoint(struct verify *verify, const struct json *checkpoint, int anchored);
/* Each entry in the order it lies there: its canonical body without hash, and the hash given beside it. Copied. */
void verify_entry(struct verify *verify, const char *body, size_t length, const uint8_t hash[32]);
void verify_broken(struct verify *verify, const char *detail); /* what is no entry at all */
/* A line of an export or a day's file, without its end, and which one of the file. scratch: an initialised text, used again for each. */
void verify_line(struct verify *verify, const char *line, size_t length, size_t number, struct text *scratch);
/* After the last: the report (INTERFACE's `audit verify`). */
struct json *verify_report(struct verify *verify);
/* A line apart: body into out (a text), hash. 0, or -1: no entry. */
int verify_split_line(const char *line, size_t length, struct text *body, uint8_t hash[32]);

#endif
