/* certificate.h - certificates made on the spot, for servers that tests start. */
#ifndef SIM_CERTIFICATE_H
#define SIM_CERTIFICATE_H

struct error;

struct certificate {
	char *cert_pem, *key_pem; /* owned; EC P-256, PKCS#8 */
};

struct certificate_wish {
	const char *name;    /* subject CN, and DNS name or IP address it is good for */
	int from_s, until_s; /* seconds from now; both 0: an hour ago to a day ahead */
	const struct certificate *issuer; /* NULL: signs itself, as a CA */
};

int certificate_make(struct certificate *certificate, const struct certificate_wish *wish, struct error *err);
void certificate_release(struct certificate *certificate);

#endif
