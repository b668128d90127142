/* Schedules of crontab(5): what they mean, and when they are next. */
#include "check_main.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "provider/host/cron.h"

static const struct {
	const char *schedule, *after, *next; /* next NULL: cannot be read; "": never */
} cases[] = {
	{ "* * * * *", "2026-11-30T10:00:00Z", "2026-11-30T10:01:00Z" },
	{ "*/15 * * * *", "2026-11-30T10:01:30Z", "2026-11-30T10:15:00Z" },
	{ "0 3 * * *", "2026-11-30T03:00:00Z", "2026-12-01T03:00:00Z" },
	{ "17 * * * *", "2026-11-30T23:30:00Z", "2026-12-01T00:17:00Z" },
	{ "30 6,18 * * *", "2026-11-30T07:00:00Z", "2026-11-30T18:30:00Z" },
	{ "0 9-17/4 * * *", "2026-11-30T13:30:00Z", "2026-11-30T17:00:00Z" },
	{ "5/20 * * * *", "2026-11-30T10:26:00Z", "2026-11-30T10:45:00Z" },
	{ "0 0 * * mon-fri", "2026-12-04T12:00:00Z", "2026-12-07T00:00:00Z" },
	{ "0 0 * JAN Sun", "2026-11-30T00:00:00Z", "2027-01-03T00:00:00Z" },
	{ "0 0 * * 7", "2026-11-30T00:00:00Z", "2026-12-06T00:00:00Z" },
	{ "0 0 13 * 5", "2026-11-30T00:00:00Z", "2026-12-04T00:00:00Z" }, /* the 13th or a Friday */
	{ "0 0 */2 * 1", "2026-12-01T00:00:00Z", "2026-12-07T00:00:00Z" }, /* '*' first: both must hold */
	{ "0 0 29 2 *", "2026-11-30T00:00:00Z", "2028-02-29T00:00:00Z" },
	{ "0 0 31 2 *", "2026-11-30T00:00:00Z", "" },
	{ "@daily", "2026-11-30T10:00:00Z", "2026-12-01T00:00:00Z" },
	{ "@hourly", "2026-11-30T10:00:00Z", "2026-11-30T11:00:00Z" },
	{ "@weekly", "2026-11-30T10:00:00Z", "2026-12-06T00:00:00Z" },
	{ "@monthly", "2026-11-30T10:00:00Z", "2026-12-01T00:00:00Z" },
	{ "@yearly", "2026-11-30T10:00:00Z", "2027-01-01T00:00:00Z" },
	{ "@reboot", "2026-11-30T10:00:00Z", NULL },
	{ "60 * * * *", "2026-11-30T10:00:00Z", NULL },
	{ "* * 0 * *", "2026-11-30T10:00:00Z", NULL },
	{ "5-1 * * * *", "2026-11-30T10:00:00Z", NULL },
	{ "*/0 * * * *", "2026-11-30T10:00:00Z", NULL },
	{ "* * * *", "2026-11-30T10:00:00Z", NULL },
	{ "* * * * * *", "2026-11-30T10:00:00Z", NULL },
	{ "1,,2 * * * *", "2026-11-30T10:00:00Z", NULL },
	{ "", "2026-11-30T10:00:00Z", NULL },
};

START_TEST(a_schedule_says_when_it_is_next)
{
	struct cron cron;
	int64_t after = 0;
	char next[CLOCK_RFC3339_MAX] = "";

	ck_assert_int_eq(clock_parse(cases[_i].after, &after), 0);
	int failed = cron_parse(cases[_i].schedule, strlen(cases[_i].schedule), &cron);

	ck_assert_msg(failed == (cases[_i].next ? 0 : -1), "%s", cases[_i].schedule);
	if (failed)
		return;
	int64_t at = cron_next_ns(&cron, after), wanted = 0;

	if (*cases[_i].next)
		ck_assert_int_eq(clock_parse(cases[_i].next, &wanted), 0);
	if (at)
		clock_format(at, next);
	ck_assert_msg(at == wanted, "%s after %s: %s, not %s", cases[_i].schedule, cases[_i].after, next, cases[_i].next);
}
END_TEST

/* 02:30 does not exist on 2026-03-29 in Berlin: it runs the day after, and nothing is found in the past. */
START_TEST(an_hour_that_summer_time_leaves_out)
{
	struct cron cron;
	int64_t after;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	ck_assert_int_eq(cron_parse("30 2 * * *", 10, &cron), 0);
	clock_parse("2026-03-28T12:00:00Z", &after);
	int64_t at = cron_next_ns(&cron, after), wanted;

	clock_parse("2026-03-30T00:30:00Z", &wanted);
	ck_assert_int_eq(at, wanted);
	setenv("TZ", "UTC", 1);
	tzset();
}
END_TEST

static void add_tests(TCase *tests)
{
	setenv("TZ", "UTC", 1);
	tzset();
	tcase_add_loop_test(tests, a_schedule_says_when_it_is_next, 0, (int)(sizeof(cases) / sizeof(*cases)));
	tcase_add_test(tests, an_hour_that_summer_time_leaves_out);
}

TEST_MAIN("provider/host cron")
