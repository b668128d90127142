/* fuzz_grammar.c - any bytes as a sentence; what is understood must be a valid intent. Run at the
 * root of the tree: it reads words/. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "copilot/grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct grammar *grammar;
	struct grammar_answer answer;
	char *sentence;

	if (!grammar && !(grammar = grammar_load("words", NULL)))
		abort();
	sentence = mem_text_n((const char *)data, size);
	if (grammar_parse(grammar, sentence, NULL, &answer, NULL))
		abort();
	if (answer.class == WORDS_OK) {
		struct json *json = intent_to_json(&answer.intent);
		struct intent back;

		if (intent_from_json(&back, json, NULL))
			abort();
		intent_release(&back);
		json_free(json);
	}
	grammar_answer_release(&answer);
	free(sentence);
	return 0;
}
