/* completion: made from the same rows that parse the command line. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

extern const struct cli_command cmd_completion;

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

/* Those before the command that take the next word: that word is no command. */
static void bash_with_value(FILE *out)
{
	for (const struct cli_flag *flag = cli_global_flags; flag->name; flag++) {
		if (flag->value && flag->letter)
			fprintf(out, "-%c|", flag->letter);
		if (flag->value)
			fprintf(out, "--%s|", flag->name);
	}
}

static void bash(FILE *out)
{
	fputs("# pilothouse completion for bash: source <(pilothouse completion bash)\n_pilothouse()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word words before=\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\t[ \"$word\" = = ] && { before==; continue; }\n\t\tcase $before in ", out);
	bash_with_value(out);
	fputs("=) before=; continue ;; esac\n"
	      "\t\tcase $word in -*) before=$word ;; *) command=$word; break ;; esac\n\tdone\n"
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
		if (flags->letter) {
			fprintf(out, " '-%c[", flags->letter);
			zsh_text(out, flags->help);
			fputs(flags->value ? "]:value:'" : "]'", out);
		}
		fprintf(out, " '--%s%s[", flags->name, flags->value ? "=" : "");
		zsh_text(out, flags->help);
		fputs(flags->value ? "]:value:'" : "]'", out);
	}
}

static void zsh_command(FILE *out, const struct cli_command *command)
{
	fprintf(out, "\t%s) _arguments", command->name);
	zsh_flags(out, command->flags);
	zsh_flags(out, cli_global_flags);
	if (command->subcommands) {
		fputs(" '1:what:(", out);
		for (const char *const *sub = command->subcommands; *sub; sub++)
			fprintf(out, "%s ", *sub);
		fputs(")'", out);
	} else if (!strncmp(command->usage, "KIND", 4)) {
		fputs(" '1:kind:($(pilothouse kinds -o csv 2>/dev/null | tail -n +2 | cut -d, -f1))'", out);
	}
	fputs(" ;;\n", out);
}

static void zsh(FILE *out)
{
	fputs("#compdef pilothouse ph\n_pilothouse() {\n\tlocal -a commands\n\tlocal state line curcontext=$curcontext\n\tcommands=(", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++) {
		fprintf(out, "\n\t\t'%s:", (*row)->name);
		zsh_text(out, (*row)->help);
		fputc('\'', out);
	}
	fputs("\n\t)\n\t_arguments -C", out);
	zsh_flags(out, cli_global_flags);
	fputs(" '1:command:->command' '*::argument:->rest'\n\tif [[ $state = command ]]; then _describe command commands; return; fi\n"
	      "\t[[ $state = rest ]] || return\n\tcase $words[1] in\n", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		zsh_command(out, *row);
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
