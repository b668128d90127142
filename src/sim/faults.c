#include "sim/faults.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "sim/peer.h"
#include "sim/server.h"

/* A server whose answers are the faults. */
struct faults {
	struct server *server;
};

struct faults *faults_new(const struct faults_options *options, struct error *err)
{
	struct server_options own = { .answer = peer_answer };
	struct faults *faults = mem_zero(1, sizeof(*faults));

	if (options) {
		own.tls = options->tls;
		own.client_ca_pem = options->client_ca_pem;
	}
	faults->server = server_new(&own, err);
	if (faults->server)
		return faults;
	free(faults);
	return NULL;
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	server_free(faults->server);
	free(faults);
}

int faults_port(const struct faults *faults)
{
	return server_port(faults->server);
}

const char *faults_url(const struct faults *faults)
{
	return server_url(faults->server);
}

size_t faults_requests(struct faults *faults)
{
	return server_requests(faults->server);
}

size_t faults_connections(struct faults *faults)
{
	return server_connections(faults->server);
}

int faults_closed_port(void)
{
	int port = 0, fd = server_listen(&port);

	close(fd);
	return port;
}
