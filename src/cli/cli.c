#include "cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/safe.h"
#include "base/text.h"
#include "base/yaml.h"
#include "cli/cli_private.h"
#include "cli/cmd_console.h"
#include "estate/kind.h"
#include "gate/session.h"

enum { WRITE_MAX = 1 << 30 };

static int order(const void *name, const void *row)
{
	return strcmp(name, (*(const struct cli_command *const *)row)->name);
}

const struct cli_command *cli_command_find(const char *name)
{
	size_t count = 0;

	while (cli_commands[count])
		count++;
	const struct cli_command *const *row = bsearch(name, cli_commands, count, sizeof(*cli_commands), order);
	return row ? *row : NULL;
}

static void print_flags(const struct cli_flag *flags, FILE *out)
{
	for (; flags && flags->name; flags++) {
		char left[80];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", flags->letter ? '-' : ' ', flags->letter ? flags->letter : ' ',
			flags->letter ? ", " : "  ", flags->name, flags->value ? " " : "", flags->value ? flags->value : "");
		fprintf(out, "  %-46s %s\n", left, flags->help);
	}
}

static void help_program(FILE *out)
{
	fputs("Usage: pilothouse [OPTIONS] [COMMAND …]\n\n"
	      "Without a command: the console on this machine and the clusters it knows.\n\nCommands\n", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		fprintf(out, "  %-12s %s\n", (*row)->name, (*row)->help);
	fputs("\nOptions\n", out);
	print_flags(cli_global_flags, out);
	fputs("\nExit status: 0 done, 1 failed, 2 denied by policy, 3 usage or configuration, 4 not understood,\n"
	      "5 approval needed, 6 provider not reached, 7 audit log does not verify.\n", out);
}

void cli_help(const struct cli_command *command, FILE *out)
{
	if (!command) {
		help_program(out);
		return;
	}
	fprintf(out, "Usage: pilothouse %s %s\n\n%s\n", command->name, command->usage, command->help);
	if (command->more)
		fprintf(out, "\n%s\n", command->more);
	if (command->flags) {
		fputs("\nOptions\n", out);
		print_flags(command->flags, out);
	}
	fputs("\nOptions of every command: pilothouse --help\n", out);
}

/* Secrets never reach a core file; a closed pipe is an error of write(), not a death. */
static void harden(void)
{
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

/* What is ignored was meant by whoever wrote it: a word too many is a mistake, not decoration. 0, or the exit status. */
static int check_arguments(const struct cli *cli)
{
	const struct cli_command *command = cli->command;
	const struct cli_subcommand *sub = command->subcommands;
	size_t most = command->subcommands ? CLI_MANY : (size_t)command->most;

	while (sub && sub->name && (!cli->arg_count || strcmp(sub->name, cli->args[0]) != 0))
		sub++;
	if (sub && sub->name)
		most = (size_t)sub->most + 1;
	if (cli->arg_count <= most)
		return 0;
	return cli_usage(cli, "%s%s%s: '%.40s' is one word too many; usage: pilothouse %s %s", command->name, sub ? " " : "", sub ? sub->name : "", cli->args[most],
		command->name, command->usage);
}

/* Text where a program waits for data is worse than a refusal. */
static int check_format(const struct cli *cli)
{
	if (cli->format == FORMAT_TABLE || cli->format == FORMAT_WIDE || (cli->command && !cli->command->text_only))
		return 0;
	return cli_usage(cli, "-o %s: %s", cli_flag(cli, "output"), cli->command ? "this command writes text only" : "the console writes text only; which command is it for?");
}

static int run(struct cli *cli)
{
	if (cli_flag(cli, "version"))
		return cli_command_find("version")->run(cli);
	if (cli_flag(cli, "help")) {
		cli_help(cli->command, cli_out(cli));
		return 0;
	}
	int wrong = check_format(cli);

	if (!wrong && cli->command)
		wrong = check_arguments(cli);
	return wrong ? wrong : cli->command ? cli->command->run(cli) : cmd_console_run(cli);
}

/* What the store has to say of itself: a damaged file set aside, a folder that cannot be written. */
static void tell_notice(struct cli *cli)
{
	const char *notice = cli->session ? session_notice(cli->session) : "";

	if (*notice)
		cli_write(stderr, "pilothouse: %s\n", notice);
}

int cli_reader_is_gone(int wait_ms)
{
	struct pollfd out = { .fd = STDOUT_FILENO };

	return poll(&out, 1, wait_ms) == 1 && (out.revents & (POLLERR | POLLNVAL));
}

/* Output that could not be written is a failure, not silence (a full disk behind a redirect). */
static int finish(struct cli *cli, int status)
{
	errno = 0;
	int failed = fflush(stdout) || ferror(stdout), why = errno; /* the reader has it before what is kept is written */

	session_end(cli->session);
	log_done();
	errno = why;
	if (failed && errno != EPIPE && !cli_reader_is_gone(0) && !status) {
		fprintf(stderr, "pilothouse: writing the result failed: %s\n", errno ? strerror(errno) : "is there no space left?");
		status = error_exit_status(ERR_IO);
	}
	return status;
}

int cli_main(int argc, char **argv, const struct provider_ops *const *providers)
{
	struct cli cli = { .providers = providers };
	struct error err = { 0 };

	harden();
	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	if (cli_read(&cli, argc, argv, &err))
		return cli_fail(&cli, &err);
	if (cli_verbose(&cli))
		setenv("LOG_LEVEL", "info", 0);
	log_init(NULL);
	cli.colour = isatty(STDOUT_FILENO) && !cli_flag(&cli, "no-color") && !(getenv("NO_COLOR") && *getenv("NO_COLOR"));
	int status = run(&cli);
	tell_notice(&cli);
	return finish(&cli, status);
}

/* A session is opened by the first command that asks; a bad configuration ends the program there. */
struct session *cli_session(struct cli *cli)
{
	struct error err = { 0 };
	struct session_options options = {
		.config_path = cli_flag(cli, "config"),
		.profile = cli_flag(cli, "profile"),
		.scope = cli_flag(cli, "scope"),
		.read_only = cli_flag(cli, "read-only") != NULL,
		.dry_run = cli_flag(cli, "dry-run") != NULL,
		.any_config = cli->command && cli->command->any_config,
		.providers = cli->providers,
	};

	if (cli->session)
		return cli->session;
	if (options.profile && !*options.profile)
		exit(cli_usage(cli, "--profile is empty: the name of one under profiles in the configuration"));
	if (options.config_path && !*options.config_path)
		exit(cli_usage(cli, "--config is empty: the path of a configuration file"));
	if (options.scope && strcmp(options.scope, "prod") && strcmp(options.scope, "staging") && strcmp(options.scope, "dev"))
		exit(cli_usage(cli, "--scope '%.20s': prod, staging or dev", options.scope));
	cli->session = session_new(&options, &err);
	if (!cli->session)
		exit(cli_fail(cli, &err));
	return cli->session;
}

size_t cli_args(const struct cli *cli)
{
	return cli->arg_count;
}

const char *cli_arg(const struct cli *cli, size_t i)
{
	return i < cli->arg_count ? cli->args[i] : NULL;
}

long cli_flag_number(struct cli *cli, const char *name, long otherwise)
{
	const char *text = cli_flag(cli, name);
	char *end;

	if (!text)
		return otherwise;
	errno = 0;
	long number = strtol(text, &end, 10);
	if (errno || end == text || *end || number < 0)
		exit(cli_usage(cli, "--%s '%.40s': not a number of 0 or more", name, text));
	return number;
}

enum cli_format cli_format(const struct cli *cli)
{
	return cli->format;
}

int cli_json(const struct cli *cli)
{
	return cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL || cli->format == FORMAT_YAML;
}

int cli_approve(const struct cli *cli)
{
	return cli_flag(cli, "approve") != NULL;
}

int cli_dry_run(const struct cli *cli)
{
	return cli_flag(cli, "dry-run") != NULL;
}

int cli_explain(const struct cli *cli)
{
	return cli_flag(cli, "explain") != NULL;
}

int cli_quiet(const struct cli *cli)
{
	return cli_flag(cli, "quiet") != NULL;
}

int cli_verbose(const struct cli *cli)
{
	return cli_flag(cli, "verbose") != NULL;
}

int cli_interactive(const struct cli *cli)
{
	(void)cli;
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

FILE *cli_out(const struct cli *cli)
{
	(void)cli;
	return stdout;
}

__attribute__((format(printf, 2, 0))) static void write_harmless(FILE *out, const char *format, va_list args, const char *end)
{
	struct text text, clean;

	text_init(&text, WRITE_MAX);
	text_init(&clean, WRITE_MAX);
	text_vformat(&text, format, args);
	text_add(&text, end);
	safe_add_lines(&clean, text.data, text.length);
	fwrite(clean.data, 1, clean.length, out);
	text_release(&clean);
	text_release(&text);
}

void cli_write(FILE *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	write_harmless(out, format, args, "");
	va_end(args);
}

/* Escapes of ours go past what makes texts harmless, whose own would be shown. */
void cli_write_in(const struct cli *cli, const char *severity, const char *format, ...)
{
	static const char *const by_rank[] = { "", "", "\033[36m", "\033[33m", "\033[31m", "\033[1;31m" };
	const char *style = cli->colour && severity ? by_rank[severity_rank(severity)] : "";
	va_list args;

	fputs(style, stdout);
	va_start(args, format);
	write_harmless(stdout, format, args, "");
	va_end(args);
	if (*style)
		fputs("\033[0m", stdout);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli_quiet(cli))
		return;
	va_start(args, format);
	write_harmless(stderr, format, args, "\n");
	va_end(args);
}

void cli_progress(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli_quiet(cli) || !isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	if (format) {
		va_start(args, format);
		write_harmless(stderr, format, args, "");
		va_end(args);
	}
	fflush(stderr);
}

int cli_fail(const struct cli *cli, const struct error *err)
{
	(void)cli;
	cli_write(stderr, "pilothouse: %s\n", *err->text ? err->text : error_name(err->code));
	return error_exit_status(err->code);
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
	struct error err = { .code = ERR_INVALID };
	va_list args;

	va_start(args, format);
	vsnprintf(err.text, sizeof(err.text), format, args);
	va_end(args);
	return cli_fail(cli, &err);
}
