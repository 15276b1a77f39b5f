/* kiosk/run.c - qip-kiosk run: the pages and the background sync, until SIGTERM or SIGINT. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "kiosk/agent.h"
#include "kiosk/buttons.h"
#include "kiosk/keeper.h"
#include "kiosk/command.h"
#include "kiosk/http.h"
#include "kiosk/memory.h"
#include "kiosk/network.h"
#include "kiosk/panel.h"
#include "kiosk/watch.h"

#define STOP_WAIT_MS 5000

struct kiosk {
	struct keeper *keeper;
	struct agent *agent;
	struct network *network; /* NULL: nobody tells of it */
	struct desk desk;
	struct http *http;
	struct buttons *buttons; /* NULL: there is no panel */
};

static void desk_screen(void *ctx, struct screen *out)
{
	keeper_screen(((struct kiosk *)ctx)->keeper, out);
}

static cJSON *desk_survey(void *ctx, const char *id, int64_t version)
{
	return keeper_survey(((struct kiosk *)ctx)->keeper, id, version);
}

static bool desk_kept(void *ctx, const char *id)
{
	return keeper_kept(((struct kiosk *)ctx)->keeper, id);
}

static enum status desk_keep(void *ctx, const struct qip_answer *answer, struct error *e)
{
	struct kiosk *k = ctx;
	enum status st = keeper_keep(k->keeper, answer, e);

	if (st == STATUS_OK)
		agent_nudge(k->agent);
	return st;
}

static void desk_standing(void *ctx, struct standing *out)
{
	struct kiosk *k = ctx;

	char failure[ERROR_TEXT_MAX];

	keeper_standing(k->keeper, out);
	agent_failure(k->agent, failure);
	standing_note_sync(out, failure);
}

static bool desk_pin(void *ctx, struct key_pin *out)
{
	return keeper_pin(((struct kiosk *)ctx)->keeper, out);
}

static enum status sync_now(void *ctx, uint64_t *sent, struct error *e)
{
	return keeper_sync(((struct kiosk *)ctx)->keeper, sent, e);
}

static void pressed(void *ctx, int button)
{
	struct kiosk *k = ctx;
	struct error e = {.text = ""};
	struct screen s;

	keeper_screen(k->keeper, &s);
	if (panel_answer(&s, button, k->desk.env, desk_keep, k, &e) != STATUS_OK)
		log_line(LOG_LEVEL_ERROR, "an answer could not be kept", "error", e.text, NULL);
	screen_close(&s);
}

static void network_back(void *ctx)
{
	agent_network(((struct kiosk *)ctx)->agent);
}

/* Without it the kiosk tries as it does after any failure: later. */
static void watch_network(struct kiosk *k)
{
	struct error why = {.text = ""};

	if (network_start(&k->network, network_back, k, &why) != STATUS_OK)
		log_line(LOG_LEVEL_INFO, "the network is not watched", "reason", why.text, NULL);
}

/* The file is there only when it is whole. */
static enum status write_port(const char *path, unsigned port, struct error *e)
{
	char *unfinished = NULL;
	FILE *f = NULL;
	enum status st = STATUS_OK;

	if (asprintf(&unfinished, "%s.tmp", path) < 0)
		return error_set(e, STATUS_NOMEM, "no memory for the port file");
	f = fopen(unfinished, "we");
	if (!f || fprintf(f, "%u\n", port) < 0 || fflush(f) != 0 || rename(unfinished, path) != 0)
		st = error_set_errno(e, errno, "cannot write the port to %s", path);
	if (f)
		(void)fclose(f);
	free(unfinished);
	return st;
}

