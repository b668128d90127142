#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "estate/act.h"
#include "estate/kind.h"
#include "provider/files/edits.h"
#include "provider/files/provider.h"

static const char *param(const struct act_request *request, const char *name)
{
	return json_text_or(json_get(request->params, name), "");
}

static int is_edit(const struct act_request *request)
{
	return !strcmp(request->verb->name, "edit");
}

/* --- what was replaced, by its digest --- */

static int is_digest(const char *text)
{
	return strlen(text) == SHA256_HEX_MAX - 1 && strspn(text, "0123456789abcdef") == SHA256_HEX_MAX - 1;
}

static char *kept_path(const char *digest)
{
	return mem_format("%s/undo/%s", file_state_folder(), digest);
}

static int keep(const struct plain_file *file, struct error *err)
{
	char *folder = mem_format("%s/undo", file_state_folder()), *path = kept_path(file->digest);
	int failed = file_make_folder(folder, 0700, err);

	if (!failed && access(path, F_OK))
		failed = file_save(path, file->bytes, file->length, 0600, err);
	free(folder);
	free(path);
	return failed ? error_wrap(err, "keeping what is replaced") : 0;
}

static char *kept_bytes(const char *digest, size_t *length, struct error *err)
{
	char *path = is_digest(digest) ? kept_path(digest) : NULL, actual[SHA256_HEX_MAX];
	char *bytes = path ? file_load(path, FILES_MAX_BYTES, length, err) : NULL;

	free(path);
	if (!is_digest(digest))
		error_set(err, ERR_INVALID, "'%.70s' is no digest of kept bytes", digest);
	if (!bytes)
		return NULL;
	sha256_hex(bytes, *length, actual);
	if (!strcmp(actual, digest))
		return bytes;
	free(bytes);
	error_set(err, ERR_FORMAT, "the bytes kept as %.16s… are not what was kept: nothing is put back", digest);
	return NULL;
}

/* --- the bytes a request leads to --- */

/* The new bytes; *gone: the file is to be taken away. before and after are shown when wanted. NULL: err. */
static char *edited(const struct act_request *request, const struct plain_file *file, size_t *length, struct act_preview *preview, struct error *err)
{
	struct edits edits, hidden;
	const char *bytes = file->bytes ? file->bytes : "";

	if (edits_read(param(request, "edits"), file->length, &edits, err))
		return NULL;
	if (edits_read(*param(request, "hide") ? param(request, "hide") : "[]", file->length, &hidden, err)) {
		edits_release(&edits);
		return NULL;
	}
	char *result = edits_apply(&edits, bytes, file->length, length);
	if (preview)
		edits_show(&edits, &hidden, bytes, file->length, &preview->before, &preview->after);
	edits_release(&edits);
	edits_release(&hidden);
	return result;
}

static char *restored(const struct act_request *request, const struct plain_file *file, size_t *length, int *gone, struct error *err)
{
	if (strcmp(file->digest, param(request, "expect"))) {
		error_set(err, ERR_CONFLICT, "%.150s was changed since: putting it back would lose that. Compare it with what is kept and decide by hand", request->ref->name);
		return NULL;
	}
	*gone = !strcmp(param(request, "sha256"), "-");
	*length = 0;
	return *gone ? mem_text("") : kept_bytes(param(request, "sha256"), length, err);
}

static char *result_of(const struct act_request *request, const struct plain_file *file, size_t *length, int *gone, struct act_preview *preview,
	struct error *err)
{
	*gone = 0;
	return is_edit(request) ? edited(request, file, length, preview, err) : restored(request, file, length, gone, err);
}

static void digest_of(const char *bytes, size_t length, int gone, char out[SHA256_HEX_MAX])
{
	if (gone)
		strcpy(out, "-");
	else
		sha256_hex(bytes, length, out);
}

/* --- the four --- */

static struct json *state_of(const struct plain_file *file)
{
	struct json *json = json_set_text(json_object(), "sha256", file->digest);

	return json_set_int(json, "mode", file->mode);
}

static int observe(struct provider *provider, const struct act_request *request, struct json **state, struct error *err)
{
	struct plain_file file;

	(void)provider;
	if (plain_file_load(request->ref->name, &file, err))
		return -1;
	*state = state_of(&file);
	plain_file_release(&file);
	return 0;
}

