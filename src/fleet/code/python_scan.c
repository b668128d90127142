/* The statements of a Python file: imports, functions, classes, blocks, assignments. Lines are told apart by NEWLINE, bodies by INDENT and DEDENT. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/code/code_parts.h"

enum { OPEN_MAX = 128, MODULE_MAX = 300 };

/* A body that is not yet closed. */
struct body {
	enum { BODY_FUNCTION, BODY_CLASS, BODY_BLOCK } kind;
	int index, depth;
};

struct scanner {
	struct code *code;
	int depth; /* indents */
	struct body open[OPEN_MAX];
	int open_count;
	int decorators, decorator_count; /* that wait for their def */
};

static struct code_function *function_of(struct scanner *scanner, int i)
{
	return (struct code_function *)scanner->code->functions.items + i;
}

static void close_bodies(struct scanner *scanner, int token)
{
	while (scanner->open_count && scanner->open[scanner->open_count - 1].depth > scanner->depth) {
		struct body *body = &scanner->open[--scanner->open_count];

		if (body->kind == BODY_FUNCTION)
			function_of(scanner, body->index)->end = token;
		else if (body->kind == BODY_CLASS)
			((struct code_class *)scanner->code->classes.items)[body->index].end = token;
		else
			((struct code_block *)scanner->code->blocks.items)[body->index].end = token;
	}
}

/* The innermost open body of a kind; blocks end at the function around. */
static int innermost(const struct scanner *scanner, int kind)
{
	for (int i = scanner->open_count - 1; i >= 0; i--) {
		if ((int)scanner->open[i].kind == kind)
			return scanner->open[i].index;
		if (kind == BODY_BLOCK && scanner->open[i].kind == BODY_FUNCTION)
			break;
	}
	return -1;
}

/* The class a def or assignment stands directly in. */
static int directly_in_class(const struct scanner *scanner)
{
	for (int i = scanner->open_count - 1; i >= 0; i--)
		if (scanner->open[i].kind != BODY_BLOCK)
			return scanner->open[i].kind == BODY_CLASS ? scanner->open[i].index : -1;
	return -1;
}

/* The class of `self` at this place. */
static int class_around(const struct scanner *scanner)
{
	return innermost(scanner, BODY_CLASS);
}

static int is_op(const struct code *code, int token, const char *op)
{
	return token >= 0 && token < code->token_count && code->tokens[token].kind == CODE_OP && code_is(code, token, op);
}

/* The next token outside of brackets; past the closing one when `at` opens. */
static int step(const struct code *code, int at)
{
	int match = code_match(code, at);

	return match > at ? match + 1 : at + 1;
}

static int line_end(const struct code *code, int at)
{
	while (at < code->token_count && code->tokens[at].kind != CODE_NEWLINE && code->tokens[at].kind != CODE_ENDMARKER)
		at++;
	return at;
}

/* The first such operator outside of brackets, or `to`. A lambda's colon is its own. */
static int find_op(const struct code *code, int from, int to, const char *op)
{
	int lambdas = 0;

	for (int i = from; i < to; i = step(code, i)) {
		if (code->tokens[i].kind == CODE_NAME && code_is(code, i, "lambda"))
			lambdas++;
		else if (lambdas && is_op(code, i, ":"))
			lambdas--;
		else if (is_op(code, i, op))
			return i;
	}
	return to;
}

static int find_name(const struct code *code, int from, int to, const char *name)
{
	for (int i = from; i < to; i = step(code, i))
		if (code->tokens[i].kind == CODE_NAME && code_is(code, i, name))
			return i;
	return to;
}

/* --- imports --- */

static void import_add(struct scanner *scanner, int token, const char *module, const char *name, const char *alias)
{
	struct code_import *import = code_row_add(scanner->code->arena, &scanner->code->imports, sizeof(*import));

	*import = (struct code_import){ .module = module, .name = name, .alias = alias, .token = token, .function = innermost(scanner, BODY_FUNCTION) };
}

