#include "tests/fuzz/live.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/must.h"

static cJSON *action(struct practice *p, const struct fixture_device *d, char path[TREE_PATH_MAX])
{
	cJSON *r = cJSON_CreateObject();
	struct stamp s = practice_stamp(p, d, "2022-06-06");
	char id[ID_TEXT_LEN + 1];
	struct error e = {0};

	practice_id(p, id);
	(void)cJSON_AddStringToObject(r, "schema", "action/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	must(record_set(r, "ref", cJSON_CreateString("QIP-01"), &s, &e), &e);
	s = practice_stamp(p, d, "2022-06-07");
	must(record_set(r, "status", cJSON_CreateString("red"), &s, &e), &e);
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", id);
	return r;
}

/* Two set the status without having seen each other: a merge that makes bytes of its own. */
static void edit_apart(struct practice *p, const char *path)
{
	static const char *const values[] = {"amber", "green"};
	struct fixture_device *both[] = {practice_device(p, "fle-staff"), practice_device(p, "kib-manager")};
	struct oid base = p->main, tree = p->main_tree;
	struct error e = {0};

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct stamp s = practice_stamp(p, both[i], "2022-07-01");
		cJSON *r = practice_read(p, &tree, path);

		must(record_set(r, "status", cJSON_CreateString(values[i]), &s, &e), &e);
		practice_write_on(p, both[i], &base, path, r);
	}
	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		practice_push(p, both[i]);
}

static void send_answers(struct practice *p, uint64_t first, uint64_t last)
{
	struct fixture_device *kiosk = practice_device(p, "kib-kiosk");
	char path[TREE_PATH_MAX];

	for (uint64_t seq = first; seq <= last; seq++) {
		policy_feedback_path(path, kiosk->id, seq);
		practice_write(p, kiosk, path, practice_answer(p, kiosk->id, (int64_t)seq));
	}
	practice_push(p, kiosk);
}

static void follow(struct practice *p, const char *device)
{
	struct fixture_device *d = practice_device(p, device);
	char hex[OID_HEX_LEN + 1], path[TREE_PATH_MAX];
	cJSON *r = cJSON_CreateObject();

	oid_hex(hex, &p->main);
	(void)cJSON_AddStringToObject(r, "schema", "checkpoint/1");
	(void)cJSON_AddStringToObject(r, "device", device);
	(void)cJSON_AddStringToObject(r, "main", hex);
	(void)cJSON_AddNumberToObject(r, "index", (double)p->index);
	(void)cJSON_AddStringToObject(r, "at", "2025-11-24T16:00:00.000Z");
	(void)snprintf(path, sizeof(path), "checkpoints/%s.json", device);
	practice_write_on(p, d, &p->main, path, r);
	practice_push(p, d);
}

/* One of each kind besides; neighbours by one device come in one push. */
static void write_kinds(struct practice *p)
{
#define AT "\"at\":\"2025-11-24T16:00:00.000Z\""
#define ID "01920000-0000-7000-8000-00000000aa01"
	static const struct {
		const char *device, *path, *record, *slot, *value;
	} kinds[] = {
		{"fle-staff", "triage/01/" ID ".json", "{\"schema\":\"triage/1\",\"id\":\"" ID "\"}", "concern", "\"urgent\""},
		{"fle-staff", "themes/" ID ".json", "{\"schema\":\"theme/1\",\"id\":\"" ID "\"}", "title", "\"Telephones\""},
		{"fle-staff", "opel/2022-W49.json", "{\"schema\":\"opel/1\",\"week\":\"2022-W49\"}", "level", "3"},
		{"fle-staff", "returns/fft/2022-06.json", "{\"schema\":\"return/1\",\"month\":\"2022-06\"}", "remark", "\"One kiosk was off.\""},
		{"lead-icb", "icb-notes/" ID ".json",
		 "{\"schema\":\"icb-note/1\",\"id\":\"" ID "\",\"device\":\"lead-icb\",\"by\":\"icb\"," AT ",\"text\":\"Please look at QIP-07.\"}", NULL, NULL},
		{"kib-kiosk", "health/kib-kiosk.json",
		 "{\"schema\":\"health/1\",\"device\":\"kib-kiosk\",\"number\":1," AT ",\"quality\":\"unknown\",\"last\":0,\"waiting\":0}", NULL, NULL},
		{"kib-kiosk", "acks/kib-kiosk/01/" ID ".json",
		 "{\"schema\":\"ack/1\",\"device\":\"kib-kiosk\",\"id\":\"" ID "\",\"did\":\"erased\"," AT "}", NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct fixture_device *d = practice_device(p, kinds[i].device);
		cJSON *r = cJSON_Parse(kinds[i].record);
		struct stamp s = practice_stamp(p, d, "2022-07-08");
		struct error e = {0};

		if (kinds[i].slot)
			must(record_set(r, kinds[i].slot, cJSON_Parse(kinds[i].value), &s, &e), &e);
		practice_write(p, d, kinds[i].path, r);
		if (i + 1 == ARRAY_LEN(kinds) || strcmp(kinds[i].device, kinds[i + 1].device) != 0)
			practice_push(p, d);
	}
#undef AT
#undef ID
}

/* The host invites an auditor, and a manager ends that. */
static void invite_and_revoke(struct practice *p)
{
	struct fixture_device host = {.id = "server", .key = p->server}, *manager = practice_device(p, "kib-manager");
	struct fixture_device *auditor = practice_stranger(p, "auditor", ROLE_AUDITOR);
	cJSON *r, *revoked;

	practice_write_on(p, &host, &p->main, "devices/auditor.json", practice_invite(p, auditor, "server", p->server));
	practice_push(p, &host);
	practice_write(p, auditor, "devices/auditor.json", practice_enrolment(p, auditor, practice_read(p, &p->main_tree, "devices/auditor.json")));
	practice_push(p, auditor);
	r = practice_read(p, &p->main_tree, "devices/auditor.json");
	revoked = cJSON_AddObjectToObject(r, "revoked");
	(void)cJSON_AddStringToObject(revoked, "by", manager->id);
	(void)cJSON_AddStringToObject(revoked, "at", "2025-11-24T16:00:00.000Z");
	practice_write_on(p, manager, &p->main, "devices/auditor.json", r);
	practice_push(p, manager);
}

void live(struct practice *p)
{
	struct fixture_device *staff = practice_device(p, "fle-staff");
	char path[TREE_PATH_MAX];

	send_answers(p, 1, 3);
	practice_write(p, staff, path, action(p, staff, path));
	practice_push(p, staff);
	edit_apart(p, path);
	follow(p, "lead-icb");
	write_kinds(p);
	invite_and_revoke(p);
	send_answers(p, 4, 5);
}
