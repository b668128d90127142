#include "tui/dashboard/causes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safe.h"
#include "estate/snapshot.h"
#include "tui/chat/next.h"
#include "tui/console_private.h"

void cause_copy_role(const struct snapshot *snapshot, size_t row, enum column_role role, char *out, size_t size)
{
	size_t length;
	const char *text = snapshot_role(snapshot, row, role, &length);

	safe_copy(out, size, text, length);
}

int cause_scope_rank(const char *scope)
{
	static const char *const scopes[] = { "dev", "staging", "prod" };

	for (int i = 0; i < 3; i++)
		if (!strcmp(scopes[i], scope))
			return i + 1;
	return 0;
}

void cause_why(const struct snapshot *snapshot, size_t row, char *out, size_t size)
{
	cause_copy_role(snapshot, row, ROLE_WHY, out, size);
	if (!*out)
		cause_copy_role(snapshot, row, ROLE_STATE, out, size);
}

/* --- the shape of a reason --- */

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "0/1 containers ready" -> "\1/\1 containers ready", 0 and 1. Digits inside a word ("node-14") are of a name. */
static size_t shape_of(const char *why, char shape[SHAPE_MAX], double numbers[NUMBERS_MAX])
{
	size_t used = 0, count = 0;

	for (const char *at = why; *at && used + 1 < SHAPE_MAX;) {
		int in_word = at > why && (at[-1] == '-' || at[-1] == '_' || (at[-1] | 32) >= 'a');

		if (!is_digit(*at) || in_word || count == NUMBERS_MAX) {
			shape[used++] = *at++;
			continue;
		}
		char *end;

		numbers[count++] = strtod(at, &end);
		shape[used++] = '\1';
		at = end;
	}
	shape[used] = 0;
	return count;
}

static void put_number(char *out, size_t size, size_t *used, double low, double high)
{
	int digits = low == floor(low) && high == floor(high) ? 0 : 1;

	if (low < high)
		*used += (size_t)snprintf(out + *used, size - *used, "%.*f%s%.*f", digits, low, screen_unicode() ? "–" : "-", digits, high);
	else
		*used += (size_t)snprintf(out + *used, size - *used, "%.*f", digits, low);
}

/* The reason again, with what the numbers range over. */
void cause_reason(const struct cause *cause, char *out, size_t size)
{
	size_t used = 0, nth = 0;

	for (const char *at = cause->shape; *at && used + 1 < size; at++) {
		if (*at != '\1')
			out[used++] = *at;
		else
			put_number(out, size, &used, cause->low[nth], cause->high[nth]), nth++;
	}
	out[used < size ? used : size - 1] = 0;
}

/* --- counting --- */

static struct cause *find_cause(struct causes *causes, const struct source *source, int rank, const char *shape)
{
	for (size_t i = 0; i < causes->count; i++) {
		size_t at = (causes->last + i) % causes->count;
		struct cause *cause = &causes->list[at];

		if (cause->source == source && cause->rank == rank && !strcmp(cause->shape, shape)) {
			causes->last = at;
			return cause;
		}
	}
	return NULL;
}

static struct cause *new_cause(struct causes *causes)
{
	if (causes->count == CAUSES_MAX) {
		causes->dropped++;
		return NULL;
	}
	struct cause *cause = &causes->list[causes->count];

	memset(cause, 0, sizeof(*cause));
	causes->last = causes->count++;
	return cause;
}

static void note_namespace(struct causes *causes, struct cause *cause, size_t row)
{
	char namespace_[128], key[160];

	cause_copy_role(cause->snapshot, row, ROLE_NAMESPACE, namespace_, sizeof(namespace_));
	if (!*namespace_ || !strcmp(namespace_, cause->namespace_))
		return;
	memcpy(cause->namespace_, namespace_, sizeof(namespace_));
	size_t length = (size_t)snprintf(key, sizeof(key), "%zu/%s", (size_t)(cause - causes->list), namespace_);

	if (marks_has(&causes->namespaces, key, length))
		return;
	marks_set(&causes->namespaces, key, length, 1);
	cause->namespaces++;
}

