/* The way out: proxy, names, package indices, who vouches for them, and what time they think it is. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "cli/diagnose.h"
#include "fleet/supply/registry.h"
#include "net/certificate.h"
#include "net/net.h"

enum { HOST_MAX = 256, DRIFT_WARN_S = 30, DRIFT_FAIL_S = 300 };

int address_parts(const char *url, char *host, size_t size, int *port, int *is_tls)
{
	const char *at = url;
	size_t length;

	*is_tls = !strncasecmp(url, "https://", 8);
	if (!*is_tls && strncasecmp(url, "http://", 7) != 0)
		return -1;
	at += *is_tls ? 8 : 7;
	length = strcspn(at, "/?#");
	const char *user = memrchr(at, '@', length);
	if (user) {
		length -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	const char *end = at + length, *colon = memrchr(at, ':', length);
	*port = *is_tls ? 443 : 80;
	if (*at == '[') {
		const char *close = memchr(at, ']', length);

		at++;
		colon = close && close[1] == ':' ? close + 1 : NULL;
		length = close ? (size_t)(close - at) : length - 1;
	} else if (colon) {
		length = (size_t)(colon - at);
	}
	if (colon && colon < end)
		*port = atoi(colon + 1);
	if (!length || length >= size || *port <= 0 || *port > 65535)
		return -1;
	snprintf(host, size, "%.*s", (int)length, at);
	return 0;
}

/* NO_PROXY as libcurl reads it: names and what ends with them, or *. */
static int is_excepted(const char *host)
{
	const char *list = getenv("no_proxy") ? getenv("no_proxy") : getenv("NO_PROXY");

	while (list && *list) {
		size_t length, size = strlen(host);

		list += strspn(list, ", .");
		length = strcspn(list, ", ");
		if (length == 1 && *list == '*')
			return 1;
		if (length && length <= size && !strncasecmp(host + size - length, list, length) && (length == size || host[size - length - 1] == '.'))
			return 1;
		list += length;
	}
	return 0;
}

const char *proxy_for(const char *url)
{
	static const char *const tls[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL }, *const plain[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	char host[HOST_MAX];
	int port, is_tls;

	if (address_parts(url, host, sizeof(host), &port, &is_tls) || is_excepted(host))
		return NULL;
	for (const char *const *name = is_tls ? tls : plain; *name; name++)
		if (getenv(*name) && *getenv(*name))
			return getenv(*name);
	return NULL;
}

/* --- proxy --- */

static void proxy(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);
	struct net_response response = { 0 };
	struct error err = { 0 };
	char host[HOST_MAX], url[HOST_MAX + 32];
	int port, is_tls;
	const char *address = getenv(task_argument(task));

	if (strncasecmp(address, "http", 4) != 0) {
		task_tell(task, NULL, CHECK_SKIP, NULL, "%s names a proxy of another kind than HTTP; requests go through it, but it is not asked by itself", task_argument(task));
		return;
	}
	if (address_parts(address, host, sizeof(host), &port, &is_tls)) {
		task_tell(task, NULL, CHECK_FAIL, "write it as http://HOST:PORT", "%s is no address of a proxy", task_argument(task));
		return;
	}
	snprintf(url, sizeof(url), "%s://%s%s%s:%d/", is_tls ? "https" : "http", strchr(host, ':') ? "[" : "", host, strchr(host, ':') ? "]" : "", port);
	/* Any answer to a request for itself shows that it lives. */
	int failed = net_fetch(surroundings->net, &(struct net_request){ .url = url, .proxy = "", .timeout_ms = surroundings->timeout_ms, .connect_timeout_ms = surroundings->timeout_ms }, &response, &err);
	if (failed && err.code != ERR_FORMAT)
		task_tell(task, NULL, CHECK_FAIL, "start the proxy, or correct or unset the variable", "%s: %s", task_argument(task), err.text);
	else
		task_tell(task, NULL, CHECK_OK, NULL, "%s: %s:%d answers", task_argument(task), host, port);
	net_response_release(&response);
}

static void add_proxies(struct diagnosis *diagnosis)
{
	static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY" };
	int found = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (getenv(names[i]) && *getenv(names[i]) && ++found)
			diagnosis_add(diagnosis, "proxy", names[i], 0, proxy);
	(void)found;
}

/* --- names --- */

