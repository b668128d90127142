/* url.c - scheme://user:password@host. Drivers in the scheme ("postgresql+asyncpg"), passwords with signs in them, and https with basic
 * authentication are all URLs. */
#include <string.h>
#include <strings.h>

#include "fleet/secrets/private.h"
#include "fleet/tree/source.h"

enum { SCHEME_MAX = 40, URL_MAX = 1024 };

struct url {
	struct span scheme, user, password, host;
};

static int is_scheme(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '.' || c == '-';
}

/* Where the text of the URL ends at the latest. */
static size_t url_end(const struct view *view, size_t from)
{
	size_t end = from;

	while (end < view->length && end - from < URL_MAX && (unsigned char)view->text[end] > ' ' && !strchr("\"'`<>\\", view->text[end]))
		end++;
	return end;
}

/* The sign that ends the password: the last @ of the authority; where there is none, of the whole, for passwords with a slash in them. */
static size_t find_at(const struct view *view, size_t from, size_t end, int plain)
{
	size_t authority = from, found = 0;

	while (authority < end && !strchr("/?#", view->text[authority]))
		authority++;
	for (size_t i = from; i < authority; i++)
		if (view->text[i] == '@')
			found = i;
	if (found || plain)
		return found;
	for (size_t i = from; i < end; i++)
		if (view->text[i] == '@')
			return i;
	return 0;
}

static int scheme_is(const struct view *view, struct span scheme, const char *word)
{
	return scheme.length == strlen(word) && !strncasecmp(view->text + scheme.at, word, scheme.length);
}

static int read_url(const struct view *view, size_t at, struct url *url)
{
	size_t from = at + 3, start = at, end = url_end(view, from), sign, colon;
	const char *found;

	while (start && is_scheme(view->text[start - 1]) && at - start < SCHEME_MAX)
		start--;
	url->scheme = (struct span){ start, at - start };
	if (url->scheme.length < 2)
		return 0;
	sign = find_at(view, from, end, scheme_is(view, url->scheme, "http") || scheme_is(view, url->scheme, "https"));
	found = sign ? memchr(view->text + from, ':', sign - from) : NULL;
	if (!found)
		return 0;
	colon = (size_t)(found - view->text);
	url->user = (struct span){ from, colon - from };
	url->password = (struct span){ colon + 1, sign - colon - 1 };
	url->host = (struct span){ sign + 1, 0 };
	while (sign + 1 + url->host.length < end && !strchr("/?#:,)", view->text[sign + 1 + url->host.length]))
		url->host.length++;
	return url->password.length > 0 && url->user.length < 128 && !memchr(view->text + from, '/', colon - from);
}

static int host_is(const struct view *view, struct span host, const char *name)
{
	size_t n = strlen(name);

	if (*name == '.')
		return host.length > n && !strncasecmp(view->text + host.at + host.length - n, name, n);
	return host.length == n && !strncasecmp(view->text + host.at, name, n);
}

/* This machine, or a name that exists in documents only (RFC 2606, RFC 6761). */
static int is_local(const struct view *view, struct span host)
{
	static const char *const names[] = { "localhost", "0.0.0.0", "[", "host.docker.internal", "host", "hostname", "server", "example.com", "example.org", "example.net", ".example",
		".invalid", ".localhost", ".test", "127.0.0.1", "127.0.1.1", "::1", "HOST", "" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (host_is(view, host, names[i]))
			return 1;
	return host.length > 4 && !strncmp(view->text + host.at, "127.", 4);
}

/* A name without a dot is a container beside this one, as test set-ups have it: only a password nobody would make up for a test counts. */
static int is_single_name(const struct view *view, struct span host)
{
	return !memchr(view->text + host.at, '.', host.length);
}

static int same(const struct view *view, struct span a, struct span b)
{
	return a.length == b.length && !strncasecmp(view->text + a.at, view->text + b.at, a.length);
}

static int in_document(const struct secret_scanner *scanner, const struct url *url)
{
	return scanner->source->kind == SOURCE_TEXT || scanner->source->kind == SOURCE_MARKDOWN ||
		memmem(scanner->view.text + url->host.at, url->host.length, "example", 7) != NULL;
}

static int is_small(const char *value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((value[i] < 'a' || value[i] > 'z') && value[i] != ':' && value[i] != '-')
			return 0;
	return 1;
}

static int is_made_up(const struct secret_scanner *scanner, const struct url *url)
{
	const struct view *view = &scanner->view;
	const char *password = view->text + url->password.at;
	size_t length = url->password.length;

	if (same(view, url->user, url->password) || value_is_placeholder(scanner->rules, password, length))
		return 1;
	if (memchr(password, '{', length) || memchr(password, '$', 1) || memchr(password, '<', length) || memchr(password, '%', 1))
		return 1;
	if (value_is_reference(password, length))
		return 1;
	if (is_single_name(view, url->host))
		return length < 8 || value_is_words(password, length) || !value_is_random(password, length);
	/* A host of documents, or prose, and a word that a document would show. */
	if (in_document(scanner, url))
		return length < 8 || (value_is_words(password, length) && is_small(password, length));
	return length < 4;
}

void secrets_url(struct secret_scanner *scanner, size_t at)
{
	const struct view *view = &scanner->view;
	struct candidate candidate = { .rule = scanner->rules->url, .rank = RANK_URL };
	struct url url;

	if (at < scanner->url_seen || scanner->source->kind == SOURCE_LOCK)
		return;
	/* Where no @ follows, one that begins a little later has none either. */
	if (!memchr(view->text + at, '@', url_end(view, at + 3) - at)) {
		scanner->url_seen = at + (url_end(view, at + 3) - at) / 2;
		return;
	}
	if (!read_url(view, at, &url))
		return;
	scanner->url_seen = url.host.at;
	if (is_local(view, url.host) || is_made_up(scanner, &url))
		return;
	candidate.span = url.password;
	candidate.value = view->text + url.password.at;
	candidate.value_length = url.password.length;
	secrets_add(scanner, &candidate);
}
