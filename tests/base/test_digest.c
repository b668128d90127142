#include "base/digest.h"

#include "check_main.h"

START_TEST(sha256_of_the_standard) /* FIPS 180-4 examples */
{
	char hex[SHA256_HEX_MAX];

	sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex(NULL, 0, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

static void check_hmac(const void *key, size_t key_length, const char *bytes, const char *wanted)
{
	uint8_t mac[SHA256_BYTES];
	char hex[SHA256_HEX_MAX];

	hmac_sha256(key, key_length, bytes, strlen(bytes), mac);
	hex_format(mac, sizeof(mac), hex);
	ck_assert_str_eq(hex, wanted);
}

START_TEST(hmac_of_rfc4231)
{
	char long_key[131];

	check_hmac("Jefe", 4, "what do ya want for nothing?",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(long_key, 0xaa, sizeof(long_key));
	check_hmac(long_key, sizeof(long_key),
		"Test Using Larger Than Block-Size Key - Hash Key First",
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_hmac("", 0, "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
END_TEST

START_TEST(hex_is_exact)
{
	uint8_t bytes[3] = { 9, 9, 9 };

	ck_assert_int_eq(hex_parse("00fFa1", bytes, 3), 0);
	ck_assert_mem_eq(bytes, "\x00\xff\xa1", 3);
	ck_assert_int_eq(hex_parse("00ff", bytes, 3), -1);
	ck_assert_int_eq(hex_parse("00ffa1b", bytes, 3), -1);
	ck_assert_int_eq(hex_parse("0102g3", bytes, 3), -1);
	ck_assert_int_eq(hex_parse("01 203", bytes, 3), -1);
	ck_assert_mem_eq(bytes, "\x00\xff\xa1", 3); /* a failure has changed nothing */
	ck_assert_int_eq(hex_parse("", bytes, 0), 0);
}
END_TEST

START_TEST(base64_of_rfc4648)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		char *text = base64_format(pairs[i][0], strlen(pairs[i][0]));
		size_t length;
		uint8_t *bytes = base64_parse(pairs[i][1], &length);

		ck_assert_str_eq(text, pairs[i][1]);
		ck_assert_str_eq((char *)bytes, pairs[i][0]);
		ck_assert_uint_eq(length, strlen(pairs[i][0]));
		free(text);
		free(bytes);
	}
}
END_TEST

START_TEST(base64_is_tolerant_where_told)
{
	size_t length;
	uint8_t *bytes = base64_parse(" Zm9v\r\n\tYmE=\n", &length);

	ck_assert_str_eq((char *)bytes, "fooba");
	free(bytes);
	bytes = base64_parse("-_8", &length); /* base64url without padding */
	ck_assert_uint_eq(length, 2);
	ck_assert_mem_eq(bytes, "\xfb\xff", 2);
	free(bytes);
	bytes = base64_parse("AAAA", NULL);
	ck_assert_mem_eq(bytes, "\0\0\0\0", 4);
	free(bytes);
}
END_TEST

START_TEST(base64_refuses_the_rest)
{
	static const char *const bad[] = { "A", "AAAAA", "Zg=", "Zg===", "=",
		"====", "Zg==Zg==", "Z=g=", "Zg!=", "Zm9v=", "Zm\xc3\xa9" };
	size_t length;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(!base64_parse(bad[i], &length), "%s", bad[i]);
}
END_TEST

START_TEST(base64_goes_there_and_back)
{
	uint8_t bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167);
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char *text = base64_format(bytes, n);
		size_t length;
		uint8_t *back = base64_parse(text, &length);

		ck_assert_uint_eq(length, n);
		ck_assert(!memcmp(back, bytes, n));
		free(text);
		free(back);
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, sha256_of_the_standard);
	tcase_add_test(tc, hmac_of_rfc4231);
	tcase_add_test(tc, hex_is_exact);
	tcase_add_test(tc, base64_of_rfc4648);
	tcase_add_test(tc, base64_is_tolerant_where_told);
	tcase_add_test(tc, base64_refuses_the_rest);
	tcase_add_test(tc, base64_goes_there_and_back);
}

TEST_MAIN("base/digest")
