/* filter_node.h - what a parsed filter is made of. Inside src/estate. */
#ifndef ESTATE_FILTER_NODE_H
#define ESTATE_FILTER_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "estate/kind.h"

struct error;
struct filter_beside;
struct snapshot;

/* Bytes looked for, ASCII letters in lower case. */
struct needle {
	char *bytes;
	size_t length;
	unsigned char first_case, last_case; /* 0x20 where the byte is a letter: or-ed in before comparing */
};

struct word {
	struct needle needle;
	int negated;
};

/* A pattern of `~`: literal alternatives where it has no more than that, else a compiled expression. */
struct alternative {
	struct needle needle;
	int at_start, at_end;
};
struct pattern {
	struct alternative *alternatives;
	size_t count;
	void *code; /* pcre2_code, or NULL */
};

enum node_type { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE, NODE_WORD };
enum compare { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE, COMPARE_MATCH, COMPARE_NOT_MATCH };

struct node {
	enum node_type type;
	int left, right; /* nodes; right -1 for NOT */
	int column;
	enum column_type column_type;
	enum compare compare;
	double number;   /* NAN: compared as text */
	int is_moment;   /* number is ns since 1970, not an age */
	struct needle text;
	struct pattern *pattern;
};

struct filter {
	struct word *words; /* of a plain filter */
	size_t word_count;
	struct node *nodes; /* of an expression */
	size_t node_count;
	int root;
	const struct filter *also;          /* borrowed, or NULL */
	const struct filter_beside *beside; /* borrowed; NULL: no node has a column of it */
};

void needle_init(struct needle *needle, const char *bytes, size_t length);
void needle_release(struct needle *needle);
unsigned char fold(unsigned char c);
/* First place in hay[0..length) where needle begins, or NULL. readable >= length: bytes that may be read from hay. */
const char *needle_find(const struct needle *needle, const char *hay, size_t length, size_t readable);
/* The two ways it is done, for the tests: AVX2 is NULL where the machine has none. */
typedef const char *(*needle_find_fn)(const struct needle *, const char *, size_t, size_t);
const char *needle_find_plain(const struct needle *needle, const char *hay, size_t length, size_t readable);
needle_find_fn needle_find_vector(void);

/* A cell against a comparison. */
int node_matches(const struct node *node, const char *cell, size_t length);
/* What stands beside a row against a comparison. */
int node_matches_beside(const struct filter *filter, const struct node *node, const struct snapshot *snapshot, size_t row);

struct pattern *pattern_new(const char *text, struct error *err);
void pattern_free(struct pattern *pattern);
int pattern_match(const struct pattern *pattern, const char *cell, size_t length);

/* "1Gi" "500Mi" "2k" "90%" "10m" as a number in the column's units; NAN when it is none. *is_moment: an RFC 3339 time. */
double quantity_parse(const char *text, enum column_type type, int *is_moment);

#endif
