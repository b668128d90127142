#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "check_main.h"
#include "estate/kind.h"

static char home[] = "/tmp/pilothouse-kind-cache-XXXXXX";

static void write_kind(const char *title)
{
	char *path = mem_format("%s/kinds/mine.yaml", home);
	char *text = mem_format("kind: gadgets\nprovider: host\ntitle: %s\nsingular: gadget\ncolumns: [{name: NAME, role: name}]\n", title);

	ck_assert_int_eq(file_save(path, text, strlen(text), 0600, NULL), 0);
	free(text);
	free(path);
}

static char *title_now(size_t *problem_count)
{
	struct json *problems = json_array();
	struct kinds *kinds = kinds_load(problems, NULL);
	const struct kind *kind = kinds ? kinds_find(kinds, "gadgets") : NULL;
	char *title = mem_text(kind ? kind->title : NULL);

	if (problem_count)
		*problem_count = json_count(problems);
	json_free(problems);
	kinds_free(kinds);
	return title;
}

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(home));
	setenv("PILOTHOUSE_HOME", home, 1);
	char *folder = mem_format("%s/kinds", home);
	mkdir(folder, 0700);
	free(folder);
}

START_TEST(a_changed_file_is_read_anew)
{
	begin();
	write_kind("First");
	char *first = title_now(NULL), *again = title_now(NULL);
	ck_assert_str_eq(first, "First");
	ck_assert_str_eq(again, "First");
	char *cache = mem_format("%s/kinds.json", home);
	ck_assert_int_eq(access(cache, R_OK), 0);
	write_kind("Second one");
	char *second = title_now(NULL);
	ck_assert_str_eq(second, "Second one");
	free(first);
	free(again);
	free(second);
	free(cache);
}
END_TEST

START_TEST(a_file_that_is_gone_is_not_kept)
{
	size_t length;

	begin();
	char *gone = mem_format("%s/kinds/gone.yaml", home), *cache = mem_format("%s/kinds.json", home);
	static const char text[] = "kind: leaving\nprovider: host\ntitle: Leaving\nsingular: leaving\ncolumns: [{name: NAME, role: name}]\n";

	ck_assert_int_eq(file_save(gone, text, sizeof(text) - 1, 0600, NULL), 0);
	free(title_now(NULL));
	unlink(gone);
	write_kind("First"); /* something is new: the cache is written */
	free(title_now(NULL));
	char *bytes = file_load(cache, 16 << 20, &length, NULL);
	ck_assert_ptr_nonnull(strstr(bytes, "mine.yaml"));
	ck_assert_ptr_null(strstr(bytes, "gone.yaml"));
	free(bytes);
	free(cache);
	free(gone);
}
END_TEST

START_TEST(a_damaged_cache_is_no_harm)
{
	begin();
	write_kind("First");
	free(title_now(NULL));
	char *cache = mem_format("%s/kinds.json", home);
	static const char *const texts[] = { "", "{", "[1,2]", "{\"program\":1}", "{\"program\":\"" PACKAGE_VERSION "\",\"files\":7}" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ck_assert_int_eq(file_save(cache, texts[i], strlen(texts[i]), 0600, NULL), 0);
		char *title = title_now(NULL);
		ck_assert_str_eq(title, "First");
		free(title);
	}
	free(cache);
}
END_TEST

START_TEST(problems_are_told_at_every_start)
{
	size_t first, second;

	begin();
	char *path = mem_format("%s/kinds/bad.yaml", home);
	ck_assert_int_eq(file_save(path, "kind: x\nnonsense: 1\n", 20, 0600, NULL), 0);
	write_kind("First");
	free(title_now(&first));
	free(title_now(&second));
	ck_assert_uint_eq(first, 1);
	ck_assert_uint_eq(second, 1);
	free(path);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_changed_file_is_read_anew);
	tcase_add_test(tc, a_file_that_is_gone_is_not_kept);
	tcase_add_test(tc, a_damaged_cache_is_no_harm);
	tcase_add_test(tc, problems_are_told_at_every_start);
}
TEST_MAIN("estate/kind_cache")
