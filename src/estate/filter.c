#include "estate/filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/mem.h"
#include "estate/filter_node.h"
#include "estate/kind.h"

enum { TEXT_MAX = 4096, WORDS_MAX = 32, NODES_MAX = 256, DEPTH_MAX = 32 };

struct parser {
	const char *text, *at;
	const struct kind *kind;
	const struct filter_beside *beside; /* NULL none */
	struct filter *filter;
	struct error *err;
	int depth;
};

/* Control characters part cells and rows; nobody looks for them. */
static int is_space(char c)
{
	return c && (unsigned char)c <= ' ';
}

static int is_word(char c)
{
	return c && !is_space(c) && !strchr("()\"'=!<>~", c);
}

static void skip_space(struct parser *p)
{
	while (is_space(*p->at))
		p->at++;
}

static int fail(struct parser *p, const char *what)
{
	return error_set(p->err, ERR_INVALID, "filter, character %ld: %s", (long)(p->at - p->text) + 1,
		what);
}

/* The comparison at text, longest first; NULL none. */
static const struct operator_row {
	const char *text;
	enum compare compare;
} *operator_at(const char *text)
{
	static const struct operator_row rows[] = {
		{ "==", COMPARE_EQ },
		{ "!=", COMPARE_NE },
		{ "<=", COMPARE_LE },
		{ ">=", COMPARE_GE },
		{ "!~", COMPARE_NOT_MATCH },
		{ "<", COMPARE_LT },
		{ ">", COMPARE_GT },
		{ "~", COMPARE_MATCH },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strncmp(text, rows[i].text, strlen(rows[i].text)))
			return &rows[i];
	return NULL;
}

/* A comparison after a word, outside quotes, makes it an expression. */
static int is_expression(const char *text)
{
	char quote = 0;
	int after_word = 0;

	for (; *text; text++) {
		if (quote) {
			after_word = *text == quote;
			quote = *text == quote ? 0 : quote;
		} else if (*text == '"' || *text == '\'') {
			quote = *text;
		} else if (after_word && operator_at(text)) {
			return 1;
		} else if (!is_space(*text)) {
			after_word = is_word(*text);
		}
	}
	return 0;
}

/* --- plain words --- */

static int add_word(struct parser *p, const char *bytes, size_t length, int negated)
{
	struct filter *filter = p->filter;

	if (!length)
		return 0;
	if (filter->word_count == WORDS_MAX)
		return error_set(p->err, ERR_LIMIT, "filter: more than %d words", WORDS_MAX);
	filter->words = mem_grow(filter->words, filter->word_count + 1, sizeof(*filter->words));
	needle_init(&filter->words[filter->word_count].needle, bytes, length);
	for (size_t i = 0; i < length; i++)
		if (is_space(bytes[i])) /* in a quoted one */
			filter->words[filter->word_count].needle.bytes[i] = ' ';
	filter->words[filter->word_count++].negated = negated;
	return 0;
}

/* `"two words"` is one; a quote without its partner is a quote. */
static int parse_words(struct parser *p)
{
	for (;;) {
		const char *begin, *end;
		int negated, quoted;

		skip_space(p);
		if (!*p->at)
			return 0;
		negated = *p->at == '!' && p->at[1] && !is_space(p->at[1]);
		begin = p->at + negated;
		end = *begin == '"' ? strchr(begin + 1, '"') : NULL;
		quoted = end != NULL;
		begin += quoted;
		if (!quoted)
			for (end = begin; *end && !is_space(*end);)
				end++;
		if (add_word(p, begin, (size_t)(end - begin), negated))
			return -1;
		p->at = end + quoted;
	}
}

/* --- expressions --- */

static int parse_or(struct parser *p, int *out);

static int add_node(struct parser *p, struct node node, int *out)
{
	struct filter *filter = p->filter;

	filter->nodes = mem_grow(filter->nodes, filter->node_count + 1, sizeof(*filter->nodes));
	filter->nodes[filter->node_count] = node;
	*out = (int)filter->node_count++;
	if (filter->node_count > NODES_MAX)
		return fail(p, "the expression is too long");
	return 0;
}

static int take_keyword(struct parser *p, const char *keyword)
{
	size_t length = strlen(keyword);

	skip_space(p);
	if (strncasecmp(p->at, keyword, length) || is_word(p->at[length]))
		return 0;
	p->at += length;
	return 1;
}

