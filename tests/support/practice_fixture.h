/* tests/support/practice_fixture.h - one practice for each test of a program, and short words for what its devices do. */
#ifndef QIP_TESTS_SUPPORT_PRACTICE_FIXTURE_H
#define QIP_TESTS_SUPPORT_PRACTICE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/must.h"
#include "tests/support/practice.h"

#define UNUSED __attribute__((unused))

static struct practice p;
static UNUSED struct fixture_device *manager, *staff, *kiosk;

static int begin(void **state)
{
	(void)state;
	practice_begin(&p);
	manager = practice_device(&p, "kib-manager");
	staff = practice_device(&p, "fle-staff");
	kiosk = practice_device(&p, "kib-kiosk");
	return 0;
}

static int end(void **state)
{
	(void)state;
	practice_end(&p);
	return 0;
}

static UNUSED void set(const struct fixture_device *d, cJSON *record, const char *slot, cJSON *value)
{
	struct stamp s = practice_stamp(&p, d, "2025-11-01");
	struct error e = {0};

	must(record_set(record, slot, value, &s, &e), &e);
}

static UNUSED void set_text(const struct fixture_device *d, cJSON *record, const char *slot, const char *value)
{
	set(d, record, slot, cJSON_CreateString(value));
}

/* A new action point by a device; its path into `path`. */
static UNUSED cJSON *action(const struct fixture_device *d, char path[TREE_PATH_MAX])
{
	char id[ID_TEXT_LEN + 1];
	cJSON *r = cJSON_CreateObject();

	practice_id(&p, id);
	(void)cJSON_AddStringToObject(r, "schema", "action/1");
	(void)cJSON_AddStringToObject(r, "id", id);
	set_text(d, r, "ref", "QIP-01");
	set_text(d, r, "status", "red");
	(void)snprintf(path, TREE_PATH_MAX, "qip/%s.json", id);
	return r;
}

/* how: "retired" or "revoked". Not pushed yet. */
static UNUSED void end_device(const char *id, const char *how, struct fixture_device *by)
{
	char path[TREE_PATH_MAX];
	cJSON *record, *ended = cJSON_CreateObject();

	(void)snprintf(path, sizeof(path), "devices/%s.json", id);
	record = practice_read(&p, &p.main_tree, path);
	(void)cJSON_AddStringToObject(ended, "by", by->id);
	(void)cJSON_AddStringToObject(ended, "at", "2025-11-24T16:00:00.000Z");
	(void)cJSON_AddItemToObject(record, how, ended);
	practice_write(&p, by, path, record);
}

#endif
