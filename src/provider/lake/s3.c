#include "provider/lake/s3.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "net/sigv4.h"
#include "net/url.h"

enum { TRIES_MAX = 8, UNREACHED_TRIES_MAX = 4, FIRST_MS = 100, MOST_MS = 10000, LOOK_MS = 50, URL_MAX = 8192, NAME_MAX_BYTES = 1024,
	BUCKET_MIN = 3, BUCKET_MAX = 63, PAGES_MAX = 5000 };

/* --- where --- */

/* "Bucket naming rules", Amazon S3 User Guide: as far as a name could be something else in a URL. */
static int is_bucket(const char *name)
{
	size_t length = strlen(name);

	return length >= BUCKET_MIN && length <= BUCKET_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_ABCDEFGHIJKLMNOPQRSTUVWXYZ") == length &&
	       *name != '.' && *name != '-' && !strstr(name, "..");
}

/* "." and ".." would be folded away on the way; empty parts name other objects than people think. */
static int is_prefix(const char *prefix)
{
	char *copy = mem_text(prefix), *rest = copy, *part;
	int good = strlen(prefix) < NAME_MAX_BYTES / 2;

	while (good && (part = strsep(&rest, "/")))
		good = strcmp(part, ".") && strcmp(part, "..") && (*part || !rest);
	free(copy);
	return good;
}

static int read_target(struct s3 *s3, const char *target, struct error *err)
{
	const char *name = target + strlen("s3://"), *slash = strchr(name, '/');

	s3->bucket = mem_text_n(name, slash ? (size_t)(slash - name) : strlen(name));
	const char *prefix = slash ? slash + 1 : "";
	size_t length = strlen(prefix);
	s3->prefix = mem_format("%s%s", prefix, length && prefix[length - 1] != '/' ? "/" : "");
	if (!is_bucket(s3->bucket))
		return error_set(err, ERR_INVALID, "'%.80s' is no name of a bucket: s3://BUCKET/PREFIX", s3->bucket);
	if (!is_prefix(prefix))
		return error_set(err, ERR_INVALID, "'%.80s' is no prefix: words with one '/' between, none of them . or ..", prefix);
	return 0;
}

/* An endpoint of one's own is asked by path; Amazon's by a host of the bucket, but where dots in its name would break the certificate. */
static int find_endpoint(struct s3 *s3, struct error *err)
{
	const char *endpoint = s3->account.endpoint;
	int by_path = endpoint != NULL || strchr(s3->bucket, '.') != NULL;

	if (endpoint)
		s3->base = mem_text(endpoint);
	else if (by_path)
		s3->base = mem_format("https://s3.%s.amazonaws.com", s3->account.region);
	else
		s3->base = mem_format("https://%s.s3.%s.amazonaws.com", s3->bucket, s3->account.region);
	size_t length = strlen(s3->base);
	while (length && s3->base[length - 1] == '/')
		s3->base[--length] = '\0';
	char *host = strstr(s3->base, "://");
	if (!host || strcspn(host + 3, "@?#") != strlen(host + 3) || (strncmp(s3->base, "http://", 7) && strncmp(s3->base, "https://", 8)))
		return error_set(err, ERR_INVALID, "AWS_ENDPOINT_URL %.100s: http://HOST:PORT or https://HOST", s3->base);
	host += 3;
	char *path = host + strcspn(host, "/");
	s3->root = by_path ? mem_format("%s/%s/", path, s3->bucket) : mem_format("%s/", path);
	s3->host = mem_text_n(host, (size_t)(path - host));
	*path = '\0';
	return 0;
}

int s3_open(struct s3 *s3, struct net *net, const char *target, const atomic_int *cancelled, struct error *err)
{
	memset(s3, 0, sizeof(*s3));
	s3->net = net;
	s3->cancelled = cancelled;
	if (read_target(s3, target, err) || aws_account_load(&s3->account, err) || find_endpoint(s3, err)) {
		s3_close(s3);
		return -1;
	}
	s3->tls.ca_path = s3->account.ca_path;
	return 0;
}

void s3_close(struct s3 *s3)
{
	aws_account_release(&s3->account);
	free(s3->bucket);
	free(s3->prefix);
	free(s3->base);
	free(s3->host);
	free(s3->root);
	s3->bucket = s3->prefix = s3->base = s3->host = s3->root = NULL;
}

/* --- one request --- */

static void add_encoded_path(struct text *out, const char *path)
{
	char piece[2] = "";

	for (; *path; path++) {
		piece[0] = *path;
		if (*path == '/')
			text_add_char(out, '/');
		else
			url_encode(out, piece);
	}
}

struct headers {
	struct net_header rows[8];
	size_t count;
	char date[SIGV4_DATE_MAX], hash[SHA256_HEX_MAX];
	struct text authorization;
};

static void add(struct headers *headers, const char *name, const char *value, const struct secret *secret)
{
	headers->rows[headers->count++] = (struct net_header){ .name = name, .value = value, .secret = secret };
}

