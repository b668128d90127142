#include "base/secret.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "check_main.h"

#define DOTS SECRET_SHOWN

START_TEST(keeps_its_bytes_until_the_last_reference)
{
	char own[] = "hunter2";
	struct secret *secret = secret_new(own, 7), *other = secret_ref(secret);

	secret_wipe(own, sizeof(own));
	ck_assert_mem_eq(own, "\0\0\0\0\0\0\0", 8);
	secret_free(secret);
	ck_assert_str_eq(secret_reveal(other), "hunter2");
	ck_assert_uint_eq(secret_length(other), 7);
	secret_free(other);
	secret_free(NULL);
	ck_assert_ptr_null(secret_ref(NULL));
}
END_TEST

START_TEST(empty_and_long_ones)
{
	struct secret *none = secret_new(NULL, 0);
	char bytes[10000];
	struct secret *large;

	ck_assert_str_eq(secret_reveal(none), "");
	secret_free(none);
	memset(bytes, 'k', sizeof(bytes));
	large = secret_new(bytes, sizeof(bytes));
	ck_assert_mem_eq(secret_reveal(large), bytes, sizeof(bytes));
	ck_assert_int_eq(secret_reveal(large)[sizeof(bytes)], 0);
	secret_free(large);
}
END_TEST

START_TEST(is_left_out_of_core_files)
{
	struct secret *secret = secret_new("x", 1);
	char line[512], range[64];
	FILE *maps = fopen("/proc/self/smaps", "re");
	int inside = 0, told = 0;
	unsigned long first, last, at = (unsigned long)secret_reveal(secret);

	while (maps && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %60s", &first, &last, range) == 3)
			inside = at >= first && at < last;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			told = strstr(line, " dd") ? 1 : -1;
	}
	if (maps)
		fclose(maps);
	secret_free(secret);
	ck_assert_int_ne(told, -1); /* 0: this kernel does not tell */
}
END_TEST

static void check_redact(const char *bytes, const char *wanted)
{
	struct text text;

	text_init(&text, 100000);
	ck_assert_int_eq(secret_redact(&text, bytes, strlen(bytes)), 0);
	ck_assert_msg(
		!strcmp(text.data, wanted), "of: %s\nis: %s\nwanted: %s", bytes, text.data, wanted);
	text_release(&text);
}

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"

static const char *const hidden[][2] = {
	{ "Authorization: Bearer abc.def-123", "Authorization: Bearer " DOTS },
	{ "authorization: Basic dXNlcjpwYXNz\r\nHost: x",
		"authorization: Basic " DOTS "\r\nHost: x" },
	{ "Authorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c", "Authorization: " DOTS },
	{ "-H 'Authorization: Bearer abcdefgh' https://x",
		"-H 'Authorization: Bearer " DOTS "' https://x" },
	{ "{\"Authorization\":\"Bearer s3cr3t\",\"a\":1}",
		"{\"Authorization\":\"Bearer " DOTS "\",\"a\":1}" },
	{ "sent bearer abc123def", "sent bearer " DOTS },
	{ "AKIAIOSFODNN7EXAMPLE", DOTS },
	{ "ASIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY end", DOTS " end" },
	{ "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nregion = x",
		"aws_secret_access_key = " DOTS "\nregion = x" },
	{ "AWS_SECRET_ACCESS_KEY=abc", "AWS_SECRET_ACCESS_KEY=" DOTS },
	{ "\"SecretAccessKey\": \"abc\"", "\"SecretAccessKey\": \"" DOTS "\"" },
	{ "password=hunter2 user=bob", "password=" DOTS " user=bob" },
	{ "DB_PASSWORD=\"a b;c\" next", "DB_PASSWORD=\"" DOTS "\" next" },
	{ "passwd: geheim", "passwd: " DOTS },
	{ "{\"password\":\"a\\\"b\",\"user\":\"c\"}",
		"{\"password\":\"" DOTS "\",\"user\":\"c\"}" },
	{ "{\"pin\":1,\"api_key\" : 1234}", "{\"pin\":1,\"api_key\" : \"" DOTS "\"}" },
	{ "{\\\"token\\\":\\\"abc\\\",\\\"x\\\":1}",
		"{\\\"token\\\":\\\"" DOTS "\\\",\\\"x\\\":1}" },
	{ "GET /x?token=abc&page=2 HTTP/1.1", "GET /x?token=" DOTS "&page=2 HTTP/1.1" },
	{ "mysql --password hunter2 --user x", "mysql --password " DOTS " --user x" },
	{ "--api-key=abc", "--api-key=" DOTS },
	{ "client-secret: abc, tenant: y", "client-secret: " DOTS ", tenant: y" },
	{ "token: Bearer abc", "token: Bearer " DOTS },
	{ "postgres://bob:hunter2@db:5432/x", "postgres://bob:" DOTS "@db:5432/x" },
	{ "jwt " JWT ".", "jwt " DOTS "." },
	{ "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0. end", DOTS " end" },
	{ "ghp_abcdefghijklmnopqrstuvwxyz0123456789", DOTS },
	{ "github_pat_11ABCDEFG0abcdefghijkl_xyz", DOTS },
	{ "xoxb-123456789012-abcdef", DOTS },
	{ "key sk-proj-abcdefghijklmnop1234 used", "key " DOTS " used" },
	{ "sk-ant-api03-abcdef", DOTS },
	{ "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nb",
		"a\n" DOTS "\nb" },
	{ "-----BEGIN PRIVATE KEY-----\nMIIE and cut", DOTS },
	{ "password='it is", "password='" DOTS },
	{ "password=\"open\nuser=bob", "password=\"" DOTS "\nuser=bob" },
	{ "password:=x", "password:=" DOTS },
};

