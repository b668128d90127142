/* private.h - what the files of the dashboard share. */
#ifndef TUI_DASHBOARD_PRIVATE_H
#define TUI_DASHBOARD_PRIVATE_H

#include <stdint.h>

#include "base/jobs.h"
#include "estate/estate.h"
#include "tui/console.h"
#include "tui/pane.h"
#include "tui/views/chart_pane.h"

enum { WIDGETS_MAX = 12, SOURCES_MAX = 48, GAUGES_MAX = 8, ITEMS_MAX = 400, ITEM_TEXT = 256, ONSETS_MAX = 400 };

enum widget_type { WIDGET_WRONG, WIDGET_KIND, WIDGET_CHANGES, WIDGET_SATURATION, WIDGET_RUNS, WIDGET_AUDIT, WIDGET_TYPES };
enum widget_place { PLACE_FULL, PLACE_LEFT, PLACE_RIGHT };

struct gauge {                 /* one line of saturation */
	struct chart_line line;
	double now;            /* NAN: not known */
	char of[64];           /* column that says how much there is; "" */
	int is_none;           /* there is nothing that could be full */
	char name[64];         /* of the worst row */
};

struct widget {
	enum widget_type type;
	enum widget_place place;
	char name[32], title[64], kind[64];
	int rows, least_rank;
	int tall;              /* it is there from this many rows on */
	int64_t since_ns;
	struct gauge *gauges;
	size_t gauge_count;
};

struct source {                /* one kind of one account */
	const struct kind *kind;
	char account[128];
	int is_current;        /* the account is its provider's current one */
	struct feed *feed;
	unsigned version;
	int64_t opened_ns;
	int settled;             /* its list came to its end, or failed */
	int answered, is_cached; /* rows of an earlier session stand for it */
	int is_whole, was_whole; /* it was listed to the end; also at the look before */
};

/* How at_ns is meant: when it began; when the thing itself began, so its trouble may be younger; when it was first seen here, so it may be older. */
enum since { SINCE_EXACT, SINCE_MOST, SINCE_LEAST };

/* A trouble that is on the screen, and since when it has been. */
struct onset {
	uint64_t key;
	size_t widget;
	int64_t at_ns;
	int is_seen_begin;     /* it was not there when the same source was listed whole before */
	unsigned turn;
};

/* One line that can be under the cursor. */
struct item {
	size_t widget;
	enum style style;      /* of its mark */
	const char *mark;      /* glyph, "" none */
	char severity[16];
	char what[ITEM_TEXT];  /* name */
	size_t kind_bytes;     /* of what, the kind before the name: a narrow line may leave it out */
	char why[ITEM_TEXT];
	char scope[12], kind[64], account[128];
	int64_t at_ns;         /* for the age at the end; 0 none */
	enum since since;
	int rank, scope_rank, is_failure, in_namespace;
	size_t count;          /* of rows with the same cause */
	int step;              /* of a change: more than before 1, less -1, else 0 */
	char filter[ITEM_TEXT]; /* shows those rows */
	char state[64];        /* theirs, when all have the same */
	struct ref ref;
	int has_ref, is_refusal; /* what we may not see of one account */
	int is_worst;          /* ref is the worst of several: to look into, not to act on */
	char open[80];         /* palette words for Enter when there is no ref */
	struct gauge *gauge;
	struct rect place;     /* where it was last drawn; rows 0: it was not */
};

/* What a job found out. */
struct looked {
	struct json *changes, *runs, *plans;
	int64_t entries, anchored_ns;
	int had_gate, is_known;
	char problem[200];
};

struct asks; /* questions to the sources for what they recorded, under way */

