/* Calls and their arguments, read in one pass over the tokens of a file whose functions, classes and blocks are known. */
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "fleet/code/code_parts.h"

enum { DEPTH_MAX = 256, CHAIN_MAX = 400, GENERIC_MAX = 40, TARGETS = 1, LAMBDA = 2 };

struct level {
	int open, chain; /* the bracket; where the chain it belongs to begins, -1: a bracket of its own */
	int call;
	int object;      /* the call whose argument this object literal is, or -1 */
	int argument;    /* first token of the argument being read; -1: none yet */
	int keyword;     /* token of its keyword, or -1 */
	int base;        /* where its arguments begin in `pending` */
	int targets;     /* between `for` and `in`, `lambda` and ":": commas part no arguments */
};

struct calls {
	struct code *code;
	struct level levels[DEPTH_MAX];
	int depth;
	struct code_row pending; /* arguments of the calls that are open */
	int chain;    /* first token of the chain that ends before here, or -1 */
	int previous; /* the last token that is not white */
	int function, class, block;
	int next_function, next_class, next_block;
	int guard; /* behind the `if` of a `case` */
};

static const char *const python_keywords[] = { "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
	"else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
	"while", "with", "yield", NULL };
static const char *const script_keywords[] = { "as", "async", "await", "break", "case", "catch", "class", "const", "continue", "default", "delete", "do", "else", "export",
	"extends", "false", "finally", "for", "function", "if", "in", "instanceof", "let", "new", "null", "of", "return", "switch", "throw", "true", "try", "typeof",
	"var", "void", "while", "with", "yield", NULL };

int code_keyword_is(const struct code *code, int token)
{
	const struct code_token *it = code_token_at(code, token);
	const char *const *words = code->language == CODE_PYTHON ? python_keywords : script_keywords;

	if (!it || it->length < 2 || it->length > 10)
		return 0;
	for (; *words; words++)
		if (**words == code->text[it->offset] && code_is(code, token, *words))
			return 1;
	return 0;
}

/* --- scopes --- */

static void enter(struct calls *calls, int token)
{
	struct code *code = calls->code;
	const struct code_function *function;
	const struct code_class *class;
	const struct code_block *block;

	while (calls->block >= 0 && token >= code_block_at(code, calls->block)->end)
		calls->block = code_block_at(code, calls->block)->parent;
	while (calls->function >= 0 && token >= code_function_at(code, calls->function)->end) {
		calls->block = code_function_at(code, calls->function)->block;
		calls->function = code_function_at(code, calls->function)->parent;
		while (calls->block >= 0 && token >= code_block_at(code, calls->block)->end)
			calls->block = code_block_at(code, calls->block)->parent;
	}
	while (calls->class >= 0 && token >= code_class_at(code, calls->class)->end)
		calls->class = code_class_at(code, calls->class)->class;
	while ((class = code_class_at(code, calls->next_class)) && class->body <= token)
		calls->class = calls->next_class++;
	while ((function = code_function_at(code, calls->next_function)) && function->body <= token) {
		calls->function = calls->next_function++;
		calls->block = -1;
	}
	while ((block = code_block_at(code, calls->next_block)) && block->body <= token) {
		if (token < block->end)
			calls->block = calls->next_block;
		calls->next_block++;
	}
}

/* --- arguments --- */

static int is_white(const struct code *code, int token)
{
	enum code_token_kind kind = code->tokens[token].kind;

	return kind == CODE_NL || kind == CODE_COMMENT || kind == CODE_INDENT || kind == CODE_DEDENT;
}

static const char *keyword_text(struct calls *calls, int token)
{
	const struct code_token *it = &calls->code->tokens[token];
	const char *text = calls->code->text + it->offset;

	if (it->kind == CODE_STRING && it->length >= 2)
		return arena_text_n(calls->code->arena, text + 1, it->length - 2);
	return arena_text_n(calls->code->arena, text, it->length);
}

static void argument_end(struct calls *calls, struct level *level, int end)
{
	struct code *code = calls->code;
	struct code_argument *argument;
	int value = level->argument;

	if (value < 0 || level->call < 0)
		return;
	argument = code_row_add(code->arena, &calls->pending, sizeof(*argument));
	*argument = (struct code_argument){ .token = value, .value = value, .end = end };
	if (level->keyword >= 0) {
		argument->token = level->keyword;
		argument->keyword = keyword_text(calls, level->keyword);
	} else if (code_is(code, value, "*") || code_is(code, value, "**") || (code->language == CODE_SCRIPT && code_is(code, value, "..."))) {
		argument->keyword = code_is(code, value, "*") ? "*" : "**";
		argument->value = value + 1;
	} else if (code->language == CODE_SCRIPT && code_char(code, value) == '{' && code->tokens[value].kind == CODE_OP) {
		argument->keyword = "";
	}
	level->argument = level->keyword = -1;
}