static void sign(const struct s3 *s3, const struct s3_request *request, const char *path, struct headers *headers)
{
	int64_t now_ns = clock_now_ns();

	*headers = (struct headers){ 0 };
	sigv4_date(now_ns, headers->date);
	sha256_hex(request->body ? request->body : "", request->length, headers->hash);
	add(headers, "x-amz-content-sha256", headers->hash, NULL);
	if (s3->account.token)
		add(headers, "x-amz-security-token", "", s3->account.token);
	if (request->if_match)
		add(headers, "if-match", request->if_match, NULL);
	if (request->if_none)
		add(headers, "if-none-match", "*", NULL);
	if (request->body)
		add(headers, "content-type", "application/json", NULL);
	struct sigv4_request to_sign = { .method = request->method, .host = s3->host, .path = path, .query = request->query ? request->query : "",
		.headers = headers->rows, .header_count = headers->count, .payload_hash = headers->hash, .region = s3->account.region, .service = "s3",
		.at_ns = now_ns, .path_once = 1 };
	struct sigv4_key key = { .id = s3->account.id, .secret = s3->account.secret };
	text_init(&headers->authorization, URL_MAX);
	sigv4_authorization(&to_sign, &key, &headers->authorization);
	add(headers, "x-amz-date", headers->date, NULL);
	add(headers, "authorization", headers->authorization.data, NULL);
}

/* Each try is signed anew: a signature holds for minutes. */
static int send_once(struct s3 *s3, const struct s3_request *request, const char *path, struct net_response *response, struct error *err)
{
	struct headers headers;
	char *url = mem_format("%s%s%s%s", s3->base, path, request->query ? "?" : "", request->query ? request->query : "");

	sign(s3, request, path, &headers);
	struct net_request sent = { .method = request->method, .url = url, .headers = headers.rows, .header_count = headers.count, .body = request->body,
		.body_length = request->length, .tls = s3->tls.ca_path ? &s3->tls : NULL, .cancelled = s3->cancelled };
	memset(response, 0, sizeof(*response));
	int failed = net_fetch(s3->net, &sent, response, err);
	text_release(&headers.authorization);
	free(url);
	return failed;
}

static int is_cancelled(const struct s3 *s3)
{
	return s3->cancelled && atomic_load(s3->cancelled);
}

/* Between half of a doubling bound and the whole of it, or what the store asks for; ends early when cancelled. */
static void wait_before(const struct s3 *s3, int tries, int asked_ms)
{
	int bound = FIRST_MS << (tries < TRIES_MAX ? tries - 1 : TRIES_MAX - 1);
	unsigned any = 0;

	bound = bound < MOST_MS ? bound : MOST_MS;
	RAND_bytes((unsigned char *)&any, sizeof(any));
	int wait_ms = bound / 2 + (int)(any % (unsigned)(bound / 2 + 1));
	if (asked_ms > wait_ms)
		wait_ms = asked_ms < MOST_MS ? asked_ms : MOST_MS;
	for (; wait_ms > 0 && !is_cancelled(s3); wait_ms -= LOOK_MS)
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
}

static int may_try_again(const struct s3 *s3, int tries, int failed, const struct error *err, const struct net_response *response)
{
	if (is_cancelled(s3))
		return 0;
	if (failed)
		return tries < UNREACHED_TRIES_MAX && (err->code == ERR_UNREACHABLE || err->code == ERR_TIMEOUT || err->code == ERR_FORMAT);
	return tries < TRIES_MAX && s3_may_pass(response);
}

static int try_until_done(struct s3 *s3, const struct s3_request *request, const char *path, struct net_response *response, struct error *err)
{
	for (int tries = 1;; tries++) {
		struct error now = { 0 };
		int failed = send_once(s3, request, path, response, &now);

		if (!may_try_again(s3, tries, failed, &now, response)) {
			if (failed && err)
				*err = now;
			return failed;
		}
		int asked_ms = failed ? -1 : response->retry_after_ms;
		if (!failed)
			net_response_release(response);
		atomic_fetch_add(&s3->retries, 1);
		wait_before(s3, tries, asked_ms);
	}
}

/* 412: RFC 9110 13.1; 409 ConditionalRequestConflict: somebody else writes it just now. */
static int outcome_of(const struct s3 *s3, const struct s3_request *request, const struct net_response *response, enum s3_outcome *outcome, struct error *err)
{
	char code[64];

	s3_element(response->body, "Code", code, sizeof(code));
	if (response->status >= 200 && response->status < 300)
		*outcome = S3_DONE;
	else if (response->status == 412 || (response->status == 409 && (request->if_match || request->if_none)))
		*outcome = S3_CONDITION;
	else if (response->status == 404 && request->key && strcmp(code, "NoSuchBucket"))
		*outcome = request->if_match ? S3_CONDITION : S3_ABSENT;
	else
		return s3_error(s3, response, err);
	return 0;
}

