/* tests/sim/world.c - see world.h. */
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define URL "https://localhost:8443"
#define YEAR_MS (INT64_C(365) * 86400000)

static const struct {
	const char *name;
	enum role role;
} people[WORLD_SITES] = {
	{"manager", ROLE_MANAGER}, {"fleckney", ROLE_STAFF}, {"kibworth", ROLE_STAFF},
	{"glen", ROLE_MANAGER},	   {"wigston", ROLE_STAFF},  {"kiosk", ROLE_KIOSK},
};

static void name_folders(struct world *w, const char *dir)
{
	*w = (struct world){.host = NULL};
	(void)snprintf(w->dir, sizeof(w->dir), "%s", dir);
	for (unsigned i = 0; i < WORLD_SITES; i++) {
		w->sites[i].name = people[i].name;
		w->sites[i].role = people[i].role;
		(void)snprintf(w->sites[i].home, sizeof(w->sites[i].home), "%s/%s", w->dir, people[i].name);
	}
}

static struct qip_options options_of(struct site *s)
{
	return (struct qip_options){.home = s->home, .env = &s->machine.env, .lock_wait_ms = 1000};
}

static enum status open_host(struct world *w, struct error *e)
{
	char dir[HOST_PATH_MAX];

	(void)snprintf(dir, sizeof(dir), "%s/server", w->dir);
	return host_open(&w->host, dir, &w->machine, e);
}

static enum status open_site(struct world *w, unsigned site, struct error *e)
{
	struct qip_options o = options_of(&w->sites[site]);

	return qip_open(&w->sites[site].q, &o, e);
}

enum status world_site_reopen(struct world *w, unsigned site, struct error *e)
{
	qip_close(w->sites[site].q);
	w->sites[site].q = NULL;
	return open_site(w, site, e);
}

static enum status sync_site(struct world *w, unsigned site, struct error *e)
{
	struct qip_sync_report report;

	link_up(w->host, w->sites[site].name, &w->machine);
	return qip_sync(w->sites[site].q, &report, e);
}

static void forget_papers(void *ctx, const struct qip_papers *papers)
{
	(void)ctx;
	(void)papers;
}

static enum status join(struct world *w, unsigned site, const char *code, struct error *e)
{
	struct qip_options o = options_of(&w->sites[site]);
	enum status st = STATUS_OK;

	link_up(w->host, w->sites[site].name, &w->machine);
	st = qip_join(&o, URL, code, forget_papers, NULL, e);
	return st == STATUS_OK ? open_site(w, site, e) : st;
}

/* The places that records name. */
static enum status add_places(struct world *w, struct error *e)
{
	static const char *const places[] = {"fleckney", "glen", "kibworth"};
	struct qip *q = w->sites[0].q;
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	char path[TREE_PATH_MAX];
	enum status st = qip_edit_begin(&edit, q, "2022-01-01", e);

	for (size_t i = 0; st == STATUS_OK && i < ARRAY_LEN(places); i++) {
		cJSON *site = cJSON_CreateObject();

		(void)snprintf(path, sizeof(path), "sites/%s.json", places[i]);
		st = qip_edit_stamp(&stamp, edit, e);
		if (st == STATUS_OK)
			st = json_set_string(site, "schema", "site/1");
		if (st == STATUS_OK)
			st = json_set_string(site, "id", places[i]);
		if (st == STATUS_OK)
			st = record_set(site, "name", cJSON_CreateString(places[i]), &stamp, e);
		if (st == STATUS_OK)
			st = qip_edit_put(edit, path, site, e);
		cJSON_Delete(site);
	}
	if (st != STATUS_OK) {
		qip_edit_abort(edit);
		return st;
	}
	return qip_edit_commit(edit, "Add places", e);
}

static enum status add_people(struct world *w, struct error *e)
{
	char codes[WORLD_SITES][CODE_TEXT_MAX];
	enum status st = add_places(w, e);

	if (st == STATUS_OK)
		st = sync_site(w, 0, e);
	for (unsigned i = 1; st == STATUS_OK && i < WORLD_SITES; i++) {
		st = qip_invite(codes[i], w->sites[0].q, people[i].name, people[i].role, "kibworth", e);
		if (st == STATUS_OK)
			st = sync_site(w, 0, e);
	}
	for (unsigned i = 1; st == STATUS_OK && i < WORLD_SITES; i++)
		st = join(w, i, codes[i], e);
	for (unsigned i = 0; st == STATUS_OK && i < WORLD_SITES; i++)
		st = sync_site(w, i, e);
	return st;
}

enum status world_make(struct world *w, const char *dir, struct error *e)
{
	char code[CODE_TEXT_MAX], server[HOST_PATH_MAX];
	enum status st = STATUS_OK;

	name_folders(w, dir);
	(void)snprintf(server, sizeof(server), "%s/server", w->dir);
	if (mkdir(w->dir, 0700) != 0)
		return error_set(e, STATUS_IO, "cannot make %s", w->dir);
	machine_seed_process(1);
	machine_start(&w->machine, 1, WORLD_START_MS, CLOCK_SYNCHRONISED);
	for (unsigned i = 0; i < WORLD_SITES; i++)
		machine_start(&w->sites[i].machine, 2 + i, WORLD_START_MS, CLOCK_SYNCHRONISED);
	st = host_create(code, server, &w->machine, e);
	if (st == STATUS_OK)
		st = open_host(w, e);
	if (st == STATUS_OK)
		st = join(w, 0, code, e);
	if (st == STATUS_OK)
		st = add_people(w, e);
	world_close(w);
	return st;
}

enum status world_open(struct world *w, const char *dir, uint64_t seed, struct error *e)
{
	struct dice dice;
	enum status st = STATUS_OK;

	name_folders(w, dir);
	dice_start(&dice, seed);
	machine_seed_process(dice_next(&dice));
	machine_start(&w->machine, dice_next(&dice), WORLD_START_MS, CLOCK_SYNCHRONISED);
	for (unsigned i = 0; i < WORLD_SITES; i++) {
		int64_t years = (int64_t)dice_below(&dice, 60) - 30;
		bool believed = dice_percent(&dice, 50);

		machine_start(&w->sites[i].machine, dice_next(&dice), WORLD_START_MS + years * YEAR_MS,
			      believed ? CLOCK_SYNCHRONISED : CLOCK_UNKNOWN);
	}
	st = open_host(w, e);
	for (unsigned i = 0; st == STATUS_OK && i < WORLD_SITES; i++)
		st = open_site(w, i, e);
	return st;
}

void world_close(struct world *w)
{
	for (unsigned i = 0; i < WORLD_SITES; i++) {
		qip_close(w->sites[i].q);
		w->sites[i].q = NULL;
	}
	host_close(w->host);
	w->host = NULL;
}
