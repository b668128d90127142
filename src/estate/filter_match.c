/* How one cell or row is held against a parsed filter. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/mem.h"
#include "estate/filter.h"
#include "estate/filter_node.h"
#include "estate/snapshot.h"

enum { MATCH_STEPS = 100000, MATCH_DEPTH = 1000, PATTERN_MAX = 1000, ALTERNATIVES_MAX = 64 };

/* --- patterns --- */

static int is_meta(char c)
{
	return strchr(".*+?()[]{}\\^$|", c) != NULL;
}

/* Reads one alternative of literal characters; NULL when it is more than that. */
static const char *take_literal(const char *text, char *out, size_t *length,
	struct alternative *alternative)
{
	*length = 0;
	alternative->at_start = *text == '^';
	text += alternative->at_start;
	for (; *text && *text != '|'; text++) {
		if (*text == '$' && (!text[1] || text[1] == '|')) {
			alternative->at_end = 1;
			continue;
		}
		if (*text == '\\' && text[1] && strchr(".*+?()[]{}\\^$|/-", text[1]))
			text++;
		else if (is_meta(*text))
			return NULL;
		/* Case folding of other scripts is left to PCRE2. */
		if ((unsigned char)*text >= 0x80)
			return NULL;
		out[(*length)++] = *text;
	}
	return text;
}

/* Most patterns are lists of words: those need no engine. */
static int parse_literals(struct pattern *pattern, const char *text)
{
	char bytes[PATTERN_MAX + 1];
	size_t length;

	do {
		struct alternative alternative = { .at_start = 0 };

		if (pattern->count == ALTERNATIVES_MAX)
			return -1;
		text = take_literal(text, bytes, &length, &alternative);
		if (!text)
			return -1;
		needle_init(&alternative.needle, bytes, length);
		pattern->alternatives = mem_grow(pattern->alternatives, pattern->count + 1,
			sizeof(*pattern->alternatives));
		pattern->alternatives[pattern->count++] = alternative;
	} while (*text++ == '|');
	return 0;
}

static void release_alternatives(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->count; i++)
		needle_release(&pattern->alternatives[i].needle);
	free(pattern->alternatives);
	pattern->alternatives = NULL;
	pattern->count = 0;
}

struct pattern *pattern_new(const char *text, struct error *err)
{
	struct pattern *pattern = mem_zero(1, sizeof(*pattern));
	int number = 0;
	PCRE2_SIZE at = 0;
	PCRE2_UCHAR why[120];

	if (strlen(text) <= PATTERN_MAX && !parse_literals(pattern, text))
		return pattern;
	release_alternatives(pattern);
	if (strlen(text) <= PATTERN_MAX) {
		/* A cell out of a cache may hold anything: invalid UTF-8 then matches nothing. */
		pattern->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
			PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
			&number, &at, NULL);
		if (pattern->code)
			return pattern;
		pcre2_get_error_message(number, why, sizeof(why));
		error_set(err, ERR_INVALID, "pattern, character %zu: %s", at + 1, (const char *)why);
	} else {
		error_set(err, ERR_LIMIT, "a pattern is longer than %d characters", PATTERN_MAX);
	}
	free(pattern);
	return NULL;
}

void pattern_free(struct pattern *pattern)
{
	if (!pattern)
		return;
	release_alternatives(pattern);
	pcre2_code_free(pattern->code);
	free(pattern);
}

static int same_folded(const char *cell, const struct needle *needle)
{
	for (size_t i = 0; i < needle->length; i++)
		if (fold((unsigned char)cell[i]) != (unsigned char)needle->bytes[i])
			return 0;
	return 1;
}

static int alternative_match(const struct alternative *alternative, const char *cell, size_t length)
{
	const struct needle *needle = &alternative->needle;

	if (needle->length > length)
		return 0;
	if (alternative->at_start && alternative->at_end)
		return needle->length == length && same_folded(cell, needle);
	if (alternative->at_start)
		return same_folded(cell, needle);
	if (alternative->at_end)
		return same_folded(cell + length - needle->length, needle);
	return needle_find(needle, cell, length, length) != NULL;
}

