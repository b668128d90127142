/* secret.h - text that prints as •••• everywhere but in the request that needs it. Locked in memory,
 * left out of core files (MADV_DONTDUMP), wiped when freed. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

struct secret;

struct secret *secret_new(const char *bytes, size_t length); /* copies; wipe your own copy */
struct secret *secret_ref(struct secret *secret);
void secret_free(struct secret *secret); /* drops one reference; NULL is fine */
const char *secret_reveal(const struct secret *secret); /* NUL-terminated; only for a request's bytes */
size_t secret_length(const struct secret *secret);
void secret_wipe(void *bytes, size_t length);
/* Copies bytes to text with anything that looks like a credential (bearer tokens, AWS keys, PEM private keys,
 * password=…, JWT), and every secret this process holds, replaced by ••••: for logs, audit and output of commands. */
struct text;
int secret_redact(struct text *text, const char *bytes, size_t length);
/* Copies bytes to text with every secret that lives in this process (of 8 bytes or more) replaced: a server may say
 * back what it was told. Part of secret_redact. */
int secret_hide(struct text *text, const char *bytes, size_t length);
#define SECRET_SHOWN "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

#endif
