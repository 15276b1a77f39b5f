/* server/cmd_certificates.c - qip-server certificates: show the server's authority and certificate, renew them, put a new authority in place. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/digest.h"
#include "server/cmd.h"
#include "server/config.h"
#include "server/holders.h"

enum action { ACTION_SHOW, ACTION_RENEW, ACTION_ROLL, ACTION_FORGET };

struct wish {
	const char *dir;
	enum action action;
	bool yes;
	const char *hosts[CERT_NAMES_MAX];
	size_t hosts_len;
};

/* ---- showing ---- */

static enum status print_end(const char *what, const char *pem, struct error *e)
{
	char date[11];
	int64_t until_ms = 0;
	enum status st = cert_not_after(&until_ms, pem, e);

	if (st != STATUS_OK)
		return st;
	date_format(date, until_ms);
	(void)printf("%s until %s", what, date);
	return STATUS_OK;
}

static enum status show(const struct config *c, struct error *e)
{
	const struct authority *a = c->authority;
	struct holders h = {0};
	char fingerprint[SHA256_HEX_LEN + 1];
	enum status st = holders_count(&h, c->dir, a, env_system(), e);

	hex_encode(fingerprint, a->ca_fingerprint, SHA256_LEN);
	if (st == STATUS_OK)
		st = print_end("authority", buf_text(&a->ca_pem), e);
	if (st != STATUS_OK)
		return st;
	(void)printf("\n  fingerprint %s\n  %" PRIu64 " certificate%s of devices\n", fingerprint, h.now, h.now == 1 ? "" : "s");
	if (a->rolled)
		(void)printf("  and %" PRIu64 " of the authority before it%s%s\n", h.old, h.old ? ", as of " : "; it can be forgotten", h.example);
	st = print_end("server certificate", buf_text(&a->tls_pem), e);
	for (size_t i = 0; st == STATUS_OK && i < c->hosts_len; i++)
		(void)printf("%s%s", i == 0 ? "\n  for " : ", ", c->hosts[i]);
	(void)printf("\n");
	return st;
}

/* ---- changing ---- */

static enum status add_hosts(struct config *c, const struct wish *w, struct error *e)
{
	for (size_t i = 0; i < w->hosts_len; i++) {
		size_t at = 0;

		while (at < c->hosts_len && strcmp(c->hosts[at], w->hosts[i]) != 0)
			at++;
		if (at < c->hosts_len)
			continue;
		if (at == CERT_NAMES_MAX || strlen(w->hosts[i]) >= ADDRESS_HOST_MAX)
			return error_set(e, STATUS_TOO_BIG, "a certificate takes at most %d names; those that it has are in %s", CERT_NAMES_MAX, CONFIG_FILE);
		(void)snprintf(c->hosts[c->hosts_len++], ADDRESS_HOST_MAX, "%s", w->hosts[i]);
	}
	return STATUS_OK;
}

static enum status issue(struct config *c, const struct wish *w, struct error *e)
{
	const char *names[CERT_NAMES_MAX];
	enum status st = add_hosts(c, w, e);

	for (size_t i = 0; i < c->hosts_len; i++)
		names[i] = c->hosts[i];
	if (st == STATUS_OK && w->action == ACTION_RENEW)
		st = authority_renew(c->dir, names, c->hosts_len, env_system(), e);
	else if (st == STATUS_OK)
		st = authority_roll(c->dir, names, c->hosts_len, env_system(), e);
	/* behind the certificate, as a name that none can hold for is refused there */
	return st == STATUS_OK && w->hosts_len > 0 ? config_set_hosts(c, e) : st;
}

static enum status forget(const struct config *c, const struct wish *w, struct error *e)
{
	struct holders h = {0};
	enum status st = holders_count(&h, c->dir, c->authority, env_system(), e);

