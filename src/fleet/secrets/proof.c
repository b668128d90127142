/* proof.c - checks that a value carries in itself: checksums and encodings. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "fleet/secrets/private.h"

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* CRC-32 of IEEE 802.3, reflected, as zlib's. */
static uint32_t crc32_of(const char *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned char)bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320 & (0u - (crc & 1)));
	}
	return ~crc;
}

/* "Behind GitHub's new authentication token formats" (github.blog, 2021): 30 characters, then the CRC-32 of them in base 62, six places. */
static int crc_holds(const char *value, size_t length)
{
	const char *mark = memchr(value, '_', length);
	size_t prefix = mark ? (size_t)(mark + 1 - value) : 0;
	char expected[6];
	uint32_t crc;

	if (length < prefix + 36)
		return 0;
	crc = crc32_of(value + prefix, length - prefix - 6);
	for (int i = 5; i >= 0; i--, crc /= 62)
		expected[i] = base62[crc % 62];
	return !memcmp(expected, value + length - 6, 6);
}

static struct json *decoded_json(const char *value, size_t length)
{
	char *copy = mem_text_n(value, length);
	size_t n = 0;
	uint8_t *bytes = base64_parse(copy, &n);
	struct json *json = bytes ? json_parse((const char *)bytes, n, NULL) : NULL;

	free(copy);
	free(bytes);
	if (json && json_is(json, JSON_OBJECT))
		return json;
	json_free(json);
	return NULL;
}

/* What every document of the format shows, with any signature. */
static int is_sample_payload(const struct json *payload)
{
	return (!strcmp(json_text_or(json_get(payload, "sub"), ""), "1234567890") && !strcmp(json_text_or(json_get(payload, "name"), ""), "John Doe")) ||
		!strcmp(json_text_or(json_get(payload, "some"), ""), "payload");
}

/* RFC 7519: two parts are JSON. A hosted database gives out a key for everybody as a token of the role "anon": that is no secret. */
static int jwt_holds(const char *value, size_t length)
{
	const char *dot = memchr(value, '.', length);
	const char *second = dot ? memchr(dot + 1, '.', length - (size_t)(dot + 1 - value)) : NULL;
	struct json *header = dot ? decoded_json(value, (size_t)(dot - value)) : NULL;
	struct json *payload = header && second ? decoded_json(dot + 1, (size_t)(second - dot - 1)) : NULL;
	const char *role = json_text_or(json_get(payload, "role"), "");
	int holds = payload && (json_get(header, "alg") || json_get(header, "typ")) && strcmp(role, "anon") != 0 && !is_sample_payload(payload);

	json_free(header);
	json_free(payload);
	return holds;
}

/* Base-32 (RFC 4648) only: 0, 1, 8 and 9 are in no key id. */
static int aws_id_holds(const char *value, size_t length)
{
	for (size_t i = 4; i < length; i++)
		if (!((value[i] >= 'A' && value[i] <= 'Z') || (value[i] >= '2' && value[i] <= '7')))
			return 0;
	return length == 20;
}

static int basic_holds(const char *value, size_t length)
{
	char *copy = mem_text_n(value, length);
	size_t n = 0;
	uint8_t *bytes = base64_parse(copy, &n);
	int holds = bytes && n >= 5 && memchr(bytes, ':', n) != NULL;

	for (size_t i = 0; holds && i < n; i++)
		holds = bytes[i] >= 0x20 && bytes[i] < 0x7f;
	free(copy);
	free(bytes);
	return holds;
}

static int base64_json_holds(const char *value, size_t length)
{
	struct json *json = decoded_json(value, length);

	json_free(json);
	return json != NULL;
}

static int pem_holds(const char *value, size_t length)
{
	return pem_block(value, length, 0) > 0;
}

static int none_holds(const char *value, size_t length)
{
	(void)value;
	return length > 0;
}

static const struct {
	const char *name;
	int (*holds)(const char *value, size_t length);
} proofs[PROOF_COUNT] = {
	[PROOF_NONE] = { "none", none_holds },
	[PROOF_CRC32_BASE62] = { "crc32-base62", crc_holds },
	[PROOF_JWT] = { "jwt", jwt_holds },
	[PROOF_PEM] = { "pem", pem_holds },
	[PROOF_AWS_ID] = { "aws-id", aws_id_holds },
	[PROOF_BASIC] = { "basic", basic_holds },
	[PROOF_BASE64_JSON] = { "base64-json", base64_json_holds },
};

int proof_holds(enum secret_proof proof, const char *value, size_t length)
{
	return proofs[proof].holds(value, length);
}

enum secret_proof proof_named(const char *name)
{
	int i = 0;

	while (i < PROOF_COUNT && strcmp(proofs[i].name, name) != 0)
		i++;
	return (enum secret_proof)i;
}

