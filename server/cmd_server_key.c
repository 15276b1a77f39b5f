/* server/cmd_server_key.c - qip-server server-key: the key that signs a practice's log, and making the next one. */
#include <stdio.h>
#include <string.h>

#include "server/cmd.h"
#include "server/view.h"

static void print_key(const char *what, const struct key *key, const char *state)
{
	char fingerprint[KEY_FINGERPRINT_MAX];

	key_fingerprint_text(fingerprint, key);
	(void)printf("%-8s %s  %s\n", what, fingerprint, state);
}

static const char *state_of(const struct registry *reg, const struct signing_file *f)
{
	const struct server_key *k = reg ? registry_server_key(reg, f->ssh) : NULL;

	if (!reg)
		return "the first manager will endorse it";
	return !k ? "not endorsed: it signs nothing" : k->retired ? "retired by the practice: it signs nothing" : "endorsed, signs";
}

static void print_keys(const struct practice *p, const struct registry *reg, bool made)
{
	const struct signing *s = &p->signing;

	if (s->present.key)
		print_key("present", s->present.key, state_of(reg, &s->present));
	else
		(void)printf("present  lost\n");
	if (!s->next.key) {
		(void)printf("next     none; --new makes one\n");
		return;
	}
	print_key("next", s->next.key, made ? "made now" : "waits to be endorsed");
	(void)printf("A manager of %s endorses it, with the root key's paper: qip server-key endorse FINGERPRINT%s\n"
		     "Read the fingerprint of the next key to them, by telephone.\n",
		     p->ods, s->counts ? "" : " --lost");
}

/* Whatever the server that runs does with the keys, it does under the same lock. */
static enum status look(struct practice *p, bool make, struct error *e)
{
	struct store_lock *lock = NULL;
	struct view *v = NULL;
	bool made = false;
	enum status st = store_lock(&lock, p->history, LIMIT_LOCK_MS, e);

	if (st == STATUS_OK)
		st = view_get(&v, p, e);
	if (st == STATUS_OK && make && !view_registry(v))
		st = error_set(e, STATUS_NOT_FOUND, "%s has no first manager yet, who endorses the key that is there", p->ods);
	if (st == STATUS_OK)
		st = signing_settle(p, view_registry(v), e);
	if (st == STATUS_OK && make)
		st = signing_make_next(&made, p, view_registry(v), e);
	store_unlock(lock);
	if (st == STATUS_OK)
		print_keys(p, view_registry(v), made);
	view_put(v);
	return st;
}

static enum status run(const char *dir, const char *ods, bool make, struct error *e)
{
	struct store *store = NULL;
	struct practice *p = NULL;
	enum status st = store_open(&store, dir, e);

	if (st == STATUS_OK)
		st = practice_open(&p, dir, store, ods, e);
	if (st == STATUS_OK)
		st = look(p, make, e);
	practice_close(p);
	store_close(store);
	return st;
}

int cmd_server_key(int argc, char **argv)
{
	const char *places[2] = {NULL, NULL};
	struct error e = {STATUS_OK, ""};
	size_t len = 0;
	bool make = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--new") == 0)
			make = true;
		else if (argv[i][0] == '-' || len == ARRAY_LEN(places))
			return cmd_usage(CMD_SERVER_KEY_USAGE, "\"%s\" is not expected", argv[i]);
		else
			places[len++] = argv[i];
	}
	if (len < ARRAY_LEN(places))
		return cmd_usage(CMD_SERVER_KEY_USAGE, "a folder and an ODS code are needed");
	return run(places[0], places[1], make, &e) == STATUS_OK ? 0 : cmd_failed(&e);
}
