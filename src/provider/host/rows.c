#include "provider/host/rows.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "base/text.h"
#include "estate/kind.h"
#include "estate/provider.h"
#include "provider/host/machine.h"
#include "provider/host/rates.h"

static const char *const common_fields[ROWS_OWN] = { "id", "account", "name" };

enum { ROWS_LIMIT = 100000, ROWS_TEXT_MAX = 65536, FIRST_SAMPLE_MS = 120, WAIT_STEP_MS = 20, GIVE_WAY_MS = 1000 };

static const char *field_name(const struct rows_fields *fields, size_t field)
{
	return field < ROWS_OWN ? common_fields[field] : fields->list[field - ROWS_OWN].name;
}

static int field_find(const struct rows_fields *fields, const char *name)
{
	for (size_t i = 0; name && i < fields->count + ROWS_OWN; i++)
		if (!strcmp(field_name(fields, i), name))
			return (int)i;
	return -1;
}

/* id and account are hidden columns that a kind need not write down. */
static int column_field(const struct rows_fields *fields, const struct kind *kind, size_t column)
{
	const char *path = kind->columns[column].path;

	if (path && *path)
		return field_find(fields, path);
	return (int)column == kind->role[ROLE_ID] ? ROWS_ID : (int)column == kind->role[ROLE_ACCOUNT] ? ROWS_ACCOUNT : -1;
}

static void init(struct rows *rows, struct machine *machine, const struct rows_fields *fields, const struct selection *selection)
{
	memset(rows, 0, offsetof(struct rows, buffer));
	rows->used = 0;
	rows->machine = machine;
	rows->fields = fields;
	rows->selection = selection;
	rows->limit = selection && selection->limit ? selection->limit : ROWS_LIMIT;
	rows->sample_ms = FIRST_SAMPLE_MS;
	rows->wanted = ~UINT64_C(0);
}

void rows_to_feed(struct rows *rows, struct machine *machine, const struct rows_fields *fields, const struct kind *kind,
	const struct selection *selection, struct feed *feed)
{
	init(rows, machine, fields, selection);
	rows->feed = feed;
	rows->kind = kind;
	rows->wanted = 0;
	rows->column_count = kind->column_count < ROWS_COLUMNS_MAX ? kind->column_count : ROWS_COLUMNS_MAX;
	for (size_t i = 0; i < rows->column_count; i++) {
		int field = column_field(fields, kind, i);

		rows->column_field[i] = (signed char)field;
		if (field >= 0)
			rows->wanted |= UINT64_C(1) << field;
	}
}

void rows_to_items(struct rows *rows, struct machine *machine, const struct rows_fields *fields, const struct selection *selection)
{
	init(rows, machine, fields, selection);
	rows->items = json_array();
}

int rows_wants(const struct rows *rows, int field)
{
	return (int)(rows->wanted >> field & 1);
}

int rows_selects(const struct rows *rows, const char *name)
{
	const char *wanted = rows->selection ? rows->selection->name : NULL;

	return !wanted || !*wanted || !strcmp(wanted, name);
}

void rows_begin(struct rows *rows)
{
	memset(rows->values, 0, sizeof(rows->values));
	memset(rows->lengths, 0, sizeof(rows->lengths));
	rows->used = 0;
}

void rows_text(struct rows *rows, int field, const char *text, size_t length)
{
	rows->values[field] = text;
	rows->lengths[field] = length;
}

void rows_string(struct rows *rows, int field, const char *text)
{
	rows_text(rows, field, text, text ? strlen(text) : 0);
}

void rows_copy(struct rows *rows, int field, const char *text, size_t length)
{
	if (length > sizeof(rows->buffer) - rows->used)
		length = sizeof(rows->buffer) - rows->used;
	memcpy(rows->buffer + rows->used, text, length);
	rows_text(rows, field, rows->buffer + rows->used, length);
	rows->used += length;
}

void rows_integer(struct rows *rows, int field, int64_t number)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (number < 0)
		*--at = '-';
	rows_copy(rows, field, at, (size_t)(digits + sizeof(digits) - at));
}

void rows_known(struct rows *rows, int field, int64_t number)
{
	if (number >= 0)
		rows_integer(rows, field, number);
}

double rows_rate(struct rows *rows, const char *name, const char *counter, uint64_t value)
{
	struct machine *machine = rows->machine;

	pthread_mutex_lock(&machine->lock);
	size_t before = rates_count(machine->rates);
	double rate = rates_next(machine->rates, name, counter, value, clock_monotonic_ns());

	rows->unmeasured |= rates_count(machine->rates) > before;
	pthread_mutex_unlock(&machine->lock);
	return rate;
}

