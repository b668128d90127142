/* Imports, functions, classes, blocks and assignments of JavaScript and TypeScript, told by the words and brackets around them. */
#include <string.h>

#include "base/arena.h"
#include "fleet/code/code_parts.h"

enum { OPEN_MAX = 256, TYPE_MAX = 60, LIST_MAX = 500, EXPRESSION_MAX = 20000 };

enum what { FUNCTION, CLASS, BLOCK };

struct body {
	enum what what;
	int index, end;
};

struct scanner {
	struct code *code;
	struct body open[OPEN_MAX];
	int open_count;
	long left; /* tokens that looking for ends of expressions may still cost */
};

static int is(const struct scanner *scanner, int token, const char *text)
{
	return code_is(scanner->code, token, text);
}

static int is_name(const struct scanner *scanner, int token)
{
	const struct code_token *it = code_token_at(scanner->code, token);

	return it && it->kind == CODE_NAME;
}

static int match(const struct scanner *scanner, int token)
{
	return code_match(scanner->code, token);
}

static int innermost(const struct scanner *scanner, enum what what)
{
	for (int i = scanner->open_count - 1; i >= 0; i--) {
		if (scanner->open[i].what == what)
			return scanner->open[i].index;
		if (what == BLOCK && scanner->open[i].what == FUNCTION)
			break;
	}
	return -1;
}

static int directly_in_class(const struct scanner *scanner)
{
	return scanner->open_count && scanner->open[scanner->open_count - 1].what == CLASS ? scanner->open[scanner->open_count - 1].index : -1;
}

static void open_body(struct scanner *scanner, enum what what, int index, int end)
{
	if (scanner->open_count < OPEN_MAX)
		scanner->open[scanner->open_count++] = (struct body){ .what = what, .index = index, .end = end };
}

/* The token behind an expression: at a comma, a closing bracket, a semicolon, or where a new line begins a statement. */
static int expression_end(struct scanner *scanner, int from)
{
	const struct code *code = scanner->code;
	int i = from;

	while (i < code->token_count - 1 && i < from + EXPRESSION_MAX && scanner->left-- > 0) {
		int c = code_char(code, i), closing = match(scanner, i);
		enum code_token_kind kind = code->tokens[i].kind;

		if (kind == CODE_OP && (c == ';' || c == ',' || c == ')' || c == ']' || c == '}'))
			break;
		if (i > from && code->tokens[i].line > code->tokens[i - 1].end_line && kind != CODE_OP && kind != CODE_COMMENT &&
			(code->tokens[i - 1].kind != CODE_OP || strchr(")]}", code_char(code, i - 1))))
			break;
		i = closing > i ? closing + 1 : i + 1;
	}
	return i;
}

/* --- imports --- */

static char *unquoted(struct scanner *scanner, int token)
{
	const struct code_token *it = code_token_at(scanner->code, token);

	if (!it || it->kind != CODE_STRING || it->length < 2)
		return NULL;
	return arena_text_n(scanner->code->arena, scanner->code->text + it->offset + 1, it->length - 2);
}

static void import_add(struct scanner *scanner, int token, const char *module, const char *name, int alias)
{
	struct code_import *import;

	if (!is_name(scanner, alias))
		return;
	import = code_row_add(scanner->code->arena, &scanner->code->imports, sizeof(*import));
	*import = (struct code_import){ .module = module, .name = name, .alias = code_token_text(scanner->code, alias), .token = token,
		.function = innermost(scanner, FUNCTION) };
}

/* { a, b as c, d: e } between open and its match. */
static void import_list(struct scanner *scanner, int token, const char *module, int open)
{
	for (int i = open + 1, close = match(scanner, open); i < close; i++) {
		if (!is_name(scanner, i) || is(scanner, i, "type") || is(scanner, i, "as"))
			continue;
		int renamed = is(scanner, i + 1, "as") || is(scanner, i + 1, ":");
		const char *name = code_token_text(scanner->code, i);

		i += renamed ? 2 : 0;
		import_add(scanner, token, module, name, i);
	}
}

/* import X, { a as b } from "m"; import * as n from "m". Returns the token behind. */
static int read_import(struct scanner *scanner, int at)
{
	int from = at + 1, i;
	const char *module;

	while (from < scanner->code->token_count && from < at + LIST_MAX && !is(scanner, from, "from") && scanner->code->tokens[from].kind != CODE_STRING &&
		!is(scanner, from, ";") && !is(scanner, from, "("))
		from++;
	module = unquoted(scanner, is(scanner, from, "from") ? from + 1 : from);
	if (!module)
		return at + 1;
	for (i = at + 1; i < from; i++) {
		if (is(scanner, i, "{")) {
			import_list(scanner, at, module, i);
			i = match(scanner, i) > i ? match(scanner, i) : from;
		} else if (is(scanner, i, "*") && is(scanner, i + 1, "as")) {
			import_add(scanner, at, module, NULL, i + 2);
			i += 2;
		} else if (is_name(scanner, i) && !is(scanner, i, "type")) {
			import_add(scanner, at, module, code_token_text(scanner->code, i), i);
		}
	}
	return from + 1;
}

