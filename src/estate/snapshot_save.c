/* A snapshot as bytes for the cache: a head, then its blocks as they are. What comes back may be of another
 * version or damaged, so all is checked before anyone looks at it. */
#include <string.h>

#include "base/text.h"
#include "estate/block.h"
#include "estate/snapshot.h"

static const char magic[8] = "PHROWS3\n";

struct head {
	char magic[8];
	uint64_t layout; /* of the kind's columns */
	uint64_t blocks, count, total;
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
		.blocks = snapshot_blocks(snapshot),
		.count = snapshot_count(snapshot),
		.total = snapshot_total(snapshot),
		.observed_ns = snapshot_time(snapshot),
	};
	size_t first;

	memcpy(head.magic, magic, sizeof(magic));
	head.layout = layout_of(snapshot_kind(snapshot));
	text_add_n(out, (const char *)&head, sizeof(head));
	for (size_t i = 0; i < snapshot_blocks(snapshot); i++)
		block_to_bytes(snapshot_block(snapshot, i, &first), out);
}

static int add_blocks(struct snapshot *snapshot, const struct kind *kind, const char *bytes, size_t length, uint64_t blocks)
{
	for (uint64_t i = 0; i < blocks; i++) {
		size_t used = 0;
		struct block *block = block_from_bytes(kind, bytes, length, &used);

		if (!block)
			return -1;
		snapshot_add_block(snapshot, block);
		bytes += used;
		length -= used;
	}
	return length ? -1 : 0;
}

struct snapshot *snapshot_from_bytes(const struct kind *kind, const void *bytes, size_t length)
{
	struct head head;
	struct snapshot *snapshot;

	if (length < sizeof(head))
		return NULL;
	memcpy(&head, bytes, sizeof(head));
	if (memcmp(head.magic, magic, sizeof(magic)) || head.layout != layout_of(kind))
		return NULL;
	snapshot = snapshot_new(kind);
	if (add_blocks(snapshot, kind, (const char *)bytes + sizeof(head), length - sizeof(head), head.blocks) ||
		snapshot_count(snapshot) != head.count) {
		snapshot_unref(snapshot);
		return NULL;
	}
	snapshot_freeze(snapshot);
	snapshot_set_time(snapshot, head.observed_ns);
	if (head.total > head.count)
		snapshot_set_cut(snapshot, (size_t)head.total);
	return snapshot;
}