/* Threads started later inherit this: the signals come to await_end alone. */
static void block_signals(sigset_t *end)
{
	(void)sigemptyset(end);
	(void)sigaddset(end, SIGTERM);
	(void)sigaddset(end, SIGINT);
	(void)sigaddset(end, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, end, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a full disk is an error to be told, not an end */
}

/* How long to sleep between two looks; 0: for ever. */
static int64_t look_every_ms(const struct command_options *o)
{
	int64_t every_ms = watch_every_ms();

	return every_ms > 0 && (o->screen_ms == 0 || every_ms < o->screen_ms) ? every_ms : o->screen_ms;
}

/* STATUS_TIMEOUT: the screen does not go on by itself. */
static enum status look(struct kiosk *k, const struct command_options *o, struct error *e)
{
	const struct env *env = k->desk.env;
	const char *host = k->desk.hosts[0];

	if (watch_every_ms() > 0 && !watch_look(host))
		log_line(LOG_LEVEL_ERROR, "the kiosk does not answer itself", "host", host, NULL);
	if (o->screen_ms > 0 && watch_screen_is_gone(k->desk.seen_ms, env->monotonic_ms(env->ctx), o->screen_ms))
		return error_set(e, STATUS_TIMEOUT, "no browser has asked for a page for long: it hangs, or there is none. Ending, so that both are started anew");
	return STATUS_OK;
}

static enum status await_end(struct kiosk *k, const sigset_t *end, const struct command_options *o, struct error *e)
{
	int64_t every_ms = look_every_ms(o);
	const struct timespec pause = {.tv_sec = (time_t)(every_ms / 1000), .tv_nsec = (long)(every_ms % 1000) * 1000000};
	enum status st = STATUS_OK;
	int number = 0;

	watch_ready();
	while (st == STATUS_OK && (number = every_ms > 0 ? sigtimedwait(end, NULL, &pause) : sigwaitinfo(end, NULL)) < 0) {
		if (errno == EAGAIN)
			st = look(k, o, e);
	}
	watch_stopping();
	if (st == STATUS_OK)
		log_line(LOG_LEVEL_INFO, "stopping", "signal", strsignal(number), NULL);
	return st;
}

static enum status start(struct kiosk *k, const struct command_options *o, struct error *e)
{
	const struct env *env = env_system();
	enum status st = keeper_open(&k->keeper, o->home, env, e);

	k->desk = (struct desk){.screen = desk_screen, .survey = desk_survey, .keep = desk_keep, .kept = desk_kept, .standing = desk_standing, .pin = desk_pin,
				.ctx = k, .env = env, .reload_s = o->screen_ms / 1000, .seen_ms = env->monotonic_ms(env->ctx)};
	if (st == STATUS_OK)
		st = token_secret_load(&k->desk.secret, o->home, e);
	if (st == STATUS_OK)
		st = assets_list(&k->desk.assets, e);
	if (st == STATUS_OK)
		st = agent_start(&k->agent, &(struct agent_options){.sync = sync_now, .ctx = k, .every_ms = o->sync_every_ms, .env = env}, e);
	if (st == STATUS_OK)
		watch_network(k);
	if (st == STATUS_OK)
		st = http_start(&k->http, o->listen, &k->desk, e);
	if (st == STATUS_OK && o->buttons)
		st = buttons_start(&k->buttons, &(struct buttons_options){.device = o->buttons, .press = pressed, .ctx = k, .env = env}, e);
	if (st == STATUS_OK && o->port_file)
		st = write_port(o->port_file, http_port(k->http), e);
	return st;
}

/* `code` is the program's, should it end here. */
static void stop(struct kiosk *k, int code)
{
	buttons_stop(k->buttons);
	http_stop(k->http);
	network_stop(k->network);
	if (k->agent && !agent_stop(k->agent, STOP_WAIT_MS)) {
		/* Its thread still uses what we would free; every answer and every sync survives an end at any point. */
		log_line(LOG_LEVEL_INFO, "stopped during a sync, which goes on at the next start", NULL);
		_exit(code);
	}
	keeper_close(k->keeper);
}

enum status command_run(const struct command_options *o, struct error *e)
{
	struct kiosk k = {.http = NULL};
	sigset_t end;
	enum status st = STATUS_OK;

	memory_tune();
	block_signals(&end);
	st = start(&k, o, e);
	if (st == STATUS_OK) {
		printf("The patients' page is at %s/\n", http_url(k.http));
		(void)fflush(stdout);
		log_line(LOG_LEVEL_INFO, "started", "url", http_url(k.http), "home", o->home, NULL);
		memory_trim();
		st = await_end(&k, &end, o, e);
	}
	stop(&k, st == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE);
	return st;
}
