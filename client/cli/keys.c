/* client/cli/keys.c - qip keys grant, revoke, rotate, recover, protect, unprotect: who can open what patients write and staff seal. */
#include "client/keys.h"

#include <string.h>
#include <unistd.h>

#include "client/cli/papers.h"
#include "client/cli/secret.h"
#include "client/recovery.h"
#include "client/rotate.h"
#include "client/seal_key.h"

#define PAPER_TYPED_MAX 1024 /* however many blanks somebody puts in between */

const struct arg_option options_keys_rotate[] = {
	{"new-paper", NULL, "with a new recovery key, which is shown this once", false},
	{NULL, NULL, NULL, false},
};
const struct arg_option options_keys_recover[] = {
	{"recovery-key-file", "FILE", "read it from FILE, or from the standard input for \"-\"; else it is asked for", false},
	{NULL, NULL, NULL, false},
};
const struct arg_option options_keys_protect[] = {
	{"new-passphrase-file", "FILE", "read it from FILE; else it is asked for, twice", false},
	{NULL, NULL, NULL, false},
};

/* ---- grant, revoke ---- */

static enum status tell_granted(struct cli *c, const char *device, const struct keys_granted *did, struct error *e)
{
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_string(&json, "device", device);
		put_number(&json, "granted", (int64_t)did->granted);
		put_number(&json, "closed", (int64_t)did->closed);
		return cli_print_json(c, json, e);
	}
	if (did->granted == 0)
		fprintf(c->out, "%s has every generation already.\n", device);
	else
		fprintf(c->out, "%s can read %llu generation%s more once both have synced. Next: qip sync\n", device, (unsigned long long)did->granted,
			plural(did->granted));
	if (did->closed > 0)
		fprintf(c->out, "%llu generation%s this device cannot open itself: let a manager's device grant %s that can (qip keys list).\n",
			(unsigned long long)did->closed, plural(did->closed), did->closed == 1 ? "it" : "them");
	return STATUS_OK;
}

enum status cmd_keys_grant(struct cli *c, struct error *e)
{
	const char *device = cli_word(c, 0);
	struct keys_granted did = {.granted = 0};
	enum status st = cli_open_sealed(c, e);

	if (st == STATUS_OK)
		st = keys_grant_to(&did, c->q, device, e);
	return st == STATUS_OK ? tell_granted(c, device, &did, e) : st;
}

/* The generation that is in use now. */
static enum status tell_generation(struct cli *c, const char *words, const struct papers *papers, struct error *e)
{
	struct comment_key newest;
	cJSON *json = NULL;
	enum status st = comment_key_find(&newest, c->q, e);

	if (st == STATUS_OK && c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "generation", newest.generation);
		if (papers)
			put_string(&json, "recovery_key", papers->recovery);
		return cli_print_json(c, json, e);
	}
	if (st == STATUS_OK)
		fprintf(c->out, "%s Generation %lld of the comment key is in use with the kiosks' next syncs after yours. Next: qip sync\n", words,
			(long long)newest.generation);
	return st;
}

enum status cmd_keys_revoke(struct cli *c, struct error *e)
{
	const char *device = cli_word(c, 0);
	char words[NAME_MAX_LEN + 80];
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = rotate_without(c->q, device, e);
	(void)snprintf(words, sizeof(words), "%s reads nothing that is written from now on.", device);
	return st == STATUS_OK ? tell_generation(c, words, NULL, e) : st;
}

/* ---- rotate, recover ---- */

enum status cmd_keys_rotate(struct cli *c, struct error *e)
{
	struct papers papers = {.c = c};
	bool new_paper = args_has(&c->args, "new-paper");
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = new_paper ? rotate_paper(c->q, papers_show, &papers, e) : rotate_now(c->q, e);
	if (st == STATUS_OK)
		st = tell_generation(c, new_paper ? "Keep the old paper: it opens what was written until now, the new one what comes." : "Done.",
				     new_paper ? &papers : NULL, e);
	explicit_bzero(&papers, sizeof(papers));
	return st;
}

