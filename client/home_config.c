/* client/home_config.c - config.json of a home: which practice, which server, who this device is. See home.h. */
#include "client/home.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"

#define CONFIG_SCHEMA "home/1"

enum status home_set_root(struct qip *q, const char *root_ssh, struct error *e)
{
	struct key *root = NULL;
	uint8_t fingerprint[SHA256_LEN];

	if (key_from_ssh(&root, root_ssh, e) != STATUS_OK)
		return error_set(e, STATUS_MALFORMED, "the practice's root key is no key");
	key_fingerprint(fingerprint, root);
	key_fingerprint_text(q->identity.root_fingerprint, root);
	memcpy(q->root_pin, fingerprint, CODE_PIN_LEN);
	key_ssh(q->root_ssh, root);
	key_free(root);
	return STATUS_OK;
}

enum status home_set_device(struct qip *q, const char *device, enum role role, const char *site, struct error *e)
{
	struct qip_identity *id = &q->identity;

	if (!device || !name_valid(device) || role == ROLE_NONE || (site && site[0] && !name_valid(site)))
		return error_set(e, STATUS_MALFORMED, "a device's name, role or site is missing or not well-formed");
	(void)snprintf(id->device, sizeof(id->device), "%s", device);
	(void)snprintf(id->site, sizeof(id->site), "%s", site ? site : "");
	id->role = role;
	(void)snprintf(q->own_ref, sizeof(q->own_ref), "refs/devices/%s", device);
	return STATUS_OK;
}

enum status home_save_config(const struct qip *q, struct error *e)
{
	const struct qip_identity *id = &q->identity;
	enum status st = STATUS_OK;
	cJSON *c = build_object(&st);

	build_string(&st, c, "schema", CONFIG_SCHEMA);
	build_string(&st, c, "url", id->url);
	build_string(&st, c, "ods", id->ods);
	build_string(&st, c, "device", id->device);
	build_string(&st, c, "role", role_text(id->role));
	if (id->site[0])
		build_string(&st, c, "site", id->site);
	build_string(&st, c, "root_key", q->root_ssh);
	if (q->numbers.former_len > 0)
		build_item(&st, c, "numbers", numbers_json(&q->numbers));
	if (st == STATUS_OK)
		st = files_write_json(q->dir, HOME_CONFIG, c, 0600, e);
	else
		st = error_set(e, st, "out of memory");
	cJSON_Delete(c);
	return st;
}

enum status home_load_config(struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *c = NULL;
	const char *url = NULL, *ods = NULL, *root = NULL, *role = NULL;

	st = files_read_json(&c, q->dir, HOME_CONFIG, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "%s is not joined to a practice yet; please join it first, with the URL and code of an invite", q->path);
	if (st != STATUS_OK)
		return st;
	url = json_string(c, "url");
	ods = json_string(c, "ods");
	root = json_string(c, "root_key");
	role = json_string(c, "role");
	if (!url || strlen(url) >= sizeof(q->identity.url) || !ods || !ods_valid(ods) || !root || !role ||
	    home_set_root(q, root, e) != STATUS_OK ||
	    home_set_device(q, json_string(c, "device"), role_parse(role), json_string(c, "site"), e) != STATUS_OK ||
	    numbers_read(&q->numbers, json_get(c, "numbers")) != STATUS_OK) {
		st = error_set(e, STATUS_CORRUPT, "%s/" HOME_CONFIG " is damaged: restore it, or join again in a new home", q->path);
		goto done;
	}
	(void)snprintf(q->identity.url, sizeof(q->identity.url), "%s", url);
	(void)snprintf(q->identity.ods, sizeof(q->identity.ods), "%s", ods);
done:
	cJSON_Delete(c);
	return st;
}
