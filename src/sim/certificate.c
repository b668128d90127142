#include "sim/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static char *take_bio(BIO *bio)
{
	char *bytes;
	long length = BIO_get_mem_data(bio, &bytes);
	char *copy = mem_text_n(bytes, (size_t)length);

	BIO_free(bio);
	return copy;
}

static char *cert_text(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, cert);
	return take_bio(bio);
}

static char *key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	return take_bio(bio);
}

static X509 *parse_cert(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return cert;
}

static EVP_PKEY *parse_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static void fill_in(X509 *cert, EVP_PKEY *key, const struct certificate_wish *wish)
{
	struct in6_addr address;
	int is_address = inet_pton(AF_INET, wish->name, &address) == 1 ||
			 inet_pton(AF_INET6, wish->name, &address) == 1;
	int always = !wish->from_s && !wish->until_s;
	char *names = mem_format("%s:%s", is_address ? "IP" : "DNS", wish->name);
	unsigned char serial[8];
	union {
		const char *shown;
		const unsigned char *bytes;
	} name = { .shown = wish->name };

	RAND_bytes(serial, sizeof(serial));
	serial[0] &= 0x7f;
	BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);

	X509_set_version(cert, X509_VERSION_3);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	X509_gmtime_adj(X509_getm_notBefore(cert), always ? -HOUR_S : wish->from_s);
	X509_gmtime_adj(X509_getm_notAfter(cert), always ? DAY_S : wish->until_s);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(
		X509_get_subject_name(cert), "CN", MBSTRING_ASC, name.bytes, -1, -1, 0);
	add_extension(cert, NID_basic_constraints,
		wish->issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
	add_extension(cert, NID_subject_alt_name, names);
	free(names);
}

static int sign(X509 *cert, EVP_PKEY *key, const struct certificate *issuer)
{
	if (!issuer) {
		X509_set_issuer_name(cert, X509_get_subject_name(cert));
		return X509_sign(cert, key, EVP_sha256()) ? 0 : -1;
	}
	X509 *ca = parse_cert(issuer->cert_pem);
	EVP_PKEY *ca_key = parse_key(issuer->key_pem);

	X509_set_issuer_name(cert, X509_get_subject_name(ca));
	int failed = !X509_sign(cert, ca_key, EVP_sha256());

	X509_free(ca);
	EVP_PKEY_free(ca_key);
	return failed ? -1 : 0;
}

int certificate_make(
	struct certificate *certificate, const struct certificate_wish *wish, struct error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int failed = !key || !cert;

	memset(certificate, 0, sizeof(*certificate));
	if (!failed) {
		fill_in(cert, key, wish);
		failed = sign(cert, key, wish->issuer);
	}
	if (!failed) {
		certificate->cert_pem = cert_text(cert);
		certificate->key_pem = key_text(key);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return failed ? error_set(err, ERR_IO, "making a certificate for %s", wish->name) : 0;
}

void certificate_release(struct certificate *certificate)
{
	free(certificate->cert_pem);
	free(certificate->key_pem);
	memset(certificate, 0, sizeof(*certificate));
}
