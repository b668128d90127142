#include "gate/audit_scan.h"

#include <string.h>

static const struct {
	const char *name;
	size_t length;
} members[AUDIT_MEMBERS] = {
	[AUDIT_ID] = { "audit_id", 8 }, [AUDIT_BOOT] = { "boot_id", 7 }, [AUDIT_CHECKPOINT] = { "checkpoint", 10 }, [AUDIT_HASH] = { "hash", 4 },
	[AUDIT_LOG] = { "log", 3 }, [AUDIT_PREV] = { "prev_hash", 9 }, [AUDIT_SEQ] = { "seq", 3 }, [AUDIT_TIME] = { "timestamp", 9 },
	[AUDIT_UP] = { "up_ms", 5 },
};

/* at: a quote. Behind the closing one, or NULL. */
static const char *skip_string(const char *at, const char *end)
{
	for (const char *from = at + 1; (at = memchr(from, '"', (size_t)(end - from))); from = at + 1) {
		size_t slashes = 0;

		while (at - 1 - slashes > from - 1 && at[-1 - (long)slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return at + 1;
	}
	return NULL;
}

static const char *skip_nested(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		char c = *at;

		if (c == '"') {
			at = skip_string(at, end);
			if (!at)
				return NULL;
			continue;
		}
		at++;
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && --depth == 0)
			return at;
	}
	return NULL;
}

static const char *skip_value(const char *at, const char *end)
{
	const char *from = at;

	if (at == end)
		return NULL;
	if (*at == '"')
		return skip_string(at, end);
	if (*at == '{' || *at == '[')
		return skip_nested(at, end);
	while (at < end && *at != ',' && *at != '}')
		at++;
	return at == from ? NULL : at;
}

static void keep(struct audit_scan *out, const char *bytes, const char *key, size_t key_length, const char *value, const char *end)
{
	for (size_t i = 0; i < AUDIT_MEMBERS; i++)
		if (members[i].length == key_length && *members[i].name == *key && !memcmp(members[i].name, key, key_length))
			out->span[i] = (struct audit_span){ (size_t)(key - 1 - bytes), (size_t)(value - bytes), (size_t)(end - bytes) };
}

static int in_order(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);

	return order ? order < 0 : a_length < b_length;
}

int audit_scan(const char *bytes, size_t length, struct audit_scan *out)
{
	const char *end = bytes + length, *at = bytes + 1, *last = "";
	size_t last_length = 0;

	memset(out, 0, sizeof(*out));
	if (length < 2 || *bytes != '{')
		return -1;
	for (;;) {
		const char *key = at + 1, *behind = at < end && *at == '"' ? skip_string(at, end) : NULL;

		if (!behind || behind == end || *behind != ':')
			return -1;
		size_t key_length = (size_t)(behind - 1 - key);
		if (last_length && !in_order(last, last_length, key, key_length))
			return -1;
		const char *value = behind + 1, *rest = skip_value(value, end);
		if (!rest || rest == end)
			return -1;
		keep(out, bytes, key, key_length, value, rest);
		last = key;
		last_length = key_length;
		at = rest + 1;
		if (*rest == '}')
			return at == end ? 0 : -1;
		if (*rest != ',')
			return -1;
	}
}

const char *audit_scan_text(const char *bytes, const struct audit_scan *scan, enum audit_member member, size_t *length)
{
	const struct audit_span *span = &scan->span[member];

	if (span->end < span->value + 2 || bytes[span->value] != '"')
		return NULL;
	size_t has = span->end - span->value - 2;
	const char *text = bytes + span->value + 1;
	if ((*length && *length != has) || memchr(text, '\\', has))
		return NULL;
	*length = has;
	return text;
}