/* a.b.c or ..a from `at`; *end is behind it. */
static const char *module_name(struct code *code, int at, int to, int *end)
{
	struct text text;
	const char *module;

	text_init(&text, MODULE_MAX);
	for (; at < to; at++) {
		if (code->tokens[at].kind == CODE_NAME ? code_is(code, at, "import") || code_is(code, at, "as") : !is_op(code, at, ".") && !is_op(code, at, "..."))
			break;
		text_add_n(&text, code->text + code->tokens[at].offset, code->tokens[at].length);
	}
	*end = at;
	module = arena_text_n(code->arena, text.data, text.length);
	text_release(&text);
	return module;
}

static void read_import(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;

	for (int at = from + 1, end; at < to; at = end + 1) {
		const char *module = module_name(code, at, to, &end), *alias;

		if (end + 1 < to && code_is(code, end, "as")) {
			alias = code_token_text(code, end + 1);
			end += 2;
		} else {
			alias = arena_text_n(code->arena, module, strcspn(module, "."));
		}
		if (*module)
			import_add(scanner, from, module, NULL, alias);
	}
}

static void read_from(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;
	int at;
	const char *module = module_name(code, from + 1, to, &at);

	if (!code_is(code, at, "import"))
		return;
	for (at++; at < to; at++) {
		if (code->tokens[at].kind != CODE_NAME && !is_op(code, at, "*"))
			continue;
		const char *name = code_token_text(code, at), *alias = name;

		if (at + 2 < to && code_is(code, at + 1, "as")) {
			alias = code_token_text(code, at + 2);
			at += 2;
		}
		import_add(scanner, from, module, name, alias);
	}
}

/* --- assignments --- */

static void assign_add(struct scanner *scanner, enum code_assign_kind kind, int target, int target_end, int value, int end)
{
	struct code *code = scanner->code;
	struct code_assign *assign;
	const char *name;

	while (target < target_end && (is_op(code, target, "*") || code->tokens[target].kind == CODE_NL || code->tokens[target].kind == CODE_COMMENT))
		target++;
	if (target >= target_end)
		return;
	if (is_op(code, target, "(") || is_op(code, target, "[")) {
		int inner = code_match(code, target);

		for (int at = target + 1; inner > 0 && at < inner;) {
			int comma = find_op(code, at, inner, ",");

			assign_add(scanner, kind, at, comma, value, end);
			at = comma + 1;
		}
		return;
	}
	if (is_op(code, target_end - 1, "]") && code_match(code, target_end - 1) > target) {
		target_end = code_match(code, target_end - 1);
		kind = ASSIGN_ITEM;
	}
	name = code_chain(code, target, target_end);
	if (!name || code->tokens[target].kind != CODE_NAME)
		return;
	assign = code_row_add(code->arena, &code->assigns, sizeof(*assign));
	*assign = (struct code_assign){ .kind = kind, .target = name, .token = target, .value = value, .end = end, .annotation = -1, .annotation_end = -1,
		.function = innermost(scanner, BODY_FUNCTION), .class = class_around(scanner), .block = innermost(scanner, BODY_BLOCK) };
}

static void assign_targets(struct scanner *scanner, enum code_assign_kind kind, int from, int to, int value, int end)
{
	for (int at = from; at < to;) {
		int comma = find_op(scanner->code, at, to, ",");

		assign_add(scanner, kind, at, comma, value, end);
		at = comma + 1;
	}
}

static int is_augmented(const struct code *code, int token)
{
	static const char *const ops[] = { "+=", "-=", "*=", "/=", "|=", "&=", "%=", "@=", "//=", "**=", ">>=", "<<=", "^=" };

	for (size_t i = 0; code->tokens[token].kind == CODE_OP && i < sizeof(ops) / sizeof(*ops); i++)
		if (code_is(code, token, ops[i]))
			return 1;
	return 0;
}

