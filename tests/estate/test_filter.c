#include "sample.h"

#include "base/clock.h"
#include "check_main.h"
#include "estate/filter.h"
#include "estate/filter_node.h"

static struct kinds *kinds;
static const struct kind *pods;
static struct snapshot *rows;

static void set_up(void)
{
	struct table *table;
	char age[CLOCK_RFC3339_MAX], line[200];

	kinds = sample_kinds();
	pods = kinds_find(kinds, "pods");
	table = table_new(pods);
	clock_format(clock_now_ns() - 3600 * CLOCK_SECOND_NS, age);
	snprintf(line, sizeof(line), "shop|cart-1|Running|0|12.5|1073741824|%s", age);
	sample_put(table, pods, line);
	sample_put(table, pods, "shop|cart-2|CrashLoopBackOff|8 (2m ago)||524288000|");
	sample_put(table, pods, "pay|Checkout-x|Error|3|95|5|");
	rows = table_snapshot(table);
	table_free(table);
}

static void tear_down(void)
{
	snapshot_unref(rows);
	kinds_free(kinds);
}

static const struct {
	const char *text;
	int rows; /* bits: which match; -1: an error */
} cases[] = {
	{ "cart", 3 },
	{ "CART running", 1 },
	{ "cart !running", 2 },
	{ "!cart", 4 },
	{ "fake:one", 0 }, /* the id is hidden */
	{ "shop\x1f", 3 }, /* a control character is a blank */
	{ "restarts >= 0 \"shop\x1f" "cart\"", 0 },
	{ "critical", 0 },
	{ "restarts > 5", 2 },
	{ "restarts>=3 and restarts<8", 4 },
	{ "status ~ \"crash|error\"", 6 },
	{ "status !~ crash|error", 1 },
	{ "name ~ ^c.*-[12]$", 3 },
	{ "name == CART-1", 1 },
	{ "name != cart-1", 6 },
	{ "cpu > 90%", 4 },
	{ "cpu != 95", 3 },
	{ "cpu == \"\"", 2 },
	{ "mem >= 1Gi", 1 },
	{ "mem > 500M and mem < 1Gi", 2 },
	{ "age > 30m", 1 },
	{ "age < 30m", 0 },
	{ "age > 2020-01-01T00:00:00Z", 1 },
	{ "not status == running", 6 },
	{ "(status == running or status == error) and namespace == shop", 1 },
	{ "status == running or status == error and namespace == shop", 1 },
	{ "restarts > 1 cart", 2 },
	{ "severity == critical", 6 },
	{ "why ~ \"8.*restarts\"", 2 },
	{ "id ~ pods/pay", 4 },
	{ "namespace < q", 4 },
	{ "nope == 1", -1 },
	{ "cpu > abc", -1 },
	{ "age < 5x", -1 },
	{ "status ~ \"(\"", -1 },
	{ "status ==", -1 },
	{ "cpu >> 3", -1 },
	{ "cpu>>", -1 },
	{ "(status == a", -1 },
	{ "status == a)", -1 },
	{ "status == \"a", -1 },
	{ "status == a and", -1 },
};

START_TEST(matches)
{
	struct error err = { 0 };
	struct filter *filter = filter_parse(cases[_i].text, pods, &err);
	unsigned out[3];
	size_t cursor = 0, count = 0;
	int found = 0, scanned = 0;

	if (cases[_i].rows < 0) {
		ck_assert_ptr_null(filter);
		ck_assert_int_eq(err.code, ERR_INVALID);
		return;
	}
	ck_assert_msg(filter != NULL, "%s: %s", cases[_i].text, err.text);
	for (size_t i = 0; i < 3; i++)
		found |= filter_match(filter, rows, i) << i;
	ck_assert_msg(found == cases[_i].rows, "%s: %d", cases[_i].text, found);
	ck_assert_int_eq(filter_scan(filter, rows, &cursor, out, &count), 1);
	for (size_t i = 0; i < count; i++)
		scanned |= 1 << out[i];
	ck_assert_msg(scanned == cases[_i].rows, "%s: scan %d", cases[_i].text, scanned);
	filter_free(filter);
}
END_TEST

START_TEST(nothing_is_everything)
{
	struct error err = { .code = ERR_IO };

	ck_assert_ptr_null(filter_parse("  ", pods, &err));
	ck_assert_int_eq(err.code, ERR_NONE);
}
END_TEST

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static uint64_t seed = 88172645463325252u;

static unsigned random_below(unsigned limit)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % limit;
}

/* A search that cannot be wrong. */
static const char *naive(const struct needle *needle, const char *hay, size_t length)
{
	for (size_t i = 0; i + needle->length <= length; i++) {
		size_t j = 0;

		while (j < needle->length && fold((unsigned char)hay[i + j]) ==
						      (unsigned char)needle->bytes[j])
			j++;
		if (j == needle->length)
			return hay + i;
	}
	return NULL;
}

