/* server/config.c - the server's folder as a whole. */
#include "server/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/limits_json.h"

/* 2020-01-01: clients whose clock is years late still find the certificate valid */
#define EARLY_START_MS 1577836800000LL
#define DAY_MS 86400000LL

enum status config_read_key(struct key **out, const char *dir, const char *name, struct error *e)
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

enum status config_make_key(struct key **out, const char *dir, const char *name, struct error *e)
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

static int64_t end_of_validity(const struct env *env)
{
	int64_t now_ms = env->now_ms(env->ctx);

	return (now_ms < EARLY_START_MS ? EARLY_START_MS : now_ms) + LIMIT_AUTHORITY_DAYS * DAY_MS;
}

static enum status write_text(const char *dir, const char *name, const struct buf *text, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, name, e);

	return st == STATUS_OK ? file_write(path, text->data, text->len, 0644, e) : st;
}

/* Key and certificate of the CA, then of the server, into *c and into files. */
static enum status make_certificates(struct config *c, const char *dir, const char *const *names, size_t names_len,
				     const struct env *env, struct error *e)
{
	struct cert_request ca = {.usage = CERT_CA, .common_name = "qip server CA", .not_before_ms = EARLY_START_MS};
	struct cert_request tls = {.usage = CERT_SERVER, .common_name = "qip server", .not_before_ms = EARLY_START_MS};
	enum status st = config_make_key(&c->ca_key, dir, "ca.key", e);

	if (st == STATUS_OK)
		st = config_make_key(&c->tls_key, dir, "tls.key", e);
	if (st != STATUS_OK)
		return st;
	ca.not_after_ms = tls.not_after_ms = end_of_validity(env);
	ca.subject = c->ca_key;
	tls.subject = c->tls_key;
	for (size_t i = 0; i < names_len; i++)
		tls.names[i] = names[i];
	tls.names_len = names_len;
	st = cert_issue(&c->ca_pem, &ca, c->ca_key, NULL, e);
	if (st == STATUS_OK)
		st = cert_issue(&c->tls_pem, &tls, c->ca_key, buf_text(&c->ca_pem), e);
	if (st == STATUS_OK)
		st = write_text(dir, "ca.crt", &c->ca_pem, e);
	if (st == STATUS_OK)
		st = write_text(dir, "tls.crt", &c->tls_pem, e);
	return st;
}

static enum status write_server_json(const char *path, const char *const *names, size_t names_len, struct error *e)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = root ? cJSON_CreateStringArray(names, (int)names_len) : NULL;
	enum status st = STATUS_NOMEM;

	if (root)
		st = json_set(root, "hosts", list);
	if (st == STATUS_OK)
		st = json_set_string(root, "schema", "server/1");
	if (st == STATUS_OK)
		st = file_write_json(path, root, e);
	else
		st = error_set(e, st, "out of memory");
	cJSON_Delete(root);
	return st;
}

static bool add_name(const char **names, size_t *len, const char *name)
{
	for (size_t i = 0; i < *len; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	if (*len == CERT_NAMES_MAX)
		return false;
	names[(*len)++] = name;
	return true;
}

/* What an init that was cut short left behind may be there, and what a file system puts into its root. */
static bool may_be_there(const char *name)
{
	static const char *const known[] = {".", "..", "lost+found", "ca.key", "ca.crt", "tls.key", "tls.crt"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(name, known[i]) == 0)
			return true;
	}
	return len > 4 && strcmp(name + len - 4, ".new") == 0; /* see file_write */
}

/* Keys are not written among other programs' files: into /srv instead of /srv/qip, say. */
static enum status check_unused(const char *dir, struct error *e)
{
	const struct dirent *entry = NULL;
	enum status st = STATUS_OK;
	DIR *d = opendir(dir);

	if (!d)
		return error_set_errno(e, errno, "cannot read the folder %s", dir);
	while (st == STATUS_OK && (entry = readdir(d)) != NULL) {
		if (!may_be_there(entry->d_name))
			st = error_set(e, STATUS_EXISTS, "there are other files in %s; please name a new or empty folder",
				       dir);
	}
	(void)closedir(d);
	return st;
}

