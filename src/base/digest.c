/* The functions marked old in OpenSSL 3, for its new ones look the algorithm up, with locks, at each
 * call: that cost more than hashing an audit entry. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/digest.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void sha256(const void *bytes, size_t length, uint8_t out[SHA256_BYTES])
{
	SHA256_CTX state;

	SHA256_Init(&state);
	SHA256_Update(&state, length ? bytes : (const void *)"", length);
	SHA256_Final(out, &state);
}

void sha256_hex(const void *bytes, size_t length, char out[SHA256_HEX_MAX])
{
	uint8_t digest[SHA256_BYTES];

	sha256(bytes, length, digest);
	hex_format(digest, sizeof(digest), out);
}

void hex_format(const uint8_t *bytes, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int hex_parse(const char *text, uint8_t *out, size_t length)
{
	if (strlen(text) != 2 * length)
		return -1;
	for (size_t i = 0; i < 2 * length; i++)
		if (hex_digit(text[i]) < 0)
			return -1;
	for (size_t i = 0; i < length; i++)
		out[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	return 0;
}

void hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
	uint8_t out[SHA256_BYTES])
{
	unsigned written = SHA256_BYTES;

	/* A key longer than the block is hashed first (RFC 2104, 2); done here, so that no length
	 * overflows int. */
	uint8_t short_key[SHA256_BYTES];

	if (key_length > 64) {
		sha256(key, key_length, short_key);
		key = short_key;
		key_length = sizeof(short_key);
	}
	if (!HMAC(EVP_sha256(), key_length ? key : "", (int)key_length,
		    length ? bytes : (const void *)"", length, out, &written))
		abort(); /* SHA-256 is always there; a wrong signature must not leave quietly */
}

char *base64_format(const void *bytes, size_t length)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = bytes;
	char *text = mem_alloc((length + 2) / 3 * 4 + 1), *out = text;

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				 (left > 2 ? in[i + 2] : 0);

		*out++ = alphabet[three >> 18];
		*out++ = alphabet[three >> 12 & 63];
		*out++ = left > 1 ? alphabet[three >> 6 & 63] : '=';
		*out++ = left > 2 ? alphabet[three & 63] : '=';
	}
	*out = 0;
	return text;
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* The decoded bytes of text into out; how many, or -1. Padding is optional (base64url has none),
 * but what is there must be right and last. */
static long decode(const char *text, uint8_t *out)
{
	uint32_t bits = 0;
	size_t digits = 0, padding = 0;
	long count = 0;

	for (; *text; text++) {
		if (strchr(" \t\r\n", *text))
			continue;
		if (*text == '=') {
			padding++;
			continue;
		}
		int value = base64_value(*text);

		if (value < 0 || padding)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		if (++digits % 4 != 1)
			out[count++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	if (digits % 4 == 1 || (padding && (digits + padding) % 4) || padding > 2)
		return -1;
	return count;
}

uint8_t *base64_parse(const char *text, size_t *length)
{
	uint8_t *bytes = mem_alloc(strlen(text) / 4 * 3 + 4);
	long count = decode(text, bytes);

	if (count < 0) {
		free(bytes);
		return NULL;
	}
	bytes[count] = 0;
	if (length)
		*length = (size_t)count;
	return bytes;
}
