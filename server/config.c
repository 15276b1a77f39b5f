/* server/config.c - the server's folder as a whole. */
#include "server/config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/limits_json.h"

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
	char path[FILE_PATH_MAX], own[65] = "";
	enum status st = file_path(path, dir, CONFIG_FILE, e);

	if (st != STATUS_OK)
		return st;
	if (file_exists(path))
		return error_set(e, STATUS_EXISTS,
				 "%s is a server folder already; qip-server certificates %s --renew --host NAME adds a name", dir, dir);
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
		st = authority_create(dir, names, names_len, env, e);
	if (st == STATUS_OK)
		st = write_server_json(path, names, names_len, e);
	return st;
}

/* ---- reading ---- */

static enum status read_address(struct address *out, const cJSON *value, const char *setting, struct error *e)
{
	if (cJSON_IsString(value) && address_parse(out, value->valuestring))
		return STATUS_OK;
	return error_set(e, STATUS_INVALID, "%s: an address has the form \"host:port\", or \"[::]:8443\"", setting);
}

static enum status read_listen(struct config *c, const cJSON *value, struct error *e)
{
	const cJSON *one = NULL;
	enum status st = STATUS_OK;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) < 1 || cJSON_GetArraySize(value) > LIMIT_LISTEN)
		return error_set(e, STATUS_INVALID, "listen: must be a list of 1 to %d addresses, like [\"0.0.0.0:8443\",\"[::]:8443\"]", LIMIT_LISTEN);
	cJSON_ArrayForEach(one, value)
	{
		if (st == STATUS_OK)
			st = read_address(&c->listen[c->listen_len++], one, "listen", e);
	}
	return st;
}

static enum status read_hosts(struct config *c, const cJSON *value, struct error *e)
{
	const cJSON *one = NULL;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) < 1 || cJSON_GetArraySize(value) > CERT_NAMES_MAX)
		return error_set(e, STATUS_INVALID, "hosts: must be a list of 1 to %d names", CERT_NAMES_MAX);
	cJSON_ArrayForEach(one, value)
	{
		if (!cJSON_IsString(one) || strlen(one->valuestring) >= ADDRESS_HOST_MAX)
			return error_set(e, STATUS_INVALID, "hosts: a name is a text of fewer than %d bytes", ADDRESS_HOST_MAX);
		(void)snprintf(c->hosts[c->hosts_len++], ADDRESS_HOST_MAX, "%s", one->valuestring);
	}
	return STATUS_OK;
}

/* It is looked at before all others. */
static enum status read_schema(struct config *c, const cJSON *value, struct error *e)
{
	(void)c;
	(void)value;
	(void)e;
	return STATUS_OK;
}

static enum status read_admin(struct config *c, const cJSON *value, struct error *e)
{
	return read_address(&c->admin, value, "admin", e);
}

static enum status read_limits(struct config *c, const cJSON *value, struct error *e)
{
	return limits_read(&c->limits, value, e);
}

static const struct setting {
	const char *name;
	enum status (*read)(struct config *c, const cJSON *value, struct error *e);
} settings[] = {
	{"schema", read_schema}, {"hosts", read_hosts}, {"listen", read_listen}, {"admin", read_admin}, {"limits", read_limits},
};

static enum status refuse_setting(const char *name, struct error *e)
{
	struct buf known = BUF_INIT;
	enum status st = STATUS_OK;

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		buf_addf(&known, "%s%s", i == 0 ? "" : ", ", settings[i].name);
	st = error_set(e, STATUS_INVALID, "there is no setting \"%s\", only: %s; see qip-server.json(5)", name, buf_text(&known));
	buf_clear(&known);
	return st;
}

static enum status read_setting(struct config *c, const cJSON *member, struct error *e)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		if (strcmp(member->string, settings[i].name) == 0)
			return settings[i].read(c, member, e);
	}
	return refuse_setting(member->string, e);
}

static enum status read_json(struct config *c, const cJSON *root, struct error *e)
{
	const char *schema = json_string(root, "schema");
	const cJSON *member = NULL;
	enum status st = STATUS_OK;

	if (!schema || strcmp(schema, "server/1") != 0)
		return error_set(e, STATUS_UNSUPPORTED, "it was written by another version of qip-server");
	cJSON_ArrayForEach(member, root)
	{
		if (st == STATUS_OK)
			st = read_setting(c, member, e);
	}
	return st;
}

static enum status read_server_json(struct config *c, const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	enum status st = file_path(path, dir, CONFIG_FILE, e);

	if (st != STATUS_OK)
		return st;
	if (!file_exists(path))
		return error_set(e, STATUS_NOT_FOUND, "%s is no server folder; make one with: qip-server init %s", dir,
				 dir);
	st = file_read_json(&root, path, e);
	if (st != STATUS_OK)
		return st;
	c->limits = limits_default;
	st = read_json(c, root, e);
	if (st != STATUS_OK)
		st = error_prefix(e, st, "%s", path);
	cJSON_Delete(root);
	return st;
}

enum status config_load(struct config *out, const char *dir, struct error *e)
{
	struct config c = CONFIG_INIT;
	enum status st = read_server_json(&c, dir, e);

	if (st == STATUS_OK)
		st = authority_load(&c.authority, dir, e);
	if (st == STATUS_OK && snprintf(c.dir, sizeof(c.dir), "%s", dir) >= (int)sizeof(c.dir))
		st = error_set(e, STATUS_TOO_BIG, "the folder's path is too long");
	if (st != STATUS_OK) {
		config_clear(&c);
		return st;
	}
	*out = c;
	return STATUS_OK;
}

enum status config_set_hosts(const struct config *c, struct error *e)
{
	const char *names[CERT_NAMES_MAX];
	char path[FILE_PATH_MAX];
	cJSON *root = NULL;
	enum status st = file_path(path, c->dir, CONFIG_FILE, e);

	for (size_t i = 0; i < c->hosts_len; i++)
		names[i] = c->hosts[i];
	if (st == STATUS_OK)
		st = file_read_json(&root, path, e);
	if (st != STATUS_OK)
		return st;
	st = json_set(root, "hosts", cJSON_CreateStringArray(names, (int)c->hosts_len));
	st = st == STATUS_OK ? file_write_json(path, root, e) : error_set(e, st, "out of memory");
	cJSON_Delete(root);
	return st;
}

void config_clear(struct config *c)
{
	authority_release(c->authority);
	*c = (struct config)CONFIG_INIT;
}
