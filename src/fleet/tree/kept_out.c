#include "fleet/tree/kept_out.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/text.h"
#include "fleet/tree/ignore.h"
#include "fleet/tree/source.h"

enum { INDEX_MAX_BYTES = 16 << 20, ENTRY_BYTES = 62, CHAIN_MAX = 64, TRACKED_MAX = 10000, NAME_MAX_BYTES = 4096 };

struct kept_out {
	int root;
	int unknown; /* there is an index, and it cannot be read */
	struct arena *arena;
	const char **tracked; /* environment files of the index */
	size_t count;
};

/* --- .git/index, versions 2 to 4: gitformat-index(5) --- */

struct entries {
	const unsigned char *bytes;
	size_t length, at;
	unsigned version, left;
	char name[NAME_MAX_BYTES];
	size_t name_length;
};

static unsigned big_endian(const unsigned char *at, int bytes)
{
	unsigned value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

/* Version 4: how much of the last name goes, in the offset encoding of packs. */
static int read_varint(struct entries *entries, size_t *value)
{
	size_t sum = 0;

	for (int i = 0; i < 5 && entries->at < entries->length; i++) {
		unsigned char c = entries->bytes[entries->at++];

		sum = i ? ((sum + 1) << 7) + (c & 0x7f) : c & 0x7f;
		if (!(c & 0x80)) {
			*value = sum;
			return 0;
		}
	}
	return -1;
}

/* 1: entries->name is the next; 0: no more; -1: it cannot be read. */
static int next_entry(struct entries *entries)
{
	size_t begin = entries->at, kept = 0, gone, length;
	const unsigned char *end;

	if (!entries->left--)
		return 0;
	if (entries->length - begin < ENTRY_BYTES + 2)
		return -1;
	entries->at += ENTRY_BYTES + (entries->version > 2 && big_endian(entries->bytes + begin + 60, 2) & 0x4000 ? 2 : 0);
	if (entries->version == 4) {
		if (read_varint(entries, &gone) || gone > entries->name_length)
			return -1;
		kept = entries->name_length - gone;
	}
	end = memchr(entries->bytes + entries->at, 0, entries->length - entries->at);
	length = end ? (size_t)(end - entries->bytes) - entries->at : NAME_MAX_BYTES;
	if (kept + length >= NAME_MAX_BYTES)
		return -1;
	memcpy(entries->name + kept, entries->bytes + entries->at, length + 1);
	entries->name_length = kept + length;
	entries->at += length + 1;
	if (entries->version < 4) /* NULs to a multiple of eight */
		entries->at = begin + ((entries->at - begin - 1) / 8 + 1) * 8;
	return entries->at <= entries->length ? 1 : -1;
}

static void read_index(struct kept_out *kept_out, const struct source *source)
{
	struct entries *entries = mem_zero(1, sizeof(*entries));
	int more = -1;

	entries->bytes = (const unsigned char *)source->bytes;
	entries->length = source->byte_length;
	entries->at = 12;
	if (entries->length >= 12 && !memcmp(source->bytes, "DIRC", 4)) {
		entries->version = big_endian(entries->bytes + 4, 4);
		entries->left = big_endian(entries->bytes + 8, 4);
		while (entries->version >= 2 && entries->version <= 4 && (more = next_entry(entries)) > 0 && kept_out->count < TRACKED_MAX)
			if (strstr(entries->name, "env")) {
				kept_out->tracked = mem_grow(kept_out->tracked, kept_out->count + 1, sizeof(*kept_out->tracked));
				kept_out->tracked[kept_out->count++] = arena_text(kept_out->arena, entries->name);
			}
	}
	kept_out->unknown = more != 0;
	free(entries);
}

struct kept_out *kept_out_load(int root)
{
	struct kept_out *kept_out = mem_zero(1, sizeof(*kept_out));
	struct source source = { 0 };
	struct error *none = NULL;

	kept_out->root = root;
	kept_out->arena = arena_new();
	if (!source_load(&source, root, ".git/index", "index", 0, none)) {
		if (source_more(&source, &(size_t){ 0 }) || source.byte_length > INDEX_MAX_BYTES)
			kept_out->unknown = 1;
		else
			read_index(kept_out, &source);
	}
	source_release(&source);
	return kept_out;
}

void kept_out_free(struct kept_out *kept_out)
{
	if (!kept_out)
		return;
	arena_free(kept_out->arena);
	free(kept_out->tracked);
	free(kept_out);
}

/* --- .gitignore --- */

struct chain {
	struct ignore *links[CHAIN_MAX];
	int count;
};

static int add_link(const struct kept_out *kept_out, struct chain *chain, const char *folder)
{
	struct source source = { 0 };
	char path[NAME_MAX_BYTES];

	if (chain->count == CHAIN_MAX || strlen(folder) + sizeof("/.gitignore") > sizeof(path))
		return -1;
	strcpy(path, folder);
	strcat(path, *folder ? "/.gitignore" : ".gitignore");
	if (!source_load(&source, kept_out->root, path, path, 0, NULL)) {
		chain->links[chain->count] = ignore_new(chain->count ? chain->links[chain->count - 1] : NULL, folder, source.text, source.length);
		chain->count++;
	}
	source_release(&source);
	return 0;
}

static int is_ignored(const struct kept_out *kept_out, const char *path)
{
	struct chain chain = { .count = 0 };
	char folder[NAME_MAX_BYTES] = "";
	int ignored = 0, failed = strlen(path) >= sizeof(folder) || add_link(kept_out, &chain, "");

	for (const char *slash = path; !failed && !ignored && (slash = strchr(slash, '/')); slash++) {
		memcpy(folder, path, (size_t)(slash - path));
		folder[slash - path] = 0;
		ignored = chain.count && ignore_matches(chain.links[chain.count - 1], folder, 1);
		failed = !ignored && add_link(kept_out, &chain, folder);
	}
	if (!failed && !ignored)
		ignored = chain.count && ignore_matches(chain.links[chain.count - 1], path, 0);
	while (chain.count)
		ignore_free(chain.links[--chain.count]);
	return !failed && ignored;
}

int kept_out_is(const struct kept_out *kept_out, const char *path)
{
	if (kept_out->unknown)
		return 0;
	for (size_t i = 0; i < kept_out->count; i++)
		if (!strcmp(kept_out->tracked[i], path))
			return 0;
	return is_ignored(kept_out, path);
}

void kept_out_add(const struct kept_out *kept_out, struct text *text)
{
	text_format(text, "index %d\n", kept_out->unknown);
	for (size_t i = 0; i < kept_out->count; i++)
		text_add_n(text, kept_out->tracked[i], strlen(kept_out->tracked[i]) + 1);
}
