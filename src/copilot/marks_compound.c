/* marks_compound.c - words joined by a hyphen whose parts the vocabulary knows. */
#include <string.h>

#include "copilot/marks.h"

/* "aws-rechnung", "est-elle", "load-balancer": each part is a word of the vocabulary. In English a
 * compound is a name unless its parts are one phrase. */
void marks_find_compounds(struct marks *marks)
{
	static const enum concept short_nouns[] = { C_VM, C_DB, C_LB };
	int english = !strcmp(words_language(marks->words, marks->language), "en");
	int german = !strcmp(words_language(marks->words, marks->language), "de");

	for (size_t i = 0; i < marks->fold.count; i++) {
		const struct token *token = &marks->fold.tokens[i];
		const struct words_entry *entries[4];
		size_t parts = 0, at = 0, at_last = 0;
		unsigned node = 0;
		int small = 0;   /* "redémarre-le": one part is a pronoun or the like */
		int typical = 0; /* "billing-api": a service, in any language */
		int own = 0;     /* one part is of the language spoken: "old-ns" is a name in all but English */

		if (marks->taken[i] || marks_given_name(marks, i) || !(token->shape & TOKEN_JOINED) ||
			(token->shape & TOKEN_DIGIT && /* "s3-kosten"; "db-host-1" is a name */
				(!german || strchr("0123456789", token->text[token->length - 1]))))
			continue;
		for (; at < token->length && parts < 4; parts++) {
			size_t length = strcspn(token->text + at, "-/");
			unsigned word = words_find(marks->words, token->text + at, length);
			unsigned alone = words_step(marks->words, 0, word);

			node = !parts ? alone : node ? words_step(marks->words, node, word) : 0;
			entries[parts] = alone ? words_entry(marks->words, alone, marks->languages,
							 marks->language)
					       : NULL;
			if (!entries[parts] && !node)
				break;
			small |= entries[parts] && (entries[parts]->concept[0] == C_FILL ||
							   entries[parts]->concept[0] == C_IT);
			typical |= entries[parts] && entries[parts]->concept[0] == C_TYPICAL;
			own |= entries[parts] && entries[parts]->language == marks->language;
			at_last = at;
			at += length + 1;
		}
		if (at < token->length || parts < 2 || typical)
			continue;
		const struct words_entry *whole =
			node ? words_entry(marks->words, node, marks->languages, marks->language)
			     : NULL;
		if (whole && whole->concept[0] == C_RULES) /* "policy-engine": what it is called */
			continue;
		if (!whole && !entries[0])
			continue; /* begins a phrase, and says nothing alone */
		if (!whole && token->length - at_last <= 3 &&
			(entries[0]->concept[0] == C_PLAIN ||
				(entries[0]->concept[0] == C_FILL && marks_means(entries[parts - 1], short_nouns, 3))))
			continue; /* "kunden-db", "test-vm" */
		if (whole)
			marks_put(marks, whole, i, i + 1);
		for (size_t p = 0; !whole && own && (german || (!english && small)) && p < parts; p++)
			if (entries[p])
				marks_put(marks, entries[p], i, i + 1);
	}
}
