#include "provider/kubernetes/table_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* A place in the bytes. All steps return 0 or -1; none reads at or past end. */
struct scan {
	const char *at, *end;
};

static void skip_space(struct scan *s)
{
	while (s->at < s->end &&
		(*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r'))
		s->at++;
}

static int peek(struct scan *s)
{
	skip_space(s);
	return s->at < s->end ? (unsigned char)*s->at : -1;
}

static int expect(struct scan *s, char c)
{
	if (peek(s) != c)
		return -1;
	s->at++;
	return 0;
}

/* A string's bytes between its quotes, escapes as they are. */
static int raw_string(struct scan *s, const char **start, size_t *length)
{
	if (expect(s, '"'))
		return -1;
	*start = s->at;
	while (s->at < s->end && *s->at != '"') {
		if (*s->at == '\\' && ++s->at == s->end)
			return -1;
		s->at++;
	}
	if (s->at == s->end)
		return -1;
	*length = (size_t)(s->at - *start);
	s->at++;
	return 0;
}

static void skip_scalar(struct scan *s)
{
	do {
		s->at++; /* at least one byte, whatever it is */
	} while (s->at < s->end && *s->at && !strchr(",]} \n\r\t", *s->at));
}

/* Any value, without recursion: depth from outside costs nothing. */
static int skip_value(struct scan *s)
{
	size_t depth = 0, length;
	const char *start;

	do {
		int c = peek(s);

		if (c < 0)
			return -1;
		if (c == '"') {
			if (raw_string(s, &start, &length))
				return -1;
		} else if (c == '{' || c == '[') {
			depth++;
			s->at++;
		} else if (c == '}' || c == ']') {
			if (!depth)
				return -1;
			depth--;
			s->at++;
		} else if (c == ',' || c == ':') {
			if (!depth)
				return -1;
			s->at++;
		} else {
			skip_scalar(s);
		}
	} while (depth);
	return 0;
}

/* Steps to the next member of an object whose '{' was taken: 1 with its key, 0 at '}'. */
static int next_member(struct scan *s, int *first, const char **key, size_t *length)
{
	if (peek(s) == '}') {
		s->at++;
		return 0;
	}
	if (!*first && expect(s, ','))
		return -1;
	*first = 0;
	if (raw_string(s, key, length) || expect(s, ':'))
		return -1;
	return peek(s) < 0 ? -1 : 1;
}

/* The same for an array whose '[' was taken. */
static int next_item(struct scan *s, int *first)
{
	if (peek(s) == ']') {
		s->at++;
		return 0;
	}
	if (!*first && expect(s, ','))
		return -1;
	*first = 0;
	return peek(s) < 0 ? -1 : 1;
}

static int is(const char *key, size_t length, const char *name)
{
	return length == strlen(name) && !memcmp(key, name, length);
}

static unsigned hex4(const char *at)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		char c = at[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
				 : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
							: 0;
		value = value * 16 + digit;
	}
	return value;
}

static size_t encode(unsigned code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* \uXXXX, a surrogate pair too (RFC 8259 7); a lone half stays one, and safe text shows it. Returns
 * bytes eaten after 'u'. */
static size_t unicode(const char *at, const char *end, char out[4], size_t *length)
{
	if (end - at < 4)
		return *length = 0, (size_t)(end - at);
	unsigned code = hex4(at);

	if (code >= 0xd800 && code < 0xdc00 && end - at >= 10 && at[4] == '\\' && at[5] == 'u') {
		unsigned low = hex4(at + 6);

		if (low >= 0xdc00 && low < 0xe000) {
			*length = encode(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), out);
			return 10;
		}
	}
	*length = encode(code, out);
	return 4;
}

/* Appends an escaped string, at most max bytes of it. */
static void add_unescaped(struct text *out, const char *at, size_t length, size_t max)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *end = at + length;
	size_t start = out->length;

	while (at < end && out->length - start < max) {
		const char *slash = memchr(at, '\\', (size_t)(end - at));
		size_t plain = (size_t)((slash ? slash : end) - at);
		size_t room = max - (out->length - start);

		text_add_n(out, at, plain < room ? plain : room);
		if (!slash || slash + 1 >= end)
			return;
		char c = slash[1], bytes[4];
		const char *known = strchr(from, c);

		at = slash + 2;
		if (c == 'u') {
			size_t count;

			at += unicode(at, end, bytes, &count);
			text_add_n(out, bytes, count);
		} else {
			text_add_char(out, c && known ? to[known - from] : c);
		}
	}
}

