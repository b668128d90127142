#include "net/certificate.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/safe.h"

/* 0 when ready, -1 when time is over. */
static int wait_for(int fd, short events, int64_t until_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t left_ms = (until_ns - clock_monotonic_ns()) / (CLOCK_SECOND_NS / 1000);

	return left_ms > 0 && poll(&poll_fd, 1, (int)left_ms) > 0 ? 0 : -1;
}

static int connect_to(const struct addrinfo *address, int64_t until_ns)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), problem = 0;
	socklen_t size = sizeof(problem);

	if (fd < 0)
		return -1;
	if (!connect(fd, address->ai_addr, address->ai_addrlen))
		return fd;
	if (errno == EINPROGRESS && !wait_for(fd, POLLOUT, until_ns) && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) && !problem)
		return fd;
	close(fd);
	return -1;
}

static int open_to(const char *host, int port, int64_t until_ns, struct error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *addresses = NULL;
	char service[16];
	int fd = -1, code;

	snprintf(service, sizeof(service), "%d", port);
	code = getaddrinfo(host, service, &hints, &addresses);
	if (code)
		return error_set(err, ERR_UNREACHABLE, "%s: no address is known for this name (%s)", host, gai_strerror(code));
	for (const struct addrinfo *at = addresses; at && fd < 0; at = at->ai_next)
		fd = connect_to(at, until_ns);
	freeaddrinfo(addresses);
	if (fd < 0)
		error_set(err, ERR_UNREACHABLE, "%s:%d: nothing answers there", host, port);
	return fd;
}

static int shake_hands(SSL *tls, int fd, int64_t until_ns)
{
	for (;;) {
		int status = SSL_connect(tls), wanted = SSL_get_error(tls, status);

		if (status == 1)
			return 0;
		if ((wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) || wait_for(fd, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_ns))
			return -1;
	}
}

static void name_part(const X509_NAME *name, int nid, char *out, size_t size)
{
	char text[256] = "";

	X509_NAME_get_text_by_NID(name, nid, text, sizeof(text));
	safe_copy(out, size, text, strlen(text));
}

static void describe(SSL *tls, struct net_certificate *out)
{
	X509 *certificate = SSL_get1_peer_certificate(tls);
	long verdict = SSL_get_verify_result(tls);
	struct tm until;

	if (!certificate)
		return;
	const X509_NAME *issuer = X509_get_issuer_name(certificate);
	name_part(issuer, NID_commonName, out->issuer, sizeof(out->issuer));
	name_part(issuer, NID_organizationName, out->organisation, sizeof(out->organisation));
	if (!*out->issuer)
		snprintf(out->issuer, sizeof(out->issuer), "%s", *out->organisation ? out->organisation : "an issuer without a name");
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) == 1)
		out->until_ns = (int64_t)timegm(&until) * CLOCK_SECOND_NS;
	out->trusted = verdict == X509_V_OK;
	if (!out->trusted)
		snprintf(out->why, sizeof(out->why), "%s", X509_verify_cert_error_string(verdict));
	X509_free(certificate);
}

int net_certificate(const char *host, int port, const char *ca_path, int timeout_ms, struct net_certificate *out, struct error *err)
{
	int64_t until_ns = clock_monotonic_ns() + (int64_t)timeout_ms * (CLOCK_SECOND_NS / 1000);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = NULL;
	char name[256];
	int fd = -1, failed = -1;

	*out = (struct net_certificate){ 0 };
	snprintf(name, sizeof(name), "%s", host);
	if (context && (!ca_path || !SSL_CTX_load_verify_locations(context, ca_path, NULL)))
		SSL_CTX_set_default_verify_paths(context);
	tls = context ? SSL_new(context) : NULL;
	if (tls && (fd = open_to(host, port, until_ns, err)) >= 0) {
		SSL_set_verify(tls, SSL_VERIFY_NONE, NULL); /* the verdict is told, not obeyed: nothing is sent */
		SSL_set_tlsext_host_name(tls, name);
		if (!X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), name))
			SSL_set1_host(tls, name);
		SSL_set_fd(tls, fd);
		failed = shake_hands(tls, fd, until_ns);
		if (failed)
			error_set(err, clock_monotonic_ns() >= until_ns ? ERR_TIMEOUT : ERR_UNREACHABLE, "%s:%d: no TLS connection comes about", host, port);
		else
			describe(tls, out);
	}
	SSL_free(tls);
	SSL_CTX_free(context);
	if (fd >= 0)
		close(fd);
	return failed;
}
