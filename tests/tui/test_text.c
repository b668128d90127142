/* What the panes are made of, without a terminal: scroller, plan, run, conversation, log ring, readline's line. */
#include "check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "gate/plan.h"
#include "tui/chat/next.h"
#include "tui/chat/text.h"
#include "tui/pane.h"
#include "tui/screen/format.h"
#include "tui/screen/keys.h"
#include "tui/screen/line_edit.h"
#include "tui/text/log_ring.h"
#include "tui/text/plan_text.h"
#include "tui/text/run_text.h"
#include "tui/text/text_view.h"
#include "tui/views/list_view.h"

static char dumped[65536];

static const char *dump(const struct text_view *view)
{
	struct text out;

	text_init(&out, sizeof(dumped));
	text_view_dump(view, &out);
	snprintf(dumped, sizeof(dumped), "%s", out.data);
	text_release(&out);
	return dumped;
}

static void has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "\"%s\" is in\n%s", part, text);
}

/* --- cuts --- */

START_TEST(what_is_cut_says_how_much_of_it_is_there)
{
	char text[512], out[512];
	size_t length = 0;

	text[length++] = 'a';
	for (int i = 0; i < 200; i++) {
		memcpy(text + length, "\u0301", 2); /* above the letter: two bytes, no column */
		length += 2;
	}
	snprintf(text + length, sizeof(text) - length, "%060d", 0);
	length = strlen(text);
	ck_assert_uint_eq(format_cut(text, length, 60, 10, out, sizeof(out)), strlen(out));
	has(out, screen_glyph(GLYPH_ELLIPSIS));
	ck_assert_uint_eq(format_cut(text, length, 60, 10, out, 100), 99);
	ck_assert_uint_eq(format_cut(text, length, 100, 10, out, 100), 99);
	ck_assert_uint_eq(strlen(out), 99);
}
END_TEST

/* --- scroller --- */

START_TEST(words_wrap_and_lose_nothing)
{
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	text_view_field(&view, "Label", 8, 20, STYLE_TEXT, "one two three four abcdefghijklmnopqrstuvwxyz");
	const char *text = dump(&view);

	has(text, "Label   one two");
	has(text, "\n        ");
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		ck_assert_uint_le(strcspn(line, "\n"), 20);
	char joined[256];
	size_t length = 0;

	for (const char *at = text; *at && length + 1 < sizeof(joined); at++)
		if (*at > ' ')
			joined[length++] = *at;
	joined[length] = 0;
	ck_assert_str_eq(joined, "Labelonetwothreefourabcdefghijklmnopqrstuvwxyz");
	text_view_release(&view);
}
END_TEST

START_TEST(hostile_text_is_harmless_in_lines)
{
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	text_view_line(&view, STYLE_BOLD, "a\033[31mb\x02" "Cc\u202e");
	const char *text = dump(&view);

	for (const char *at = text; *at; at++)
		ck_assert(*at == '\n' || (unsigned char)*at >= 32);
	has_not(text, "\u202e");
	text_view_release(&view);
}
END_TEST

START_TEST(a_ring_drops_the_oldest_and_counts)
{
	struct text_view view;
	char line[32];

	text_view_init(&view, 2000, 1);
	for (int i = 0; i < 500; i++) {
		snprintf(line, sizeof(line), "line %d", i);
		text_view_line(&view, STYLE_TEXT, line);
	}
	ck_assert_uint_le(view.bytes, 2000);
	ck_assert_uint_eq(view.dropped + view.count, 500);
	const char *text = dump(&view);

	has(text, "line 499\n");
	has_not(text, "line 0\n");
	has(text, "older lines were dropped");
	text_view_release(&view);
}
END_TEST

START_TEST(what_is_no_ring_says_that_it_was_cut)
{
	struct text_view view;

	text_view_init(&view, 300, 0);
	for (int i = 0; i < 50; i++)
		text_view_line(&view, STYLE_TEXT, "0123456789");
	ck_assert_int_eq(view.cut, 1);
	ck_assert_uint_lt(view.count, 50);
	has(dump(&view), "[cut here]");
	text_view_release(&view);
}
END_TEST

