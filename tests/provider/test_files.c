/* Files edited in place and put back: bytes exact, never through a link, nothing lost when somebody else wrote meanwhile, secrets in no diff. */
#include <fcntl.h>
#include <unistd.h>

#include "check_main.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "estate/act.h"
#include "estate/kind.h"
#include "fleet/tree.h"
#include "provider/files/files.h"

static struct kinds *kinds;
static struct provider *provider;
static struct ref ref;
static struct act_request request;
static struct json *given, *state; /* of the request */

static void release_order(void)
{
	json_free(given);
	json_free(state);
	given = state = NULL;
}

static void set_up(void)
{
	make_root();
	setenv("PILOTHOUSE_HOME", root, 1);
	kinds = kinds_load(NULL, NULL);
	ck_assert_int_eq(files_provider.open(&provider, kinds, NULL, NULL, NULL), 0);
}

static void tear_down(void)
{
	release_order();
	files_provider.close(provider);
	kinds_free(kinds);
	remove_root();
}

static struct json *parsed(const char *text)
{
	struct json *json = json_parse(text, strlen(text), NULL);

	ck_assert_ptr_nonnull(json);
	return json;
}

/* A request as the gate makes one: state observed now. */
static struct act_request *order(const char *name, const char *verb, const char *params)
{
	struct error err = { 0 };

	release_order();
	ref = (struct ref){ .provider = "files", .kind = "files" };
	snprintf(ref.name, sizeof(ref.name), "%s/%s", root, name);
	request = (struct act_request){ .ref = &ref, .kind = kinds_find(kinds, "files"), .params = given = parsed(params) };
	request.verb = kind_verb_find(request.kind, verb);
	ck_assert_msg(!files_provider.act->observe(provider, &request, &state, &err), "%s", err.text);
	request.state = state;
	return &request;
}

static char *content(const char *name, size_t *length)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return file_load(path, 1 << 20, length, NULL);
}

static void expect_content(const char *name, const char *wanted, size_t length)
{
	size_t got;
	char *bytes = content(name, &got);

	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(got, length);
	ck_assert(!memcmp(bytes, wanted, length));
	free(bytes);
}

START_TEST(edit_shows_and_undo_gives_the_bytes_back)
{
	static const char before[] = "import os\r\n\r\nkey = \"hidden-value\"\r\nx = 1\0y\r\nlast";
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };

	write_bytes("a.py", before, sizeof(before) - 1);
	order("a.py", "edit", "{\"edits\":\"[{\\\"offset\\\":0,\\\"length\\\":0,\\\"text\\\":\\\"import json\\\\r\\\\n\\\"},{\\\"offset\\\":19,\\\"length\\\":14,\\\"text\\\":\\\"get()\\\"}]\","
			      "\"hide\":\"[{\\\"offset\\\":20,\\\"length\\\":12}]\"}");
	ck_assert_msg(!files_provider.act->preview(provider, &request, &preview, &err), "%s", err.text);
	ck_assert_str_eq(json_text(json_get(preview.before, "line 3")), "key = \"************\"");
	ck_assert_str_eq(json_text(json_get(preview.after, "line 3")), "key = get()");
	ck_assert_str_eq(json_text(json_get(preview.after, "line 1, new")), "import json");
	ck_assert_uint_eq(json_count(preview.after), 2);
	expect_content("a.py", before, sizeof(before) - 1); /* only looked at */
	ck_assert_msg(!files_provider.act->act(provider, &request, &result, &err), "%s", err.text);
	static const char after[] = "import json\r\nimport os\r\n\r\nkey = get()\r\nx = 1\0y\r\nlast";
	expect_content("a.py", after, sizeof(after) - 1);
	enum act_outcome outcome;
	ck_assert_int_eq(files_provider.act->reconcile(provider, &request, &outcome, &err), 0);
	ck_assert_int_eq(outcome, ACT_DONE);
	char *undo = json_format(json_get(preview.undo, "params"));
	order("a.py", "restore", undo);
	act_result_release(&result);
	ck_assert_msg(!files_provider.act->act(provider, &request, &result, &err), "%s", err.text);
	expect_content("a.py", before, sizeof(before) - 1);
	free(undo);
	act_preview_release(&preview);
	act_result_release(&result);
}
END_TEST

