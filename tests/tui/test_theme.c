#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/yaml.h"
#include "check_main.h"
#include "tui/screen/theme.h"

static int parse(struct theme *theme, const char *yaml, struct error *err)
{
	struct json *json = yaml_parse(yaml, strlen(yaml), err);
	int failed = json ? theme_parse(theme, json, "x.yaml", err) : -1;

	json_free(json);
	return failed;
}

START_TEST(styles_are_read)
{
	struct theme theme;
	struct error err = { 0 };

	ck_assert_int_eq(parse(&theme, "name: x\ncursor: mark\nstyles:\n  prod: {fg: '#ff0000', bg: 16, fg8: bright-red, attributes: bold reverse}\n", &err), 0);
	ck_assert_int_eq(theme.cursor, CURSOR_MARK);
	ck_assert_int_eq(theme.styles[STYLE_PROD].fg, THEME_RGB | 0xff0000);
	ck_assert_int_eq(theme.styles[STYLE_PROD].bg, 16);
	ck_assert_int_eq(theme.styles[STYLE_PROD].fg8, 9);
	ck_assert(theme.styles[STYLE_PROD].bold && theme.styles[STYLE_PROD].reverse && !theme.styles[STYLE_PROD].dim);
	ck_assert_int_eq(theme.styles[STYLE_TEXT].fg, THEME_DEFAULT);
}
END_TEST

START_TEST(mistakes_are_named_and_change_nothing)
{
	static const char *const wrong[] = { "styles:\n  nobody: {}\n", "styles:\n  text: {fg: '#12345'}\n", "styles:\n  text: {fg: 256}\n",
		"styles:\n  text: {attributes: blink}\n", "styles:\n  text: {colour: red}\n", "cursor: huge\n" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct theme theme = theme_plain;
		struct error err = { 0 };

		ck_assert_msg(parse(&theme, wrong[i], &err) == -1, "%s", wrong[i]);
		ck_assert_ptr_nonnull(strstr(err.text, "x.yaml:"));
		ck_assert_str_eq(theme.name, "plain");
	}
}
END_TEST

START_TEST(colours_find_the_nearest)
{
	ck_assert_int_eq(theme_colour(THEME_RGB | 0xff0000, 256), 196);
	ck_assert_int_eq(theme_colour(THEME_RGB | 0xff0000, 8), 1);
	ck_assert_int_eq(theme_colour(THEME_RGB | 0x123456, 1 << 24), 0x123456);
	ck_assert_int_eq(theme_colour(196, 256), 196);
	ck_assert_int_eq(theme_colour(196, 16), 9);
	ck_assert_int_eq(theme_colour(3, 8), 3);
	ck_assert_int_eq(theme_colour(THEME_DEFAULT, 8), THEME_DEFAULT);
}
END_TEST

static double brightness(int rgb)
{
	return 0.2126 * (rgb >> 16 & 255) + 0.7152 * (rgb >> 8 & 255) + 0.0722 * (rgb & 255);
}

START_TEST(all_that_come_with_the_program_are_sound)
{
	static const char *const wanted[] = { "colour-blind-safe", "dark", "high-contrast", "light", "low-bandwidth", "mono" };
	struct error err = { 0 };

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		struct theme theme;

		ck_assert_msg(!theme_load(&theme, wanted[i], &err), "%s", err.text);
		const struct theme_style *prod = &theme.styles[STYLE_PROD], *text = &theme.styles[STYLE_TEXT];

		/* prod must be seen, in every theme. */
		ck_assert_msg(prod->reverse || prod->bg != text->bg, "%s", wanted[i]);
		if (prod->bg != THEME_DEFAULT) {
			double apart = brightness(theme_colour(prod->fg, 1 << 24)) - brightness(theme_colour(prod->bg, 1 << 24));

			ck_assert_msg(apart > 60 || apart < -60, "%s: prod is hard to read", wanted[i]);
		}
	}
	ck_assert_int_eq(theme_load(&(struct theme){ 0 }, "no such", &err), -1);
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, styles_are_read);
	tcase_add_test(tc, mistakes_are_named_and_change_nothing);
	tcase_add_test(tc, colours_find_the_nearest);
	tcase_add_test(tc, all_that_come_with_the_program_are_sound);
}

TEST_MAIN("tui/theme")
