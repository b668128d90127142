/* served.h - what the tests of src/net share: a fault server and a client, made for each test. */
#ifndef TESTS_NET_SERVED_H
#define TESTS_NET_SERVED_H

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "check_main.h"
#include "net/net.h"
#include "sim/faults.h"

static struct faults *faults;
static struct net *net;
static struct net_response response;
static struct error err;

static inline void serve_with(const struct faults_options *options)
{
	faults = faults_new(options, &err);
	ck_assert_msg(faults != NULL, "%s", err.text);
	net = net_new(&err);
	ck_assert_msg(net != NULL, "%s", err.text);
}

static inline void serve(void)
{
	serve_with(NULL);
}

static inline void unserve(void)
{
	net_response_release(&response);
	net_free(net);
	faults_free(faults);
}

/* Fetches path with the rest of *request; keeps the answer in `response`. */
static inline int fetch(const char *path, struct net_request request)
{
	char *url = mem_format("%s%s", faults_url(faults), path);

	error_clear(&err);
	net_response_release(&response);
	request.url = url;
	if (!request.proxy)
		request.proxy = ""; /* whatever the environment of the test says */
	int failed = net_fetch(net, &request, &response, &err);

	free(url);
	return failed;
}

#define FETCH(path, ...) fetch(path, (struct net_request){ __VA_ARGS__ })
#define ck_fetched(path, ...) ck_assert_msg(!FETCH(path, __VA_ARGS__), "%s", err.text)
#define ck_fails(wanted, path, ...)                                                                \
	do {                                                                                       \
		ck_assert_int_eq(FETCH(path, __VA_ARGS__), -1);                                    \
		ck_assert_msg(err.code == (wanted), "%s: %s", error_name(err.code), err.text);     \
	} while (0)

#endif