struct dashboard {
	struct pane pane;
	struct widget widgets[WIDGETS_MAX];
	size_t widget_count;
	struct source sources[SOURCES_MAX];
	size_t source_count;
	int sources_open, is_visible;
	size_t account_count;
	struct item *items;
	size_t item_count;
	size_t cursor;
	int rows, columns;     /* of the area, as last drawn */
	struct looked looked;
	struct look *look;     /* the job under way */
	struct asking *checking; /* of the audit chain, under way */
	int chain_ok;          /* -1 not checked yet */
	int64_t checked_ns, checked_entries;
	int64_t looked_ns, asked_ns; /* asked_ns: the sources' own records */
	size_t asked_sources;
	struct asks *asks;     /* NULL: none yet */
	int look_timer;
	unsigned gate_version, changes_version;
	int64_t next_age_ns, observed_ns;
	int interval_ms; /* of the source asked most often */
	int news;              /* a source changed since the last look */
	struct widths {
		int severity, kind, what, why, scope, since;
		int without_kind; /* what is said has not the room otherwise */
	} widths;              /* of the widget being drawn */
	struct onset onsets[ONSETS_MAX];
	size_t onset_count;
	unsigned turn;
	size_t left_out;       /* causes there was no room to count */
};

/* widgets.c */
void widgets_load(struct dashboard *dashboard);
/* sources.c */
void dashboard_open_sources(struct dashboard *dashboard); /* also when the accounts are others than before */
void dashboard_close_sources(struct dashboard *dashboard);
/* wrong.c */
void dashboard_add_wrong(struct dashboard *dashboard, size_t widget);
void dashboard_add_kind(struct dashboard *dashboard, size_t widget);
/* The shortest filter that shows the rows of the item and no others. */
void dashboard_filter(const struct dashboard *dashboard, const struct item *item, char *out, size_t size);
/* refused.c: what an account does not let us see is one calm line, with all of it behind. */
void dashboard_add_refusal(struct dashboard *dashboard, size_t widget, const struct source *source, const struct feed_status *status);
void dashboard_end_refusals(struct dashboard *dashboard, size_t first);
struct pane *dashboard_refusal(struct dashboard *dashboard, const struct item *item); /* all of it, as text */
/* data.c */
struct item *dashboard_add_item(struct dashboard *dashboard, size_t widget); /* NULL: there are enough */
int dashboard_shows(const struct dashboard *dashboard, const struct widget *widget); /* there is room for it */
void dashboard_make_items(struct dashboard *dashboard);
int dashboard_take(struct dashboard *dashboard);  /* 1 when items are others */
/* changes.c */
void dashboard_add_changes(struct dashboard *dashboard, size_t widget);
/* gauges.c */
void dashboard_sample(struct dashboard *dashboard, const struct source *changed);
void dashboard_add_gauges(struct dashboard *dashboard, size_t widget);
struct pane *dashboard_charts(struct dashboard *dashboard, const struct gauge *at); /* at NULL: the first */
/* How far back the gauges have been looked at, as one of a few steps, and its name. */
int64_t dashboard_trend_ns(const struct dashboard *dashboard, const struct widget *widget, const char **name);
/* look.c */
void dashboard_look(struct dashboard *dashboard); /* changes, runs, audit: in a job */
int dashboard_asks(const struct dashboard *dashboard); /* how many sources have not told yet what they recorded */
void dashboard_forget_look(struct dashboard *dashboard);
/* lines.c: lines of a widget, after their widths were measured */
void dashboard_measure_wrong(struct dashboard *dashboard, size_t first, size_t count, int columns);
void dashboard_measure_changes(struct dashboard *dashboard, size_t first, size_t count, int columns);
void dashboard_draw_wrong(struct dashboard *dashboard, const struct item *item, struct rect line, int selected);
void dashboard_draw_change(struct dashboard *dashboard, const struct item *item, struct rect line, int selected);
void dashboard_draw_gauge(struct dashboard *dashboard, const struct item *item, struct rect line, int selected);
void dashboard_draw_run(struct dashboard *dashboard, const struct item *item, struct rect line, int selected);
void dashboard_note_age(struct dashboard *dashboard, int64_t step); /* an age on the screen reads otherwise after that; 0 never */
/* draw.c */
void dashboard_draw(struct pane *pane, struct rect area);
void dashboard_dump(struct pane *pane, struct text *out);

#endif
