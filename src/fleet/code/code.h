/* code.h - a source file as checks and repairs need it: its tokens, and over them imports with aliases, functions, classes, blocks, assignments, calls with
 * resolved names and their arguments, string literals. Python's tokens equal those of CPython's `tokenize`; JavaScript and TypeScript are read less deeply
 * into the same shape: the keys of an object literal given to a call stand as keyword arguments. No syntax tree: what does not parse is passed over,
 * never refused, and nothing is ever run. */
#ifndef FLEET_CODE_H
#define FLEET_CODE_H

#include <stddef.h>

struct arena;
struct code;

enum code_language { CODE_PYTHON, CODE_SCRIPT };

/* The kinds of CPython 3.11's tokenize, without ENCODING; CODE_REGEX is JavaScript's. */
enum code_token_kind { CODE_ENDMARKER, CODE_NAME, CODE_NUMBER, CODE_STRING, CODE_OP, CODE_COMMENT, CODE_NEWLINE, CODE_NL, CODE_INDENT, CODE_DEDENT, CODE_ERROR,
	CODE_REGEX };

struct code_token {
	unsigned offset, length; /* bytes of the text */
	int line, column;        /* line from 1, column from 0 in characters, as tokenize */
	int end_line, end_column;
	enum code_token_kind kind;
};

/* Ranges are of tokens, the end is exclusive; other ints are indices into the rows below; -1: none. */
struct code_import {
	const char *module; /* "openai", "..tools" */
	const char *name;   /* of `from module import name`; NULL for `import module`; "*" */
	const char *alias;  /* the name bound here: "OpenAI", "tn"; "a" of `import a.b` */
	int token, function; /* the statement's first token; the function it stands in */
};

struct code_parameter {
	const char *name;
	int token, annotation, annotation_end, value, value_end; /* -1: none */
	int stars;
};

struct code_decorator {
	int at, end; /* "@" and the NEWLINE behind */
	int call;    /* when it is one */
	int function, class; /* around it */
	const char *written, *resolved; /* without arguments: "app.post" */
};

struct code_function {
	const char *name;
	int def;  /* token `def`, or `async` before it */
	int decorators, decorator_count;
	int body, end; /* tokens of the body */
	int parent, class; /* function or class it stands directly in */
	int is_async, is_generator;
	int docstring; /* token, or -1 */
	int parameters, parameter_count;
	int returns, returns_end; /* annotation */
	int block;     /* around it */
};

struct code_class {
	const char *name;
	int def, body, end;
	int bases, bases_end;
	int function, class; /* around it */
};

enum code_block_kind { BLOCK_IF, BLOCK_ELSE, BLOCK_WHILE, BLOCK_FOR, BLOCK_TRY, BLOCK_EXCEPT, BLOCK_FINALLY, BLOCK_WITH, BLOCK_OTHER };

struct code_block {
	enum code_block_kind kind;
	int at;         /* its first token */
	int head, head_end; /* condition, iterated expression, exceptions */
	int body, end;
	int function, parent; /* parent: the block around it in the same function */
	int is_async;
};

enum code_assign_kind { ASSIGN_SET, ASSIGN_ADD /* += and its kin */, ASSIGN_ITEM /* a[0] = */, ASSIGN_FOR, ASSIGN_WITH };

struct code_assign {
	enum code_assign_kind kind;
	const char *target; /* "x", "self.client" */
	int token;          /* of the target */
	int value, end;
	int annotation, annotation_end;
	int function, class, block;
};

struct code_return {
	int token, value, end, function;
};

struct code_argument {
	const char *keyword; /* NULL: positional; "*" and "**" for unpacked ones; "" a positional object literal, whose keys follow as keywords */
	int token, value, end; /* token: the keyword's, or the value's */
};

struct code_call {
	const char *written;  /* "client.chat.completions.create"; calls in the chain as "()", indexing as "[]" */
	const char *resolved; /* imports and assignments followed: "openai.OpenAI().chat.completions.create"; NULL: not known */
	int name, open, close; /* tokens: first of the chain, "(" and ")" */
	int function, class, block;
	int arguments, argument_count;
	int outer; /* the call it is an argument of, or -1 */
	int awaited, is_new;
	int decorates; /* 1: it is a decorator */
};

