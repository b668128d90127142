/* Certificates of configured TLS endpoints (host.tls) and local files (host.certificates). Nothing else is probed. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "provider/host/lists.h"
#include "provider/host/machine.h"
#include "provider/host/rows.h"

enum { CERT_STATE = ROWS_OWN, CERT_DAYS, CERT_EXPIRES, CERT_BEGINS, CERT_SUBJECT, CERT_ISSUER, CERT_NAMES, CERT_CHAIN, CERT_MATCH, CERT_PROTOCOL,
	CERT_SOURCE };

static const struct rows_field_row fields[] = { { "state", 0 }, { "days", 1 }, { "expires", 0 }, { "begins", 0 }, { "subject", 0 },
	{ "issuer", 0 }, { "names", 0 }, { "chain", 0 }, { "match", 0 }, { "protocol", 0 }, { "source", 0 } };
const struct rows_fields certificate_fields = { .kind = "certificates", .list = fields, .count = sizeof(fields) / sizeof(*fields) };

enum { ENDPOINTS_MAX = 64, FILES_MAX = 1000, FILE_MAX_BYTES = 1 << 20, CONNECT_MS = 5000, DAY_SECONDS = 86400 };

static int64_t time_of(const ASN1_TIME *at)
{
	struct tm tm;

	return at && ASN1_TIME_to_tm(at, &tm) ? (int64_t)timegm(&tm) * CLOCK_SECOND_NS : 0;
}

static void add_name(struct rows *rows, int field, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (!bio)
		return;
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	long length = BIO_get_mem_data(bio, &text);

	if (length > 0)
		rows_copy(rows, field, text, (size_t)length < 500 ? (size_t)length : 500);
	BIO_free(bio);
}

static void add_names(struct rows *rows, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	char text[1000];
	size_t used = 0;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS || used + (size_t)ASN1_STRING_length(name->d.dNSName) + 2 > sizeof(text))
			continue;
		if (used)
			text[used++] = ' ';
		memcpy(text + used, ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName));
		used += (size_t)ASN1_STRING_length(name->d.dNSName);
	}
	GENERAL_NAMES_free(names);
	rows_copy(rows, CERT_NAMES, text, used);
}

/* chain: X509_V_OK, another X509_V_ERR_…, or -1 when it was not checked (a file alone says nothing of trust). */
static void send_row(struct rows *rows, X509 *certificate, const char *name, const char *source, const char *host, long chain, const char *protocol)
{
	int64_t now_ns = clock_now_ns(), expires = time_of(X509_get0_notAfter(certificate)), begins = time_of(X509_get0_notBefore(certificate));
	int matches = !host || X509_check_host(certificate, host, 0, 0, NULL) == 1 || X509_check_ip_asc(certificate, host, 0) == 1;
	int64_t seconds = (expires - now_ns) / CLOCK_SECOND_NS;
	const char *state = !expires ? "unreadable" : now_ns > expires ? "expired" : now_ns < begins ? "not yet valid"
		: !matches                                                 ? "wrong name"
		: chain > 0                                                ? "untrusted"
									   : "valid";

	rows_begin(rows);
	rows_string(rows, CERT_STATE, state);
	if (expires)
		rows_integer(rows, CERT_DAYS, seconds >= 0 ? seconds / DAY_SECONDS : (seconds - DAY_SECONDS + 1) / DAY_SECONDS);
	rows_time(rows, CERT_EXPIRES, expires);
	rows_time(rows, CERT_BEGINS, begins);
	add_name(rows, CERT_SUBJECT, X509_get_subject_name(certificate));
	add_name(rows, CERT_ISSUER, X509_get_issuer_name(certificate));
	add_names(rows, certificate);
	if (chain >= 0)
		rows_string(rows, CERT_CHAIN, chain == X509_V_OK ? "ok" : X509_verify_cert_error_string(chain));
	if (host)
		rows_string(rows, CERT_MATCH, matches ? "yes" : "no");
	rows_string(rows, CERT_PROTOCOL, protocol);
	rows_string(rows, CERT_SOURCE, source);
	rows_send(rows, name);
}

static void send_unreachable(struct rows *rows, const char *name, const struct error *err)
{
	rows_note(rows, name, err);
	rows_begin(rows);
	rows_string(rows, CERT_STATE, "unreachable");
	rows_string(rows, CERT_SOURCE, "tls");
	rows_send(rows, name);
}

static int wait_for(int fd, short events, int64_t until_ns)
{
	struct pollfd ready = { .fd = fd, .events = events };
	int64_t left_ms = (until_ns - clock_monotonic_ns()) / 1000000;

	return left_ms > 0 && poll(&ready, 1, (int)left_ms) > 0 ? 0 : -1;
}

static int connect_one(const struct addrinfo *address, int64_t until_ns)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), number = 0;
	socklen_t size = sizeof(number);

	if (fd < 0)
		return -1;
	if (!connect(fd, address->ai_addr, address->ai_addrlen))
		return fd;
	if (errno == EINPROGRESS && !wait_for(fd, POLLOUT, until_ns) && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &size) && !number)
		return fd;
	errno = number ? number : errno == EINPROGRESS ? ETIMEDOUT : errno;
	close(fd);
	return -1;
}