/* An expression, or `a = b = value`, `a: T = value`, `a += value`. */
static void read_assignment(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;
	int equals = find_op(code, from, to, "="), colon = find_op(code, from, equals, ":"), first = code->assigns.count;

	for (int i = from; equals == to && i < to; i = step(code, i))
		if (is_augmented(code, i)) {
			assign_targets(scanner, ASSIGN_ADD, from, i, i + 1, to);
			return;
		}
	if (colon < equals) {
		assign_add(scanner, ASSIGN_SET, from, colon, equals < to ? equals + 1 : to, to);
		if (code->assigns.count > first) {
			struct code_assign *assign = (struct code_assign *)code->assigns.items + first;

			assign->annotation = colon + 1;
			assign->annotation_end = equals;
		}
		return;
	}
	int last = equals;

	/* Every target gets the last value. */
	for (int next = equals; next < to; next = find_op(code, next + 1, to, "="))
		last = next;
	for (int at = from; equals < to;) {
		assign_targets(scanner, ASSIGN_SET, at, equals, last + 1, to);
		at = equals + 1;
		equals = find_op(code, at, to, "=");
	}
}

/* --- what has a body --- */

static void open_body(struct scanner *scanner, int kind, int index)
{
	if (scanner->open_count < OPEN_MAX)
		scanner->open[scanner->open_count++] = (struct body){ .kind = kind, .index = index, .depth = scanner->depth + 1 };
}

static void read_parameters(struct scanner *scanner, struct code_function *function, int from, int to)
{
	struct code *code = scanner->code;

	function->parameters = code->parameters.count;
	for (int at = from; at < to;) {
		int comma = find_op(code, at, to, ","), equals = find_op(code, at, comma, "="), colon = find_op(code, at, equals, ":"), stars = 0;
		struct code_parameter *parameter;

		while (at < comma && code->tokens[at].kind != CODE_NAME) {
			stars += is_op(code, at, "*") ? 1 : is_op(code, at, "**") ? 2 : 0;
			at++;
		}
		if (at < comma) {
			parameter = code_row_add(code->arena, &code->parameters, sizeof(*parameter));
			*parameter = (struct code_parameter){ .name = code_token_text(code, at), .token = at, .stars = stars,
				.annotation = colon < equals ? colon + 1 : -1, .annotation_end = colon < equals ? equals : -1,
				.value = equals < comma ? equals + 1 : -1, .value_end = equals < comma ? comma : -1 };
			function->parameter_count++;
		}
		at = comma + 1;
	}
}

static int docstring_at(const struct code *code, int body, int end)
{
	while (body < end && (code->tokens[body].kind == CODE_NEWLINE || code->tokens[body].kind == CODE_NL || code->tokens[body].kind == CODE_COMMENT ||
			code->tokens[body].kind == CODE_INDENT))
		body++;
	end = body;
	while (end < code->token_count && code->tokens[end].kind == CODE_STRING)
		end++;
	return end > body && end < code->token_count && (code->tokens[end].kind == CODE_NEWLINE || code_is(code, end, ";")) ? body : -1;
}

/* From `def` or `async`; colon: where the body begins. Returns its index. */
static int read_def(struct scanner *scanner, int from, int colon)
{
	struct code *code = scanner->code;
	int name = from + (code_is(code, from, "async") ? 2 : 1), open = name + 1, arrow;
	struct code_function *function = code_row_add(code->arena, &code->functions, sizeof(*function));

	*function = (struct code_function){ .name = code->tokens[name].kind == CODE_NAME ? code_token_text(code, name) : "", .def = from,
		.decorators = scanner->decorators, .decorator_count = scanner->decorator_count, .body = colon + 1, .end = code->token_count,
		.parent = innermost(scanner, BODY_FUNCTION), .class = directly_in_class(scanner), .is_async = code_is(code, from, "async"),
		.block = innermost(scanner, BODY_BLOCK), .returns = -1, .returns_end = -1 };
	scanner->decorator_count = 0;
	if (is_op(code, open, "[")) /* type parameters */
		open = step(code, open);
	if (is_op(code, open, "(") && code_match(code, open) > open)
		read_parameters(scanner, function, open + 1, code_match(code, open));
	arrow = find_op(code, open, colon, "->");
	if (arrow < colon) {
		function->returns = arrow + 1;
		function->returns_end = colon;
	}
	function->docstring = docstring_at(code, colon + 1, code->token_count);
	return code->functions.count - 1;
}

