#include "net/transfer.h"

/* A handle that was used keeps its TLS sessions, so that a new connection of the same identity
 * resumes (libcurl compares CA, certificate and checks first), and costs no set-up. */
CURL *handles_take(struct handles *handles)
{
	return handles->count ? handles->free[--handles->count] : curl_easy_init();
}

void handles_give(struct handles *handles, CURL *easy)
{
	if (!easy || handles->count == NET_HANDLES_KEPT) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy); /* now: it points into a request that ends */
	handles->free[handles->count++] = easy;
}

void handles_release(struct handles *handles)
{
	while (handles->count)
		curl_easy_cleanup(handles->free[--handles->count]);
}