/* The first token of an argument, in a call or in an object literal that is one. */
static void argument_begin(struct calls *calls, struct level *level, int token)
{
	struct code *code = calls->code;
	int next = token + 1;

	while (next < code->token_count && is_white(code, next))
		next++;
	level->argument = token;
	level->keyword = -1;
	if (code->language == CODE_PYTHON && code->tokens[token].kind == CODE_NAME && code_is(code, next, "=")) {
		level->keyword = token;
		level->argument = -2; /* begins behind the sign */
	} else if (level->object >= 0 && (code->tokens[token].kind == CODE_NAME || code->tokens[token].kind == CODE_STRING)) {
		level->keyword = token;
		if (code_is(code, next, ":"))
			level->argument = -2;
		else if (code_is(code, next, "(")) /* a method: its body is the value */
			level->argument = next;
	}
}

/* --- chains --- */

/* foo<T>( in TypeScript: the token behind the closing sign, or `at`. */
static int generic_end(const struct code *code, int at)
{
	int depth = 0;

	for (int i = at; i < code->token_count && i < at + GENERIC_MAX; i++) {
		int c = code_char(code, i);

		if (code->tokens[i].kind == CODE_OP && c == '<')
			depth++;
		else if (code->tokens[i].kind == CODE_OP && c == '>' && (depth -= (int)code->tokens[i].length) <= 0)
			return depth == 0 && code_char(code, i + 1) == '(' ? i + 1 : at;
		else if (code->tokens[i].kind == CODE_OP && !strchr(".,[]|{}:;?&", c))
			return at;
	}
	return at;
}

static int chain_goes_on(const struct calls *calls)
{
	const struct code *code = calls->code;
	int previous = calls->previous;

	return calls->chain >= 0 && (code_is(code, previous, ".") || code_is(code, previous, "?."));
}

static int ends_primary(const struct calls *calls)
{
	const struct code *code = calls->code;
	int c = code_char(code, calls->previous);

	if (calls->chain < 0)
		return 0;
	if (code->tokens[calls->previous].kind == CODE_NAME)
		return !code_keyword_is(code, calls->previous) || code_is(code, calls->previous - 1, ".");
	return c == ')' || c == ']' || (c == '}' && code->language == CODE_PYTHON) || code->tokens[calls->previous].kind == CODE_STRING || code_is(code, calls->previous, "?.") || (code->language == CODE_SCRIPT && c == '>');
}

/* `def name(`, `class name(`, `function name(`, a method's `name(` declare. */
static int declares(const struct calls *calls)
{
	const struct code *code = calls->code;
	const struct code_function *next = code_function_at(code, calls->next_function);
	const struct code_block *block = code_block_at(code, calls->next_block);
	int chain = calls->chain;

	/* `case Point(x=0):` is a pattern. */
	if (block && block->kind == BLOCK_OTHER && block->at == chain)
		return 1;
	if (block && block->kind == BLOCK_OTHER && block->head <= chain && chain < block->head_end && code_is(code, block->at, "case"))
		return !calls->guard;
	return (next && next->def == chain) || code_is(code, chain - 1, "def") || code_is(code, chain - 1, "class") || code_is(code, chain - 1, "function") ||
		(code_char(code, chain - 1) == '*' && code_is(code, chain - 2, "function"));
}

static void call_open(struct calls *calls, struct level *level, int token)
{
	struct code *code = calls->code;
	struct code_call *call;
	int before = calls->chain - 1;

	while (before > 0 && is_white(code, before))
		before--;
	call = code_row_add(code->arena, &code->calls, sizeof(*call));
	*call = (struct code_call){ .name = calls->chain, .open = token, .close = code_match(code, token), .function = calls->function, .class = calls->class,
		.block = calls->block, .outer = -1 };
	for (int i = calls->depth - 2; i >= 0; i--) {
		int outer = calls->levels[i].call >= 0 ? calls->levels[i].call : calls->levels[i].object;

		if (outer >= 0) {
			call->outer = outer;
			break;
		}
	}
	call->is_new = code_is(code, before, "new");
	call->awaited = code_is(code, call->is_new ? before - 1 : before, "await");
	call->decorates = code->language == CODE_PYTHON && code_is(code, before, "@") &&
		(before == 0 || code->tokens[before - 1].kind == CODE_NEWLINE || is_white(code, before - 1));
	level->call = code->calls.count - 1;
}