static void name_of_host(struct task *task)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int code = getaddrinfo(task_argument(task), NULL, &hints, &found);

	if (code)
		task_tell(task, NULL, CHECK_FAIL, "check /etc/resolv.conf and the name server, or the name itself", "no address is known for it: %s", gai_strerror(code));
	else
		task_tell(task, NULL, CHECK_OK, NULL, "has an address");
	if (found)
		freeaddrinfo(found);
}

/* --- indices --- */

static const char *state_fix(int status, int has_credentials)
{
	if (status == 401 || status == 403)
		return has_credentials ? "renew the credentials (address, .npmrc, netrc), or ask for the right to read" : "add credentials: user and password in the address, .npmrc or .netrc";
	if (status == 407)
		return "put user and password of the proxy in HTTPS_PROXY, or add the host to NO_PROXY";
	if (status >= 500)
		return "ask those who run the index; report --registry goes on with the public mirror";
	return "check the address of the index";
}

static const char *error_fix(const struct error *err)
{
	if (strstr(err->text, "certificate") || strstr(err->text, "TLS"))
		return "name the file of your CA in PIP_CERT, cafile of .npmrc, or SSL_CERT_FILE";
	return err->code == ERR_TIMEOUT ? "is there a proxy to go through (HTTPS_PROXY), or a firewall on the way?" : "check the address of the index, the name server and the proxy";
}

static void package_index(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);
	const struct registry_index *index = registry_list_at(surroundings->indices, task_number(task));
	struct net_response response = { 0 };
	struct error err = { 0 };
	int is_default = !strcmp(index->from, "default");
	enum check_state bad = is_default ? CHECK_WARN : CHECK_FAIL;
	int failed = registry_list_ask(surroundings->indices, task_number(task), surroundings->net, surroundings->timeout_ms, &response, &err);

	if (failed)
		task_tell(task, NULL, bad, error_fix(&err), "%s%s", err.text, is_default ? " (nothing configures it; it is asked where others fail)" : "");
	else if (response.status == 200 || response.status == 404)
		task_tell(task, NULL, CHECK_OK, NULL, "answers (%s%s)", index->from, response.status == 404 ? "; not for the package we tried" : "");
	else if (response.status >= 300 && response.status < 400)
		task_tell(task, NULL, CHECK_WARN, "configure the address it sends to", "%d: it sends elsewhere, which is not followed", response.status);
	else
		task_tell(task, NULL, bad, state_fix(response.status, registry_list_has_credentials(surroundings->indices, task_number(task))), "%d: %s (%s)", response.status,
			registry_status_words(response.status) ? registry_status_words(response.status) : "an answer that is not understood", index->from);
	net_response_release(&response);
}

/* --- who vouches for them --- */

/* Organisations behind the CAs that browsers and systems trust. An index that everyone can reach is vouched for by one of them; another name is a proxy's. */
static const char *const public_cas[] = { "Let's Encrypt", "Internet Security Research Group", "DigiCert", "GlobalSign", "Sectigo", "Google Trust Services", "Amazon", "Entrust", "GoDaddy", "Starfield",
	"Cloudflare", "Microsoft", "IdenTrust", "Certainly", "Fastly", "ZeroSSL", "SSL Corp", "Buypass", "Actalis", "HARICA", "Baltimore", "COMODO", "GeoTrust", "Certum", "Asseco", "QuoVadis", "SwissSign",
	"Telekom Security", "TrustAsia", "Apple" };

static int is_public_ca(const struct net_certificate *certificate)
{
	for (size_t i = 0; i < sizeof(public_cas) / sizeof(*public_cas); i++)
		if (strstr(certificate->organisation, public_cas[i]) || strstr(certificate->issuer, public_cas[i]))
			return 1;
	return 0;
}

