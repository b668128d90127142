/* oidc.h - the auth-provider `oidc` of a kubeconfig: an ID token, refreshed at the issuer, written back to the file. */
#ifndef PROVIDER_KUBERNETES_OIDC_H
#define PROVIDER_KUBERNETES_OIDC_H

#include <stdatomic.h>
#include <stdint.h>

struct error;
struct json;
struct login;
struct net;
struct oidc;

/* Copies. config: the `config` map; file and user: where refreshed tokens are written back. */
struct oidc *oidc_new(struct net *net, const struct json *config, const char *file, const char *user, struct error *err);
void oidc_free(struct oidc *oidc);
/* The ID token, refreshed first when it is past its `exp`. ERR_UNAUTHORIZED: log in again. One thread at a time. */
struct login *oidc_login(struct oidc *oidc, const atomic_int *cancelled, struct error *err);
/* The server refused the token: refresh at the next oidc_login. 0 when there is no refresh token to do so. */
int oidc_refused(struct oidc *oidc);

/* `exp` of a JWT in ns; -1 when it has none. The signature is the server's business. */
int64_t oidc_expiry(const char *token);
/* Puts new tokens into users[name=user].user.auth-provider.config of the file, changing nothing else where the old tokens stand
 * as such in its text. Takes the lock file kubectl takes. */
int oidc_write_back(const char *file, const char *user, const char *id_token, const char *refresh_token, struct error *err);

#endif