/* require("m") or await import("m") as a value; NULL: it is none. */
static char *required(struct scanner *scanner, int value)
{
	value += is(scanner, value, "await");
	if ((is(scanner, value, "require") || is(scanner, value, "import")) && is(scanner, value + 1, "(") && is(scanner, value + 3, ")"))
		return unquoted(scanner, value + 2);
	return NULL;
}

/* --- assignments --- */

static void assign_add(struct scanner *scanner, enum code_assign_kind kind, int target, int target_end, int value, int end)
{
	struct code *code = scanner->code;
	const char *name = code_chain(code, target, target_end);
	struct code_assign *assign;

	if (!name || !is_name(scanner, target))
		return;
	assign = code_row_add(code->arena, &code->assigns, sizeof(*assign));
	*assign = (struct code_assign){ .kind = kind, .target = name, .token = target, .value = value, .end = end, .annotation = -1, .annotation_end = -1,
		.function = innermost(scanner, FUNCTION), .class = innermost(scanner, CLASS), .block = innermost(scanner, BLOCK) };
}

static void assign_list(struct scanner *scanner, enum code_assign_kind kind, int open, int value, int end)
{
	for (int i = open + 1, close = match(scanner, open); i < close; i++)
		if (is_name(scanner, i) && !is(scanner, i + 1, ":"))
			assign_add(scanner, kind, i, i + 1, value, end);
}

/* const|let|var at `at`: a name or a pattern, perhaps a type, then = value, of value, in value. */
static void read_declaration(struct scanner *scanner, int at)
{
	int target = at + 1, sign = target, end;
	const char *module;
	enum code_assign_kind kind;

	if (is(scanner, target, "{") || is(scanner, target, "["))
		sign = match(scanner, target);
	for (sign++; sign < at + TYPE_MAX + 4 && !is(scanner, sign, "=") && !is(scanner, sign, "of") && !is(scanner, sign, "in") && !is(scanner, sign, ";") &&
		sign < scanner->code->token_count;)
		sign = match(scanner, sign) > sign ? match(scanner, sign) + 1 : sign + 1;
	if (!is(scanner, sign, "=") && !is(scanner, sign, "of"))
		return;
	kind = is(scanner, sign, "=") ? ASSIGN_SET : ASSIGN_FOR;
	end = expression_end(scanner, sign + 1);
	module = required(scanner, sign + 1);
	if (module && is_name(scanner, target))
		import_add(scanner, at, module, NULL, target);
	else if (module && is(scanner, target, "{"))
		import_list(scanner, at, module, target);
	else if (is_name(scanner, target))
		assign_add(scanner, kind, target, target + 1, sign + 1, end);
	else if (match(scanner, target) > target)
		assign_list(scanner, kind, target, sign + 1, end);
}

/* = or += at `at`, not in a declaration: the chain before it. */
static void read_assignment(struct scanner *scanner, int at)
{
	int first = at - 1;

	while (first >= 0 && (is_name(scanner, first) || is(scanner, first, ".")) && !code_keyword_is(scanner->code, first) &&
		(first == at - 1 || is(scanner, first + 1, ".") || is(scanner, first, ".")))
		first--;
	first++;
	if (first < at && !is(scanner, first - 1, "const") && !is(scanner, first - 1, "let") && !is(scanner, first - 1, "var") && !is(scanner, first - 1, ":"))
		assign_add(scanner, is(scanner, at, "=") ? ASSIGN_SET : ASSIGN_ADD, first, at, at + 1, expression_end(scanner, at + 1));
}

/* --- functions --- */

static void read_parameters(struct scanner *scanner, struct code_function *function, int from, int to)
{
	struct code *code = scanner->code;
	int wanted = 1;

	function->parameters = code->parameters.count;
	for (int i = from; i < to; i++) {
		if (is(scanner, i, "{") && wanted) /* a pattern: its names are parameters */
			continue;
		if (is_name(scanner, i) && wanted && !is(scanner, i, "this")) {
			struct code_parameter *parameter = code_row_add(code->arena, &code->parameters, sizeof(*parameter));
			int type = is(scanner, i + 1, "?") ? i + 2 : i + 1;

			*parameter = (struct code_parameter){ .name = code_token_text(code, i), .token = i, .annotation = -1, .annotation_end = -1, .value = -1, .value_end = -1 };
			if (is(scanner, type, ":") && is_name(scanner, type + 1)) {
				parameter->annotation = type + 1;
				parameter->annotation_end = type + 2;
			}
			function->parameter_count++;
			wanted = 0;
		} else if (is(scanner, i, ",")) {
			wanted = 1;
		} else if (!wanted && match(scanner, i) > i && !is(scanner, i, ")")) {
			i = match(scanner, i);
		}
	}
}