START_TEST(search_goes_round_and_says_when_there_is_none)
{
	struct text_view view;
	struct pane pane = { 0 };

	text_view_init(&view, 1 << 16, 0);
	view.with_cursor = 1;
	view.rows = 3;
	view.columns = 40;
	for (int i = 0; i < 10; i++)
		text_view_line(&view, STYLE_TEXT, i == 4 || i == 7 ? "a Needle here" : "hay");
	text_view_command(&view, &pane, command_find("text.search"));
	ck_assert_str_eq(pane.mode, "line");
	for (const char *at = "needle"; *at; at++)
		text_view_key(&view, &pane, *at);
	ck_assert_uint_eq(view.cursor, 4);
	pane.mode = NULL;
	text_view_command(&view, &pane, command_find("text.next"));
	ck_assert_uint_eq(view.cursor, 7);
	text_view_command(&view, &pane, command_find("text.next"));
	ck_assert_uint_eq(view.cursor, 4);
	text_view_command(&view, &pane, command_find("text.previous"));
	ck_assert_uint_eq(view.cursor, 7);
	input_set(&view.search, "nowhere");
	text_view_command(&view, &pane, command_find("text.next"));
	ck_assert_int_eq(view.missed, 1);
	ck_assert_uint_eq(view.cursor, 7);
	text_view_release(&view);
}
END_TEST

/* --- list --- */

START_TEST(a_list_keeps_its_cursor_and_filters)
{
	static const struct list_column columns[] = { { .name = "NAME" }, { .name = "STATE", .max = 10 } };
	struct list_view list;
	struct pane pane = { 0 };
	char name[16];

	list_view_init(&list, columns, 2, "none");
	for (int round = 0; round < 2; round++) {
		list_view_begin(&list);
		for (int i = round; i < 5 + round; i++) {
			snprintf(name, sizeof(name), "row%d", i);
			list_row_set(list_view_add(&list, name, (size_t)i), 0, STYLE_TEXT, name);
		}
		list_view_end(&list);
		if (!round)
			list.cursor = 3;
	}
	ck_assert_str_eq(list_view_at_cursor(&list)->id, "row3");
	list_view_command(&list, &pane, command_find("table.filter"));
	list_view_key(&list, &pane, '!');
	list_view_key(&list, &pane, '4');
	ck_assert_uint_eq(list.shown_count, 4);
	list_view_command(&list, &pane, command_find("dialog.cancel"));
	ck_assert_uint_eq(list.shown_count, 5);
	list_view_release(&list);
}
END_TEST

/* --- plan --- */

static struct plan *sample_plan(const char *scope)
{
	struct plan *plan = plan_new();
	struct plan_step *step = plan_add(plan);

	plan->summary = "scale web to 6";
	plan->asked_by = "ana";
	plan->expires_ns = clock_now_ns() + 600 * CLOCK_SECOND_NS;
	step->id = "scale";
	step->action = "kubernetes.scale";
	step->verb = "scale";
	step->risk = RISK_WRITE;
	step->scope = scope;
	step->decision = DECIDE_APPROVE;
	step->rule = "needs-two (policies/x.yaml:9)";
	step->approver = "role:sre";
	step->approvals_needed = 2;
	step->before = json_parse("{\"replicas\":4,\"image\":\"v1\"}", 27, NULL);
	step->after = json_parse("{\"replicas\":6,\"image\":\"v1\"}", 27, NULL);
	step->undo_text = "cannot be undone: there is no inverse";
	snprintf(step->ref.kind, sizeof(step->ref.kind), "deployments");
	snprintf(step->ref.name, sizeof(step->ref.name), "web");
	return plan;
}