void rows_percent(struct rows *rows, int field, double number)
{
	if (!isfinite(number) || number < 0 || number > 1e15)
		return;
	int64_t tenths = (int64_t)(number * 10 + 0.5);

	rows_integer(rows, field, tenths / 10);
	if (tenths % 10 && rows->used + 2 <= sizeof(rows->buffer)) {
		rows->buffer[rows->used++] = '.';
		rows->buffer[rows->used++] = (char)('0' + tenths % 10);
		rows->lengths[field] += 2;
	}
}

void rows_round(struct rows *rows, int field, double number)
{
	if (isfinite(number) && fabs(number) < 9e18)
		rows_integer(rows, field, (int64_t)(number + 0.5));
}

void rows_time(struct rows *rows, int field, int64_t at_ns)
{
	char text[CLOCK_RFC3339_MAX];

	if (!at_ns)
		return;
	clock_format(at_ns, text);
	rows_copy(rows, field, text, strlen(text));
}

static struct json *safe_string(const char *bytes, size_t length)
{
	struct text text;

	text_init(&text, ROWS_TEXT_MAX);
	safe_add(&text, bytes, length);
	struct json *json = json_string_n(text.data, text.length);

	text_release(&text);
	return json;
}

static struct json *field_json(const struct rows *rows, size_t field)
{
	const char *value = rows->values[field];
	size_t length = rows->lengths[field];

	if (field < ROWS_OWN || !rows->fields->list[field - ROWS_OWN].is_number)
		return safe_string(value ? value : "", length);
	char digits[32] = "";

	if (!length || length >= sizeof(digits))
		return json_null();
	memcpy(digits, value, length);
	return memchr(digits, '.', length) ? json_double(strtod(digits, NULL)) : json_integer(strtoll(digits, NULL, 10));
}

static void send_item(struct rows *rows)
{
	struct json *item = json_object();

	for (size_t i = 0; i < rows->fields->count + ROWS_OWN; i++)
		json_set(item, field_name(rows->fields, i), field_json(rows, i));
	json_add(rows->items, item);
}

static void send_cells(struct rows *rows)
{
	const char *cells[ROWS_COLUMNS_MAX];
	size_t lengths[ROWS_COLUMNS_MAX];

	for (size_t i = 0; i < rows->column_count; i++) {
		int field = rows->column_field[i];

		cells[i] = field < 0 ? NULL : rows->values[field];
		lengths[i] = field < 0 ? 0 : rows->lengths[field];
	}
	feed_row(rows->feed, cells, lengths);
}

void rows_send(struct rows *rows, const char *name)
{
	struct ref ref = { .provider = "host" };
	char id[sizeof(ref) + 16], safe_name[sizeof(ref.name)];

	if (rows->full)
		return;
	safe_copy(safe_name, sizeof(safe_name), name, strlen(name));
	memcpy(ref.name, safe_name, sizeof(ref.name));
	snprintf(ref.account, sizeof(ref.account), "%s", rows->machine->name);
	snprintf(ref.kind, sizeof(ref.kind), "%s", rows->fields->kind);
	ref_format(&ref, id, sizeof(id));
	rows_string(rows, ROWS_ID, id);
	rows_string(rows, ROWS_ACCOUNT, rows->machine->name);
	rows_string(rows, ROWS_NAME, safe_name);
	if (rows->items)
		send_item(rows);
	else
		send_cells(rows);
	rows->full = ++rows->sent >= rows->limit;
}

void rows_note(struct rows *rows, const char *source, const struct error *err)
{
	if (rows->feed)
		feed_note(rows->feed, source, err);
}

int rows_cancelled(const struct rows *rows)
{
	return rows->feed && feed_cancelled(rows->feed);
}

void rows_page(struct rows *rows)
{
	if (rows->feed)
		feed_page(rows->feed);
}

static void wait_ms(const struct rows *rows, int ms, int step_ms)
{
	for (int waited = 0; waited < ms && !rows_cancelled(rows); waited += step_ms)
		nanosleep(&(struct timespec){ .tv_nsec = step_ms * 1000000L }, NULL);
}

void rows_again(struct rows *rows)
{
	rows_page(rows);
	wait_ms(rows, rows->sample_ms, WAIT_STEP_MS);
	json_free(rows->items);
	rows->items = rows->feed ? NULL : json_array();
	rows->sent = 0;
	rows->full = 0;
	rows->unmeasured = 0;
}

void rows_give_way(const struct rows *rows)
{
	if (rows->feed && feed_is_lasting(rows->feed))
		wait_ms(rows, GIVE_WAY_MS, WAIT_STEP_MS);
}
