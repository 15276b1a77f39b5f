/* server/kept_taken.c - see kept.h: which manager's device takes over what a revoked device sent.
 *
 * What two managers take over at the same time would be in the log twice, each under its own name: the first says so here before it makes anything.
 * Whether it was taken over is for the log to say; this holds only until that device has synced what it made of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "server/kept.h"

static enum status path_of(char out[FILE_PATH_MAX], const struct practice *p, int64_t number, struct error *e)
{
	char name[64];

	(void)snprintf(name, sizeof(name), KEPT_DIR "/%" PRId64 KEPT_TAKEN_END, number);
	return file_path(out, p->dir, name, e);
}

enum status kept_taken_read(struct kept_taken *out, const struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX];
	const char *by = NULL, *last = NULL, *through = NULL, *at = NULL;
	struct kept_taken t = {.by = ""};
	cJSON *root = NULL;
	enum status st = path_of(path, p, number, e);

	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st == STATUS_NOT_FOUND)
		return st;
	by = json_string(root, "by");
	last = json_string(root, "last");
	at = json_string(root, "at");
	through = json_string(root, "through"); /* and since: not where an older program wrote it */
	(void)json_integer(root, "since", &t.since);
	if (st != STATUS_OK || (through && oid_parse(&t.through, through, strlen(through)) != STATUS_OK) || !by || !name_valid(by) || !last || oid_parse(&t.last, last, strlen(last)) != STATUS_OK || !at || strlen(at) >= sizeof(t.at)) {
		st = error_set(e, STATUS_CORRUPT, "%s is damaged; remove it, unless a manager takes No %" PRId64 " over at the moment", path, number);
	} else {
		(void)snprintf(t.by, sizeof(t.by), "%s", by);
		(void)snprintf(t.at, sizeof(t.at), "%s", at);
		*out = t;
	}
	cJSON_Delete(root);
	return st;
}

enum status kept_taken_write(const struct kept_taken *t, const struct practice *p, int64_t number, struct error *e)
{
	char path[FILE_PATH_MAX], hex[OID_HEX_LEN + 1];
	cJSON *root = cJSON_CreateObject();
	enum status st = json_set_string(root, "schema", "kept-taken/1");

	oid_hex(hex, &t->last);
	if (st == STATUS_OK)
		st = json_set_string(root, "by", t->by);
	if (st == STATUS_OK)
		st = json_set_string(root, "last", hex);
	oid_hex(hex, &t->through);
	if (st == STATUS_OK && !oid_is_zero(&t->through))
		st = json_set_string(root, "through", hex);
	if (st == STATUS_OK)
		st = json_set_integer(root, "since", t->since);
	if (st == STATUS_OK)
		st = json_set_string(root, "at", t->at);
	if (st == STATUS_OK)
		st = path_of(path, p, number, e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	return st;
}
