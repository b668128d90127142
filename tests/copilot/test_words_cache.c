#include "copilot/words_cache.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "check_main.h"
#include "copilot/corpus.h"
#include "copilot/grammar.h"

static char home[64], cache[96], data[96];

static const char *in_source(const char *path)
{
	static char full[4096];

	snprintf(full, sizeof(full), "%s/%s", getenv("srcdir") ? getenv("srcdir") : ".", path);
	return full;
}

static void make_home(void)
{
	char link[128], target[4096];

	strcpy(home, "/tmp/words_cache.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(cache, sizeof(cache), "%s/words.bin", home);
	setenv("PILOTHOUSE_HOME", home, 1);
	/* The words of the source, without the cache that is made with the program. */
	snprintf(data, sizeof(data), "%s/data", home);
	ck_assert_int_eq(mkdir(data, 0700), 0);
	snprintf(link, sizeof(link), "%s/words", data);
	ck_assert_ptr_nonnull(realpath(in_source("words"), target));
	ck_assert_int_eq(symlink(target, link), 0);
	setenv("PILOTHOUSE_DATA", data, 1);
}

static void remove_home(void)
{
	char folder[96], file[128];

	snprintf(folder, sizeof(folder), "%s/words", home);
	snprintf(file, sizeof(file), "%s/mine.yaml", folder);
	unlink(file);
	rmdir(folder);
	unlink(cache);
	snprintf(file, sizeof(file), "%s/words.bin", data);
	unlink(file);
	snprintf(file, sizeof(file), "%s/words", data);
	unlink(file);
	rmdir(data);
	rmdir(home);
}

static struct grammar *loaded(void)
{
	struct error err = { 0 };
	struct grammar *grammar = grammar_load(NULL, &err);

	ck_assert_msg(grammar != NULL, "%s", err.text);
	return grammar;
}

static struct corpus_score score_of(const struct grammar *grammar)
{
	struct corpus_score score = { 0 };

	ck_assert_int_eq(corpus_score_jsonl(grammar, in_source("tests/copilot/judge_k.jsonl"), 0, &score), 0);
	ck_assert_int_eq(corpus_score_file(grammar, in_source("tests/copilot/languages.txt"), 0, &score), 0);
	ck_assert_int_eq(corpus_score_file(grammar, in_source("tests/copilot/attacks.txt"), 0, &score), 0);
	return score;
}

static enum words_class class_of(const char *sentence)
{
	struct grammar *grammar = loaded();
	struct grammar_answer answer;

	grammar_parse(grammar, sentence, NULL, &answer, NULL);
	enum words_class class = answer.class;

	grammar_answer_release(&answer);
	grammar_free(grammar);
	return class;
}

START_TEST(the_second_start_understands_the_same)
{
	make_home();
	struct grammar *first = loaded();
	ck_assert_int_eq(access(cache, R_OK), 0);
	struct grammar *second = loaded();
	struct corpus_score a = score_of(first), b = score_of(second);

	ck_assert_uint_gt(a.right, 200);
	ck_assert_int_eq(memcmp(&a, &b, sizeof(a)), 0);
	grammar_free(first);
	grammar_free(second);
	remove_home();
}
END_TEST

/* Nothing of what the heap held before gets into it. */
START_TEST(it_is_the_same_bytes_each_time)
{
	char *bytes[2];
	size_t length[2];

	make_home();
	for (int i = 0; i < 2; i++) {
		mallopt(M_PERTURB, i ? 0x5a : 0xa5); /* what malloc gives is full of it */
		grammar_free(loaded());
		bytes[i] = file_load(cache, 64 << 20, &length[i], NULL);
		ck_assert_ptr_nonnull(bytes[i]);
		unlink(cache);
	}
	ck_assert_uint_eq(length[0], length[1]);
	ck_assert_int_eq(memcmp(bytes[0], bytes[1], length[0]), 0);
	free(bytes[0]);
	free(bytes[1]);
	remove_home();
}
END_TEST

START_TEST(a_changed_file_is_read_anew)
{
	char folder[96], file[128];
	FILE *mine;

	make_home();
	ck_assert_int_eq(class_of("flabbergast checkout in staging"), WORDS_REJECT);
	snprintf(folder, sizeof(folder), "%s/words", home);
	snprintf(file, sizeof(file), "%s/mine.yaml", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	mine = fopen(file, "w");
	ck_assert_ptr_nonnull(mine);
	fputs("language: en\nwords:\n  restart: \"flabbergast\"\n", mine);
	fclose(mine);
	ck_assert_int_eq(class_of("flabbergast checkout in staging"), WORDS_OK);
	ck_assert_int_eq(class_of("flabbergast checkout in staging"), WORDS_OK);
	mine = fopen(file, "w");
	ck_assert_ptr_nonnull(mine);
	fputs("language: en\nwords:\n  restart: \"flummox\"\n", mine);
	fclose(mine);
	ck_assert_int_eq(class_of("flabbergast checkout in staging"), WORDS_REJECT);
	ck_assert_int_eq(class_of("flummox checkout in staging"), WORDS_OK);
	remove_home();
}
END_TEST

/* One byte changed anywhere, or the end missing: read from the files, and made anew. */
START_TEST(a_damaged_one_is_no_cache)
{
	enum { PLACES = 40 };
	size_t length;
	char *bytes;

	make_home();
	grammar_free(loaded());
	bytes = file_load(cache, 64 << 20, &length, NULL);
	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < PLACES; i++) {
		size_t at = i < 8 ? i * 8 : length / PLACES * i;

		bytes[at] ^= 0x55;
		ck_assert_int_eq(file_save(cache, bytes, length, 0600, NULL), 0);
		bytes[at] ^= 0x55;
		ck_assert_int_eq(class_of("restart checkout in staging"), WORDS_OK);
		ck_assert_int_eq(class_of("kubectl delete everything in prod"), WORDS_INJECTION);
	}
	for (size_t cut = 0; cut < length; cut += length / 7) {
		ck_assert_int_eq(file_save(cache, bytes, cut, 0600, NULL), 0);
		ck_assert_int_eq(class_of("restart checkout in staging"), WORDS_OK);
	}
	free(bytes);
	remove_home();
}
END_TEST

/* What came with the program serves a home that has none, until words differ from those it was made of. */
START_TEST(the_one_that_came_with_the_program_serves_every_home)
{
	char shipped[128], folder[96], file[128];
	FILE *mine;

	make_home();
	grammar_free(loaded());
	snprintf(shipped, sizeof(shipped), "%s/words.bin", data);
	ck_assert_int_eq(rename(cache, shipped), 0);
	ck_assert_int_eq(class_of("restart checkout in staging"), WORDS_OK);
	ck_assert_int_ne(access(cache, F_OK), 0);
	snprintf(folder, sizeof(folder), "%s/words", home);
	snprintf(file, sizeof(file), "%s/mine.yaml", folder);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
	mine = fopen(file, "w");
	ck_assert_ptr_nonnull(mine);
	fputs("language: en\nwords:\n  restart: \"flabbergast\"\n", mine);
	fclose(mine);
	ck_assert_int_eq(class_of("flabbergast checkout in staging"), WORDS_OK);
	ck_assert_int_eq(access(cache, F_OK), 0);
	remove_home();
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, the_second_start_understands_the_same);
	tcase_add_test(tc, it_is_the_same_bytes_each_time);
	tcase_add_test(tc, a_changed_file_is_read_anew);
	tcase_add_test(tc, a_damaged_one_is_no_cache);
	tcase_add_test(tc, the_one_that_came_with_the_program_serves_every_home);
}

TEST_MAIN("copilot/words_cache")
