/* client/cli/join.c - qip join URL CODE: this folder becomes a device of a practice. */
#include <string.h>

#include "client/cli/cli.h"

/* The root key is shown this once: in a box, so that it is not overlooked. */
static void print_root_key(FILE *out, const char *root, const char *fingerprint)
{
	static const char *const lines[] = {
		"Print this now and put it into the practice's safe.",
		"It is shown this once and is kept on no computer. Whoever holds it can appoint",
		"managers of this practice's plan; without it a lost manager cannot be replaced.",
	};
	static const char rule[] =
		"----------------------------------------------------------------------------------------------";

	fprintf(out, "\n+-%.*s-+\n", 94, rule);
	fprintf(out, "| Root key of the practice, %-68s |\n", fingerprint);
	fprintf(out, "| %-94s |\n", "");
	for (size_t i = 0; i < strlen(root); i += 94)
		fprintf(out, "| %-94.94s |\n", root + i);
	fprintf(out, "| %-94s |\n", "");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		fprintf(out, "| %-94s |\n", lines[i]);
	fprintf(out, "+-%.*s-+\n\n", 94, rule);
	(void)fflush(out); /* it goes into force next, and is nowhere else */
}

struct shown {
	struct cli *c;
	char root[QIP_ROOT_TEXT_MAX];
};

static void show_root_key(void *ctx, const char *text, const char *fingerprint)
{
	struct shown *shown = ctx;

	(void)snprintf(shown->root, sizeof(shown->root), "%s", text);
	print_root_key(shown->c->json ? stderr : shown->c->out, text, fingerprint);
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
	if (id->role == ROLE_MANAGER)
		fprintf(c->out, "The practice's root key is %s.\n", id->root_fingerprint);
	if (id->role == ROLE_KIOSK)
		fprintf(c->out, "This is a kiosk's home. Next: qip-kiosk run --home %s\n", c->home);
	else
		fprintf(c->out, "Next: qip sync\n");
	return STATUS_OK;
}

enum status cmd_join(struct cli *c, struct error *e)
{
	struct shown shown = {.c = c};
	struct qip_options o;
	enum status st = cli_options(&o, c, e);

	if (st == STATUS_OK)
		st = qip_join(&o, cli_word(c, 0), cli_word(c, 1), show_root_key, &shown, e);
	if (st == STATUS_OK)
		st = cli_open(c, e);
	if (st == STATUS_OK)
		st = tell(c, shown.root, e);
	explicit_bzero(shown.root, sizeof(shown.root));
	return st;
}
