#include "provider/kubernetes/rows.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/kubernetes/table_json.h"

#define LESS "|less:"

void rows_init(struct rows *rows, const struct kind *kind, const char *account)
{
	memset(rows, 0, sizeof(*rows));
	memset(rows->source, -1, sizeof(rows->source));
	memset(rows->less, -1, sizeof(rows->less));
	rows->kind = kind;
	rows->account = account;
	rows->name_cell = -1;
}

static int find_cell(const struct table_head *head, const char *path)
{
	size_t length = strcspn(path, "|");

	for (size_t i = 0; i < head->column_count; i++)
		if (!strncasecmp(head->columns[i].name, path, length) &&
			!head->columns[i].name[length])
			return (int)i;
	return -1;
}

void rows_learn(struct rows *rows, const struct table_head *head)
{
	const struct kind *kind = rows->kind;

	if (!head->column_count)
		return;
	for (size_t i = 0; i < kind->column_count && i < ROWS_COLUMNS_MAX; i++) {
		const char *path = kind->columns[i].path;

		const char *less = strstr(path, LESS);

		rows->source[i] =
			(signed char)(*path && *path != '.' && *path != '@' ? find_cell(head, path)
									    : -1);
		rows->less[i] = (signed char)(less ? find_cell(head, less + strlen(LESS)) : -1);
	}
	rows->name_cell = find_cell(head, "Name");
}

int64_t rows_parse_duration(const char *text, size_t length)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'y', 365 * 86400 }, { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 },
		{ 's', 1 } };
	const char *end = text + length;
	int64_t total = 0;

	if (!length)
		return -1;
	while (text < end) {
		int64_t number = 0;
		size_t unit = 0;

		if (!isdigit((unsigned char)*text))
			return -1;
		while (text < end && isdigit((unsigned char)*text) && number < INT64_C(1000000000))
			number = number * 10 + (*text++ - '0');
		while (unit < 5 && (text == end || units[unit].unit != *text))
			unit++;
		if (unit == 5)
			return -1;
		total += number * units[unit].seconds;
		text++;
	}
	return total;
}

double rows_parse_quantity(const char *text)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = { { "", 1 }, { "n", 1e-9 }, { "u", 1e-6 }, { "m", 1e-3 }, { "k", 1e3 },
		{ "M", 1e6 }, { "G", 1e9 }, { "T", 1e12 }, { "P", 1e15 }, { "E", 1e18 },
		{ "Ki", 1024 }, { "Mi", 1048576 }, { "Gi", 1073741824 }, { "Ti", 1099511627776.0 },
		{ "Pi", 1125899906842624.0 }, { "Ei", 1152921504606846976.0 } };
	char *end;
	double number = text ? strtod(text, &end) : 0;

	if (!text || end == text)
		return NAN;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(end, units[i].suffix))
			return number * units[i].factor;
	return NAN;
}

/* The item of a list whose type or name is that. */
static const struct json *item_called(const struct json *list, const char *name, size_t length)
{
	for (const struct json *item = json_first(list); item; item = json_next(item)) {
		const char *type =
			json_text_or(json_get(item, "type"), json_text(json_get(item, "name")));

		if (type && strlen(type) == length && !memcmp(type, name, length))
			return item;
	}
	return NULL;
}

const struct json *rows_value(const struct json *object, const char *path)
{
	while (object && *path) {
		char key[128];
		size_t length;

		if (*path == '[') {
			length = strcspn(path + 1, "]");
			object = item_called(object, path + 1, length);
			path += 1 + length + (path[1 + length] == ']');
			continue;
		}
		path += *path == '.';
		length = strcspn(path, ".[");
		snprintf(key, sizeof(key), "%.*s", (int)length, path);
		object = json_get(object, key);
		path += length;
	}
	return object;
}

static void set(struct rows *rows, size_t i, const char *text, size_t length)
{
	rows->cells[i] = text;
	rows->lengths[i] = length;
}

__attribute__((format(printf, 3, 4))) static void make(
	struct rows *rows, size_t i, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(rows->made[i], ROWS_CELL, format, args);
	va_end(args);
	set(rows, i, rows->made[i], length < ROWS_CELL ? (size_t)length : ROWS_CELL - 1);
}

