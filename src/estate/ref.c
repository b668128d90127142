/* The text form of a resource's name. A '/' or '%' inside a part is written %2F or %25, so that the parts can be
 * told apart; a name that begins with '/' and has no namespace (a file system) is written as it is:
 * "host:web1/filesystems//var/lib". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "estate/provider.h"

static size_t put(char *out, size_t size, size_t at, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && at + 1 < size; i++)
		out[at++] = bytes[i];
	return at;
}

static size_t put_part(char *out, size_t size, size_t at, const char *part, int slashes_too)
{
	for (; *part; part++)
		if (*part == '%' || (*part == '/' && slashes_too))
			at = put(out, size, at, *part == '%' ? "%25" : "%2F", 3);
		else
			at = put(out, size, at, part, 1);
	return at;
}

void ref_format(const struct ref *ref, char *out, size_t size)
{
	size_t at = put_part(out, size, 0, ref->provider, 1);

	at = put(out, size, at, ":", 1);
	at = put_part(out, size, at, ref->account, 1);
	at = put(out, size, at, "/", 1);
	at = put_part(out, size, at, ref->kind, 1);
	at = put(out, size, at, "/", 1);
	if (*ref->namespace_) {
		at = put_part(out, size, at, ref->namespace_, 1);
		at = put(out, size, at, "/", 1);
	}
	at = put_part(out, size, at, ref->name, *ref->namespace_ || *ref->name != '/');
	if (size)
		out[at] = '\0';
}

static int hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes text..end into out. */
static int take(const char *text, const char *end, char *out, size_t size)
{
	size_t at = 0;

	while (text < end) {
		char c = *text++;

		if (c == '%') {
			if (end - text < 2 || hex_of(text[0]) < 0 || hex_of(text[1]) < 0)
				return -1;
			c = (char)(hex_of(text[0]) * 16 + hex_of(text[1]));
			text += 2;
		}
		if (at + 1 >= size || (unsigned char)c < 0x20)
			return -1;
		out[at++] = c;
	}
	out[at] = '\0';
	return 0;
}

static int take_names(const char *rest, struct ref *ref)
{
	const char *end = rest + strlen(rest);
	const char *slash = *rest == '/' ? NULL : strchr(rest, '/');

	if (!slash)
		return take(rest, end, ref->name, sizeof(ref->name)) || !*ref->name ? -1 : 0;
	if (strchr(slash + 1, '/') || take(rest, slash, ref->namespace_, sizeof(ref->namespace_)) ||
		take(slash + 1, end, ref->name, sizeof(ref->name)))
		return -1;
	return *ref->name ? 0 : -1;
}

int ref_parse(const char *id, struct ref *ref)
{
	const char *colon = strchr(id, ':');
	const char *account_end = colon ? strchr(colon, '/') : NULL;
	const char *kind_end = account_end ? strchr(account_end + 1, '/') : NULL;

	*ref = (struct ref){ 0 };
	if (!kind_end || take(id, colon, ref->provider, sizeof(ref->provider)) ||
		take(colon + 1, account_end, ref->account, sizeof(ref->account)) ||
		take(account_end + 1, kind_end, ref->kind, sizeof(ref->kind)))
		return -1;
	if (!*ref->provider || !*ref->kind || strchr(ref->provider, '/'))
		return -1;
	return take_names(kind_end + 1, ref);
}
