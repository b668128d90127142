#include "provider/kubernetes/resource.h"

#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "estate/kind.h"
#include "net/url.h"

int resource_of(const struct kind *kind, struct resource *resource, struct error *err)
{
	*resource = (struct resource){
		.api = json_text(json_get(kind->spec, "api")),
		.name = json_text_or(json_get(kind->spec, "resource"), kind->name),
		.type = json_text_or(json_get(kind->spec, "type"), ""),
		.namespaced = kind->namespaced,
		.whole = json_bool(json_get(kind->spec, "object"), 0),
	};
	if (!resource->api)
		return error_set(err, ERR_INVALID, "kind %s says no `spec.api` (%s)", kind->name,
			kind->file ? kind->file : "?");
	return 0;
}

void resource_path(struct text *path, const struct resource *resource, const char *namespace_,
	const char *name, const char *sub)
{
	/* API Concepts, "Resource URIs": the core group alone lies under /api. */
	text_format(path, "%s/%s", strchr(resource->api, '/') ? "/apis" : "/api", resource->api);
	if (resource->namespaced && namespace_ && *namespace_) {
		text_add(path, "/namespaces/");
		url_encode(path, namespace_);
	}
	text_add(path, "/");
	url_encode(path, resource->name);
	if (name) {
		text_add(path, "/");
		url_encode(path, name);
	}
	if (sub)
		text_format(path, "/%s", sub);
}
