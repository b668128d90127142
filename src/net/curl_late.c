/* libcurl, loaded at the first call of it. With what it needs itself it is thirty libraries: milliseconds and megabytes that neither a
 * look at this machine nor most commands ever use. The functions here have its names and hand each call on, so callers need not know. */
#include <curl/curl.h>
#include <pthread.h>
#include <stdarg.h>

#include "base/late.h"
#include "net/curl_late.h"

static struct {
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_recv) *easy_recv;
	__typeof__(curl_easy_reset) *easy_reset;
	__typeof__(curl_easy_send) *easy_send;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_unescape) *easy_unescape;
	__typeof__(curl_free) *free;
	__typeof__(curl_getdate) *getdate;
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_wakeup) *multi_wakeup;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_url) *url;
	__typeof__(curl_url_cleanup) *url_cleanup;
	__typeof__(curl_url_get) *url_get;
	__typeof__(curl_url_set) *url_set;
} lib;

static const struct late_symbol symbols[] = {
	{ "curl_easy_cleanup", &lib.easy_cleanup },
	{ "curl_easy_getinfo", &lib.easy_getinfo },
	{ "curl_easy_init", &lib.easy_init },
	{ "curl_easy_perform", &lib.easy_perform },
	{ "curl_easy_recv", &lib.easy_recv },
	{ "curl_easy_reset", &lib.easy_reset },
	{ "curl_easy_send", &lib.easy_send },
	{ "curl_easy_setopt", &lib.easy_setopt },
	{ "curl_easy_strerror", &lib.easy_strerror },
	{ "curl_easy_unescape", &lib.easy_unescape },
	{ "curl_free", &lib.free },
	{ "curl_getdate", &lib.getdate },
	{ "curl_global_init", &lib.global_init },
	{ "curl_multi_add_handle", &lib.multi_add_handle },
	{ "curl_multi_cleanup", &lib.multi_cleanup },
	{ "curl_multi_info_read", &lib.multi_info_read },
	{ "curl_multi_init", &lib.multi_init },
	{ "curl_multi_perform", &lib.multi_perform },
	{ "curl_multi_poll", &lib.multi_poll },
	{ "curl_multi_remove_handle", &lib.multi_remove_handle },
	{ "curl_multi_setopt", &lib.multi_setopt },
	{ "curl_multi_wakeup", &lib.multi_wakeup },
	{ "curl_slist_append", &lib.slist_append },
	{ "curl_slist_free_all", &lib.slist_free_all },
	{ "curl_url", &lib.url },
	{ "curl_url_cleanup", &lib.url_cleanup },
	{ "curl_url_get", &lib.url_get },
	{ "curl_url_set", &lib.url_set },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded;

static void load(void)
{
	loaded = !late_load(CURL_SONAME, symbols, sizeof(symbols) / sizeof(*symbols)) && !lib.global_init(CURL_GLOBAL_DEFAULT);
}

int curl_late_is_there(void)
{
	pthread_once(&once, load);
	return loaded;
}

/* --- where a handle or a parsed URL begins: they are NULL without the library, and nothing else is called then --- */

CURL *curl_easy_init(void)
{
	return curl_late_is_there() ? lib.easy_init() : NULL;
}

CURLM *curl_multi_init(void)
{
	return curl_late_is_there() ? lib.multi_init() : NULL;
}

CURLU *curl_url(void)
{
	return curl_late_is_there() ? lib.url() : NULL;
}

struct curl_slist *curl_slist_append(struct curl_slist *list, const char *line)
{
	return curl_late_is_there() ? lib.slist_append(list, line) : NULL;
}

time_t curl_getdate(const char *text, const time_t *unused)
{
	return curl_late_is_there() ? lib.getdate(text, unused) : -1;
}

char *curl_easy_unescape(CURL *easy, const char *text, int length, int *out_length)
{
	return curl_late_is_there() ? lib.easy_unescape(easy, text, length, out_length) : NULL;
}

/* --- what NULL is given to where there is none --- */

void curl_free(void *text)
{
	if (text)
		lib.free(text);
}

void curl_easy_cleanup(CURL *easy)
{
	if (easy)
		lib.easy_cleanup(easy);
}

void curl_slist_free_all(struct curl_slist *list)
{
	if (list)
		lib.slist_free_all(list);
}

void curl_url_cleanup(CURLU *url)
{
	if (url)
		lib.url_cleanup(url);
}

CURLUcode curl_url_get(CURL_URL_CONST CURLU *url, CURLUPart what, char **part, unsigned int flags)
{
	return url ? lib.url_get(url, what, part, flags) : CURLUE_BAD_HANDLE;
}

CURLUcode curl_url_set(CURLU *url, CURLUPart what, const char *part, unsigned int flags)
{
	return url ? lib.url_set(url, what, part, flags) : CURLUE_BAD_HANDLE;
}

/* --- one transfer --- */

/* What an option takes goes by its number: curl/curl.h, CURLOPTTYPE_. */
CURLcode (curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
	CURLcode code;
	va_list args;

	va_start(args, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		code = lib.easy_setopt(easy, option, va_arg(args, long));
	else if (option >= CURLOPTTYPE_OFF_T && option < CURLOPTTYPE_BLOB)
		code = lib.easy_setopt(easy, option, va_arg(args, curl_off_t));
	else
		code = lib.easy_setopt(easy, option, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLcode (curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
	va_list args;

	va_start(args, info);
	CURLcode code = lib.easy_getinfo(easy, info, va_arg(args, void *));

	va_end(args);
	return code;
}

CURLcode curl_easy_perform(CURL *easy)
{
	return lib.easy_perform(easy);
}

void curl_easy_reset(CURL *easy)
{
	lib.easy_reset(easy);
}

CURLcode curl_easy_recv(CURL *easy, void *out, size_t size, size_t *got)
{
	return lib.easy_recv(easy, out, size, got);
}

CURLcode curl_easy_send(CURL *easy, const void *bytes, size_t length, size_t *sent)
{
	return lib.easy_send(easy, bytes, length, sent);
}

const char *curl_easy_strerror(CURLcode code)
{
	return curl_late_is_there() ? lib.easy_strerror(code) : CURL_SONAME " is not installed";
}

/* --- many at once --- */

CURLMcode (curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
	CURLMcode code;
	va_list args;

	va_start(args, option);
	if ((int)option < CURLOPTTYPE_OBJECTPOINT)
		code = lib.multi_setopt(multi, option, va_arg(args, long));
	else
		code = lib.multi_setopt(multi, option, va_arg(args, void *));
	va_end(args);
	return code;
}

CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy)
{
	return lib.multi_add_handle(multi, easy);
}

CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy)
{
	return lib.multi_remove_handle(multi, easy);
}

CURLMcode curl_multi_cleanup(CURLM *multi)
{
	return lib.multi_cleanup(multi);
}

CURLMsg *curl_multi_info_read(CURLM *multi, int *left)
{
	return lib.multi_info_read(multi, left);
}

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
	return lib.multi_perform(multi, running);
}

CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd *fds, unsigned int count, int timeout_ms, int *ready)
{
	return lib.multi_poll(multi, fds, count, timeout_ms, ready);
}

CURLMcode curl_multi_wakeup(CURLM *multi)
{
	return lib.multi_wakeup(multi);
}
