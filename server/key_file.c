/* server/key_file.c - private keys as files of the server's folder. */
#include "server/key_file.h"

#include "server/file.h"

enum status key_file_read(struct key **out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf pem = BUF_INIT;
	enum status st = file_path(path, dir, name, e);

	if (st == STATUS_OK)
		st = file_read(&pem, path, e);
	if (st == STATUS_OK) {
		st = key_from_pem(out, buf_text(&pem), e);
		if (st != STATUS_OK)
			st = error_prefix(e, st, "%s", path);
	}
	buf_wipe(&pem);
	return st;
}

enum status key_file_make(struct key **out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	struct buf pem = BUF_INIT;
	struct key *key = NULL;
	enum status st = file_path(path, dir, name, e);

	if (st == STATUS_OK)
		st = key_generate(&key, e);
	if (st == STATUS_OK) {
		st = key_to_pem(&pem, key);
		if (st != STATUS_OK)
			st = error_set(e, st, "cannot write the new key down: %s", status_text(st));
	}
	if (st == STATUS_OK)
		st = file_write(path, pem.data, pem.len, 0600, e);
	if (st == STATUS_OK) {
		*out = key;
		key = NULL;
	}
	key_free(key);
	buf_wipe(&pem);
	return st;
}
