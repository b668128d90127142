/* man: the manual page in roff, man(7), made from the rows that parse the command line and those that bind the console's keys. */
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/safe.h"
#include "cli/cli.h"
#include "tui/screen/keys.h"

extern const struct cli_command cmd_man;

/* What groff would draw as something else, typeset as itself (groff_char(7)). */
static const struct { char c; const char *roff; } characters[] = {
	{ '\\', "\\e" }, { '-', "\\-" }, { '^', "\\(ha" }, { '~', "\\(ti" }, { '\'', "\\(aq" }, { '`', "\\(ga" }, { '"', "\\(dq" },
};

/* One character; how many bytes it took. */
static size_t roff_character(FILE *out, const char *text)
{
	unsigned codepoint;
	int length = utf8_decode(text, strlen(text), &codepoint);

	for (size_t i = 0; i < sizeof(characters) / sizeof(*characters); i++)
		if (*text == characters[i].c) {
			fputs(characters[i].roff, out);
			return 1;
		}
	if (length > 1)
		fprintf(out, "\\[u%04X]", codepoint);
	else
		fputc(*text, out);
	return length > 1 ? (size_t)length : 1;
}

static void roff(FILE *out, const char *text)
{
	for (int begins = 1; *text; ) {
		if (begins && *text == '.')
			fputs("\\&", out);
		begins = *text == '\n';
		text += roff_character(out, text);
	}
}

static void roff_item(FILE *out, const char *term, const char *value, const char *help)
{
	fputs(".TP\n", out);
	fputs("\\fB", out);
	roff(out, term);
	fputs("\\fR", out);
	if (value) {
		fputs(" \\fI", out);
		roff(out, value);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	roff(out, help);
	fputc('\n', out);
}

static void man_flags(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		char term[80];

		if (flags->letter)
			snprintf(term, sizeof(term), "-%c, --%s", flags->letter, flags->name);
		else
			snprintf(term, sizeof(term), "--%s", flags->name);
		roff_item(out, term, flags->value, flags->help);
	}
}

static void man_commands(FILE *out)
{
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, ".SS %s ", (*row)->name);
		roff(out, (*row)->usage);
		fputc('\n', out);
		roff(out, (*row)->help);
		fputs(".\n", out);
		if ((*row)->more) {
			fputs(".PP\n", out);
			roff(out, (*row)->more);
			fputc('\n', out);
		}
		man_flags(out, (*row)->flags);
	}
}

/* --- keys: a part for each context, everywhere first --- */

static int is_first_of_context(size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (!strcmp(commands[before].context, commands[i].context))
			return 0;
	return 1;
}

static void man_context(FILE *out, const char *context)
{
	fprintf(out, ".SS %s\n", strcmp(context, "global") ? context : "everywhere");
	char help[300];

	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(commands[i].context, context) != 0 || !*commands[i].keys)
			continue;
		snprintf(help, sizeof(help), "%s%s", commands[i].help, commands[i].risk != RISK_READ ? " (asks for a change)" : "");
		roff_item(out, commands[i].keys, NULL, help);
	}
}

static void man_keys(FILE *out)
{
	fputs(".SH KEYS\nOf the console; several keys of one command are separated by blanks, ", out);
	roff(out, "^D is Control and D, M-a is Alt and a.\n");
	fputs("The verbs of a kind have keys of their own inside the menu of actions. Keys are bound anew by \\fBui.keys\\fR in config.yaml.\n", out);
	man_context(out, "global");
	for (size_t i = 0; i < command_count; i++)
		if (is_first_of_context(i) && strcmp(commands[i].context, "global"))
			man_context(out, commands[i].context);
}

static void man_environment(FILE *out)
{
	fputs(".SH ENVIRONMENT\n", out);
	roff_item(out, "PILOTHOUSE_HOME", "DIR", "configuration, state and cache in one folder");
	roff_item(out, "PILOTHOUSE_DATA", "DIR", "kinds, playbooks, policies, themes, widgets and words from there instead of the installed ones");
	for (unsigned i = 0; i < config_key_count; i++)
		if (config_keys[i].environment)
			roff_item(out, config_keys[i].environment, NULL, config_keys[i].help);
	roff_item(out, "NO_COLOR", NULL, "no colours");
	fputs(".PP\nA setting of \\fBpilothouse config list\\fR is also taken from a variable: ", out);
	roff(out, "ui.theme from PILOTHOUSE_UI_THEME.\n");
}

static const char opening[] =
	".TH PILOTHOUSE 1 \"\" \"pilothouse " PACKAGE_VERSION "\" \"User Commands\"\n"
	".SH NAME\npilothouse \\- see what is wrong, plan, approve, run, undo and prove it\n"
	".SH SYNOPSIS\n.B pilothouse\n[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR ...]\n"
	".SH DESCRIPTION\nWithout a command, the full\\-screen console on this machine and the clusters of the kubeconfig;\n"
	"where there is no terminal, its first screen as text.\n";

static const char closing[] =
	".SH EXIT STATUS\n0 done; 1 failed; 2 denied by policy; 3 usage or configuration; 4 not understood; 5 approval needed; 6 provider not reached;\n"
	"7 the audit log does not verify.\n"
	".SH FILES\n\\fI$XDG_CONFIG_HOME/pilothouse/config.yaml\\fR, and \\fIkinds/ playbooks/ policies/ themes/ widgets/ words/\\fR beside it;\n"
	"\\fI$XDG_STATE_HOME/pilothouse/pilothouse.db\\fR.\n";

static int run(struct cli *cli)
{
	FILE *out = cli_out(cli);

	fputs(opening, out);
	fputs(".SH OPTIONS\n", out);
	man_flags(out, cli_global_flags);
	fputs(".SH COMMANDS\n", out);
	man_commands(out);
	man_keys(out);
	man_environment(out);
	fputs(closing, out);
	return 0;
}

const struct cli_command cmd_man = { .name = "man", .text_only = 1, .usage = "", .help = "this program's manual page, in roff", .run = run };
