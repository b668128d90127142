/* list.h - one account's rows of one kind fetched page by page. Inside this folder. */
#ifndef PROVIDER_KUBERNETES_LIST_H
#define PROVIDER_KUBERNETES_LIST_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "provider/kubernetes/resource.h"
#include "provider/kubernetes/rows.h"
#include "provider/kubernetes/table_json.h"

struct account;
struct feed;
struct json;
struct kind;
struct net_batch;
struct provider;
struct selection;

/* Which rows of the account a list covered, so that a watch covers the same. */
enum reach { REACH_ALL, REACH_ONE };

struct lister {
	struct provider *provider;
	struct account *account;
	const struct kind *kind;
	const struct selection *selection;
	struct feed *feed;
	const atomic_int *cancelled;
	struct resource resource;
	struct rows rows;
	struct table_head head;
	struct table_row row;
	enum reach reach;
	char namespace_[254];      /* of REACH_ONE; "" for kinds without */
	char resource_version[64]; /* the smallest seen: a watch from here misses nothing */
	char part[300];            /* what the ids of the account's rows begin with; "": the table is all its own */
	size_t taken, limit;       /* rows of this round */
	int64_t painted_ns;        /* when feed_page was called last */
	size_t barren;             /* pages on end without a row */
	size_t forbidden;
	struct json *namespaces;   /* names of those that were listed each by itself; NULL: it was one list */
	struct error refusal;      /* why only a part is shown, or ERR_NONE */
};

int lister_init(struct lister *lister, struct provider *provider, struct account *account,
	const struct kind *kind, const struct selection *selection, struct feed *feed, int several, struct error *err);
void lister_release(struct lister *lister);
/* All pages into the feed, from its begin to its end. Failing, with several accounts: a note, and the account's rows stay. */
int lister_run(struct lister *lister, struct error *err);
/* One namespace of such a table by itself; lister->resource_version is then that list's. Failing: a note under
 * "ACCOUNT/NAMESPACE", and its rows stay; when it is gone or forbidden (ERR_NOT_FOUND, ERR_FORBIDDEN) they leave. */
int lister_run_namespace(struct lister *lister, const char *namespace_, struct error *err);
/* Rows of one answer into the feed. */
int lister_take(struct lister *lister, const char *bytes, size_t length, const char *namespace_, struct error *err);

/* Names of the namespaces of an account: a JSON array of text. */
struct json *list_namespaces(struct account *account, const atomic_int *cancelled, struct error *err);

/* provider_ops.list and watch. */
int kube_list(struct provider *provider, const struct kind *kind, const struct selection *selection,
	struct feed *feed, struct error *err);
int kube_watch(struct provider *provider, const struct kind *kind, const struct selection *selection,
	struct feed *feed, struct error *err);

/* Runs `work` for each account the selection means, side by side when there are several. An error is returned when
 * all failed (the last one's); one account's failure among several is a note. */
struct share {
	struct provider *provider;
	const struct kind *kind;
	const struct selection *selection;
	struct feed *feed;
	struct account *account;
	int several;
	int failed;
	struct error error;
};
int list_accounts(struct provider *provider, const struct kind *kind, const struct selection *selection,
	struct feed *feed, int (*work)(struct share *share, struct error *err), struct error *err);

#endif
