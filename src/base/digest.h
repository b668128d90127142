/* digest.h - SHA-256, HMAC, base64, hex over OpenSSL. */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_MAX = 65 };

void sha256(const void *bytes, size_t length, uint8_t out[SHA256_BYTES]);
void sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX_MAX]);
void hex_format(const uint8_t *bytes, size_t length, char *out /* 2*length+1 */);
int hex_parse(const char *text, uint8_t *out, size_t length); /* exactly 2*length digits: 0, else -1 */
void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length, uint8_t out[SHA256_BYTES]);
/* Standard alphabet; white space allowed when parsing, base64url accepted. You own the result. NULL: not base64. */
char *base64_format(const void *bytes, size_t length);
uint8_t *base64_parse(const char *text, size_t *length); /* a NUL follows the bytes */

#endif
