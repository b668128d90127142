/* What stands behind names: imports, assignments, fields, parameters; strings; the same for JavaScript. Tokens and statements of Python are compared with
 * CPython's in tests/data. */
#include "check_main.h"

#include "base/arena.h"
#include "fleet/code/code.h"

static const struct {
	enum code_language language;
	const char *source, *written, *resolved; /* of the last call so written */
} rows[] = {
	{ CODE_PYTHON, "from openai import OpenAI as X\nclient = X()\nclient.chat.completions.create(model='m')\n", "client.chat.completions.create",
		"openai.OpenAI().chat.completions.create" },
	{ CODE_PYTHON, "import openai as o\ndef f():\n    c = o.OpenAI(timeout=3)\n    return c.responses.create()\n", "c.responses.create", "openai.OpenAI().responses.create" },
	{ CODE_PYTHON, "import a.b\na.b.c()\n", "a.b.c", "a.b.c" },
	{ CODE_PYTHON, "import a.b as t\nt.c()\n", "t.c", "a.b.c" },
	{ CODE_PYTHON, "from x import C\nclass A:\n    def __init__(self, c=None):\n        self.c = c or C()\n    async def run(self):\n        await self.c.go()\n", "self.c.go",
		"x.C().go" },
	{ CODE_PYTHON, "from x import C\ndef f(c: C):\n    c.go()\n", "c.go", "x.C().go" },
	{ CODE_PYTHON, "from typing import Optional\nfrom x import C\ndef f(c: Optional[C] = None):\n    c.go()\n", "c.go", "x.C().go" },
	{ CODE_PYTHON, "from x import C\ndef f(c: C | None):\n    c.go()\n", "c.go", "x.C().go" },
	{ CODE_PYTHON, "from x import C\nwith C() as c:\n    c.go()\n", "c.go", "x.C().go" },
	{ CODE_PYTHON, "from p import P\nfrom l import L\nchain = P() | L()\nchain.invoke(1)\n", "chain.invoke", "(p.P()|l.L()).invoke" },
	{ CODE_PYTHON, "from x import C\nC().a().b(1)[0].c()\n", "C().a().b()[].c", "x.C().a().b()[].c" },
	{ CODE_PYTHON, "from x import C\ndef make():\n    c = C()\n    return c\nk = make()\nk.go()\n", "k.go", "x.C().go" },
	{ CODE_PYTHON, "def f(c):\n    c.go()\n", "c.go", NULL },
	{ CODE_PYTHON, "eval(x)\n", "eval", "eval" },
	{ CODE_PYTHON, "def eval(x): pass\neval(1)\n", "eval", NULL },
	{ CODE_PYTHON, "a = b\nb = a\na.go()\n", "a.go", NULL },
	{ CODE_PYTHON, "import m\nx = (await m.a()).b()\nx.go()\n", "x.go", "m.a().b().go" },
	{ CODE_SCRIPT, "import OpenAI from 'openai';\nconst c = new OpenAI({timeout: 5});\nasync function f() { await c.chat.completions.create({model: 'm'}); }", "c.chat.completions.create",
		"openai.OpenAI().chat.completions.create" },
	{ CODE_SCRIPT, "import { generateText as g } from \"ai\"\nconst r = await g({ model, prompt: `a${b}` })\n", "g", "ai.generateText" },
	{ CODE_SCRIPT, "const { exec } = require('child_process')\nexec(`rm ${x}`)\n", "exec", "child_process.exec" },
	{ CODE_SCRIPT, "import * as n from 'n'\nclass A {\n  private c = new n.C<T>()\n  async run(x: string): Promise<void> { return this.c.go?.(x) }\n}", "this.c.go", "n.C().go" },
	{ CODE_SCRIPT, "const a = b / c / d; import x from 'y'; x.go('/')", "x.go", "y.x.go" },
};

START_TEST(names_are_followed)
{
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, rows[_i].language, rows[_i].source, strlen(rows[_i].source));
	const struct code_call *found = NULL;

	for (int i = 0; i < code_call_count(code); i++)
		if (!strcmp(code_call_at(code, i)->written, rows[_i].written))
			found = code_call_at(code, i);
	ck_assert_msg(found != NULL, "no call %s in %s", rows[_i].written, rows[_i].source);
	if (rows[_i].resolved)
		ck_assert_msg(found->resolved != NULL, "%s is not known in %s", rows[_i].written, rows[_i].source);
	ck_assert_pstr_eq(found->resolved, rows[_i].resolved);
	arena_free(arena);
}
END_TEST