START_TEST(a_plan_says_all_a_person_must_know)
{
	struct text_view view;
	struct plan *plan = sample_plan("prod");

	text_view_init(&view, 1 << 16, 0);
	plan_text(&view, plan, "dba", 76);
	const char *text = dump(&view);

	has(text, "- replicas: 4");
	has(text, "+ replicas: 6");
	has(text, "  image: v1");
	has(text, "cannot be undone: there is no inverse");
	has(text, "needs-two (policies/x.yaml:9)");
	has(text, "2 approvals by role:sre");
	has(text, "you: role dba");
	has(text, "time unknown, cost unknown");
	has(text, "nothing else that is known");
	ck_assert_int_eq(plan_is_protected(plan), 1);
	ck_assert_str_eq(plan_main_write(plan)->ref.name, "web");
	text_view_release(&view);
	plan_free(plan);
}
END_TEST

START_TEST(the_protected_write_names_the_plan)
{
	struct plan *plan = sample_plan("dev");

	ck_assert_int_eq(plan_is_protected(plan), 0);
	struct plan_step *second = plan_add(plan);

	second->risk = RISK_DELETE;
	second->scope = "prod";
	snprintf(second->ref.name, sizeof(second->ref.name), "db");
	ck_assert_int_eq(plan_is_protected(plan), 1);
	ck_assert_str_eq(plan_main_write(plan)->ref.name, "db");
	struct plan_step *read = plan_add(plan);

	read->scope = "prod";
	char risk[64];

	plan_risk_text(plan, risk, sizeof(risk));
	ck_assert_str_eq(risk, "delete, 2 of 3 steps");
	plan_free(plan);
}
END_TEST

START_TEST(drift_shows_only_what_differs)
{
	static const char text[] = "{\"was\":{\"a\":1,\"b\":2},\"is\":{\"a\":1,\"b\":3,\"c\":4}}";
	struct json *drift = json_parse(text, sizeof(text) - 1, NULL);
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	plan_text_drift(&view, drift, 70);
	const char *shown = dump(&view);

	has(shown, "- b: 2");
	has(shown, "+ b: 3");
	has(shown, "+ c: 4");
	has_not(shown, "a: 1");
	text_view_release(&view);
	json_free(drift);
}
END_TEST

/* --- runs --- */

START_TEST(an_unknown_outcome_says_what_to_do)
{
	static const char text[] = "{\"run_id\":\"r1\",\"status\":\"unknown\",\"steps\":[{\"id\":\"s\",\"status\":\"unknown\",\"error\":\"timed out\"}]}";
	struct json *run = json_parse(text, sizeof(text) - 1, NULL);
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	run_text(&view, run, 70);
	const char *shown = dump(&view);

	has(shown, "outcome unknown");
	has(shown, "r asks the source what happened");
	has(shown, "timed out");
	has(shown, "nothing of it can be undone");
	ck_assert_int_eq(run_can_undo(run), 0);
	text_view_release(&view);
	json_free(run);
}
END_TEST

/* A drain that was cancelled: known, and not unknown. */
START_TEST(a_part_that_was_done_can_be_undone)
{
	static const char text[] = "{\"run_id\":\"r1\",\"status\":\"cancelled\",\"steps\":[{\"id\":\"drain\",\"status\":\"partial\",\"undo\":{\"verb\":\"uncordon\"},"
				   "\"error\":\"cancelled after 1 evictions\"}]}";
	struct json *run = json_parse(text, sizeof(text) - 1, NULL);
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	run_text(&view, run, 70);
	const char *shown = dump(&view);

	has(shown, "cancelled after 1 evictions");
	has_not(shown, "outcome unknown");
	has_not(shown, "nothing of it can be undone");
	ck_assert_int_eq(run_can_undo(run), 1);
	ck_assert_str_ne(run_glyph("partial"), run_glyph("unknown"));
	text_view_release(&view);
	json_free(run);
}
END_TEST

