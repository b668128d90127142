/* fuzz_lake.c - any bytes as an agent's entry in the evidence lake: read whole or not at all, and what is read leads nowhere outside of the tree. */
#include "folder.h"

#include "base/error.h"
#include "base/json.h"
#include "base/safe.h"
#include "fleet/finding/check.h"
#include "fleet/finding/finding.h"
#include "fleet/report/finding_json.h"
#include "fleet/report/lake.h"
#include "fleet/report/report.h"

static const char *lake;
static struct checks *checks;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report_unit unit = { .path = "a", .content = "00", .stats = "11" };

	if (!lake) {
		fuzz_home();
		lake = fuzz_folder("fuzz-lake");
		checks = checks_load(NULL);
	}
	assert(checks);
	fuzz_write(lake, "a/latest.json", data, size);
	struct json *kept = lake_load(lake, "a");
	struct findings *findings = findings_new();

	lake_is_current(kept, &unit, 0, 1);
	lake_is_current(kept, &unit, 1, 1);
	lake_findings(kept, checks, findings);
	findings_finish(findings);
	for (size_t i = 0; i < findings_count(findings); i++) {
		const struct finding *finding = findings_at(findings, i);

		assert(finding->path[0] != '/' && strncmp(finding->path, "../", 3) && !strstr(finding->path, "/../"));
		assert(safe_is(finding->message, strlen(finding->message)));
		assert(finding->place.offset <= INT32_MAX && finding->place.length <= INT32_MAX);
		json_free(finding_to_json(finding));
	}
	findings_free(findings);
	json_free(kept);
	return 0;
}
