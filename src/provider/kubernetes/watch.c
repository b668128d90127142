/* A list, then one watch from the smallest resourceVersion of its parts: what changed between the
 * first part and the last is told again, nothing is missed. A stream that ends or breaks is taken
 * up at the last version seen; only when that one is gone (410) the list is made anew, and rows
 * that stay never leave the table meanwhile. */
#include "provider/kubernetes/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "base/text.h"
#include "estate/provider.h"
#include "net/net.h"
#include "provider/kubernetes/account.h"
#include "provider/kubernetes/list.h"
#include "provider/kubernetes/stream.h"

struct follower {
	struct share *share;
	struct lister lister;
	struct stream stream;
	int backoff_ms;
};

static void note(struct follower *f, const struct error *err)
{
	if (!err && !f->stream.noted)
		return;
	feed_note(f->lister.feed, f->share->account->name, err);
	f->stream.noted = err != NULL;
}

static int list_again(struct follower *f, struct error *err)
{
	if (lister_run(&f->lister, err))
		return -1;
	snprintf(f->stream.version, sizeof(f->stream.version), "%s", f->lister.resource_version);
	f->stream.noted = 0;
	f->stream.expired = 0;
	return 0;
}

/* One stream from its opening to its end. */
static int stream(struct follower *f, int *status, struct error *err)
{
	const char *place = f->lister.reach == REACH_ONE ? f->lister.namespace_ : NULL;
	struct net_response response = { 0 };
	struct text path;
	struct call call;

	text_init(&path, RESOURCE_PATH_MAX);
	stream_open(&f->stream, place, &path, &call);
	int failed = call_fetch(f->share->account, &call, &response, err);

	*status = response.status;
	net_response_release(&response);
	text_release(&path);
	return failed;
}

static int cancelled(const struct follower *f)
{
	return f->lister.cancelled && atomic_load(f->lister.cancelled);
}

static int back_off(struct follower *f)
{
	return pause_ms(f->lister.cancelled, stream_backoff(&f->backoff_ms));
}

/* May list, may not watch all at once: each namespace by itself where they are known, else listed again and again. */
static int without_watch(struct follower *f, struct error *err)
{
	f->stream.expired = 1;
	if (f->lister.namespaces)
		return watch_each(f->share, &f->lister, err);
	return pause_ms(f->lister.cancelled, WATCH_POLL_MS);
}

/* After a stream ended: 0 to open it again at the version reached, or to list again when expired.
 */
static int after_stream(struct follower *f, int failed, int status, struct error *err)
{
	struct stream *s = &f->stream;

	if (cancelled(f))
		return error_set(err, ERR_CANCELLED, "cancelled");
	if (status == 410)
		s->expired = 1;
	if (s->alive && !s->trouble.code && !failed) {
		f->backoff_ms = 0;
		note(f, NULL);
		return 0; /* its time was over */
	}
	if (s->expired)
		return 0;
	if (failed && err->code == ERR_FORBIDDEN)
		return without_watch(f, err);
	if (failed && stream_is_final(err) && !s->trouble.code && err->code != ERR_CANCELLED)
		return -1;
	if (s->alive)
		f->backoff_ms = 0;
	else if (failed)
		note(f, s->trouble.code ? &s->trouble : err);
	return back_off(f);
}

static int follow(struct follower *f, struct error *err)
{
	struct error own = { 0 };

	f->stream.expired = 1;
	while (!cancelled(f)) {
		int status = 0, failed;

		if (f->stream.expired && list_again(f, &own)) {
			if (stream_is_final(&own) || cancelled(f)) {
				*err = own;
				return -1;
			}
			note(f, &own);
			if (back_off(f))
				break;
			continue;
		}
		failed = stream(f, &status, &own);
		if (after_stream(f, failed, status, &own)) {
			*err = own;
			return -1;
		}
	}
	return error_set(err, ERR_CANCELLED, "cancelled");
}

static int watch_one(struct share *share, struct error *err)
{
	struct follower *f = mem_zero(1, sizeof(*f));
	int failed = lister_init(&f->lister, share->provider, share->account, share->kind,
		share->selection, share->feed, share->several, err);

	f->share = share;
	stream_init(&f->stream, &f->lister, f->lister.namespace_);
	f->stream.source = share->account->name;
	if (!failed) {
		failed = follow(f, err);
		lister_release(&f->lister);
	}
	stream_release(&f->stream);
	free(f);
	return failed;
}

int kube_watch(struct provider *provider, const struct kind *kind,
	const struct selection *selection, struct feed *feed, struct error *err)
{
	return list_accounts(provider, kind, selection, feed, watch_one, err);
}
