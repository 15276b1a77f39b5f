/* server/certificate.c - the certificates that devices were given. */
#include "server/certificate.h"

#include <stdio.h>
#include <string.h>

#include "server/limits.h"

#define DAY_MS 86400000LL

static enum status certificate_path(char out[FILE_PATH_MAX], const struct practice *p, const char *device,
				    struct error *e)
{
	int n = snprintf(out, FILE_PATH_MAX, "%s/certificates/%s.json", p->dir, device);

	if (!name_valid(device))
		return error_set(e, STATUS_NOT_FOUND, "that is no device's name");
	if (n < 0 || n >= FILE_PATH_MAX)
		return error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	return STATUS_OK;
}

enum status certificate_load(struct certificate *out, const struct practice *p, const char *device, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = certificate_path(path, p, device, e);

	return st == STATUS_OK ? certificate_read(out, path, e) : st;
}

enum status certificate_read(struct certificate *out, const char *path, struct error *e)
{
	struct certificate c = CERTIFICATE_INIT;
	cJSON *root = NULL;
	const char *key = NULL, *pem = NULL, *ca = NULL;
	enum status st = file_read_json(&root, path, e);

	if (st != STATUS_OK)
		return st;
	key = json_string(root, "key");
	pem = json_string(root, "certificate");
	if (!key || strlen(key) >= sizeof(c.key) || !pem) {
		st = error_set(e, STATUS_CORRUPT, "%s is damaged", path);
	} else {
		(void)snprintf(c.key, sizeof(c.key), "%s", key);
		buf_adds(&c.pem, pem);
		ca = json_string(root, "ca");
		if (ca && strlen(ca) < sizeof(c.ca))
			(void)snprintf(c.ca, sizeof(c.ca), "%s", ca);
		if (!buf_ok(&c.pem))
			st = error_set(e, STATUS_NOMEM, "out of memory");
	}
	cJSON_Delete(root);
	if (st != STATUS_OK) {
		certificate_clear(&c);
		return st;
	}
	*out = c;
	return STATUS_OK;
}

static enum status store(const struct certificate *c, const struct practice *p, const char *device, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "key", c->key) : STATUS_NOMEM;

	if (st == STATUS_OK)
		st = json_set_string(root, "certificate", buf_text(&c->pem));
	if (st == STATUS_OK)
		st = json_set_string(root, "ca", c->ca);
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "certificate/1");
	if (st == STATUS_OK)
		st = certificate_path(path, p, device, e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	return st;
}

enum status certificate_issue(struct certificate *out, const struct authority *a, const struct practice *p,
			      const char *device, const struct key *key, const struct env *env, struct error *e)
{
	struct certificate made = CERTIFICATE_INIT;
	int64_t now_ms = env->now_ms(env->ctx);
	struct cert_request req = {
		.usage = CERT_CLIENT,
		.common_name = device,
		.organisation = p->ods,
		.not_before_ms = now_ms - DAY_MS, /* another server's clock may be a little behind */
		.not_after_ms = now_ms + LIMIT_DEVICE_DAYS * DAY_MS,
		.subject = key,
	};
	enum status st = cert_issue(&made.pem, &req, a->ca_key, buf_text(&a->ca_pem), e);

	key_ssh(made.key, key);
	hex_encode(made.ca, a->ca_fingerprint, SHA256_LEN);
	if (st == STATUS_OK)
		st = store(&made, p, device, e);
	if (st != STATUS_OK) {
		certificate_clear(&made);
		return st;
	}
	*out = made;
	return STATUS_OK;
}

bool certificate_is_of(const struct certificate *c, const struct authority *a)
{
	char ca[SHA256_HEX_LEN + 1];

	hex_encode(ca, a->ca_fingerprint, SHA256_LEN);
	return c->ca[0] ? strcmp(c->ca, ca) == 0 : !a->rolled;
}

bool certificate_is_fresh(const struct certificate *c, const struct authority *a, const struct env *env)
{
	int64_t end_ms = 0;

	return certificate_is_of(c, a) && cert_not_after(&end_ms, buf_text(&c->pem), NULL) == STATUS_OK &&
	       end_ms - env->now_ms(env->ctx) > LIMIT_RENEW_DAYS * DAY_MS;
}

void certificate_clear(struct certificate *c)
{
	buf_clear(&c->pem);
	c->key[0] = 0;
}
