/* client/people.c - see people.h. */
#include "client/people.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/build.h"
#include "client/files.h"
#include "client/sealed.h"

#define FILE_NAME "person.json"
#define FILE_SCHEMA "home-person/1"
#define MIN_ID_PREFIX 8
#define ROOM 512 /* that each name takes, filled up with zero bytes */

_Static_assert(ROOM > PEOPLE_NAME_MAX, "a name ends with a zero byte");

void people_path(char out[TREE_PATH_MAX], const char *id)
{
	(void)snprintf(out, TREE_PATH_MAX, "people/%.36s.json", id);
}

/* ---- names ---- */

enum status people_seal_name(cJSON **ref, struct qip *q, const char *id, const char *name, struct error *e)
{
	char plain[ROOM] = "";
	size_t len = strlen(name);
	enum status st = STATUS_OK;

	if (len > PEOPLE_NAME_MAX)
		return error_set(e, STATUS_TOO_BIG, "the name is longer than %d bytes; please shorten it", PEOPLE_NAME_MAX);
	memcpy(plain, name, len);
	st = sealed_make(ref, q, SEALED_NAME, id, plain, sizeof(plain), e);
	explicit_bzero(plain, sizeof(plain));
	return st;
}

enum status people_name(struct buf *out, struct qip *q, const cJSON *person, struct error *e)
{
	const char *id = json_string(person, "id");
	const cJSON *ref = json_get(person, "name");
	struct buf plain = BUF_SECRET;
	enum status st = STATUS_OK;

	if (!id || !ref)
		return error_set(e, STATUS_NOT_FOUND, "no name was given");
	st = sealed_open(&plain, q, SEALED_NAME, id, ref, e);
	if (st == STATUS_OK)
		buf_add(out, plain.data, strnlen((const char *)plain.data, plain.len));
	buf_wipe(&plain);
	return st;
}

/* ---- finding one ---- */

struct finding {
	const char *ref;
	cJSON *found; /* owned */
	size_t count;
};

static enum status find_one(void *ctx, const char *path, const cJSON *record, struct error *e)
{
	struct finding *f = ctx;
	const char *id = json_string(record, "id");

	(void)path;
	if (!id || strncasecmp(id, f->ref, strlen(f->ref)) != 0 || f->count++ > 0)
		return STATUS_OK;
	f->found = cJSON_Duplicate(record, true);
	return f->found ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

enum status people_find(cJSON **person, struct qip *q, const char *ref, struct error *e)
{
	struct finding f = {.ref = ref};
	enum status st = strlen(ref) >= MIN_ID_PREFIX ? qip_each(q, "people/", find_one, &f, e) : STATUS_OK;

	if (st == STATUS_OK && f.count == 0)
		st = error_set(e, STATUS_NOT_FOUND, "there is no person \"%.40s\"; name one by at least %d characters of the id: qip people list", ref, MIN_ID_PREFIX);
	else if (st == STATUS_OK && f.count > 1)
		st = error_set(e, STATUS_INVALID, "\"%.40s\" means %zu people; please give more of the id: qip people list --json", ref, f.count);
	if (st == STATUS_OK) {
		*person = f.found;
		f.found = NULL;
	}
	cJSON_Delete(f.found);
	return st;
}

/* ---- whose home it is ---- */

enum status people_me(char out[ID_TEXT_LEN + 1], const struct qip *q, struct error *e)
{
	cJSON *file = NULL;
	const char *id = NULL;
	enum status st = files_read_json(&file, q->dir, FILE_NAME, e);

	out[0] = '\0';
	if (st == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (st == STATUS_OK)
		id = json_string(file, "person");
	if (id && id_valid(id))
		memcpy(out, id, ID_TEXT_LEN + 1);
	else if (st == STATUS_OK || st == STATUS_MALFORMED || st == STATUS_CORRUPT)
		st = error_set(e, STATUS_CORRUPT, "%s/" FILE_NAME " is damaged; please say again whose device this is: qip people me ID, or --none", q->path);
	cJSON_Delete(file);
	return st;
}

enum status people_set_me(const struct qip *q, const char *id, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = NULL;

	if (!id)
		return files_remove(q->dir, FILE_NAME, e);
	file = build_object(&st);
	build_string(&st, file, "schema", FILE_SCHEMA);
	build_string(&st, file, "person", id);
	if (st == STATUS_OK)
		st = files_write_json(q->dir, FILE_NAME, file, 0600, e);
	else
		st = error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

void people_act_as(struct qip *q, const char *ref)
{
	q->acts_as = ref;
}

/* Somebody who may edit today. */
static enum status check_editor(char out[ID_TEXT_LEN + 1], const struct qip *q, const cJSON *person, struct error *e)
{
	const char *id = json_string(person, "id"), *left = json_string(person, "left");
	char today[11];

	date_format(today, state_now_ms(&q->state, q->env));
	if (left && strcmp(left, today) < 0)
		return error_set(e, STATUS_INVALID,
				 "the person %.13s, who is said to make this change, left on %s; please say who it is: qip people list, then qip people me ID", id, left);
	(void)snprintf(out, ID_TEXT_LEN + 1, "%s", id);
	return STATUS_OK;
}

enum status people_editor(char out[ID_TEXT_LEN + 1], struct qip *q, struct error *e)
{
	char me[ID_TEXT_LEN + 1] = "";
	cJSON *person = NULL;
	const char *ref = q->acts_as ? q->acts_as : me;
	enum status st = q->acts_as ? STATUS_OK : people_me(me, q, e);

	if (st != STATUS_OK || !ref[0]) {
		out[0] = '\0';
		return st;
	}
	st = people_find(&person, q, ref, e);
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, STATUS_INVALID,
			       "there is no person \"%.40s\", who is said to make this change; sync, or say who it is: qip people list, then qip people me ID", ref);
	if (st == STATUS_OK)
		st = check_editor(out, q, person, e);
	cJSON_Delete(person);
	return st;
}