START_TEST(only_a_done_step_with_an_inverse_can_be_undone)
{
	static const struct {
		const char *run;
		int can;
	} rows[] = {
		{ "{\"status\":\"done\",\"steps\":[{\"status\":\"done\",\"undo\":{\"verb\":\"x\"}}]}", 1 },
		{ "{\"status\":\"failed\",\"steps\":[{\"status\":\"done\",\"undo\":{\"verb\":\"x\"}},{\"status\":\"failed\"}]}", 1 },
		{ "{\"status\":\"done\",\"steps\":[{\"status\":\"done\",\"undo\":null}]}", 0 },
		{ "{\"status\":\"failed\",\"steps\":[{\"status\":\"failed\",\"undo\":{\"verb\":\"x\"}}]}", 0 },
		{ "{\"status\":\"rolled_back\",\"steps\":[{\"status\":\"done\",\"undo\":{\"verb\":\"x\"}}]}", 0 },
		{ "{\"status\":\"running\",\"steps\":[{\"status\":\"done\",\"undo\":{\"verb\":\"x\"}}]}", 0 },
	};
	char text[32];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct json *run = json_parse(rows[i].run, strlen(rows[i].run), NULL);

		ck_assert_msg(run_can_undo(run) == rows[i].can, "%s", rows[i].run);
		json_free(run);
	}
	run_elapsed(3200000000, text, sizeof(text));
	ck_assert_str_eq(text, "3.2 s");
	run_elapsed(64 * CLOCK_SECOND_NS, text, sizeof(text));
	ck_assert_str_eq(text, "1 min 4 s");
	run_elapsed(-1, text, sizeof(text));
	ck_assert_str_eq(text, "unknown");
}
END_TEST

/* --- conversation --- */

static const char answered[] =
	"{\"words\":\"why is web slow\",\"stage\":\"done\",\"elapsed_ms\":1800,\"intent\":{\"intent_type\":\"investigate\",\"target\":{\"resource_type\":\"kubernetes\","
	"\"scope\":\"prod\",\"filters\":{\"name\":\"web\"}},\"confidence\":0.97},\"steps\":[{\"id\":\"a\",\"status\":\"done\"},{\"id\":\"b\",\"status\":\"failed\"}],"
	"\"report\":{\"findings\":[{\"rank\":1,\"class\":\"load_spike\",\"target\":\"kubernetes:c/pods/n/web\",\"weight\":0.7,\"cites\":[\"e1\"]}],"
	"\"summary\":[{\"text\":\"Load rose.\",\"cites\":[\"e1\"]},{\"text\":\"It is said.\",\"cites\":[]}],"
	"\"evidence\":[{\"id\":\"e1\",\"summary\":\"top\"}]},\"next\":[\"scale\"]}";

START_TEST(an_answer_cites_and_each_cite_can_be_opened)
{
	struct json *turn = json_parse(answered, sizeof(answered) - 1, NULL);
	struct chat_links links = { .marked = -1 };
	struct text_view view;

	ck_assert_ptr_nonnull(turn);
	text_view_init(&view, 1 << 16, 0);
	chat_text_turn(&view, turn, 3, &links, 78);
	const char *shown = dump(&view);

	has(shown, "investigate kubernetes, prod, name web");
	has(shown, "confidence 0.97");
	has(shown, "2 read steps");
	has(shown, "Load rose. [e1]");
	has(shown, "It is said. [no evidence]");
	has(shown, "load_spike");
	ck_assert_uint_eq(links.count, 4); /* target, its cite, the sentence's cite, what one would do next */
	ck_assert_str_eq(links.links[3].id, "scale");
	ck_assert(chat_next_has(turn, "scale") && !chat_next_has(turn, "sca"));
	ck_assert_uint_eq(links.links[2].turn, 3);
	ck_assert_str_eq(links.links[2].id, "e1");
	ck_assert_ptr_nonnull(chat_evidence(turn, "e1"));
	ck_assert_ptr_null(chat_evidence(turn, "e9"));
	free(links.links);
	text_view_release(&view);
	json_free(turn);
}
END_TEST

