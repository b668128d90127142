/* audit_verify.h - the chain looked at entry by entry, apart from where the entries come from (a database, a copy, an export, a fuzzer). */
#ifndef GATE_AUDIT_VERIFY_H
#define GATE_AUDIT_VERIFY_H

#include <stddef.h>
#include <stdint.h>

struct json;
struct verify;

/* own: this is this machine's log, so the newest anchored log must be this one. */
struct verify *verify_new(int own);
void verify_free(struct verify *verify);
/* Before the entries, ascending by size. anchored: from outside the file. Copied. */
void verify_checkpoint(struct verify *verify, const struct json *checkpoint, int anchored);
/* Each entry in the order it lies there: its canonical body without hash, and the hash given beside it. Copied. */
void verify_entry(struct verify *verify, const char *body, size_t length, const uint8_t hash[32]);
void verify_broken(struct verify *verify, const char *detail); /* an entry that cannot be read at all */
/* After the last: the report (INTERFACE's `audit verify`). */
struct json *verify_report(struct verify *verify);
/* A JSONL line (of an export or a day's file) apart: body into out (struct text), hash. 0, or -1: no entry. */
struct text;
int verify_split_line(const char *line, size_t length, struct text *body, uint8_t hash[32]);

#endif
