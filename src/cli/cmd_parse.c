#include "base/error.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/words.h"

static int run(struct cli *cli)
{
	struct error err = { 0 };
	struct grammar_answer answer;

	if (words_parse(cli, 0, &answer, &err))
		return cli_fail(cli, &err);
	int understood = answer.class == WORDS_OK && answer.intent.confidence >= INTENT_ACCEPT;
	/* A question is the result of this command: it goes to stdout with the intent. */
	cli_print(cli, grammar_answer_to_json(&answer));
	if (!understood)
		cli_say(cli, "pilothouse: %s", answer.question);
	grammar_answer_release(&answer);
	return understood ? 0 : error_exit_status(ERR_UNCLEAR);
}

const struct cli_command cmd_parse = {
	.name = "parse", .most = CLI_MANY, .usage = "\"WORDS\"", .help = "the intent of a plain sentence as JSON, or a question back", .run = run,
};
