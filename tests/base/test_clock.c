#include "base/clock.h"

#include "check_main.h"

static const int64_t S = CLOCK_SECOND_NS;

START_TEST(formats)
{
	char out[CLOCK_RFC3339_MAX];

	clock_format(0, out);
	ck_assert_str_eq(out, "1970-01-01T00:00:00.000Z");
	clock_format(-1, out);
	ck_assert_str_eq(out, "1969-12-31T23:59:59.999Z");
	clock_format(INT64_C(1795254045123456789), out);
	ck_assert_str_eq(out, "2026-11-21T09:40:45.123Z");
	clock_format(INT64_MAX, out);
	ck_assert_str_eq(out, "2262-04-11T23:47:16.854Z");
	clock_format(INT64_MIN, out);
	ck_assert_str_eq(out, "1677-09-21T00:12:43.145Z");
}
END_TEST

static const struct {
	const char *text;
	int64_t ns;
} times[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2026-11-21T09:40:45.123Z", INT64_C(1795254045123000000) },
	{ "2026-11-21t09:40:45.123456789z", INT64_C(1795254045123456789) },
	{ "2026-11-21T09:40:45.1234567891Z", INT64_C(1795254045123456789) },
	{ "2026-11-21T10:40:45+01:00", INT64_C(1795254045000000000) },
	{ "2026-11-21T04:10:45-05:30", INT64_C(1795254045000000000) },
	{ "2024-02-29T00:00:00Z", INT64_C(1709164800000000000) },
	{ "2016-12-31T23:59:60Z", INT64_C(1483228800000000000) },
	{ "1969-12-31T23:59:59.5Z", -500000000 },
};

START_TEST(parses_rfc3339)
{
	int64_t at;

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		ck_assert_msg(!clock_parse(times[i].text, &at), "%s", times[i].text);
		ck_assert_msg(at == times[i].ns, "%s is %lld", times[i].text, (long long)at);
	}
}
END_TEST

START_TEST(refuses_what_is_no_time)
{
	static const char *const bad[] = { "", "now", "2026-11-21", "2026-11-21T09:40:45",
		"2026-11-21T09:40Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-11-31T00:00:00Z",
		"2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:40:61Z",
		"2026-11-21T09:40:45.Z", "2026-11-21T09:40:45+1:00", "2026-11-21T09:40:45+0100",
		"2026-11-21T09:40:45Zx", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
		"2026-11-2", "-026-11-21T00:00:00Z", "2026-11-21T09:40:45+24:00" };
	int64_t at = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(clock_parse(bad[i], &at) == -1, "%s", bad[i]);
	ck_assert_int_eq(clock_parse(NULL, &at), -1);
	ck_assert_int_eq(at, 42);
}
END_TEST

START_TEST(format_and_parse_agree)
{
	char out[CLOCK_RFC3339_MAX];
	int64_t at;

	for (int64_t ns = -INT64_C(9000000000) * S; ns < INT64_C(9000000000) * S;
		ns += INT64_C(7654321) * S + 1000000) {
		clock_format(ns, out);
		ck_assert_int_eq(clock_parse(out, &at), 0);
		ck_assert_int_eq(at, ns - ((ns % 1000000) + 1000000) % 1000000);
	}
}
END_TEST

START_TEST(windows)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = { { "90s", 90 }, { "10m", 600 }, { "1h", 3600 }, { "7d", 604800 },
		{ "2w", 1209600 }, { "1h30m", 5400 }, { "0s", 0 }, { "1h0m0s", 3600 } };
	static const char *const bad[] = { "", "1", "h", "1x", "-1h", "1h ", " 1h", "1.5h",
		"99999999999999999999s", "300000000000w", "1h30" };
	int64_t ns = 42;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ck_assert_msg(clock_parse_window(bad[i], &ns) == -1, "%s", bad[i]);
	ck_assert_int_eq(clock_parse_window(NULL, &ns), -1);
	ck_assert_int_eq(ns, 42);
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ck_assert_int_eq(clock_parse_window(good[i].text, &ns), 0);
		ck_assert_int_eq(ns, good[i].ns * S);
	}
	ck_assert_int_eq(clock_parse_window("500ms", &ns), 0);
	ck_assert_int_eq(ns, S / 2);
}
END_TEST

