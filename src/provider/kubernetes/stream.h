/* stream.h - one watch of the server as bytes come: split into lines, events into the feed. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_STREAM_H
#define PROVIDER_KUBERNETES_STREAM_H

#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

struct call;
struct lister;

enum { STREAM_STALL_MS = 150 * 1000 /* bookmarks come about once a minute */ };

struct stream {
	struct lister *lister;   /* whose rows are filled: while a stream is open, by the net thread alone */
	const char *namespace_;  /* of rows that do not say theirs */
	char version[64];        /* reached: the next stream begins here */
	struct text partial;     /* the line that has not ended */
	int expired;             /* the version is gone: list again */
	int alive;               /* something came since it was opened */
	const char *source;      /* under which its troubles are noted */
	int noted;               /* there is such a note: the first bytes clear it */
	struct error trouble;    /* an ERROR event, or bytes that are none */
};

void stream_init(struct stream *stream, struct lister *lister, const char *namespace_);
void stream_release(struct stream *stream);
/* Before a stream is opened: its path with query appended (place NULL: cluster-wide), *call ready for it; both must live on. */
void stream_open(struct stream *stream, const char *place, struct text *path, struct call *call);
/* What trying again will not mend. */
int stream_is_final(const struct error *err);
/* After one that told nothing or broke: how long to wait; *backoff_ms grows. */
int stream_backoff(int *backoff_ms);

#endif
