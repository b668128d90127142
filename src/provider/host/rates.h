/* rates.h - counters that only grow, turned into rates: keeps the last reading of each by name. Behind machine->lock. */
#ifndef PROVIDER_HOST_RATES_H
#define PROVIDER_HOST_RATES_H

#include <stddef.h>
#include <stdint.h>

struct rates;

struct rates *rates_new(void);
void rates_free(struct rates *rates);
/* How much `counter` of `name` grew in a second since the reading before; NAN at the first one and after a reset.
 * Readings closer than 50 ms give the last rate again. Two thousand names at most; those past it are NAN. */
double rates_next(struct rates *rates, const char *name, const char *counter, uint64_t value, int64_t now_ns);
size_t rates_count(const struct rates *rates); /* of names read so far: it grows by each first reading */

#endif
