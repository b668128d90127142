/* A snapshot as bytes for the cache: a head, then the flat text as it is. What comes back may be of another
 * version or damaged, so rows and cells are counted and checked before anyone looks at them. */
#include <string.h>

#include "base/safe.h"
#include "base/text.h"
#include "estate/snapshot.h"

static const char magic[8] = "PHROWS2\n";

struct head {
	char magic[8];
	uint64_t layout; /* of the kind's columns */
	uint64_t count, length, total;
	int64_t observed_ns;
};

/* FNV-1a: it tells one layout from another, nothing is secured by it. */
static uint64_t layout_of(const struct kind *kind)
{
	uint64_t hash = 0xcbf29ce484222325;
	struct text names;

	text_init(&names, 65536);
	text_format(&names, "%s/%s %zu\n", kind->provider, kind->name, kind->visible_count);
	for (size_t i = 0; i < kind->column_count; i++)
		text_format(&names, "%s %s %d\n", kind->columns[i].name,
			column_type_name(kind->columns[i].type), (int)kind->columns[i].role);
	for (size_t i = 0; i < names.length; i++)
		hash = (hash ^ (unsigned char)names.data[i]) * 0x100000001b3;
	text_release(&names);
	return hash;
}

void snapshot_to_bytes(const struct snapshot *snapshot, struct text *out)
{
	struct head head = {
		.count = snapshot_count(snapshot),
		.total = snapshot_total(snapshot),
		.observed_ns = snapshot_time(snapshot),
	};
	size_t length;
	const char *text = snapshot_text(snapshot, &length);

	memcpy(head.magic, magic, sizeof(magic));
	head.layout = layout_of(snapshot_kind(snapshot));
	head.length = length;
	text_add_n(out, (const char *)&head, sizeof(head));
	text_add_n(out, text, length);
}

/* Exactly the kind's cells, the separators in their places. */
static int row_is_whole(const struct kind *kind, const char *row, size_t length)
{
	size_t cells = 1;

	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)row[i];

		if (c >= 0x20)
			continue;
		if (c != (cells == kind->visible_count ? 0x1e : 0x1f))
			return 0;
		cells++;
	}
	return cells == kind->column_count;
}

static int add_rows(struct snapshot *snapshot, const struct kind *kind, const char *text,
	size_t length)
{
	for (size_t at = 0; at < length;) {
		const char *end = memchr(text + at, '\n', length - at);
		size_t row = end ? (size_t)(end - text) - at : 0;

		if (!end || !row_is_whole(kind, text + at, row) ||
			snapshot_add_row(snapshot, text + at, row))
			return -1;
		at += row + 1;
	}
	return 0;
}

struct snapshot *snapshot_from_bytes(const struct kind *kind, const void *bytes, size_t length)
{
	struct head head;
	struct snapshot *snapshot;

	if (length < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) || head.layout != layout_of(kind) ||
		head.length != length - sizeof(head) || head.count > head.length)
		return NULL;
	snapshot = snapshot_new(kind, (size_t)head.count, (size_t)head.length);
	if (add_rows(snapshot, kind, (const char *)bytes + sizeof(head), (size_t)head.length) ||
		snapshot_count(snapshot) != head.count) {
		snapshot_unref(snapshot);
		return NULL;
	}
	snapshot_set_time(snapshot, head.observed_ns);
	if (head.total > head.count)
		snapshot_set_cut(snapshot, (size_t)head.total);
	return snapshot;
}