static int connect_to(const char *host, const char *port, int64_t until_ns, struct error *err)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int status = getaddrinfo(host, port, &hints, &list), fd = -1;

	if (status)
		return error_set(err, ERR_UNREACHABLE, "%.120s: %s", host, gai_strerror(status));
	for (const struct addrinfo *address = list; address && fd < 0; address = address->ai_next)
		fd = connect_one(address, until_ns);
	if (fd < 0)
		error_set(err, ERR_UNREACHABLE, "%.120s port %.10s: %s", host, port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

static int try_hands(SSL *tls, int fd, int64_t until_ns)
{
	for (;;) {
		int status = SSL_connect(tls), wanted;

		if (status == 1)
			return 0;
		wanted = SSL_get_error(tls, status);
		if ((wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) ||
			wait_for(fd, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until_ns))
			return -1;
	}
}

/* OpenSSL writes with write(): a peer that hangs up would end us by SIGPIPE. Held back for this thread, and taken away
 * when it was this handshake that raised it. */
static int shake_hands(SSL *tls, int fd, int64_t until_ns)
{
	sigset_t broken_pipe, before, pending;

	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
	int status = try_hands(tls, fd, until_ns);

	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&broken_pipe, NULL, &(struct timespec){ 0 }) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

/* No check makes the handshake fail: an expired certificate is just what we want to see. */
static void ask_endpoint(struct rows *rows, SSL_CTX *context, const char *endpoint, char *host, const char *port)
{
	struct error err = { 0 };
	int64_t until_ns = clock_monotonic_ns() + CONNECT_MS * INT64_C(1000000);
	int fd = connect_to(host, port, until_ns, &err);

	if (fd < 0) {
		send_unreachable(rows, endpoint, &err);
		return;
	}
	SSL *tls = SSL_new(context);

	SSL_set_fd(tls, fd);
	SSL_set_tlsext_host_name(tls, host); /* copies; its cast is why host is not const */
	int failed = shake_hands(tls, fd, until_ns);
	X509 *certificate = failed ? NULL : SSL_get1_peer_certificate(tls);

	if (certificate) {
		rows_note(rows, endpoint, NULL);
		send_row(rows, certificate, endpoint, "tls", host, SSL_get_verify_result(tls), SSL_get_version(tls));
	} else {
		error_set(&err, ERR_UNREACHABLE, "%.150s answers, but not in TLS within %d s", endpoint, CONNECT_MS / 1000);
		send_unreachable(rows, endpoint, &err);
	}
	X509_free(certificate);
	SSL_free(tls);
	close(fd);
	ERR_clear_error();
}

/* "host:port", "[v6]:port"; the port may be left out: 443. */
static int split(const char *endpoint, char host[256], char port[8])
{
	const char *end, *colon;

	if (*endpoint == '[') {
		end = strchr(++endpoint, ']');
		colon = end && end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = strrchr(endpoint, ':');
		end = colon ? colon : endpoint + strlen(endpoint);
	}
	if (!end || end == endpoint || end - endpoint > 255)
		return -1;
	snprintf(host, 256, "%.*s", (int)(end - endpoint), endpoint);
	snprintf(port, 8, "%.7s", colon ? colon + 1 : "443");
	return strspn(port, "0123456789") == strlen(port) && *port ? 0 : -1;
}

static void list_endpoints(struct rows *rows, const struct json *endpoints)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	size_t count = 0;

	if (!context)
		return;
	SSL_CTX_set_default_verify_paths(context);
	for (const struct json *item = json_first(endpoints); item && count < ENDPOINTS_MAX && !rows_cancelled(rows) && !rows->full;
		item = json_next(item), count++) {
		char host[256], port[8];
		const char *endpoint = json_text_or(item, "");
		struct error err = { 0 };

		if (!rows_selects(rows, endpoint))
			continue;
		if (split(endpoint, host, port)) {
			error_set(&err, ERR_INVALID, "host.tls: %.120s is not host:port", endpoint);
			rows_note(rows, "host.tls", &err);
		} else {
			ask_endpoint(rows, context, endpoint, host, port);
		}
	}
	SSL_CTX_free(context);
}

static void list_file(struct rows *rows, const char *path)
{
	char name[MACHINE_PATH_MAX + 16];
	size_t length = 0;
	char *bytes = file_load(path, FILE_MAX_BYTES, &length, NULL);
	BIO *bio = bytes ? BIO_new_mem_buf(bytes, (int)length) : NULL;
	X509 *certificate;

	for (unsigned number = 0; bio && !rows->full && number < FILES_MAX && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)); number++) {
		snprintf(name, sizeof(name), number ? "%s#%u" : "%s", path, number);
		if (rows_selects(rows, name))
			send_row(rows, certificate, name, "file", NULL, -1, NULL);
		X509_free(certificate);
	}
	BIO_free(bio);
	ERR_clear_error();
	free(bytes);
}

static void list_folder(struct rows *rows, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char file[MACHINE_PATH_MAX];
		struct stat info;

		if (i < FILES_MAX && entries[i]->d_name[0] != '.' && !rows_cancelled(rows) &&
			snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name) < (int)sizeof(file) && !stat(file, &info) && S_ISREG(info.st_mode))
			list_file(rows, file);
		free(entries[i]);
	}
	free(entries);
}

int certificate_list(struct rows *rows, struct error *err)
{
	const struct config *config = rows->machine->config;
	const struct json *paths = config ? config_tree(config, "host.certificates") : NULL;
	const struct json *endpoints = config ? config_tree(config, "host.tls") : NULL;

	(void)err;
	if (json_count(endpoints))
		list_endpoints(rows, endpoints);
	for (const struct json *item = json_first(paths); item; item = json_next(item)) {
		const char *path = json_text_or(item, "");
		struct stat info;

		if (!stat(path, &info) && S_ISDIR(info.st_mode))
			list_folder(rows, path);
		else
			list_file(rows, path);
	}
	return 0;
}