static void open_bracket(struct calls *calls, int token)
{
	struct code *code = calls->code;
	int c = code_char(code, token), primary = ends_primary(calls);
	struct level *above = calls->depth ? &calls->levels[calls->depth - 1] : NULL, *level;

	if (calls->depth == DEPTH_MAX)
		return;
	level = &calls->levels[calls->depth++];
	*level = (struct level){ .open = token, .chain = primary && c != '{' ? calls->chain : -1, .call = -1, .object = -1, .argument = -1, .keyword = -1,
		.base = calls->pending.count };
	if (c == '(' && primary && !declares(calls))
		call_open(calls, level, token);
	else if (c == '{' && code->language == CODE_SCRIPT && above && above->call >= 0 && above->object < 0 && above->argument == token)
		level->object = above->call;
	if (!primary && (c == '(' || code->language == CODE_PYTHON))
		level->chain = token;
	calls->chain = -1;
}

static void close_call(struct calls *calls, struct level *level)
{
	struct code *code = calls->code;
	struct code_call *call = (struct code_call *)code->calls.items + level->call;

	call->arguments = code->arguments.count;
	call->argument_count = calls->pending.count - level->base;
	for (int i = level->base; i < calls->pending.count; i++)
		*(struct code_argument *)code_row_add(code->arena, &code->arguments, sizeof(struct code_argument)) = ((struct code_argument *)calls->pending.items)[i];
	calls->pending.count = level->base;
}

static void close_bracket(struct calls *calls, int token)
{
	struct level *level;

	int match = calls->code->matches[token];

	calls->chain = -1;
	/* What was opened and never closed goes with it. */
	while (match >= 0 && calls->depth && calls->levels[calls->depth - 1].open > match) {
		level = &calls->levels[--calls->depth];
		argument_end(calls, level, token);
		if (level->call >= 0)
			close_call(calls, level);
	}
	if (!calls->depth || calls->levels[calls->depth - 1].open != match)
		return;
	level = &calls->levels[calls->depth - 1];
	if (level->object >= 0) {
		level->call = level->object;
		argument_end(calls, level, token);
		level->call = -1;
	} else {
		argument_end(calls, level, token);
	}
	if (level->call >= 0)
		close_call(calls, level);
	calls->chain = level->chain;
	calls->depth--;
}

/* --- the pass --- */

static void comma(struct calls *calls, int token)
{
	struct level *level = calls->depth ? &calls->levels[calls->depth - 1] : NULL;

	if (level && level->targets) {
		calls->chain = -1;
		return;
	}
	if (level && (level->call >= 0 || level->object >= 0)) {
		int call = level->call;

		level->call = call < 0 ? level->object : call;
		argument_end(calls, level, token);
		level->call = call;
	}
	calls->chain = -1;
}

static void operator(struct calls *calls, int token)
{
	const struct code *code = calls->code;
	struct level *level = calls->depth ? &calls->levels[calls->depth - 1] : NULL;
	int c = code_char(code, token);

	if (level && level->targets == LAMBDA && c == ':')
		level->targets = 0;
	if (level && level->argument == -2 && (c == '=' || c == ':')) {
		level->argument = -3; /* the next token begins the value */
		calls->chain = -1;
		return;
	}
	if (!code_is(code, token, ".") && !code_is(code, token, "?."))
		calls->chain = -1;
}

static void name(struct calls *calls, int token)
{
	struct code *code = calls->code;
	struct level *level = calls->depth ? &calls->levels[calls->depth - 1] : NULL;

	if (chain_goes_on(calls))
		return;
	if (!code_keyword_is(code, token)) {
		calls->chain = token;
		return;
	}
	calls->chain = -1;
	calls->guard |= !level && code_is(code, token, "if");
	if (level && code->language == CODE_PYTHON) {
		if (code_is(code, token, "for") || code_is(code, token, "lambda"))
			level->targets = code_is(code, token, "for") ? TARGETS : LAMBDA;
		else if (level->targets == TARGETS && code_is(code, token, "in"))
			level->targets = 0;
	}
	if (calls->function >= 0 && code_is(code, token, "yield"))
		((struct code_function *)code->functions.items)[calls->function].is_generator = 1;
}

static void token_in(struct calls *calls, int token)
{
	struct code *code = calls->code;
	struct level *level = calls->depth ? &calls->levels[calls->depth - 1] : NULL;
	int c = code_char(code, token);
	enum code_token_kind kind = code->tokens[token].kind;
	int closing = kind == CODE_OP && (c == ')' || c == ']' || c == '}');

	if (level && (level->call >= 0 || level->object >= 0) && !closing && c != ',') {
		if (level->argument == -1)
			argument_begin(calls, level, token);
		else if (level->argument == -3)
			level->argument = token;
	}
	if (kind == CODE_NAME) {
		name(calls, token);
	} else if (kind == CODE_STRING) {
		if (calls->chain < 0 || code->tokens[calls->previous].kind != CODE_STRING)
			calls->chain = token;
	} else if (kind == CODE_NUMBER) {
		calls->chain = token;
	} else if (kind != CODE_OP) {
		calls->chain = -1;
	} else if (c == '(' || c == '[' || c == '{') {
		open_bracket(calls, token);
	} else if (closing) {
		close_bracket(calls, token);
	} else if (c == ',') {
		comma(calls, token);
	} else {
		operator(calls, token);
	}
}