/* A line that becomes three, and the one after it: no line shown takes another's place. */
START_TEST(lines_side_by_side_are_all_shown)
{
	struct act_preview preview;
	struct error err = { 0 };

	write_at("b.py", "a = 1\nb = 2\n");
	order("b.py", "edit", "{\"edits\":\"[{\\\"offset\\\":4,\\\"length\\\":1,\\\"text\\\":\\\"(\\\\n1\\\\n)\\\"},{\\\"offset\\\":10,\\\"length\\\":1,\\\"text\\\":\\\"3\\\"}]\"}");
	ck_assert_msg(!files_provider.act->preview(provider, &request, &preview, &err), "%s", err.text);
	ck_assert_str_eq(json_text(json_get(preview.after, "line 1")), "a = (");
	ck_assert_str_eq(json_text(json_get(preview.after, "line 1, more 1")), "1");
	ck_assert_str_eq(json_text(json_get(preview.after, "line 1, more 2")), ")");
	ck_assert_str_eq(json_text(json_get(preview.after, "line 2")), "b = 3");
	ck_assert_uint_eq(json_count(preview.before), 2);
	act_preview_release(&preview);
}
END_TEST

START_TEST(a_new_file_is_taken_away_again)
{
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };

	order("new.txt", "edit", "{\"edits\":\"[{\\\"offset\\\":0,\\\"length\\\":0,\\\"text\\\":\\\"A=\\\\n\\\"}]\"}");
	ck_assert_int_eq(files_provider.act->preview(provider, &request, &preview, &err), 0);
	ck_assert_int_eq(files_provider.act->act(provider, &request, &result, &err), 0);
	expect_content("new.txt", "A=\n", 3);
	char *undo = json_format(json_get(preview.undo, "params"));
	order("new.txt", "restore", undo);
	act_result_release(&result);
	ck_assert_msg(!files_provider.act->act(provider, &request, &result, &err), "%s", err.text);
	ck_assert_ptr_null(content("new.txt", &(size_t){ 0 }));
	free(undo);
	act_preview_release(&preview);
	act_result_release(&result);
}
END_TEST

START_TEST(what_somebody_else_wrote_is_not_lost)
{
	struct act_preview preview;
	struct act_result result;
	struct error err = { 0 };

	write_at("a.txt", "one\n");
	order("a.txt", "edit", "{\"edits\":\"[{\\\"offset\\\":0,\\\"length\\\":3,\\\"text\\\":\\\"two\\\"}]\"}");
	ck_assert_int_eq(files_provider.act->preview(provider, &request, &preview, &err), 0);
	write_at("a.txt", "one more\n");
	ck_assert_int_eq(files_provider.act->act(provider, &request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	expect_content("a.txt", "one more\n", 9);
	char *undo = json_format(json_get(preview.undo, "params"));
	order("a.txt", "restore", undo);
	ck_assert_int_eq(files_provider.act->act(provider, &request, &result, &err), -1);
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	expect_content("a.txt", "one more\n", 9);
	free(undo);
	act_preview_release(&preview);
}
END_TEST

START_TEST(links_and_wrong_edits_are_refused)
{
	static const char *const wrong[] = { "[{\\\"offset\\\":9,\\\"length\\\":0}]", "[{\\\"offset\\\":0,\\\"length\\\":9}]",
		"[{\\\"offset\\\":2,\\\"length\\\":1},{\\\"offset\\\":1,\\\"length\\\":1}]", "{}", "[" };
	char path[400], params[200];
	struct act_preview preview;
	struct json *none = NULL;
	struct error err = { 0 };

	write_at("real.txt", "one\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(params, sizeof(params), "{\"edits\":\"%s\"}", wrong[i]);
		order("real.txt", "edit", params);
		ck_assert_int_eq(files_provider.act->preview(provider, &request, &preview, &err), -1);
	}
	snprintf(path, sizeof(path), "%s/link.txt", root);
	ck_assert_int_eq(symlink("real.txt", path), 0);
	snprintf(ref.name, sizeof(ref.name), "%s", path);
	ck_assert_int_eq(files_provider.act->observe(provider, &request, &none, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "symbolic link"));
	expect_content("real.txt", "one\n", 4);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, edit_shows_and_undo_gives_the_bytes_back);
	tcase_add_test(tc, lines_side_by_side_are_all_shown);
	tcase_add_test(tc, a_new_file_is_taken_away_again);
	tcase_add_test(tc, what_somebody_else_wrote_is_not_lost);
	tcase_add_test(tc, links_and_wrong_edits_are_refused);
}

TEST_MAIN("provider/files")
