/* A chain that does not hold is looked at as a whole: which entries are strangers, stand twice, are too many, are missing, or changed places; and
 * where, all of them in order, one does not know the one before. */
#include "gate/audit_judge.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct item {
	const struct audit_link *link;
	uint64_t seq;
	size_t place;            /* as it lies */
	int dropped, stranger;
};

struct judging {
	struct item *items;      /* as they lie */
	struct item **order;     /* those kept, by number */
	size_t count, kept;
	uint64_t from;
	audit_judged tell;
	void *arg;
};

__attribute__((format(printf, 4, 5))) static void say(const struct judging *j, uint64_t entry, const char *kind, const char *what, ...)
{
	char detail[160];
	va_list args;

	va_start(args, what);
	vsnprintf(detail, sizeof(detail), what, args);
	va_end(args);
	j->tell(j->arg, entry, kind, detail);
}

static void number(struct judging *j, const struct audit_link *links)
{
	for (size_t i = 0; i < j->count; i++)
		j->items[i] = (struct item){ .link = &links[i], .seq = links[i].seq, .place = i };
}

/* --- strangers: entries that name another log --- */

static uint64_t own_log(const struct judging *j)
{
	uint64_t log = 0;
	size_t votes = 0;

	for (size_t i = 0; i < j->count; i++) { /* Boyer and Moore: who has more than half stays */
		if (!j->items[i].link->trusted || !j->items[i].link->log)
			continue;
		if (!votes)
			log = j->items[i].link->log;
		votes += j->items[i].link->log == log ? 1 : (size_t)-1;
	}
	return log;
}

static int is_stranger(const struct audit_link *link, uint64_t log)
{
	return link->trusted && link->log && link->log != log;
}

static void drop_strangers(struct judging *j)
{
	uint64_t log = own_log(j), before = j->from - 1;

	for (size_t i = 0; i < j->count; i++) {
		size_t first = i;

		while (i < j->count && is_stranger(j->items[i].link, log)) {
			j->items[i].dropped = j->items[i].stranger = 1;
			i++;
		}
		if (i > first)
			say(j, before + 1, "splice", "%zu of another log after entry %" PRIu64, i - first, before);
		if (i < j->count)
			before = j->items[i].seq;
	}
}

/* --- twice --- */

