/* Tables of the server: read from bytes, turned into cells. */
#include "check_main.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "estate/kind.h"
#include "provider/kubernetes/rows.h"
#include "provider/kubernetes/table_json.h"

#define COLUMNS                                                                                    \
	"\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\",\"priority\":0},"           \
	"{\"name\":\"Ready\",\"type\":\"string\"},{\"name\":\"Status\",\"type\":\"string\"},"      \
	"{\"name\":\"Restarts\",\"type\":\"string\"},{\"name\":\"Age\",\"type\":\"string\"},"      \
	"{\"name\":\"Node\",\"type\":\"string\",\"priority\":1}]"

static const char page[] =
	"{\"kind\":\"Table\",\"apiVersion\":\"meta.k8s.io/"
	"v1\",\"metadata\":{\"resourceVersion\":\"316\","
	"\"continue\":\"abc\",\"remainingItemCount\":7}," COLUMNS
	",\"rows\":[{\"cells\":[\"api-1\",\"0/2\",\"CrashLoopBackOff\",\"8 (4m "
	"ago)\",\"2d4h\",\"\\u003cnone\\u003e\"],"
	"\"object\":null},{\"cells\":[\"caf\\u00e9 "
	"\\ud83d\\ude00\",\"1/1\",null,0,\"<unknown>\",\"n\\\"1\"],"
	"\"object\":{\"kind\":\"PartialObjectMetadata\",\"metadata\":{\"name\":\"api-2\","
	"\"namespace\":\"pay\","
	"\"uid\":\"u-2\",\"creationTimestamp\":\"2026-11-21T09:56:40Z\",\"labels\":{\"app\":"
	"\"api\",\"x\":\"\"},"
	"\"managedFields\":[{\"manager\":\"old\",\"time\":\"2026-01-01T00:00:00Z\"},"
	"{\"manager\":\"kubectl\",\"time\":\"2026-02-01T00:00:00Z\"},{\"manager\":\"older\","
	"\"time\":\"2025-01-01T00:00:00Z\"}]}}}]}";

static struct kinds *kinds;

static void load(void)
{
	struct json *problems = json_array();
	struct error err = { 0 };

	kinds = kinds_load(problems, &err);
	ck_assert_msg(kinds != NULL, "%s", err.text);
	for (const struct json *p = json_first(problems); p; p = json_next(p)) {
		const char *file = json_text_or(json_get(p, "file"), "?");

		ck_assert_msg(!strstr(file, "kinds/kubernetes"), "%s:%d: %s", file,
			(int)json_int(json_get(p, "line"), 0),
			json_text_or(json_get(p, "message"), "?"));
	}
	json_free(problems);
}

static void unload(void)
{
	kinds_free(kinds);
}

START_TEST(page_is_read_row_by_row)
{
	struct table_head head;
	struct table_row row;
	struct error err = { 0 };

	ck_assert_int_eq(table_json_open(page, sizeof(page) - 1, &head, &err), 0);
	ck_assert_str_eq(head.kind, "Table");
	ck_assert_str_eq(head.resource_version, "316");
	ck_assert_uint_eq(head.token_length, 3);
	ck_assert_int_eq(head.remaining, 7);
	ck_assert_uint_eq(head.column_count, 6);
	ck_assert_int_eq(head.columns[5].priority, 1);
	table_row_init(&row);
	ck_assert_int_eq(table_json_next(&head, &row, &err), 1);
	ck_assert_uint_eq(row.count, 6);
	ck_assert_str_eq(row.cells[2], "CrashLoopBackOff");
	ck_assert_str_eq(row.cells[5], "<none>");
	ck_assert_uint_eq(row.object_length, 0);
	ck_assert_int_eq(table_json_next(&head, &row, &err), 1);
	ck_assert_str_eq(row.cells[0], "caf\xc3\xa9 \xf0\x9f\x98\x80");
	ck_assert_str_eq(row.cells[2], "");
	ck_assert_str_eq(row.cells[3], "0");
	ck_assert_str_eq(row.cells[5], "n\"1");
	ck_assert_str_eq(row.namespace_, "pay");
	ck_assert_str_eq(row.labels, "app=api,x=");
	ck_assert_str_eq(row.manager, "kubectl");
	ck_assert_int_eq(table_json_next(&head, &row, &err), 0);
	table_row_release(&row);
}
END_TEST

/* Every prefix of a page is a broken answer: an error, never a row too many, a hang or a read past
 * the end. */
START_TEST(cut_page_is_an_error)
{
	for (size_t length = 0; length < sizeof(page) - 1; length++) {
		char *copy = malloc(length + 1);
		struct table_head head;
		struct error err = { 0 };

		memcpy(copy, page, length);
		copy[length] = '\0';
		ck_assert_int_eq(table_json_open(copy, length, &head, &err), -1);
		ck_assert_int_eq(err.code, ERR_FORMAT);
		free(copy);
	}
}
END_TEST

