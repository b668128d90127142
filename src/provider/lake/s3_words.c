/* What a store answers when it does not do what was asked: "Error responses", Amazon S3 API Reference. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/safe.h"
#include "provider/lake/s3.h"

enum { CODE_MAX = 80, MESSAGE_MAX = 160, MINUTE_S = 60 };

static void decode(char *text)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = { { "&quot;", '"' }, { "&#34;", '"' }, { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&apos;", '\'' } };
	char *to = text;

	for (const char *from = text; *from; to++) {
		size_t length = 1;

		*to = *from;
		for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
			if (!strncmp(from, entities[i].entity, strlen(entities[i].entity))) {
				*to = entities[i].c;
				length = strlen(entities[i].entity);
			}
		from += length;
	}
	*to = '\0';
}

int s3_element(const char *xml, const char *name, char *out, size_t size)
{
	char open[64];

	*out = '\0';
	snprintf(open, sizeof(open), "<%s>", name);
	const char *begin = xml ? strstr(xml, open) : NULL;
	const char *end = begin ? strchr(begin + strlen(open), '<') : NULL;
	if (!end)
		return 0;
	begin += strlen(open);
	size_t length = (size_t)(end - begin) < size ? (size_t)(end - begin) : size - 1;
	memcpy(out, begin, length);
	out[length] = '\0';
	decode(out);
	return 1;
}

/* --- words --- */

struct said {
	const struct s3 *s3;
	const struct net_response *response;
	char code[CODE_MAX], message[MESSAGE_MAX];
};

static int no_bucket(const struct said *said, struct error *err)
{
	return error_set(err, ERR_NOT_FOUND, "there is no bucket %.80s at %.100s: make it, or correct the name", said->s3->bucket, said->s3->base);
}

static int no_right(const struct said *said, struct error *err)
{
	return error_set(err, ERR_FORBIDDEN, "key %.24s may not do this in bucket %.64s (403): it needs s3:ListBucket, s3:GetObject and s3:PutObject there", said->s3->account.id,
		said->s3->bucket);
}

static int wrong_secret(const struct said *said, struct error *err)
{
	return error_set(err, ERR_UNAUTHORIZED, "%.100s does not accept the signature: the secret is not that of key %.24s", said->s3->base, said->s3->account.id);
}

static int unknown_key(const struct said *said, struct error *err)
{
	return error_set(err, ERR_UNAUTHORIZED, "%.100s does not know key %.24s: check AWS_ACCESS_KEY_ID or the profile", said->s3->base, said->s3->account.id);
}

static int key_ended(const struct said *said, struct error *err)
{
	return error_set(err, ERR_UNAUTHORIZED, "the temporary key %.24s has ended: get a new one", said->s3->account.id);
}

/* The answer's own clock says by how much (RFC 9110 5.6.7). */
static int wrong_clock(const struct said *said, struct error *err)
{
	char date[64];
	struct tm parts = { 0 };
	int known = net_header(said->response, "date", date, sizeof(date)) && strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
	long long minutes = known ? ((long long)timegm(&parts) - clock_now_ns() / CLOCK_SECOND_NS) / MINUTE_S : 0;

	if (!minutes)
		return error_set(err, ERR_UNAUTHORIZED, "this machine's clock and that of %.100s differ by more than 15 minutes: set it", said->s3->base);
	return error_set(err, ERR_UNAUTHORIZED, "this machine's clock is %lld minutes %s that of %.100s: set it, requests are signed with the time",
		minutes < 0 ? -minutes : minutes, minutes < 0 ? "ahead of" : "behind", said->s3->base);
}

static int wrong_region(const struct said *said, struct error *err)
{
	char text[64], region[64];

	if (net_header(said->response, "x-amz-bucket-region", text, sizeof(text)) || s3_element(said->response->body, "Region", text, sizeof(text))) {
		safe_copy(region, sizeof(region), text, strlen(text));
		return error_set(err, ERR_INVALID, "bucket %.64s is in region %.40s, not in %.40s: set AWS_REGION=%.40s", said->s3->bucket, region, said->s3->account.region, region);
	}
	return error_set(err, ERR_INVALID, "bucket %.64s is not in region %.40s: set AWS_REGION", said->s3->bucket, said->s3->account.region);
}

static int no_conditions(const struct said *said, struct error *err)
{
	return error_set(err, ERR_INVALID, "%.100s knows no conditional writes (If-Match, If-None-Match): without them several senders would overwrite each other", said->s3->base);
}

static const struct word {
	const char *code;
	int (*tell)(const struct said *said, struct error *err);
} words[] = {
	{ "NoSuchBucket", no_bucket },
	{ "AccessDenied", no_right },
	{ "AllAccessDisabled", no_right },
	{ "SignatureDoesNotMatch", wrong_secret },
	{ "InvalidAccessKeyId", unknown_key },
	{ "InvalidClientTokenId", unknown_key },
	{ "ExpiredToken", key_ended },
	{ "InvalidToken", key_ended },
	{ "TokenRefreshRequired", key_ended },
	{ "RequestTimeTooSkewed", wrong_clock },
	{ "RequestExpired", wrong_clock },
	{ "PermanentRedirect", wrong_region },
	{ "TemporaryRedirect", wrong_region },
	{ "AuthorizationHeaderMalformed", wrong_region },
	{ "IllegalLocationConstraintException", wrong_region },
	{ "NotImplemented", no_conditions },
};

static enum error_code code_of(int status)
{
	if (status == 401)
		return ERR_UNAUTHORIZED;
	if (status == 403)
		return ERR_FORBIDDEN;
	if (status == 404)
		return ERR_NOT_FOUND;
	return status == 429 || status >= 500 ? ERR_UNREACHABLE : ERR_INVALID;
}

int s3_error(const struct s3 *s3, const struct net_response *response, struct error *err)
{
	struct said said = { .s3 = s3, .response = response };
	char message[MESSAGE_MAX];

	s3_element(response->body, "Code", said.code, sizeof(said.code));
	s3_element(response->body, "Message", message, sizeof(message));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i].code, said.code))
			return words[i].tell(&said, err);
	if (response->status == 301 || response->status == 307)
		return wrong_region(&said, err);
	safe_copy(said.message, sizeof(said.message), message, strlen(message));
	char code[CODE_MAX];
	safe_copy(code, sizeof(code), said.code, strlen(said.code));
	return error_set(err, code_of(response->status), "%.90s answers %d%s%.60s%s%.100s", s3->base, response->status, *code ? " " : "", code, *said.message ? ": " : "", said.message);
}

int s3_may_pass(const struct net_response *response)
{
	static const int statuses[] = { 429, 500, 502, 503, 504 };
	char code[CODE_MAX];

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		if (response->status == statuses[i])
			return 1;
	return response->status == 400 && s3_element(response->body, "Code", code, sizeof(code)) && !strcmp(code, "RequestTimeout");
}
