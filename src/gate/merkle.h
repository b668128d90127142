/* merkle.h - RFC 6962 2.1: root over leaves, growing. Leaf hash SHA-256(0x00 || data), node SHA-256(0x01 || left || right). */
#ifndef GATE_MERKLE_H
#define GATE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"

enum { MERKLE_LEVELS = 64 };

struct merkle {                /* whole subtrees so far, largest first: as many as size has bits */
	uint64_t size;
	uint8_t nodes[MERKLE_LEVELS][SHA256_BYTES];
	unsigned count;
};

void merkle_add(struct merkle *merkle, const uint8_t data[SHA256_BYTES]);
void merkle_root(const struct merkle *merkle, uint8_t root[SHA256_BYTES]); /* of nothing: SHA-256 of "" */

#endif
