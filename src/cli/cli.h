/* cli.h - the command line: one table of commands, one file a command. The same rows make --help, the man page and completions. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>
#include <stdio.h>

struct cli;
struct error;
struct json;
struct provider_ops;
struct session;

enum cli_format { FORMAT_TABLE, FORMAT_WIDE, FORMAT_JSON, FORMAT_JSONL, FORMAT_YAML, FORMAT_CSV };

struct cli_flag {
	const char *name;   /* "namespace" for --namespace */
	char letter;        /* 'n', or 0 */
	const char *value;  /* "NAME", or NULL: a switch */
	const char *help;
};

enum { CLI_MANY = 1 << 30 };

struct cli_subcommand {
	const char *name;   /* "list", "show", … */
	int most;           /* arguments after it; CLI_MANY: any number */
};

struct cli_command {
	const char *name;
	const char *usage;  /* "KIND [NAME]" */
	const char *help;   /* one line */
	const char *more;   /* paragraphs for --help and the man page, or NULL */
	const struct cli_subcommand *subcommands; /* ends with .name NULL, or NULL */
	int most;           /* arguments of a command without subcommands; CLI_MANY: any number */
	int any_config;     /* looks at the configuration, or mends it: goes on with one that is not understood */
	int text_only;      /* what it writes is text whatever -o says: a format for programs is refused */
	const struct cli_flag *flags;   /* ends with .name NULL, or NULL */
	/* Returns the exit status. Arguments by cli_arg; failures by `return cli_fail(cli, &err)`. */
	int (*run)(struct cli *cli);
};

/* argv as main got it; providers as main registers them. Returns the exit status. */
int cli_main(int argc, char **argv, const struct provider_ops *const *providers);

/* --- for commands --- */
struct session *cli_session(struct cli *cli);
size_t cli_args(const struct cli *cli);                   /* after the command's name */
const char *cli_arg(const struct cli *cli, size_t i);     /* NULL past the end */
const char *cli_flag(const struct cli *cli, const char *name); /* value, "" for a switch given, NULL when absent */
long cli_flag_number(struct cli *cli, const char *name, long otherwise); /* a bad number ends the program with a usage error */
enum cli_format cli_format(const struct cli *cli);
int cli_json(const struct cli *cli);                      /* any machine format is wanted */
int cli_approve(const struct cli *cli);
int cli_dry_run(const struct cli *cli);
int cli_explain(const struct cli *cli);
int cli_quiet(const struct cli *cli);
int cli_verbose(const struct cli *cli);
int cli_interactive(const struct cli *cli);               /* stdin and stdout are terminals */
FILE *cli_out(const struct cli *cli);
/* Whether who reads our output went away (| head): it has what it wanted. Waits so long for it. Any thread. */
int cli_reader_is_gone(int wait_ms);
/* The one way text reaches stdout or stderr: remote names and words may stand in it, and what a terminal would obey is made
 * harmless (safe.h); lines stay lines. */
void cli_write(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Talk goes to stderr, unless -q. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* How far something is: one line on a terminal's stderr, which the next one takes the place of; NULL: none any more. Elsewhere, and with -q: nothing. */
void cli_progress(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "pilothouse: text" and returns the exit status of the code. */
int cli_fail(const struct cli *cli, const struct error *err);
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3))); /* exit 3 */
/* Some format for programs is wanted, CSV too: for commands whose CSV is made of their document. */
int cli_data(const struct cli *cli);
/* A document: json pretty, jsonl one line (an array: one a line), yaml, csv one row. Takes document. Returns 0. */
int cli_print(const struct cli *cli, struct json *document);
/* The same of a document that is about one list: jsonl is its items, csv its rows. */
int cli_print_list(const struct cli *cli, struct json *document, const char *list);
/* Of one that is a whole and has rows in it (the steps of a plan): jsonl is one line, csv these rows. */
int cli_print_with_rows(const struct cli *cli, struct json *document, const char *list);
/* {"LIST":[…]} as its items come, and nothing is kept: json, yaml, jsonl an item a line, csv rows. Nothing is written before the first item
 * or the end, so that what fails at once leaves no document. list must live as long. */
struct cli_stream {
	const struct cli *cli;
	const char *list;
	size_t count;
};
void cli_stream_begin(struct cli_stream *stream, const struct cli *cli, const char *list);
void cli_stream_item(struct cli_stream *stream, struct json *item); /* takes item */
void cli_stream_end(const struct cli_stream *stream);
/* One of a list without end: a line of JSON, or an item of YAML. Takes item. */
void cli_print_item(const struct cli *cli, struct json *item);
/* Mistakes of data files (base/problem.h): those found, on stdout in every format; one met on the way, on stderr. Takes problems. Returns the exit
 * status: 1 when there are any. */
int cli_print_problems(const struct cli *cli, struct json *problems);
void cli_say_problem(const struct cli *cli, const struct json *problem);
/* Rows for people: header and cells as texts; type says how a column is aligned ('l' or 'r'). With csv: RFC 4180. */
struct cli_table;
struct cli_table *cli_table_new(const struct cli *cli);
void cli_table_column(struct cli_table *table, const char *name, char align);
void cli_table_cell(struct cli_table *table, const char *text); /* in order; after the last column a new row begins; a harmless copy */
void cli_table_print(struct cli_table *table); /* prints and frees */
void cli_table_show(struct cli_table *table, int header); /* the same, the header only when wanted */
/* As cli_write to cli_out, in the colour of a severity where there are colours; NULL: none. No line end. */
void cli_write_in(const struct cli *cli, const char *severity, const char *format, ...) __attribute__((format(printf, 3, 4)));

extern const struct cli_command *const cli_commands[]; /* ordered by name, NULL at the end */
extern const struct cli_flag cli_global_flags[];

#endif
