#include "cli/words.h"

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cli.h"
#include "copilot/usual.h"
#include "gate/session.h"

void words_join(const struct cli *cli, size_t i, struct text *sentence)
{
	for (; cli_arg(cli, i); i++)
		text_format(sentence, "%s%s", sentence->length ? " " : "", cli_arg(cli, i));
}

/* What was understood, and from what. */
static void explain(struct cli *cli, const struct grammar_answer *answer)
{
	if (!cli_explain(cli))
		return;
	cli_say(cli, "why: understood as %s of %s, confidence %.2f", *answer->intent.type ? answer->intent.type : "nothing",
		*answer->intent.resource ? answer->intent.resource : "nothing", answer->intent.confidence);
	for (const struct json *why = json_first(answer->why); why; why = json_next(why))
		cli_say(cli, "why: %s", json_text_or(why, "?"));
}

int words_read(struct cli *cli, const struct grammar *grammar, const char *sentence, struct grammar_answer *answer, struct error *err)
{
	struct grammar_context context = { 0 };
	struct error none = { 0 };

	if (grammar_parse(grammar, sentence, NULL, answer, err))
		return -1;
	if (answer->class != WORDS_REJECT)
		return 0; /* the sources are not opened for what is clear, or refused */
	struct estate *estate = session_estate(cli_session(cli), &none);
	if (!estate)
		return 0; /* whoever carries it out says why */
	context.usual = usual_resource(estate);
	grammar_answer_release(answer);
	return grammar_parse(grammar, sentence, &context, answer, err);
}

static int read_arguments(struct cli *cli, size_t i, int in_context, struct grammar_answer *answer, struct error *err)
{
	struct text sentence;

	text_init(&sentence, 64 << 10); /* longer than the grammar takes: it says so itself */
	words_join(cli, i, &sentence);
	struct grammar *grammar = sentence.length ? grammar_load(NULL, err) : NULL;
	if (!sentence.length)
		error_set(err, ERR_INVALID, "\"WORDS\" are missing");
	int failed = !grammar || (in_context ? words_read(cli, grammar, sentence.data, answer, err) : grammar_parse(grammar, sentence.data, NULL, answer, err));
	grammar_free(grammar);
	text_release(&sentence);
	if (!failed)
		explain(cli, answer);
	return failed ? -1 : 0;
}

int words_parse(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err)
{
	return read_arguments(cli, i, 0, answer, err);
}

int words_accept(struct cli *cli, struct grammar_answer *answer, struct error *err)
{
	const char *scope = cli_flag(cli, "scope");

	if (answer->class != WORDS_OK || answer->intent.confidence < INTENT_ACCEPT)
		return error_set(err, ERR_UNCLEAR, "%s", answer->question);
	if (scope && !*answer->intent.scope)
		snprintf(answer->intent.scope, sizeof(answer->intent.scope), "%s", scope);
	return 0;
}

int words_intent(struct cli *cli, size_t i, struct grammar_answer *answer, struct error *err)
{
	if (read_arguments(cli, i, 1, answer, err))
		return -1;
	if (!words_accept(cli, answer, err))
		return 0;
	grammar_answer_release(answer);
	return -1;
}