/* A scalar value as text into a fixed buffer; anything else is skipped. */
static int copy_value(struct scan *s, char *out, size_t size)
{
	const char *start = NULL;
	size_t length = 0;
	struct text text;

	*out = '\0';
	if (peek(s) != '"') {
		start = s->at;
		if (skip_value(s))
			return -1;
		length = (size_t)(s->at - start);
		if (*start == '{' || *start == '[' || *start == 'n')
			return 0;
		length = length < size ? length : size - 1;
		memcpy(out, start, length);
		out[length] = '\0';
		return 0;
	}
	if (raw_string(s, &start, &length))
		return -1;
	text_init(&text, size - 1);
	add_unescaped(&text, start, length, size - 1);
	memcpy(out, text.data, text.length + 1);
	text_release(&text);
	return 0;
}

static int read_head_meta(struct scan *s, struct table_head *head)
{
	const char *key;
	size_t length;
	int first = 1, more;
	char number[32];

	if (peek(s) != '{')
		return skip_value(s);
	s->at++;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (is(key, length, "resourceVersion"))
			more = copy_value(
				s, head->resource_version, sizeof(head->resource_version));
		else if (is(key, length, "continue") && peek(s) == '"')
			more = raw_string(s, &head->token, &head->token_length);
		else if (is(key, length, "remainingItemCount")) {
			more = copy_value(s, number, sizeof(number));
			head->remaining = *number ? strtoll(number, NULL, 10) : -1;
		} else
			more = skip_value(s);
		if (more)
			return -1;
	}
	return more;
}

static int read_column(struct scan *s, struct table_column *column)
{
	const char *key;
	size_t length;
	int first = 1, more;
	char number[16];

	*column = (struct table_column){ 0 };
	if (expect(s, '{'))
		return -1;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (is(key, length, "name"))
			more = copy_value(s, column->name, sizeof(column->name));
		else if (is(key, length, "type"))
			more = copy_value(s, column->type, sizeof(column->type));
		else if (is(key, length, "priority")) {
			more = copy_value(s, number, sizeof(number));
			column->priority = (int)strtol(number, NULL, 10);
		} else
			more = skip_value(s);
		if (more)
			return -1;
	}
	return more;
}

static int read_columns(struct scan *s, struct table_head *head)
{
	struct table_column spare;
	int first = 1, more;

	head->column_count = 0;
	if (peek(s) != '[')
		return skip_value(s);
	s->at++;
	while ((more = next_item(s, &first)) > 0) {
		int fits = head->column_count < TABLE_COLUMNS_MAX;

		if (read_column(s, fits ? &head->columns[head->column_count] : &spare))
			return -1;
		head->column_count += (size_t)fits;
	}
	return more;
}

static int read_rows_place(struct scan *s, struct table_head *head)
{
	int is_array = peek(s) == '[';

	head->rows = s->at + 1;
	if (skip_value(s))
		return -1;
	head->end = s->at;
	if (!is_array)
		head->rows = NULL;
	return 0;
}

static int read_head_member(struct scan *s, struct table_head *head, const char *key, size_t length)
{
	char number[16];

	if (is(key, length, "kind"))
		return copy_value(s, head->kind, sizeof(head->kind));
	if (is(key, length, "metadata"))
		return read_head_meta(s, head);
	if (is(key, length, "columnDefinitions"))
		return read_columns(s, head);
	if (is(key, length, "rows"))
		return read_rows_place(s, head);
	if (is(key, length, "reason"))
		return copy_value(s, head->reason, sizeof(head->reason));
	if (is(key, length, "message"))
		return copy_value(s, head->message, sizeof(head->message));
	if (is(key, length, "code")) {
		if (copy_value(s, number, sizeof(number)))
			return -1;
		head->code = (int)strtol(number, NULL, 10);
		return 0;
	}
	return skip_value(s);
}