int pattern_match(const struct pattern *pattern, const char *cell, size_t length)
{
	pcre2_match_context *context;
	pcre2_match_data *data;
	int result;

	for (size_t i = 0; i < pattern->count; i++)
		if (alternative_match(&pattern->alternatives[i], cell, length))
			return 1;
	if (!pattern->code)
		return 0;
	context = pcre2_match_context_create(NULL);
	data = pcre2_match_data_create(1, NULL);
	if (!context || !data)
		abort(); /* out of memory, as mem_alloc */
	pcre2_set_match_limit(context, MATCH_STEPS);
	pcre2_set_depth_limit(context, MATCH_DEPTH);
	result = pcre2_match(pattern->code, (PCRE2_SPTR)cell, length, 0, 0, data, context);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	return result >= 0;
}

/* --- quantities --- */

struct unit {
	const char *suffix;
	double factor;
};

static double with_unit(const char *text, const struct unit *units, size_t count)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || !isfinite(number))
		return NAN;
	if (!*end)
		return number;
	for (size_t i = 0; i < count; i++)
		if (!strcmp(end, units[i].suffix))
			return number * units[i].factor;
	return NAN;
}

/* Windows of clock_parse_window, or plain seconds. */
static double seconds_of(const char *text)
{
	int64_t window;

	if (!clock_parse_window(text, &window))
		return (double)window / 1e9;
	return with_unit(text, NULL, 0);
}

double quantity_parse(const char *text, enum column_type type, int *is_moment)
{
	static const struct unit sizes[] = { { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 }, { "G", 1e9 },
		{ "T", 1e12 }, { "P", 1e15 }, { "Ki", 0x1p10 }, { "Mi", 0x1p20 }, { "Gi", 0x1p30 },
		{ "Ti", 0x1p40 }, { "Pi", 0x1p50 }, { "kB", 1e3 }, { "KB", 1e3 }, { "MB", 1e6 },
		{ "GB", 1e9 }, { "TB", 1e12 }, { "KiB", 0x1p10 }, { "MiB", 0x1p20 },
		{ "GiB", 0x1p30 }, { "TiB", 0x1p40 }, { "B", 1 } };
	static const struct unit cores[] = { { "m", 1 }, { "c", 1e3 }, { "cores", 1e3 } };
	static const struct unit percents[] = { { "%", 1 } };
	int64_t at;

	*is_moment = 0;
	switch (type) {
	case COLUMN_AGE:
		if (strchr(text, '-') && !clock_parse(text, &at)) {
			*is_moment = 1;
			return (double)at;
		}
		return seconds_of(text);
	case COLUMN_SECONDS:
		return seconds_of(text);
	case COLUMN_MILLICORES:
		return with_unit(text, cores, sizeof(cores) / sizeof(*cores));
	case COLUMN_PERCENT:
		return with_unit(text, percents, 1);
	case COLUMN_BYTES:
	case COLUMN_NUMBER:
		return with_unit(text, sizes, sizeof(sizes) / sizeof(*sizes));
	case COLUMN_TEXT:
		return with_unit(text, NULL, 0);
	case COLUMN_BOOL:
		break;
	}
	return NAN;
}

/* --- rows --- */

struct row {
	const struct snapshot *snapshot; /* and number; or loose cells */
	size_t number;
	const struct kind *kind;
	const char *const *cells;
	const size_t *lengths;
};

static const char *cell_of(const struct row *row, int column, size_t *length)
{
	if (row->snapshot)
		return snapshot_cell(row->snapshot, row->number, column, length);
	*length = row->cells[column] ? row->lengths[column] : 0;
	return row->cells[column] ? row->cells[column] : "";
}

