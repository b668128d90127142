/* "Configuration and credential file settings", AWS CLI User Guide. */
#include "provider/lake/aws.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum { FILE_MAX_BYTES = 1 << 20 };
#define REGION_WITHOUT_ONE "us-east-1" /* what S3 takes where nobody names a region */

/* --- INI --- */

static const char *trimmed(const char *begin, const char *end, size_t *length)
{
	while (begin < end && isspace((unsigned char)*begin))
		begin++;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	*length = (size_t)(end - begin);
	return begin;
}

static int is_text(const char *begin, size_t length, const char *wanted)
{
	return strlen(wanted) == length && !memcmp(begin, wanted, length);
}

/* Settings nested below another ("s3 =" and indented lines) are not of the section itself. */
char *aws_ini_get(const char *ini, const char *section, const char *key)
{
	int inside = 0;

	while (ini && *ini) {
		const char *end = ini + strcspn(ini, "\n"), *equals = memchr(ini, '=', (size_t)(end - ini));
		int nested = isspace((unsigned char)*ini);
		size_t length;
		const char *text = trimmed(ini, end, &length);

		if (length && *text == '[' && text[length - 1] == ']') {
			text = trimmed(text + 1, text + length - 1, &length);
			inside = is_text(text, length, section);
		} else if (inside && length && equals && !nested && *text != '#' && *text != ';') {
			text = trimmed(ini, equals, &length);
			if (is_text(text, length, key)) {
				text = trimmed(equals + 1, end, &length);
				return mem_text_n(text, length);
			}
		}
		ini = end + (*end == '\n');
	}
	return NULL;
}

/* --- the files --- */

struct profile {
	const char *name;
	char *section_of_config; /* "profile NAME", but "default" */
	char *credentials, *config;
};

static char *load(const char *variable, const char *below_home)
{
	const char *path = getenv(variable), *home = getenv("HOME");
	char *made = path && *path ? mem_text(path) : mem_format("%s/%s", home ? home : "", below_home);
	size_t length;
	char *bytes = file_load(made, FILE_MAX_BYTES, &length, NULL);

	free(made);
	return bytes;
}

static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

static void profile_load(struct profile *profile)
{
	const char *name = variable("AWS_PROFILE");

	if (!name)
		name = variable("AWS_DEFAULT_PROFILE");
	profile->name = name ? name : "default";
	profile->section_of_config = strcmp(profile->name, "default") ? mem_format("profile %s", profile->name) : mem_text("default");
	profile->credentials = load("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials");
	profile->config = load("AWS_CONFIG_FILE", ".aws/config");
}

static void wipe_free(char *text)
{
	if (text)
		secret_wipe(text, strlen(text));
	free(text);
}

static void profile_release(struct profile *profile)
{
	free(profile->section_of_config);
	wipe_free(profile->credentials);
	wipe_free(profile->config);
}

/* The credentials file goes before the configuration file. */
static char *setting(const struct profile *profile, const char *key)
{
	char *value = aws_ini_get(profile->credentials, profile->name, key);

	return value ? value : aws_ini_get(profile->config, profile->section_of_config, key);
}

/* --- who --- */

static struct secret *secret_of(char *text)
{
	struct secret *secret = text && *text ? secret_new(text, strlen(text)) : NULL;

	wipe_free(text);
	return secret;
}

static void take_environment(struct aws_account *account)
{
	account->id = mem_text(variable("AWS_ACCESS_KEY_ID"));
	account->secret = secret_of(mem_text(variable("AWS_SECRET_ACCESS_KEY")));
	account->token = secret_of(mem_text(variable("AWS_SESSION_TOKEN")));
}

static void take_profile(struct aws_account *account, const struct profile *profile)
{
	account->id = setting(profile, "aws_access_key_id");
	account->secret = secret_of(setting(profile, "aws_secret_access_key"));
	account->token = secret_of(setting(profile, "aws_session_token"));
}

/* Ways to keys that are not gone here: what gets them is named. */
static int no_keys(const struct profile *profile, struct error *err)
{
	static const char *const other_ways[] = { "credential_process", "sso_session", "sso_start_url", "role_arn", "web_identity_token_file" };

	for (size_t i = 0; i < sizeof(other_ways) / sizeof(*other_ways); i++) {
		char *value = setting(profile, other_ways[i]);

		if (!value)
			continue;
		free(value);
		return error_set(err, ERR_UNAUTHORIZED, "profile %.60s gets its keys by %s: export them first, as 'aws configure export-credentials --format env' does",
			profile->name, other_ways[i]);
	}
	return error_set(err, ERR_UNAUTHORIZED, "no keys for the store: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or keep them as profile %.60s in "
		"~/.aws/credentials", profile->name);
}

static int find_keys(struct aws_account *account, const struct profile *profile, struct error *err)
{
	take_environment(account);
	if (!account->id != !account->secret)
		return error_set(err, ERR_UNAUTHORIZED, "%s is set and %s is not: keys come in pairs", account->id ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
			account->id ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
	if (account->id)
		return 0;
	secret_free(account->token);
	take_profile(account, profile);
	if (account->id && account->secret)
		return 0;
	return no_keys(profile, err);
}

static char *first_of(const char *const *names, const struct profile *profile, const char *key)
{
	for (; *names; names++)
		if (variable(*names))
			return mem_text(variable(*names));
	return setting(profile, key);
}

int aws_account_load(struct aws_account *account, struct error *err)
{
	static const char *const regions[] = { "AWS_REGION", "AWS_DEFAULT_REGION", NULL };
	static const char *const endpoints[] = { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", NULL };
	struct profile profile = { 0 };

	*account = (struct aws_account){ 0 };
	profile_load(&profile);
	int failed = find_keys(account, &profile, err);
	account->region = first_of(regions, &profile, "region");
	if (!account->region)
		account->region = mem_text(REGION_WITHOUT_ONE);
	account->endpoint = first_of(endpoints, &profile, "endpoint_url");
	account->ca_path = mem_text(variable("AWS_CA_BUNDLE"));
	profile_release(&profile);
	if (failed)
		aws_account_release(account);
	return failed;
}

void aws_account_release(struct aws_account *account)
{
	free(account->id);
	secret_free(account->secret);
	secret_free(account->token);
	free(account->region);
	free(account->endpoint);
	free(account->ca_path);
	*account = (struct aws_account){ 0 };
}
