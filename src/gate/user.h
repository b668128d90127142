/* user.h - who is at the helm. */
#ifndef GATE_USER_H
#define GATE_USER_H

struct config;

struct user {
	char id[64];      /* "ana" */
	char role[32];    /* sre, … from config `users:`; else config user.role; else "sre" for this machine's login */
	char source[32];  /* "os" "config" "ssh" "sudo": how we know */
	char host[64];    /* this machine */
	char address[64]; /* of SSH_CONNECTION, "" local */
};
void user_current(struct user *user, const struct config *config); /* getuid, SUDO_USER, SSH_CONNECTION; never from what a caller types */

#endif
