#include "provider/lake/lake.h"

#include <stdlib.h>

#include "base/secret.h"
#include "check_main.h"
#include "provider/lake/aws.h"
#include "provider/lake/provider.h"
#include "provider/lake/s3.h"

/* --- profiles --- */

static void check_ini(const char *ini, const char *section, const char *key, const char *wanted)
{
	char *value = aws_ini_get(ini, section, key);

	if (wanted)
		ck_assert_str_eq(value, wanted);
	else
		ck_assert_ptr_null(value);
	free(value);
}

START_TEST(settings_are_of_their_section)
{
	static const char ini[] = "a = outside\r\n[default]\r\n# a = no\n; a = no\na=1\nb = x = y \n[profile work ]\na = 2\ns3 =\n  endpoint_url = nested\n\nendpoint_url=own\n[c";

	check_ini(ini, "default", "a", "1");
	check_ini(ini, "default", "b", "x = y");
	check_ini(ini, "profile work", "a", "2");
	check_ini(ini, "profile work", "endpoint_url", "own");
	check_ini(ini, "profile work", "b", NULL);
	check_ini(ini, "nobody", "a", NULL);
	check_ini("", "default", "a", NULL);
	check_ini(NULL, "default", "a", NULL);
}
END_TEST

/* --- passwords --- */

static const struct target_row {
	const char *given, *clean, *password;
} target_rows[] = {
	{ "postgres://ana@host/db", "postgres://ana@host/db", NULL },
	{ "postgres://ana:p%40ss%2@host:5432/db", "postgres://ana@host:5432/db", "p@ss%2" },
	{ "postgres://ana:@host/db", "postgres://ana@host/db", "" },
	{ "postgres://ana:a@b@host/db", "postgres://ana@host/db", "a@b" },
	{ "postgres://host:5432/db?sslmode=require", "postgres://host:5432/db?sslmode=require", NULL },
	{ "postgres://host/db?password=x%20y&sslmode=require", "postgres://host/db?sslmode=require", "x y" },
	{ "postgres://host/db?sslmode=require&password=z", "postgres://host/db?sslmode=require", "z" },
	{ "postgres://host/db?password=z", "postgres://host/db", "z" },
	{ "s3://bucket/a:b@c", "s3://bucket/a:b@c", NULL },
	{ "nothing", "nothing", NULL },
};

START_TEST(a_target_loses_its_password)
{
	const struct target_row *row = &target_rows[_i];
	int had_one;
	char *clean = lake_target_without_password(row->given, &had_one);

	ck_assert_str_eq(clean, row->clean);
	ck_assert_int_eq(had_one, row->password != NULL);
	if (row->password)
		ck_assert_str_eq(secret_reveal(lake_password()), row->password);
	free(clean);
}
END_TEST

/* --- answers --- */

START_TEST(elements_are_read_and_cut)
{
	char out[8];

	ck_assert_int_eq(s3_element("<Error><Code>NoSuch</Code></Error>", "Code", out, sizeof(out)), 1);
	ck_assert_str_eq(out, "NoSuch");
	ck_assert_int_eq(s3_element("<ETag>&quot;a&amp;b&quot;</ETag>", "ETag", out, 4), 1);
	ck_assert_str_eq(out, "&qu");
	ck_assert_int_eq(s3_element("<Code>1234567890</Code>", "Code", out, sizeof(out)), 1);
	ck_assert_str_eq(out, "1234567");
	ck_assert_int_eq(s3_element("<Code>cut off", "Code", out, sizeof(out)), 0);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(s3_element(NULL, "Code", out, sizeof(out)), 0);
	ck_assert_int_eq(s3_element("<Codex>a</Codex>", "Code", out, sizeof(out)), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, settings_are_of_their_section);
	tcase_add_loop_test(tc, a_target_loses_its_password, 0, sizeof(target_rows) / sizeof(*target_rows));
	tcase_add_test(tc, elements_are_read_and_cut);
}
TEST_MAIN("provider/lake")
