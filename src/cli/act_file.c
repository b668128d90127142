#include "cli/act_file.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "estate/estate.h"
#include "estate/kind.h"
#include "gate/gate.h"

enum { DOCUMENTS_MAX = 200 };

static void add_document(struct json *out, const struct json *document)
{
	const struct json *items = json_get(document, "items");
	const char *type = json_text_or(json_get(document, "kind"), "");
	size_t length = strlen(type);

	if (json_is(document, JSON_NULL)) /* nothing but a comment between two lines of --- */
		return;
	if (length < 4 || strcmp(type + length - 4, "List") != 0 || !json_is(items, JSON_ARRAY)) {
		json_add(out, json_copy(document));
		return;
	}
	for (const struct json *item = json_first(items); item; item = json_next(item))
		json_add(out, json_copy(item));
}

struct json *act_file_documents(const struct json *params)
{
	const char *text = json_text(json_get(params, "manifest"));
	struct json *all = text ? yaml_parse_all(text, strlen(text), NULL) : NULL, *out = json_array();

	for (const struct json *document = json_first(all); document; document = json_next(document))
		add_document(out, document);
	json_free(all);
	if (json_count(out) > 1)
		return out;
	json_free(out);
	return NULL;
}

/* "ConfigMap" is our kind "configmap", of the provider of what was named. */
static const struct kind *kind_of(struct estate *estate, const struct ref *named, const struct json *document, struct error *err)
{
	struct ref ref = *named;
	const char *type = json_text_or(json_get(document, "kind"), "");

	if (!*type) {
		error_set(err, ERR_INVALID, "line %d: a manifest without a kind", json_line(document));
		return NULL;
	}
	snprintf(ref.kind, sizeof(ref.kind), "%s", type);
	for (char *at = ref.kind; *at; at++)
		*at = (char)tolower((unsigned char)*at);
	return estate_kind_of(estate, &ref, err);
}

static int make_ref(struct estate *estate, const struct ref *named, const struct json *document, struct ref *ref, struct error *err)
{
	const struct kind *kind = kind_of(estate, named, document, err);
	const char *name = json_text(json_at(document, "metadata.name"));
	const char *namespace_ = json_text_or(json_at(document, "metadata.namespace"), named->namespace_);

	if (!kind)
		return -1;
	if (!name)
		return error_set(err, ERR_INVALID, "line %d: a %s without a name", json_line(document), kind->singular);
	if (kind->namespaced && !*namespace_) /* what was named has none, and none is guessed */
		return error_set(err, ERR_INVALID, "line %d: which namespace is %s %.100s of? give it a metadata.namespace", json_line(document), kind->singular, name);
	*ref = *named;
	ref->uid[0] = 0;
	snprintf(ref->kind, sizeof(ref->kind), "%s", kind->name);
	snprintf(ref->name, sizeof(ref->name), "%s", name);
	snprintf(ref->namespace_, sizeof(ref->namespace_), "%s", kind->namespaced ? namespace_ : "");
	return 0;
}

static struct json *params_of(const struct json *params, const struct json *document)
{
	struct json *own = json_copy(params);
	char *text = json_format(document);

	json_set_text(own, "manifest", text);
	free(text);
	return own;
}

static int is_same(const struct ref *a, const struct ref *b)
{
	return !strcmp(a->kind, b->kind) && !strcmp(a->name, b->name) && !strcmp(a->namespace_, b->namespace_);
}

int act_file_plan(struct gate *gate, struct estate *estate, const struct ref *named, const struct json *documents, const struct json *params, const char *because,
	struct plan **plan, struct error *err)
{
	size_t count = json_count(documents), made = 0;
	int failed = 0, has_named = 0;

	if (count > DOCUMENTS_MAX)
		return error_set(err, ERR_LIMIT, "%zu manifests in one file; at most %d are planned at once", count, DOCUMENTS_MAX);
	struct ref *refs = mem_zero(count, sizeof(*refs));
	struct gate_act *acts = mem_zero(count, sizeof(*acts));
	struct json **own = mem_zero(count, sizeof(*own));

	for (const struct json *document = json_first(documents); document && !failed; document = json_next(document)) {
		if ((failed = make_ref(estate, named, document, &refs[made], err)))
			break;
		has_named |= is_same(&refs[made], named);
		own[made] = params_of(params, document);
		acts[made] = (struct gate_act){ .ref = &refs[made], .verb = "apply", .params = own[made], .because = because };
		made++;
	}
	if (!failed && !has_named)
		failed = error_set(err, ERR_INVALID, "none of the %zu manifests is of %s %s%s%.200s", count, named->kind, named->namespace_, *named->namespace_ ? "/" : "", named->name);
	if (!failed)
		failed = gate_plan_acts(gate, acts, made, NULL, plan, err);
	for (size_t i = 0; i < made; i++)
		json_free(own[i]);
	free(own);
	free(acts);
	free(refs);
	return failed ? -1 : 0;
}