/* Whole seconds, as the server writes times itself: equal times stay equal text. */
static void make_time(struct rows *rows, size_t i, int64_t at_ns)
{
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t length = strftime(rows->made[i], ROWS_CELL, "%Y-%m-%dT%H:%M:%SZ", &tm);

	set(rows, i, rows->made[i], length);
}

/* What the server writes for "there is none". */
static int is_none(const char *text, size_t length)
{
	static const char *const none[] = { "<none>", "<unknown>", "<unset>", "<invalid>",
		"<nil>" };

	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		if (length == strlen(none[i]) && !memcmp(text, none[i], length))
			return 1;
	return 0;
}

/* "8 (4m ago)": when that was. */
static void make_ago(struct rows *rows, size_t i, const char *text, size_t length, int64_t now_ns)
{
	const char *open = memchr(text, '(', length);
	const char *end = open ? memchr(open, ' ', (size_t)(text + length - open)) : NULL;
	int64_t seconds = end ? rows_parse_duration(open + 1, (size_t)(end - open - 1)) : -1;

	if (seconds >= 0)
		make_time(rows, i, now_ns - seconds * CLOCK_SECOND_NS);
}

/* "16/18". */
static void make_fraction(struct rows *rows, size_t i, const char *text, const char *part)
{
	char *end;
	long first = strtol(text, &end, 10);

	if (end == text || *end != '/')
		return;
	long second = strtol(end + 1, NULL, 10);

	make(rows, i, "%ld", *part == 'f' ? first : *part == 's' ? second : second - first);
}

static void make_age(struct rows *rows, size_t i, const char *text, size_t length, int64_t now_ns)
{
	int64_t at_ns, seconds;

	if (!clock_parse(text, &at_ns))
		set(rows, i, text, length);
	else if ((seconds = rows_parse_duration(text, length)) >= 0)
		make_time(rows, i, now_ns - seconds * CLOCK_SECOND_NS);
}

static void make_quantity(struct rows *rows, size_t i, const char *text, double scale)
{
	double number = rows_parse_quantity(text);

	if (!isnan(number))
		make(rows, i, "%.0f", number * scale);
}

static void make_typed(struct rows *rows, size_t i, const char *text, size_t length, int64_t now_ns)
{
	int64_t seconds;
	size_t digits;

	switch (rows->kind->columns[i].type) {
	case COLUMN_AGE:
		make_age(rows, i, text, length, now_ns);
		break;
	case COLUMN_NUMBER:
		digits = strspn(text, "-0123456789.");
		set(rows, i, text, digits);
		break;
	case COLUMN_BYTES:
		make_quantity(rows, i, text, 1);
		break;
	case COLUMN_MILLICORES:
		make_quantity(rows, i, text, 1000);
		break;
	case COLUMN_SECONDS:
		if ((seconds = rows_parse_duration(text, length)) >= 0)
			make(rows, i, "%lld", (long long)seconds);
		break;
	case COLUMN_BOOL:
		make(rows, i, "%s", !strcasecmp(text, "true") ? "true" : "false");
		break;
	case COLUMN_TEXT:
	case COLUMN_PERCENT:
		set(rows, i, text, length);
		break;
	}
}

/* text ends with NUL at length. */
static void fill_text(struct rows *rows, size_t i, const char *text, size_t length, int64_t now_ns)
{
	const char *part = strchr(rows->kind->columns[i].path, '|');

	if (!length || is_none(text, length))
		return;
	if (!part || !strcmp(part, "|count"))
		make_typed(rows, i, text, length, now_ns);
	else if (!strcmp(part, "|ago"))
		make_ago(rows, i, text, length, now_ns);
	else
		make_fraction(rows, i, text, part + 1);
}

static void fill_value(struct rows *rows, size_t i, const struct json *object, int64_t now_ns)
{
	const struct json *value = rows_value(object, rows->kind->columns[i].path);

	if (json_text(value))
		fill_text(rows, i, json_text(value), strlen(json_text(value)), now_ns);
	else if (json_is(value, JSON_NUMBER))
		make(rows, i, "%.15g", json_number(value, 0));
	else if (json_is(value, JSON_BOOL))
		make(rows, i, "%s", json_bool(value, 0) ? "true" : "false");
}