int table_json_open(const char *bytes, size_t length, struct table_head *head, struct error *err)
{
	struct scan s = { bytes, bytes + length };
	const char *key;
	size_t key_length;
	int first = 1, more;

	*head = (struct table_head){ .remaining = -1 };
	if (expect(&s, '{'))
		return error_set(err, ERR_FORMAT, "the answer is no JSON object");
	while ((more = next_member(&s, &first, &key, &key_length)) > 0)
		if (read_head_member(&s, head, key, key_length))
			break;
	if (more || peek(&s) >= 0)
		return error_set(err, ERR_FORMAT,
			"the answer is cut or no JSON (at byte %zu of %zu)", (size_t)(s.at - bytes),
			length);
	return 0;
}

void table_row_init(struct table_row *row)
{
	*row = (struct table_row){ 0 };
	text_init(&row->store, 8 * TABLE_ROW_MAX);
}

void table_row_release(struct table_row *row)
{
	text_release(&row->store);
}

/* Texts of a row stand in its store one after the other, each ended by NUL; the store may move
 * while it grows, so places are kept as offsets until the row is whole. Offset 0 is "". */
struct places {
	size_t cells[TABLE_COLUMNS_MAX];
	size_t name, namespace_, uid, resource_version, created, deleted, labels, manager;
	char manager_time[40];
};

static int store_value(struct scan *s, struct text *store, size_t *place, size_t *length)
{
	const char *start;
	size_t raw;

	*place = store->length;
	if (peek(s) == '"') {
		if (raw_string(s, &start, &raw))
			return -1;
		add_unescaped(store, start, raw, TABLE_CELL_MAX);
	} else {
		start = s->at;
		if (skip_value(s))
			return -1;
		raw = (size_t)(s->at - start);
		if (*start != 'n') /* null */
			text_add_n(store, start, raw < TABLE_CELL_MAX ? raw : TABLE_CELL_MAX);
	}
	if (length)
		*length = store->length - *place;
	return text_add_char(store, '\0'), 0;
}

static int read_cells(struct scan *s, struct table_row *row, struct places *places)
{
	int first = 1, more;

	if (peek(s) != '[')
		return skip_value(s);
	s->at++;
	while ((more = next_item(s, &first)) > 0) {
		if (row->count == TABLE_COLUMNS_MAX) {
			if (skip_value(s))
				return -1;
			continue;
		}
		if (store_value(
			    s, &row->store, &places->cells[row->count], &row->lengths[row->count]))
			return -1;
		row->count++;
	}
	return more;
}

static int read_labels(struct scan *s, struct text *store, size_t *place)
{
	const char *key, *value;
	size_t length, value_length;
	int first = 1, more, any = 0;

	if (peek(s) != '{')
		return skip_value(s);
	s->at++;
	*place = store->length;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (peek(s) != '"') {
			if (skip_value(s))
				return -1;
			continue;
		}
		if (raw_string(s, &value, &value_length))
			return -1;
		if (store->length - *place > TABLE_CELL_MAX)
			continue;
		if (any++)
			text_add_char(store, ',');
		add_unescaped(store, key, length, 320); /* prefix/name: 253 + 1 + 63 */
		text_add_char(store, '=');
		add_unescaped(store, value, value_length, 64);
	}
	text_add_char(store, '\0');
	return more;
}

/* One managedFields entry: who wrote last wins. Times are RFC 3339 in UTC, so they compare as text.
 */
static int read_manager(struct scan *s, struct text *store, struct places *places)
{
	const char *key;
	size_t length;
	int first = 1, more;
	char who[128] = "", when[40] = "";

	if (peek(s) != '{')
		return skip_value(s);
	s->at++;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (is(key, length, "manager"))
			more = copy_value(s, who, sizeof(who));
		else if (is(key, length, "time"))
			more = copy_value(s, when, sizeof(when));
		else
			more = skip_value(s);
		if (more)
			return -1;
	}
	if (!more && strcmp(when, places->manager_time) >= 0) {
		memcpy(places->manager_time, when, sizeof(when));
		places->manager = store->length;
		text_add(store, who);
		text_add_char(store, '\0');
	}
	return more;
}

static int read_managers(struct scan *s, struct text *store, struct places *places)
{
	int first = 1, more;

	if (peek(s) != '[')
		return skip_value(s);
	s->at++;
	while ((more = next_item(s, &first)) > 0)
		if (read_manager(s, store, places))
			return -1;
	return more;
}