/* Since when at most: what the source says, else how long the thing exists. */
int64_t cause_since(const struct cause *cause, size_t row)
{
	const struct kind *kind = cause->source->kind;
	int column = kind_column_find(kind, "SINCE");

	if (column < 0)
		column = kind_column_find(kind, "AGE");
	double at = column >= 0 && kind->columns[column].type == COLUMN_AGE ? snapshot_number(cause->snapshot, row, column) : (double)NAN;

	return isnan(at) ? 0 : (int64_t)at;
}

void cause_scope(const struct causes *causes, const struct cause *cause, size_t row, char out[12])
{
	struct ref ref;
	char id[900];

	cause_copy_role(cause->snapshot, row, ROLE_SCOPE, out, 12);
	if (*out)
		return;
	cause_copy_role(cause->snapshot, row, ROLE_ID, id, sizeof(id));
	if (!ref_parse(id, &ref))
		estate_scope(causes->dashboard->pane.console->estate, ref.namespace_, ref.account, out);
}

/* Pods of one workload are told by its name. */
static void note_workload(struct cause *cause, size_t row)
{
	char name[128], namespace_[64], workload[128], of[200];

	if (cause->count && !*cause->of)
		return;
	cause_copy_role(cause->snapshot, row, ROLE_NAME, name, sizeof(name));
	cause_copy_role(cause->snapshot, row, ROLE_NAMESPACE, namespace_, sizeof(namespace_));
	chat_workload(cause->source->kind->name, name, workload, sizeof(workload));
	snprintf(of, sizeof(of), "%s%s%.128s", namespace_, *namespace_ ? "/" : "", workload);
	if (!cause->count)
		memcpy(cause->of, of, sizeof(of));
	else if (strcmp(cause->of, of) != 0)
		*cause->of = 0;
}

static void count_row(struct causes *causes, struct cause *cause, size_t row, const double *numbers, size_t number_count)
{
	char scope[12];
	int64_t since = cause_since(cause, row);

	cause_scope(causes, cause, row, scope);
	int rank = cause_scope_rank(scope);
	double number = number_count ? numbers[0] : 0;

	if (!cause->count || rank > cause->scope_rank || (rank == cause->scope_rank && number > cause->worst_number)) {
		cause->scope_rank = rank;
		cause->worst_number = number;
		cause->worst = row;
	}
	for (size_t i = 0; i < number_count; i++) {
		cause->low[i] = !cause->count || numbers[i] < cause->low[i] ? numbers[i] : cause->low[i];
		cause->high[i] = !cause->count || numbers[i] > cause->high[i] ? numbers[i] : cause->high[i];
	}
	if (since && (!cause->since_ns || since < cause->since_ns))
		cause->since_ns = since;
	note_namespace(causes, cause, row);
	note_workload(cause, row);
	if (cause->count < ALONE_MAX)
		cause->rows[cause->count] = row;
	cause->count++;
}

static void add_row(struct causes *causes, const struct source *source, struct snapshot *snapshot, size_t row, int rank)
{
	char why[ITEM_TEXT], shape[SHAPE_MAX];
	double numbers[NUMBERS_MAX];

	cause_why(snapshot, row, why, sizeof(why));
	size_t count = shape_of(why, shape, numbers);
	struct cause *cause = find_cause(causes, source, rank, shape);

	if (!cause) {
		cause = new_cause(causes);
		if (!cause)
			return;
		cause->source = source;
		cause->snapshot = snapshot;
		cause->rank = rank;
		memcpy(cause->shape, shape, sizeof(shape));
		cause_copy_role(snapshot, row, ROLE_SEVERITY, cause->severity, sizeof(cause->severity));
	}
	count_row(causes, cause, row, numbers, count);
}

static int rank_of(const struct snapshot *snapshot, size_t row)
{
	size_t length;
	const char *text = snapshot_role(snapshot, row, ROLE_SEVERITY, &length);
	char severity[16];

	if (!length)
		return 0;
	safe_copy(severity, sizeof(severity), text, length);
	return severity_rank(severity);
}

void causes_add_rows(struct causes *causes, const struct source *source, struct snapshot *snapshot)
{
	size_t count = snapshot ? snapshot_count(snapshot) : 0;
	int least = causes->dashboard->widgets[causes->widget].least_rank;

	for (size_t row = 0; row < count; row++) {
		int rank = rank_of(snapshot, row);

		if (rank >= least)
			add_row(causes, source, snapshot, row, rank);
	}
}
