/* logs_private.h - what the files of the logs pane share. */
#ifndef TUI_LOGS_PRIVATE_H
#define TUI_LOGS_PRIVATE_H

#include <pthread.h>
#include <stdint.h>

#include "base/jobs.h"
#include "estate/estate.h"
#include "tui/pane.h"
#include "tui/text/text_view.h"

enum { SOURCES_MAX = 16, INBOX_BYTES = 4 << 20 };

struct log_ring;
struct loop;

/* One follower: its lines wait here until the pane takes them. */
struct inbox {
	pthread_mutex_t lock;
	int refs;              /* pane and followers; under lock */
	struct log_ring *ring; /* of what came since */
	size_t lost;           /* came faster than it was taken */
	char ended[SOURCES_MAX][300];
	unsigned ended_count, running;
	struct loop *loop;
};

struct follower {
	struct job job;
	struct inbox *inbox;
	struct estate *estate;
	struct ref ref;
	struct log_request request;
	char container[254];
	struct follower **slot; /* in the pane; NULL: it has closed */
	int64_t told_ns;
};

struct logs {
	struct pane pane;
	struct ref refs[SOURCES_MAX];
	size_t ref_count;
	char container[254]; /* only that one's; "" all */
	struct follower *followers[SOURCES_MAX];
	struct inbox *inbox;
	struct log_ring *ring;
	struct text_view view;
	struct input filter;
	size_t window, lost;
	int previous, errors_only, with_times, with_source, is_filtering;
	int source_chosen;    /* by the person: with it or without */
	char source[128];     /* of the first line; as long as all are of it nobody needs to be told */
	unsigned running;
	char problem[300];
};

/* logs_follow.c */
void logs_start(struct logs *logs); /* anew, from nothing */
void logs_stop(struct logs *logs);
/* How far back the window shows in seconds, 0 all; -1: there is no such window. name may be NULL. */
int64_t logs_window(size_t window, const char **name);

#endif
