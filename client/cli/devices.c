/* client/cli/devices.c - qip invite, retire, revoke, devices: who belongs to the practice. */
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/sites.h"
#include "client/cli/typed.h"

const struct arg_option options_invite[] = {
	{"role", "ROLE", "kiosk, staff, manager, icb or auditor (needed)", false},
	{"site", "SITE", "where it stands; kiosks need one", false},
	{NULL, NULL, NULL, false},
};
const struct arg_option options_end[] = {
	{"reason", "TEXT", "why, for the record", false},
	EVEN_SO_OPTION,
	{NULL, NULL, NULL, false},
};

static enum status tell_code(struct cli *c, const char *device, enum role role, const char *code, struct error *e)
{
	const char *url = qip_identity(c->q)->url;
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_string(&json, "device", device);
		put_string(&json, "role", role_text(role));
		put_string(&json, "url", url);
		put_string(&json, "code", code);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "Code for %s (%s), good for one device:\n\n    %s\n\n", device, role_text(role), code);
	fprintf(c->out, "1. Here, so that the server knows of it:\n\n    qip sync\n\n2. There, in a new folder:\n\n");
	fprintf(c->out,
		role == ROLE_KIOSK ? "    qip-kiosk join %s CODE --home DIR\n" : "    qip join %s CODE --home DIR\n",
		url);
	return STATUS_OK;
}

enum status cmd_invite(struct cli *c, struct error *e)
{
	const char *device = cli_word(c, 0), *given = args_get(&c->args, "role"), *site = NULL;
	enum role role = given ? role_parse(given) : ROLE_NONE;
	char code[CODE_TEXT_MAX] = "";
	struct sites sites;
	enum status st;

	if (role == ROLE_NONE)
		return error_set(e, STATUS_USAGE,
				 "please say what the device may do: --role kiosk, staff, manager, icb or auditor");
	if (!name_valid(device))
		return error_set(e, STATUS_USAGE,
				 "\"%.60s\" cannot be a device's name; please use at most 40 small letters, digits and "
				 "'-', such as kib-kiosk",
				 device);
	st = cli_open(c, e);
	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = sites_resolve(&site, &sites, args_get(&c->args, "site"), e);
	if (st == STATUS_OK && role == ROLE_KIOSK && !site)
		st = error_set(e, STATUS_USAGE, "a kiosk stands at a site: --site kibworth");
	if (st == STATUS_OK)
		st = qip_invite(code, c->q, device, role, site, e);
	if (st == STATUS_OK)
		st = tell_code(c, device, role, code, e);
	explicit_bzero(code, sizeof(code));
	return st;
}

static enum status tell_end(struct cli *c, const char *device, bool revoked, struct error *e)
{
	cJSON *json = cJSON_CreateObject();

	put_string(&json, "device", device);
	put_string(&json, "state", revoked ? "revoked" : "retired");
	return cli_print_json(c, json, e);
}

static enum status end_device(struct cli *c, bool revoke, struct error *e)
{
	const char *device = cli_word(c, 0);
	enum status st = cli_open(c, e);

	if (st == STATUS_OK && args_get(&c->args, "reason"))
		st = typed_check_text(c, "--reason", args_get(&c->args, "reason"), e);
	if (st == STATUS_OK)
		st = qip_end_device(c->q, device, revoke, args_get(&c->args, "reason"), e);
	if (st != STATUS_OK)
		return st;
	if (c->json)
		return tell_end(c, device, revoke, e);
	if (revoke)
		fprintf(c->out,
			"%s is revoked as soon as the server knows: qip sync\nWhat it still sends is not accepted, but kept "
			"aside for you to look at: qip adopt\n",
			device);
	else
		fprintf(c->out, "%s is retired: it can still hand in what it has. Next: qip sync\n", device);
	return STATUS_OK;
}

enum status cmd_retire(struct cli *c, struct error *e)
{
	return end_device(c, false, e);
}

enum status cmd_revoke(struct cli *c, struct error *e)
{
	return end_device(c, true, e);
}

static const char *state_of(const struct device *d)
{
	if (d->revoked)
		return "revoked";
	if (d->retired)
		return "retired";
	if (d->replaced_by[0])
		return "replaced";
	return d->key ? "active" : "invited";
}

static cJSON *device_json(const struct device *d)
{
	cJSON *out = cJSON_CreateObject();

	put_string(&out, "device", d->id);
	put_string(&out, "role", role_text(d->role));
	put_string(&out, "site", d->site);
	put_string(&out, "invited_by", d->invited_by);
	put_string(&out, "state", state_of(d));
	if (d->replaces[0])
		put_string(&out, "replaces", d->replaces);
	return out;
}

enum status cmd_devices(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {
		{.title = "Device", .gives = 1},  {.title = "Role"},
		{.title = "Site", .gives = 1},	  {.title = "Invited by", .gives = 1},
		{.title = "State", .bold = true},
	};
	struct registry reg = REGISTRY_INIT;
	cJSON *list = cJSON_CreateArray();
	struct table t;
	enum status st = cli_open_log(c, e);

	table_init(&t, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_registry(&reg, c->q, e);
	for (size_t i = 0; st == STATUS_OK && i < reg.devices_len; i++) {
		const struct device *d = &reg.devices[i];

		table_add(&t, (const char *const[]){d->id, role_text(d->role), d->site, d->invited_by, state_of(d)});
		push_item(&list, device_json(d));
	}
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, list, e);
		list = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &t, c->bold, e);
	}
	cJSON_Delete(list);
	table_clear(&t);
	registry_clear(&reg);
	return st;
}
