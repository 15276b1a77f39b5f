/* server/enrol_root.c - who comes with the root key's word. */
#include "server/enrol_root.h"

#include "core/id.h"

static cJSON *make_record(const char *device, const char *at, const char *invite_key, const char *signature)
{
	cJSON *record = cJSON_CreateObject(), *invite = record ? cJSON_AddObjectToObject(record, "invite") : NULL;

	if (invite && json_set_string(record, "schema", "device/1") == STATUS_OK && json_set_string(record, "id", device) == STATUS_OK &&
	    json_set_string(record, "role", role_text(ROLE_MANAGER)) == STATUS_OK && json_set_string(invite, "key", invite_key) == STATUS_OK &&
	    json_set_string(invite, "by", "root") == STATUS_OK && json_set_string(invite, "at", at) == STATUS_OK &&
	    json_set_string(invite, "signature", signature) == STATUS_OK)
		return record;
	cJSON_Delete(record);
	return NULL;
}

enum status enrol_root_record(cJSON **out, const struct registry *reg, const cJSON *root_invite, const char *invite_key, struct error *e)
{
	const char *device = json_string(root_invite, "device"), *at = json_string(root_invite, "at");
	const char *signature = json_string(root_invite, "signature");
	cJSON *record = NULL;
	enum status st;

	if (!device || !at || !signature || cJSON_GetArraySize(root_invite) != 3 || !name_valid(device))
		return error_set(e, STATUS_MALFORMED, "a root_invite has the members device, at and signature");
	if (registry_find(reg, device))
		return error_set(e, STATUS_EXISTS,
				 "the name %s is or was another device's at %s, and no name comes back; please choose another", device,
				 reg->ods);
	if (reg->devices_len >= REGISTRY_MAX_DEVICES)
		return error_set(e, STATUS_TOO_BIG, "%s has %d devices, and cannot have more", reg->ods, REGISTRY_MAX_DEVICES);
	record = make_record(device, at, invite_key, signature);
	if (!record)
		return error_set(e, STATUS_NOMEM, "out of memory");
	st = registry_check_device(reg, record, e);
	if (st == STATUS_UNTRUSTED)
		st = error_set(e, STATUS_DENIED, "this root key is not the one of %s; please take this practice's paper", reg->ods);
	else if (st == STATUS_MALFORMED || st == STATUS_INVALID)
		st = error_set(e, STATUS_MALFORMED, "the root_invite is damaged");
	if (st != STATUS_OK) {
		cJSON_Delete(record);
		return st;
	}
	*out = record;
	return STATUS_OK;
}
