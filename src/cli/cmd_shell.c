/* completion and man: made from the same rows that parse the command line. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

extern const struct cli_command cmd_completion, cmd_man;

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

/* --- bash --- */

static void bash_flags(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		if (flags->letter)
			fprintf(out, " -%c", flags->letter);
		fprintf(out, " --%s", flags->name);
	}
}

static void bash(FILE *out)
{
	fputs("# pilothouse completion for bash: source <(pilothouse completion bash)\n_pilothouse()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word words\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do case $word in -*) ;; *) command=$word; break ;; esac; done\n"
	      "\tcase $prev in\n\t-o|--output) COMPREPLY=($(compgen -W 'table wide json jsonl yaml csv' -- \"$cur\")); return ;;\n"
	      "\t--scope) COMPREPLY=($(compgen -W 'prod staging dev' -- \"$cur\")); return ;;\n"
	      "\t--config|--anchors) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n\tesac\n\tcase $command in\n\t'') words='", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		fprintf(out, "%s ", (*row)->name);
	fputs("' ;;\n", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, "\t%s) words='", (*row)->name);
		for (const char *const *sub = (*row)->subcommands; sub && *sub; sub++)
			fprintf(out, "%s ", *sub);
		if (!strncmp((*row)->usage, "KIND", 4))
			fputs("'\" $(pilothouse kinds -o csv 2>/dev/null | tail -n +2 | cut -d, -f1 | tr '\\n' ' ')\"'", out);
		bash_flags(out, (*row)->flags);
		fputs("' ;;\n", out);
	}
	fputs("\tesac\n\tcase $cur in -*) words=\"$words", out);
	bash_flags(out, cli_global_flags);
	fputs("\" ;; esac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _pilothouse pilothouse ph\n", out);
}

/* --- zsh --- */

static void zsh_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("'", *text))
			fputs("'\\'", out);
		if (strchr("[]:", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void zsh_flags(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		fprintf(out, " '--%s%s[", flags->name, flags->value ? "=" : "");
		zsh_text(out, flags->help);
		fputs(flags->value ? "]:value:'" : "]'", out);
	}
}

static void zsh(FILE *out)
{
	fputs("#compdef pilothouse ph\n_pilothouse() {\n\tlocal -a commands\n\tcommands=(", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, "\n\t\t'%s:", (*row)->name);
		zsh_text(out, (*row)->help);
		fputc('\'', out);
	}
	fputs("\n\t)\n\tif (( CURRENT == 2 )); then _describe command commands; return; fi\n\tcase $words[2] in\n", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, "\t%s) _arguments", (*row)->name);
		zsh_flags(out, (*row)->flags);
		if ((*row)->subcommands) {
			fputs(" '2:what:(", out);
			for (const char *const *sub = (*row)->subcommands; *sub; sub++)
				fprintf(out, "%s ", *sub);
			fputs(")'", out);
		} else if (!strncmp((*row)->usage, "KIND", 4)) {
			fputs(" '2:kind:($(pilothouse kinds -o csv 2>/dev/null | tail -n +2 | cut -d, -f1))'", out);
		}
		fputs(" ;;\n", out);
	}
	fputs("\tesac\n}\n_pilothouse \"$@\"\n", out);
}

/* --- fish --- */

static void fish_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("'\\", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void fish_flags(FILE *out, const char *command, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		fputs("complete -c pilothouse", out);
		if (command)
			fprintf(out, " -n '__fish_seen_subcommand_from %s'", command);
		if (flags->letter)
			fprintf(out, " -s %c", flags->letter);
		fprintf(out, " -l %s%s -d '", flags->name, flags->value ? " -r" : "");
		fish_text(out, flags->help);
		fputs("'\n", out);
	}
}

static void fish(FILE *out)
{
	fputs("complete -c pilothouse -f\n", out);
	fish_flags(out, NULL, cli_global_flags);
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, "complete -c pilothouse -n __fish_use_subcommand -a %s -d '", (*row)->name);
		fish_text(out, (*row)->help);
		fputs("'\n", out);
		for (const char *const *sub = (*row)->subcommands; sub && *sub; sub++)
			fprintf(out, "complete -c pilothouse -n '__fish_seen_subcommand_from %s' -a %s\n", (*row)->name, *sub);
		fish_flags(out, (*row)->name, (*row)->flags);
	}
}

static int run_completion(struct cli *cli)
{
	static void (*const make[])(FILE *) = { bash, zsh, fish };
	const char *shell = cli_arg(cli, 0) ? cli_arg(cli, 0) : "";

	for (size_t i = 0; shells[i]; i++)
		if (!strcmp(shell, shells[i])) {
			make[i](cli_out(cli));
			return 0;
		}
	return cli_usage(cli, "completion bash, zsh or fish");
}

const struct cli_command cmd_completion = {
	.name = "completion", .usage = "bash|zsh|fish", .help = "completions for the shell", .subcommands = shells, .run = run_completion,
};

/* --- man page: roff, man(7) --- */

static void roff(FILE *out, const char *text)
{
	for (int begins = 1; *text; text++) {
		if (begins && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		fputs(*text == '\\' ? "\\e" : *text == '-' ? "\\-" : (const char[]){ *text, 0 }, out);
		begins = *text == '\n';
	}
}

static void man_flags(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		fputs(".TP\n", out);
		if (flags->letter)
			fprintf(out, "\\fB\\-%c\\fR, ", flags->letter);
		fputs("\\fB\\-\\-", out);
		roff(out, flags->name);
		fputs("\\fR", out);
		if (flags->value) {
			fputs(" \\fI", out);
			roff(out, flags->value);
			fputs("\\fR", out);
		}
		fputc('\n', out);
		roff(out, flags->help);
		fputc('\n', out);
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

static int run_man(struct cli *cli)
{
	FILE *out = cli_out(cli);

	fputs(".TH PILOTHOUSE 1 \"\" \"pilothouse " PACKAGE_VERSION "\" \"User Commands\"\n.SH NAME\npilothouse \\- see what is wrong, plan, approve, run, undo and prove it\n"
	      ".SH SYNOPSIS\n.B pilothouse\n[\\fIOPTIONS\\fR] [\\fICOMMAND\\fR ...]\n.SH DESCRIPTION\nWithout a command, the full\\-screen console on this machine and the\n"
	      "clusters of the kubeconfig. Every command answers for programs with \\fB\\-o json\\fR.\n.SH OPTIONS\n", out);
	man_flags(out, cli_global_flags);
	fputs(".SH COMMANDS\n", out);
	man_commands(out);
	fputs(".SH EXIT STATUS\n0 done; 1 failed; 2 denied by policy; 3 usage or configuration; 4 not understood; 5 approval needed; 6 provider not reached; 7 the audit log "
	      "does not verify.\n.SH FILES\n\\fI$XDG_CONFIG_HOME/pilothouse/config.yaml\\fR, \\fIkinds/ playbooks/ policies/ themes/\\fR beside it;\n"
	      "\\fI$XDG_STATE_HOME/pilothouse/pilothouse.db\\fR. \\fBPILOTHOUSE_HOME\\fR puts all of it in one folder.\n", out);
	return 0;
}

const struct cli_command cmd_man = { .name = "man", .usage = "", .help = "this program's manual page, in roff", .run = run_man };
