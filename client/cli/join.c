/* client/cli/join.c - qip join URL CODE: this folder becomes a device of a practice. */
#include <string.h>

#include "client/cli/cli.h"

/* The root key is shown this once: in a box, so that it is not overlooked. */
static void print_root_key(struct cli *c, const char *ods, const char *root)
{
	static const char *const lines[] = {
		"Print this now and put it into the practice's safe.",
		"It is shown this once and is kept on no computer. Whoever holds it can appoint",
		"managers of this practice's plan; without it a lost manager cannot be replaced.",
	};
	static const char rule[] =
		"----------------------------------------------------------------------------------------------";

	fprintf(c->out, "\n+-%.*s-+\n", 94, rule);
	fprintf(c->out, "| Root key of practice %-73s |\n", ods);
	fprintf(c->out, "| %-94s |\n", "");
	for (size_t i = 0; i < strlen(root); i += 94)
		fprintf(c->out, "| %-94.94s |\n", root + i);
	fprintf(c->out, "| %-94s |\n", "");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		fprintf(c->out, "| %-94s |\n", lines[i]);
	fprintf(c->out, "+-%.*s-+\n\n", 94, rule);
}

static enum status tell(struct cli *c, const char *root, struct error *e)
{
	const struct qip_identity *id = qip_identity(c->q);
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_string(&json, "url", id->url);
		put_string(&json, "ods", id->ods);
		put_string(&json, "device", id->device);
		put_string(&json, "role", role_text(id->role));
		put_string(&json, "site", id->site);
		put_string(&json, "root_fingerprint", id->root_fingerprint);
		put_string(&json, "root_key", root);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "Joined practice %s at %s as the device %s, role %s%s%s.\n", id->ods, id->url, id->device,
		role_text(id->role), id->site[0] ? ", site " : "", id->site);
	if (root[0])
		print_root_key(c, id->ods, root);
	fprintf(c->out, "Next: qip sync\n");
	return STATUS_OK;
}

enum status cmd_join(struct cli *c, struct error *e)
{
	char root[QIP_ROOT_TEXT_MAX] = "";
	struct qip_options o;
	enum status st = cli_options(&o, c, e);

	if (st == STATUS_OK)
		st = qip_join(&o, cli_word(c, 0), cli_word(c, 1), root, e);
	if (st == STATUS_OK) {
		st = cli_open(c, e);
		if (st != STATUS_OK && root[0])
			print_root_key(c, "", root); /* whatever fails now: the key is nowhere else */
	}
	if (st == STATUS_OK)
		st = tell(c, root, e);
	explicit_bzero(root, sizeof(root));
	return st;
}
