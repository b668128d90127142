/* credentials.h - what proves to a cluster who we are: certificates, tokens, passwords, exec plug-ins, OIDC.
 * Obtained when first needed, kept until they expire or are refused. Any thread; one obtains, the others wait. */
#ifndef PROVIDER_KUBERNETES_CREDENTIALS_H
#define PROVIDER_KUBERNETES_CREDENTIALS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct credentials;
struct error;
struct kubeconfig_context;
struct net;
struct secret;
struct text;

/* One proof, frozen once published: a request holds a reference while it is under way. */
struct login {
	char *cert_pem;          /* NULL: no client certificate */
	struct secret *key_pem;
	struct secret *bearer;   /* NULL: no token */
	struct secret *basic;    /* base64 of user:password; NULL: none */
	int64_t expires_ns;      /* obtain anew after that; 0: never */
	atomic_int references;
};
struct login *login_new(void);
void login_unref(struct login *login); /* NULL is fine */
int login_equal(const struct login *a, const struct login *b);
/* 0, or -1 with ERR_INVALID when a value could not stand in a header (control characters). */
int login_check(const struct login *login, struct error *err);

/* Copies what it needs. ERR_INVALID: fields that contradict each other, are not base64, or name a way that is gone. No network,
 * no programs, no files of credentials read yet. */
struct credentials *credentials_new(struct net *net, const struct kubeconfig_context *context, struct error *err);
void credentials_free(struct credentials *credentials);
/* A reference to the login to use now; login_unref after the request. NULL: ERR_UNAUTHORIZED, ERR_TIMEOUT, ERR_CANCELLED … in words. */
struct login *credentials_get(struct credentials *credentials, const atomic_int *cancelled, struct error *err);
/* The server answered 401 to login (NULL: to the current one). 1: asking again will give another login, retry once. */
int credentials_refused(struct credentials *credentials, const struct login *login);
/* "the token of user \"x\" is refused: …": what to do next, appended. */
void credentials_advise(struct credentials *credentials, struct text *out);

/* A plug-in with interactiveMode Always needs the terminal: whoever owns it (the console leaves curses; the command line has it) runs
 * argv with env added, stdout into output, 0 when it exited with 0. Called on a worker. Without a hook such users get ERR_UNAUTHORIZED. */
typedef int (*credentials_terminal_fn)(void *arg, const char *const *argv, const char *const *env, struct text *output, struct error *err);
void credentials_set_terminal_hook(credentials_terminal_fn run, void *arg);

#endif
