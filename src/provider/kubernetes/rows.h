/* rows.h - the server's table rows turned into a kind's cells. A column's `path` says where its value is:
 *   Status            the cell of the server's column of that name
 *   Ready|missing     a part of it: first second missing (of "16/18": 16, 18, 2), count ("8 (4m ago)": 8), ago (the time meant by 4m ago)
 *   Desired|less:Ready  the number in one column less that in another
 *   .status.phase     of the object itself (kinds with `object: true`); a list item by its type or name: .status.conditions[Ready].status
 *   @conditions       names of the conditions that say True, without Ready
 * Roles id, name, namespace, account and labels need no path. */
#ifndef PROVIDER_KUBERNETES_ROWS_H
#define PROVIDER_KUBERNETES_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct feed;
struct json;
struct kind;
struct table_head;
struct table_row;

enum { ROWS_COLUMNS_MAX = 96, ROWS_CELL = 192 };

struct rows {
	const struct kind *kind;
	const char *account;
	signed char source[ROWS_COLUMNS_MAX]; /* index of the server's cell; -1 none */
	signed char less[ROWS_COLUMNS_MAX];   /* of the one taken off */
	int labels; /* 1: fill the labels too. Only where lists carry them: else a change seen by the watch would look like one of labels */
	char made[ROWS_COLUMNS_MAX][ROWS_CELL]; /* cells computed for one row */
	char id[1200];
	const char *cells[ROWS_COLUMNS_MAX];
	size_t lengths[ROWS_COLUMNS_MAX];
	int name_cell;
};

void rows_init(struct rows *rows, const struct kind *kind, const char *account);
/* Learns the server's columns; call it with each head that has some. */
void rows_learn(struct rows *rows, const struct table_head *head);
/* Fills cells and lengths; valid until the next call and while row is. namespace_: when the row does not say its own. -1: it has no name. */
int rows_fill(struct rows *rows, const struct table_row *row, const char *namespace_, int64_t now_ns);

/* "7m22s" "2d4h" "3y10d" as the server writes durations; -1 when it is none. */
int64_t rows_parse_duration(const char *text, size_t length);
/* Kubernetes quantities ("1500m", "128Gi", "2k"), times scale; NAN when none. */
double rows_parse_quantity(const char *text);
/* Value by path; NULL when absent. */
const struct json *rows_value(const struct json *object, const char *path);

#endif
