#include "provider/host/trend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { NAMES_MAX = 500, POINTS_MAX = 90, APART_S = 10, KEPT_S = 900, SPAN_MIN_S = 120 };

struct point {
	int64_t at_ns, value;
};

struct trend {
	char *name;
	struct point points[POINTS_MAX]; /* oldest first */
	size_t count;
};

struct trends {
	struct trend *list[NAMES_MAX];
	size_t count;
};

struct trends *trends_new(void)
{
	return mem_zero(1, sizeof(struct trends));
}

void trends_free(struct trends *trends)
{
	if (!trends)
		return;
	for (size_t i = 0; i < trends->count; i++) {
		free(trends->list[i]->name);
		free(trends->list[i]);
	}
	free(trends);
}

static struct trend *find(struct trends *trends, const char *name)
{
	for (size_t i = 0; i < trends->count; i++)
		if (!strcmp(trends->list[i]->name, name))
			return trends->list[i];
	if (trends->count == NAMES_MAX)
		return NULL;
	struct trend *trend = mem_zero(1, sizeof(*trend));

	trend->name = mem_text(name);
	return trends->list[trends->count++] = trend;
}

static void drop(struct trend *trend, size_t oldest)
{
	memmove(trend->points, trend->points + oldest, (trend->count - oldest) * sizeof(*trend->points));
	trend->count -= oldest;
}

static void note(struct trend *trend, int64_t value, int64_t now_ns)
{
	size_t old = 0;

	if (trend->count && now_ns - trend->points[trend->count - 1].at_ns < APART_S * CLOCK_SECOND_NS)
		return;
	while (old < trend->count && now_ns - trend->points[old].at_ns > KEPT_S * CLOCK_SECOND_NS)
		old++;
	drop(trend, old);
	if (trend->count == POINTS_MAX)
		drop(trend, 1);
	trend->points[trend->count++] = (struct point){ now_ns, value };
}

static double pace(const struct point *from, const struct point *to)
{
	return (double)(to->value - from->value) * 1e9 / (double)(to->at_ns - from->at_ns);
}

double trends_next(struct trends *trends, const char *name, int64_t value, int64_t room, int64_t now_ns)
{
	struct trend *trend = find(trends, name);

	if (!trend)
		return NAN;
	note(trend, value, now_ns);
	const struct point *first = trend->points, *middle = first + trend->count / 2, *last = first + trend->count - 1;

	if (trend->count < 3 || last->at_ns - first->at_ns < SPAN_MIN_S * CLOCK_SECOND_NS)
		return NAN;
	double older = pace(first, middle), newer = pace(middle, last), slower = older < newer ? older : newer;

	return slower > 0 ? (double)room / slower : NAN;
}