/* Parameters in [from,to); the body begins at `body`, a brace or an expression. */
static void function_add(struct scanner *scanner, const char *name, int def, int from, int to, int body, int is_async)
{
	struct code *code = scanner->code;
	struct code_function *function = code_row_add(code->arena, &code->functions, sizeof(*function));
	int end = is(scanner, body, "{") ? match(scanner, body) : expression_end(scanner, body);

	*function = (struct code_function){ .name = name, .def = def, .body = body, .end = end > body ? end : body + 1, .parent = innermost(scanner, FUNCTION),
		.class = directly_in_class(scanner), .is_async = is_async, .docstring = -1, .returns = -1, .returns_end = -1, .block = innermost(scanner, BLOCK) };
	read_parameters(scanner, function, from, to);
	open_body(scanner, FUNCTION, code->functions.count - 1, function->end);
}

/* The "{" of a body behind the parameters' ")", over a type of the result; -1: none. */
static int body_behind(const struct scanner *scanner, int close)
{
	int i = close + 1;

	if (is(scanner, i, "{"))
		return i;
	if (!is(scanner, i, ":"))
		return -1;
	for (i++; i < close + TYPE_MAX && i < scanner->code->token_count; i++) {
		if (is(scanner, i, "{") && !is(scanner, i - 1, ":") && !is(scanner, i - 1, "<") && !is(scanner, i - 1, "|") && !is(scanner, i - 1, "&"))
			return i;
		if (is(scanner, i, ";") || is(scanner, i, "=>") || is(scanner, i, "=") || is(scanner, i, "}"))
			return -1;
		if (match(scanner, i) > i)
			i = match(scanner, i);
	}
	return -1;
}

/* `function` at `at`. */
static void read_function(struct scanner *scanner, int at)
{
	int name = at + 1, open, body;

	name += is(scanner, name, "*");
	open = name;
	while (open < name + TYPE_MAX && open < scanner->code->token_count && !is(scanner, open, "("))
		open++;
	body = match(scanner, open) > open ? body_behind(scanner, match(scanner, open)) : -1;
	if (body < 0)
		return;
	function_add(scanner, is_name(scanner, name) ? code_token_text(scanner->code, name) : "", at, open + 1, match(scanner, open), body, is(scanner, at - 1, "async"));
	if (is(scanner, at + 1, "*"))
		((struct code_function *)scanner->code->functions.items)[scanner->code->functions.count - 1].is_generator = 1;
}

/* The ")" of the parameters before "=>", over a type; or the only name. */
static int parameters_before(const struct scanner *scanner, int arrow)
{
	if (is(scanner, arrow - 1, ")") || (is_name(scanner, arrow - 1) && !is(scanner, arrow - 2, ":") && !is(scanner, arrow - 2, ".")))
		return arrow - 1;
	for (int i = arrow - 1; i > 0 && i > arrow - TYPE_MAX; i--)
		if (is(scanner, i, ":") && is(scanner, i - 1, ")"))
			return i - 1;
	return -1;
}

/* "=>" at `at`: named by `name =`, `name:` or the like before it. */
static void read_arrow(struct scanner *scanner, int at)
{
	int last = parameters_before(scanner, at), first = last >= 0 && match(scanner, last) >= 0 ? match(scanner, last) : last, before, is_async, single;
	const char *name = "";

	if (last < 0)
		return;
	single = first == last;
	is_async = is(scanner, first - 1, "async");
	before = first - 1 - is_async;
	if (is(scanner, before, "=") || is(scanner, before, ":"))
		for (int i = before - 1; i > before - TYPE_MAX && i >= 0; i--)
			if (is_name(scanner, i) && (i == before - 1 || is(scanner, i + 1, ":"))) {
				name = code_token_text(scanner->code, i);
				break;
			}
	function_add(scanner, name, first - is_async, single ? first : first + 1, single ? first + 1 : last, at + 1, is_async);
}

/* name( … ) { in a class or an object literal. 1: it was one. */
static int read_method(struct scanner *scanner, int at)
{
	int close = match(scanner, at + 1), body = close > at ? body_behind(scanner, close) : -1, is_async = is(scanner, at - 1, "async");
	int before = at - 1 - (is(scanner, at - 1, "*") || is_async);

	if (body < 0 || code_keyword_is(scanner->code, at) || is(scanner, at, "switch"))
		return 0;
	if (!is(scanner, before, "{") && !is(scanner, before, "}") && !is(scanner, before, ";") && !is(scanner, before, ",") && directly_in_class(scanner) < 0)
		return 0;
	function_add(scanner, code_token_text(scanner->code, at), at, at + 2, close, body, is_async);
	return 1;
}

