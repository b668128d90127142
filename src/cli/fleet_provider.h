/* fleet_provider.h - the row of the audits in the table of providers: agents and findings as resources, read from the evidence lake and never from the
 * files audited. An account is the folder that was audited. It joins fleet, which knows of no estate, to the estate, which knows of no fleet. */
#ifndef CLI_FLEET_PROVIDER_H
#define CLI_FLEET_PROVIDER_H

struct provider_ops;

extern const struct provider_ops fleet_provider;

#endif
