/* Documents for programs: whole, an item a line, or as the rows of a CSV. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/cli_private.h"

enum { YAML_MAX = 1 << 30, COLUMNS_MAX = 64 };

int cli_data(const struct cli *cli)
{
	return cli_json(cli) || cli->format == FORMAT_CSV;
}

static void print_line(FILE *out, const struct json *document)
{
	char *line = json_format(document);

	fprintf(out, "%s\n", line); /* harmless: what is not stands as an escape */
	free(line);
}

static void print_yaml(FILE *out, const struct json *document)
{
	struct text text;

	text_init(&text, YAML_MAX);
	yaml_format(document, &text);
	fwrite(text.data, 1, text.length, out);
	text_release(&text);
}

static void print_pretty(FILE *out, const struct json *document)
{
	char *pretty = json_format_pretty(document);

	fputs(pretty, out);
	free(pretty);
}

/* --- CSV: an object is a row, its members are columns; what is no plain value stands as JSON --- */

struct columns {
	const char *names[COLUMNS_MAX];
	size_t count;
};

static void add_columns(struct columns *columns, const struct json *object)
{
	for (const struct json *member = json_first(object); member; member = json_next(member)) {
		size_t i = 0;

		while (i < columns->count && strcmp(columns->names[i], json_key(member)) != 0)
			i++;
		if (i == columns->count && i < COLUMNS_MAX)
			columns->names[columns->count++] = json_key(member);
	}
}

static void add_row(struct cli_table *table, const struct columns *columns, const struct json *object)
{
	for (size_t i = 0; i < columns->count; i++) {
		const struct json *value = json_get(object, columns->names[i]);
		char *shown = json_text(value) || json_is(value, JSON_NULL) ? NULL : json_format(value);

		cli_table_cell(table, shown ? shown : json_text_or(value, ""));
		free(shown);
	}
}

static void print_csv(const struct cli *cli, const struct json *document)
{
	struct columns columns = { .count = 0 };
	struct cli_table *table = cli_table_new(cli);
	int many = json_is(document, JSON_ARRAY);

	for (const struct json *row = many ? json_first(document) : document; row; row = many ? json_next(row) : NULL)
		add_columns(&columns, row);
	for (size_t i = 0; i < columns.count; i++)
		cli_table_column(table, columns.names[i], 'l');
	for (const struct json *row = many ? json_first(document) : document; row; row = many ? json_next(row) : NULL)
		add_row(table, &columns, row);
	cli_table_print(table);
}

static void print(const struct cli *cli, const struct json *document)
{
	if (cli->format == FORMAT_JSONL && json_is(document, JSON_ARRAY))
		for (const struct json *item = json_first(document); item; item = json_next(item))
			print_line(cli_out(cli), item);
	else if (cli->format == FORMAT_JSONL)
		print_line(cli_out(cli), document);
	else if (cli->format == FORMAT_YAML)
		print_yaml(cli_out(cli), document);
	else if (cli->format == FORMAT_CSV)
		print_csv(cli, document);
	else
		print_pretty(cli_out(cli), document);
}

int cli_print(const struct cli *cli, struct json *document)
{
	print(cli, document);
	json_free(document);
	return 0;
}

int cli_print_list(const struct cli *cli, struct json *document, const char *list)
{
	print(cli, cli->format == FORMAT_JSONL || cli->format == FORMAT_CSV ? json_get(document, list) : document);
	json_free(document);
	return 0;
}

int cli_print_with_rows(const struct cli *cli, struct json *document, const char *list)
{
	print(cli, cli->format == FORMAT_CSV ? json_get(document, list) : document);
	json_free(document);
	return 0;
}

/* --- a document that comes bit by bit --- */

void cli_stream_begin(struct cli_stream *stream, const struct cli *cli, const char *list)
{
	*stream = (struct cli_stream){ .cli = cli, .list = list };
}

static void print_head(const struct cli_stream *stream)
{
	if (stream->cli->format == FORMAT_JSON)
		fprintf(cli_out(stream->cli), "{\"%s\":[", stream->list);
	else if (stream->cli->format == FORMAT_YAML)
		fprintf(cli_out(stream->cli), stream->count ? "%s:\n" : "%s: ", stream->list);
}

void cli_stream_item(struct cli_stream *stream, struct json *item)
{
	FILE *out = cli_out(stream->cli);
	struct columns columns = { .count = 0 };

	if (!stream->count++)
		print_head(stream);
	if (stream->cli->format == FORMAT_JSON) {
		fputs(stream->count > 1 ? ",\n" : "\n", out);
		char *line = json_format(item);
		fputs(line, out);
		free(line);
	} else if (stream->cli->format == FORMAT_YAML) {
		struct json *one = json_add(json_array(), item);

		print_yaml(out, one);
		json_free(one);
		item = NULL;
	} else if (stream->cli->format == FORMAT_CSV) {
		struct cli_table *table = cli_table_new(stream->cli);

		add_columns(&columns, item);
		for (size_t i = 0; i < columns.count; i++)
			cli_table_column(table, columns.names[i], 'l');
		add_row(table, &columns, item);
		cli_table_show(table, stream->count == 1);
	} else {
		print_line(out, item);
	}
	json_free(item);
}

void cli_stream_end(const struct cli_stream *stream)
{
	if (!stream->count)
		print_head(stream);
	if (stream->cli->format == FORMAT_JSON)
		fputs(stream->count ? "\n]}\n" : "]}\n", cli_out(stream->cli));
	else if (stream->cli->format == FORMAT_YAML && !stream->count)
		fputs("[]\n", cli_out(stream->cli));
}

void cli_print_item(const struct cli *cli, struct json *item)
{
	struct json *one = json_add(json_array(), item);

	if (cli->format == FORMAT_YAML)
		print_yaml(cli_out(cli), one);
	else
		print_line(cli_out(cli), item);
	json_free(one);
}

/* --- mistakes of data files --- */

void cli_say_problem(const struct cli *cli, const struct json *problem)
{
	char *text = problem_format(problem);

	cli_say(cli, "pilothouse: %s", text);
	free(text);
}

int cli_print_problems(const struct cli *cli, struct json *problems)
{
	size_t count = json_count(problems);

	if (cli_data(cli)) {
		cli_print_list(cli, json_set(json_object(), "problems", problems), "problems");
		return count ? 1 : 0;
	}
	for (const struct json *problem = json_first(problems); problem; problem = json_next(problem)) {
		char *text = problem_format(problem);

		cli_write(cli_out(cli), "%s\n", text);
		free(text);
	}
	json_free(problems);
	return count ? 1 : 0;
}
