/* core/policy.c - the role table: where a record may stand, who may write it, and how a record may change. */
#include "core/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/id.h"
#include "core/policy_internal.h"
#include "core/schema.h"

#define R(role) (1u << (role))
#define ANYBODY (~0u) /* judged by the place's own check */

#define EVERY_READER (R(ROLE_STAFF) | R(ROLE_MANAGER) | R(ROLE_ICB) | R(ROLE_AUDITOR))

#define EDITORS (R(ROLE_STAFF) | R(ROLE_MANAGER))

/* How the rest of the path follows from the record. */
enum name_form {
	NAME_FIXED,     /* there is no rest */
	NAME_UUID,      /* <id>.json */
	NAME_NAME,      /* <id>.json, a short name */
	NAME_DEVICE,    /* <device>.json, and so on with the member that says it */
	NAME_MONTH,
	NAME_WEEK,
	NAME_VERSION,
	NAME_NUMBER,    /* <generation>.json */
	NAME_ANSWER,    /* <toolkit>/<statement>.json */
	NAME_SERIES,    /* <device>/…/<seq>.json, see series_path() */
	NAME_SPREAD,    /* <xx>/<id>.json, xx being the id's last two digits, so that no folder grows without bound */
	NAME_OWN_SPREAD /* <device>/<xx>/<id>.json */
};

/* The allow-list. What matches no line is refused. */
static const struct place {
	const char *folder; /* with '/', or the file itself for NAME_FIXED */
	enum name_form form;
	const char *types[3]; /* of the records that may stand there */
	unsigned may_add, may_change; /* by role */
	enum status (*check)(const struct policy_change *c, struct error *e); /* what is particular to the place; may be NULL */
} places[] = {
	{"practice.json", NAME_FIXED, {"practice"}, 0, R(ROLE_MANAGER), policy_check_practice},
	{"retired-keys/", NAME_NAME, {"retired-key"}, R(ROLE_MANAGER), 0, policy_check_retired_key},
	{"sites/", NAME_NAME, {"site"}, R(ROLE_MANAGER), R(ROLE_MANAGER), NULL},
	{"surveys/", NAME_NAME, {"survey"}, R(ROLE_MANAGER), R(ROLE_MANAGER), policy_check_survey},
	{"devices/", NAME_NAME, {"device"}, ANYBODY, ANYBODY, policy_check_device},
	{"keys/", NAME_NUMBER, {"key"}, R(ROLE_MANAGER), R(ROLE_MANAGER), policy_check_comment_key},
	{"qip/", NAME_UUID, {"action"}, EDITORS, EDITORS, NULL},
	{"inspections/", NAME_UUID, {"inspection"}, EDITORS, EDITORS, NULL},
	{"feedback/", NAME_SERIES, {"feedback", "void", "lost"}, R(ROLE_KIOSK) | EDITORS, 0, policy_check_feedback},
	{"triage/", NAME_SPREAD, {"triage"}, EDITORS, EDITORS, NULL},
	{"themes/", NAME_UUID, {"theme"}, EDITORS, EDITORS, NULL},
	{"people/", NAME_UUID, {"person"}, R(ROLE_MANAGER), R(ROLE_MANAGER), NULL},
	{"ppg/", NAME_UUID, {"ppg"}, EDITORS, EDITORS, NULL},
	{"opel/", NAME_WEEK, {"opel"}, EDITORS, EDITORS, NULL},
	{"access/", NAME_MONTH, {"access"}, EDITORS, EDITORS, NULL},
	{"returns/fft/", NAME_MONTH, {"return"}, EDITORS, EDITORS, policy_check_return},
	{"toolkit/", NAME_VERSION, {"toolkit"}, R(ROLE_ICB), 0, policy_check_toolkit},
	{"toolkit-answers/", NAME_ANSWER, {"toolkit-answer"}, EDITORS, EDITORS, NULL},
	{"icb-notes/", NAME_UUID, {"icb-note"}, R(ROLE_ICB) | R(ROLE_AUDITOR), 0, policy_check_icb_note},
	{"health/", NAME_DEVICE, {"health"}, R(ROLE_KIOSK), R(ROLE_KIOSK), policy_check_health},
	{"clock/", NAME_SERIES, {"clock"}, R(ROLE_KIOSK), 0, policy_check_own},
	{"acks/", NAME_OWN_SPREAD, {"ack"}, R(ROLE_KIOSK) | EDITORS, 0, policy_check_own},
	{"checkpoints/", NAME_DEVICE, {"checkpoint"}, EVERY_READER, EVERY_READER, policy_check_checkpoint},
	{"erasures/", NAME_SPREAD, {"erasure"}, R(ROLE_MANAGER), 0, policy_check_erasure},
	{"incidents/", NAME_UUID, {"incident"}, R(ROLE_NONE), 0, policy_check_incident},
};

