#include "copilot/usual.h"

#include <stddef.h>

#include "base/error.h"
#include "estate/estate.h"

const char *usual_resource(struct estate *estate)
{
	const struct provider_ops *ops;
	struct error err = { 0 };

	return estate_provider(estate, "kubernetes", &ops, &err) ? "kubernetes" : "host";
}
