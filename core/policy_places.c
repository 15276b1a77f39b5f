/* core/policy_places.c - rules of single places: surveys, devices, comment keys, feedback, erasures, incidents. */
#include <string.h>

#include "core/policy_internal.h"

/* A retired device delivers what it has; who belongs to the practice is not its to say any more, or it would appoint itself anew. */
bool policy_is_retired(const struct policy_change *c)
{
	const struct device *d = c->genesis ? NULL : registry_find(c->registry, c->device);

	return d && d->retired;
}

enum status policy_check_survey(const struct policy_change *c, struct error *e)
{
	int64_t before = 0, after = 0;

	if (c->before && json_integer(c->before, "version", &before) && json_integer(c->after, "version", &after) && after <= before)
		return error_set(e, STATUS_DENIED, "a changed survey needs a higher version than %d", (int)before);
	return STATUS_OK;
}

/* Every member of `before` stands in `after`, but for `aside`, which may be another. */
static bool all_kept(const cJSON *before, const cJSON *after, const char *aside)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, before) {
		if ((!aside || strcmp(member->string, aside) != 0) && !json_equal(member, json_get(after, member->string)))
			return false;
	}
	return true;
}

/* Devices are added to those that it is wrapped to; nothing else of it changes. */
static bool only_wrapped(const cJSON *before, const cJSON *after)
{
	return all_kept(before, after, "wrapped") && cJSON_GetArraySize(before) == cJSON_GetArraySize(after) &&
	       all_kept(json_get(before, "wrapped"), json_get(after, "wrapped"), NULL);
}

enum status policy_check_comment_key(const struct policy_change *c, struct error *e)
{
	const char *by = json_string(c->after, "by");

	if (policy_is_retired(c))
		return error_set(e, STATUS_DENIED, "%s is retired and makes no comment keys", c->device);
	if (c->before)
		return only_wrapped(c->before, c->after) ? STATUS_OK : error_set(e, STATUS_DENIED, "of a comment key nothing changes but for whom it is wrapped");
	if (!by || strcmp(by, c->genesis ? "root" : c->device) != 0)
		return error_set(e, STATUS_DENIED, "the comment key is not signed by the manager who adds it");
	return registry_check_comment_key(c->registry, c->after, e);
}

enum status policy_check_feedback(const struct policy_change *c, struct error *e)
{
	const char *device = json_string(c->after, "device"), *mode = json_string(c->after, "mode");

	if (!device || strcmp(device, c->device) != 0)
		return error_set(e, STATUS_DENIED, "feedback is written by a device under its own name only");
	if (mode && (strcmp(mode, "kiosk") == 0) != (c->role == ROLE_KIOSK))
		return error_set(e, STATUS_DENIED, "mode \"%s\" is not for a device with the role %s", mode, role_text(c->role));
	return STATUS_OK;
}

enum status policy_check_erasure(const struct policy_change *c, struct error *e)
{
	const char *device = json_string(c->after, "device");

	if (!device || strcmp(device, c->device) != 0)
		return error_set(e, STATUS_DENIED, "the erasure is not in the name of %s, who made the commit", c->device);
	return STATUS_OK;
}

/* Roles are of devices; the host's own head has none. */
enum status policy_check_incident(const struct policy_change *c, struct error *e)
{
	if (strcmp(c->device, "server") != 0)
		return error_set(e, STATUS_DENIED, "incidents are written by the server alone");
	return STATUS_OK;
}

/* ---- devices ---- */

/* True if `after` is `before` with only the named members added. */
static bool only_added(const cJSON *before, const cJSON *after, const char *const *names, size_t len)
{
	const cJSON *member;

	if (!all_kept(before, after, NULL))
		return false;
	cJSON_ArrayForEach(member, after) {
		bool named = json_get(before, member->string) != NULL;

		for (size_t i = 0; i < len; i++)
			named = named || strcmp(member->string, names[i]) == 0;
		if (!named)
			return false;
	}
	return true;
}

static enum status check_invited(const struct policy_change *c, struct error *e)
{
	bool host = strcmp(c->device, "server") == 0, root = c->genesis || c->by_root;
	enum status st = STATUS_OK;
	const char *by = json_string(json_get(c->after, "invite"), "by");

	if (!c->genesis && !host && c->role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only managers invite devices");
	if (!by || strcmp(by, root ? "root" : c->device) != 0)
		return error_set(e, STATUS_DENIED, "the invite is not in the name of %s, who made the commit", c->device);
	if ((json_get(c->after, "enrolment") != NULL) != root || json_get(c->after, "retired") || json_get(c->after, "revoked"))
		return error_set(e, STATUS_DENIED, "a new device starts as an invite and nothing else");
	st = registry_check_device(c->registry, c->after, e);
	return st == STATUS_OK ? registry_check_replacement(c->registry, c->after, e) : st;
}

static enum status check_enrolled(const struct policy_change *c, struct error *e)
{
	static const char *const names[] = {"enrolment"};
	const struct device *inviter = registry_find(c->registry, json_string(json_get(c->before, "invite"), "by"));
	enum status st = STATUS_OK;

	if (json_get(c->before, "retired") || json_get(c->before, "revoked"))
		return error_set(e, STATUS_DENIED, "the invite was withdrawn; ask a manager for a new one under another name");
	if (inviter && inviter->revoked)
		return error_set(e, STATUS_DENIED, "%s, who made the invite, has been revoked; ask a manager for a new one under another name",
				 inviter->id);
	if (!only_added(c->before, c->after, names, ARRAY_LEN(names)))
		return error_set(e, STATUS_DENIED, "a device enrols by adding its key to its invite and nothing else");
	st = registry_check_device(c->registry, c->after, e);
	return st == STATUS_OK ? registry_check_replacement(c->registry, c->after, e) : st;
}

static enum status check_ended(const struct policy_change *c, struct error *e)
{
	static const char *const names[] = {"retired", "revoked"};

	if (!only_added(c->before, c->after, names, ARRAY_LEN(names)))
		return error_set(e, STATUS_DENIED, "its role, site, key or invite was changed; of a device, only its end can be added");
	if (c->role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only managers retire or revoke devices");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *by = json_string(json_get(c->after, names[i]), "by");

		if (!json_get(c->before, names[i]) && by && strcmp(by, c->device) != 0)
			return error_set(e, STATUS_DENIED, "it is not ended in the name of %s, who made the commit", c->device);
	}
	return STATUS_OK;
}

enum status policy_check_device(const struct policy_change *c, struct error *e)
{
	const char *id = json_string(c->after, "id");

	if (c->before && !json_get(c->before, "enrolment") && id && strcmp(id, c->device) == 0)
		return check_enrolled(c, e);
	if (policy_is_retired(c))
		return error_set(e, STATUS_DENIED, "%s is retired and neither invites nor ends devices", c->device);
	return c->before ? check_ended(c, e) : check_invited(c, e);
}
