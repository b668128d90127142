/* seal.h - the key that signs checkpoints: Ed25519 (RFC 8032), PEM PKCS#8 in the configuration folder, mode 0600. */
#ifndef GATE_SEAL_H
#define GATE_SEAL_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct seal;

enum { SEAL_PUBLIC_HEX_MAX = 65, SEAL_SIGNATURE_HEX_MAX = 129 };

/* path NULL: audit.key in the configuration folder; made when missing. */
struct seal *seal_open(const char *path, struct error *err);
void seal_free(struct seal *seal);
const char *seal_public(const struct seal *seal); /* hex */
int seal_sign(const struct seal *seal, const void *bytes, size_t length, char signature[SEAL_SIGNATURE_HEX_MAX], struct error *err);
int seal_verify(const char *public_hex, const void *bytes, size_t length, const char *signature_hex); /* 1 good, 0 not */

#endif
