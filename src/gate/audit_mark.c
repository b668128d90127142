#include "gate/audit_mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

enum { CHECKPOINT_MAX_BYTES = 64 << 10 };

static void copy(char *out, size_t size, const struct json *text)
{
	snprintf(out, size, "%s", json_text_or(text, ""));
}

static int signature_good(const struct json *checkpoint)
{
	struct json *unsigned_ = json_copy(checkpoint);
	struct text bytes;

	json_remove(unsigned_, "signature");
	json_remove(unsigned_, "anchor");
	text_init(&bytes, CHECKPOINT_MAX_BYTES);
	json_canonical(unsigned_, &bytes);
	int good = seal_verify(json_text(json_get(checkpoint, "key")), bytes.data, bytes.length, json_text(json_get(checkpoint, "signature")));
	text_release(&bytes);
	json_free(unsigned_);
	return good;
}

void marks_add(struct marks *marks, const struct json *checkpoint, int anchored)
{
	int64_t size = json_int(json_get(checkpoint, "size"), 0);
	struct mark mark = { .size = size > 0 ? (uint64_t)size : 0, .anchored = anchored, .good = signature_good(checkpoint) };

	copy(mark.root, sizeof(mark.root), json_get(checkpoint, "root"));
	copy(mark.log, sizeof(mark.log), json_get(checkpoint, "log"));
	copy(mark.last, sizeof(mark.last), json_get(checkpoint, "last"));
	copy(mark.key, sizeof(mark.key), json_get(checkpoint, "key"));
	marks->list = mem_grow(marks->list, marks->count + 1, sizeof(*marks->list));
	marks->list[marks->count++] = mark;
}

void marks_release(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){ 0 };
}

static int by_size(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->size != y->size ? (x->size > y->size) - (x->size < y->size) : y->anchored - x->anchored;
}

/* The log its own checkpoints name, when its first entry is not there. */
static const char *named(const struct marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		if (!marks->list[i].anchored)
			return marks->list[i].log;
	return "";
}

static int same_key(const struct marks *marks, const struct mark *anchor)
{
	for (size_t i = 0; i < marks->count; i++)
		if (!marks->list[i].anchored && !strcmp(marks->list[i].key, anchor->key))
			return 1;
	return 0;
}

void marks_choose(struct marks *marks, int own, const char *first)
{
	char wanted[SHA256_HEX_MAX], newest[SHA256_HEX_MAX] = "";
	int known = 0, ours = own;

	snprintf(wanted, sizeof(wanted), "%s", first ? first : named(marks));
	for (size_t i = 0; i < marks->count; i++) {
		const struct mark *mark = &marks->list[i];

		if (!mark->anchored)
			continue;
		memcpy(newest, mark->log, sizeof(newest));
		known |= !strcmp(mark->log, wanted);
		ours |= first && same_key(marks, mark);
	}
	if (!known)
		memcpy(wanted, ours ? newest : "", ours ? sizeof(wanted) : 1);
	size_t kept = 0;
	for (size_t i = 0; i < marks->count; i++)
		if (!marks->list[i].anchored || !strcmp(marks->list[i].log, wanted))
			marks->list[kept++] = marks->list[i];
	marks->count = kept;
	if (kept)
		qsort(marks->list, kept, sizeof(*marks->list), by_size);
}

struct mark *marks_of_size(struct marks *marks, uint64_t size)
{
	while (marks->next < marks->count && marks->list[marks->next].size < size)
		marks->next++;
	if (marks->next == marks->count || marks->list[marks->next].size != size)
		return NULL;
	return &marks->list[marks->next++];
}