static int ordered(enum compare compare, int less, int equal)
{
	switch (compare) {
	case COMPARE_EQ:
		return equal;
	case COMPARE_NE:
		return !equal;
	case COMPARE_LT:
		return less;
	case COMPARE_LE:
		return less || equal;
	case COMPARE_GT:
		return !less && !equal;
	case COMPARE_GE:
		return !less;
	case COMPARE_MATCH:
	case COMPARE_NOT_MATCH:
		break;
	}
	return 0;
}

static int compare_text(const struct node *node, const char *cell, size_t length)
{
	size_t shorter = length < node->text.length ? length : node->text.length;
	int difference = 0;

	for (size_t i = 0; i < shorter && !difference; i++)
		difference = fold((unsigned char)cell[i]) - (unsigned char)node->text.bytes[i];
	if (!difference)
		difference = (length > node->text.length) - (length < node->text.length);
	return ordered(node->compare, difference < 0, difference == 0);
}

static int compare_number(const struct node *node, double cell)
{
	if (isnan(cell))
		return node->compare == COMPARE_NE;
	if (node->column_type == COLUMN_AGE && !node->is_moment)
		cell = ((double)clock_now_ns() - cell) / 1e9;
	return ordered(node->compare, cell < node->number, cell == node->number);
}

int node_matches(const struct node *node, const char *cell, size_t length)
{
	double number;

	if (node->pattern)
		return pattern_match(node->pattern, cell, length) == (node->compare == COMPARE_MATCH);
	if (isnan(node->number))
		return compare_text(node, cell, length);
	number = cell_number(node->column_type, cell, length);
	if (node->column_type == COLUMN_TEXT && isnan(number))
		return compare_text(node, cell, length);
	return compare_number(node, number);
}

int node_matches_beside(const struct filter *filter, const struct node *node, const struct snapshot *snapshot, size_t row)
{
	const struct filter_beside *beside = filter->beside;

	return compare_number(node, beside->number(beside->arg, snapshot, row, (size_t)(node->column - COLUMN_BESIDE)));
}

static int has_word(const struct needle *needle, const struct row *row)
{
	for (size_t i = 0; i < row->kind->visible_count; i++) {
		size_t length;
		const char *cell = cell_of(row, (int)i, &length);

		if (needle_find(needle, cell, length, length))
			return 1;
	}
	return 0;
}

static int eval(const struct filter *filter, int at, const struct row *row)
{
	const struct node *node = &filter->nodes[at];
	size_t length;
	const char *cell;

	switch (node->type) {
	case NODE_AND:
		return eval(filter, node->left, row) && eval(filter, node->right, row);
	case NODE_OR:
		return eval(filter, node->left, row) || eval(filter, node->right, row);
	case NODE_NOT:
		return !eval(filter, node->left, row);
	case NODE_COMPARE:
		if (node->column >= COLUMN_BESIDE) /* loose cells have nothing beside them */
			return row->snapshot && node_matches_beside(filter, node, row->snapshot, row->number);
		cell = cell_of(row, node->column, &length);
		return node_matches(node, cell, length);
	case NODE_WORD:
		return has_word(&node->text, row);
	}
	return 0;
}

static int row_match(const struct filter *filter, const struct row *row)
{
	if (filter->root >= 0)
		return eval(filter, filter->root, row);
	for (size_t i = 0; i < filter->word_count; i++)
		if (has_word(&filter->words[i].needle, row) == filter->words[i].negated)
			return 0;
	return 1;
}

int filter_match(const struct filter *filter, const struct snapshot *snapshot, size_t row)
{
	struct row view = { .snapshot = snapshot, .number = row, .kind = snapshot_kind(snapshot) };

	return !filter || row_match(filter, &view);
}

int filter_match_cells(const struct filter *filter, const struct kind *kind,
	const char *const *cells, const size_t *lengths)
{
	struct row view = { .kind = kind, .cells = cells, .lengths = lengths };

	return !filter || row_match(filter, &view);
}
