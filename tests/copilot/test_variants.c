/* What is read right stays so when it is said a little otherwise. VARIANTS=name (or frame, inquiry, passive, terse, remark, order, slip, attack, refusal, world) prints each miss. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "check_main.h"
#include "copilot/grammar.h"
#include "copilot/variants.h"
#include "copilot/words.h"

/* Of a thousand variants of a class so many must be right. */
static const size_t least[VARIANTS] = { [VARIANT_NAME] = 970, [VARIANT_FRAME] = 985, [VARIANT_INQUIRY] = 980, [VARIANT_PASSIVE] = 980, [VARIANT_TERSE] = 990, [VARIANT_REMARK] = 990, [VARIANT_ORDER] = 990, [VARIANT_SLIP] = 980,
	[VARIANT_ATTACK] = 1000, [VARIANT_REFUSAL] = 990, [VARIANT_WORLD] = 970 };

static const char *in_source(const char *path)
{
	static char full[4096];

	snprintf(full, sizeof(full), "%s/%s", getenv("srcdir") ? getenv("srcdir") : ".", path);
	return full;
}

static int chosen(void)
{
	const char *want = getenv("VARIANTS");

	for (int i = 0; want && i < VARIANTS; i++)
		if (!strcmp(want, variant_name((enum variant)i)))
			return i;
	return -1;
}

START_TEST(what_is_said_otherwise_means_the_same)
{
	static const char *const corpora[] = { "a", "b", "c", "e", "g", "h", "k", "l", "m", "p", "q", "s", "t", "u", "v", "a1", "b1", "c1", "d1", "e1", "f1",
		"a2", "b2", "c2", "d2", "a3", "b3", "c3", "d3", "f2", "f3", "a4", "b4", "f4" };
	struct error err = { 0 };
	struct variants_run run = { .verbose = chosen() };
	struct words *words = words_load(in_source("words"), &err);
	struct grammar *grammar = grammar_load(in_source("words"), &err);
	char path[128];

	ck_assert_msg(words && grammar, "%s", err.text);
	run.words = words;
	run.grammar = grammar;
	for (size_t i = 0; i < sizeof(corpora) / sizeof(*corpora); i++) {
		snprintf(path, sizeof(path), "tests/copilot/judge_%s.jsonl", corpora[i]);
		ck_assert_int_eq(variants_of_corpus(&run, in_source(path)), 0);
	}
	variants_of_tables(&run);
	for (int v = 0; v < VARIANTS; v++)
		printf("%-7s %6zu variants, %6zu right (%.1f %%)\n", variant_name((enum variant)v), run.made[v], run.right[v],
			100.0 * (double)run.right[v] / (double)(run.made[v] ? run.made[v] : 1));
	for (int v = 0; v < VARIANTS; v++)
		ck_assert_msg(run.made[v] > 100 && run.right[v] * 1000 >= run.made[v] * least[v], "%s: %zu of %zu right", variant_name((enum variant)v),
			run.right[v], run.made[v]);
	grammar_free(grammar);
	words_free(words);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, what_is_said_otherwise_means_the_same);
}

TEST_MAIN("copilot/variants")
