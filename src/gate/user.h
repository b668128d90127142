/* user.h - who is at the helm. */
#ifndef GATE_USER_H
#define GATE_USER_H

struct config;

struct user {
	char id[64];      /* "ana" */
	char role[32];    /* sre, … from config `users:`; else config user.role; else "sre" for this machine's login */
	int role_is_default; /* nobody gave it: neither users: nor user.role */
	char source[32];  /* "os" "config" "ssh" "sudo": how we know */
	char host[64];    /* this machine */
	char address[64]; /* of SSH_CONNECTION, "" local */
};
void user_current(struct user *user, const struct config *config); /* getuid, SUDO_USER, SSH_CONNECTION; never from what a caller types */

/* "sre", or "sre by default" where nobody gave it: the reader of a plan should know that anybody here may approve. */
void user_role_text(const struct user *user, char out[64]);

#endif
