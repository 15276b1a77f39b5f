/* core/registry_find.c - who is who in a registry that was read, and letting go of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/registry.h"

static const char *const role_names[] = {
	[ROLE_NONE] = "none", [ROLE_KIOSK] = "kiosk", [ROLE_STAFF] = "staff",
	[ROLE_MANAGER] = "manager", [ROLE_ICB] = "icb", [ROLE_AUDITOR] = "auditor",
};

const char *role_text(enum role role)
{
	return role_names[role];
}

enum role role_parse(const char *text)
{
	for (enum role r = ROLE_KIOSK; text && r <= ROLE_AUDITOR; r++)
		if (strcmp(text, role_names[r]) == 0)
			return r;
	return ROLE_NONE;
}

int registry_by_id(const void *a, const void *b)
{
	return strcmp(((const struct device *)a)->id, ((const struct device *)b)->id);
}

const struct device *registry_find(const struct registry *reg, const char *id)
{
	struct device key = {0};

	if (!id || strlen(id) > NAME_MAX_LEN || reg->devices_len == 0)
		return NULL;
	(void)snprintf(key.id, sizeof(key.id), "%s", id);
	return bsearch(&key, reg->devices, reg->devices_len, sizeof(*reg->devices), registry_by_id);
}

const struct device *registry_find_key(const struct registry *reg, const char *key_line)
{
	for (size_t i = 0; i < reg->devices_len; i++)
		if (reg->devices[i].key && strcmp(reg->devices[i].key_ssh, key_line) == 0)
			return &reg->devices[i];
	return NULL;
}

/* Where a line of kiosks began that went on with each other's answers. A ring, which no honest registry has, ends somewhere in it. */
static const struct device *find_first(const struct registry *reg, const char *id)
{
	const struct device *d = registry_find(reg, id), *before = d;

	for (size_t steps = 0; before && steps <= reg->devices_len; steps++) {
		d = before;
		before = d->replaces[0] ? registry_find(reg, d->replaces) : NULL;
	}
	return d;
}

bool registry_are_kin(const struct registry *reg, const char *a, const char *b)
{
	const struct device *x = find_first(reg, a);

	return x && x == find_first(reg, b);
}

const struct device *registry_line(const struct registry *reg, const char *id)
{
	const struct device *d = registry_find(reg, id), *first = find_first(reg, id);

	if (!d || d->replaces[0])
		return first;
	for (size_t i = 0; i < reg->devices_len; i++)
		if (strcmp(reg->devices[i].replaces, id) == 0)
			return first;
	return NULL;
}

bool registry_may_double(const struct registry *reg, const struct device *d)
{
	for (size_t i = 0; d->carries > 0 && i < reg->devices_len; i++)
		if (&reg->devices[i] != d && reg->devices[i].carries > 0 && registry_are_kin(reg, d->id, reg->devices[i].id))
			return true;
	return false;
}

void registry_clear(struct registry *reg)
{
	for (size_t i = 0; i < reg->devices_len; i++)
		key_free(reg->devices[i].key);
	free(reg->devices);
	for (size_t i = 0; i < reg->server_keys_len; i++)
		key_free(reg->server_keys[i].key);
	key_free(reg->root);
	*reg = (struct registry)REGISTRY_INIT;
}