static void tls_issuer(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);
	const struct registry_index *index = registry_list_at(surroundings->indices, task_number(task));
	struct net_certificate certificate;
	struct error err = { 0 };
	char host[HOST_MAX];
	int port, is_tls;

	if (address_parts(index->url, host, sizeof(host), &port, &is_tls) || !is_tls)
		return;
	if (proxy_for(index->url))
		task_tell(task, NULL, CHECK_SKIP, NULL, "it is reached through a proxy: the row of the index says whether its certificate is trusted");
	else if (net_certificate(host, port, registry_list_certificates(surroundings->indices, task_number(task)), surroundings->timeout_ms, &certificate, &err))
		task_tell(task, NULL, CHECK_SKIP, NULL, "no certificate was seen: %s", err.text);
	else if (!certificate.trusted)
		task_tell(task, NULL, strcmp(index->from, "default") != 0 ? CHECK_FAIL : CHECK_WARN,
			"if this is your company's proxy or CA, name its CA file in SSL_CERT_FILE or PIP_CERT; if it is not, somebody reads along",
			"issued by %s, which this machine does not trust: %s", certificate.issuer, certificate.why);
	else if (index->is_public && !strncmp(index->from, "default", 7) && !is_public_ca(&certificate))
		task_tell(task, NULL, CHECK_WARN, "nothing, where a proxy of your company looks into TLS and you know it; else find out who does",
			"issued by %s%s%s: trusted here, but no CA that vouches for this index to everyone; TLS is looked into on the way", certificate.issuer,
			*certificate.organisation ? " of " : "", certificate.organisation);
	else
		task_tell(task, NULL, CHECK_OK, NULL, "issued by %s, trusted", certificate.issuer);
}

/* --- clock --- */

/* RFC 9110 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT". -1: none. */
static int64_t date_of(const struct net_response *response)
{
	char value[80];
	struct tm parts = { 0 };
	const char *end = net_header(response, "date", value, sizeof(value)) ? strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &parts) : NULL;

	return end ? (int64_t)timegm(&parts) : -1;
}

/* The first index that says what time it is. */
static void clock_drift(struct task *task)
{
	const struct surroundings *surroundings = task_surroundings(task);

	for (size_t n = 0; n < registry_list_count(surroundings->indices); n++) {
		size_t i = (n + ECOSYSTEM_COUNT) % registry_list_count(surroundings->indices); /* configured ones first */
		struct net_response response = { 0 };
		int64_t before_ns = clock_now_ns(), date;
		int failed = registry_list_ask(surroundings->indices, i, surroundings->net, surroundings->timeout_ms / 2, &response, NULL);
		/* Its second began some time between our asking and its answer. */
		int64_t drift_s = failed || (date = date_of(&response)) < 0 ? 0 : (before_ns + (clock_now_ns() - before_ns) / 2) / CLOCK_SECOND_NS - date;
		int told = !failed && date_of(&response) >= 0;

		net_response_release(&response);
		if (!told)
			continue;
		int64_t size_s = drift_s < 0 ? -drift_s : drift_s;
		const char *url = registry_list_at(surroundings->indices, i)->url;

		task_tell(task, NULL, size_s > DRIFT_FAIL_S ? CHECK_FAIL : size_s > DRIFT_WARN_S ? CHECK_WARN : CHECK_OK, size_s > DRIFT_WARN_S ? "set the clock (timedatectl set-ntp true)" : NULL,
			"%lld s %s %s", (long long)size_s, drift_s < 0 ? "behind" : "ahead of", url);
		return;
	}
	task_tell(task, NULL, CHECK_SKIP, NULL, "nobody who was asked says what time it is");
}

void diagnose_network(struct diagnosis *diagnosis, const struct surroundings *surroundings)
{
	char name[HOST_MAX + 80], host[HOST_MAX], seen[4096] = " ";
	int port, is_tls;

	if (!surroundings->net)
		return;
	add_proxies(diagnosis);
	for (size_t i = 0; i < registry_list_count(surroundings->indices); i++) {
		const struct registry_index *index = registry_list_at(surroundings->indices, i);

		snprintf(name, sizeof(name), "index %.*s%s%s", HOST_MAX, index->url, *index->scope ? " " : "", index->scope);
		diagnosis_add(diagnosis, name, NULL, i, package_index);
		if (address_parts(index->url, host, sizeof(host), &port, &is_tls))
			continue;
		if (is_tls) {
			snprintf(name, sizeof(name), "tls %s", host);
			diagnosis_add(diagnosis, name, NULL, i, tls_issuer);
		}
		char wrapped[HOST_MAX + 2];
		snprintf(wrapped, sizeof(wrapped), " %s ", host);
		if (strstr(seen, wrapped) || proxy_for(index->url)) /* a proxy knows names for us */
			continue;
		if (strlen(seen) + strlen(host) + 2 < sizeof(seen))
			strcat(strcat(seen, host), " ");
		snprintf(name, sizeof(name), "dns %s", host);
		diagnosis_add(diagnosis, name, host, i, name_of_host);
	}
	diagnosis_add(diagnosis, "clock", NULL, 0, clock_drift);
}
