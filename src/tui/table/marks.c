/* marks.c - the marked rows, by a hash of their id: a hundred thousand of them cost a lookup each. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tui/table/private.h"

/* FNV-1a, 64 bit. Two ids with one hash would be marked together: with 2^64 values that is not seen. */
uint64_t marks_hash(const char *id, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)id[i]) * UINT64_C(0x100000001b3);
	return hash ? hash : 1;
}

static size_t place_of(const struct marks *marks, uint64_t hash)
{
	size_t at = hash & (marks->room - 1);

	while (marks->hashes[at] && marks->hashes[at] != hash)
		at = (at + 1) & (marks->room - 1);
	return at;
}

static void grow(struct marks *marks)
{
	struct marks bigger = { .room = marks->room ? marks->room * 2 : 64 };

	bigger.hashes = mem_zero(bigger.room, sizeof(*bigger.hashes));
	for (size_t i = 0; i < marks->room; i++)
		if (marks->hashes[i])
			bigger.hashes[place_of(&bigger, marks->hashes[i])] = marks->hashes[i];
	bigger.count = marks->count;
	free(marks->hashes);
	*marks = bigger;
}

int marks_has(const struct marks *marks, const char *id, size_t length)
{
	return marks->count && marks->hashes[place_of(marks, marks_hash(id, length))];
}

/* Puts back those that a freed place would cut off from their own. */
static void remove_at(struct marks *marks, size_t at)
{
	marks->hashes[at] = 0;
	marks->count--;
	for (size_t next = (at + 1) & (marks->room - 1); marks->hashes[next]; next = (next + 1) & (marks->room - 1)) {
		uint64_t hash = marks->hashes[next];

		marks->hashes[next] = 0;
		marks->hashes[place_of(marks, hash)] = hash;
	}
}

void marks_set(struct marks *marks, const char *id, size_t length, int on)
{
	if (marks->count * 2 >= marks->room)
		grow(marks);
	uint64_t hash = marks_hash(id, length);
	size_t at = place_of(marks, hash);

	if (on && !marks->hashes[at]) {
		marks->hashes[at] = hash;
		marks->count++;
	} else if (!on && marks->hashes[at]) {
		remove_at(marks, at);
	}
}

void marks_clear(struct marks *marks)
{
	free(marks->hashes);
	*marks = (struct marks){ 0 };
}
