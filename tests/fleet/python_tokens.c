/* python_tokens.c - reads names of files from stdin, a line each, and prints their tokens: "KIND line column line column offset length", a line "." after
 * each file; with "facts" what the scanner saw of statements instead. With a number, that many rounds over all files, and the rate in MB per CPU second instead. Driven by tests/data/test_python_tokens.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/file.h"
#include "fleet/code/code.h"

static const char *const kinds[] = { "ENDMARKER", "NAME", "NUMBER", "STRING", "OP", "COMMENT", "NEWLINE", "NL", "INDENT", "DEDENT", "ERRORTOKEN" };

static char *whole(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *bytes;
	long size;

	if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET)) {
		fprintf(stderr, "python_tokens: cannot read %s\n", path);
		exit(EXIT_FAILURE);
	}
	bytes = calloc(1, (size_t)size + 1);
	*length = fread(bytes, 1, (size_t)size, file);
	fclose(file);
	return bytes;
}

static void print(const struct code *code)
{
	for (int i = 0; i < code_token_count(code); i++) {
		const struct code_token *token = code_token_at(code, i);

		printf("%s %d %d %d %d %u %u\n", kinds[token->kind], token->line, token->column, token->end_line, token->end_column, token->offset, token->length);
	}
	puts(".");
}

static void print_place(const struct code *code, const char *what, int token)
{
	printf("%s %d %d", what, code_token_at(code, token)->line, code_token_at(code, token)->column);
}

static void print_function(const struct code *code, const struct code_function *function)
{
	print_place(code, "function", function->def);
	printf(" %s %d %d %d", function->name, function->is_async, function->is_generator, function->docstring >= 0);
	for (int i = 0; i < function->parameter_count; i++)
		printf(" %s", code_parameter_at(code, function->parameters + i)->name);
	printf("\n");
}

static void print_call(const struct code *code, const struct code_call *call)
{
	print_place(code, "call", call->name);
	for (int i = 0; i < call->argument_count; i++) {
		const struct code_argument *argument = code_argument_at(code, call->arguments + i);

		printf(" %s", argument->keyword ? argument->keyword : "-");
	}
	printf("\n");
}

/* Of the last token before `end` that says something. */
static int last_line(const struct code *code, int end)
{
	const struct code_token *token;

	do
		token = code_token_at(code, --end);
	while (end && (token->kind == CODE_NEWLINE || token->kind == CODE_NL || token->kind == CODE_COMMENT || token->kind == CODE_DEDENT));
	return code_is(code, end, ";") ? last_line(code, end) : token->end_line;
}

static void print_facts(const struct code *code)
{
	for (int i = 0; i < code_import_count(code); i++) {
		const struct code_import *import = code_import_at(code, i);

		print_place(code, "import", import->token);
		printf(" %s %s %s\n", import->module, import->name ? import->name : "-", import->alias);
	}
	for (int i = 0; i < code_function_count(code); i++)
		print_function(code, code_function_at(code, i));
	for (int i = 0; i < code_class_count(code); i++) {
		print_place(code, "class", code_class_at(code, i)->def);
		printf(" %s\n", code_class_at(code, i)->name);
	}
	for (int i = 0; i < code_block_count(code); i++) {
		const struct code_block *block = code_block_at(code, i);

		if (block->kind == BLOCK_WHILE || block->kind == BLOCK_FOR || block->kind == BLOCK_TRY || block->kind == BLOCK_WITH) {
			print_place(code, "block", block->at);
			printf(" %d\n", last_line(code, block->end));
		}
	}
	for (int i = 0; i < code_call_count(code); i++)
		print_call(code, code_call_at(code, i));
	puts(".");
}

int main(int argc, char **argv)
{
	int facts = argc > 1 && !strcmp(argv[1], "facts"), rounds = argc > 1 && !facts ? atoi(argv[1]) : 0;
	char path[4096];
	clock_t spent = 0;
	size_t bytes_read = 0, tokens = 0;

	while (fgets(path, sizeof(path), stdin)) {
		size_t length;
		char *bytes;

		path[strcspn(path, "\n")] = 0;
		bytes = whole(path, &length);
		for (int i = 0; i < (rounds ? rounds : 1); i++) {
			clock_t begun = clock();
			struct arena *arena = arena_new();
			struct code *code = code_parse(arena, strstr(path, ".js") ? CODE_SCRIPT : CODE_PYTHON, bytes, length);

			spent += clock() - begun;
			if (facts)
				print_facts(code);
			else if (!rounds)
				print(code);
			bytes_read += length;
			tokens += code_token_count(code);
			begun = clock();
			arena_free(arena);
			spent += clock() - begun;
		}
		free(bytes);
	}
	if (rounds)
		printf("%.1f MB per CPU second, %zu tokens\n", (double)bytes_read / 1e6 / ((double)spent / CLOCKS_PER_SEC), tokens);
	return 0;
}