START_TEST(credentials_are_hidden)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		check_redact(hidden[i][0], hidden[i][1]);
}
END_TEST

START_TEST(hidden_stays_hidden)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		check_redact(hidden[i][1], hidden[i][1]);
}
END_TEST

START_TEST(the_rest_is_left_alone)
{
	static const char *const plain[] = { "", "the password was changed", "bearer of bad news",
		"basic facts about it", "secretName: db-creds", "max_tokens=100", "tokens: 5",
		"{\"token\":null,\"secret\":{\"a\":\"b\"}}", "password: ${secret:db}",
		"password:", "password=\nnext", "kind: Secret\nmetadata:", "eyJ is how they begin",
		"eyJhbGci.two", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
		"AKIA is short", "https://example.org:8443/path@x", "task-sk-learn",
		"risk-based-approach-to-things", "image: nginx:1.25 \xc3\xa9\xff",
		"automountServiceAccountToken: false" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		check_redact(plain[i], plain[i]);
}
END_TEST

START_TEST(hostile_megabyte_ends_soon)
{
	static const char *const units[] = { "eyJ-", "eyJabcd.", "sk-", "password", "-----BEGIN ",
		"-----BEGIN PRIVATE KEY", "password=\"", "://a:", "Bearer ", "token=\\", "AKIA",
		"--token ", "password=${x", ("password=" DOTS), "token=\'", "a-token: " };
	enum { BYTES = 1 << 20 };
	char *bytes = malloc(BYTES);
	struct text text;

	for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
		for (size_t i = 0; i < BYTES; i++)
			bytes[i] = units[u][i % strlen(units[u])];
		text_init(&text, 8 * BYTES);
		ck_assert_int_eq(secret_redact(&text, bytes, BYTES), 0);
		text_release(&text);
	}
	free(bytes);
}
END_TEST

START_TEST(input_needs_no_nul)
{
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		for (size_t n = 0; n < strlen(hidden[i][0]); n++) {
			char *exact =
				malloc(n ? n : 1); /* a read past it is seen by the sanitizer */
			struct text text;

			memcpy(exact, hidden[i][0], n);
			text_init(&text, 100000);
			secret_redact(&text, exact, n);
			text_release(&text);
			free(exact);
		}
}
END_TEST

static char *log_to_file(const char *format_name)
{
	static char content[40000];
	char path[] = "/tmp/test_log.XXXXXX";
	int fd = mkstemp(path);
	ssize_t n;

	setenv("LOG_LEVEL", "info", 1);
	setenv("LOG_FORMAT", format_name, 1);
	log_init(path);
	log_write(LOG_DEBUG, "test", "not wanted");
	log_write(LOG_INFO, "test", "password=%s \x1b[2J \"q\"", "hunter2");
	log_done();
	n = read(fd, content, sizeof(content) - 1);
	content[n > 0 ? n : 0] = 0;
	close(fd);
	unlink(path);
	return content;
}

START_TEST(log_lines_are_redacted_and_harmless)
{
	const char *line = log_to_file("text");

	ck_assert_ptr_nonnull(
		strstr(line, "Z info  test: password=" DOTS " \xe2\x90\x9b[2J \"q\"\n"));
	ck_assert_ptr_null(strstr(line, "not wanted"));
	line = log_to_file("json");
	ck_assert_ptr_nonnull(
		strstr(line, "\"level\":\"info\",\"area\":\"test\",\"message\":\"password=" DOTS));
	ck_assert_ptr_nonnull(strstr(line, "\\\"q\\\"\"}\n"));
	ck_assert_int_eq(line[0], '{');
}
END_TEST

/* A server may say back what it was told, in no form that looks like a credential. */
START_TEST(what_lives_here_is_hidden)
{
	struct secret *a = secret_new("correct horse", 13), *b = secret_new("correct horse battery", 21),
		      *tiny = secret_new("the", 3);
	struct text out;

	text_init(&out, 200);
	secret_redact(&out, "the correct horse, correct horse battery", 40);
	ck_assert_str_eq(out.data, "the " DOTS ", " DOTS);
	secret_free(b);
	secret_free(a);
	text_clear(&out);
	secret_redact(&out, "the correct horse", 17);
	ck_assert_str_eq(out.data, "the correct horse");
	secret_free(tiny);
	text_release(&out);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, keeps_its_bytes_until_the_last_reference);
	tcase_add_test(tc, empty_and_long_ones);
	tcase_add_test(tc, is_left_out_of_core_files);
	tcase_add_test(tc, credentials_are_hidden);
	tcase_add_test(tc, hidden_stays_hidden);
	tcase_add_test(tc, the_rest_is_left_alone);
	tcase_add_test(tc, hostile_megabyte_ends_soon);
	tcase_add_test(tc, input_needs_no_nul);
	tcase_add_test(tc, log_lines_are_redacted_and_harmless);
	tcase_add_test(tc, what_lives_here_is_hidden);
}

TEST_MAIN("base/secret")
