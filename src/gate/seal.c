#include "gate/seal.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum { KEY_BYTES = 32, SIGNATURE_BYTES = 64, KEY_FILE_MAX = 16 << 10 };

struct seal {
	EVP_PKEY *key;
	char public_hex[SEAL_PUBLIC_HEX_MAX];
};

static EVP_PKEY *read_key(const char *path, struct error *err)
{
	size_t length;
	char *pem = file_load(path, KEY_FILE_MAX, &length, err);

	if (!pem)
		return NULL;
	BIO *bio = BIO_new_mem_buf(pem, (int)length);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	BIO_free(bio);
	secret_wipe(pem, length);
	free(pem);
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		return key;
	EVP_PKEY_free(key);
	error_set(err, ERR_FORMAT, "%s is no Ed25519 key: move it away, and a new one is made (checkpoints it signed stay checkable)", path);
	return NULL;
}

static EVP_PKEY *make_key(const char *path, struct error *err)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem = NULL;

	if (!key || !bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)) {
		error_set(err, ERR_IO, "no Ed25519 key could be made");
	} else {
		long length = BIO_get_mem_data(bio, &pem);

		if (!file_save(path, pem, (size_t)length, 0600, err)) {
			BIO_free(bio);
			return key;
		}
	}
	BIO_free(bio);
	EVP_PKEY_free(key);
	return NULL;
}

struct seal *seal_open(const char *path, struct error *err)
{
	char *full = path ? mem_text(path) : mem_format("%s/audit.key", file_config_folder());
	EVP_PKEY *key = access(full, F_OK) ? make_key(full, err) : read_key(full, err);
	uint8_t bytes[KEY_BYTES];
	size_t length = sizeof(bytes);

	free(full);
	if (!key)
		return NULL;
	struct seal *seal = mem_zero(1, sizeof(*seal));
	seal->key = key;
	EVP_PKEY_get_raw_public_key(key, bytes, &length);
	hex_format(bytes, sizeof(bytes), seal->public_hex);
	return seal;
}

void seal_free(struct seal *seal)
{
	if (!seal)
		return;
	EVP_PKEY_free(seal->key);
	free(seal);
}

const char *seal_public(const struct seal *seal)
{
	return seal->public_hex;
}

int seal_sign(const struct seal *seal, const void *bytes, size_t length, char signature[SEAL_SIGNATURE_HEX_MAX], struct error *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t out[SIGNATURE_BYTES];
	size_t out_length = sizeof(out);
	int good = EVP_DigestSignInit(context, NULL, NULL, NULL, seal->key) == 1 && EVP_DigestSign(context, out, &out_length, bytes, length) == 1;

	EVP_MD_CTX_free(context);
	if (!good)
		return error_set(err, ERR_IO, "signing the checkpoint failed");
	hex_format(out, sizeof(out), signature);
	return 0;
}

int seal_verify(const char *public_hex, const void *bytes, size_t length, const char *signature_hex)
{
	uint8_t public[KEY_BYTES], signature[SIGNATURE_BYTES];

	if (!public_hex || !signature_hex || hex_parse(public_hex, public, sizeof(public)) || hex_parse(signature_hex, signature, sizeof(signature)))
		return 0;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public, sizeof(public));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int good = key && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		   EVP_DigestVerify(context, signature, sizeof(signature), bytes, length) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}
