/* server/holders.c - which devices hold certificates of which authority. */
#include "server/holders.h"

#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "server/certificate.h"

struct counting {
	struct holders found;
	const struct authority *authority;
	const struct env *env;
	const char *dir;
	const char *ods;
};

static enum status count_one(void *ctx, const char *name, struct error *e)
{
	struct counting *c = ctx;
	struct certificate held = CERTIFICATE_INIT;
	char path[FILE_PATH_MAX];
	int64_t until_ms = 0;
	size_t len = strlen(name);
	int n = snprintf(path, sizeof(path), "%s/%s/certificates/%s", c->dir, c->ods, name);
	enum status st = STATUS_OK;

	if (len < 6 || strcmp(name + len - 5, ".json") != 0)
		return STATUS_OK;
	if (n < 0 || n >= (int)sizeof(path))
		return error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	st = certificate_read(&held, path, e);
	if (st != STATUS_OK)
		return st;
	if (cert_not_after(&until_ms, buf_text(&held.pem), NULL) == STATUS_OK && until_ms > c->env->now_ms(c->env->ctx)) {
		if (certificate_is_of(&held, c->authority))
			c->found.now++;
		else if (c->found.old++ == 0)
			(void)snprintf(c->found.example, sizeof(c->found.example), "%.*s of %s", (int)(len - 5), name, c->ods);
	}
	certificate_clear(&held);
	return STATUS_OK;
}

static enum status count_practice(void *ctx, const char *name, struct error *e)
{
	struct counting *c = ctx;
	char path[FILE_PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s/certificates", c->dir, name);
	enum status st = STATUS_OK;

	if (!ods_valid(name))
		return STATUS_OK;
	if (n < 0 || n >= (int)sizeof(path))
		return error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	c->ods = name;
	st = file_each(path, count_one, c, e);
	return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status holders_count(struct holders *out, const char *dir, const struct authority *a, const struct env *env, struct error *e)
{
	struct counting c = {.authority = a, .env = env, .dir = dir};
	enum status st = file_each(dir, count_practice, &c, e);

	if (st == STATUS_OK)
		*out = c.found;
	return st;
}