static void read_class(struct scanner *scanner, int at)
{
	struct code *code = scanner->code;
	struct code_class *class;
	int body = at + 1, bases = -1;

	while (body < at + TYPE_MAX && body < code->token_count && !is(scanner, body, "{")) {
		if (is(scanner, body, "extends"))
			bases = body + 1;
		body++;
	}
	if (match(scanner, body) < body)
		return;
	class = code_row_add(code->arena, &code->classes, sizeof(*class));
	*class = (struct code_class){ .name = is_name(scanner, at + 1) ? code_token_text(code, at + 1) : "", .def = at, .body = body, .end = match(scanner, body),
		.function = innermost(scanner, FUNCTION), .class = innermost(scanner, CLASS), .bases = bases, .bases_end = bases < 0 ? -1 : body };
	open_body(scanner, CLASS, code->classes.count - 1, class->end);
}

/* --- blocks --- */

static const struct {
	const char *word;
	enum code_block_kind kind;
	int has_head;
} block_words[] = { { "if", BLOCK_IF, 1 }, { "else", BLOCK_ELSE, 0 }, { "while", BLOCK_WHILE, 1 }, { "for", BLOCK_FOR, 1 }, { "do", BLOCK_WHILE, 0 },
	{ "try", BLOCK_TRY, 0 }, { "catch", BLOCK_EXCEPT, 1 }, { "finally", BLOCK_FINALLY, 0 }, { "switch", BLOCK_OTHER, 1 } };

static void block_add(struct scanner *scanner, int at, size_t row)
{
	struct code *code = scanner->code;
	struct code_block *block;
	int head = at + 1, body = head, is_async = block_words[row].kind == BLOCK_FOR && is(scanner, head, "await");

	head += is_async;
	if (is(scanner, head, "(")) {
		if (match(scanner, head) < 0)
			return;
		body = match(scanner, head) + 1;
	} else if (block_words[row].has_head && block_words[row].kind != BLOCK_EXCEPT) {
		return;
	}
	if (block_words[row].kind == BLOCK_ELSE && is(scanner, body, "if"))
		return;
	block = code_row_add(code->arena, &code->blocks, sizeof(*block));
	*block = (struct code_block){ .kind = block_words[row].kind, .at = at, .head = body > head ? head + 1 : head, .head_end = body > head ? body - 1 : head,
		.body = body, .end = is(scanner, body, "{") ? match(scanner, body) : expression_end(scanner, body), .function = innermost(scanner, FUNCTION),
		.parent = innermost(scanner, BLOCK), .is_async = is_async };
	if (block->end <= body)
		block->end = body + 1;
	open_body(scanner, BLOCK, code->blocks.count - 1, block->end);
}

static int block_row(const struct scanner *scanner, int at)
{
	for (size_t i = 0; i < sizeof(block_words) / sizeof(*block_words); i++)
		if (is(scanner, at, block_words[i].word))
			return (int)i;
	return -1;
}

static void word(struct scanner *scanner, int at)
{
	int row;

	if (is(scanner, at - 1, ".") || is(scanner, at - 1, "?.") || is(scanner, at + 1, ":"))
		return;
	if (is(scanner, at + 1, "(") && read_method(scanner, at))
		return;
	if (is(scanner, at, "import") && !is(scanner, at + 1, "("))
		read_import(scanner, at);
	else if (is(scanner, at, "const") || is(scanner, at, "let") || is(scanner, at, "var"))
		read_declaration(scanner, at);
	else if (is(scanner, at, "return"))
		*(struct code_return *)code_row_add(scanner->code->arena, &scanner->code->returns, sizeof(struct code_return)) =
			(struct code_return){ .token = at, .value = at + 1, .end = expression_end(scanner, at + 1), .function = innermost(scanner, FUNCTION) };
	else if (is(scanner, at, "function"))
		read_function(scanner, at);
	else if (is(scanner, at, "class"))
		read_class(scanner, at);
	else if ((row = block_row(scanner, at)) >= 0)
		block_add(scanner, at, (size_t)row);
}

void script_scan(struct code *code)
{
	struct scanner scanner = { .code = code, .left = 20L * code->token_count + EXPRESSION_MAX };

	for (int at = 0; at < code->token_count; at++) {
		while (scanner.open_count && scanner.open[scanner.open_count - 1].end <= at)
			scanner.open_count--;
		if (code->tokens[at].kind == CODE_NAME)
			word(&scanner, at);
		else if (code->tokens[at].kind != CODE_OP)
			continue;
		else if (is(&scanner, at, "=>"))
			read_arrow(&scanner, at);
		else if (is(&scanner, at, "=") || is(&scanner, at, "+="))
			read_assignment(&scanner, at);
	}
}
