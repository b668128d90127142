/* python_tokens.c - reads names of files from stdin, a line each, and prints their tokens: "KIND line column line column offset length", a line "." after
 * each file. With an argument, that many rounds over all files, and the rate in MB per CPU second instead. Driven by tests/data/test_python_tokens.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/file.h"
#include "fleet/python.h"

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

static void print(const struct python *python)
{
	for (size_t i = 0; i < python_token_count(python); i++) {
		const struct python_token *token = python_token_at(python, i);

		printf("%s %d %d %d %d %u %u\n", kinds[token->kind], token->line, token->column, token->end_line, token->end_column, token->offset, token->length);
	}
	puts(".");
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
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
			struct python *python = python_parse(arena, bytes, length);

			spent += clock() - begun;
			if (!rounds)
				print(python);
			bytes_read += length;
			tokens += python_token_count(python);
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
