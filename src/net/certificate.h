/* certificate.h - the certificate a TLS server shows, and whether this machine trusts it: to tell a server's own from that of a proxy which looks into TLS. */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <stdint.h>

struct error;

struct net_certificate {
	char issuer[256];       /* common name, else organisation; harmless text */
	char organisation[128]; /* of the issuer; "" none */
	int trusted;            /* by ca_path, else by the system, for this host and now */
	char why[160];          /* when it is not, in words */
	int64_t until_ns;       /* it is valid; 0 unknown */
};

/* Connects directly, past any proxy. Blocks for at most timeout_ms after the name is known. 0 with any certificate, trusted or not; -1: ERR_UNREACHABLE, ERR_TIMEOUT.
 * SIGPIPE must be ignored. */
int net_certificate(const char *host, int port, const char *ca_path, int timeout_ms, struct net_certificate *out, struct error *err);

#endif
