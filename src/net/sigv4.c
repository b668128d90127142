/* "Create a signed AWS API request", AWS Identity and Access Management, User Guide: steps 1 to 4 as they are numbered there. */
#include "net/sigv4.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/net.h"
#include "net/url.h"

enum { CANONICAL_MAX = 256 << 10, DAY_DIGITS = 8 };

void sigv4_date(int64_t at_ns, char date[SIGV4_DATE_MAX])
{
	time_t seconds = (time_t)(at_ns / CLOCK_SECOND_NS);
	struct tm parts;

	gmtime_r(&seconds, &parts);
	strftime(date, SIGV4_DATE_MAX, "%Y%m%dT%H%M%SZ", &parts);
}

/* --- step 1: the canonical request --- */

static void add_path(const struct sigv4_request *request, struct text *out)
{
	char piece[2] = "";

	for (const char *at = request->path; *at; at++) {
		piece[0] = *at;
		if (request->path_once || *at == '/')
			text_add_char(out, *at);
		else
			url_encode(out, piece);
	}
}

/* By name, then by value; both as they are encoded. */
static int by_pair(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t x_name = strcspn(x, "="), y_name = strcspn(y, "=");
	int order = memcmp(x, y, x_name < y_name ? x_name : y_name);

	if (order || x_name != y_name)
		return order ? order : x_name < y_name ? -1 : 1;
	return strcmp(x + x_name, y + y_name);
}

static void add_query(const char *query, struct text *out)
{
	char *copy = mem_text(query), *rest = copy, *pair;
	char **pairs = NULL;
	size_t count = 0;

	while ((pair = strsep(&rest, "&")))
		if (*pair) {
			pairs = mem_grow(pairs, count + 1, sizeof(*pairs));
			pairs[count++] = pair;
		}
	if (count)
		qsort(pairs, count, sizeof(*pairs), by_pair);
	for (size_t i = 0; i < count; i++)
		text_format(out, "%s%s%s", i ? "&" : "", pairs[i], strchr(pairs[i], '=') ? "" : "=");
	free(pairs);
	free(copy);
}

struct line {
	const char *name;
	struct net_header header;
	size_t number; /* equal names keep their order */
};

static int by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = strcasecmp(x->name, y->name);

	return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Host, X-Amz-Date and the request's own, by name. Yours. */
static struct line *lines_of(const struct sigv4_request *request, const char *date, size_t *count)
{
	struct line *lines = mem_zero(request->header_count + 2, sizeof(*lines));

	*count = request->header_count + 2;
	for (size_t i = 0; i < request->header_count; i++)
		lines[i] = (struct line){ request->headers[i].name, request->headers[i], i };
	lines[request->header_count] = (struct line){ "host", { .name = "host", .value = request->host }, *count };
	lines[request->header_count + 1] = (struct line){ "x-amz-date", { .name = "x-amz-date", .value = date }, *count };
	qsort(lines, *count, sizeof(*lines), by_name);
	return lines;
}

/* Without white space at both ends, and one blank for several inside. */
static void add_value(const char *value, int *pending, int *begun, struct text *out)
{
	for (; value && *value; value++) {
		if (*value == ' ' || *value == '\t') {
			*pending = *begun;
			continue;
		}
		if (*pending)
			text_add_char(out, ' ');
		text_add_char(out, *value);
		*pending = 0;
		*begun = 1;
	}
}

static void add_lower(const char *name, struct text *out)
{
	for (; *name; name++)
		text_add_char(out, (char)tolower((unsigned char)*name));
}

static void add_headers(const struct line *lines, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		int same = i && !strcasecmp(lines[i].name, lines[i - 1].name), pending = 0, begun = 0;

		if (same) {
			text_add_char(out, ',');
		} else {
			text_add(out, i ? "\n" : "");
			add_lower(lines[i].name, out);
			text_add_char(out, ':');
		}
		add_value(lines[i].header.value, &pending, &begun, out);
		add_value(lines[i].header.secret ? secret_reveal(lines[i].header.secret) : NULL, &pending, &begun, out);
	}
	text_add(out, "\n\n");
}

static void add_names(const struct line *lines, size_t count, struct text *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i && !strcasecmp(lines[i].name, lines[i - 1].name))
			continue;
		text_add(out, i ? ";" : "");
		add_lower(lines[i].name, out);
	}
}

void sigv4_canonical(const struct sigv4_request *request, struct text *out)
{
	char date[SIGV4_DATE_MAX];
	size_t count;

	sigv4_date(request->at_ns, date);
	struct line *lines = lines_of(request, date, &count);
	text_format(out, "%s\n", request->method);
	add_path(request, out);
	text_add_char(out, '\n');
	add_query(request->query, out);
	text_add_char(out, '\n');
	add_headers(lines, count, out);
	add_names(lines, count, out);
	text_format(out, "\n%s", request->payload_hash);
	free(lines);
}

/* --- steps 2 to 4 --- */

/* Step 2, the string to sign: the method's name, the time, its scope, and the digest of step 1. */
static void string_to_sign(const struct sigv4_request *request, const char *date, const char *scope, struct text *out)
{
	struct text canonical;
	char digest[SHA256_HEX_MAX];

	text_init(&canonical, CANONICAL_MAX);
	sigv4_canonical(request, &canonical);
	sha256_hex(canonical.data, canonical.length, digest);
	secret_wipe(canonical.data, canonical.length); /* the token may stand in it */
	text_release(&canonical);
	text_format(out, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, scope, digest);
}

/* Step 3, a key of this day, region and service only: the secret does not sign by itself. */
static void signing_key(const struct sigv4_request *request, const struct sigv4_key *key, const char *date, uint8_t out[SHA256_BYTES])
{
	char *first = mem_format("AWS4%s", secret_reveal(key->secret));
	uint8_t day[SHA256_BYTES], region[SHA256_BYTES], service[SHA256_BYTES];

	hmac_sha256(first, strlen(first), date, DAY_DIGITS, day);
	hmac_sha256(day, sizeof(day), request->region, strlen(request->region), region);
	hmac_sha256(region, sizeof(region), request->service, strlen(request->service), service);
	hmac_sha256(service, sizeof(service), "aws4_request", strlen("aws4_request"), out);
	secret_wipe(first, strlen(first));
	free(first);
}

/* Step 4 is the caller's: the header goes with the request. */
void sigv4_authorization(const struct sigv4_request *request, const struct sigv4_key *key, struct text *out)
{
	char date[SIGV4_DATE_MAX], signature[SHA256_HEX_MAX];
	uint8_t with[SHA256_BYTES], signed_bytes[SHA256_BYTES];
	struct text to_sign;
	size_t count;

	sigv4_date(request->at_ns, date);
	char *scope = mem_format("%.8s/%s/%s/aws4_request", date, request->region, request->service);
	text_init(&to_sign, CANONICAL_MAX);
	string_to_sign(request, date, scope, &to_sign);
	signing_key(request, key, date, with);
	hmac_sha256(with, sizeof(with), to_sign.data, to_sign.length, signed_bytes);
	secret_wipe(with, sizeof(with));
	hex_format(signed_bytes, sizeof(signed_bytes), signature);
	struct line *lines = lines_of(request, date, &count);
	text_format(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=", key->id, scope);
	add_names(lines, count, out);
	text_format(out, ", Signature=%s", signature);
	free(lines);
	text_release(&to_sign);
	free(scope);
}
