/* cover.h - which words of a sentence what is asked explains. Private to cover*.c. */
#ifndef COPILOT_COVER_H
#define COPILOT_COVER_H

#include "copilot/reading.h"

/* What is asked, as far as words go. */
enum family {
	CHANGE = 1,
	LIST = 2,
	STATUS = 4,
	AUDIT = 8,
	CAUSE = 16,
	COST = 32,
	FORECAST = 64,
	TOLD = 128,    /* any of them, in a clause that tells what is wrong or why */
	GRIPPED = 256, /* a reading, in a clause that names a target of ours */
	LOOK = LIST | STATUS | AUDIT | CAUSE,
	MONEY = COST | FORECAST,
	READ = LOOK | MONEY,
	ANY = CHANGE | READ | TOLD
};

/* The word is under no mark of these families, and is no name, number or time: a stray. */
int cover_stray(const struct reading *reading, size_t token, unsigned families);
int cover_is_name(const struct reading *reading, size_t token);
int cover_is_lonely(const struct reading *reading, size_t token); /* a name nobody knows, behind the request */
int cover_is_act(const struct reading *reading, size_t token); /* a change */
int cover_ends_after(const struct reading *reading, size_t token); /* of a clause */

#endif