START_TEST(citations_take_room_on_their_own_line_only)
{
	static const char text[] = "{\"words\":\"hm\",\"stage\":\"done\",\"report\":{\"summary\":["
				   "{\"text\":\"twelve words fill the whole of the first line, and then some go on\",\"cites\":[\"e1\",\"e2\",\"e3\"]}]}}";
	struct json *turn = json_parse(text, sizeof(text) - 1, NULL);
	struct chat_links links = { .marked = -1 };
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	chat_text_turn(&view, turn, 0, &links, 50);
	has(dump(&view), "  twelve words fill the whole of the first line,\n  and then some go on [e1] [e2] [e3]\n");
	text_view_clear(&view);
	links.count = 0;
	chat_text_turn(&view, turn, 0, &links, 28);
	has(dump(&view), "  and then some go on [e1]\n  [e2] [e3]\n");
	text_view_clear(&view);
	links.count = 0;
	chat_text_turn(&view, turn, 0, &links, 70);
	has(dump(&view), "and then some go on\n  [e1] [e2] [e3]\n");
	free(links.links);
	text_view_release(&view);
	json_free(turn);
}
END_TEST

START_TEST(below_the_threshold_the_question_comes_back)
{
	static const char text[] = "{\"words\":\"hm\",\"stage\":\"done\",\"answer\":{\"class\":\"reject\",\"question\":\"Which service?\",\"confidence\":0.4},\"intent\":null}";
	struct json *turn = json_parse(text, sizeof(text) - 1, NULL);
	struct chat_links links = { .marked = -1 };
	struct text_view view;

	text_view_init(&view, 1 << 16, 0);
	chat_text_turn(&view, turn, 0, &links, 78);
	has(dump(&view), "Which service?");
	has(dump(&view), "nothing was looked at or changed; confidence 0.40");
	ck_assert_uint_eq(links.count, 0);
	text_view_release(&view);
	json_free(turn);
}
END_TEST

START_TEST(a_pod_is_acted_on_by_its_workload)
{
	static const struct {
		const char *kind, *name, *workload;
	} rows[] = {
		{ "pods", "web-7d9f5c4b6d-x2k4p", "web" },
		{ "pods", "my-api-zdfrhm969d-9dnzk", "my-api" },
		{ "pods", "kube-proxy-x2k4p", "kube-proxy" },
		{ "pods", "db-2", "db" },
		{ "pods", "lonely", "lonely" },
		{ "pods", "job-Upper", "job-Upper" },
		{ "nodes", "node-099", "node-099" },
	};
	char out[254];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		chat_workload(rows[i].kind, rows[i].name, out, sizeof(out));
		ck_assert_str_eq(out, rows[i].workload);
	}
}
END_TEST

/* --- the line --- */

static void count_lines(void *arg, const char *line)
{
	(void)line;
	++*(size_t *)arg;
}

/* Two lines that share readline, typed, moved in their history, left and filled by others: what it frees twice, a sanitizer and libc see. */
START_TEST(a_line_survives_whatever_is_typed)
{
	static const int special[] = { K_UP, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_ENTER, K_BACKSPACE, K_DELETE, K_CTRL | 'u', K_CTRL | 'w', K_CTRL | 'k',
		K_CTRL | 'y', K_CTRL | 'r', K_CTRL | 't', K_CTRL | '_', K_ALT | 'p', K_ALT | 'n', K_ALT | 'r', K_ALT | '.', K_ALT | '<', K_ALT | '>' };
	size_t lines = 0, at = 0;
	struct line_edit *edits[] = { line_edit_new(count_lines, &lines), line_edit_new(count_lines, &lines) };
	unsigned random = 1;

	for (int i = 0; i < 30000; i++) {
		random = random * 1103515245u + 12345u; /* ISO C's example */
		unsigned dice = random >> 16;

		if (dice % 61 == 0)
			line_edit_focus(edits[at = !at]);
		if (dice % 89 == 0)
			line_edit_set(edits[at], "some words");
		line_edit_key(edits[at], dice % 10 < 5 ? special[dice / 10 % (sizeof(special) / sizeof(*special))] : 'a' + (int)(dice / 10 % 26));
	}
	line_edit_set(edits[0], "kept while the other is typed in");
	line_edit_focus(edits[1]);
	ck_assert_str_eq(line_edit_text(edits[0]), "kept while the other is typed in");
	line_edit_focus(edits[0]);
	ck_assert_str_eq(line_edit_text(edits[0]), "kept while the other is typed in");
	ck_assert_uint_gt(lines, 100);
	line_edit_free(edits[0]);
	line_edit_free(edits[1]);
}
END_TEST

