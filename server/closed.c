/* server/closed.c - a restored practice, until it is opened. */
#include "server/closed.h"

#include <stdio.h>
#include <string.h>

static enum status path_of(char out[FILE_PATH_MAX], const char *dir, struct error *e)
{
	return file_path(out, dir, "closed.json", e);
}

enum status closed_write(const char *dir, const struct closed *c, struct error *e)
{
	char path[FILE_PATH_MAX], hex[OID_HEX_LEN + 1];
	cJSON *root = cJSON_CreateObject();
	enum status st = root ? json_set_string(root, "restored", c->restored) : STATUS_NOMEM;

	oid_hex(hex, &c->main);
	if (st == STATUS_OK)
		st = json_set_string(root, "backup", c->backup);
	if (st == STATUS_OK)
		st = json_set_string(root, "main", hex);
	if (st == STATUS_OK)
		st = json_set_integer(root, "index", c->index);
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "closed/1");
	if (st == STATUS_OK)
		st = path_of(path, dir, e);
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	cJSON_Delete(root);
	return st;
}

static bool parse(struct closed *c, const cJSON *root)
{
	const char *restored = json_string(root, "restored"), *backup = json_string(root, "backup"),
		   *main_hex = json_string(root, "main");

	if (!restored || !backup || !main_hex || strlen(restored) >= TIME_TEXT_MAX || strlen(backup) >= TIME_TEXT_MAX)
		return false;
	(void)snprintf(c->restored, sizeof(c->restored), "%s", restored);
	(void)snprintf(c->backup, sizeof(c->backup), "%s", backup);
	return oid_parse(&c->main, main_hex, strlen(main_hex)) == STATUS_OK && json_integer(root, "index", &c->index);
}

enum status closed_read(struct closed *out, const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct closed c = {.index = 0};
	cJSON *root = NULL;
	enum status st = path_of(path, dir, e);

	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st != STATUS_OK)
		return st;
	if (parse(&c, root))
		*out = c;
	else
		st = error_set(e, STATUS_CORRUPT, "%s is damaged", path);
	cJSON_Delete(root);
	return st;
}

enum status closed_remove(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = path_of(path, dir, e);

	return st == STATUS_OK ? file_remove(path, e) : st;
}

enum status closed_check(struct practice *p, struct error *e)
{
	struct closed c;
	enum status st = STATUS_OK;

	if (atomic_load(&p->seen_open))
		return STATUS_OK;
	st = closed_read(&c, p->dir, e);
	if (st == STATUS_OK)
		return error_set(e, STATUS_CLOSED, CLOSED_SENTENCE);
	if (st != STATUS_NOT_FOUND)
		return st;
	atomic_store(&p->seen_open, true);
	return STATUS_OK;
}
