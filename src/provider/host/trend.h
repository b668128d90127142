/* trend.h - where a value that grows will be: keeps a quarter of an hour of readings by name. Behind machine->lock. */
#ifndef PROVIDER_HOST_TREND_H
#define PROVIDER_HOST_TREND_H

#include <stdint.h>

struct trends;

struct trends *trends_new(void);
void trends_free(struct trends *trends);
/* Notes what name holds now, and says in how many seconds it will have grown by `room`, at the slower of the paces of the older and the
 * newer half of its readings: what has stopped growing is no trend. NAN: not known (less than two minutes of readings, five hundred names)
 * or it does not grow. Readings closer than ten seconds are not kept. now_ns is monotonic. */
double trends_next(struct trends *trends, const char *name, int64_t value, int64_t room, int64_t now_ns);

#endif
