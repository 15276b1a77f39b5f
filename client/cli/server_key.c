/* client/cli/server_key.c - qip server-key list, endorse, retire: the keys that the server signs the practice's log with. */
#include "client/server_key.h"

#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/secret.h"

#define ROOT_TYPED_MAX 1024 /* however many blanks somebody puts in between */

#define ROOT_KEY_FILE_OPTION                                                                                           \
	{                                                                                                              \
		"root-key-file", "FILE", "read the root key from FILE, or from the standard input for \"-\"; else it is asked for", false \
	}

const struct arg_option options_server_key_endorse[] = {
	{"lost", NULL, "the server has lost its present key, as its host said by telephone", false},
	ROOT_KEY_FILE_OPTION,
	{NULL, NULL, NULL, false},
};
const struct arg_option options_server_key_retire[] = {
	ROOT_KEY_FILE_OPTION,
	{NULL, NULL, NULL, false},
};

/* ---- list ---- */

struct listed {
	const char *in_use; /* line of the key that signed last */
	cJSON *json;	    /* owned */
	struct table table;
};

static void add(struct listed *l, const char *fingerprint, const char *state)
{
	cJSON *item = cJSON_CreateObject();

	put_string(&item, "fingerprint", fingerprint);
	put_string(&item, "state", state);
	push_item(&l->json, item);
	table_add(&l->table, (const char *const[]){fingerprint, state});
}

static void add_known(struct listed *l, const struct registry *reg)
{
	for (size_t i = 0; i < reg->server_keys_len; i++) {
		const struct server_key *k = &reg->server_keys[i];
		char fingerprint[KEY_FINGERPRINT_MAX];

		key_fingerprint_text(fingerprint, k->key);
		add(l, fingerprint, k->retired ? "retired" : strcmp(k->ssh, l->in_use) == 0 ? "in use" : "endorsed");
	}
}

/* What is known here is shown, whatever the server says. */
static void add_next(struct listed *l, struct cli *c, const struct registry *reg)
{
	struct server_key_next next;
	struct error why = {STATUS_OK, ""};
	enum status st = qip_identity(c->q)->role == ROLE_MANAGER ? server_key_ask(&next, c->q, &why) : STATUS_NOT_FOUND;

	if (st == STATUS_OK && next.key[0] && !registry_server_key(reg, next.key))
		add(l, next.fingerprint, next.vouched ? "waits to be endorsed" : "waits to be endorsed; the present key does not vouch for it");
	else if (st != STATUS_OK && st != STATUS_NOT_FOUND)
		fprintf(stderr, "qip: whether a next key waits is not known: %s\n", why.text);
}

enum status cmd_server_key_list(struct cli *c, struct error *e)
{
	static const struct table_column columns[] = {{.title = "Key of the server"}, {.title = "State", .bold = true}};
	struct registry reg = REGISTRY_INIT;
	char in_use[KEY_SSH_MAX] = "";
	struct listed l = {.in_use = in_use, .json = cJSON_CreateArray()};
	enum status st = cli_open_log(c, e);

	table_init(&l.table, columns, ARRAY_LEN(columns));
	if (st == STATUS_OK)
		st = qip_registry(&reg, c->q, e);
	if (st == STATUS_OK)
		st = server_key_in_use(in_use, c->q, e);
	if (st == STATUS_OK) {
		add_known(&l, &reg);
		add_next(&l, c, &reg);
	}
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, l.json, e);
		l.json = NULL;
	} else if (st == STATUS_OK) {
		st = table_print(c->out, &l.table, c->bold, e);
	}
	cJSON_Delete(l.json);
	table_clear(&l.table);
	registry_clear(&reg);
	return st;
}

/* ---- endorse, retire ---- */

static enum status tell(struct cli *c, const char *fingerprint, const char *done, const char *then, struct error *e)
{
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_string(&json, "fingerprint", fingerprint);
		put_string(&json, "state", done);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "The server's key %s is %s. %s Next: qip sync\n", fingerprint, done, then);
	return STATUS_OK;
}

static enum status check_fingerprint(const char *text, struct error *e)
{
	if (strncmp(text, "SHA256:", 7) == 0 && strlen(text) == 50)
		return STATUS_OK;
	return error_set(e, STATUS_USAGE, "a key is named by its fingerprint, SHA256: and 43 letters, as the host reads it out");
}

/* What both need: a key that is named, the log, the root key's paper, which the caller wipes. */
static enum status begin(char paper[ROOT_TYPED_MAX], struct cli *c, struct error *e)
{
	enum status st = check_fingerprint(cli_word(c, 0), e);

	paper[0] = '\0';
	if (st == STATUS_OK)
		st = cli_open_log(c, e);
	return st == STATUS_OK ? cli_read_secret(paper, ROOT_TYPED_MAX, "root key", args_get(&c->args, "root-key-file"), e) : st;
}

enum status cmd_server_key_endorse(struct cli *c, struct error *e)
{
	const char *fingerprint = cli_word(c, 0);
	char paper[ROOT_TYPED_MAX];
	enum status st = begin(paper, c, e);

	if (st == STATUS_OK)
		st = server_key_endorse(c->q, fingerprint, args_has(&c->args, "lost"), paper, e);
	explicit_bzero(paper, sizeof(paper));
	return st == STATUS_OK ? tell(c, fingerprint, "endorsed", "The server goes over to it by itself once it has this.", e) : st;
}

enum status cmd_server_key_retire(struct cli *c, struct error *e)
{
	const char *fingerprint = cli_word(c, 0);
	char paper[ROOT_TYPED_MAX];
	enum status st = begin(paper, c, e);

	if (st == STATUS_OK)
		st = server_key_retire(c->q, fingerprint, paper, e);
	explicit_bzero(paper, sizeof(paper));
	return st == STATUS_OK ? tell(c, fingerprint, "retired", "What it signed until now stays good; nothing that it signs from then on counts.", e) : st;
}
