#include "net/url.h"

#include "base/text.h"
#include "check_main.h"

START_TEST(encodes_all_but_unreserved)
{
	struct text text;

	text_init(&text, 200);
	url_encode(&text, "az AZ09-._~/?&=%\n\xc3\xa9");
	ck_assert_str_eq(text.data, "az%20AZ09-._~%2F%3F%26%3D%25%0A%C3%A9");
	text_release(&text);
}
END_TEST

START_TEST(queries_begin_with_a_question_mark)
{
	struct text text;

	text_init(&text, 200);
	url_join(&text, "https://a:1/base//", "//api/v1");
	ck_assert_str_eq(text.data, "https://a:1/base/api/v1");
	url_query(&text, "limit", "500");
	url_query(&text, "label", "a=b,c");
	ck_assert_str_eq(text.data, "https://a:1/base/api/v1?limit=500&label=a%3Db%2Cc");
	text_release(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, encodes_all_but_unreserved);
	tcase_add_test(tc, queries_begin_with_a_question_mark);
}
TEST_MAIN("net/url")
