/* server/limits.c - the limits that whoever runs the server may set, read out of server.json. */
#include "server/limits_json.h"

#include <string.h>

struct named {
	const char *name;
	size_t offset; /* in struct limits */
	int64_t least, most;
};

const struct limits limits_default = {
#define LIMITS_MEMBER(name, otherwise, least, most) .name = (otherwise),
	LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
};

static const struct named all[] = {
#define LIMITS_MEMBER(name, otherwise, least, most) {#name, offsetof(struct limits, name), (least), (most)},
	LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
};

static const struct named *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strcmp(all[i].name, name) == 0)
			return &all[i];
	}
	return NULL;
}

static enum status read_one(struct limits *out, const cJSON *object, const char *name, struct error *e)
{
	const struct named *n = find(name);
	int64_t value = 0;

	if (!n)
		return error_set(e, STATUS_INVALID, "limits: there is no \"%s\"; qip-server.json(5) names those that can be set", name);
	if (!json_integer(object, name, &value))
		return error_set(e, STATUS_INVALID, "limits: \"%s\" must be a whole number, without quotes", name);
	if (value < n->least || value > n->most)
		return error_set(e, STATUS_INVALID, "limits: \"%s\" is %lld; it must be from %lld to %lld", name, (long long)value,
				 (long long)n->least, (long long)n->most);
	atomic_store((_Atomic int64_t *)(void *)((char *)out + n->offset), value);
	return STATUS_OK;
}

void limits_set(struct limits *l, const struct limits *from)
{
#define LIMITS_MEMBER(name, otherwise, least, most) atomic_store(&l->name, from->name);
	LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
}

void limits_each(const struct limits *l, limits_visit visit, void *ctx)
{
#define LIMITS_MEMBER(name, otherwise, least, most) visit(ctx, #name, l->name, l->name != (otherwise));
	LIMITS_LIST(LIMITS_MEMBER)
#undef LIMITS_MEMBER
}

enum status limits_read(struct limits *out, const cJSON *object, struct error *e)
{
	struct limits l = limits_default;
	const cJSON *member = NULL;
	enum status st = STATUS_OK;

	if (object && !cJSON_IsObject(object))
		return error_set(e, STATUS_INVALID, "limits: must be an object, like {\"push_bytes\": 67108864}");
	cJSON_ArrayForEach(member, object)
	{
		st = read_one(&l, object, member->string, e);
		if (st != STATUS_OK)
			return st;
	}
	if (l.object_bytes > l.push_inflated_bytes)
		return error_set(e, STATUS_INVALID,
				 "limits: \"object_bytes\" (%lld) is more than \"push_inflated_bytes\" (%lld), which holds all objects",
				 (long long)l.object_bytes, (long long)l.push_inflated_bytes);
	if (l.push_bytes > l.push_disk_bytes)
		return error_set(e, STATUS_INVALID, "limits: \"push_bytes\" (%lld) is more than \"push_disk_bytes\" (%lld), which holds all large pushes",
				 (long long)l.push_bytes, (long long)l.push_disk_bytes);
	*out = l;
	return STATUS_OK;
}