/* A node's troubles: conditions that hold, but Ready. */
static void fill_conditions(struct rows *rows, size_t i, const struct json *object)
{
	struct text text;

	text_init(&text, ROWS_CELL - 1);
	for (const struct json *item = json_first(rows_value(object, ".status.conditions")); item;
		item = json_next(item)) {
		const char *type = json_text_or(json_get(item, "type"), "");

		if (strcmp(json_text_or(json_get(item, "status"), ""), "True") ||
			!strcmp(type, "Ready"))
			continue;
		if (text.length)
			text_add(&text, ",");
		text_add(&text, type);
	}
	make(rows, i, "%s", text.data);
	text_release(&text);
}

static void fill_difference(struct rows *rows, size_t i, const struct table_row *row)
{
	size_t from = (size_t)rows->source[i], less = (size_t)rows->less[i];
	char *from_end, *less_end;

	if (from >= row->count || less >= row->count)
		return;
	long difference =
		strtol(row->cells[from], &from_end, 10) - strtol(row->cells[less], &less_end, 10);

	if (from_end != row->cells[from] && less_end != row->cells[less])
		make(rows, i, "%ld", difference);
}

static void fill_column(struct rows *rows, size_t i, const struct table_row *row,
	const struct json *object, int64_t now_ns)
{
	const struct kind_column *column = &rows->kind->columns[i];
	int cell = rows->source[i];

	if (column->type == COLUMN_AGE && *row->created && !strcasecmp(column->path, "Age"))
		set(rows, i, row->created, strlen(row->created));
	else if (*column->path == '.')
		fill_value(rows, i, object, now_ns);
	else if (!strcmp(column->path, "@conditions"))
		fill_conditions(rows, i, object);
	else if (cell >= 0 && rows->less[i] >= 0)
		fill_difference(rows, i, row);
	else if (cell >= 0 && (size_t)cell < row->count)
		fill_text(rows, i, row->cells[cell], row->lengths[cell], now_ns);
}

static void fill_role(struct rows *rows, enum column_role role, const char *text)
{
	int i = rows->kind->role[role];

	if (i >= 0 && !rows->lengths[i])
		set(rows, (size_t)i, text, strlen(text));
}

static int fill_names(struct rows *rows, const struct table_row *row, const char *namespace_)
{
	struct ref ref = { .provider = "kubernetes" };
	const char *name = row->name;

	if (!*name && rows->name_cell >= 0 && (size_t)rows->name_cell < row->count)
		name = row->cells[rows->name_cell];
	if (!*name)
		return -1;
	if (*row->namespace_)
		namespace_ = row->namespace_;
	snprintf(ref.account, sizeof(ref.account), "%s", rows->account);
	snprintf(ref.kind, sizeof(ref.kind), "%s", rows->kind->name);
	snprintf(ref.name, sizeof(ref.name), "%s", name);
	if (rows->kind->namespaced && namespace_)
		snprintf(ref.namespace_, sizeof(ref.namespace_), "%s", namespace_);
	ref_format(&ref, rows->id, sizeof(rows->id));
	fill_role(rows, ROLE_ID, rows->id);
	fill_role(rows, ROLE_NAME, name);
	fill_role(rows, ROLE_NAMESPACE, rows->kind->namespaced && namespace_ ? namespace_ : "");
	fill_role(rows, ROLE_ACCOUNT, rows->account);
	fill_role(rows, ROLE_LABELS, rows->labels ? row->labels : "");
	return 0;
}

int rows_fill(
	struct rows *rows, const struct table_row *row, const char *namespace_, int64_t now_ns)
{
	size_t count = rows->kind->column_count < ROWS_COLUMNS_MAX ? rows->kind->column_count
								   : ROWS_COLUMNS_MAX;
	struct json *object = NULL;

	if (row->object_length && json_bool(json_get(rows->kind->spec, "object"), 0))
		object = json_parse(row->object, row->object_length, NULL);
	for (size_t i = 0; i < count; i++) {
		set(rows, i, "", 0);
		fill_column(rows, i, row, object, now_ns);
	}
	int failed = fill_names(rows, row, namespace_);

	/* Cells may point into the object, which ends here. */
	for (size_t i = 0; object && i < count; i++)
		if (*rows->kind->columns[i].path == '.' && rows->cells[i] != rows->made[i])
			make(rows, i, "%.*s",
				(int)(rows->lengths[i] < ROWS_CELL ? rows->lengths[i]
								   : ROWS_CELL - 1),
				rows->cells[i]);
	json_free(object);
	return failed;
}
