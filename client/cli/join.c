/* client/cli/join.c - qip join: this folder becomes a device of a practice, by a code or by the root key's paper. */
#include <string.h>

#include "client/cli/papers.h"
#include "client/cli/secret.h"

#define ROOT_TYPED_MAX 1024 /* however many blanks somebody puts in between */

const struct arg_option options_join[] = {
	{"root-key", NULL, "instead of CODE: ask for the practice's root key, as its paper has it", false},
	{"root-key-file", "FILE", "the same, read from FILE, or from the standard input for \"-\"", false},
	{"practice", "ODS", "with the root key: the practice's ODS code", false},
	{"device", "NAME", "with the root key: a name that none of the practice's devices ever had", false},
	{"ca", "FINGERPRINT", "with the root key: SHA-256 of the server's ca.crt, read out by its host", false},
	{NULL, NULL, NULL, false},
};

static enum status tell(struct cli *c, const struct papers *papers, struct error *e)
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
		put_string(&json, "root_key", papers->root);
		put_string(&json, "recovery_key", papers->recovery);
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

/* All 64 digits, as openssl prints them or without its colons: who reads less out compared less. */
static enum status read_ca(uint8_t pin[CODE_PIN_LEN], const char *text, struct error *e)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	size_t n = 0;

	for (const char *at = text; *at && n <= 2 * SHA256_LEN; at++) {
		const char *digit = strchr(digits, *at);

		if (strchr(": ", *at))
			continue;
		if (!digit) {
			n = 0;
			break;
		}
		if (n < 2 * CODE_PIN_LEN)
			pin[n / 2] = (uint8_t)(pin[n / 2] << 4 | ((digit - digits) & 15));
		n++;
	}
	return n == 2 * SHA256_LEN ? STATUS_OK
				   : error_set(e, STATUS_USAGE,
					       "--ca is 64 digits 0-9 and a-f; the server's host reads them out of: openssl x509 -in DIR/ca.crt -noout -fingerprint -sha256");
}

static enum status join_root(struct cli *c, const struct qip_options *o, struct error *e)
{
	struct qip_root root = {.ods = args_get(&c->args, "practice"), .device = args_get(&c->args, "device")};
	const char *ca = args_get(&c->args, "ca");
	char text[ROOT_TYPED_MAX] = "";
	enum status st = STATUS_OK;

	if (cli_word(c, 1))
		return error_set(e, STATUS_USAGE, "a join code or the root key, not both; the root key is never written on the command line");
	if (!root.ods || !root.device || !ca)
		return error_set(e, STATUS_USAGE, "the root key goes with --practice ODS, --device NAME and --ca FINGERPRINT");
	st = read_ca(root.ca_pin, ca, e);
	if (st == STATUS_OK)
		st = cli_read_secret(text, sizeof(text), "root key", args_get(&c->args, "root-key-file"), e);
	root.text = text;
	if (st == STATUS_OK)
		st = qip_join_root(o, cli_word(c, 0), &root, e);
	explicit_bzero(text, sizeof(text));
	return st;
}

static enum status join_code(struct cli *c, const struct qip_options *o, struct papers *papers, struct error *e)
{
	static const char *const others[] = {"practice", "device", "ca"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (args_has(&c->args, others[i]))
			return error_set(e, STATUS_USAGE, "--%s goes with --root-key", others[i]);
	if (!cli_word(c, 1))
		return error_set(e, STATUS_USAGE, "please give the join code, or --root-key where nobody is left who could invite");
	return qip_join(o, cli_word(c, 0), cli_word(c, 1), papers_show, papers, e);
}

enum status cmd_join(struct cli *c, struct error *e)
{
	struct papers papers = {.c = c};
	struct qip_options o;
	enum status st = cli_options(&o, c, e);

	if (st == STATUS_OK && (args_has(&c->args, "root-key") || args_has(&c->args, "root-key-file")))
		st = join_root(c, &o, e);
	else if (st == STATUS_OK)
		st = join_code(c, &o, &papers, e);
	if (st == STATUS_OK)
		st = cli_open(c, e);
	if (st == STATUS_OK)
		st = tell(c, &papers, e);
	explicit_bzero(&papers, sizeof(papers));
	return st;
}