/* --- log ring --- */

static void count_line(void *arg, const struct log_line *line)
{
	ck_assert_str_eq(line->source, "web");
	++*(size_t *)arg;
}

static void join_line(void *arg, const struct log_line *line)
{
	text_format(arg, "%s:%s ", line->source, line->text);
}

START_TEST(logs_of_several_are_put_in_order_of_time)
{
	struct log_ring *ring = log_ring_new(4096);
	struct text all;

	text_init(&all, 1024);
	log_ring_add(ring, 20, "a", "one", 3);
	log_ring_add(ring, 0, "a", "its next line", 13);
	log_ring_add(ring, 40, "a", "three", 5);
	log_ring_add(ring, 10, "b", "zero", 4);
	log_ring_add(ring, 20, "b", "two", 3);
	ck_assert_int_eq(log_ring_newest(ring), 20);
	log_ring_sort(ring);
	log_ring_each(ring, join_line, &all);
	ck_assert_str_eq(all.data, "b:zero a:one a:its next line b:two a:three ");
	ck_assert_int_eq(log_ring_newest(ring), 40);
	text_release(&all);
	log_ring_free(ring);
}
END_TEST

START_TEST(a_log_ring_stays_within_its_bytes)
{
	struct log_ring *ring = log_ring_new(4096);
	size_t count = 0;

	for (int i = 0; i < 20000; i++)
		log_ring_add(ring, i, "web", "some line \033[1m of text", 22);
	ck_assert_uint_le(log_ring_bytes(ring), 4096);
	ck_assert_uint_eq(log_ring_count(ring) + log_ring_dropped(ring), 20000);
	log_ring_each(ring, count_line, &count);
	ck_assert_uint_eq(count, log_ring_count(ring));
	log_ring_free(ring);
}
END_TEST

START_TEST(errors_are_words)
{
	ck_assert_int_eq(log_line_is_error("12:00 ERROR no route"), 1);
	ck_assert_int_eq(log_line_is_error("level=error msg=x"), 1);
	ck_assert_int_eq(log_line_is_error("Traceback (most recent call last):"), 1);
	ck_assert_int_eq(log_line_is_error("terror in the errorless mirror"), 0);
	ck_assert_int_eq(log_line_is_error("0 failures_total"), 0);
	ck_assert_int_eq(log_line_is_error(""), 0);
}
END_TEST

/* --- readline's line --- */

static char said[256];

static void on_line(void *arg, const char *line)
{
	(void)arg;
	snprintf(said, sizeof(said), "%s", line);
}

static void type(struct line_edit *edit, const char *text)
{
	for (; *text; text++)
		line_edit_key(edit, *text);
}

START_TEST(readline_edits_without_a_terminal)
{
	struct line_edit *edit = line_edit_new(on_line, NULL), *other = line_edit_new(on_line, NULL);

	type(edit, "why is web slow");
	line_edit_key(edit, K_CTRL | 'a');
	type(edit, "so ");
	ck_assert_str_eq(line_edit_text(edit), "so why is web slow");
	type(other, "another");
	ck_assert_str_eq(line_edit_text(edit), "so why is web slow");
	ck_assert_str_eq(line_edit_text(other), "another");
	line_edit_key(edit, K_CTRL | 'e');
	line_edit_key(edit, K_CTRL | 'w');
	line_edit_key(edit, 0xe9);
	ck_assert_str_eq(line_edit_text(edit), "so why is web \u00e9");
	line_edit_key(edit, K_ENTER);
	ck_assert_str_eq(said, "so why is web \u00e9");
	ck_assert_str_eq(line_edit_text(edit), "");
	line_edit_key(edit, K_UP);
	ck_assert_str_eq(line_edit_text(edit), "so why is web \u00e9");
	line_edit_free(other);
	line_edit_free(edit);
}
END_TEST

