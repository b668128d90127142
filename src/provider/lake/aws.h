/* aws.h - who signs, where and in which region: AWS_* of the environment, then the profile's files, as AWS's own tools look for them. */
#ifndef PROVIDER_LAKE_AWS_H
#define PROVIDER_LAKE_AWS_H

struct error;
struct secret;

struct aws_account {
	char *id;
	struct secret *secret, *token; /* token NULL: keys that last */
	char *region;
	char *endpoint;  /* NULL: Amazon's own */
	char *ca_path;   /* AWS_CA_BUNDLE, or NULL */
};

/* ERR_UNAUTHORIZED: no keys, and where they were looked for. */
int aws_account_load(struct aws_account *account, struct error *err);
void aws_account_release(struct aws_account *account);
/* Value of a key in a section of an INI text, without white space around it. Yours; NULL: none. */
char *aws_ini_get(const char *ini, const char *section, const char *key);

#endif
