#include "gate/merkle.h"

#include <string.h>

static void node(const uint8_t *left, const uint8_t *right, uint8_t out[SHA256_BYTES])
{
	uint8_t bytes[1 + 2 * SHA256_BYTES] = { 1 };

	memcpy(bytes + 1, left, SHA256_BYTES);
	memcpy(bytes + 1 + SHA256_BYTES, right, SHA256_BYTES);
	sha256(bytes, sizeof(bytes), out);
}

void merkle_add(struct merkle *merkle, const uint8_t data[SHA256_BYTES])
{
	uint8_t bytes[1 + SHA256_BYTES] = { 0 };

	memcpy(bytes + 1, data, SHA256_BYTES);
	sha256(bytes, sizeof(bytes), merkle->nodes[merkle->count++]);
	/* Each trailing 1 bit of the old size is a subtree as large as the one just made. */
	for (uint64_t size = merkle->size++; size & 1; size >>= 1) {
		merkle->count--;
		node(merkle->nodes[merkle->count - 1], merkle->nodes[merkle->count], merkle->nodes[merkle->count - 1]);
	}
}

void merkle_root(const struct merkle *merkle, uint8_t root[SHA256_BYTES])
{
	if (!merkle->count) {
		sha256("", 0, root);
		return;
	}
	memcpy(root, merkle->nodes[merkle->count - 1], SHA256_BYTES);
	for (unsigned i = merkle->count - 1; i-- > 0;)
		node(merkle->nodes[i], root, root);
}
