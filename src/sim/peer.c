#include "sim/peer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int peer_option_text(const struct peer *peer, const char *name, char *out, size_t size)
{
	size_t length = strlen(name);
	int decoded_length = 0;

	for (const char *at = peer->query; *at; at += strcspn(at, "&"), at += *at == '&') {
		if (strncmp(at, name, length) || at[length] != '=')
			continue;
		const char *value = at + length + 1;
		char *decoded =
			curl_easy_unescape(NULL, value, (int)strcspn(value, "&"), &decoded_length);

		snprintf(out, size, "%s", decoded ? decoded : "");
		curl_free(decoded);
		return 1;
	}
	return 0;
}

long peer_option(const struct peer *peer, const char *name, long otherwise)
{
	char value[32];

	return peer_option_text(peer, name, value, sizeof(value)) ? strtol(value, NULL, 10)
								  : otherwise;
}