/* Exactly sized blocks, so that the address sanitizer sees any byte read too much. */
START_TEST(the_fast_search_is_the_naive_one)
{
	static const char letters[] = "aAbB@`[{\x1f\xc3\xe9";
	needle_find_fn vector = needle_find_vector();

	for (int round = 0; round < 20000; round++) {
		size_t length = random_below(200), readable = length + random_below(70);
		char *hay = mem_alloc(readable + 1), bytes[8];
		struct needle needle;
		size_t needle_length = 1 + random_below(4);

		hay = mem_resize(hay, readable ? readable : 1);
		for (size_t i = 0; i < readable; i++)
			hay[i] = letters[random_below(sizeof(letters) - 1)];
		for (size_t i = 0; i < needle_length; i++)
			bytes[i] = letters[random_below(sizeof(letters) - 1)];
		needle_init(&needle, bytes, needle_length);
		const char *right = naive(&needle, hay, length);
		ck_assert_ptr_eq(needle_find_plain(&needle, hay, length, readable), right);
		if (vector)
			ck_assert_ptr_eq(vector(&needle, hay, length, readable), right);
		needle_release(&needle);
		free(hay);
	}
}
END_TEST

static void random_text(char *out, size_t max, const char *letters)
{
	size_t length = random_below((unsigned)max);

	for (size_t i = 0; i < length; i++)
		out[i] = letters[random_below((unsigned)strlen(letters))];
	out[length] = '\0';
}

/* The scan, block by block, against one row at a time; words and expressions. */
START_TEST(the_scan_is_row_by_row_matching)
{
	static const char *const expressions[] = { "status == error or name ~ \"a.*b\"", "not (name ~ ab and namespace != b)",
		"id ~ pods/a", "id == \"fake:one/pods//1\" or restarts >= 1", "severity == critical aB" };

	for (int round = 0; round < 300; round++) {
		struct table *table = table_new(pods);
		struct snapshot *snapshot;
		struct filter *filter = NULL;
		char text[40], line[200], a[20], b[20];
		unsigned out[64];
		size_t cursor = 0, count = 0, wanted = 0;

		for (unsigned i = random_below(60) + 1; i; i--) {
			random_text(a, sizeof(a), "abcAB-");
			random_text(b, sizeof(b), "abcAB-");
			snprintf(line, sizeof(line), "%s|%u%s|%s|1", a, i, b, i % 2 ? "Running" : "Error");
			sample_put(table, pods, line);
		}
		snapshot = table_snapshot(table);
		random_text(text, 12, "ab!A -r1");
		if (round % 3 == 0)
			snprintf(text, sizeof(text), "%s", expressions[random_below(COUNT(expressions))]);
		filter = filter_parse(text, pods, NULL);
		while (!filter_scan(filter, snapshot, &cursor, out, &count))
			;
		for (size_t i = 0; i < snapshot_count(snapshot); i++)
			if (filter_match(filter, snapshot, i)) {
				ck_assert_uint_lt(wanted, count);
				ck_assert_uint_eq(out[wanted], i);
				wanted++;
			}
		ck_assert_uint_eq(wanted, count);
		filter_free(filter);
		snapshot_unref(snapshot);
		table_free(table);
	}
}
END_TEST

/* Any bytes either parse, and then can be matched, or are refused with a reason. */
START_TEST(random_bytes_do_no_harm)
{
	static const char *const words[] = { "status", "restarts", " ", "~", "==", ">", "(", ")", "not ",
		"and ", "or ", "\"", "'", "!", "5Mi", "cpu", "\\", "[a", "*", "\xff", "a|b", "^", "$" };

	for (int round = 0; round < 20000; round++) {
		char text[200] = "";
		struct error err = { 0 };
		struct filter *filter;

		for (unsigned i = random_below(12); i; i--)
			strcat(text, words[random_below(sizeof(words) / sizeof(*words))]);
		filter = filter_parse(text, pods, &err);
		for (size_t i = 0; filter && i < 3; i++)
			filter_match(filter, rows, i);
		if (!filter && err.code)
			ck_assert_int_ne(err.text[0], 0);
		filter_free(filter);
	}
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, matches, 0, sizeof(cases) / sizeof(*cases));
	tcase_add_test(tc, nothing_is_everything);
	tcase_add_test(tc, the_fast_search_is_the_naive_one);
	tcase_add_test(tc, the_scan_is_row_by_row_matching);
	tcase_add_test(tc, random_bytes_do_no_harm);
}
TEST_MAIN("estate/filter")