/* Parses text that lives as long as the result; everything else is in the arena. Never fails: what is wrong are CODE_ERROR tokens. Of a longer text only
 * the first 16 MiB. */
struct code *code_parse(struct arena *arena, enum code_language language, const char *text, size_t length);

enum code_language code_language(const struct code *code);
/* Each: NULL past the end. */
int code_token_count(const struct code *code);
const struct code_token *code_token_at(const struct code *code, int i);
int code_import_count(const struct code *code);
const struct code_import *code_import_at(const struct code *code, int i);
int code_function_count(const struct code *code);
const struct code_function *code_function_at(const struct code *code, int i);
int code_class_count(const struct code *code);
const struct code_class *code_class_at(const struct code *code, int i);
int code_block_count(const struct code *code);
const struct code_block *code_block_at(const struct code *code, int i);
int code_assign_count(const struct code *code);
const struct code_assign *code_assign_at(const struct code *code, int i);
int code_call_count(const struct code *code);
const struct code_call *code_call_at(const struct code *code, int i);
int code_return_count(const struct code *code);
const struct code_return *code_return_at(const struct code *code, int i);
const struct code_argument *code_argument_at(const struct code *code, int i);
const struct code_parameter *code_parameter_at(const struct code *code, int i);
const struct code_decorator *code_decorator_at(const struct code *code, int i);

/* The argument of a call by keyword, or NULL. */
const struct code_argument *code_keyword(const struct code *code, const struct code_call *call, const char *keyword);
/* Positional argument i, or NULL. */
const struct code_argument *code_positional(const struct code *code, const struct code_call *call, int i);
int code_is(const struct code *code, int token, const char *text); /* the token's text equals */
char *code_text(struct code *code, int from, int to); /* the source of a range, in the arena */
int code_match(const struct code *code, int token);   /* the bracket that closes the one at token, or that opens it; -1 */
/* Whether [from,to) is one string: adjacent literals joined (also by +), escapes read; fields of f-strings and templates stand as {source of the field}.
 * In the arena; NULL: it is not. *fields: how many fields; NULL allowed. */
const char *code_string(struct code *code, int from, int to, int *fields);
int code_has_fields(const struct code *code, int token); /* a string that has, or may have, fields: quick */
/* What a chain of names in [from,to) stands for at that place, as in code_call.resolved; NULL: not known, or no chain. */
const char *code_resolve(struct code *code, int from, int to);
/* The chain as written, NULL: the range is none. */
const char *code_chain(struct code *code, int from, int to);
/* Assignments (no += and no items) to a name or field, the last first; how many of at most `max`. */
int code_assigns_named(const struct code *code, const char *target, int *assigns, int max);
/* What a chain stands for at the end of the file, outside of functions ("client", "make_client()"), or NULL. */
const char *code_exported(struct code *code, const char *chain);
/* For what is known better from another file: the call's resolved name from now on; valid as long as the code. */
void code_set_resolved(struct code *code, int call, const char *resolved);
/* The first call whose bracket opens at or behind the token: they are in that order. */
int code_call_from(const struct code *code, int token);
/* The same for blocks by their first token, and for assignments by their target. */
int code_block_from(const struct code *code, int token);
int code_assign_from(const struct code *code, int token);
/* The assignment whose value holds the token, -1: none. */
int code_assign_around(const struct code *code, int token);
/* The innermost function a token stands in, -1 outside. */
int code_function_around(const struct code *code, int token);
int code_function_named(const struct code *code, const char *name); /* the first of that name, or -1 */
/* Calls `each` for every name in [from,to), those in fields of strings too; with the chain it begins ("user.email"). Names after a point and keywords of
 * arguments are not told. Stops and returns what `each` returns when that is not 0. */
int code_names(struct code *code, int from, int to, int (*each)(const char *name, const char *chain, int token, void *data), void *data);
/* For edits: the token before which an import can stand: after the docstring and `from __future__`. */
int code_import_place(const struct code *code);

#endif
