/* entity.c - what a word is by its shape alone: ids, domains, versions, regions, sizes. Shapes as
 * the providers document them. */
#include <ctype.h>
#include <string.h>

#include "copilot/reading.h"

static const char *const azure_regions[] = { "westeurope", "northeurope", "eastus", "eastus2",
	"westus", "westus2", "westus3", "centralus", "northcentralus", "southcentralus",
	"westcentralus", "uksouth", "ukwest", "francecentral", "germanywestcentral",
	"switzerlandnorth", "norwayeast", "swedencentral", "japaneast", "japanwest",
	"southeastasia", "eastasia", "brazilsouth", "australiaeast", "canadacentral", "canadaeast",
	"centralindia", "southindia", "koreacentral", "spaincentral", "italynorth", "polandcentral",
	"uaenorth", "southafricanorth" };

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

static int starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* "eu-west-1" "us-gov-west-1" (AWS), "europe-west4" "us-central1-a" (GCP), the names above (Azure).
 */
int entity_region(const char *text)
{
	static const char *const areas[] = { "us-", "eu-", "ap-", "sa-", "ca-", "me-", "af-", "il-",
		"cn-", "mx-", "europe-", "asia-", "australia-", "northamerica-", "southamerica-",
		"africa-" };
	static const char *const sides[] = { "north", "south", "east", "west", "central" };

	for (size_t i = 0; i < sizeof(azure_regions) / sizeof(*azure_regions); i++)
		if (!strcmp(text, azure_regions[i]))
			return 1;
	for (size_t a = 0; a < sizeof(areas) / sizeof(*areas); a++) {
		if (!starts(text, areas[a]))
			continue;
		const char *side = text + strlen(areas[a]);
		side += starts(side, "gov-") ? 4 : 0;
		for (size_t s = 0; s < sizeof(sides) / sizeof(*sides); s++)
			if (starts(side, sides[s]) &&
				isdigit((unsigned char)text[strcspn(text, "0123456789")]))
				return 1;
	}
	return 0;
}

/* "db.r5.large" "t3.xlarge" (AWS), "n2-standard-8" "e2-medium" (GCP), "standard_d4s_v5" (Azure). */
static int is_size(const char *text)
{
	static const char *const grades[] = { "nano", "micro", "small", "medium", "large", "xlarge",
		"metal" };
	static const char *const families[] = { "-standard", "-highmem", "-highcpu", "-medium",
		"-micro", "-small", "-megamem" };
	const char *dot = strrchr(text, '.');

	if (starts(text, "standard_") || starts(text, "basic_"))
		return 1;
	if (dot && isdigit((unsigned char)text[strcspn(text, "0123456789")])) {
		const char *grade = dot + 1 + digits(dot + 1);

		for (size_t i = 0; i < sizeof(grades) / sizeof(*grades); i++)
			if (starts(grade, grades[i]))
				return 1;
	}
	if (!isalpha((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
		return 0;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (strstr(text, families[i]) && strcspn(text, "-") <= 3)
			return 1;
	return 0;
}

/* "4.0.2" "v42" "v2.3.1-rc1" "revision-7"; a lone number is no version. */
static int is_version(const char *text)
{
	static const char *const words[] = { "revision-", "rev-", "release-" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (starts(text, words[i]) && text[strlen(words[i])] &&
			digits(text + strlen(words[i])) == strlen(text + strlen(words[i])))
			return 1;
	const char *s = text + (*text == 'v');
	size_t n = digits(s);

	if (!n)
		return 0;
	if (s != text && !s[n])
		return 1;
	if (s[n] != '.' || !isdigit((unsigned char)s[n + 1]))
		return 0;
	const char *rest = s + n + 1 + digits(s + n + 1);
	return !*rest || *rest == '.' || *rest == '-' || *rest == '+';
}

static int dots(const char *s)
{
	int count = 0;

	for (; *s; s++)
		count += *s == '.';
	return count;
}

static int is_address(const char *s)
{
	return strspn(s, "0123456789.") == strlen(s) && dots(s) == 3;
}

static int is_cidr(const char *s)
{
	const char *slash = strchr(s, '/');

	return slash && strspn(s, "0123456789.") == (size_t)(slash - s) && dots(s) == 3 &&
	       digits(slash + 1) == strlen(slash + 1);
}

static int is_hex_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return starts(s, prefix) && strlen(s + n) >= 3 &&
	       strspn(s + n, "0123456789abcdef") == strlen(s + n);
}

/* With one dot, only what ends like a domain is one: "pdf.worker" is what a service is called. */
static int ends_like_domain(const char *last)
{
	static const char *const ends[] = { "com", "net", "org", "io", "de", "fr", "es", "pt", "br", "jp", "uk", "eu", "us", "ch",
		"at", "nl", "it", "be", "pl", "se", "no", "dk", "fi", "cz", "ca", "au", "in", "cn", "mx", "ar", "cl", "co", "me", "tv",
		"info", "biz", "cloud", "app", "dev", "local", "localdomain", "lan", "internal", "intern", "intranet", "corp", "home",
		"example", "test", "invalid", "localhost", "host", "gov", "edu", "mil", "int", "arpa", "xyz", "tech", "online", "site" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!strcmp(last, ends[i]))
			return 1;
	return 0;
}

static int is_domain(const char *s)
{
	const char *last = strrchr(s, '.');

	return last && strlen(last + 1) >= 2 && (strchr(s, '.') != last || ends_like_domain(last + 1)) &&
	       strspn(last + 1, "abcdefghijklmnopqrstuvwxyz") == strlen(last + 1) && last > s &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == strlen(s);
}

/* "10m" "24h" "7d" */
static int is_window(const char *s)
{
	size_t n = digits(s);

	return n && n <= 5 && s[n] && strchr("smhdw", s[n]) && !s[n + 1];
}

/* "x4" "4x" */
static int is_times(const char *s)
{
	size_t n = digits(s + (*s == 'x'));

	return n && n <= 5 && (!strcmp(s + (*s == 'x') + n, *s == 'x' ? "" : "x") || !strcmp(s + n, "pod") || !strcmp(s + n, "pods"));
}

enum entity entity_of(const struct token *token)
{
	const char *s = token->text;

	if (token->shape & TOKEN_CJK)
		return ENTITY_NONE;
	if (digits(s) == token->length)
		return ENTITY_NUMBER;
	if (is_times(s))
		return ENTITY_TIMES;
	if (is_window(s))
		return ENTITY_WINDOW;
	if (is_hex_after(s, "i-") || (starts(s, "i-") && token->shape & TOKEN_DIGIT))
		return ENTITY_MACHINE_ID;
	if (is_hex_after(s, "sg-"))
		return ENTITY_GROUP_ID;
	if (is_cidr(s))
		return ENTITY_CIDR;
	if (is_address(s))
		return ENTITY_IP;
	if (strchr(s, '=') && s[0] != '=')
		return ENTITY_LABEL;
	if (entity_region(s))
		return ENTITY_REGION;
	if (is_size(s))
		return ENTITY_SIZE;
	if (is_version(s))
		return ENTITY_VERSION;
	if (is_domain(s))
		return ENTITY_DOMAIN;
	if (token->shape & (TOKEN_JOINED | TOKEN_DIGIT))
		return ENTITY_DASHED;
	return ENTITY_WORD;
}