/* --- PEM --- */

enum { PEM_MAX_BYTES = 32 << 10 };

static int is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* A header line inside ("Proc-Type: 4,ENCRYPTED", "Version: …"), to be passed over. */
static size_t header_line(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && i < 40 && (is_base64(text[i]) || text[i] == '-'))
		i++;
	if (i < 3 || i + 1 >= length || text[i] != ':' || text[i + 1] != ' ')
		return 0;
	while (i < length && text[i] != '\n' && !(text[i] == '\\' && i + 1 < length && text[i + 1] == 'n'))
		i++;
	return i;
}

static int is_quote(char c)
{
	return c == '"' || c == '\'' || c == '`';
}

static int is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A plus between two literals: a quote stands before or after it. */
static int is_sign(const char *text, size_t length, size_t i)
{
	size_t before = i, after = i + 1;

	if (text[i] != '+')
		return 0;
	while (before && is_space(text[before - 1]))
		before--;
	while (after < length && is_space(text[after]))
		after++;
	return (before && is_quote(text[before - 1])) || (after < length && is_quote(text[after]));
}

/* The base64 of a block between its lines, without what a language puts between lines: white space, "\n", quotes, plus signs, comment signs. */
static char *pem_body(const char *text, size_t length)
{
	char *body = mem_alloc(length + 1);
	size_t n = 0;
	int fresh = 1; /* at the start of a line */

	for (size_t i = 0; i < length; i++) {
		size_t header = fresh ? header_line(text + i, length - i) : 0;

		if (header) {
			i += header - 1;
			continue;
		}
		if (text[i] == '\\' && i + 1 < length && strchr("nrt", text[i + 1])) {
			fresh = 1;
			i++;
		} else if (text[i] == '\n') {
			fresh = 1;
		} else if (is_base64(text[i]) && !is_sign(text, length, i)) {
			body[n++] = text[i];
			fresh = 0;
		} else if (text[i] == '=' && i + 1 < length && text[i + 1] != '=' && is_base64(text[i + 1])) {
			break; /* the checksum of OpenPGP */
		} else if (text[i] == '=') {
			body[n++] = '=';
		}
	}
	body[n] = '\0';
	return body;
}

/* ITU-T X.690: a sequence of definite length. A block that was cut in the middle still gives away most of a key; what holds less than half is a sample. */
static int is_der(const uint8_t *bytes, size_t length)
{
	size_t size = 0, head = 2;

	if (length < 40 || bytes[0] != 0x30)
		return 0;
	if (bytes[1] < 0x80)
		return (size_t)bytes[1] + 2 <= length;
	head += bytes[1] & 0x7f;
	if (head < 3 || head > 5)
		return 0;
	for (size_t i = 2; i < head; i++)
		size = size << 8 | bytes[i];
	return size >= 0x80 && size / 2 + head <= length;
}

static int is_key_body(const char *label, size_t label_length, const char *body)
{
	size_t length = 0;
	uint8_t *bytes = base64_parse(body, &length);
	int holds;

	if (memmem(label, label_length, "PGP", 3))
		holds = bytes && length >= 48 && bytes[0] & 0x80; /* RFC 9580, 4.2: a packet's first bit */
	else if (memmem(label, label_length, "OPENSSH", 7) || memmem(label, label_length, "SSH2", 4))
		holds = bytes && length > 60 && (!memcmp(bytes, "openssh-key-v1", 14) || bytes[0] == 0x3f);
	else
		holds = bytes && is_der(bytes, length);
	free(bytes);
	return holds;
}

size_t pem_block(const char *text, size_t length, size_t at)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	const char *start = text + at, *label = start + sizeof(begin) - 1, *close, *finish, *last;
	size_t left = length - at;
	char *body;
	int holds;

	left = left > PEM_MAX_BYTES ? PEM_MAX_BYTES : left;
	if (left < 64 || memcmp(start, begin, sizeof(begin) - 1) != 0)
		return 0;
	close = memmem(label, left < 80 ? left - sizeof(begin) : 64, "-----", 5);
	if (!close || !memmem(label, (size_t)(close - label), "PRIVATE KEY", 11))
		return 0;
	finish = memmem(close + 5, left - (size_t)(close + 5 - start), end, sizeof(end) - 1);
	if (!finish)
		return 0;
	body = pem_body(close + 5, (size_t)(finish - close - 5));
	holds = is_key_body(label, (size_t)(close - label), body);
	free(body);
	if (!holds)
		return 0;
	last = memmem(finish + sizeof(end) - 1, left - (size_t)(finish + sizeof(end) - 1 - start), "-----", 5);
	return (size_t)((last ? last + 5 : finish) - start);
}
