/* core/statement.c - the canonical statements that keys sign inside records. */
#include "core/registry.h"

struct member {
	const char *name, *value;
};

static enum status format(struct buf *out, const struct member *members, size_t len, int64_t generation)
{
	cJSON *object = cJSON_CreateObject();
	enum status st = object ? STATUS_OK : STATUS_NOMEM;

	for (size_t i = 0; st == STATUS_OK && i < len; i++)
		st = json_set_string(object, members[i].name, members[i].value);
	if (st == STATUS_OK && generation > 0)
		st = json_set_integer(object, "generation", generation);
	if (st == STATUS_OK)
		st = json_canonical(out, object);
	cJSON_Delete(object);
	return st;
}

enum status statement_server_key(struct buf *out, const char *ods, const char *key)
{
	const struct member m[] = {{"statement", "server-key"}, {"practice", ods}, {"key", key}};

	return format(out, m, ARRAY_LEN(m), 0);
}

enum status statement_next_key(struct buf *out, const char *ods, const char *present, const char *key)
{
	const struct member m[] = {{"statement", "next-server-key"}, {"practice", ods}, {"key", key}, {"present", present}};

	return format(out, m, present ? ARRAY_LEN(m) : ARRAY_LEN(m) - 1, 0);
}

enum status statement_retired_key(struct buf *out, const char *ods, const char *key)
{
	const struct member m[] = {{"statement", "retired-server-key"}, {"practice", ods}, {"key", key}};

	return format(out, m, ARRAY_LEN(m), 0);
}

enum status statement_invite(struct buf *out, const char *ods, const char *device, const char *role, const char *site,
			     const char *invite_key)
{
	const struct member m[] = {{"statement", "invite"}, {"practice", ods}, {"device", device},
				   {"role", role},          {"site", site},    {"key", invite_key}};

	return format(out, m, ARRAY_LEN(m), 0);
}

enum status statement_enrolment(struct buf *out, const char *ods, const char *invite_key, const char *key, const char *seal_key)
{
	const struct member m[] = {{"statement", "enrolment"}, {"practice", ods}, {"invite_key", invite_key},
				   {"key", key},               {"seal_key", seal_key}};

	return format(out, m, ARRAY_LEN(m), 0);
}

enum status statement_replacement(struct buf *out, const struct statement_replacement *s)
{
	const struct member m[] = {
		{"statement", "replacement"}, {"practice", s->ods},		{"replaces", s->replaces}, {"ends", s->ends ? "yes" : "no"},
		{"device", s->device},	      {"invite_key", s->invite_key}, {"key", s->key},
	};

	return format(out, m, ARRAY_LEN(m), 0);
}

enum status statement_comment_key(struct buf *out, const char *ods, int64_t generation, const char *public_key, const char *recovery)
{
	const struct member m[] = {{"statement", "comment-key"}, {"practice", ods}, {"public_key", public_key}, {"recovery", recovery}};

	return format(out, m, recovery ? ARRAY_LEN(m) : ARRAY_LEN(m) - 1, generation);
}