static int read_class(struct scanner *scanner, int from, int colon)
{
	struct code *code = scanner->code;
	struct code_class *class = code_row_add(code->arena, &code->classes, sizeof(*class));
	int open = find_op(code, from, colon, "(");

	*class = (struct code_class){ .name = code->tokens[from + 1].kind == CODE_NAME ? code_token_text(code, from + 1) : "", .def = from, .body = colon + 1,
		.end = code->token_count, .function = innermost(scanner, BODY_FUNCTION), .class = innermost(scanner, BODY_CLASS), .bases = -1, .bases_end = -1 };
	if (open < colon && code_match(code, open) > open) {
		class->bases = open + 1;
		class->bases_end = code_match(code, open);
	}
	scanner->decorator_count = 0;
	return code->classes.count - 1;
}

static void read_with(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;

	if (is_op(code, from, "(") && code_match(code, from) == to - 1) {
		from++;
		to--;
	}
	for (int at = from; at < to;) {
		int comma = find_op(code, at, to, ","), as = find_name(code, at, comma, "as");

		if (as < comma)
			assign_targets(scanner, ASSIGN_WITH, as + 1, comma, at, as);
		at = comma + 1;
	}
}

static const struct {
	const char *word;
	enum code_block_kind kind;
} block_words[] = { { "if", BLOCK_IF }, { "elif", BLOCK_IF }, { "else", BLOCK_ELSE }, { "while", BLOCK_WHILE }, { "for", BLOCK_FOR }, { "try", BLOCK_TRY },
	{ "except", BLOCK_EXCEPT }, { "finally", BLOCK_FINALLY }, { "with", BLOCK_WITH }, { "match", BLOCK_OTHER }, { "case", BLOCK_OTHER } };

static int read_block(struct scanner *scanner, enum code_block_kind kind, int from, int word, int colon)
{
	struct code *code = scanner->code;
	struct code_block *block = code_row_add(code->arena, &code->blocks, sizeof(*block));
	int in = kind == BLOCK_FOR ? find_name(code, word + 1, colon, "in") : colon, index = code->blocks.count - 1;

	*block = (struct code_block){ .kind = kind, .at = from, .head = in < colon ? in + 1 : word + 1, .head_end = colon, .body = colon + 1,
		.end = code->token_count, .function = innermost(scanner, BODY_FUNCTION), .parent = innermost(scanner, BODY_BLOCK), .is_async = word > from };
	if (kind == BLOCK_FOR && in < colon)
		assign_targets(scanner, ASSIGN_FOR, word + 1, in, in + 1, colon);
	else if (kind == BLOCK_WITH)
		read_with(scanner, word + 1, colon);
	return index;
}

static void simple_statements(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;

	while (from < to) {
		int end = find_op(code, from, to, ";");

		if (code_is(code, from, "import"))
			read_import(scanner, from, end);
		else if (code_is(code, from, "from"))
			read_from(scanner, from, end);
		else if (code_is(code, from, "return"))
			*(struct code_return *)code_row_add(code->arena, &code->returns, sizeof(struct code_return)) =
				(struct code_return){ .token = from, .value = from + 1, .end = end, .function = innermost(scanner, BODY_FUNCTION) };
		else if (code->tokens[from].kind == CODE_NAME && !code_keyword_is(code, from))
			read_assignment(scanner, from, end);
		else if (is_op(code, from, "(") || is_op(code, from, "[") || is_op(code, from, "*"))
			read_assignment(scanner, from, end);
		from = end + 1;
	}
}

