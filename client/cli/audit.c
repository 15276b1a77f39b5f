/* client/cli/audit.c - qip audit: check again what is new in this home's history, or all of it, or of any copy. */
#include "client/cli/audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/audit_certificate.h"
#include "client/audit_checkpoint.h"
#include "client/audit_texts.h"

const struct arg_option options_audit[] = {
	{"root", "FINGERPRINT",
	 "the root key to trust, \"SHA256:…\"; else the one that this device was given when it joined", false},
	{"repo", "PATH", "check this copy of a history instead of the home's", false},
	{"ods", "CODE", "the practice that the copy is of (needed with --repo)", false},
	{"all", NULL, "begin at the start of the log, not where the last audit of this home ended", false},
	{"certificate", "FILE", "write what was found to FILE, signed by this device", false},
	{"check-certificate", "FILE", "audit nothing; say whether FILE holds, and what it certifies", false},
	{"key", "FINGERPRINT", "with --check-certificate: the auditor's key, as somebody you trust named it", false},
	{NULL, NULL, NULL, false},
};

/* A bare repository, or the .git folder of a clone with files. */
static enum status open_copy(struct repo **out, struct oid *main, const char *path, struct error *e)
{
	char inner[4096];
	struct stat info;
	struct repo *r = NULL;
	enum status st;

	(void)snprintf(inner, sizeof(inner), "%s/.git", path);
	st = repo_init_library(e); /* no home was opened that would have done it */
	if (st != STATUS_OK)
		return st;
	st = repo_open(&r, stat(inner, &info) == 0 ? inner : path, e);
	if (st != STATUS_OK)
		return st;
	st = repo_ref_get(main, r, "refs/heads/main", e);
	if (st == STATUS_NOT_FOUND)
		st = repo_ref_get(main, r, "refs/remotes/origin/main", e);
	if (st != STATUS_OK) {
		repo_close(r);
		return error_prefix(e, st, "%.200s holds no history", path);
	}
	*out = r;
	return STATUS_OK;
}


static enum status open_home(struct audited *a, struct cli *c, struct error *e)
{
	enum status st = cli_open_log(c, e);

	if (st != STATUS_OK)
		return st;
	st = qip_main(&a->main, c->q, e);
	if (st == STATUS_NOT_FOUND)
		return error_set(e, st, "there is no history here yet; please run \"qip sync\" first");
	if (st == STATUS_OK) {
		a->repo = qip_repo(c->q);
		a->ods = qip_identity(c->q)->ods;
	}
	return st;
}

enum status audited_open(struct audited *out, struct cli *c, const char *ods, struct error *e)
{
	const char *copy = args_get(&c->args, "repo"), *root = args_get(&c->args, "root");
	enum status st = copy ? open_copy(&out->copy, &out->main, copy, e) : open_home(out, c, e);

	if (st == STATUS_OK && copy) {
		out->repo = out->copy;
		out->ods = ods;
	} else if (st == STATUS_OK && !root) {
		root = qip_identity(c->q)->root_fingerprint;
	}
	if (st == STATUS_OK && root)
		st = audit_parse_root(out->pin, root, e);
	out->root_pin = root ? out->pin : NULL;
	return st;
}

void audited_close(struct audited *a)
{
	if (a->copy)
		repo_close(a->copy);
}

/* How far this home was audited; *has says whether that is known. With --all a checkpoint that does not hold is no hindrance, and *refusal says
 * what is wrong with it. */
static enum status earlier_audit(struct audit_checkpoint *out, bool *has, struct error *refusal, struct cli *c, const struct audited *a,
				 struct error *e)
{
	enum status st = a->copy ? STATUS_NOT_FOUND : audit_checkpoint_load(out, c->q, a->root_pin, e);

	*has = st == STATUS_OK;
	if (st == STATUS_OK || st == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (st == STATUS_NOMEM)
		return st;
	if (args_has(&c->args, "all")) {
		*refusal = *e;
		return STATUS_OK;
	}
	c->failed = AUDIT_EXIT_REFUSED;
	return error_set(e, st,
			 "%s. Nothing was audited. If you know what happened to this home, \"qip audit --all\" checks the whole log and then "
			 "replaces the file; if not, keep the home as it is and find out who had it",
			 e->text);
}

static enum status run(struct audit *out, struct cli *c, const struct audited *a, struct error *refusal, struct error *e)
{
	struct audit_checkpoint earlier = AUDIT_CHECKPOINT_INIT;
	struct audit_scope scope = {.all = args_has(&c->args, "all")};
	bool has = false;
	enum status st = earlier_audit(&earlier, &has, refusal, c, a, e);

