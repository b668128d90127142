/* session.h - one person's use of the program: configuration and the opened rooms, in the order they are needed (nothing is opened
 * before it is asked for: `version` opens none). Main thread opens; the rooms are then safe as their headers say. */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

struct config;
struct error;
struct estate;
struct gate;
struct jobs;
struct kinds;
struct net;
struct provider_ops;
struct store;

struct session_options {
	const char *config_path, *profile, *scope;
	int read_only, dry_run;
	int any_config; /* a configuration that is not understood is taken as far as it is: for what looks at it, or mends it */
	const struct provider_ops *const *providers;
	void (*on_news)(void *arg);
	void *arg;
};
struct session;

/* All rooms, from a worker (session_jobs was called before): opening them reads files and may wait for another's lock. Until it is back
 * no room may be asked for elsewhere. What could not be opened is NULL and err says why. */
struct session_rooms {
	struct estate *estate;
	struct gate *gate;
	struct store *store;
};
void session_open(struct session *session, struct session_rooms *rooms, struct error *err);
struct session *session_new(const struct session_options *options, struct error *err); /* loads config only; the log follows it */
void session_free(struct session *session); /* NULL is fine */
/* The same at the end of the program: what is to be kept is kept; memory and connections are left to the kernel. */
void session_end(struct session *session);
/* Afterwards, in place of exit(): threads may still be in a library, which must not be torn down under them. */
void session_leave(int status);
const struct session_options *session_options(const struct session *session);
struct config *session_config(struct session *session);
/* Before the first room is opened: who is told, from any thread, of news of the rooms, and of jobs that wait to be collected. */
void session_set_news(struct session *session, void (*on_news)(void *arg), void (*on_result)(void *arg), void *arg);
/* Ends the workers while those who wait for their results still live; session_free does it otherwise. No room may be used after it. One that
 * still opens them (a database somebody holds) is left behind after a moment: nothing of it was used. */
void session_stop_jobs(struct session *session);
/* Each opens what it needs at first call. NULL with err. */
struct kinds *session_kinds(struct session *session, struct error *err);
/* Also lets changes go that are older than store.keep. */
struct store *session_store(struct session *session, struct error *err);
const char *session_notice(const struct session *session); /* the store's, once it is open; "" when all is well */
struct net *session_net(struct session *session, struct error *err);
struct jobs *session_jobs(struct session *session, struct error *err);
struct estate *session_estate(struct session *session, struct error *err);
struct gate *session_gate(struct session *session, struct error *err);

#endif