int s3_ask(struct s3 *s3, const struct s3_request *request, struct s3_answer *answer, struct error *err)
{
	struct net_response response;
	struct text path;

	memset(answer, 0, sizeof(*answer));
	text_init(&path, URL_MAX);
	add_encoded_path(&path, s3->root);
	if (request->key) {
		add_encoded_path(&path, s3->prefix);
		add_encoded_path(&path, request->key);
	}
	int failed = path.cut ? error_set(err, ERR_LIMIT, "the name of an object is too long") : try_until_done(s3, request, path.data, &response, err);
	text_release(&path);
	if (failed)
		return -1;
	failed = outcome_of(s3, request, &response, &answer->outcome, err);
	if (!failed) {
		net_header(&response, "etag", answer->etag, sizeof(answer->etag));
		answer->body = response.body;
		answer->length = response.body_length;
		response.body = NULL;
	}
	net_response_release(&response);
	return failed;
}

void s3_answer_release(struct s3_answer *answer)
{
	free(answer->body);
	answer->body = NULL;
}

/* --- listing: ListObjectsV2, names encoded as in a URL so that XML cannot mangle them --- */

static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void url_decode(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '%' && hex_value(from[1]) >= 0 && hex_value(from[2]) >= 0) {
			*to++ = (char)(hex_value(from[1]) * 16 + hex_value(from[2]));
			from += 2;
		} else {
			*to++ = *from == '+' ? ' ' : *from;
		}
	}
	*to = '\0';
}

static void add_object(const char *prefix, const char *contents, int encoded, struct s3_listing *listing)
{
	char key[NAME_MAX_BYTES * 3 + 1];
	struct s3_object object = { 0 };

	if (!s3_element(contents, "Key", key, sizeof(key)))
		return;
	if (encoded)
		url_decode(key);
	if (strncmp(key, prefix, strlen(prefix)))
		return;
	s3_element(contents, "ETag", object.etag, sizeof(object.etag));
	object.name = mem_text(key + strlen(prefix));
	listing->rows = mem_grow(listing->rows, listing->count + 1, sizeof(*listing->rows));
	listing->rows[listing->count++] = object;
}

void s3_listing_add(struct s3_listing *listing, const char *prefix, char *body)
{
	static const char open[] = "<Contents>", close[] = "</Contents>";
	char encoding[8];
	int encoded = s3_element(body, "EncodingType", encoding, sizeof(encoding)) && !strcmp(encoding, "url");

	for (char *at = strstr(body, open), *end; at && (end = strstr(at, close)); at = strstr(end + 1, open)) {
		*end = '\0';
		add_object(prefix, at, encoded, listing);
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct s3_object *)a)->name, ((const struct s3_object *)b)->name);
}

/* *token: where the next page begins, "" none; yours and replaced. */
static int list_page(struct s3 *s3, char **token, struct s3_listing *listing, struct error *err)
{
	struct text query;
	struct s3_answer answer;
	char truncated[8], *next = mem_alloc(URL_MAX);

	text_init(&query, URL_MAX);
	text_add(&query, "list-type=2&encoding-type=url&prefix=");
	url_encode(&query, s3->prefix);
	if (**token) {
		text_add(&query, "&continuation-token=");
		url_encode(&query, *token);
	}
	int failed = s3_ask(s3, &(struct s3_request){ .method = "GET", .query = query.data }, &answer, err);
	if (!failed && !strstr(answer.body, "ListBucketResult"))
		failed = error_set(err, ERR_FORMAT, "%.100s does not answer as an S3 store: check AWS_ENDPOINT_URL", s3->base);
	*next = '\0';
	if (!failed && s3_element(answer.body, "IsTruncated", truncated, sizeof(truncated)) && !strcmp(truncated, "true"))
		s3_element(answer.body, "NextContinuationToken", next, URL_MAX);
	if (!failed && *next && !strcmp(next, *token))
		failed = error_set(err, ERR_FORMAT, "%.100s lists the same page again and again", s3->base);
	if (!failed)
		s3_listing_add(listing, s3->prefix, answer.body);
	s3_answer_release(&answer);
	text_release(&query);
	free(*token);
	*token = next;
	return failed;
}

int s3_list(struct s3 *s3, struct s3_listing *listing, struct error *err)
{
	char *token = mem_text("");
	int failed = 0, pages = 0;

	*listing = (struct s3_listing){ 0 };
	do
		failed = list_page(s3, &token, listing, err);
	while (!failed && *token && ++pages < PAGES_MAX);
	if (!failed && *token)
		failed = error_set(err, ERR_LIMIT, "%.100s lists more than %d pages: a prefix of its own for each lake keeps it short", s3->base, PAGES_MAX);
	free(token);
	if (failed)
		s3_listing_release(listing);
	else if (listing->count)
		qsort(listing->rows, listing->count, sizeof(*listing->rows), by_name);
	return failed;
}

const struct s3_object *s3_listing_find(const struct s3_listing *listing, const char *name)
{
	struct s3_object key = { .name = (char *)(uintptr_t)name };

	return listing->count ? bsearch(&key, listing->rows, listing->count, sizeof(key), by_name) : NULL;
}

void s3_listing_release(struct s3_listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		free(listing->rows[i].name);
	free(listing->rows);
	*listing = (struct s3_listing){ 0 };
}
