/* What indices say, and which versions are the same. */
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "check_main.h"
#include "fleet/supply/registry_private.h"

START_TEST(versions_that_are_the_same)
{
	static const char *const same[][2] = { { "1.0", "1.0.0" }, { "v1.2", "1.2" }, { "1.0-alpha.1", "1.0a1" }, { "1.0.RC1", "1.0rc1" }, { "1.0c1", "1.0rc1" }, { "1.0-post1", "1.0.post1" },
		{ "2024.01.05", "2024.1.5" }, { "1.0+cu118", "1.0" }, { "1!2.0", "1!2" } };
	static const char *const other[][2] = { { "1.0", "1.1" }, { "1.0", "1.0a1" }, { "1.0", "1.0.post1" }, { "10", "1" }, { "1.10", "1.1" }, { "1.0.1", "1.0" } };

	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		ck_assert_msg(version_same(ECOSYSTEM_PYPI, same[i][0], same[i][1]), "%s %s", same[i][0], same[i][1]);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		ck_assert_msg(!version_same(ECOSYSTEM_PYPI, other[i][0], other[i][1]), "%s %s", other[i][0], other[i][1]);
	ck_assert(!version_same(ECOSYSTEM_NPM, "1.0", "1.0.0"));
}
END_TEST

START_TEST(versions_in_order)
{
	static const char *const ordered[] = { "0.9", "1.0a1", "1.0rc1", "1.0", "1.0.1", "1.2", "1.10", "2.0rc1", "2.0", "10.0" };

	for (size_t i = 1; i < sizeof(ordered) / sizeof(*ordered); i++) {
		ck_assert_msg(version_compare(ordered[i - 1], ordered[i]) < 0, "%s %s", ordered[i - 1], ordered[i]);
		ck_assert_msg(version_compare(ordered[i], ordered[i - 1]) > 0, "%s %s", ordered[i], ordered[i - 1]);
	}
	ck_assert(version_is_early("1.0rc1") && version_is_early("1.0-beta.2") && !version_is_early("1.0.post1") && !version_is_early("1.0+x"));
}
END_TEST

START_TEST(ranges)
{
	static const struct {
		const char *range;
		int in;
	} rows[] = { { "<1.2.4", 1 }, { "<1.2.3", 0 }, { "<=1.2.3", 1 }, { ">=1.0.0 <1.2.4", 1 }, { ">=1.0.0 <1.2.0", 0 }, { "<0.5 || >=1.2.0 <2.0.0", 1 }, { "<0.5 || >=2.0.0", 0 },
		{ "1.2.3", 1 }, { "=1.2.4", 0 }, { "*", 1 }, { ">= 1.2.3", 1 }, { "> 1.2.3", 0 }, { "< 1 || > 9", 0 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		ck_assert_msg(version_in_range("1.2.3", rows[i].range) == rows[i].in, "%s", rows[i].range);
}
END_TEST

static struct json *answer_of(enum ecosystem ecosystem, const char *body, int html)
{
	struct error err = { 0 };
	struct json *answer = answer_parse(ecosystem, "my-pkg", body, strlen(body), html, &err);

	ck_assert_msg(answer != NULL, "%s", err.text);
	return answer;
}

START_TEST(answers)
{
	const char *yanked;
	struct json *answer = answer_of(ECOSYSTEM_PYPI,
		"{\"files\": [{\"filename\": \"my_pkg-1.0-py3-none-any.whl\", \"yanked\": \"bad\"}, {\"filename\": \"my-pkg-1.0.tar.gz\", \"yanked\": false},"
		"{\"filename\": \"My.Pkg-1.1.zip\", \"yanked\": true}, {\"filename\": \"other-9.tar.gz\"}, {\"filename\": \"my_pkg-2.0b1.tar.gz\"}], \"project-status\": {\"status\": \"archived\"}}", 0);

	ck_assert(answer_has(answer, ECOSYSTEM_PYPI, "1.0.0", &yanked) && !yanked); /* one of its files is whole */
	ck_assert(answer_has(answer, ECOSYSTEM_PYPI, "1.1", &yanked) && yanked && !*yanked);
	ck_assert(!answer_has(answer, ECOSYSTEM_PYPI, "9", &yanked));
	ck_assert_str_eq(json_text(json_get(answer, "latest")), "1.0");
	ck_assert_str_eq(json_text(json_get(answer, "state")), "archived");
	json_free(answer);
	answer = answer_of(ECOSYSTEM_PYPI, "<html><a\nname=x><a href='q' data-yanked='why not'> my_pkg-3.0-py3-none-any.whl\n</a><a href=y>my-pkg-2.0.tar.gz</a><a", 1);
	ck_assert(answer_has(answer, ECOSYSTEM_PYPI, "3.0", &yanked));
	ck_assert_str_eq(yanked, "why not");
	ck_assert_str_eq(json_text(json_get(answer, "latest")), "2.0");
	json_free(answer);
	answer = answer_of(ECOSYSTEM_NPM, "{\"versions\": {\"1.0.0\": {}, \"1.1.0\": {\"deprecated\": \"use x\"}}, \"dist-tags\": {\"latest\": \"1.0.0\"}}", 0);
	ck_assert(answer_has(answer, ECOSYSTEM_NPM, "1.1.0", &yanked));
	ck_assert_str_eq(yanked, "use x");
	json_free(answer);
	ck_assert_ptr_null(answer_parse(ECOSYSTEM_NPM, "x", "{}", 2, 0, NULL));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, versions_that_are_the_same);
	tcase_add_test(tc, versions_in_order);
	tcase_add_test(tc, ranges);
	tcase_add_test(tc, answers);
}
TEST_MAIN("fleet/registry")