START_TEST(a_search_ends_where_a_sequence_begins_and_a_line_stays_short)
{
	static const int begins[] = { K_CTRL | 'x', K_ALT | 'f', K_DOWN };
	struct line_edit *edit = line_edit_new(on_line, NULL);

	type(edit, "why is web slow");
	line_edit_key(edit, K_ENTER);
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++) {
		line_edit_key(edit, K_CTRL | 'r');
		type(edit, "web");
		ck_assert_str_eq(line_edit_text(edit), "why is web slow");
		line_edit_key(edit, begins[i]);
		type(edit, "zz");
		line_edit_set(edit, "");
	}
	line_edit_key(edit, K_ALT | '9');
	type(edit, "99999a");
	ck_assert_uint_le(strlen(line_edit_text(edit)), 4000);
	line_edit_set(edit, "");
	type(edit, "free again");
	ck_assert_str_eq(line_edit_text(edit), "free again");
	line_edit_free(edit);
}
END_TEST

START_TEST(keys_become_what_a_terminal_sends)
{
	char bytes[8];

	ck_assert_uint_eq(line_edit_bytes(K_CTRL | 'a', bytes), 1);
	ck_assert_int_eq(bytes[0], 1);
	ck_assert_uint_eq(line_edit_bytes(K_ALT | 'f', bytes), 2);
	ck_assert_int_eq(bytes[0], 27);
	ck_assert_uint_eq(line_edit_bytes(0x20ac, bytes), 3);
	ck_assert_uint_eq(line_edit_bytes(K_LEFT, bytes), 3);
	ck_assert_uint_eq(line_edit_bytes(K_MOUSE, bytes), 0);
	ck_assert_uint_eq(line_edit_bytes(-1, bytes), 0);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, what_is_cut_says_how_much_of_it_is_there);
	tcase_add_test(tests, words_wrap_and_lose_nothing);
	tcase_add_test(tests, hostile_text_is_harmless_in_lines);
	tcase_add_test(tests, a_ring_drops_the_oldest_and_counts);
	tcase_add_test(tests, what_is_no_ring_says_that_it_was_cut);
	tcase_add_test(tests, search_goes_round_and_says_when_there_is_none);
	tcase_add_test(tests, a_list_keeps_its_cursor_and_filters);
	tcase_add_test(tests, a_plan_says_all_a_person_must_know);
	tcase_add_test(tests, the_protected_write_names_the_plan);
	tcase_add_test(tests, drift_shows_only_what_differs);
	tcase_add_test(tests, an_unknown_outcome_says_what_to_do);
	tcase_add_test(tests, a_part_that_was_done_can_be_undone);
	tcase_add_test(tests, only_a_done_step_with_an_inverse_can_be_undone);
	tcase_add_test(tests, an_answer_cites_and_each_cite_can_be_opened);
	tcase_add_test(tests, citations_take_room_on_their_own_line_only);
	tcase_add_test(tests, below_the_threshold_the_question_comes_back);
	tcase_add_test(tests, a_line_survives_whatever_is_typed);
	tcase_add_test(tests, a_pod_is_acted_on_by_its_workload);
	tcase_add_test(tests, a_log_ring_stays_within_its_bytes);
	tcase_add_test(tests, logs_of_several_are_put_in_order_of_time);
	tcase_add_test(tests, errors_are_words);
	tcase_add_test(tests, readline_edits_without_a_terminal);
	tcase_add_test(tests, a_search_ends_where_a_sequence_begins_and_a_line_stays_short);
	tcase_add_test(tests, keys_become_what_a_terminal_sends);
}

TEST_MAIN("tui/text")
