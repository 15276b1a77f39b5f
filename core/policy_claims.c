/* core/policy_claims.c - how a record of claims and logs may change: by edits in the own name that replace what they saw. */
#include "core/policy_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/id.h"

/* The stamp is in the own device's and role's name. */
static bool is_own(const cJSON *stamp, const struct policy_change *c)
{
	const char *device = json_string(stamp, "device"), *by = json_string(stamp, "by"), *day = json_string(stamp, "effective");

	return device && by && day && strcmp(device, c->device) == 0 && strcmp(by, role_text(c->role)) == 0 && date_valid(day);
}

/* One record's claims while they are judged. */
struct claims_check {
	const struct policy_change *c;
	const char *type;
	const struct rules *rules;
	int64_t first, last; /* edit numbers that new claims may carry */
};

static enum status check_new_claim(const struct claims_check *k, const char *slot, const cJSON *claim, struct error *e)
{
	const struct policy_change *c = k->c;
	const cJSON *value = json_get(claim, "value");
	char field[RECORD_SLOT_MAX];
	int64_t n = 0;

	(void)snprintf(field, sizeof(field), "%.*s", (int)strcspn(slot, "/"), slot);
	if (!is_own(claim, c))
		return error_set(e, STATUS_DENIED, "%s: an edit is not in the name of %s, who made the commit", slot, c->device);
	if (!json_integer(claim, "n", &n) || n < k->first || n > k->last)
		return error_set(e, STATUS_DENIED, "%s: an edit does not carry the record's next number", slot);
	if (rules_field_kind(k->rules, k->type, field) == FIELD_SET && !cJSON_IsTrue(value) && !cJSON_IsNull(value))
		return error_set(e, STATUS_DENIED, "%s: an element of a set is true or null", slot);
	return STATUS_OK;
}

/* An edit replaces the claims it saw, and its device's own it has seen: so a slot never has more claims than devices, and a value that its
 * field's schema forbids cannot hide behind another of the same commit: the new one has the highest number, or is the most severe. */
static enum status check_added(const struct claims_check *k, const char *slot, const cJSON *before, const cJSON *after, struct error *e)
{
	const cJSON *claim;
	int added = 0, own = 0;

	cJSON_ArrayForEach(claim, after) {
		const cJSON *old = record_find_claim(before, json_string(claim, "id"));
		const char *device = json_string(claim, "device");
		enum status st = STATUS_OK;

		if (!old)
			st = check_new_claim(k, slot, claim, e);
		else if (!json_equal(old, claim))
			st = error_set(e, STATUS_DENIED, "%s: an earlier edit was altered", slot);
		if (st != STATUS_OK)
			return st;
		added += !old;
		own += device && strcmp(device, k->c->device) == 0;
	}
	if (added > 0 && own > 1)
		return error_set(e, STATUS_DENIED, "%s: more than one edit of %s; an edit replaces the device's earlier one", slot,
				 k->c->device);
	cJSON_ArrayForEach(claim, before) {
		if (added == 0 && !record_find_claim(after, json_string(claim, "id")))
			return error_set(e, STATUS_DENIED, "%s: an edit was removed without a new one in its place", slot);
	}
	return STATUS_OK;
}

static enum status check_slot(const struct claims_check *k, const char *slot, struct error *e)
{
	cJSON *before = k->c->before ? record_claims(k->c->before, slot) : cJSON_CreateArray();
	cJSON *after = record_claims(k->c->after, slot);
	enum status st = before && after ? check_added(k, slot, before, after, e) : error_set(e, STATUS_NOMEM, "out of memory");

	cJSON_Delete(before);
	cJSON_Delete(after);
	return st;
}

static enum status check_log(const struct policy_change *c, const char *field, struct error *e)
{
	const cJSON *before = json_get(c->before, field), *after = json_get(c->after, field), *entry;

	if ((before && !cJSON_IsObject(before)) || (after && !cJSON_IsObject(after)))
		return error_set(e, STATUS_INVALID, "%s: it is no log", field);
	cJSON_ArrayForEach(entry, before) {
		if (!json_equal(entry, json_get(after, entry->string)))
			return error_set(e, STATUS_DENIED, "%s: entry %s was altered or removed; entries are never changed", field, entry->string);
	}
	cJSON_ArrayForEach(entry, after) {
		if (json_get(before, entry->string))
			continue;
		if (!id_valid(entry->string) || !is_own(entry, c))
			return error_set(e, STATUS_DENIED, "%s: entry %s is not in the name of %s, who made the commit", field,
					 entry->string, c->device);
	}
	return STATUS_OK;
}

/* The server's keys have a rule of their own, policy_check_practice. */
static bool has_own_rule(const char *type, const char *name)
{
	return strcmp(type, "practice") == 0 && strcmp(name, "server_keys") == 0;
}

/* Members that carry no claims are set when the record is made and stay. */
static enum status check_fixed(const struct policy_change *c, const char *type, const struct rules *rules, struct error *e)
{
	const cJSON *sides[] = {c->before, c->after}, *member;

	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		cJSON_ArrayForEach(member, sides[i]) {
			const char *name = member->string;

			if (strcmp(name, "edits") == 0 || strcmp(name, "conflicts") == 0 ||
			    rules_field_kind(rules, type, name) != FIELD_NONE || has_own_rule(type, name))
				continue;
			if (!json_equal(json_get(c->before, name), json_get(c->after, name)))
				return error_set(e, STATUS_DENIED, "\"%s\" was changed; it is fixed once the record is made", name);
		}
	}
	return STATUS_OK;
}

static enum status check_slots(const struct policy_change *c, const char *type, const struct rules *rules, struct error *e)
{
	struct claims_check k = {.c = c, .type = type, .rules = rules, .first = c->before ? record_next_number(c->before) : 1};
	cJSON *slots = record_slots(c->before, c->after);
	const cJSON *slot;
	enum status st = slots ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");

	/* each slot takes a number, and some more when a slot was set again before the commit */
	k.last = k.first + cJSON_GetArraySize(slots) + RECORD_MAX_CLAIMS;
	cJSON_ArrayForEach(slot, slots) {
		if (st == STATUS_OK)
			st = check_slot(&k, slot->valuestring, e);
	}
	cJSON_Delete(slots);
	return st;
}

enum status policy_check_claims(const struct policy_change *c, const char *type, const struct rules *rules, struct error *e)
{
	enum status st = record_check(c->after, rules, e);

	if (st == STATUS_OK && c->before)
		st = check_fixed(c, type, rules, e);
	for (size_t i = 0; st == STATUS_OK && rules_field(rules, type, i); i++)
		if (rules_field_kind(rules, type, rules_field(rules, type, i)) == FIELD_LOG)
			st = check_log(c, rules_field(rules, type, i), e);
	return st == STATUS_OK ? check_slots(c, type, rules, e) : st;
}
