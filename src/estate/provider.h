/* provider.h - what a provider can do when observing. A provider speaks a dialect and nothing else; it calls back
 * through a feed. Acting is in act.h, which only providers and src/gate include. */
#ifndef ESTATE_PROVIDER_H
#define ESTATE_PROVIDER_H

#include <stddef.h>
#include <stdint.h>

struct act_ops;
struct config;
struct error;
struct feed;
struct json;
struct kind;
struct kind_verb;
struct kinds;
struct net;
struct provider;

/* Names one resource. Text form: "kubernetes:CONTEXT/pods/NAMESPACE/NAME", "host:HOSTNAME/process/1234" (account empty part allowed). */
struct ref {
	char provider[16];
	char account[128];   /* kubeconfig context; host name */
	char namespace_[254];
	char kind[64];       /* kind->name */
	char name[512];
	char uid[64];        /* "" unknown */
};
int ref_parse(const char *id, struct ref *ref);                 /* 0, or -1 */
void ref_format(const struct ref *ref, char *out, size_t size); /* the id column of every row is this */

struct selection {           /* which rows of a kind */
	const char *account;     /* NULL or "": the current one; "*" all configured */
	const char *namespace_;  /* NULL: the account's default; "*" all */
	const char *name;        /* NULL: all */
	const char *labels;      /* label selector, or NULL */
	int64_t since_ns;        /* for logs-like kinds; 0 all */
	size_t limit;            /* 0: provider's own (100,000) */
};

/* How a provider hands over rows; implemented by the estate. All calls from the provider's own workers (they are locked).
 * Empty cells are filled in: account and scope, and the id out of account, namespace and name. */
void feed_begin(struct feed *feed);            /* a full list starts */
void feed_row(struct feed *feed, const char *const *cells, const size_t *lengths); /* kind's columns; NULL cell = "" */
void feed_page(struct feed *feed);             /* what came so far may be painted now */
void feed_end(struct feed *feed);              /* list complete: rows not seen again are gone; now live */
/* A source of several (one cluster) whose list begins and ends on its own, side by side with others, from any thread of the
 * provider: only rows whose id begins with id_prefix ("kubernetes:CONTEXT/") are swept. Live once all begun ones have ended. */
void feed_begin_part(struct feed *feed, const char *id_prefix);
void feed_end_part(struct feed *feed, const char *id_prefix);
void feed_remove(struct feed *feed, const char *id);
void feed_total(struct feed *feed, size_t total);  /* known before all is here */
/* A part failed; err NULL clears. source is the account, or "ACCOUNT/NAMESPACE": rows of it stay when a list ends, as stale. */
void feed_note(struct feed *feed, const char *source, const struct error *err);
void feed_by(struct feed *feed, const char *who);  /* who made the next change, when known (managedFields); "" */
/* 1: somebody watches a screen, and it is listed again and again; 0: listed once, for one answer. */
int feed_is_lasting(const struct feed *feed);
int feed_is_visible(const struct feed *feed); /* 0: nobody looks at it just now; what costs much may come seldom */
int feed_cancelled(const struct feed *feed);
const void *feed_cancel_flag(const struct feed *feed); /* const atomic_int* for net_request.cancelled */

struct log_request {
	const char *container;
	int follow, previous, timestamps;
	int64_t since_ns;   /* 0: all kept */
	long tail;          /* -1 all */
	const void *cancelled; /* const atomic_int* */
};
/* One line, not yet harmless (the receiver makes it so); at_ns 0 unknown; source = pod/container or unit. Non-zero stops. */
typedef int (*log_line_fn)(void *arg, int64_t at_ns, const char *source, const char *line, size_t length);

/* A change the source itself has on record, whoever saw it happen. Texts are not yet harmless (the receiver makes them so) and
 * valid during the call; old NULL: it appeared or the old value is not on record, new_ NULL: it is gone; by "" unknown. */
struct change_record {
	int64_t at_ns;
	struct ref ref;
	const char *field, *old, *new_, *by;
};
typedef void (*change_fn)(void *arg, const struct change_record *record);

struct provider_account {     /* one link the status line and :accounts show */
	char name[128];
	char server[256];
	char user[128];
	char scope[12];       /* prod staging dev or "" */
	char namespace_[254]; /* its own default; "" none: all are shown */
	int current, insecure;
	int aside;            /* no link of the console itself: shown only where its own rows are */
	int broken;           /* no link at all: what is set up wrongly, why says how */
	char state[16];       /* "ok" "connecting" "unreachable" "unauthorized" "unknown" */
	char why[256];
};

struct provider_ops {
	const char *name;
	const char *title;
	/* Cheap: no network, no subprocess. 0; ERR_NOT_FOUND when there is nothing to talk to (no kubeconfig). */
	int (*open)(struct provider **out, struct kinds *kinds, struct net *net, const struct config *config, struct error *err);
	void (*close)(struct provider *provider);
	size_t (*accounts)(struct provider *provider, struct provider_account *out, size_t max); /* how many */
	int (*select_account)(struct provider *provider, const char *account, struct error *err); /* change the current one */
	/* A kind not in the registry (a CRD): looks it up at the source and adds it. NULL when it has none. Worker. */
	const struct kind *(*resolve)(struct provider *provider, const char *name, struct error *err);
	/* Lists once (between feed_begin and feed_end). Worker. */
	int (*list)(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err);
	/* Lists, then follows changes until cancelled; returns only on cancel or an error that trying again will not mend. NULL: polled by list. */
	int (*watch)(struct provider *provider, const struct kind *kind, const struct selection *selection, struct feed *feed, struct error *err);
	/* The whole object as the source has it. */
	int (*get)(struct provider *provider, const struct ref *ref, struct json **object, struct error *err);
	int (*logs)(struct provider *provider, const struct ref *ref, const struct log_request *request, log_line_fn on_line, void *arg, struct error *err);
	/* What depends on it, for blast radius and "touches": array of {"id","relation","name"}; empty array when none is known. */
	int (*dependents)(struct provider *provider, const struct ref *ref, struct json **out, struct error *err);
	/* Measurements for playbooks beyond rows ("kubernetes.metrics"): {"items":[…]}; NULL when there are none. */
	int (*query)(struct provider *provider, const char *name, const struct json *params, struct json **out, struct error *err);
	/* A hint, before anybody tries: 1 we may do that to it, 0 not (why filled in), -1 unknown. The source's refusal is the truth. Worker;
	 * NULL: unknown. */
	int (*may)(struct provider *provider, const struct ref *ref, const struct kind_verb *verb, char *why, size_t size);
	/* What the source has on record since since_ns, in any order; kind NULL: of all. At most a few thousand. Worker. NULL: it keeps none. */
	int (*changes)(struct provider *provider, int64_t since_ns, const char *kind, change_fn on_change, void *arg, struct error *err);
	/* The same of one account (NULL: the current one) over a network, asked for apart from the reading (estate_ask_changes): INTERFACE's
	 * change rows added to the array `out`; what the source does not say is empty (by) or null (old, new). Worker; NULL: it keeps none. */
	int (*recorded)(struct provider *provider, const char *account, int64_t since_ns, const void *cancelled, struct json *out, struct error *err);
	const struct act_ops *act;   /* see act.h; NULL: observes only */
};

#endif
