/* Drawing into a screen that is only text: clipping, wide and combining characters, sparklines, charts. */
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "check_main.h"
#include "tui/console_private.h"
#include "tui/dialog/input.h"
#include "tui/screen/chart.h"
#include "tui/screen/format.h"
#include "tui/screen/fuzzy.h"
#include "tui/screen/keys.h"
#include "tui/screen/screen.h"

static void begin(const char *locale)
{
	struct error err = { 0 };

	setenv("LC_ALL", locale, 1);
	ck_assert_msg(!screen_begin_text(20, 5, &err), "%s", err.text);
	screen_clear(screen_size());
}

static void expect(const char *first_line)
{
	char *dump = screen_dump();

	dump[strcspn(dump, "\n")] = 0;
	ck_assert_str_eq(dump, first_line);
	free(dump);
}

static struct rect box(int columns)
{
	return (struct rect){ .rows = 1, .columns = columns };
}

START_TEST(text_is_clipped_to_its_rect)
{
	begin("C.UTF-8");
	ck_assert_int_eq(screen_put(box(5), 0, 0, STYLE_TEXT, "abcdefgh"), 5);
	expect("abcde");
	ck_assert_int_eq(screen_put(box(5), 0, 7, STYLE_TEXT, "x"), 0);
	ck_assert_int_eq(screen_put(box(5), 3, 0, STYLE_TEXT, "x"), 0);
	ck_assert_int_eq(screen_put((struct rect){ .y = 0, .x = 18, .rows = 1, .columns = 90 }, 0, 0, STYLE_TEXT, "12345"), 2);
	expect("abcde             12");
	screen_end();
}
END_TEST

START_TEST(what_does_not_fit_ends_in_an_ellipsis)
{
	begin("C.UTF-8");
	screen_put_n(box(20), 0, 0, 5, STYLE_TEXT, "abcdefgh", 8);
	screen_put_n(box(20), 0, 6, 5, STYLE_TEXT, "abcde", 5);
	screen_put_right(box(20), 0, 12, 5, STYLE_TEXT, "42", 2);
	expect("abcd… abcde    42");
	screen_end();
}
END_TEST

START_TEST(a_path_or_an_id_keeps_both_of_its_ends)
{
	static const struct {
		const char *text, *shown;
		int columns;
	} cases[] = {
		{ "checkout-7f9c6d5b4-abcde", "check…5b4-abcde", 15 },
		{ "/var/log/a/long/way/app.log", "/var/l…y/app.log", 16 },
		{ "logs /var/log/a/long/way/app.log", "logs /var/…y/app.log", 20 },
		{ "a sentence that does not fit", "a sentence that…", 16 },
		{ "a sentence of words-here", "a sentence of words…", 20 }, /* the last word begins too late */
		{ "short-name", "short-name", 12 },
		{ "abcdefghijklm", "abcd…", 5 },
		{ "日本語日本語日本語", "日本…日本語", 12 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin("C.UTF-8");
		screen_put_n(box(20), 0, 0, cases[i].columns, STYLE_TEXT, cases[i].text, strlen(cases[i].text));
		expect(cases[i].shown);
		screen_end();
	}
}
END_TEST

START_TEST(wide_characters_are_never_halved)
{
	begin("C.UTF-8");
	screen_put_n(box(20), 0, 0, 4, STYLE_TEXT, "日本語", strlen("日本語")); /* 6 columns in 4: one, ellipsis, blank */
	screen_put(box(20), 0, 4, STYLE_TEXT, "|");
	expect("日 …|");
	screen_end();
}
END_TEST

START_TEST(combining_characters_stay_with_their_letter)
{
	begin("C.UTF-8");
	ck_assert_int_eq(screen_put(box(20), 0, 0, STYLE_TEXT, "e\xcc\x81x"), 2);
	expect("e\xcc\x81x");
	screen_end();
}
END_TEST

START_TEST(ascii_takes_the_same_room)
{
	begin("C");
	ck_assert_int_eq(screen_unicode(), 0);
	ck_assert_int_eq(screen_put(box(20), 0, 0, STYLE_TEXT, "a日é|"), 5);
	expect("a???|");
	ck_assert_str_eq(screen_glyph(GLYPH_CURSOR), ">");
	for (int glyph = 0; glyph < GLYPH_COUNT; glyph++)
		ck_assert_uint_eq(strlen(screen_glyph((enum glyph)glyph)), 1);
	screen_end();
}
END_TEST

START_TEST(sparklines_end_now_and_show_gaps)
{
	const double values[] = { 0, 50, NAN, 100 };
	char out[64];

	begin("C.UTF-8");
	screen_spark(values, 4, 100, 6, out, sizeof(out));
	ck_assert_str_eq(out, "  ▁▅ █");
	screen_spark(values, 4, 100, 2, out, sizeof(out));
	ck_assert_str_eq(out, "▃█"); /* means: 25, 100 */
	screen_spark(values, 0, 100, 3, out, sizeof(out));
	ck_assert_str_eq(out, "   ");
	screen_end();
	begin("C");
	screen_spark(values, 4, 100, 4, out, sizeof(out));
	ck_assert_str_eq(out, "_+ #");
	screen_end();
}
END_TEST

START_TEST(charts_keep_spikes)
{
	double values[100] = { 0 };
	char out[64];

	begin("C.UTF-8");
	values[50] = 100;
	chart_row(values, 100, 100, 5, 2, 0, out, sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, "⢸"));
	chart_row(values, 100, 100, 5, 2, 1, out, sizeof(out));
	ck_assert_ptr_nonnull(strstr(out, "⣸"));
	screen_end();
}
END_TEST

