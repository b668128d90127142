/* completion: made from the same rows that parse the command line. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

extern const struct cli_command cmd_completion;

static const struct cli_subcommand shells[] = { { "bash", 0 }, { "zsh", 0 }, { "fish", 0 }, { 0 } };

/* What a command's first word may be, by the beginning of its usage: the first column of what another command lists. */
static const struct {
	const char *usage, *title, *list;
} first_words[] = {
	{ "KIND", "kind", "pilothouse kinds -o csv 2>/dev/null | tail -n +2 | cut -d, -f1" },
	{ "[SCENARIO]", "scenario", "pilothouse demo --list -o csv 2>/dev/null | tail -n +2 | cut -d, -f1" },
};
enum { FIRST_WORDS = sizeof(first_words) / sizeof(*first_words), NO_FIRST_WORDS = -1 };

static int first_words_of(const struct cli_command *command)
{
	for (int i = 0; i < FIRST_WORDS; i++)
		if (!strncmp(command->usage, first_words[i].usage, strlen(first_words[i].usage)))
			return i;
	return NO_FIRST_WORDS;
}

static int takes_paths(const struct cli_command *command)
{
	return !strncmp(command->usage, "[PATH", 5);
}

static int is_file(const struct cli_flag *flag)
{
	return flag->value && (!strcmp(flag->value, "FILE") || !strcmp(flag->value, "DIR"));
}

/* "prod|staging|dev": one of these. */
static int is_choice(const struct cli_flag *flag)
{
	return flag->value && strchr(flag->value, '|');
}

static void put_choices(FILE *out, const char *values)
{
	for (; *values; values++)
		fputc(*values == '|' ? ' ' : *values, out);
}

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

static void bash_values(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		if (!is_choice(flags) && !is_file(flags))
			continue;
		fputc('\t', out);
		if (flags->letter)
			fprintf(out, "-%c|", flags->letter);
		fprintf(out, "--%s) COMPREPLY=($(compgen ", flags->name);
		if (is_file(flags)) {
			fputs("-f", out);
		} else {
			fputs("-W '", out);
			put_choices(out, flags->value);
			fputc('\'', out);
		}
		fputs(" -- \"$cur\")); return ;;\n", out);
	}
}

static void bash_words(FILE *out, const struct cli_command *command)
{
	int first = first_words_of(command);

	fprintf(out, "\t%s) words='", command->name);
	for (const struct cli_subcommand *sub = command->subcommands; sub && sub->name; sub++)
		fprintf(out, "%s ", sub->name);
	if (first != NO_FIRST_WORDS)
		fprintf(out, "'\" $(%s | tr '\\n' ' ')\"'", first_words[first].list);
	bash_flags(out, command->flags);
	fputs(takes_paths(command) ? "'; files=-f ;;\n" : "' ;;\n", out);
}

static void bash(FILE *out)
{
	fputs("# pilothouse completion for bash: source <(pilothouse completion bash)\n_pilothouse()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word words before= files=\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\t[ \"$word\" = = ] && { before==; continue; }\n\t\tcase $before in ", out);
	bash_with_value(out);
	fputs("=) before=; continue ;; esac\n"
	      "\t\tcase $word in -*) before=$word ;; *) command=$word; break ;; esac\n\tdone\n"
	      "\tcase $prev in\n", out);
	bash_values(out, cli_global_flags);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		bash_values(out, (*row)->flags);
	fputs("\tesac\n\tcase $command in\n\t'') words='", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		fprintf(out, "%s ", (*row)->name);
	fputs("' ;;\n", out);
	for (const struct cli_command *const *row = cli_commands; *row; row++)
		bash_words(out, *row);
	fputs("\tesac\n\tcase $cur in -*) words=\"$words", out);
	bash_flags(out, cli_global_flags);
	fputs("\" ;; esac\n\tCOMPREPLY=($(compgen $files -W \"$words\" -- \"$cur\"))\n}\ncomplete -F _pilothouse pilothouse ph\n", out);
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

static void zsh_flag(FILE *out, const struct cli_flag *flag)
{
	zsh_text(out, flag->help);
	fputs(flag->value ? "]:value:" : "]", out);
	if (is_choice(flag)) {
		fputc('(', out);
		put_choices(out, flag->value);
		fputc(')', out);
	} else if (is_file(flag)) {
		fputs("_files", out);
	}
	fputc('\'', out);
}

static void zsh_flags(FILE *out, const struct cli_flag *flags)
{
	for (; flags && flags->name; flags++) {
		if (flags->letter) {
			fprintf(out, " '-%c[", flags->letter);
			zsh_flag(out, flags);
		}
		fprintf(out, " '--%s%s[", flags->name, flags->value ? "=" : "");
		zsh_flag(out, flags);
	}
}

static void zsh_command(FILE *out, const struct cli_command *command)
{
	int first = first_words_of(command);

	fprintf(out, "\t%s) _arguments", command->name);
	zsh_flags(out, command->flags);
	zsh_flags(out, cli_global_flags);
	if (command->subcommands) {
		fputs(" '1:what:(", out);
		for (const struct cli_subcommand *sub = command->subcommands; sub->name; sub++)
			fprintf(out, "%s ", sub->name);
		fputs(")'", out);
	} else if (first != NO_FIRST_WORDS) {
		fprintf(out, " '1:%s:($(%s))'", first_words[first].title, first_words[first].list);
	} else if (takes_paths(command)) {
		fputs(" '*:path:_files'", out);
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
		fprintf(out, " -l %s%s", flags->name, is_file(flags) ? " -r -F" : flags->value ? " -x" : "");
		if (is_choice(flags)) {
			fputs(" -a '", out);
			put_choices(out, flags->value);
			fputc('\'', out);
		}
		fputs(" -d '", out);
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
		for (const struct cli_subcommand *sub = (*row)->subcommands; sub && sub->name; sub++)
			fprintf(out, "complete -c pilothouse -n '__fish_seen_subcommand_from %s' -a %s\n", (*row)->name, sub->name);
		int first = first_words_of(*row);

		if (first != NO_FIRST_WORDS)
			fprintf(out, "complete -c pilothouse -n '__fish_seen_subcommand_from %s' -a '(%s)'\n", (*row)->name, first_words[first].list);
		if (takes_paths(*row))
			fprintf(out, "complete -c pilothouse -n '__fish_seen_subcommand_from %s' -F\n", (*row)->name);
		fish_flags(out, (*row)->name, (*row)->flags);
	}
}

static int run_completion(struct cli *cli)
{
	static void (*const make[])(FILE *) = { bash, zsh, fish };
	const char *shell = cli_arg(cli, 0) ? cli_arg(cli, 0) : "";

	for (size_t i = 0; shells[i].name; i++)
		if (!strcmp(shell, shells[i].name)) {
			make[i](cli_out(cli));
			return 0;
		}
	return cli_usage(cli, "completion bash, zsh or fish");
}

const struct cli_command cmd_completion = {
	.name = "completion", .usage = "bash|zsh|fish", .help = "completions for the shell", .subcommands = shells, .text_only = 1, .run = run_completion,
};
