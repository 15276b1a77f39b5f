/* client/shut_out.c - see shut_out.h. */
#include "client/shut_out.h"

#include <string.h>

#include "client/build.h"
#include "client/files.h"
#include "client/rotate.h"

#define SHUT_OUT_FILE "shut-out.json"
#define SCHEMA "shut-out/1"

static int place_of(const cJSON *devices, const char *device)
{
	int i = 0;
	const cJSON *item = NULL;

	cJSON_ArrayForEach(item, devices)
	{
		if (cJSON_IsString(item) && strcmp(item->valuestring, device) == 0)
			return i;
		i++;
	}
	return -1;
}

/* One that cannot be read is begun anew. */
static enum status read_list(struct shut_out *out, const struct qip *q, struct error *e)
{
	cJSON *file = NULL, *list = NULL;

	if (files_read_json(&file, q->dir, SHUT_OUT_FILE, NULL) == STATUS_OK)
		list = cJSON_DetachItemFromObjectCaseSensitive(file, "devices");
	cJSON_Delete(file);
	if (!cJSON_IsArray(list)) {
		cJSON_Delete(list);
		list = cJSON_CreateArray();
	}
	out->devices = list;
	return list ? STATUS_OK : error_set(e, STATUS_NOMEM, "out of memory");
}

static enum status write_list(const struct shut_out *s, const struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;
	cJSON *file = build_object(&st);

	build_string(&st, file, "schema", SCHEMA);
	build_item(&st, file, "devices", cJSON_Duplicate(s->devices, true));
	st = st == STATUS_OK ? files_write_json(q->dir, SHUT_OUT_FILE, file, 0600, e) : error_set(e, st, "out of memory");
	cJSON_Delete(file);
	return st;
}

enum status shut_out_note(struct shut_out *out, struct qip *q, const struct registry *reg, const cJSON *newest, struct error *e)
{
	enum status st = read_list(out, q, e);
	bool grown = false;

	for (size_t i = 0; st == STATUS_OK && i < reg->devices_len; i++) {
		const struct device *d = &reg->devices[i];

		if ((!d->revoked && !rotate_leaves_out(newest, d->id)) || shut_out_has(out, d->id))
			continue;
		grown = true;
		if (!cJSON_AddItemToArray(out->devices, cJSON_CreateString(d->id)))
			st = error_set(e, STATUS_NOMEM, "out of memory");
	}
	return st == STATUS_OK && grown ? write_list(out, q, e) : st;
}

enum status shut_out_forget(struct qip *q, const char *device, struct error *e)
{
	struct shut_out s = SHUT_OUT_INIT;
	enum status st = read_list(&s, q, e);
	int at = place_of(s.devices, device);

	if (st == STATUS_OK && at >= 0) {
		cJSON_DeleteItemFromArray(s.devices, at);
		st = write_list(&s, q, e);
	}
	shut_out_clear(&s);
	return st;
}

bool shut_out_has(const struct shut_out *s, const char *device)
{
	return place_of(s->devices, device) >= 0;
}

void shut_out_clear(struct shut_out *s)
{
	cJSON_Delete(s->devices);
	s->devices = NULL;
}