/* The chain as text: names and points, calls as "()", indexing as "[]"; 0: [from,to) is no single chain. */
static int write_chain(struct code *code, int from, int to, struct text *text, int depth)
{
	int want_name = 1;

	while (from < to && (is_white(code, from) || code_is(code, from, "await") || code_is(code, from, "new")))
		from++;
	for (int i = from, left = CHAIN_MAX * 2; i < to; i++) {
		int c = code_char(code, i);
		enum code_token_kind kind = code->tokens[i].kind;

		if (text->cut || !left--)
			return 0;
		if (is_white(code, i))
			continue;
		if (want_name && kind == CODE_NAME) {
			text_add_n(text, code->text + code->tokens[i].offset, code->tokens[i].length);
			want_name = 0;
		} else if (want_name && kind == CODE_NUMBER && !text->length) {
			text_add(text, "0");
			want_name = 0;
		} else if (want_name && kind == CODE_STRING && !text->length) {
			text_add(text, "''");
			while (i + 1 < to && code->tokens[i + 1].kind == CODE_STRING)
				i++;
			want_name = 0;
		} else if (kind == CODE_OP && (c == '(' || c == '[' || c == '{') && (!want_name || !text->length)) {
			if (code_match(code, i) < 0 || code_match(code, i) >= to)
				return 0;
			if (c != '(' || text->length || !depth || !write_chain(code, i + 1, code_match(code, i), text, depth - 1)) {
				if (want_name)
					text_clear(text);
				text_add(text, c == '(' ? "()" : c == '[' ? "[]" : "{}");
			}
			i = code_match(code, i);
			want_name = 0;
		} else if (!want_name && code_is(code, i, "?.") && i + 1 < to && code->tokens[i + 1].kind == CODE_OP) {
			continue;
		} else if (!want_name && code_is(code, i, "?.") && i + 1 == to) {
			continue; /* called where it is not null */
		} else if (!want_name && (code_is(code, i, ".") || code_is(code, i, "?."))) {
			text_add_char(text, '.');
			want_name = 1;
		} else if (!want_name && code->language == CODE_SCRIPT && c == '!') {
			continue;
		} else if (!want_name && code->language == CODE_SCRIPT && c == '<' && generic_end(code, i) > i) {
			i = generic_end(code, i) - 1;
		} else {
			return 0;
		}
	}
	return !want_name && text->length && !text->cut;
}

const char *code_chain(struct code *code, int from, int to)
{
	struct text text;
	const char *chain = NULL;

	while (from < to && (is_white(code, from) || code_is(code, from, "await") || code_is(code, from, "new")))
		from++;
	if (from < 0 || from >= to || (code->tokens[from].kind != CODE_NAME && code->tokens[from].kind != CODE_STRING && code_char(code, from) != '('))
		return NULL;
	text_init(&text, CHAIN_MAX);
	if (write_chain(code, from, to, &text, 3))
		chain = arena_text_n(code->arena, text.data, text.length);
	text_release(&text);
	return chain;
}

void code_scan_calls(struct code *code)
{
	struct calls *calls = arena_alloc(code->arena, sizeof(*calls));

	*calls = (struct calls){ .code = code, .chain = -1, .previous = -1, .function = -1, .class = -1, .block = -1 };
	for (int i = 0; i < code->token_count; i++) {
		if (is_white(code, i))
			continue;
		enter(calls, i);
		if (code->language == CODE_SCRIPT && calls->chain >= 0 && code_char(code, i) == '<' && generic_end(code, i) > i) {
			calls->previous = generic_end(code, i) - 1;
			i = calls->previous;
			continue;
		}
		if (code->tokens[i].kind == CODE_NEWLINE && calls->depth) { /* a bracket that was never closed */
			calls->depth = 0;
			calls->pending.count = 0;
		}
		calls->guard &= code->tokens[i].kind != CODE_NEWLINE;
		token_in(calls, i);
		calls->previous = i;
	}
	for (int i = 0; i < code->calls.count; i++) {
		struct code_call *call = (struct code_call *)code->calls.items + i;
		const char *chain = code_chain(code, call->name, call->open);

		call->written = chain ? chain : "";
	}
}
