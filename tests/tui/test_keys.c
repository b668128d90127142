#include <string.h>

#include "base/json.h"
#include "check_main.h"
#include "tui/screen/keys.h"

START_TEST(keys_are_read_and_written_alike)
{
	static const char *const texts[] = { "j", "^D", "M-x", "M-^x", "Enter", "PgDn", "F5", "F12", "Space", "?", "é", "Esc", "BackTab" };
	char out[16];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		int key = key_parse(texts[i]);

		ck_assert_msg(key >= 0, "%s", texts[i]);
		key_format(key, out, sizeof(out));
		ck_assert_int_eq(key_parse(out), key);
	}
	key_format(key_parse("^d"), out, sizeof(out));
	ck_assert_str_eq(out, "^D");
	ck_assert_int_eq(key_parse("F13"), -1);
	ck_assert_int_eq(key_parse("nonsense"), -1);
	ck_assert_int_eq(key_parse(""), -1);
}
END_TEST

START_TEST(commands_are_ordered_and_in_a_context)
{
	for (size_t i = 0; i < command_count; i++) {
		size_t dot = strcspn(commands[i].name, ".");

		ck_assert_msg(!i || strcmp(commands[i - 1].name, commands[i].name) < 0, "%s", commands[i].name);
		ck_assert_ptr_eq(command_find(commands[i].name), &commands[i]);
		ck_assert_msg(strlen(commands[i].context) == dot && !strncmp(commands[i].context, commands[i].name, dot), "%s", commands[i].name);
		ck_assert_msg(commands[i].help && *commands[i].help, "%s", commands[i].name);
	}
	ck_assert_ptr_null(command_find("global.nothing"));
}
END_TEST

/* Two commands of one context on one key: the second could never be reached. */
START_TEST(no_key_is_bound_twice_in_a_context)
{
	struct keymap *keymap = keymap_new(NULL, NULL);

	for (size_t i = 0; i < command_count; i++) {
		char copy[64], *save = NULL;

		strcpy(copy, commands[i].keys);
		for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
			int key = key_parse(word);

			ck_assert_msg(key >= 0, "%s: %s", commands[i].name, word);
			ck_assert_str_eq(keymap_find(keymap, commands[i].context, key)->name, commands[i].name);
		}
	}
	keymap_free(keymap);
}
END_TEST

START_TEST(inner_contexts_come_first_and_typing_keeps_letters)
{
	struct keymap *keymap = keymap_new(NULL, NULL);

	ck_assert_str_eq(keymap_find(keymap, "table", 'j')->name, "table.down");
	ck_assert_str_eq(keymap_find(keymap, "runs", 'j')->name, "table.down");
	ck_assert_str_eq(keymap_find(keymap, "runs", 'u')->name, "runs.undo");
	ck_assert_str_eq(keymap_find(keymap, "table", 'u')->name, "global.undo");
	ck_assert_str_eq(keymap_find(keymap, "text", 'n')->name, "text.next");
	ck_assert_str_eq(keymap_find(keymap, "table", 'n')->name, "global.namespace");
	ck_assert_str_eq(keymap_find(keymap, "of nobody", 'q')->name, "global.quit");
	static const char *const typing[] = { "dialog", "palette", "form", "menu", "line", "chat", "approve" };

	for (size_t i = 0; i < sizeof(typing) / sizeof(*typing); i++)
		for (int letter = 'a'; letter <= 'z'; letter++)
			ck_assert_msg(!keymap_find(keymap, typing[i], letter), "%s %c", typing[i], letter);
	keymap_free(keymap);
}
END_TEST

/* The key that asks for a change and the one that approves it must differ. */
START_TEST(approving_has_a_key_of_its_own)
{
	struct keymap *keymap = keymap_new(NULL, NULL);
	static const char *const asking[] = { "global.actions", "global.edit", "global.undo", "global.approvals", "run.undo", "runs.undo" };

	for (size_t i = 0; i < sizeof(asking) / sizeof(*asking); i++) {
		ck_assert_str_ne(keymap_key_of(keymap, "plan.approve"), keymap_key_of(keymap, asking[i]));
		ck_assert_str_ne(keymap_key_of(keymap, "dialog.accept"), keymap_key_of(keymap, asking[i]));
		ck_assert_str_ne(keymap_key_of(keymap, "approve.confirm"), keymap_key_of(keymap, asking[i]));
	}
	ck_assert_str_ne(keymap_key_of(keymap, "approve.confirm"), keymap_key_of(keymap, "plan.approve"));
	ck_assert_str_eq(keymap_find(keymap, "approve", K_ENTER)->name, "approve.cancel"); /* Cancel has the focus */
	keymap_free(keymap);
}
END_TEST

START_TEST(hints_are_ordered_and_reachable)
{
	struct keymap *keymap = keymap_new(NULL, NULL);
	const struct command *hints[64];
	size_t count = keymap_hints(keymap, "table", hints, 64);

	ck_assert_uint_gt(count, 5);
	ck_assert_str_eq(hints[0]->name, "table.open");
	ck_assert_str_eq(hints[count - 1]->name, "global.help");
	for (size_t i = 1; i < count; i++)
		ck_assert_int_le(hints[i - 1]->rank, hints[i]->rank);
	count = keymap_hints(keymap, "runs", hints, 64);
	for (size_t i = 0; i < count; i++)
		ck_assert_str_ne(hints[i]->name, "global.undo"); /* runs.undo stands on that key */
	keymap_free(keymap);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, keys_are_read_and_written_alike);
	tcase_add_test(tc, commands_are_ordered_and_in_a_context);
	tcase_add_test(tc, no_key_is_bound_twice_in_a_context);
	tcase_add_test(tc, inner_contexts_come_first_and_typing_keeps_letters);
	tcase_add_test(tc, approving_has_a_key_of_its_own);
	tcase_add_test(tc, hints_are_ordered_and_reachable);
}

TEST_MAIN("tui/keys")