static void cell(enum column_type type, const char *text, const char *wanted)
{
	char out[64];
	int64_t step, now;

	clock_parse("2026-11-21T10:00:00Z", &now);
	format_cell(type, text, strlen(text), now, out, sizeof(out), &step);
	ck_assert_str_eq(out, wanted);
}

START_TEST(cells_read_as_people_write_them)
{
	cell(COLUMN_BYTES, "1536", "1.5Ki");
	cell(COLUMN_BYTES, "0", "0");
	cell(COLUMN_BYTES, "25769803776", "24Gi");
	cell(COLUMN_PERCENT, "61.04", "61.0");
	cell(COLUMN_MILLICORES, "250", "250m");
	cell(COLUMN_AGE, "2026-11-21T09:56:00Z", "4m");
	cell(COLUMN_AGE, "<unknown>", "<unknown>");
	cell(COLUMN_AGE, "2026-11-21T10:00:05Z", "0s"); /* a clock ahead of ours */
	cell(COLUMN_BYTES, "", "");
	cell(COLUMN_NUMBER, "8", "8");
	cell(COLUMN_BYTES, "n/a", "n/a");
}
END_TEST

START_TEST(counts_are_grouped)
{
	char out[32];

	format_count(10041, out, sizeof(out));
	ck_assert_str_eq(out, "10 041");
	format_count(7, out, sizeof(out));
	ck_assert_str_eq(out, "7");
	format_count(1234567, out, sizeof(out));
	ck_assert_str_eq(out, "1 234 567");
}
END_TEST

START_TEST(ages_tell_when_they_change)
{
	char out[32];
	int64_t step = 0;

	format_age(90 * CLOCK_SECOND_NS, out, sizeof(out), &step);
	ck_assert(step > 0 && step <= 60 * CLOCK_SECOND_NS);
}
END_TEST

START_TEST(ages_of_data_stand_still_while_it_comes_in_time)
{
	static const struct {
		int age_s, interval_ms;
		const char *text;
		int step_s;
	} rows[] = { { 2, 0, "<5s", 3 }, { 2, 2000, "<5s", 3 }, { 6, 5000, "<10s", 4 }, { 11, 10000, "<15s", 4 }, { 31, 30000, "<1m", 29 }, { 13, 2000, "10s", 2 },
		{ 38, 10000, "30s", 7 }, { 98, 10000, "90s", 7 }, { 150, 10000, "2m", 30 } };
	int64_t now = 1000 * 3600 * CLOCK_SECOND_NS + 20 * CLOCK_SECOND_NS;
	char out[32];
	int64_t step;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		format_data_age(now - rows[i].age_s * CLOCK_SECOND_NS, now, rows[i].interval_ms, out, sizeof(out), &step);
		ck_assert_str_eq(out, rows[i].text);
		ck_assert_int_eq(step, rows[i].step_s * CLOCK_SECOND_NS);
	}
}
END_TEST