START_TEST(when_people_say_it)
{
	int64_t at, now = clock_now_ns();

	ck_assert_int_eq(clock_parse_when("now", &at), 0);
	ck_assert_int_ge(at, now);
	ck_assert_int_eq(clock_parse_when("10m", &at), 0);
	ck_assert_int_ge(at, now - 600 * S);
	ck_assert_int_lt(at, now - 540 * S);
	ck_assert_int_eq(clock_parse_when("2026-11-21", &at), 0);
	ck_assert_int_eq(at, INT64_C(1795219200) * S);
	ck_assert_int_eq(clock_parse_when("2026-11-21 14:02", &at), 0);
	ck_assert_int_eq(at, INT64_C(1795269720) * S);
	ck_assert_int_eq(clock_parse_when("2026-11-21T14:02:00+00:00", &at), 0);
	ck_assert_int_eq(at, INT64_C(1795269720) * S);
	ck_assert_int_eq(clock_parse_when("14:02", &at), 0);
	ck_assert_int_le(at, clock_now_ns());
	ck_assert_int_gt(at, now - 86401 * S);
	ck_assert_int_eq(at / S % 86400, 14 * 3600 + 2 * 60);
	ck_assert_int_eq(clock_parse_when("yesterday", &at), -1);
	ck_assert_int_eq(clock_parse_when("25:00", &at), -1);
	ck_assert_int_eq(clock_parse_when("2026-11-21x", &at), -1);
	ck_assert_int_eq(clock_parse_when("", &at), -1);
}
END_TEST

/* The cases of k8s.io/apimachinery/pkg/util/duration TestHumanDuration and its boundaries. */
static const struct {
	int64_t seconds;
	const char *text;
} ages[] = {
	{ 0, "0s" },
	{ 1, "1s" },
	{ -1, "0s" },
	{ -2, "<invalid>" },
	{ 70, "70s" },
	{ 119, "119s" },
	{ 120, "2m" },
	{ 190, "3m10s" },
	{ 599, "9m59s" },
	{ 600, "10m" },
	{ 47 * 60, "47m" },
	{ 70 * 60, "70m" },
	{ 179 * 60 + 59, "179m" },
	{ 180 * 60, "3h" },
	{ 181 * 60, "3h1m" },
	{ 8 * 3600 - 1, "7h59m" },
	{ 8 * 3600, "8h" },
	{ 47 * 3600, "47h" },
	{ 48 * 3600, "2d" },
	{ 49 * 3600, "2d1h" },
	{ 8 * 86400 - 3600, "7d23h" },
	{ 8 * 86400, "8d" },
	{ 41 * 86400, "41d" },
	{ 365 * 86400, "365d" },
	{ 2 * 365 * 86400, "2y" },
	{ 2 * 365 * 86400 + 86400, "2y1d" },
	{ 8 * 365 * 86400L, "8y" },
	{ 9 * 365 * 86400L + 86400, "9y" },
};

START_TEST(ages_as_kubectl)
{
	char out[CLOCK_AGE_MAX];

	for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++) {
		clock_format_age(ages[i].seconds * S, out);
		ck_assert_str_eq(out, ages[i].text);
	}
	clock_format_age(INT64_MAX, out);
	ck_assert_str_eq(out, "292y");
}
END_TEST

START_TEST(monotonic_goes_on)
{
	int64_t before = clock_monotonic_ns();

	ck_assert_int_ge(clock_monotonic_ns(), before);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, formats);
	tcase_add_test(tc, parses_rfc3339);
	tcase_add_test(tc, refuses_what_is_no_time);
	tcase_add_test(tc, format_and_parse_agree);
	tcase_add_test(tc, windows);
	tcase_add_test(tc, when_people_say_it);
	tcase_add_test(tc, ages_as_kubectl);
	tcase_add_test(tc, monotonic_goes_on);
}

TEST_MAIN("base/clock")
