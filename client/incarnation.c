/* client/incarnation.c - see incarnation.h. */
#include "client/incarnation.h"

#include <stdio.h>
#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "client/storage_id.h"
#include "core/log.h"

struct incarnation {
	bool noted; /* there was a file */
	char machine[SHA256_HEX_LEN + 1]; /* not for everybody to read: systemd asks that machine-id be shown hashed alone */
	struct storage_id storage;
	enum home_doubt doubt;
	int64_t at_ms, noticed;
};

static void look_now(struct incarnation *out, const struct qip *q)
{
	char machine[ENV_HARDWARE_MAX] = "", storage[ENV_STORAGE_MAX] = "";

	if (q->env->machine_id)
		q->env->machine_id(q->env->ctx, machine);
	if (q->env->storage_serial)
		q->env->storage_serial(q->env->ctx, q->dir, storage);
	storage_hash(out->machine, machine);
	storage_id_parse(&out->storage, storage);
}

static void copy_hash(char out[SHA256_HEX_LEN + 1], const char *text)
{
	(void)snprintf(out, SHA256_HEX_LEN + 1, "%s", text ? text : "");
}

/* What cannot be read is taken for none: the server still tells a copy by its head. */
static void load(struct incarnation *out, const struct qip *q)
{
	struct incarnation n = {.noted = false};
	const cJSON *doubt = NULL;
	const char *by = NULL;
	cJSON *file = NULL;

	if (files_read_json(&file, q->dir, INCARNATION_FILE, NULL) == STATUS_OK) {
		n.noted = true;
		copy_hash(n.machine, json_string(file, "machine"));
		storage_id_read(&n.storage, json_get(file, "storage"));
		doubt = json_get(file, "doubt");
		by = json_string(doubt, "by");
		n.doubt = !by ? HOME_DOUBT_NONE : strcmp(by, "head") == 0 ? HOME_DOUBT_HEAD : HOME_DOUBT_HARDWARE;
		(void)json_integer(doubt, "noticed", &n.noticed);
	}
	cJSON_Delete(file);
	*out = n;
}

static void save(const struct incarnation *n, struct qip *q)
{
	struct error why = {.text = ""};
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st), *doubt = NULL;

	build_string(&st, file, "schema", "incarnation/1");
	build_string(&st, file, "machine", n->machine);
	build_item(&st, file, "storage", storage_id_json(&n->storage));
	if (n->doubt != HOME_DOUBT_NONE) {
		doubt = build_object(&st);
		build_string(&st, doubt, "by", n->doubt == HOME_DOUBT_HEAD ? "head" : "hardware");
		build_time(&st, doubt, "at", state_now_ms(&q->state, q->env));
		build_integer(&st, doubt, "noticed", n->noticed);
		build_item(&st, file, "doubt", doubt);
	}
	if (st == STATUS_OK)
		st = files_write_json(q->dir, INCARNATION_FILE, file, 0600, &why);
	if (st != STATUS_OK)
		log_line(LOG_LEVEL_WARN, "where this home lies could not be noted", "reason", why.text, NULL);
	cJSON_Delete(file);
}

bool incarnation_is_copy(const char *machine, const struct storage_id *storage, const char *machine_now, const struct storage_id *storage_now)
{
	enum storage_answer answer = storage_id_compare(storage, storage_now);

	if (answer != STORAGE_UNSURE)
		return answer == STORAGE_OTHER;
	return machine[0] && machine_now[0] && strcmp(machine, machine_now) != 0;
}

/* Number of the journal's last record: what came before may be in the other copy, too. */
static int64_t journal_end(const struct qip *q)
{
	char path[HOME_PATH_MAX];
	struct journal *j = NULL;
	int64_t last = 0;

	if (qip_home_path(path, sizeof(path), q, HOME_JOURNAL) == STATUS_OK &&
	    journal_open(&j, path, JOURNAL_READ, 1, q->env, NULL) == STATUS_OK)
		last = (int64_t)journal_last(j);
	journal_close(j);
	return last;
}

static void set_doubt(struct qip *q, const struct incarnation *n)
{
	q->doubt = n->doubt;
	q->doubt_noticed = n->noticed > 0 ? (uint64_t)n->noticed : 0;
}

static void begin_doubt(struct incarnation *n, struct qip *q, enum home_doubt by)
{
	n->doubt = by;
	n->noticed = journal_end(q);
	save(n, q);
	log_line(LOG_LEVEL_WARN, "this kiosk is in doubt", "reason", qip_doubt(q), NULL);
}

/* What is known keeps its place where now nothing is told. */
static bool take_new(char known[SHA256_HEX_LEN + 1], const char *now)
{
	if (!now[0] || strcmp(known, now) == 0)
		return false;
	copy_hash(known, now);
	return true;
}

void incarnation_look(struct qip *q)
{
	struct incarnation n, now = {.noted = false};
	bool changed = false;

	q->doubt = HOME_DOUBT_NONE;
	if (!home_is_kiosk(q))
		return;
	load(&n, q);
	look_now(&now, q);
	if (incarnation_is_copy(n.machine, &n.storage, now.machine, &now.storage)) {
		q->doubt = n.doubt != HOME_DOUBT_NONE ? n.doubt : HOME_DOUBT_HARDWARE;
		if (n.doubt == HOME_DOUBT_NONE)
			begin_doubt(&n, q, HOME_DOUBT_HARDWARE);
		set_doubt(q, &n);
		return;
	}
	if (n.doubt == HOME_DOUBT_HARDWARE) { /* it is back where it was */
		n.doubt = HOME_DOUBT_NONE;
		changed = true;
	}
	changed = take_new(n.machine, now.machine) || changed;
	changed = storage_id_take(&n.storage, &now.storage) || changed;
	if (changed || !n.noted)
		save(&n, q);
	set_doubt(q, &n);
}

void incarnation_doubt_head(struct qip *q)
{
	struct incarnation n;

	load(&n, q);
	if (n.doubt == HOME_DOUBT_HEAD)
		return;
	q->doubt = HOME_DOUBT_HEAD;
	begin_doubt(&n, q, HOME_DOUBT_HEAD);
	set_doubt(q, &n);
}

const char *qip_doubt(const struct qip *q)
{
	switch (q->doubt) {
	case HOME_DOUBT_HARDWARE:
		return "this is another machine or card than the one that was joined, so this may be a copy of a kiosk that still runs";
	case HOME_DOUBT_HEAD:
		return "another copy of this kiosk has sent answers under the same name, or this one was set back to an older state";
	case HOME_DOUBT_NONE:
		break;
	}
	return "";
}

enum status incarnation_refuse(const struct qip *q, struct error *e)
{
	return error_set(e, STATUS_UNTRUSTED,
			 "%s. Answers are kept here, and nothing is sent as %s. Join it again: a manager runs `qip invite NEW-NAME --role kiosk%s%s`, "
			 "then here `qip-kiosk join URL CODE --home %s`; what waits goes under the new name", qip_doubt(q), q->identity.device,
			 q->identity.site[0] ? " --site " : "", q->identity.site, q->path);
}
