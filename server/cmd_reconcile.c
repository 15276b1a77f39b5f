/* server/cmd_reconcile.c - qip-server reconcile: after a restore, see what devices offer, and open. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/cmd.h"
#include "server/config.h"
#include "server/reconcile.h"

struct reconciling {
	const char *dir;
	struct store *store;
	bool open;	   /* with --open */
	size_t practices; /* that were closed */
	bool failed;
};

static void print_offers(const struct offers *o, const char *what)
{
	char hex[OID_HEX_LEN + 1];

	for (size_t i = 0; i < o->len; i++) {
		const struct offered *end = &o->list[i];

		if (!end->device[0])
			continue;
		oid_hex(hex, &end->id);
		(void)printf("  %-24s %s merge %" PRId64 " (%.10s)%s\n", end->device, what, end->index, hex, end->part ? ", and more to come" : "");
		if (end->parts)
			(void)printf("  %-24s which is another log after merge %" PRId64 ": two servers worked with the same keys\n", "",
				     end->place_index);
	}
}

static void print_unheard(const struct reconcile *r)
{
	if (r->unheard_len == 0)
		return;
	(void)printf("  not heard of since:");
	for (size_t i = 0; i < r->unheard_len; i++)
		(void)printf(" %s", r->unheard[i]);
	(void)printf("\n");
}

static void print_lost(const struct reconcile *r)
{
	const struct offered *best = &r->mains.list[r->mains.best];

	if (r->known > best->index)
		(void)printf("  lost: merges %" PRId64 " to %" PRId64 ", which nobody offers; the log tells of it\n", best->index + 1, r->known);
	else if (r->unheard_len > 0)
		(void)printf("  those devices may know of more; the log tells of it\n");
	else if (reconcile_loses(r))
		(void)printf("  of the other log, devices make their own edits again; the log tells of it\n");
	else
		(void)printf("  nothing is lost\n");
}

static void print_practice(const char *ods, const struct reconcile *r, bool opened)
{
	const struct offered *best = &r->mains.list[r->mains.best];
	char hex[OID_HEX_LEN + 1];

	oid_hex(hex, &best->id);
	(void)printf("%s: restored at %s from the backup of %s, which ends with merge %" PRId64 "\n", ods, r->closed.restored, r->closed.backup,
		     r->closed.index);
	print_offers(&r->mains, "holds the log up to");
	print_offers(&r->configs, "knows of");
	print_unheard(r);
	if (opened) {
		(void)printf("  open; it went on from merge %" PRId64 " (%.10s)\n", best->index, hex);
		print_lost(r);
	} else {
		(void)printf("  closed; --open would go on from merge %" PRId64 " (%.10s)%s\n", best->index, hex,
			     reconcile_loses(r) ? ", and might lose what only others hold" : "; every device was heard");
	}
}

static enum status visit(void *ctx, const char *ods, struct error *e)
{
	struct reconciling *w = ctx;
	struct reconcile r = {.known = 0};
	struct practice *p = NULL;
	enum status st = STATUS_OK;

	if (!ods_valid(ods))
		return STATUS_OK;
	st = practice_open(&p, w->dir, w->store, ods, e);
	if (st == STATUS_OK)
		st = w->open ? reconcile_open(&r, p, env_system(), e) : reconcile_look(&r, p, e);
	if (st == STATUS_OK) {
		print_practice(ods, &r, w->open);
		w->practices++;
		reconcile_clear(&r);
	} else if (st != STATUS_NOT_FOUND) { /* the others are looked at all the same */
		(void)cmd_failed(e);
		w->failed = true;
	}
	practice_close(p);
	return STATUS_OK;
}

static enum status run(struct reconciling *w, const char *ods, struct error *e)
{
	struct config config = CONFIG_INIT;
	char path[FILE_PATH_MAX];
	enum status st = config_load(&config, w->dir, e);

	config_clear(&config);
	if (st == STATUS_OK)
		st = store_open(&w->store, w->dir, e);
	if (st == STATUS_OK && ods)
		st = file_path(path, w->dir, ods, e);
	if (st == STATUS_OK && ods && (!ods_valid(ods) || !file_exists(path)))
		st = error_set(e, STATUS_NOT_FOUND, "there is no practice %.20s on this server", ods);
	if (st == STATUS_OK)
		st = ods ? visit(w, ods, e) : file_each(w->dir, visit, w, e);
	store_close(w->store);
	return st;
}

int cmd_reconcile(int argc, char **argv)
{
	struct reconciling w = {.dir = NULL};
	struct error e = {STATUS_OK, ""};
	const char *ods = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--open") == 0)
			w.open = true;
		else if (argv[i][0] == '-' || ods)
			return cmd_usage(CMD_RECONCILE_USAGE, "\"%s\" is not expected", argv[i]);
		else if (w.dir)
			ods = argv[i];
		else
			w.dir = argv[i];
	}
	if (!w.dir)
		return cmd_usage(CMD_RECONCILE_USAGE, "a folder is needed");
	if (run(&w, ods, &e) != STATUS_OK)
		return cmd_failed(&e);
	if (w.practices == 0 && !w.failed)
		(void)printf("%s open: there is nothing to reconcile\n", ods ? "the practice is" : "all practices are");
	return w.failed ? 1 : 0;
}
