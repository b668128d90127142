/* audit_private.h - what the files of the audit log share. */
#ifndef GATE_AUDIT_PRIVATE_H
#define GATE_AUDIT_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/text.h"
#include "gate/audit.h"
#include "gate/merkle.h"
#include "gate/seal.h"

struct sqlite3;

enum { AUDIT_BODY_MAX = 1 << 20, AUDIT_CHECKPOINT_EVERY = 256 };

struct audit {
	struct store *store;
	const struct config *config;
	struct seal *seal;      /* opened with the first checkpoint, under witnessing */
	pthread_mutex_t witnessing, copying;
	int copied_fd;          /* audit_day.c; -1 not open */
	char log_id[AUDIT_ID_MAX]; /* the writer thread's: audit_id of the first entry, in each: one of another log is known by it */
	char boot_id[40];
	atomic_ulong entries, checkpointed, checkpoints; /* as last seen by this process */
	_Atomic int64_t anchored_ns;
};

/* audit_entry.c: the canonical body of one entry (RFC 8785: members in order of name), without its hash. */
struct audit_place {
	uint64_t seq;
	char id[AUDIT_ID_MAX];
	int64_t at_ns, up_ns;
	char prev_hash[SHA256_HEX_MAX];
	char log[AUDIT_ID_MAX];
};
void audit_entry_format(struct text *body, const struct audit *audit, const struct audit_event *event, const struct audit_place *place);
/* Body and hash as one JSON line, the hash in its place in order of name. checkpoint (NULL: none): a document that goes with it. */
void audit_entry_line(struct text *line, const char *body, size_t length, const char *hash_hex, const char *checkpoint);

/* audit_day.c: what is new in the log of that id goes to the days' files. */
void audit_copy_to_days(struct audit *audit, const char *log);

/* audit_checkpoint.c: signs the state the log has now. In a transaction of the writer. 0 also when there is nothing new; *document NULL then. */
struct audit_sealing { struct audit *audit; struct json *document; };
int audit_checkpoint_in(struct sqlite3 *db, void *sealing, struct error *err);
/* The bytes a checkpoint's signature covers: canonical, without "signature". */
void audit_checkpoint_bytes(const struct json *checkpoint, struct text *bytes);
/* Checkpoint and anchor, when entries are unwitnessed. */
int audit_witness(struct audit *audit, const char *where, struct json **receipt, struct error *err);
char *audit_anchor_path(void); /* default file; you own it */

#endif