static enum status tell_recovered(struct cli *c, const struct recovered *did, struct error *e)
{
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_number(&json, "opened", (int64_t)did->opened);
		put_number(&json, "added", (int64_t)did->added);
		put_number(&json, "other", (int64_t)did->other);
		return cli_print_json(c, json, e);
	}
	fprintf(c->out, "The paper opens %llu generation%s of the comment key; ", (unsigned long long)did->opened, plural(did->opened));
	if (did->added == 0)
		fprintf(c->out, "this device could open %s before.\n", did->opened == 1 ? "it" : "them");
	else
		fprintf(c->out, "this device opens %llu more now.\nNext: qip sync, which hands them to the practice's other devices, too\n",
			(unsigned long long)did->added);
	if (did->other > 0)
		fprintf(c->out, "%llu generation%s it does not open: another paper does, if there is one.\n", (unsigned long long)did->other, plural(did->other));
	return STATUS_OK;
}

enum status cmd_keys_recover(struct cli *c, struct error *e)
{
	char text[PAPER_TYPED_MAX] = "";
	struct recovered did = {.opened = 0};
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = cli_read_secret(text, sizeof(text), "recovery key", args_get(&c->args, "recovery-key-file"), e);
	if (st == STATUS_OK)
		st = recovery_open(&did, c->q, text, e);
	explicit_bzero(text, sizeof(text));
	return st == STATUS_OK ? tell_recovered(c, &did, e) : st;
}

/* ---- protect, unprotect ---- */

/* Off the terminal twice: a slip would lock the device out of all it reads. */
static enum status read_new(char *out, size_t size, const char *file, struct error *e)
{
	char again[SEAL_KEY_PASSPHRASE_MAX + 2] = "";
	enum status st = cli_read_passphrase(out, size, "new passphrase", file, e);

	if (st == STATUS_OK && !file && isatty(STDIN_FILENO))
		st = cli_read_passphrase(again, sizeof(again), "same once more", NULL, e);
	if (st == STATUS_OK && again[0] && strcmp(again, out) != 0)
		st = error_set(e, STATUS_INVALID, "the two are not the same; nothing was changed");
	explicit_bzero(again, sizeof(again));
	return st;
}

static enum status tell_protected(struct cli *c, bool is_protected, struct error *e)
{
	cJSON *json;

	if (c->json) {
		json = cJSON_CreateObject();
		put_bool(&json, "protected", is_protected);
		return cli_print_json(c, json, e);
	}
	if (is_protected)
		fprintf(c->out, "From now on this device reads free text, names and evidence with the passphrase alone; it syncs without.\n"
				"Whoever forgets it joins the device anew under another name.\n");
	else
		fprintf(c->out, "This device reads without a passphrase again.\n");
	return STATUS_OK;
}

enum status cmd_keys_protect(struct cli *c, struct error *e)
{
	char passphrase[SEAL_KEY_PASSPHRASE_MAX + 2] = "";
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = cli_open_sealed(c, e);
	if (st == STATUS_OK)
		st = read_new(passphrase, sizeof(passphrase), args_get(&c->args, "new-passphrase-file"), e);
	if (st == STATUS_OK)
		st = seal_key_protect(c->q, passphrase, e);
	explicit_bzero(passphrase, sizeof(passphrase));
	return st == STATUS_OK ? tell_protected(c, true, e) : st;
}

enum status cmd_keys_unprotect(struct cli *c, struct error *e)
{
	enum status st = cli_open_log(c, e);

	if (st == STATUS_OK)
		st = cli_open_sealed(c, e);
	if (st == STATUS_OK)
		st = seal_key_unprotect(c->q, e);
	return st == STATUS_OK ? tell_protected(c, false, e) : st;
}