static void read_decorator(struct scanner *scanner, int from, int to)
{
	struct code *code = scanner->code;
	struct code_decorator *decorator = code_row_add(code->arena, &code->decorators, sizeof(*decorator));
	int open = find_op(code, from + 1, to, "(");

	*decorator = (struct code_decorator){ .at = from, .end = to, .call = -1, .function = innermost(scanner, BODY_FUNCTION), .class = class_around(scanner),
		.written = code_chain(code, from + 1, open < to ? open : to) };
	if (!decorator->written)
		decorator->written = "";
	if (!scanner->decorator_count++)
		scanner->decorators = code->decorators.count - 1;
}

/* Which block a line begins, if any; a soft word only when the line has a colon behind it and no sign of assignment or call. */
static int block_kind(const struct code *code, int word)
{
	for (size_t i = 0; i < sizeof(block_words) / sizeof(*block_words); i++)
		if (code_is(code, word, block_words[i].word))
			return (int)block_words[i].kind;
	return -1;
}

static int is_soft_block(const struct code *code, int from, int end)
{
	return is_op(code, end - 1, ":") && !is_op(code, from + 1, "=") && !is_op(code, from + 1, ".") && !is_op(code, from + 1, ":");
}

/* A logical line; returns the token behind it. */
static int statement(struct scanner *scanner, int from)
{
	struct code *code = scanner->code;
	int end = line_end(code, from), word = from + (code_is(code, from, "async") ? 1 : 0), colon, kind, body, index;

	if (is_op(code, from, "@")) {
		read_decorator(scanner, from, end);
		return end + 1;
	}
	kind = code->tokens[word].kind == CODE_NAME ? block_kind(code, word) : -1;
	if (kind == BLOCK_OTHER && !is_soft_block(code, word, end))
		kind = -1;
	if (kind < 0 && !code_is(code, word, "def") && !code_is(code, word, "class")) {
		scanner->decorator_count = 0;
		simple_statements(scanner, from, end);
		return end + 1;
	}
	colon = find_op(code, word + 1, end, ":");
	if (colon == end) { /* a broken line */
		scanner->decorator_count = 0;
		return end + 1;
	}
	if (kind >= 0) {
		index = read_block(scanner, (enum code_block_kind)kind, from, word, colon);
		body = BODY_BLOCK;
	} else {
		body = code_is(code, word, "def") ? BODY_FUNCTION : BODY_CLASS;
		index = body == BODY_FUNCTION ? read_def(scanner, from, colon) : read_class(scanner, from, colon);
	}
	open_body(scanner, body, index);
	/* A body on the same line is closed by the next statement, which stands no deeper. */
	if (colon + 1 < end && code->tokens[colon + 1].kind != CODE_COMMENT)
		simple_statements(scanner, colon + 1, end);
	return end + 1;
}

void python_scan(struct code *code)
{
	struct scanner scanner = { .code = code };

	for (int at = 0; at < code->token_count;) {
		switch (code->tokens[at].kind) {
		case CODE_INDENT:
			scanner.depth++;
			at++;
			break;
		case CODE_DEDENT:
			scanner.depth--;
			close_bodies(&scanner, at++);
			break;
		case CODE_NL:
		case CODE_COMMENT:
		case CODE_NEWLINE:
			at++;
			break;
		case CODE_ENDMARKER:
			scanner.depth = -1;
			close_bodies(&scanner, at++);
			break;
		default:
			close_bodies(&scanner, at);
			at = statement(&scanner, at);
		}
	}
	scanner.depth = -1;
	close_bodies(&scanner, code->token_count);
}