/* A quoted text, \" being a quote; NULL + err without its end. */
static char *take_quoted(struct parser *p)
{
	char quote = *p->at, *out = mem_alloc(strlen(p->at) + 1);
	const char *from = p->at + 1;
	size_t length = 0;

	for (; *from && *from != quote; from++) {
		if (*from == '\\' && from[1] == quote)
			from++;
		out[length++] = *from;
		if (is_space(*from))
			out[length - 1] = ' ';
	}
	out[length] = '\0';
	if (!*from) {
		free(out);
		fail(p, "this quote has no end");
		return NULL;
	}
	p->at = from + 1;
	return out;
}

static char *take_word(struct parser *p)
{
	const char *begin = p->at;

	if (*p->at == '"' || *p->at == '\'')
		return take_quoted(p);
	while (is_word(*p->at))
		p->at++;
	if (begin == p->at) {
		fail(p, *begin ? "a column or a word is missing here" : "it ends too soon");
		return NULL;
	}
	return mem_text_n(begin, (size_t)(p->at - begin));
}

/* The right side: quoted, or up to a blank or the parenthesis that closes the group. */
static char *take_value(struct parser *p)
{
	const char *begin;
	int depth = 0;

	skip_space(p);
	if (*p->at == '"' || *p->at == '\'')
		return take_quoted(p);
	for (begin = p->at; *p->at && !is_space(*p->at); p->at++) {
		if (*p->at == '(')
			depth++;
		else if (*p->at == ')' && depth-- == 0)
			break;
	}
	if (begin == p->at || operator_at(begin)) { /* "cpu >> 3": a value that begins so is quoted */
		p->at = begin;
		fail(p, "a value is missing here");
		return NULL;
	}
	return mem_text_n(begin, (size_t)(p->at - begin));
}

/* "CPU USED" in any case, its blank written as _ too. */
static int is_called(const struct kind_column *head, const char *name)
{
	size_t i = 0;

	while (head->name[i] && (fold((unsigned char)head->name[i]) == fold((unsigned char)name[i]) || (head->name[i] == ' ' && name[i] == '_')))
		i++;
	return !head->name[i] && !name[i];
}

/* The kind's own columns first. -1 none. */
static int find_column(const struct parser *p, const char *name, enum column_type *type)
{
	int own = kind_column_find(p->kind, name);

	if (own >= 0)
		*type = p->kind->columns[own].type;
	for (size_t i = 0; own < 0 && p->beside && i < p->beside->count; i++) {
		if (!is_called(&p->beside->heads[i], name))
			continue;
		*type = p->beside->heads[i].type;
		p->filter->beside = p->beside;
		return COLUMN_BESIDE + (int)i;
	}
	return own;
}

static int fits_beside(struct parser *p, const struct node *node, const char *column)
{
	if (node->column < COLUMN_BESIDE || (!node->pattern && !isnan(node->number)))
		return 0;
	return error_set(p->err, ERR_INVALID, "filter: \"%.60s\" is a number: compare it with one, as in %.60s > 100", column, column);
}

static const char *measure_of(enum column_type type)
{
	static const struct {
		enum column_type type;
		const char *words;
	} rows[] = { { COLUMN_BYTES, "a size such as 100M" }, { COLUMN_AGE, "a time such as 5m or 2h" }, { COLUMN_SECONDS, "a time such as 5m or 2h" },
		{ COLUMN_MILLICORES, "CPU such as 500m or 2" }, { COLUMN_PERCENT, "a number such as 80" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].type == type)
			return rows[i].words;
	return "a number";
}

/* "rss > abc" would be true of nothing, and look as if there were nothing. */
static int fits_order(struct parser *p, const struct node *node, const char *column)
{
	int orders = node->compare >= COMPARE_LT && node->compare <= COMPARE_GE;
	int has_order = node->column_type != COLUMN_TEXT && node->column_type != COLUMN_BOOL;

	if (!orders || !has_order || !isnan(node->number))
		return 0;
	return error_set(p->err, ERR_INVALID, "filter: \"%.60s\" is ordered by %s", column, measure_of(node->column_type));
}

static int parse_compare(struct parser *p, const char *column, enum compare compare, int *out)
{
	struct node node = { .type = NODE_COMPARE, .compare = compare, .left = -1, .right = -1 };
	struct error why = { 0 };
	char *value;

	node.column = find_column(p, column, &node.column_type);
	if (node.column < 0)
		return error_set(p->err, ERR_INVALID, "filter: %s have no column \"%.60s\"",
			p->kind->name, column);
	value = take_value(p);
	if (!value)
		return -1;
	if (compare == COMPARE_MATCH || compare == COMPARE_NOT_MATCH) {
		node.pattern = pattern_new(value, &why);
	} else {
		node.number = quantity_parse(value, node.column_type, &node.is_moment);
		needle_init(&node.text, value, strlen(value));
	}
	free(value);
	if (why.code)
		return fail(p, why.text);
	return add_node(p, node, out) || fits_beside(p, &node, column) || fits_order(p, &node, column) ? -1 : 0;
}

