#include "base/safe.h"

#include "base/text.h"
#include "check_main.h"

#define FFFD "\xef\xbf\xbd"

static void check_add(int (*add)(struct text *, const char *, size_t), const char *bytes,
	size_t length, const char *wanted)
{
	struct text text;

	text_init(&text, 4096);
	ck_assert_int_eq(add(&text, bytes, length), 0);
	ck_assert_str_eq(text.data, wanted);
	ck_assert_int_eq(
		safe_is(bytes, length), strlen(wanted) == length && !memcmp(bytes, wanted, length));
	text_release(&text);
}

static void check_safe(const char *bytes, const char *wanted)
{
	check_add(safe_add, bytes, strlen(bytes), wanted);
}

START_TEST(plain_text_passes)
{
	check_safe("", "");
	check_safe("ordinary ~ text of more than sixteen bytes",
		"ordinary ~ text of more than sixteen bytes");
	check_safe("caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x9a\xa2",
		"caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x9a\xa2");
	check_safe("\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
		"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb"); /* joined */
}
END_TEST

START_TEST(control_characters_become_pictures)
{
	check_safe("\x1b[31mred", "\xe2\x90\x9b[31mred");
	check_safe("\x1b]52;c;ZXZpbA==\x07", "\xe2\x90\x9b]52;c;ZXZpbA==\xe2\x90\x87");
	check_safe("a\x7f", "a\xe2\x90\xa1");
	check_safe("a\rb", "a\xe2\x90\x8d"
			   "b");
	check_safe("a\tb\nc\r\nd", "a b c d");
	check_safe("\xc2\x9b"
		   "31m",
		FFFD "31m"); /* C1 CSI in UTF-8 */
	check_safe("\x9b"
		   "31m",
		FFFD "31m"); /* and as one byte */
	check_add(safe_add, "a\0b", 3,
		"a\xe2\x90\x80"
		"b");
}
END_TEST

START_TEST(every_place_in_a_word_is_looked_at)
{
	for (size_t at = 0; at < 40; at++)
		for (int c = 1; c < 256; c++) {
			char bytes[41];
			int plain = c >= 0x20 && c < 0x7f;

			memset(bytes, 'x', 40);
			bytes[40] = 0;
			bytes[at] = (char)c;
			ck_assert_int_eq(safe_is(bytes, 40), plain);
		}
}
END_TEST