/* What is looked at seldom reads otherwise only when the clock's minute does, and never younger than it is. */
START_TEST(ages_of_seldom_data_change_with_the_clock)
{
	int64_t minute = 60 * CLOCK_SECOND_NS, observed = 1000 * 3600 * CLOCK_SECOND_NS + 20 * CLOCK_SECOND_NS, step;
	char out[32], last[32] = "";
	int changes = 0;

	for (int64_t now = observed; now < observed + 3 * 3600 * CLOCK_SECOND_NS; now += step) {
		format_data_age(observed, now, 3600 * 1000, out, sizeof(out), &step);
		ck_assert_int_gt(step, 0);
		ck_assert_int_eq((now + step) % minute, 0);
		ck_assert_str_ne(out, last);
		memcpy(last, out, sizeof(last));
		changes++;
	}
	ck_assert_int_eq(changes, 60 + 3);
	format_data_age(observed, observed + CLOCK_SECOND_NS, 3600 * 1000, out, sizeof(out), &step);
	ck_assert_str_eq(out, "<1m");
	format_data_age(observed, observed + 150 * CLOCK_SECOND_NS, 3600 * 1000, out, sizeof(out), &step);
	ck_assert_str_eq(out, "<3m");
	format_data_age(observed, observed + 90 * minute, 3600 * 1000, out, sizeof(out), &step);
	ck_assert_str_eq(out, "<2h");
}
END_TEST

START_TEST(fuzzy_prefers_what_people_mean)
{
	ck_assert_int_eq(fuzzy_score("xyz", "pods"), 0);
	ck_assert_int_gt(fuzzy_score("po", "pods"), fuzzy_score("po", "replicasetspo"));
	ck_assert_int_gt(fuzzy_score("pods", "pods"), fuzzy_score("pods", "pods-of-others"));
	ck_assert_int_gt(fuzzy_score("cb", "cluster-bindings"), fuzzy_score("cb", "cabbage"));
	ck_assert_int_gt(fuzzy_score("DEP", "deployments"), 0);
	ck_assert_int_gt(fuzzy_score("", "anything"), 0);
}
END_TEST

START_TEST(a_line_is_edited_by_characters)
{
	struct input input = { 0 };
	int changed;

	input_set(&input, "");
	ck_assert(input_key(&input, 0x65e5, &changed) && changed);
	ck_assert(input_key(&input, 'a', &changed) && changed);
	ck_assert(input_key(&input, ' ', &changed) && changed);
	ck_assert_str_eq(input.text, "日a ");
	input_key(&input, K_LEFT, &changed);
	input_key(&input, K_LEFT, &changed);
	ck_assert(!changed);
	input_key(&input, K_BACKSPACE, &changed);
	ck_assert_str_eq(input.text, "a ");
	input_key(&input, K_CTRL | 'e', &changed);
	input_key(&input, K_CTRL | 'w', &changed);
	ck_assert_str_eq(input.text, "");
	ck_assert(!input_key(&input, K_F1, &changed));
	ck_assert(input_key(&input, 0x202e, &changed) && !changed); /* a bidi override is not taken in */
}
END_TEST

static volatile sig_atomic_t ended;

static void note_end(int number)
{
	ended = number;
}

START_TEST(what_ends_us_ends_the_editor_first)
{
	/* The editor tells us to end, as one outside would, and would itself stay. */
	static const char *const argv[] = { "sh", "-c", "kill -TERM $PPID; exec sleep 60", NULL };
	struct error err = { 0 };

	signal(SIGTERM, note_end);
	ck_assert_int_eq(run_in_foreground(argv, &err), 128 + SIGTERM);
	ck_assert_int_eq(ended, SIGTERM);
	signal(SIGTERM, SIG_DFL);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, text_is_clipped_to_its_rect);
	tcase_add_test(tc, what_does_not_fit_ends_in_an_ellipsis);
	tcase_add_test(tc, a_path_or_an_id_keeps_both_of_its_ends);
	tcase_add_test(tc, wide_characters_are_never_halved);
	tcase_add_test(tc, combining_characters_stay_with_their_letter);
	tcase_add_test(tc, ascii_takes_the_same_room);
	tcase_add_test(tc, sparklines_end_now_and_show_gaps);
	tcase_add_test(tc, charts_keep_spikes);
	tcase_add_test(tc, what_ends_us_ends_the_editor_first);
	tcase_add_test(tc, cells_read_as_people_write_them);
	tcase_add_test(tc, counts_are_grouped);
	tcase_add_test(tc, ages_tell_when_they_change);
	tcase_add_test(tc, ages_of_data_stand_still_while_it_comes_in_time);
	tcase_add_test(tc, ages_of_seldom_data_change_with_the_clock);
	tcase_add_test(tc, fuzzy_prefers_what_people_mean);
	tcase_add_test(tc, a_line_is_edited_by_characters);
}

TEST_MAIN("tui/screen")