static const struct {
	enum code_language language;
	const char *source, *text;
	int fields;
} strings[] = {
	{ CODE_PYTHON, "x = 'a' \"b\\n\" r'\\d'\n", "ab\n\\d", 0 },
	{ CODE_PYTHON, "x = ('a'  # why\n     f'{u.name!r:>3}{{}}')\n", "a{u.name!r:>3}{}", 1 },
	{ CODE_PYTHON, "x = '''a\nb\\\nc''' + 'd\\u00e9\\x41'\n", "a\nbcd\xc3\xa9" "A", 0 },
	{ CODE_PYTHON, "x = 'a' + b\n", NULL, 0 },
	{ CODE_SCRIPT, "x = `a ${b + `c`} d` + 'e';", "a {b + `c`} de", 1 },
};

START_TEST(strings_are_read)
{
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, strings[_i].language, strings[_i].source, strlen(strings[_i].source));
	const struct code_assign *assign = code_assign_at(code, 0);
	int fields = 0;

	ck_assert(assign != NULL);
	ck_assert_pstr_eq(code_string(code, assign->value, assign->end, &fields), strings[_i].text);
	ck_assert(!strings[_i].text || fields == strings[_i].fields);
	arena_free(arena);
}
END_TEST

static int note(const char *name, const char *chain, int token, void *data)
{
	(void)name;
	(void)token;
	strcat(strcat(data, chain), " ");
	return 0;
}

START_TEST(names_in_an_expression_are_told)
{
	static const char source[] = "x = f(a.b, k=c, *d) + f'{e.f(g)!r} {{h}}' + 'i' + True\n";
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, CODE_PYTHON, source, sizeof(source) - 1);
	char names[200] = "";

	code_names(code, code_assign_at(code, 0)->value, code_assign_at(code, 0)->end, note, names);
	ck_assert_str_eq(names, "f a.b c d e.f g ");
	arena_free(arena);
}
END_TEST

START_TEST(arguments_of_object_literals_are_keywords)
{
	static const char source[] = "c.create({ model: 'm', stream, messages: [{role: 'a'}], ...rest }, 2)";
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, CODE_SCRIPT, source, sizeof(source) - 1);
	const struct code_call *call = code_call_at(code, 0);

	ck_assert_int_eq(call->argument_count, 6);
	ck_assert_str_eq(code_string(code, code_keyword(code, call, "model")->value, code_keyword(code, call, "model")->end, NULL), "m");
	ck_assert(code_keyword(code, call, "stream") && code_keyword(code, call, "messages") && code_keyword(code, call, "**") && !code_keyword(code, call, "role"));
	ck_assert(code_is(code, code_positional(code, call, 1)->value, "2"));
	arena_free(arena);
}
END_TEST

START_TEST(an_import_stands_behind_docstring_and_future)
{
	static const char source[] = "#!/bin/x\n\"\"\"doc\"\"\"\nfrom __future__ import annotations\n\nimport a\n";
	struct arena *arena = arena_new();
	struct code *code = code_parse(arena, CODE_PYTHON, source, sizeof(source) - 1);
	const struct code_token *token = code_token_at(code, code_import_place(code));

	ck_assert_int_eq(token->line, 4);
	arena_free(arena);
}
END_TEST

START_TEST(hostile_texts_end)
{
	static const char *const pieces[] = { "a=", "x.y().z(", "(", "lambda x:", "'\\'", "f(a,b=", "[{(", "@a\n", "=>", "`${", "a if b else ", "class A:\n", "def f(a=", "/x", "x=x\n", "{a:" };
	struct arena *arena = arena_new();
	char *text = malloc(200001);

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		size_t length = strlen(pieces[i]), count = 200000 / length;

		for (size_t k = 0; k < count; k++)
			memcpy(text + k * length, pieces[i], length);
		text[count * length] = 0;
		ck_assert(code_token_count(code_parse(arena, CODE_PYTHON, text, count * length)) > 0);
		ck_assert(code_token_count(code_parse(arena, CODE_SCRIPT, text, count * length)) > 0);
	}
	free(text);
	arena_free(arena);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_loop_test(tc, names_are_followed, 0, sizeof(rows) / sizeof(*rows));
	tcase_add_loop_test(tc, strings_are_read, 0, sizeof(strings) / sizeof(*strings));
	tcase_add_test(tc, names_in_an_expression_are_told);
	tcase_add_test(tc, arguments_of_object_literals_are_keywords);
	tcase_add_test(tc, an_import_stands_behind_docstring_and_future);
	tcase_add_test(tc, hostile_texts_end);
}

TEST_MAIN("fleet/code")