const char *policy_place(const char **type, size_t i)
{
	if (i >= ARRAY_LEN(places))
		return NULL;
	*type = places[i].types[0];
	return places[i].folder;
}

/* No clock in the path, directories bounded, a gap is a missing name. */
static void series_path(char out[TREE_PATH_MAX], const char *folder, const char *device, uint64_t seq)
{
	(void)snprintf(out, TREE_PATH_MAX, "%s%s/%" PRIu64 "/%" PRIu64 "/%" PRIu64 ".json", folder, device, seq / 65536, seq / 256 % 256,
		       seq);
}

void policy_feedback_path(char out[TREE_PATH_MAX], const char *device, uint64_t seq)
{
	series_path(out, "feedback/", device, seq);
}

void policy_clock_path(char out[TREE_PATH_MAX], const char *device, uint64_t seq)
{
	series_path(out, "clock/", device, seq);
}

bool policy_may_read(enum role role, const char *device, const char *ref)
{
	static const char own[] = "refs/devices/";

	if (strncmp(ref, own, sizeof(own) - 1) == 0)
		return role != ROLE_NONE && strcmp(ref + sizeof(own) - 1, device) == 0;
	if (role == ROLE_KIOSK)
		return strcmp(ref, "refs/kiosk/config") == 0;
	return role != ROLE_NONE && strcmp(ref, "refs/heads/main") == 0;
}

bool policy_may_put_blob(enum role role)
{
	return role == ROLE_KIOSK || role == ROLE_STAFF || role == ROLE_MANAGER;
}

bool policy_may_get_blob(enum role role, bool retired)
{
	return !retired && (role == ROLE_STAFF || role == ROLE_MANAGER);
}

/* ---- the path ---- */

static const struct place *find_place(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		size_t len = strlen(places[i].folder);

		if (strncmp(path, places[i].folder, len) == 0 && (places[i].form != NAME_FIXED || !path[len]))
			return &places[i];
	}
	return NULL;
}

/* The record names itself by one member, and the file after it. */
static bool named_after(const char *name, const struct policy_change *c, const char *member)
{
	const char *text = json_string(c->after, member);
	size_t len = strlen(name);

	return text && len > 5 && strcmp(name + len - 5, ".json") == 0 && strlen(text) == len - 5 && strncmp(text, name, len - 5) == 0;
}

/* The path that the record must stand at; false when its members make none. */
static bool spell_path(char out[TREE_PATH_MAX], const struct place *p, const cJSON *record)
{
	const char *id = json_string(record, "id"), *device = json_string(record, "device");
	const char *toolkit = json_string(record, "toolkit"), *statement = json_string(record, "statement");
	const char *xx = id && id_valid(id) ? id + ID_TEXT_LEN - 2 : NULL;
	bool own = device && name_valid(device);
	int64_t number = 0;

	if (p->form == NAME_SERIES && own && json_integer(record, "seq", &number) && number > 0)
		series_path(out, p->folder, device, (uint64_t)number);
	else if (p->form == NAME_SPREAD && xx)
		(void)snprintf(out, TREE_PATH_MAX, "%s%s/%s.json", p->folder, xx, id);
	else if (p->form == NAME_OWN_SPREAD && xx && own)
		(void)snprintf(out, TREE_PATH_MAX, "%s%s/%s/%s.json", p->folder, device, xx, id);
	else if (p->form == NAME_NUMBER && json_integer(record, "generation", &number) && number > 0)
		(void)snprintf(out, TREE_PATH_MAX, "%s%" PRId64 ".json", p->folder, number);
	else if (p->form == NAME_ANSWER && toolkit && name_valid(toolkit) && statement && name_valid(statement))
		(void)snprintf(out, TREE_PATH_MAX, "%s%s/%s.json", p->folder, toolkit, statement);
	else
		return false;
	return true;
}

