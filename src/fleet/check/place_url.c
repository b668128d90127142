#include "fleet/check/place_url.h"

#include <stdlib.h>
#include <string.h>

static int ends_with(const char *text, size_t length, const char *end)
{
	size_t n = strlen(end);

	return length >= n && !strncmp(text + length - n, end, n);
}

int url_is_local(const char *url)
{
	static const char *const begins[] = { "127.", "0.0.0.0", "10.", "192.168.", "169.254.", "[::1]", "{", "$", "%", "<" };
	static const char *const ends[] = { "localhost", ".local", ".internal", ".svc", ".cluster.local", ".lan", ".test", ".localhost" };
	const char *host = strstr(url, "://"), *at;
	size_t length;

	host = host ? host + 3 : url;
	at = memchr(host, '@', strcspn(host, "/"));
	host = at ? at + 1 : host;
	length = strcspn(host, ":/?#");
	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(host, begins[i], strlen(begins[i])))
			return 1;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends_with(host, length, ends[i]))
			return 1;
	if (!strncmp(host, "172.", 4) && atoi(host + 4) >= 16 && atoi(host + 4) <= 31)
		return 1;
	return !memchr(host, '.', length);
}