static int by_hash(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	if (x->link->given != y->link->given)
		return x->link->given < y->link->given ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static int by_number(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	if (x->seq != y->seq)
		return x->seq < y->seq ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void keep(struct judging *j, int (*order)(const void *a, const void *b))
{
	j->kept = 0;
	for (size_t i = 0; i < j->count; i++)
		if (!j->items[i].dropped)
			j->order[j->kept++] = &j->items[i];
	qsort(j->order, j->kept, sizeof(*j->order), order);
}

/* Whether the one that lies before it is the one it names. */
static int stands_right(const struct judging *j, const struct item *item)
{
	return item->place ? j->items[item->place - 1].link->given == item->link->prev : item->seq == j->from;
}

static void drop_doubles(struct judging *j)
{
	keep(j, by_hash);
	for (size_t i = 0, end; i < j->kept; i = end) {
		size_t right = i;

		for (end = i; end < j->kept && j->order[end]->link->given == j->order[i]->link->given; end++)
			if (stands_right(j, j->order[end]) && !stands_right(j, j->order[right]))
				right = end;
		for (size_t k = i; k < end; k++) {
			if (k == right)
				continue;
			j->order[k]->dropped = 1;
			say(j, j->order[k]->seq, "duplicate", "entry %" PRIu64 " stands a second time, as number %zu of the file", j->order[k]->seq, j->order[k]->place + 1);
		}
	}
}

/* --- too many of one number --- */

static int is_named_by(const struct judging *j, size_t from, const struct item *item)
{
	for (size_t i = from; i < j->kept && j->order[i]->seq <= item->seq + 1; i++)
		if (j->order[i]->seq == item->seq + 1 && j->order[i]->link->trusted && j->order[i]->link->prev == item->link->given)
			return 1;
	return 0;
}

static void drop_inserted(struct judging *j)
{
	keep(j, by_number);
	for (size_t i = 0, end; i < j->kept; i = end) {
		size_t genuine = i;

		for (end = i; end < j->kept && j->order[end]->seq == j->order[i]->seq; end++)
			if (is_named_by(j, i, j->order[end]) && !is_named_by(j, i, j->order[genuine]))
				genuine = end;
		for (size_t k = i; k < end; k++)
			if (k != genuine) {
				j->order[k]->dropped = 1;
				say(j, j->order[k]->seq, "insert", "an entry that says it is number %" PRIu64 ", and that the next one does not know", j->order[k]->seq);
			}
	}
	keep(j, by_number);
}

/* --- missing --- */

/* A stranger lies where it is missing: that was told. */
static int stranger_between(const struct judging *j, size_t a, size_t b)
{
	for (size_t i = a < b ? a : b; i < (a < b ? b : a) && i < j->count; i++)
		if (j->items[i].stranger)
			return 1;
	return 0;
}

static void tell_missing(const struct judging *j)
{
	uint64_t next = j->from;
	size_t place = 0;

	for (size_t i = 0; i < j->kept; i++) {
		uint64_t seq = j->order[i]->seq;

		if (seq > next && !stranger_between(j, place, j->order[i]->place))
			say(j, next, "delete", "%" PRIu64 " to %" PRIu64 " are missing", next, seq - 1);
		next = seq + 1;
		place = j->order[i]->place;
	}
}

/* --- out of place --- */

static void tell_moved(const struct judging *j)
{
	struct item **lie = mem_alloc((j->kept + 1) * sizeof(*lie));
	size_t *rank = mem_alloc((j->count + 1) * sizeof(*rank));
	size_t kept = 0;

	for (size_t i = 0; i < j->kept; i++)
		rank[j->order[i]->place] = i;
	for (size_t i = 0; i < j->count; i++)
		if (!j->items[i].dropped)
			lie[kept++] = &j->items[i];
	for (size_t i = 0; i < kept; i++) {
		size_t last = rank[lie[i]->place], moved = 0, k;

		if (last == i)
			continue;
		for (k = i; k <= last; k++) { /* the shortest stretch that holds the same entries in another order */
			if (rank[lie[k]->place] > last)
				last = rank[lie[k]->place];
			moved += lie[k] != j->order[k];
		}
		say(j, j->order[i]->seq, "swap", moved == 2 ? "entries %" PRIu64 " and %" PRIu64 " changed places" : "entries %" PRIu64 " to %" PRIu64 " stand in another order",
			j->order[i]->seq, j->order[last]->seq);
		i = last;
	}
	free(rank);
	free(lie);
}

/* --- links --- */

static int breaks(const struct judging *j, size_t i)
{
	const struct item *a, *b;

	if (i == 0 || i >= j->kept)
		return 0;
	a = j->order[i - 1];
	b = j->order[i];
	return b->seq == a->seq + 1 && b->link->trusted && b->link->prev != a->link->given && !stranger_between(j, a->place, b->place);
}

static void tell_links(const struct judging *j)
{
	for (size_t i = 1; i < j->kept; i++) {
		if (!breaks(j, i))
			continue;
		if (breaks(j, i + 1)) {
			say(j, j->order[i]->seq, "splice", "neither the entry before %" PRIu64 " nor the one after belongs to it", j->order[i]->seq);
			i++;
			continue;
		}
		say(j, j->order[i - 1]->seq, "rehash", "entry %" PRIu64 " was changed and its hash made anew: entry %" PRIu64 " names another", j->order[i - 1]->seq,
			j->order[i]->seq);
	}
}

void audit_judge(const struct audit_link *links, size_t count, uint64_t from, audit_judged tell, void *arg)
{
	struct judging j = { .items = mem_zero(count + 1, sizeof(*j.items)), .order = mem_zero(count + 1, sizeof(*j.order)), .count = count, .from = from,
		.tell = tell, .arg = arg };

	number(&j, links);
	drop_strangers(&j);
	drop_doubles(&j);
	drop_inserted(&j);
	tell_missing(&j);
	tell_moved(&j);
	tell_links(&j);
	free(j.items);
	free(j.order);
}
