#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "base/safe.h"
#include "net/transfer.h"

/* words NULL: curl's own are the best there are. */
static const struct outcome {
	CURLcode code;
	enum error_code error;
	const char *words;
} outcomes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, ERR_UNREACHABLE, "no address is known for this name (DNS)" },
	{ CURLE_COULDNT_RESOLVE_PROXY, ERR_UNREACHABLE, "no address is known for the proxy (DNS)" },
	{ CURLE_COULDNT_CONNECT, ERR_UNREACHABLE, NULL },
	{ CURLE_PROXY, ERR_UNREACHABLE, NULL },
	{ CURLE_OPERATION_TIMEDOUT, ERR_TIMEOUT, "no connection in time" },
	{ CURLE_PARTIAL_FILE, ERR_FORMAT, "the answer was cut off before its end" },
	{ CURLE_BAD_CONTENT_ENCODING, ERR_FORMAT, "the compressed answer is damaged" },
	{ CURLE_WEIRD_SERVER_REPLY, ERR_FORMAT, "the answer is not HTTP" },
	{ CURLE_UNSUPPORTED_PROTOCOL, ERR_FORMAT,
		"only http and https are spoken here, and the answer must be HTTP/1.1" },
	{ CURLE_URL_MALFORMAT, ERR_INVALID, "this is no URL" },
	{ CURLE_GOT_NOTHING, ERR_UNREACHABLE, "the connection was closed without an answer" },
	{ CURLE_SEND_ERROR, ERR_UNREACHABLE, "the connection broke while sending" },
	{ CURLE_RECV_ERROR, ERR_UNREACHABLE, NULL },
	{ CURLE_SSL_CONNECT_ERROR, ERR_UNREACHABLE, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, ERR_UNREACHABLE, NULL },
	{ CURLE_SSL_CERTPROBLEM, ERR_UNREACHABLE,
		"our client certificate or its key cannot be used" },
	{ CURLE_SSL_CACERT_BADFILE, ERR_UNREACHABLE, "the CA certificates cannot be read" },
	{ CURLE_OUT_OF_MEMORY, ERR_LIMIT, "out of memory" },
};

/* OpenSSL's reasons, as a person would say them. */
static const struct verdict {
	long result;
	const char *words;
} verdicts[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, "its TLS certificate has expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID,
		"its TLS certificate is not valid yet (is the clock right?)" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
		"its TLS certificate is self-signed and not trusted here" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
		"its TLS certificate comes from a CA not trusted here" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		"its TLS certificate comes from a CA not trusted here" },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		"its TLS certificate comes from a CA not trusted here" },
	{ X509_V_ERR_CERT_REVOKED, "its TLS certificate was revoked" },
};

static const char *verdict_words(CURL *easy)
{
	long result = 0;

	if (!easy || curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result))
		return NULL;
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		if (verdicts[i].result == result)
			return verdicts[i].words;
	return NULL;
}

static const char *connect_words(CURL *easy)
{
	long number = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
	switch (number) {
	case ECONNREFUSED:
		return "connection refused (nothing listens there)";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "there is no way to this host";
	default:
		return NULL;
	}
}

static const char *words_of(
	CURLcode code, const struct outcome *known, CURL *easy, const char *problem)
{
	const char *verdict = code == CURLE_PEER_FAILED_VERIFICATION ? verdict_words(easy) : NULL;

	if (verdict)
		return verdict;
	if (code == CURLE_COULDNT_CONNECT && connect_words(easy))
		return connect_words(easy);
	if (known && known->words)
		return known->words;
	return *problem ? problem : curl_easy_strerror(code);
}

int outcome_error(
	CURLcode code, CURL *easy, const char *problem, const char *authority, struct error *err)
{
	const struct outcome *known = NULL;
	char words[NET_WORDS_MAX];

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes) && !known; i++)
		if (outcomes[i].code == code)
			known = &outcomes[i];
	const char *said = words_of(code, known, easy, problem);

	safe_copy(words, sizeof(words), said, strlen(said)); /* may quote what the server sent */
	return error_set(
		err, known ? known->error : ERR_UNREACHABLE, "%.100s: %s", authority, words);
}