START_TEST(hostile_bytes_are_errors)
{
	static const char *const bad[] = { "", "null", "[]", "{\"rows\":}", "{\"rows\":[{]}",
		"{\"a\" 1}", "{\"rows\":[", "{,}", "{\"a\":1}x" };
	struct table_head head;
	struct table_row row;
	struct error err = { 0 };
	char deep[20000];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		int failed = table_json_open(bad[i], strlen(bad[i]), &head, &err);

		table_row_init(&row);
		ck_assert_msg(failed || table_json_next(&head, &row, &err) < 0, "%s", bad[i]);
		table_row_release(&row);
	}
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"a\":", 5);
	ck_assert_int_eq(table_json_open(deep, sizeof(deep), &head, &err), -1);
	memset(deep + 5, '\0',
		sizeof(deep) - 5); /* NUL bytes must not stop the scan in its place */
	deep[5] = '[';
	ck_assert_int_eq(table_json_open(deep, sizeof(deep), &head, &err), -1);
}
END_TEST

START_TEST(event_is_split)
{
	static const char line[] =
		"{\"type\":\"DELETED\",\"object\":{\"kind\":\"Table\",\"rows\":null}}";
	static const char cut[] = "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Ta";
	struct error err = { 0 };
	const char *object;
	size_t length;
	char type[16];

	ck_assert_int_eq(table_json_event(line, strlen(line), type, &object, &length, &err), 0);
	ck_assert_str_eq(type, "DELETED");
	ck_assert_uint_eq(length, strlen("{\"kind\":\"Table\",\"rows\":null}"));
	ck_assert_int_eq(table_json_event(cut, strlen(cut), type, &object, &length, &err), -1);
}
END_TEST

static const char *cell(const struct rows *rows, const char *column)
{
	static char text[256];
	int i = kind_column_find(rows->kind, column);

	ck_assert_msg(i >= 0, "no column %s", column);
	snprintf(text, sizeof(text), "%.*s", (int)rows->lengths[i], rows->cells[i]);
	return text;
}

START_TEST(rows_become_cells)
{
	struct table_head head;
	struct table_row row;
	struct error err = { 0 };
	struct rows *rows = calloc(1, sizeof(*rows));
	int64_t now;

	ck_assert_int_eq(clock_parse("2026-11-21T12:00:00Z", &now), 0);
	table_row_init(&row);
	ck_assert_int_eq(table_json_open(page, sizeof(page) - 1, &head, &err), 0);
	rows_init(rows, kinds_find(kinds, "pods"), "prod/eu");
	rows_learn(rows, &head);
	ck_assert_int_eq(table_json_next(&head, &row, &err), 1);
	ck_assert_int_eq(rows_fill(rows, &row, "shop", now), 0);
	ck_assert_str_eq(cell(rows, "id"), "kubernetes:prod%2Feu/pods/shop/api-1");
	ck_assert_str_eq(cell(rows, "NAMESPACE"), "shop");
	ck_assert_str_eq(cell(rows, "RESTARTS"), "8");
	ck_assert_str_eq(cell(rows, "RESTARTED"), "2026-11-21T11:56:00Z");
	ck_assert_str_eq(cell(rows, "AGE"), "2026-11-19T08:00:00Z");
	ck_assert_str_eq(cell(rows, "NODE"), "");
	ck_assert_str_eq(cell(rows, "missing"), "2");
	ck_assert_int_eq(table_json_next(&head, &row, &err), 1);
	ck_assert_int_eq(rows_fill(rows, &row, "shop", now), 0);
	ck_assert_str_eq(cell(rows, "id"), "kubernetes:prod%2Feu/pods/pay/api-2");
	ck_assert_str_eq(cell(rows, "AGE"), "2026-11-21T09:56:40Z");
	table_row_release(&row);
	free(rows);
}
END_TEST

START_TEST(server_texts_are_numbers)
{
	ck_assert_int_eq(rows_parse_duration("7m22s", 5), 442);
	ck_assert_int_eq(rows_parse_duration("3y10d", 5), (3 * 365 + 10) * 86400);
	ck_assert_int_eq(rows_parse_duration("<unknown>", 9), -1);
	ck_assert_int_eq(rows_parse_duration("5", 1), -1);
	ck_assert_double_eq(rows_parse_quantity("1500m"), 1.5);
	ck_assert_double_eq(rows_parse_quantity("128Gi"), 128.0 * 1024 * 1024 * 1024);
	ck_assert(rows_parse_quantity("fast") != rows_parse_quantity("fast")); /* NAN */
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, load, unload);
	tcase_add_test(tc, page_is_read_row_by_row);
	tcase_add_test(tc, cut_page_is_an_error);
	tcase_add_test(tc, hostile_bytes_are_errors);
	tcase_add_test(tc, event_is_split);
	tcase_add_test(tc, rows_become_cells);
	tcase_add_test(tc, server_texts_are_numbers);
}

TEST_MAIN("provider/kube_table")
