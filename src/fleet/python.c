#include "fleet/python.h"

#include <string.h>

#include "base/arena.h"
#include "fleet/python_parts.h"

enum { TEXT_MAX = 16 << 20 };

void *python_row_add(struct arena *arena, struct python_row *row, size_t size_bytes)
{
	if (row->count == row->room) {
		size_t room = row->room ? row->room * 2 : 16;
		void *items = arena_alloc(arena, room * size_bytes);

		if (row->count)
			memcpy(items, row->items, row->count * size_bytes);
		row->items = items;
		row->room = room;
	}
	return (char *)row->items + row->count++ * size_bytes;
}

struct python *python_parse(struct arena *arena, const char *text, size_t length)
{
	struct python *python = arena_alloc(arena, sizeof(*python));

	python->arena = arena;
	python->text = text;
	python->length = length < TEXT_MAX ? length : TEXT_MAX;
	python_lex(python);
	return python;
}

size_t python_token_count(const struct python *python)
{
	return python->token_count;
}

const struct python_token *python_token_at(const struct python *python, size_t i)
{
	return i < python->token_count ? &python->tokens[i] : NULL;
}
