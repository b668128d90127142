/* causes.h - why rows are wrong, counted: equal reasons are one cause, whatever their numbers. */
#ifndef TUI_DASHBOARD_CAUSES_H
#define TUI_DASHBOARD_CAUSES_H

#include "tui/dashboard/private.h"
#include "tui/table/private.h"

enum { CAUSES_MAX = 256, ALONE_MAX = 2, SHAPE_MAX = 160, NUMBERS_MAX = 4 };

/* Rows of one source whose "why" differs in its numbers only. */
struct cause {
	const struct source *source;
	struct snapshot *snapshot; /* borrowed */
	int rank, scope_rank;
	char severity[16], shape[SHAPE_MAX]; /* numbers stand as \1 */
	double low[NUMBERS_MAX], high[NUMBERS_MAX];
	size_t count, rows[ALONE_MAX], worst, namespaces;
	double worst_number;
	int64_t since_ns;
	char namespace_[128];      /* of the row before */
	char of[200];              /* "shop/cart": they are all of that; "" they are not */
};

struct causes {
	struct dashboard *dashboard;
	size_t widget, count, dropped, last;
	struct marks namespaces;   /* seen: "CAUSE/NAMESPACE" */
	struct cause list[CAUSES_MAX];
};

/* What the row says in that role; "" nothing. */
void cause_copy_role(const struct snapshot *snapshot, size_t row, enum column_role role, char *out, size_t size);
/* prod before staging before dev before what has none. */
int cause_scope_rank(const char *scope);
/* Why, else its state. */
void cause_why(const struct snapshot *snapshot, size_t row, char *out, size_t size);
/* The reason, with what its numbers range over. */
void cause_reason(const struct cause *cause, char *out, size_t size);
int64_t cause_since(const struct cause *cause, size_t row);
/* Of the row, "" not known. */
void cause_scope(const struct causes *causes, const struct cause *cause, size_t row, char out[12]);
/* Counts every row of the snapshot (borrowed; may be NULL) that is wrong to its cause. */
void causes_add_rows(struct causes *causes, const struct source *source, struct snapshot *snapshot);

#endif
