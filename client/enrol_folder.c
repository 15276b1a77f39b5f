/* client/enrol_folder.c - see enrol_folder.h. Each step may be repeated. */
#include "client/enrol_folder.h"

#include <stdio.h>
#include <fcntl.h>
#include <unistd.h>

#include "client/files.h"
#include "client/wire.h"
#include "core/tls.h"

#define HISTORY_TMP HOME_HISTORY ".tmp"

enum status enrol_folder(struct qip *q, struct error *e)
{
	enum status st = STATUS_OK;

	if (faccessat(q->dir, HOME_CONFIG, F_OK, 0) == 0)
		return error_set(e, STATUS_EXISTS, "%s is joined already: join another device in a home of its own", q->path);
	st = files_make_dir(q->dir, HOME_BLOBS, e);
	if (st == STATUS_OK)
		st = files_make_dir(q->dir, HOME_REFUSED, e);
	return st == STATUS_OK ? rules_get(&q->rules, RULES_VERSION, e) : st;
}

enum status enrol_fetch_ca(struct qip *q, const struct code *code, struct error *e)
{
	struct wire w = {0};
	enum status st = wire_set_url(&w, q->identity.url, e);
	const struct tls_client_options o = wire_options(&w, LIMIT_CONNECT_MS);

	if (st == STATUS_OK)
		st = tls_fetch_ca(&q->ca_pem, &o, code->ca_pin, CODE_PIN_LEN, e);
	if (st == STATUS_OK && !buf_ok(&q->ca_pem))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = files_write(q->dir, HOME_CA, q->ca_pem.data, q->ca_pem.len, 0600, e);
	wire_clear(&w);
	return st;
}

/* A repository is complete or not there: made beside, then renamed. */
enum status enrol_open_history(struct qip *q, struct error *e)
{
	char path[HOME_PATH_MAX], tmp[HOME_PATH_MAX];
	enum status st = qip_home_path(path, sizeof(path), q, HOME_HISTORY);

	if (st == STATUS_OK)
		st = qip_home_path(tmp, sizeof(tmp), q, HISTORY_TMP);
	if (st != STATUS_OK)
		return error_set(e, st, "the name of the home folder is too long");
	if (access(path, F_OK) != 0) {
		files_remove_tree(q->dir, HISTORY_TMP);
		st = repo_create(tmp, e);
		if (st == STATUS_OK && rename(tmp, path) != 0)
			st = error_set(e, STATUS_IO, "cannot make %s", path);
	}
	if (st == STATUS_OK)
		st = repo_open(&q->repo, path, e);
	return st == STATUS_OK ? repo_intake_sweep(q->repo, e) : st;
}
