#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "check_main.h"
#include "gate/seal.h"

static char folder[64];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ph-seal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	setenv("PILOTHOUSE_HOME", folder, 1);
}

static void teardown(void)
{
	char *remove = mem_format("rm -rf %s", folder);

	if (system(remove))
		perror(folder);
	free(remove);
}

START_TEST(made_once_private_and_found_again)
{
	struct error err = { 0 };
	struct seal *seal = seal_open(NULL, &err), *again = seal_open(NULL, &err);
	char *path = mem_format("%s/audit.key", folder);
	struct stat stat_;

	ck_assert_msg(seal && again, "%s", err.text);
	ck_assert_str_eq(seal_public(seal), seal_public(again));
	ck_assert(!stat(path, &stat_));
	ck_assert_int_eq(stat_.st_mode & 0777, 0600);
	free(path);
	seal_free(seal);
	seal_free(again);
	seal_free(NULL);
}
END_TEST

START_TEST(signatures)
{
	struct seal *seal = seal_open(NULL, NULL);
	char *path = mem_format("%s/other.key", folder);
	struct seal *other = seal_open(path, NULL);
	char signature[SEAL_SIGNATURE_HEX_MAX];

	ck_assert(!seal_sign(seal, "bytes", 5, signature, NULL));
	ck_assert_int_eq(seal_verify(seal_public(seal), "bytes", 5, signature), 1);
	ck_assert_int_eq(seal_verify(seal_public(seal), "Bytes", 5, signature), 0);
	ck_assert_int_eq(seal_verify(seal_public(seal), "bytes", 4, signature), 0);
	ck_assert_int_eq(seal_verify(seal_public(other), "bytes", 5, signature), 0);
	signature[0] = signature[0] == '0' ? '1' : '0';
	ck_assert_int_eq(seal_verify(seal_public(seal), "bytes", 5, signature), 0);
	ck_assert_int_eq(seal_verify(NULL, "bytes", 5, signature), 0);
	ck_assert_int_eq(seal_verify(seal_public(seal), "bytes", 5, NULL), 0);
	ck_assert_int_eq(seal_verify("zz", "bytes", 5, "zz"), 0);
	free(path);
	seal_free(seal);
	seal_free(other);
}
END_TEST

/* RFC 8032 7.1, test 2. */
START_TEST(known_signature)
{
	ck_assert_int_eq(seal_verify("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "\x72", 1,
				 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
				 "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"), 1);
}
END_TEST

START_TEST(a_file_that_is_no_key_is_left_alone)
{
	char *path = mem_format("%s/audit.key", folder);
	struct error err = { 0 };
	size_t length;

	ck_assert(!file_save(path, "my diary", 8, 0600, NULL));
	ck_assert_ptr_null(seal_open(NULL, &err));
	ck_assert_int_eq(err.code, ERR_FORMAT);
	char *still = file_load(path, 100, &length, NULL);
	ck_assert_str_eq(still, "my diary");
	free(still);
	free(path);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, made_once_private_and_found_again);
	tcase_add_test(tc, signatures);
	tcase_add_test(tc, known_signature);
	tcase_add_test(tc, a_file_that_is_no_key_is_left_alone);
}

TEST_MAIN("gate/seal")