static int read_meta(struct scan *s, struct text *store, struct places *places)
{
	const struct {
		const char *name;
		size_t *place;
	} texts[] = {
		{ "name", &places->name },
		{ "namespace", &places->namespace_ },
		{ "uid", &places->uid },
		{ "resourceVersion", &places->resource_version },
		{ "creationTimestamp", &places->created },
		{ "deletionTimestamp", &places->deleted },
	};
	const char *key;
	size_t length;
	int first = 1, more;

	if (peek(s) != '{')
		return skip_value(s);
	s->at++;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		size_t i = 0;

		while (i < sizeof(texts) / sizeof(*texts) && !is(key, length, texts[i].name))
			i++;
		if (i < sizeof(texts) / sizeof(*texts))
			more = store_value(s, store, texts[i].place, NULL);
		else if (is(key, length, "labels"))
			more = read_labels(s, store, &places->labels);
		else if (is(key, length, "managedFields"))
			more = read_managers(s, store, places);
		else
			more = skip_value(s);
		if (more)
			return -1;
	}
	return more;
}

static int read_object(struct scan *s, struct table_row *row, struct places *places)
{
	const char *key, *start;
	size_t length;
	int first = 1, more;

	if (peek(s) != '{')
		return skip_value(s);
	start = s->at++;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (is(key, length, "metadata"))
			more = read_meta(s, &row->store, places);
		else
			more = skip_value(s);
		if (more)
			return -1;
	}
	row->object = start;
	row->object_length = (size_t)(s->at - start);
	return more;
}

static void settle(struct table_row *row, const struct places *places)
{
	const char *base = row->store.data;

	/* A row larger than the store may hold lost its end: places past it read as "". */
	for (size_t i = 0; i < row->count; i++) {
		row->cells[i] = base + places->cells[i];
		if (places->cells[i] + row->lengths[i] > row->store.length)
			row->lengths[i] = 0;
	}
	row->name = base + places->name;
	row->namespace_ = base + places->namespace_;
	row->uid = base + places->uid;
	row->resource_version = base + places->resource_version;
	row->created = base + places->created;
	row->deleted = base + places->deleted;
	row->labels = base + places->labels;
	row->manager = base + places->manager;
}

static int read_row(struct scan *s, struct table_row *row)
{
	struct places places = { 0 };
	const char *key;
	size_t length;
	int first = 1, more;

	text_clear(&row->store);
	text_add_char(&row->store, '\0'); /* offset 0 is "" */
	row->count = 0;
	row->object_length = 0;
	if (expect(s, '{'))
		return -1;
	while ((more = next_member(s, &first, &key, &length)) > 0) {
		if (is(key, length, "cells"))
			more = read_cells(s, row, &places);
		else if (is(key, length, "object"))
			more = read_object(s, row, &places);
		else
			more = skip_value(s);
		if (more)
			return -1;
	}
	settle(row, &places);
	return more;
}

int table_json_next(struct table_head *head, struct table_row *row, struct error *err)
{
	struct scan s = { head->rows, head->end };

	if (!head->rows)
		return 0;
	if (peek(&s) == ',')
		s.at++;
	if (peek(&s) == ']') {
		head->rows = NULL;
		return 0;
	}
	if (read_row(&s, row))
		return error_set(err, ERR_FORMAT, "a row of the server's table is malformed");
	head->rows = s.at;
	return 1;
}

int table_json_event(const char *line, size_t length, char type[16], const char **object,
	size_t *object_length, struct error *err)
{
	struct scan s = { line, line + length };
	const char *key;
	size_t key_length;
	int first = 1, more, fine = !expect(&s, '{');

	*type = '\0';
	*object = NULL;
	while (fine && (more = next_member(&s, &first, &key, &key_length)) != 0) {
		if (more < 0) {
			fine = 0;
		} else if (is(key, key_length, "type")) {
			fine = !copy_value(&s, type, 16);
		} else if (is(key, key_length, "object")) {
			*object = s.at;
			fine = !skip_value(&s);
			*object_length = (size_t)(s.at - *object);
		} else {
			fine = !skip_value(&s);
		}
	}
	if (!fine || !*type || !*object)
		return error_set(err, ERR_FORMAT, "an event of the watch is cut or no JSON");
	return 0;
}
