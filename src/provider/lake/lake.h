/* lake.h - evidence lakes of this machine: sent on to an object store (s3://BUCKET/PREFIX) or a database (postgres://HOST/NAME), and thinned out. */
#ifndef PROVIDER_LAKE_LAKE_H
#define PROVIDER_LAKE_LAKE_H

#include "estate/provider.h"

extern const struct provider_ops lake_provider;

/* A target as it may be kept in a plan: without the password its URL holds, which this process remembers until its end and sends to nobody
 * but that database. Yours. */
char *lake_target_without_password(const char *target, int *had_one);

#endif
