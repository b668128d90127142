/* inside.h - what the files of the estate share: the estate, a feed, their locks. Inside src/estate.
 *
 * Locks, in the order they are taken: feed->work (the table; held while a worker puts rows or a snapshot is made), then
 * either feed->lock (what is published; held for a moment) or estate->lock (schedule and lifetimes; for a moment).
 * The main thread takes the last two only. */
#ifndef ESTATE_INSIDE_H
#define ESTATE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "estate/estate.h"

struct accounts;
struct kind;
struct scopes;
struct table;

enum { PARTS_MAX = 64, SOURCE_MAX = 384, SCOPE_NAME_MAX = 768, BY_MAX = 128, PUBLISH_MS = 100, PUBLISH_HIDDEN_MS = 1000 };

struct link { /* to one provider */
	const struct provider_ops *ops;
	struct provider *provider; /* NULL until it could be opened */
};

struct estate {
	struct estate_options options;
	struct scopes *scopes;
	pthread_mutex_t link_lock;
	struct link *links;
	size_t link_count;
	pthread_mutex_t lock; /* over all below and the schedules of feeds */
	pthread_cond_t due;   /* the schedule changed */
	pthread_cond_t idle;  /* a job ended */
	pthread_t thread;
	int thread_runs, stopping;
	struct feed *feeds;   /* open ones */
	int running;          /* jobs under way */
	struct run *quick;    /* lists due now that take a moment, for one worker */
	int quick_is_new;     /* some of them no worker was sent for */
	int64_t asleep_until_ns; /* the scheduler; 0: awake */
	int accounts_due;        /* a link may stand otherwise now */
	atomic_uint changes;  /* how many were recorded */
	pthread_mutex_t accounts_lock;
	struct accounts *accounts; /* as they were looked at last; NULL: never. Under accounts_lock */
	pthread_mutex_t told_lock;
	struct told *told;    /* what sources answered of changes; under told_lock */
};

struct part { /* a list under way */
	char prefix[SOURCE_MAX];
	unsigned mark;
};

enum { AGES_MAX = 16, JUDGE_EVERY_MS = 20000 };
struct ages { /* thresholds of age in a kind's rules */
	struct age_mark {
		int column;
		double seconds;
	} list[AGES_MAX];
	size_t count;
};

struct feed {
	struct estate *estate;
	const struct kind *kind;
	const struct provider_ops *ops;
	struct selection selection; /* its texts are owned */
	char *cache_key;            /* NULL: neither cached nor kept as history */
	atomic_int cancelled, visible;
	atomic_int polls;           /* watching is not to be had: listed instead */
	atomic_uint version;

	pthread_mutex_t work; /* over this part */
	struct table *table;
	struct part parts[PARTS_MAX];
	int part_count;
	int listing;                /* a list under way, whose end tells the news: one wake-up, not three */
	atomic_int untold;
	struct ages ages;
	int64_t judged_ns;    /* when ages were looked at last */
	int primed;           /* earlier rows are known: what appears now is new */
	int64_t published_ns, ended_ns, saved_ns; /* monotonic; 0 never */
	int armed;            /* a publication is due in the schedule */
	int silent;           /* for estate_list: nothing is published */
	char by[BY_MAX];
	char scope_of[SCOPE_NAME_MAX], scope[12]; /* the last one worked out */

	pthread_mutex_t lock; /* over this part */
	struct snapshot *snapshot;
	enum feed_state state;
	int64_t observed_ns;
	size_t total;
	char error[256];
	enum error_code error_code;
	struct json *notes;   /* source: {source, code, message} */

	/* under estate->lock */
	struct feed *next;
	int refs, users, running, failures;
	int quick;                  /* its last list took a moment */
	int listed;                 /* once at least */
	int64_t poll_due_ns, publish_due_ns, judge_due_ns; /* monotonic; 0 none */
	int wants_cache;            /* what the last run kept of it is not read yet */
	int64_t expected_ns;        /* when the list under way is due again; 0 none */
};

/* estate.c: NULL with err when there is nothing to talk to. */
struct provider *estate_open_link(struct estate *estate, struct link *link, struct error *err);

/* feed.c. A new feed has one reference. */
struct feed *feed_new(struct estate *estate, const struct kind *kind, const struct provider_ops *ops,
	const struct selection *selection);
void feed_free(struct feed *feed);
void feed_load_cache(struct feed *feed);
struct snapshot;
void feed_save_cache(struct feed *feed, struct snapshot *snapshot);
void feed_tell_history(struct feed *feed, struct table *table); /* changes of it, and rows to spare */
void feed_fail(struct feed *feed, const struct error *err);
void feed_publish_due(struct feed *feed); /* from the scheduler */
void feed_judge_due(struct feed *feed);   /* the same */
void feed_news(struct feed *feed);
int feed_untold(struct feed *feed); /* 1: there was news held back until the end of a list, and it is yours to tell */
int feed_interval_ms(const struct feed *feed);

/* accounts.c: asks the providers, which may read files. 1: something is otherwise than the last time. */
int accounts_look(struct estate *estate);
void accounts_release(struct estate *estate);

/* schedule.c */
int schedule_start(struct estate *estate);
void schedule_halt(struct estate *estate); /* nothing begins any more */
void schedule_stop(struct estate *estate); /* and nothing is under way */
void schedule_seldom(struct feed *feed); /* not seen any more; with estate->lock held */
/* Something of it is due then. With estate->lock held. */
void schedule_wake(struct estate *estate, int64_t due_ns);
void schedule_publish(struct feed *feed, int64_t due_ns);
void schedule_poll_now(struct feed *feed);
void schedule_accounts(struct estate *estate); /* are to be looked at: from wherever a link fails or answers again */
void feed_unref(struct feed *feed);

/* changes.c: what a table tells, written to the history. row NULL: gone, old NULL: appeared. */
void changes_record(struct feed *feed, const char *id, const char *old_row, size_t old_length,
	const char *new_row, size_t new_length, int significant);
void changes_first_sight(struct feed *feed, struct snapshot *snapshot);
int selection_is_whole(const struct selection *selection);

/* told.c: changes that sources recorded themselves. */
void told_init(struct estate *estate);
void told_release(struct estate *estate);
/* Into the array of changes seen here, where one and the same stands once. Returns the merged one, newest first. Takes seen. */
struct json *told_merge(struct estate *estate, struct json *seen, int64_t since_ns, const char *kind, const char *id, size_t limit);

/* rejudge.c */
void ages_of(const struct kind *kind, struct ages *ages);
int rejudge(struct feed *feed);

/* scope.c */
struct config;
struct scopes *scopes_new(const struct config *config);
void scopes_free(struct scopes *scopes);
void scopes_find(const struct scopes *scopes, const char *namespace_, const char *account, char out[12]);

#endif