	if (st == STATUS_OK) {
		scope.earlier = has ? &earlier : NULL;
		st = audit_run_in(out, a->repo, &a->main, a->ods, a->root_pin, &scope, e);
	}
	if (st == STATUS_STALE) {
		c->failed = AUDIT_EXIT_REFUSED;
		(void)error_set(e, st, "%s. Nothing was audited; \"qip audit --all\" checks the whole log, and whether the server told of a restore", e->text);
	}
	audit_checkpoint_clear(&earlier);
	return st;
}

/* Sealed texts in the home: where there are none, there is nothing to look at. */
static enum status look_at_texts(struct cli *c, const struct audited *on, struct audit *a, struct error *e)
{
	char path[4096];
	enum status st = qip_home_path(path, sizeof(path), c->q, "blobs");
	int store = st == STATUS_OK ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (store < 0)
		return st;
	st = audit_look_at_texts(a, on->repo, &on->main, store, qip_identity(c->q)->device, e);
	(void)close(store);
	return st;
}

/* What stays of it, on disk and on screen. */
static enum status leave(struct cli *c, const struct audited *on, struct audit *a, const char *refusal, struct error *e)
{
	const char *certificate = args_get(&c->args, "certificate");
	enum status st = on->copy ? STATUS_OK : look_at_texts(c, on, a, e), printed;
	uint64_t findings = a->findings_len + a->findings_more;
	struct error ignored;

	if (st == STATUS_OK && certificate)
		st = audit_certificate_write(c->q, a, certificate, e);
	if (st == STATUS_OK && findings == 0 && !on->copy)
		st = audit_checkpoint_save(c->q, a, e);
	printed = audit_print(c, a, refusal, st == STATUS_OK ? e : &ignored);
	if (st != STATUS_OK || printed != STATUS_OK)
		return st != STATUS_OK ? st : printed;
	if (findings == 0)
		return STATUS_OK;
	c->failed = AUDIT_EXIT_FINDINGS;
	return error_set(e, STATUS_UNTRUSTED, "the audit found %llu fault%s; please do not rely on this history before %s explained",
			 (unsigned long long)findings, plural(findings), findings == 1 ? "it is" : "they are");
}

static enum status check_options(const struct cli *c, struct error *e)
{
	const char *copy = args_get(&c->args, "repo"), *ods = args_get(&c->args, "ods");

	if (args_has(&c->args, "key") && !args_has(&c->args, "check-certificate"))
		return error_set(e, STATUS_USAGE, "--key goes with --check-certificate FILE");
	if (args_has(&c->args, "check-certificate"))
		return args_has(&c->args, "all") || args_has(&c->args, "certificate")
			       ? error_set(e, STATUS_USAGE, "--check-certificate audits nothing; it goes with --repo, --root and --key")
			       : STATUS_OK;
	if (!copy && ods)
		return error_set(e, STATUS_USAGE, "--ods goes with --repo PATH");
	if (copy && (!ods || !ods_valid(ods)))
		return error_set(e, STATUS_USAGE, "please say which practice the copy is of: --ods C82999");
	if (copy && args_has(&c->args, "certificate"))
		return error_set(e, STATUS_USAGE, "a certificate is signed by the device whose home is audited; it does not go with --repo");
	return STATUS_OK;
}

enum status cmd_audit(struct cli *c, struct error *e)
{
	struct audited on = {.copy = NULL};
	struct audit a = AUDIT_INIT;
	struct error refusal = {0};
	enum status st = check_options(c, e);

	if (st != STATUS_OK)
		return st;
	c->failed = AUDIT_EXIT_NOT_DONE;
	if (args_has(&c->args, "check-certificate"))
		return audit_check(c, args_get(&c->args, "check-certificate"), e);
	st = audited_open(&on, c, args_get(&c->args, "ods"), e);
	if (st == STATUS_OK)
		st = run(&a, c, &on, &refusal, e);
	if (st == STATUS_OK && !on.copy)
		st = audit_seen(&a, c->q, e);
	if (st == STATUS_OK)
		st = leave(c, &on, &a, refusal.text, e);
	audit_clear(&a);
	audited_close(&on);
	return st;
}
