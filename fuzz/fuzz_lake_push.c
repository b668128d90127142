/* fuzz_lake_push.c - what a lake and its targets are read from: entries of the lake, pages and refusals of a store, profiles, URLs. The first byte chooses. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"
#include "net/net.h"
#include "provider/lake/aws.h"
#include "provider/lake/lake.h"
#include "provider/lake/s3.h"
#include "store/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void entry(char *text, size_t length)
{
	struct evidence out;

	if (!evidence_parse("x", NULL, text, length, 0, &out, NULL))
		evidence_release(&out);
}

static void page(char *text, size_t length)
{
	struct s3_listing listing = { 0 };

	(void)length;
	s3_listing_add(&listing, "a/", text);
	s3_listing_release(&listing);
}

static void refusal(char *text, size_t length)
{
	char base[] = "http://store", bucket[] = "bucket", key[] = "key", region[] = "here", none[] = "";
	struct s3 s3 = { .base = base, .bucket = bucket, .account = { .id = key, .region = region } };
	struct net_response response = { .status = 400, .body = text, .body_length = length, .header_lines = none };
	struct error err;

	s3_error(&s3, &response, &err);
	s3_may_pass(&response);
}

static void profile(char *text, size_t length)
{
	(void)length;
	free(aws_ini_get(text, "default", "region"));
	free(aws_ini_get(text, "profile a", "aws_access_key_id"));
}

static void target(char *text, size_t length)
{
	int had_one;

	(void)length;
	free(lake_target_without_password(text, &had_one));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static void (*const readers[])(char *text, size_t length) = { entry, page, refusal, profile, target };

	if (!length)
		return 0;
	char *text = mem_text_n((const char *)bytes + 1, length - 1);
	readers[bytes[0] % (sizeof(readers) / sizeof(*readers))](text, strlen(text));
	free(text);
	return 0;
}
