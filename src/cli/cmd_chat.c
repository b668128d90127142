/* The co-pilot on a line: each sentence goes words, intent, plan, approval, run, as in the console. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/words.h"
#include "gate/session.h"

extern const struct cli_command cmd_chat;

enum { HISTORY_LINES = 1000 };

static char *history_path(void)
{
	return mem_format("%s/chat.history", file_state_folder());
}

/* Without a terminal a line is a line: no prompt, no editing. */
static char *next_line(void)
{
	char *line = NULL;
	size_t room = 0;

	if (isatty(STDIN_FILENO))
		return readline("› ");
	if (getline(&line, &room, stdin) > 0)
		return line;
	free(line);
	return NULL;
}

static int answer_one(struct cli *cli, const struct grammar *grammar, const char *sentence)
{
	struct error err = { 0 };
	struct grammar_answer answer;
	int status;

	if (words_read(cli, grammar, sentence, &answer, &err))
		return cli_fail(cli, &err);
	status = words_accept(cli, &answer, &err) ? cli_fail(cli, &err) : words_carry_out(cli, &answer.intent);
	grammar_answer_release(&answer);
	fflush(cli_out(cli));
	return status;
}

static int is_end(const char *line)
{
	return !strcmp(line, "quit") || !strcmp(line, "exit") || !strcmp(line, "q");
}

static int talk(struct cli *cli, const struct grammar *grammar)
{
	char *path = history_path(), *line;
	int status = 0;

	using_history();
	read_history(path);
	while ((line = next_line())) {
		line[strcspn(line, "\r\n")] = 0;
		int end = is_end(line);

		if (*line && !end) {
			add_history(line);
			status = answer_one(cli, grammar, line);
		}
		free(line);
		if (end)
			break;
	}
	stifle_history(HISTORY_LINES);
	if (isatty(STDIN_FILENO))
		write_history(path);
	free(path);
	return status;
}

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct grammar *grammar = grammar_load(NULL, &err);

	if (!grammar)
		return cli_fail(cli, &err);
	cli_say(cli, "offline grammar · 0 tokens · $0.00; quit ends");
	int status = talk(cli, grammar);
	grammar_free(grammar);
	return status;
}

const struct cli_command cmd_chat = {
	.name = "chat", .usage = "", .help = "the co-pilot on a line: ask, see the plan, approve, run", .run = run,
	.more = "One sentence a line, edited by readline (~/.inputrc). The exit status is that of the last sentence.",
};
