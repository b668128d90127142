/* fake_net.h - takes the place of net.c in a test program: answers by a script, remembers what was
 * asked. */
#ifndef TESTS_PROVIDER_FAKE_NET_H
#define TESTS_PROVIDER_FAKE_NET_H

#include "base/error.h"
#include "net/net.h"

struct fake_answer {
	const char *url; /* a part of the address; each row answers once, the first that fits */
	int status;
	const char *body;
	size_t body_length;     /* 0: strlen */
	size_t piece;           /* bytes a call of on_data; 0: all at once */
	enum error_code broken; /* after the body: this error instead of an end */
	int holds;              /* after the body: nothing more until cancelled */
};
struct fake_request {
	char method[16], url[2048], headers[8192], body[8192]; /* secrets in the clear */
	char ca[64], cert[64], key[64], server_name[64], proxy[64];
	int insecure, gzip, harmless;
};

void fake_net_script(const struct fake_answer *answers, size_t count); /* forgets what was asked */
size_t fake_net_count(void);
void fake_net_wait_stopped(void); /* until an on_data has refused bytes */
const struct fake_request *fake_net_request(size_t i);

/* The next WebSocket: status (101 opens), protocol, and messages "LENGTH-prefixed" as rows. */
struct fake_message {
	const char *bytes;
	size_t length;
};
void fake_net_socket(
	int status, const char *protocol, const struct fake_message *messages, size_t count);
const char *fake_net_sent(size_t *length); /* all messages sent, one after the other */

#endif