static int parse_word_or_compare(struct parser *p, int *out)
{
	char *word = take_word(p);
	const struct operator_row *operator;
	int result;

	if (!word)
		return -1;
	skip_space(p);
	operator = operator_at(p->at);
	if (operator) {
		p->at += strlen(operator->text);
		result = parse_compare(p, word, operator->compare, out);
	} else {
		struct node node = { .type = NODE_WORD, .left = -1, .right = -1, .column = -1 };

		needle_init(&node.text, word, strlen(word));
		result = add_node(p, node, out);
	}
	free(word);
	return result;
}

static int parse_primary(struct parser *p, int *out)
{
	int inner, result;

	if (++p->depth > DEPTH_MAX)
		return fail(p, "it is nested too deep");
	if (take_keyword(p, "not") || (*p->at == '!' && p->at++)) {
		result = parse_primary(p, &inner);
		if (!result)
			result = add_node(p, (struct node){ .type = NODE_NOT, .left = inner, .right = -1 },
				out);
	} else if (*p->at == '(') {
		p->at++;
		result = parse_or(p, out);
		skip_space(p);
		if (!result && *p->at++ != ')') {
			p->at--;
			result = fail(p, "a ) is missing here");
		}
	} else {
		result = parse_word_or_compare(p, out);
	}
	p->depth--;
	return result;
}

/* Operands side by side are joined by `and`, as plain words are. */
static int parse_and(struct parser *p, int *out)
{
	if (parse_primary(p, out))
		return -1;
	for (;;) {
		const char *before;
		int right;

		if (!take_keyword(p, "and")) {
			before = p->at;
			if (!*before || *before == ')' || take_keyword(p, "or")) {
				p->at = before;
				return 0;
			}
		}
		if (parse_primary(p, &right) ||
			add_node(p, (struct node){ .type = NODE_AND, .left = *out, .right = right }, out))
			return -1;
	}
}

static int parse_or(struct parser *p, int *out)
{
	if (parse_and(p, out))
		return -1;
	while (take_keyword(p, "or")) {
		int right;

		if (parse_and(p, &right) ||
			add_node(p, (struct node){ .type = NODE_OR, .left = *out, .right = right }, out))
			return -1;
	}
	return 0;
}

static int parse_expression(struct parser *p)
{
	if (parse_or(p, &p->filter->root))
		return -1;
	skip_space(p);
	return *p->at ? fail(p, "a ) too many") : 0;
}

struct filter *filter_parse(const char *text, const struct kind *kind, struct error *err)
{
	return filter_parse_beside(text, kind, NULL, err);
}

int filter_uses_beside(const struct filter *filter, size_t nth)
{
	for (size_t i = 0; filter && i < filter->node_count; i++)
		if (filter->nodes[i].type == NODE_COMPARE && filter->nodes[i].column == COLUMN_BESIDE + (int)nth)
			return 1;
	return 0;
}

struct filter *filter_parse_beside(const char *text, const struct kind *kind, const struct filter_beside *beside, struct error *err)
{
	struct parser p = { .text = text, .at = text, .kind = kind, .beside = beside, .err = err };
	int result;

	error_clear(err);
	skip_space(&p);
	if (!*p.at)
		return NULL;
	if (strlen(text) > TEXT_MAX) {
		error_set(err, ERR_LIMIT, "filter: longer than %d characters", TEXT_MAX);
		return NULL;
	}
	p.filter = mem_zero(1, sizeof(*p.filter));
	p.filter->root = -1;
	result = kind && is_expression(text) ? parse_expression(&p) : parse_words(&p);
	if (result || (p.filter->root < 0 && !p.filter->word_count)) {
		filter_free(p.filter);
		return NULL;
	}
	return p.filter;
}

void filter_set_also(struct filter *filter, const struct filter *also)
{
	filter->also = also;
}

void filter_free(struct filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->word_count; i++)
		needle_release(&filter->words[i].needle);
	for (size_t i = 0; i < filter->node_count; i++) {
		needle_release(&filter->nodes[i].text);
		pattern_free(filter->nodes[i].pattern);
	}
	free(filter->words);
	free(filter->nodes);
	free(filter);
}
