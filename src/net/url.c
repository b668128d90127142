#include "net/url.h"

#include <string.h>

#include "base/text.h"

/* RFC 3986 2.3 */
static int unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_encode(struct text *out, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (unreserved(c))
			text_add_char(out, (char)c);
		else
			text_format(out, "%%%02X", c);
	}
}

void url_query(struct text *url, const char *name, const char *value)
{
	text_add_char(url, strchr(url->data, '?') ? '&' : '?');
	url_encode(url, name);
	text_add_char(url, '=');
	url_encode(url, value);
}

void url_join(struct text *url, const char *base, const char *path)
{
	size_t length = strlen(base);

	while (length && base[length - 1] == '/')
		length--;
	text_add_n(url, base, length);
	text_add_char(url, '/');
	text_add(url, path + strspn(path, "/"));
}