enum status config_create(const char *dir, const char *const *hosts, size_t hosts_len, const struct env *env,
			  struct error *e)
{
	const char *names[CERT_NAMES_MAX] = {"localhost", "127.0.0.1", "::1"};
	size_t names_len = 3;
	struct config c = CONFIG_INIT;
	char path[FILE_PATH_MAX], own[65] = "";
	enum status st = file_path(path, dir, "server.json", e);

	if (st != STATUS_OK)
		return st;
	if (file_exists(path))
		return error_set(e, STATUS_EXISTS,
				 "%s is a server folder already; to change its names, start a new one", dir);
	for (size_t i = 0; i < hosts_len; i++) {
		if (!add_name(names, &names_len, hosts[i]))
			return error_set(e, STATUS_USAGE,
					 "a certificate takes at most %d names beyond the machine's own",
					 CERT_NAMES_MAX - 3);
	}
	/* a machine without a proper name has none to add */
	if (gethostname(own, sizeof(own) - 1) == 0 && own[0])
		(void)add_name(names, &names_len, own);
	st = file_mkdir(dir, 0700, e);
	if (st == STATUS_OK)
		st = check_unused(dir, e);
	if (st == STATUS_OK)
		st = make_certificates(&c, dir, names, names_len, env, e);
	if (st == STATUS_OK)
		st = write_server_json(path, names, names_len, e);
	config_clear(&c);
	return st;
}

static enum status read_text(struct buf *out, const char *dir, const char *name, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, name, e);

	return st == STATUS_OK ? file_read(out, path, e) : st;
}

static enum status read_server_json(struct config *c, const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	const char *schema = NULL;
	enum status st = file_path(path, dir, "server.json", e);

	if (st != STATUS_OK)
		return st;
	if (!file_exists(path))
		return error_set(e, STATUS_NOT_FOUND, "%s is no server folder; make one with: qip-server init %s", dir,
				 dir);
	st = file_read_json(&root, path, e);
	if (st != STATUS_OK)
		return st;
	schema = json_string(root, "schema");
	if (!schema || strcmp(schema, "server/1") != 0)
		st = error_set(e, STATUS_UNSUPPORTED, "%s was written by another version of qip-server", path);
	if (st == STATUS_OK) {
		st = limits_read(&c->limits, cJSON_GetObjectItemCaseSensitive(root, "limits"), e);
		if (st != STATUS_OK)
			st = error_prefix(e, st, "%s", path);
	}
	cJSON_Delete(root);
	return st;
}

enum status config_load(struct config *out, const char *dir, struct error *e)
{
	struct config c = CONFIG_INIT;
	enum status st = read_server_json(&c, dir, e);

	if (st == STATUS_OK)
		st = config_read_key(&c.ca_key, dir, "ca.key", e);
	if (st == STATUS_OK)
		st = config_read_key(&c.tls_key, dir, "tls.key", e);
	if (st == STATUS_OK)
		st = read_text(&c.ca_pem, dir, "ca.crt", e);
	if (st == STATUS_OK)
		st = read_text(&c.tls_pem, dir, "tls.crt", e);
	if (st == STATUS_OK)
		st = cert_fingerprint(c.ca_fingerprint, buf_text(&c.ca_pem), e);
	if (st == STATUS_OK && snprintf(c.dir, sizeof(c.dir), "%s", dir) >= (int)sizeof(c.dir))
		st = error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	if (st == STATUS_OK) {
		*out = c;
		c = (struct config)CONFIG_INIT;
	}
	config_clear(&c);
	return st;
}

void config_clear(struct config *c)
{
	key_free(c->ca_key);
	key_free(c->tls_key);
	buf_clear(&c->ca_pem);
	buf_clear(&c->tls_pem);
	*c = (struct config)CONFIG_INIT;
}