START_TEST(bidi_and_invisible_are_shown)
{
	static const char *const bad[] = { "\xe2\x80\xae", "\xe2\x80\xaa", "\xe2\x81\xa6",
		"\xe2\x81\xa9", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xd8\x9c", "\xef\xbb\xbf",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xf3\xa0\x80\x81", "\xf3\xa0\x81\xbf",
		"\xe2\x80\x8b" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		check_safe(bad[i], FFFD);
}
END_TEST

START_TEST(each_invalid_byte_is_one_mark)
{
	check_safe("\xc0\xaf", FFFD FFFD);                   /* overlong */
	check_safe("\xe0\x80\xaf", FFFD FFFD FFFD);          /* overlong */
	check_safe("\xed\xa0\x80", FFFD FFFD FFFD);          /* surrogate */
	check_safe("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD); /* past U+10FFFF */
	check_safe("\xff\xfe", FFFD FFFD);
	check_safe("a\xe2\x82", "a" FFFD FFFD); /* ends too early */
	check_safe("\xe2\x82"
		   "b",
		FFFD FFFD "b");
	check_safe("\x80"
		   "ok\xc3",
		FFFD "ok" FFFD);
}
END_TEST

START_TEST(lines_keep_newlines_and_expand_tabs)
{
	struct text text;

	check_add(safe_add_lines, "a\tb\r\n\tc\n", 8, "a       b\n        c\n");
	check_add(safe_add_lines, "12345678\tx", 10, "12345678        x");
	check_add(safe_add_lines, "\xe6\x97\xa5\tx", 5, "\xe6\x97\xa5      x"); /* two columns */
	check_add(safe_add_lines, "\x1b\t|", 3, "\xe2\x90\x9b       |");
	text_init(&text, 100); /* the column goes on from call to call */
	safe_add_lines(&text, "x\nabc", 5);
	safe_add_lines(&text, "\td", 2);
	ck_assert_str_eq(text.data, "x\nabc     d");
	text_release(&text);
}
END_TEST

START_TEST(copy_never_cuts_a_character)
{
	char out[8];

	safe_copy(out, sizeof(out), "abcdefghij", 10);
	ck_assert_str_eq(out, "abcdefg");
	safe_copy(out, sizeof(out), "abcde\xe2\x82\xac", 8);
	ck_assert_str_eq(out, "abcde");
	safe_copy(out, sizeof(out), "abcd\x1b", 5);
	ck_assert_str_eq(out, "abcd\xe2\x90\x9b");
	safe_copy(out, sizeof(out), "abcde\x1bz", 7);
	ck_assert_str_eq(out, "abcde"); /* z would fit, but not what stands before it */
	safe_copy(out, 1, "abc", 3);
	ck_assert_str_eq(out, "");
	out[0] = 'k';
	safe_copy(out, 0, "abc", 3);
	ck_assert_int_eq(out[0], 'k');
}
END_TEST

START_TEST(a_full_text_says_so)
{
	struct text text;

	text_init(&text, 4);
	ck_assert_int_eq(safe_add(&text,
				 "ab\x1b"
				 "c",
				 4),
		-1);
	ck_assert_str_eq(text.data, "ab");
	text_release(&text);
	text_init(&text, 4);
	ck_assert_int_eq(safe_add_lines(&text, "a\tb", 3), -1);
	ck_assert_str_eq(text.data, "a   ");
	text_release(&text);
}
END_TEST

START_TEST(widths)
{
	static const struct {
		unsigned codepoint;
		int width;
	} wanted[] = { { 'a', 1 }, { 0xe9, 1 }, { 0x301, 0 }, { 0x200d, 0 }, { 0xfe0f, 0 },
		{ 0x1100, 2 }, { 0x1160, 0 }, { 0x11ff, 0 }, { 0x3042, 2 }, { 0x4e00, 2 },
		{ 0x9fff, 2 }, { 0xac00, 2 }, { 0xff21, 2 }, { 0xff71, 1 }, { 0x1f600, 2 },
		{ 0x1f6a2, 2 }, { 0x231a, 2 }, { 0x2500, 1 }, { 0x2588, 1 }, { 0x28ff, 1 },
		{ 0x20000, 2 }, { 0x3fffd, 2 }, { 0xfffd, 1 }, { 0xe0100, 0 }, { 0x10ffff, 1 },
		{ 0x302a, 0 }, { 0x3099, 0 }, { 0x2705, 2 }, { 0xad, 1 }, { 0x2022, 1 },
		{ 0x2603, 1 } };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		ck_assert_msg(utf8_width(wanted[i].codepoint) == wanted[i].width, "U+%04X is %d",
			wanted[i].codepoint, utf8_width(wanted[i].codepoint));
}
END_TEST

START_TEST(columns)
{
	ck_assert_uint_eq(utf8_columns("", 0), 0);
	ck_assert_uint_eq(utf8_columns("plain text", 10), 10);
	ck_assert_uint_eq(utf8_columns("e\xcc\x81\xe6\x97\xa5\xff", 7), 4);
}
END_TEST

START_TEST(decodes_strictly)
{
	unsigned codepoint;

	ck_assert_int_eq(utf8_decode("\xf4\x8f\xbf\xbf", 4, &codepoint), 4);
	ck_assert_uint_eq(codepoint, 0x10ffff);
	ck_assert_int_eq(utf8_decode("\xe2\x82\xac", 3, &codepoint), 3);
	ck_assert_uint_eq(codepoint, 0x20ac);
	ck_assert_int_eq(utf8_decode("\xe2\x82\xac", 2, &codepoint), 0);
	ck_assert_int_eq(utf8_decode("", 0, &codepoint), 0);
	ck_assert_int_eq(utf8_decode("\x80", 1, &codepoint), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, plain_text_passes);
	tcase_add_test(tc, control_characters_become_pictures);
	tcase_add_test(tc, every_place_in_a_word_is_looked_at);
	tcase_add_test(tc, bidi_and_invisible_are_shown);
	tcase_add_test(tc, each_invalid_byte_is_one_mark);
	tcase_add_test(tc, lines_keep_newlines_and_expand_tabs);
	tcase_add_test(tc, copy_never_cuts_a_character);
	tcase_add_test(tc, a_full_text_says_so);
	tcase_add_test(tc, widths);
	tcase_add_test(tc, columns);
	tcase_add_test(tc, decodes_strictly);
}

TEST_MAIN("base/safe")
