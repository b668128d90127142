/* place_url.h - whether a URL stays on this machine or in its own network. */
#ifndef FLEET_PLACE_URL_H
#define FLEET_PLACE_URL_H

/* localhost, loopback and private addresses (RFC 1918), names without a point, .local, .internal, .svc, a variable in place of the host. */
int url_is_local(const char *url);

#endif
