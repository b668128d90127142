/* What AWS itself publishes: requests of the SigV4 test suite and of "Signature Calculations for the Authorization Header" (Amazon S3 API
 * Reference), with their documented example keys and the signatures that must come out. */
#include "net/sigv4.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "check_main.h"
#include "net/net.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static int64_t at(const char *time)
{
	int64_t ns = 0;

	ck_assert_int_eq(clock_parse(time, &ns), 0);
	return ns;
}

/* The documented secret of both, of which only two letters differ. */
static struct secret *example_secret(const char *joint)
{
	char *text = mem_format("wJalrXUtnFEMI%sK7MDENG%sbPxRfiCYEXAMPLEKEY", "/", joint);
	struct secret *secret = secret_new(text, strlen(text));

	free(text);
	return secret;
}

static void check_signature(const struct sigv4_request *request, const char *id, const char *joint, const char *wanted)
{
	struct secret *secret = example_secret(joint);
	struct sigv4_key key = { .id = id, .secret = secret };
	struct text text;

	text_init(&text, 4096);
	sigv4_authorization(request, &key, &text);
	const char *signature = strstr(text.data, "Signature=");
	ck_assert_ptr_nonnull(signature);
	ck_assert_str_eq(signature + strlen("Signature="), wanted);
	text_release(&text);
	secret_free(secret);
}

/* --- the test suite --- */

static const struct suite_row {
	const char *name, *method, *path, *query, *header, *value, *body, *signature;
} suite_rows[] = {
	{ "get-vanilla", "GET", "/", "", NULL, NULL, "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", NULL, NULL, "",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
	{ "get-utf8", "GET", "/%E1%88%B4", "", NULL, NULL, "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85" },
	{ "post-vanilla", "POST", "/", "", NULL, NULL, "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	{ "post-x-www-form-urlencoded", "POST", "/", "", "Content-Type", "application/x-www-form-urlencoded", "Param1=value1",
		"ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a" },
};

START_TEST(signs_the_requests_of_the_test_suite)
{
	for (size_t i = 0; i < sizeof(suite_rows) / sizeof(*suite_rows); i++) {
		const struct suite_row *row = &suite_rows[i];
		struct net_header header = { .name = row->header, .value = row->value };
		char hash[SHA256_HEX_MAX];

		sha256_hex(row->body, strlen(row->body), hash);
		struct sigv4_request request = { .method = row->method, .host = "example.amazonaws.com", .path = row->path, .query = row->query,
			.headers = &header, .header_count = row->header != NULL, .payload_hash = hash, .region = "us-east-1", .service = "service",
			.at_ns = at("2015-08-30T12:36:00Z"), .path_once = 1 };
		check_signature(&request, "AKIDEXAMPLE", "+", row->signature);
	}
}
END_TEST

START_TEST(values_lose_white_space_and_equal_names_are_joined)
{
	struct net_header headers[] = { { .name = "My-Header1", .value = "  value4 " }, { .name = "My-Header2", .value = " \"a   b   c\" " },
		{ .name = "my-header1", .value = "value1" } };
	struct sigv4_request request = { .method = "GET", .host = "example.amazonaws.com", .path = "/", .query = "", .headers = headers, .header_count = 3,
		.payload_hash = EMPTY, .region = "us-east-1", .service = "service", .at_ns = at("2015-08-30T12:36:00Z") };
	struct text text;

	text_init(&text, 4096);
	sigv4_canonical(&request, &text);
	ck_assert_str_eq(text.data, "GET\n/\n\nhost:example.amazonaws.com\nmy-header1:value4,value1\nmy-header2:\"a b c\"\nx-amz-date:20150830T123600Z\n\n"
				    "host;my-header1;my-header2;x-amz-date\n" EMPTY);
	text_release(&text);
}
END_TEST

START_TEST(a_query_is_ordered_by_name_then_value_and_flags_get_an_equals_sign)
{
	struct sigv4_request request = { .method = "GET", .host = "h", .path = "/a%20b", .query = "b=2&a-b=1&a=2&policy&a=1", .payload_hash = EMPTY,
		.region = "r", .service = "s" };
	struct text text;

	text_init(&text, 4096);
	sigv4_canonical(&request, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "\n/a%2520b\na=1&a=2&a-b=1&b=2&policy=\n"));
	text_clear(&text);
	request.path_once = 1;
	sigv4_canonical(&request, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "\n/a%20b\n"));
	text_release(&text);
}
END_TEST

/* --- S3 --- */

static void check_s3(struct sigv4_request request, const struct net_header *headers, size_t count, const char *wanted)
{
	request.host = "examplebucket.s3.amazonaws.com";
	request.headers = headers;
	request.header_count = count;
	request.region = "us-east-1";
	request.service = "s3";
	request.at_ns = at("2013-05-24T00:00:00Z");
	request.path_once = 1;
	check_signature(&request, "AKIAIOSFODNN7" "EXAMPLE", "/", wanted);
}

START_TEST(signs_the_requests_of_the_s3_reference)
{
	struct net_header get[] = { { .name = "Range", .value = "bytes=0-9" }, { .name = "x-amz-content-sha256", .value = EMPTY } };
	char body[SHA256_HEX_MAX];

	check_s3((struct sigv4_request){ .method = "GET", .path = "/test.txt", .query = "", .payload_hash = EMPTY }, get, 2,
		"f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	check_s3((struct sigv4_request){ .method = "GET", .path = "/", .query = "lifecycle", .payload_hash = EMPTY }, get + 1, 1,
		"fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	check_s3((struct sigv4_request){ .method = "GET", .path = "/", .query = "max-keys=2&prefix=J", .payload_hash = EMPTY }, get + 1, 1,
		"34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
	sha256_hex("Welcome to Amazon S3.", strlen("Welcome to Amazon S3."), body);
	struct net_header put[] = { { .name = "Date", .value = "Fri, 24 May 2013 00:00:00 GMT" }, { .name = "x-amz-storage-class", .value = "REDUCED_REDUNDANCY" },
		{ .name = "x-amz-content-sha256", .value = body } };
	check_s3((struct sigv4_request){ .method = "PUT", .path = "/test%24file.text", .query = "", .payload_hash = body }, put, 3,
		"98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}
END_TEST

START_TEST(a_token_is_signed_and_not_shown)
{
	struct secret *secret = example_secret("+"), *token = secret_new("token/of=an+hour", 16);
	struct net_header headers[] = { { .name = "X-Amz-Security-Token", .value = "", .secret = token } };
	struct sigv4_key key = { .id = "AKIDEXAMPLE", .secret = secret };
	struct sigv4_request request = { .method = "GET", .host = "h", .path = "/", .query = "", .headers = headers, .header_count = 1,
		.payload_hash = EMPTY, .region = "us-east-1", .service = "s3", .at_ns = at("2015-08-30T12:36:00Z"), .path_once = 1 };
	struct text text;

	text_init(&text, 4096);
	sigv4_authorization(&request, &key, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "SignedHeaders=host;x-amz-date;x-amz-security-token,"));
	ck_assert_ptr_null(strstr(text.data, "token/of"));
	text_release(&text);
	secret_free(secret);
	secret_free(token);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, signs_the_requests_of_the_test_suite);
	tcase_add_test(tc, values_lose_white_space_and_equal_names_are_joined);
	tcase_add_test(tc, a_query_is_ordered_by_name_then_value_and_flags_get_an_equals_sign);
	tcase_add_test(tc, signs_the_requests_of_the_s3_reference);
	tcase_add_test(tc, a_token_is_signed_and_not_shown);
}
TEST_MAIN("net/sigv4")
