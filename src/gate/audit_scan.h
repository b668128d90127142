/* audit_scan.h - where the members of an entry lie in its bytes, without building a tree: millions are looked at. Only members of the entry
 * itself are found; what remote text or an intent holds cannot pose as them. */
#ifndef GATE_AUDIT_SCAN_H
#define GATE_AUDIT_SCAN_H

#include <stddef.h>

enum audit_member { AUDIT_ID, AUDIT_BOOT, AUDIT_CHECKPOINT, AUDIT_HASH, AUDIT_LOG, AUDIT_PREV, AUDIT_SEQ, AUDIT_TIME, AUDIT_UP, AUDIT_MEMBERS };

struct audit_span {
	size_t at, value, end; /* of the key's quote, of the value, behind the value; end 0: absent */
};

struct audit_scan {
	struct audit_span span[AUDIT_MEMBERS];
};

/* 0; or -1: not one JSON object with its members in order of name, as every entry has them. Values inside are skipped, not checked. */
int audit_scan(const char *bytes, size_t length, struct audit_scan *out);
/* A member's text without quotes, or NULL when it is absent, escaped, or not of that length (0: any). */
const char *audit_scan_text(const char *bytes, const struct audit_scan *scan, enum audit_member member, size_t *length);

#endif