	if (st != STATUS_OK)
		return st;
	if (!c->authority->rolled)
		return error_set(e, STATUS_NOT_FOUND, "there is no authority before this one");
	if (h.old > 0 && !w->yes)
		return error_set(e, STATUS_DENIED,
				 "%" PRIu64 " certificate%s of devices would hold no more, as of %s; each is renewed when its device syncs. Those that never "
				 "will have to be joined anew: --yes forgets all the same",
				 h.old, h.old == 1 ? "" : "s", h.example);
	return authority_forget(c->dir, e);
}

/* One at a time; kept until the program ends. */
static enum status take_turn(const char *dir, struct error *e)
{
	char path[FILE_PATH_MAX];
	enum status st = file_path(path, dir, "certificates.lock", e);
	int fd = st == STATUS_OK ? file_open_lock(path) : -1;

	if (st != STATUS_OK)
		return st;
	if (fd < 0)
		return error_set_errno(e, errno, "cannot open %s", path);
	return flock(fd, LOCK_EX | LOCK_NB) == 0 ? STATUS_OK : error_set(e, STATUS_BUSY, "somebody else changes these certificates right now");
}

static enum status carry_out(const struct wish *w, struct error *e)
{
	struct config c = CONFIG_INIT;
	enum status st = config_load(&c, w->dir, e);

	if (st == STATUS_OK && w->action != ACTION_SHOW)
		st = take_turn(w->dir, e);
	if (st == STATUS_OK && w->action == ACTION_FORGET)
		st = forget(&c, w, e);
	else if (st == STATUS_OK && w->action != ACTION_SHOW)
		st = issue(&c, w, e);
	if (st == STATUS_OK && w->action != ACTION_SHOW) {
		config_clear(&c);
		st = config_load(&c, w->dir, e);
	}
	if (st == STATUS_OK)
		st = show(&c, e);
	config_clear(&c);
	return st;
}

/* ---- the command ---- */

static int read_arguments(struct wish *w, int argc, char **argv)
{
	static const struct {
		const char *option;
		enum action action;
	} actions[] = {{"--renew", ACTION_RENEW}, {"--new-authority", ACTION_ROLL}, {"--forget-old", ACTION_FORGET}};

	for (int i = 1; i < argc; i++) {
		enum action action = ACTION_SHOW;

		for (size_t k = 0; k < ARRAY_LEN(actions); k++) {
			if (strcmp(argv[i], actions[k].option) == 0)
				action = actions[k].action;
		}
		if (action != ACTION_SHOW && w->action == ACTION_SHOW) {
			w->action = action;
		} else if (strcmp(argv[i], "--host") == 0) {
			const char *host = cmd_value(argc, argv, &i);

			if (!host || !*host || w->hosts_len == CERT_NAMES_MAX)
				return cmd_usage(CMD_CERTIFICATES_USAGE, "--host needs a name or address, and there are at most %d", CERT_NAMES_MAX);
			w->hosts[w->hosts_len++] = host;
		} else if (strcmp(argv[i], "--yes") == 0) {
			w->yes = true;
		} else if (argv[i][0] == '-' || w->dir) {
			return cmd_usage(CMD_CERTIFICATES_USAGE, "\"%s\" is not expected", argv[i]);
		} else {
			w->dir = argv[i];
		}
	}
	if (!w->dir)
		return cmd_usage(CMD_CERTIFICATES_USAGE, "a folder is needed");
	if (w->hosts_len > 0 && w->action != ACTION_RENEW && w->action != ACTION_ROLL)
		return cmd_usage(CMD_CERTIFICATES_USAGE, "--host goes with --renew or --new-authority");
	if (w->yes && w->action != ACTION_FORGET)
		return cmd_usage(CMD_CERTIFICATES_USAGE, "--yes goes with --forget-old");
	return 0;
}

int cmd_certificates(int argc, char **argv)
{
	struct wish w = {.dir = NULL};
	struct error e = {STATUS_OK, ""};
	int wrong = read_arguments(&w, argc, argv);

	if (wrong)
		return wrong;
	if (carry_out(&w, &e) != STATUS_OK)
		return cmd_failed(&e);
	if (w.action != ACTION_SHOW)
		(void)printf("A server that runs takes this over when it is told to read its settings again (SIGHUP).\n");
	return 0;
}
