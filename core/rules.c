/* core/rules.c - the merge tables, parsed once and then only read. */
#include "core/rules.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/embed.h"

#define RULES_MAX_VERSION 64

struct field_rule {
	const char *name;
	enum field_kind kind;
	const cJSON *order; /* NULL unless the table gives one */
};

struct type_rule {
	const char *name, *version_member;
	enum record_kind kind;
	struct field_rule fields[RULES_MAX_FIELDS];
	size_t fields_len;
};

/* Flat, because a merge asks for every field of a record. */
struct rules {
	int version;
	cJSON *table; /* that all texts are borrowed from */
	char digest[SHA256_HEX_LEN + 1];
	struct type_rule *types;
	size_t types_len;
};

static pthread_mutex_t rules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rules rules_known[RULES_MAX_VERSION + 1]; /* by version; version 0 in a slot that was not read yet */

static enum record_kind record_kind_of(const char *text)
{
	static const struct {
		const char *text;
		enum record_kind kind;
	} kinds[] = {{"claims", RECORD_CLAIMS}, {"registry", RECORD_REGISTRY}, {"key", RECORD_KEY}, {"versioned", RECORD_VERSIONED}};

	for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].text, text) == 0)
			return kinds[i].kind;
	return RECORD_IMMUTABLE;
}

static enum field_kind field_kind_of(const char *text)
{
	static const struct {
		const char *text;
		enum field_kind kind;
	} kinds[] = {{"value", FIELD_VALUE}, {"severity", FIELD_SEVERITY}, {"set", FIELD_SET}, {"map", FIELD_MAP}, {"log", FIELD_LOG}};

	for (size_t i = 0; text && i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].text, text) == 0)
			return kinds[i].kind;
	return FIELD_NONE;
}

static bool fill_type(struct type_rule *out, const cJSON *type)
{
	const char *by = json_string(type, "by");
	const cJSON *field;

	out->name = type->string;
	out->kind = record_kind_of(json_string(type, "kind"));
	out->version_member = by ? by : "version";
	cJSON_ArrayForEach(field, json_get(type, "fields")) {
		if (out->fields_len == RULES_MAX_FIELDS)
			return false;
		out->fields[out->fields_len++] = (struct field_rule){
			.name = field->string, .kind = field_kind_of(json_string(field, "kind")), .order = json_get(field, "order")};
	}
	return true;
}

static bool fill_types(struct rules *out, const cJSON *types)
{
	const cJSON *type;
	bool ok = true;

	out->types = calloc((size_t)cJSON_GetArraySize(types) + 1, sizeof(*out->types));
	cJSON_ArrayForEach(type, types)
		ok = ok && out->types && fill_type(&out->types[out->types_len++], type);
	return ok && out->types_len > 0;
}

/* The file is part of the program: parsing it plainly is enough, and schema-like checks belong to its tests. */
static enum status load(struct rules *out, int version, const struct embedded *file, struct error *e)
{
	struct rules r = {.version = version};
	uint8_t hash[SHA256_LEN];
	cJSON *root = NULL;
	enum status st = json_parse(&root, (const char *)file->bytes, file->len, e);

	if (st != STATUS_OK)
		return error_prefix(e, st, "merge rules %d", version);
	st = sha256(hash, file->bytes, file->len);
	if (st == STATUS_OK && fill_types(&r, json_get(root, "types"))) {
		hex_encode(r.digest, hash, sizeof(hash));
		r.table = root;
		*out = r;
		return STATUS_OK;
	}
	free(r.types);
	cJSON_Delete(root);
	return error_set(e, STATUS_CORRUPT, "merge rules %d are incomplete", version);
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

static const struct type_rule *find_type(const struct rules *r, const char *type)
{
	for (size_t i = 0; i < r->types_len; i++)
		if (r->types[i].name[0] == type[0] && strcmp(r->types[i].name, type) == 0)
			return &r->types[i];
	return NULL;
}

static const struct field_rule *find_field(const struct rules *r, const char *type, const char *field)
{
	const struct type_rule *t = find_type(r, type);

	for (size_t i = 0; t && i < t->fields_len; i++)
		if (t->fields[i].name[0] == field[0] && strcmp(t->fields[i].name, field) == 0)
			return &t->fields[i];
	return NULL;
}

enum record_kind rules_record_kind(const struct rules *r, const char *type)
{
	const struct type_rule *t = find_type(r, type);

	return t ? t->kind : RECORD_IMMUTABLE; /* the strictest */
}

const char *rules_version_member(const struct rules *r, const char *type)
{
	const struct type_rule *t = find_type(r, type);

	return t ? t->version_member : "version";
}

enum field_kind rules_field_kind(const struct rules *r, const char *type, const char *field)
{
	const struct field_rule *f = find_field(r, type, field);

	return f ? f->kind : FIELD_NONE;
}

const char *rules_field(const struct rules *r, const char *type, size_t i)
{
	const struct type_rule *t = find_type(r, type);

	return t && i < t->fields_len ? t->fields[i].name : NULL;
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
	const struct field_rule *f = find_field(r, type, field);
	const cJSON *order = f ? f->order : NULL;
	int64_t ra, rb;

	/* A cleared field is no belief about severity: any value is more severe than none. */
	if (cJSON_IsNull(a) || cJSON_IsNull(b))
		return (cJSON_IsNull(b) ? 1 : 0) - (cJSON_IsNull(a) ? 1 : 0);
	ra = cJSON_IsArray(order) ? rank_in_order(order, a) : rank_of_risk(a);
	rb = cJSON_IsArray(order) ? rank_in_order(order, b) : rank_of_risk(b);
	return (ra > rb) - (ra < rb);
}