static struct json *undo_of(const struct plain_file *file, const char *after)
{
	struct json *params = json_set_text(json_object(), "sha256", file->digest), *undo = json_set_text(json_object(), "verb", "restore");

	json_set_text(params, "expect", after);
	json_set_text(undo, "kind", "files");
	return json_set(undo, "params", params);
}

static int preview(struct provider *provider, const struct act_request *request, struct act_preview *out, struct error *err)
{
	struct plain_file file;
	char after[SHA256_HEX_MAX];
	size_t length;
	int gone;

	(void)provider;
	memset(out, 0, sizeof(*out));
	if (plain_file_load(request->ref->name, &file, err))
		return -1;
	char *bytes = result_of(request, &file, &length, &gone, out, err);
	if (bytes) {
		digest_of(bytes, length, gone, after);
		if (!out->before) {
			out->before = state_of(&file);
			out->after = json_set_text(json_object(), "sha256", after);
		}
		out->blast = json_array();
		out->undo = undo_of(&file, after);
		snprintf(out->undo_text, sizeof(out->undo_text), file.exists ? "the %zu bytes as they are now" : "take the new file away", file.length);
		out->seconds = 1;
		strcpy(out->cost, "0");
	}
	free(bytes);
	plain_file_release(&file);
	return bytes ? 0 : -1;
}

static int unchanged(const struct act_request *request, const struct plain_file *file, struct error *err)
{
	const char *digest = json_text_or(json_get(request->state, "sha256"), "");

	if (!request->state || !strcmp(digest, file->digest))
		return 0;
	return error_set(err, ERR_CONFLICT, "%.200s changed since the plan was made", request->ref->name);
}

static int write_result(const struct act_request *request, const struct plain_file *file, const char *bytes, size_t length, int gone, struct error *err)
{
	if (file->exists && keep(file, err))
		return -1;
	if (gone)
		return unlink(request->ref->name) ? error_errno(err, "%.200s", request->ref->name) : 0;
	return plain_file_replace(request->ref->name, file, bytes, length, err);
}

static int act(struct provider *provider, const struct act_request *request, struct act_result *result, struct error *err)
{
	struct plain_file file;
	char after[SHA256_HEX_MAX];
	size_t length;
	int gone;

	(void)provider;
	memset(result, 0, sizeof(*result));
	if (plain_file_load(request->ref->name, &file, err))
		return -1;
	char *bytes = unchanged(request, &file, err) ? NULL : result_of(request, &file, &length, &gone, NULL, err);
	int failed = bytes ? write_result(request, &file, bytes, length, gone, err) : -1;
	if (!failed) {
		digest_of(bytes, length, gone, after);
		result->output = json_set_text(json_object(), "sha256", after);
	}
	free(bytes);
	plain_file_release(&file);
	return failed;
}

/* Done when the file is what it was to become; not done when it is what it was. */
static int reconcile(struct provider *provider, const struct act_request *request, enum act_outcome *outcome, struct error *err)
{
	struct plain_file file;

	(void)provider;
	*outcome = ACT_UNKNOWN;
	if (plain_file_load(request->ref->name, &file, err))
		return -1;
	if (!unchanged(request, &file, NULL))
		*outcome = ACT_NOT_DONE;
	else if (!is_edit(request) && !strcmp(file.digest, param(request, "sha256")))
		*outcome = ACT_DONE;
	else if (is_edit(request)) {
		const char *was = json_text_or(json_get(request->state, "sha256"), "");
		struct plain_file old = { .exists = 1 };
		char after[SHA256_HEX_MAX] = "";
		size_t length;

		old.bytes = is_digest(was) ? kept_bytes(was, &old.length, NULL) : NULL;
		char *bytes = old.bytes || !strcmp(was, "-") ? edited(request, &old, &length, NULL, NULL) : NULL;
		if (bytes)
			sha256_hex(bytes, length, after);
		if (bytes && !strcmp(after, file.digest))
			*outcome = ACT_DONE;
		free(bytes);
		plain_file_release(&old);
	}
	plain_file_release(&file);
	return 0;
}

const struct act_ops files_acts = { .observe = observe, .preview = preview, .act = act, .reconcile = reconcile };
