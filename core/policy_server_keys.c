/* core/policy_server_keys.c - which keys the server may sign with: practice.json names those that the root endorsed, retired-keys/ those that ended. */
#include <string.h>

#include "core/policy_internal.h"

static enum status not_kept(struct error *e)
{
	return error_set(e, STATUS_DENIED, "\"server_keys\": a key was changed or removed; keys are only added behind those that are there");
}

/* The root's word makes it the server's, and nobody else has it. */
static enum status check_endorsed(const struct policy_change *c, const cJSON *list, const cJSON *item, struct error *e)
{
	const struct registry *reg = c->registry;
	const char *line = json_string(item, "key");
	enum status st = STATUS_OK;

	for (const cJSON *other = list->child; st == STATUS_OK && other != item; other = other->next)
		if (strcmp(json_string(other, "key"), line) == 0)
			st = error_set(e, STATUS_DENIED, "\"server_keys\": a key stands there twice");
	if (st == STATUS_OK && (strcmp(line, reg->root_ssh) == 0 || registry_find_key(reg, line)))
		st = error_set(e, STATUS_DENIED, "\"server_keys\": the key is the root's or a device's");
	if (st == STATUS_OK && registry_check_server_key(NULL, reg, item, e) != STATUS_OK)
		st = error_set(e, STATUS_UNTRUSTED, "\"server_keys\": the practice's root key did not endorse the key that is added");
	return st;
}

enum status policy_check_practice(const struct policy_change *c, struct error *e)
{
	const cJSON *was = json_get(c->before, "server_keys"), *now = json_get(c->after, "server_keys");
	const cJSON *old = was ? was->child : NULL, *item;

	if (c->genesis || json_equal(was, now))
		return STATUS_OK;
	if (policy_is_retired(c))
		return error_set(e, STATUS_DENIED, "%s is retired and endorses no keys of the server", c->device);
	cJSON_ArrayForEach(item, now) {
		enum status st = old ? STATUS_OK : check_endorsed(c, now, item, e);

		if (st == STATUS_OK && old && !json_equal(old, item))
			return not_kept(e);
		if (st != STATUS_OK)
			return st;
		old = old ? old->next : NULL;
	}
	return old ? not_kept(e) : STATUS_OK;
}

/* One has to be left, or nothing that the server merges counts any more. */
static enum status check_another(const struct policy_change *c, struct error *e)
{
	const char *line = json_string(c->after, "key");

	for (size_t i = 0; i < c->registry->server_keys_len; i++)
		if (!c->registry->server_keys[i].retired && strcmp(c->registry->server_keys[i].ssh, line) != 0)
			return STATUS_OK;
	return error_set(e, STATUS_DENIED, "it is the last key of the server: endorse another and sync before this one ends");
}

enum status policy_check_retired_key(const struct policy_change *c, struct error *e)
{
	const char *device = json_string(c->after, "device");
	enum status st;

	if (c->genesis)
		return error_set(e, STATUS_DENIED, "a practice starts with no retired key");
	if (policy_is_retired(c))
		return error_set(e, STATUS_DENIED, "%s is retired and ends no keys of the server", c->device);
	if (!device || strcmp(device, c->device) != 0)
		return error_set(e, STATUS_DENIED, "it is not in the name of %s, who made the commit", c->device);
	st = registry_check_retired_key(c->registry, c->after, e);
	return st == STATUS_OK ? check_another(c, e) : st;
}