/* The record names itself as the path does. */
static bool name_agrees(const struct place *p, const struct policy_change *c)
{
	const char *name = c->path + strlen(p->folder);
	char expected[TREE_PATH_MAX];

	switch (p->form) {
	case NAME_FIXED:
		return true;
	case NAME_UUID:
		return named_after(name, c, "id") && id_valid(json_string(c->after, "id"));
	case NAME_NAME:
		return named_after(name, c, "id") && name_valid(json_string(c->after, "id"));
	case NAME_DEVICE:
		return named_after(name, c, "device");
	case NAME_MONTH:
		return named_after(name, c, "month");
	case NAME_WEEK:
		return named_after(name, c, "week");
	case NAME_VERSION:
		return named_after(name, c, "version");
	default:
		return spell_path(expected, p, c->after) && strcmp(expected, c->path) == 0;
	}
}

static enum status check_type(const struct place *p, const struct policy_change *c, struct error *e)
{
	struct schema_name name;
	enum status st = schema_name_of(&name, c->after, e);

	if (st != STATUS_OK)
		return st;
	for (size_t i = 0; i < ARRAY_LEN(p->types); i++) {
		if (!p->types[i] || strcmp(p->types[i], name.type) != 0)
			continue;
		if (name.version > c->schema_level)
			return error_set(e, STATUS_UNSUPPORTED,
					 "the record is of schema %s/%d, but this practice is at level %d; a manager raises the level when "
					 "all its programs are updated",
					 name.type, name.version, c->schema_level);
		return STATUS_OK;
	}
	return error_set(e, STATUS_INVALID, "a record of type %s does not belong there", name.type);
}

/* ---- the whole ---- */

static enum status check_right(const struct place *p, const struct policy_change *c, struct error *e)
{
	unsigned may = c->before ? p->may_change : p->may_add;

	if (!c->after)
		return error_set(e, STATUS_DENIED, "records are never deleted");
	if (c->before && may == 0)
		return error_set(e, STATUS_DENIED, "what stands there is never changed");
	if (!c->genesis && !(may & R(c->role)))
		return error_set(e, STATUS_DENIED, "a device with the role %s may not write there", role_text(c->role));
	return STATUS_OK;
}

static enum status check_record(const struct place *p, const struct policy_change *c, const struct rules *rules, struct error *e)
{
	char type[RECORD_TYPE_MAX];
	enum status st = check_type(p, c, e);

	if (st == STATUS_OK)
		st = schema_check(c->after, e);
	if (st == STATUS_OK && !name_agrees(p, c))
		st = error_set(e, STATUS_INVALID, "the record names itself otherwise than its path does");
	if (st == STATUS_OK && p->check)
		st = p->check(c, e);
	if (st != STATUS_OK)
		return st;
	record_type(type, c->after);
	return rules_record_kind(rules, type) == RECORD_CLAIMS ? policy_check_claims(c, type, rules, e) : STATUS_OK;
}

enum status policy_check(const struct policy_change *c, const struct rules *rules, struct error *e)
{
	const struct place *p = find_place(c->path);
	enum status st;

	if (!p)
		return error_set(e, STATUS_DENIED, "nothing may be written there");
	if (c->before && !cJSON_IsObject(c->before))
		return error_set(e, STATUS_INVALID, "what stood there is no record");
	st = check_right(p, c, e);
	return st == STATUS_OK ? check_record(p, c, rules, e) : st;
}
