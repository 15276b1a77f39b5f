/* core/rules.c - the merge tables, parsed once and then only read. */
#include "core/rules.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/embed.h"

#define RULES_MAX_VERSION 64

struct rules {
	int version;
	char digest[SHA256_HEX_LEN + 1];
	cJSON *types;
};

static pthread_mutex_t rules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rules rules_known[RULES_MAX_VERSION + 1]; /* by version; version 0 in a slot that was not read yet */

/* The file is part of the program: parsing it plainly is enough, and schema-like checks belong to its tests. */
static enum status load(struct rules *out, int version, const struct embedded *file, struct error *e)
{
	uint8_t hash[SHA256_LEN];
	cJSON *root = NULL;
	enum status st = json_parse(&root, (const char *)file->bytes, file->len, e);

	if (st != STATUS_OK)
		return error_prefix(e, st, "merge rules %d", version);
	st = sha256(hash, file->bytes, file->len);
	if (st == STATUS_OK) {
		hex_encode(out->digest, hash, sizeof(hash));
		out->types = cJSON_DetachItemFromObjectCaseSensitive(root, "types");
		out->version = version;
	}
	cJSON_Delete(root);
	return st == STATUS_OK && out->types ? STATUS_OK : error_set(e, STATUS_CORRUPT, "merge rules %d are incomplete", version);
}

enum status rules_get(const struct rules **out, int version, struct error *e)
{
	char name[32];
	const struct embedded *file;
	enum status st = STATUS_OK;

	if (version < 1 || version > RULES_MAX_VERSION)
		return error_set(e, STATUS_UNSUPPORTED, "merge rules %d are not known to this program; please update it", version);
	(void)snprintf(name, sizeof(name), "rules-%d.json", version);
	file = embed_find(core_data, name);
	if (!file)
		return error_set(e, STATUS_UNSUPPORTED, "merge rules %d are not known to this program; please update it", version);
	(void)pthread_mutex_lock(&rules_lock);
	if (rules_known[version].version == 0)
		st = load(&rules_known[version], version, file, e);
	(void)pthread_mutex_unlock(&rules_lock);
	if (st == STATUS_OK)
		*out = &rules_known[version];
	return st;
}

int rules_version(const struct rules *r)
{
	return r->version;
}

const char *rules_digest(const struct rules *r)
{
	return r->digest;
}

enum record_kind rules_record_kind(const struct rules *r, const char *type)
{
	static const struct {
		const char *text;
		enum record_kind kind;
	} kinds[] = {{"claims", RECORD_CLAIMS}, {"registry", RECORD_REGISTRY}, {"versioned", RECORD_VERSIONED}};
	const char *text = json_string(json_get(r->types, type), "kind");

	for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].text, text) == 0)
			return kinds[i].kind;
	return RECORD_IMMUTABLE; /* the strictest, also for a type that the table does not name */
}

const char *rules_version_member(const struct rules *r, const char *type)
{
	const char *by = json_string(json_get(r->types, type), "by");

	return by ? by : "version";
}

static const cJSON *field_rule(const struct rules *r, const char *type, const char *field)
{
	return json_get(json_get(json_get(r->types, type), "fields"), field);
}

enum field_kind rules_field_kind(const struct rules *r, const char *type, const char *field)
{
	static const struct {
		const char *text;
		enum field_kind kind;
	} kinds[] = {{"value", FIELD_VALUE}, {"severity", FIELD_SEVERITY}, {"set", FIELD_SET}, {"map", FIELD_MAP}, {"log", FIELD_LOG}};
	const char *text = json_string(field_rule(r, type, field), "kind");

	for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].text, text) == 0)
			return kinds[i].kind;
	return FIELD_NONE;
}

const char *rules_field(const struct rules *r, const char *type, size_t i)
{
	const cJSON *fields = json_get(json_get(r->types, type), "fields");
	const cJSON *field = i < RULES_MAX_FIELDS ? cJSON_GetArrayItem(fields, (int)i) : NULL;

	return field ? field->string : NULL;
}

/* Place in the order from mild to severe; what the order does not name comes after all, so that it is never hidden. */
static int64_t rank_in_order(const cJSON *order, const cJSON *value)
{
	int64_t rank = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, order) {
		if (json_equal(item, value))
			return rank;
		rank++;
	}
	return rank;
}

/* likelihood × consequence (5 × 5 matrix); of equal products the graver consequence. */
static int64_t rank_of_risk(const cJSON *value)
{
	int64_t likelihood = 0, consequence = 0;

	if (!json_integer(value, "likelihood", &likelihood) || !json_integer(value, "consequence", &consequence))
		return INT64_MAX;
	if (likelihood < 1 || likelihood > 5 || consequence < 1 || consequence > 5)
		return INT64_MAX;
	return likelihood * consequence * 10 + consequence;
}

int rules_compare_severity(const struct rules *r, const char *type, const char *field, const cJSON *a, const cJSON *b)
{
	const cJSON *order = json_get(field_rule(r, type, field), "order");
	int64_t ra, rb;

	/* A cleared field is no belief about severity: any value is more severe than none. */
	if (cJSON_IsNull(a) || cJSON_IsNull(b))
		return (cJSON_IsNull(b) ? 1 : 0) - (cJSON_IsNull(a) ? 1 : 0);
	ra = cJSON_IsArray(order) ? rank_in_order(order, a) : rank_of_risk(a);
	rb = cJSON_IsArray(order) ? rank_in_order(order, b) : rank_of_risk(b);
	return (ra > rb) - (ra < rb);
}
