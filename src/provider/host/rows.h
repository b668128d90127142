/* rows.h - one list in flight. A kind's C side offers named fields; the kind's YAML picks, by a column's `path`, which
 * of them show where. The same list fills a feed, or objects of all fields (get, queries). */
#ifndef PROVIDER_HOST_ROWS_H
#define PROVIDER_HOST_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct feed;
struct json;
struct kind;
struct machine;
struct selection;

enum { ROWS_FIELDS_MAX = 40, ROWS_COLUMNS_MAX = 64, ROWS_BUFFER_MAX = 4096 };

/* Offered by every kind, before its own. */
enum rows_field { ROWS_ID, ROWS_ACCOUNT, ROWS_NAME, ROWS_OWN };

struct rows_field_row {
	const char *name;
	int is_number; /* in objects: a number, and null when unknown */
};

struct rows_fields { /* a kind's own fields, counted from ROWS_OWN */
	const char *kind;
	const struct rows_field_row *list;
	size_t count;
};

struct rows {
	struct machine *machine;
	const struct rows_fields *fields;
	const struct selection *selection;
	struct feed *feed;         /* or */
	struct json *items;        /* objects are added here; yours */
	const struct kind *kind;   /* NULL for items */
	size_t sent, limit;
	int full;                  /* limit reached: the rest need not be read */
	int sample_ms;             /* between two readings of a rate, where there was none before */
	int unmeasured;            /* a rate was read for the first time: it takes a second reading */
	/* private */
	signed char column_field[ROWS_COLUMNS_MAX]; /* -1: no field of that name */
	size_t column_count;
	uint64_t wanted;
	const char *values[ROWS_FIELDS_MAX];
	size_t lengths[ROWS_FIELDS_MAX];
	char buffer[ROWS_BUFFER_MAX];
	size_t used;
};

void rows_to_feed(struct rows *rows, struct machine *machine, const struct rows_fields *fields, const struct kind *kind,
	const struct selection *selection, struct feed *feed);
void rows_to_items(struct rows *rows, struct machine *machine, const struct rows_fields *fields, const struct selection *selection);
/* 1 when some column shows it: what is dear to read is left out otherwise. Always 1 for items. */
int rows_wants(const struct rows *rows, int field);
/* 1 when the selection asks for this name, or for all. */
int rows_selects(const struct rows *rows, const char *name);

/* A row begins: all fields unknown. Then its fields in any order; texts must stay until rows_send, unless copied. */
void rows_begin(struct rows *rows);
void rows_text(struct rows *rows, int field, const char *text, size_t length);
void rows_string(struct rows *rows, int field, const char *text);      /* NUL-terminated; NULL unknown */
void rows_copy(struct rows *rows, int field, const char *text, size_t length);
void rows_integer(struct rows *rows, int field, int64_t number);
void rows_known(struct rows *rows, int field, int64_t number);        /* negative: unknown */
/* How much a counter of `name` grew in a second since the reading before; NAN at the first one and after a reset. */
double rows_rate(struct rows *rows, const char *name, const char *counter, uint64_t value);
void rows_percent(struct rows *rows, int field, double number);       /* one decimal; NAN unknown */
void rows_round(struct rows *rows, int field, double number);         /* whole; NAN unknown */
void rows_time(struct rows *rows, int field, int64_t at_ns);          /* RFC 3339; 0 unknown */
void rows_send(struct rows *rows, const char *name);
/* Part of the list could not be had; told once, the rest goes on. */
void rows_note(struct rows *rows, const char *source, const struct error *err);
int rows_cancelled(const struct rows *rows);
void rows_page(struct rows *rows); /* what is there so far is shown */
/* The same, then waits for a second sample (sample_ms; ends early when cancelled) and begins the list anew. */
void rows_again(struct rows *rows);
/* What takes long runs programs: for a screen that is just being filled it waits a moment, for one answer it does not. */
void rows_give_way(const struct rows *rows);

#endif
