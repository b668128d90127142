/* python.h - a Python file as checks and repairs need it: tokens equal to those of CPython's `tokenize`, and over them statements, imports with
 * aliases, functions, classes, calls with resolved names, and string literals. No syntax tree: what does not parse is passed over line by line, never refused. */
#ifndef FLEET_PYTHON_H
#define FLEET_PYTHON_H

#include <stddef.h>

struct arena;
struct python;

/* The kinds of CPython 3.11's tokenize, without ENCODING. */
enum python_token_kind { PY_ENDMARKER, PY_NAME, PY_NUMBER, PY_STRING, PY_OP, PY_COMMENT, PY_NEWLINE, PY_NL, PY_INDENT, PY_DEDENT, PY_ERROR };

struct python_token {
	unsigned offset, length; /* bytes of the text */
	int line, column;        /* line from 1, column from 0 in characters, as tokenize */
	int end_line, end_column;
	enum python_token_kind kind;
};

/* Ranges are of tokens, the end is exclusive; indices into the arrays below, -1: none. */
struct python_import {
	const char *module;  /* "openai", "..tools" */
	const char *name;    /* of `from module import name`; NULL for `import module` */
	const char *alias;   /* the name bound here: "OpenAI", "tn" */
	int token, scope;    /* scope: the function it stands in, -1: the module */
};

struct python_function {
	const char *name;
	int def;             /* token `def`, or `async` before it */
	int decorators, decorator_count; /* first of them in python_decorator_at */
	int body, end;       /* tokens of the body */
	int parent, class;   /* function or class around it; -1 */
	int is_async, is_generator; /* a yield of its own */
	int docstring;       /* token, or -1 */
	int parameters, parameter_count;
};

struct python_argument {
	const char *keyword; /* NULL: positional; "*" and "**" for unpacked ones */
	int value, end;      /* tokens */
};

struct python_call {
	const char *written;  /* "client.chat.completions.create", "" where what is called is no plain chain of names */
	const char *resolved; /* imports and assignments followed: "openai.OpenAI().chat.completions.create"; NULL: not known */
	int name, open, close; /* tokens: first of the chain, "(" and ")" */
	int function, loop, with_try; /* innermost function, loop statement, try statement around it */
	int arguments, argument_count;
	int awaited, assigned; /* assigned: token of the target name of `x = call(…)` or `self.x = …`, or -1 */
};

/* Parses text that lives as long as the result, everything else in the arena. Never fails: errors become PY_ERROR tokens. Text over 16 MiB: only
 * its first 16 MiB. */
struct python *python_parse(struct arena *arena, const char *text, size_t length);

size_t python_token_count(const struct python *python);
const struct python_token *python_token_at(const struct python *python, size_t i);
size_t python_import_count(const struct python *python);
const struct python_import *python_import_at(const struct python *python, size_t i);
size_t python_function_count(const struct python *python);
const struct python_function *python_function_at(const struct python *python, size_t i);
size_t python_call_count(const struct python *python);
const struct python_call *python_call_at(const struct python *python, size_t i);
const struct python_argument *python_argument_at(const struct python *python, size_t i);
/* Whether tokens [from,to) are one string (adjacent literals joined, escapes read; an f-string's fields stand as {…}); in the arena, NULL: not. */
const char *python_string(struct python *python, int from, int to, size_t *length);
int python_is(const struct python *python, int token, const char *text); /* token's text equals */

#endif
