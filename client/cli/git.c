/* client/cli/git.c - qip allowed-signers, git-config: what stock git and ssh-keygen need to read and check a practice's
 * history. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fcntl.h>

#include "client/cli/cli.h"
#include "core/head.h"
#include "core/signature.h"

const struct arg_option options_git_config[] = {
	{"write", "FILE", "write it to FILE, and the signers to \"allowed_signers\" beside it", false},
	{NULL, NULL, NULL, false},
};

static void add_signer(struct buf *out, const char *name, const char *ods, const char *namespaces, const char *key)
{
	char email[96];

	head_email(email, name, ods);
	buf_addf(out, "%s namespaces=\"%s\" %s\n", email, namespaces, key);
}

/* A line for each key that may have signed a commit, a certificate of audit or a checkpoint: the server's, and every device's that enrolled, be they retired
 * or revoked since. */
static enum status signers(struct buf *out, struct cli *c, struct error *e)
{
	struct registry reg = REGISTRY_INIT;
	enum status st = qip_registry(&reg, c->q, e);

	for (size_t i = 0; st == STATUS_OK && i < reg.server_keys_len; i++)
		add_signer(out, "server", reg.ods, SIGNATURE_NAMESPACE_GIT, reg.server_keys[i].ssh);
	for (size_t i = 0; st == STATUS_OK && i < reg.devices_len; i++)
		if (reg.devices[i].key)
			add_signer(out, reg.devices[i].id, reg.ods,
				   SIGNATURE_NAMESPACE_GIT "," SIGNATURE_NAMESPACE_AUDIT "," SIGNATURE_NAMESPACE_CHECKPOINT, reg.devices[i].key_ssh);
	registry_clear(&reg);
	return st == STATUS_OK && !buf_ok(out) ? error_set(e, STATUS_NOMEM, "out of memory") : st;
}

enum status cmd_allowed_signers(struct cli *c, struct error *e)
{
	struct buf text = BUF_INIT;
	enum status st = cli_no_json(c, e);

	if (st == STATUS_OK)
		st = cli_open(c, e);

	if (st == STATUS_OK)
		st = signers(&text, c, e);
	if (st == STATUS_OK)
		fputs(buf_text(&text), c->out);
	buf_clear(&text);
	return st;
}

/* A value in git's own quoting (git-config(1), "Values"). */
static void add_value(struct buf *out, const char *name, const char *value)
{
	buf_addf(out, "\t%s = \"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
	buf_adds(out, "\"\n");
}

static enum status add_home_file(struct buf *out, struct cli *c, const char *name, const char *file, struct error *e)
{
	char path[PATH_MAX], *whole;
	enum status st = qip_home_path(path, sizeof(path), c->q, file);

	if (st != STATUS_OK)
		return error_set(e, st, "the home's path is too long");
	whole = realpath(path, NULL);
	if (!whole)
		return error_set_errno(e, errno, "%.200s", path);
	add_value(out, name, whole);
	free(whole);
	return STATUS_OK;
}

static enum status config(struct buf *out, struct cli *c, const char *signers_path, struct error *e)
{
	static const struct {
		const char *name, *file;
	} files[] = {{"sslCert", "device.crt"}, {"sslKey", "device.key"}, {"sslCAInfo", "ca.crt"}};
	enum status st = STATUS_OK;

	buf_addf(out, "[http \"%s/\"]\n", qip_identity(c->q)->url);
	for (size_t i = 0; i < ARRAY_LEN(files) && st == STATUS_OK; i++)
		st = add_home_file(out, c, files[i].name, files[i].file, e);
	buf_adds(out, "[gpg]\n\tformat = ssh\n[gpg \"ssh\"]\n");
	add_value(out, "allowedSignersFile", signers_path);
	return st == STATUS_OK && !buf_ok(out) ? error_set(e, STATUS_NOMEM, "out of memory") : st;
}

/* Beside it under another name first, so that git never reads half a file. */
static enum status write_file(const char *path, const struct buf *text, struct error *e)
{
	char new_path[PATH_MAX];
	ssize_t n;
	int fd, code = 0;

	if (snprintf(new_path, sizeof(new_path), "%s.new", path) >= (int)sizeof(new_path))
		return error_set(e, STATUS_TOO_BIG, "the path %.200s is too long", path);
	fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(e, errno, "cannot write %.200s", new_path);
	for (size_t at = 0; at < text->len && code == 0; at += (size_t)n) {
		n = write(fd, text->data + at, text->len - at);
		if (n < 0) {
			code = errno;
			break;
		}
	}
	if (code == 0 && fsync(fd) != 0)
		code = errno;
	if (close(fd) != 0 && code == 0)
		code = errno;
	if (code == 0 && rename(new_path, path) != 0)
		code = errno;
	if (code != 0) {
		(void)unlink(new_path);
		return error_set_errno(e, code, "cannot write %.200s", path);
	}
	return STATUS_OK;
}

/* "allowed_signers" in the folder of `file`, as a whole path. */
static enum status signers_beside(char out[PATH_MAX], const char *file, struct error *e)
{
	const char *slash = strrchr(file, '/');
	char folder[PATH_MAX], *whole;
	int n;

	(void)snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - file + 1) : 1, slash ? file : ".");
	whole = realpath(folder, NULL);
	if (!whole)
		return error_set_errno(e, errno, "cannot write %.200s", file);
	n = snprintf(out, PATH_MAX, "%s/allowed_signers", strcmp(whole, "/") == 0 ? "" : whole);
	free(whole);
	return n < PATH_MAX ? STATUS_OK : error_set(e, STATUS_TOO_BIG, "the path %.200s is too long", file);
}

enum status cmd_git_config(struct cli *c, struct error *e)
{
	const char *file = args_get(&c->args, "write");
	struct buf text = BUF_INIT, keys = BUF_INIT;
	char beside[PATH_MAX], home[PATH_MAX];
	enum status st = cli_no_json(c, e);

	if (st == STATUS_OK)
		st = cli_open(c, e);
	if (st == STATUS_OK && !file)
		st = qip_home_path(home, sizeof(home), c->q, "git-config");
	if (st == STATUS_OK)
		st = signers_beside(beside, file ? file : home, e);
	if (st == STATUS_OK)
		st = config(&text, c, beside, e);
	if (st == STATUS_OK && !file)
		fprintf(c->out, "# Signers: qip allowed-signers > %s\n%s", beside, buf_text(&text));
	if (st == STATUS_OK && file) {
		st = signers(&keys, c, e);
		if (st == STATUS_OK)
			st = write_file(beside, &keys, e);
		if (st == STATUS_OK)
			st = write_file(file, &text, e);
		if (st == STATUS_OK)
			fprintf(c->out,
				"Written: %s and %s\nUse it: git config --global include.path %s\nThen: git clone "
				"%s/%s/history.git\n",
				file, beside, file, qip_identity(c->q)->url, qip_identity(c->q)->ods);
	}
	buf_clear(&text);
	buf_clear(&keys);
	return st;
}
