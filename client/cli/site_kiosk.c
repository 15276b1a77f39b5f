/* client/cli/site_kiosk.c - qip site kiosk: how the kiosks of a site are set up. Each setting is a slot of the site's record, so that two managers
 * who change different ones agree. */
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/cli/change.h"
#include "client/cli/hours.h"
#include "client/cli/sites.h"
#include "client/survey.h"
#include "core/key_pin.h"

#define LABEL_COLUMN 12
#define SLOTS 5

const struct arg_option options_site_kiosk[] = {
	{"languages", "TAGS", "those offered, in this order: en,gu,pl; \"all\" for all that there are", false},
	{"drafts", "on|off", "show wordings that nobody has reviewed, too", false},
	{"hours", "DAYS=FROM-TO", "when the site is open, as mon-fri=08:00-18:30; days not named are closed; \"off\": not told", true},
	{"read-aloud", "on|off", "offer to read texts aloud", false},
	{"pin", NULL, "ask for a new PIN of the staff page, 6 to 12 digits", false},
	{"no-pin", NULL, "take the PIN away", false},
	{NULL, NULL, NULL, false},
};

/* What is to be set: a new value for each slot, cJSON null to clear it, NULL to leave it. */
struct settings {
	struct {
		const char *slot;
		cJSON *value; /* owned */
	} slots[SLOTS];
	size_t len;
};

static enum status add_setting(struct settings *s, const char *slot, cJSON *value, struct error *e)
{
	if (!value)
		return error_set(e, STATUS_NOMEM, "out of memory");
	s->slots[s->len].slot = slot;
	s->slots[s->len++].value = value;
	return STATUS_OK;
}

static void settings_clear(struct settings *s)
{
	for (size_t i = 0; i < s->len; i++)
		cJSON_Delete(s->slots[i].value);
	s->len = 0;
}

/* ---- options ---- */

static enum status add_languages(struct settings *s, const char *text, struct error *e)
{
	cJSON *list = strcmp(text, "all") == 0 ? cJSON_CreateNull() : cJSON_CreateArray();
	char tag[24];

	while (cJSON_IsArray(list) && *text) {
		size_t len = strcspn(text, ",");

		(void)snprintf(tag, sizeof(tag), "%.*s", (int)len, text);
		push_item(&list, cJSON_CreateString(tag));
		text += len + (text[len] == ',');
	}
	return add_setting(s, "kiosk/languages", list, e);
}

static enum status add_switch(struct settings *s, const char *slot, const char *option, const char *text, struct error *e)
{
	bool on = strcmp(text, "on") == 0;

	if (!on && strcmp(text, "off") != 0)
		return error_set(e, STATUS_USAGE, "--%s is \"on\" or \"off\", not \"%.40s\"", option, text);
	return add_setting(s, slot, cJSON_CreateBool(on), e);
}

static enum status add_hours(struct settings *s, const struct args *a, struct error *e)
{
	bool off = strcmp(args_nth(a, "hours", 0), "off") == 0 && !args_nth(a, "hours", 1);
	cJSON *hours = off ? cJSON_CreateNull() : cJSON_CreateObject();

	for (size_t i = 0; !off && args_nth(a, "hours", i); i++) {
		if (hours_add(&hours, args_nth(a, "hours", i)))
			continue;
		cJSON_Delete(hours);
		return error_set(e, STATUS_USAGE, "--hours is days and times, as mon-fri=08:00-18:30, not \"%.40s\"", args_nth(a, "hours", i));
	}
	return add_setting(s, "kiosk/hours", hours, e);
}

/* ---- the PIN ---- */

/* One line of stdin, not shown while it is typed. */
static bool read_line(char *out, size_t size, const char *prompt)
{
	struct termios before = {0}, quiet = {0};
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0, good = false;

	if (terminal) {
		quiet = before;
		quiet.c_lflag &= ~(tcflag_t)ECHO;
		fprintf(stderr, "%s", prompt);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	}
	good = fgets(out, (int)size, stdin) != NULL;
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fprintf(stderr, "\n");
	}
	if (good)
		out[strcspn(out, "\r\n")] = '\0';
	return good;
}

static enum status add_pin(struct settings *s, struct cli *c, struct error *e)
{
	char pin[64] = "", again[64] = "";
	struct key_pin made;
	enum status st = STATUS_OK;

	if (!read_line(pin, sizeof(pin), "New PIN, 6 to 12 digits: "))
		st = error_set(e, STATUS_USAGE, "there is no PIN: it is asked for, or read from the standard input");
	else if (isatty(STDIN_FILENO) && (!read_line(again, sizeof(again), "The same again: ") || strcmp(pin, again) != 0))
		st = error_set(e, STATUS_INVALID, "these were two different PINs; nothing was changed");
	if (st == STATUS_OK)
		st = key_pin_make(&made, pin, qip_env(c->q), e);
	if (st == STATUS_OK)
		st = add_setting(s, "kiosk/pin", key_pin_json(&made), e);
	explicit_bzero(pin, sizeof(pin));
	explicit_bzero(again, sizeof(again));
	return st;
}

static enum status read_settings(struct settings *s, struct cli *c, struct error *e)
{
	const struct args *a = &c->args;
	enum status st = STATUS_OK;

	if (args_has(a, "pin") && args_has(a, "no-pin"))
		return error_set(e, STATUS_USAGE, "please give --pin or --no-pin, not both");
	if (args_has(a, "languages"))
		st = add_languages(s, args_get(a, "languages"), e);
	if (st == STATUS_OK && args_has(a, "drafts"))
		st = add_switch(s, "kiosk/drafts", "drafts", args_get(a, "drafts"), e);
	if (st == STATUS_OK && args_has(a, "hours"))
		st = add_hours(s, a, e);
	if (st == STATUS_OK && args_has(a, "read-aloud"))
		st = add_switch(s, "kiosk/read_aloud", "read-aloud", args_get(a, "read-aloud"), e);
	if (st == STATUS_OK && args_has(a, "no-pin"))
		st = add_setting(s, "kiosk/pin", cJSON_CreateNull(), e);
	return st;
}

static enum status apply(void *ctx, cJSON *record, const struct stamp *stamp, struct error *e)
{
	struct settings *s = ctx;
	enum status st = STATUS_OK;

	for (size_t i = 0; st == STATUS_OK && i < s->len; i++) {
		cJSON *value = s->slots[i].value;

		s->slots[i].value = NULL;
		st = record_set(record, s->slots[i].slot, value, stamp, e);
	}
	return st;
}

/* ---- showing ---- */

static const char *switch_text(const cJSON *value, const char *absent)
{
	return !value ? absent : cJSON_IsTrue(value) ? "on" : "off";
}

static void print_kiosk(struct cli *c, const cJSON *site)
{
	const cJSON *kiosk = json_get(site, "kiosk"), *language = NULL;
	struct buf languages = BUF_INIT, hours = BUF_INIT;

	cJSON_ArrayForEach(language, json_get(kiosk, "languages"))
		buf_addf(&languages, "%s%s", languages.len > 0 ? ", " : "", cJSON_IsString(language) ? language->valuestring : "");
	if (json_get(kiosk, "hours"))
		hours_show(&hours, json_get(kiosk, "hours"));
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "Site", text_of(site, "name"));
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "Languages", languages.len > 0 ? buf_text(&languages) : "all that there are");
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "Drafts", switch_text(json_get(kiosk, "drafts"), "off"));
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "Open", hours.len > 0 ? buf_text(&hours) : "not told; no answer is flagged as given out of hours");
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "Read aloud", switch_text(json_get(kiosk, "read_aloud"), "not told"));
	fprintf(c->out, "%-*s%s\n", LABEL_COLUMN, "PIN", json_get(kiosk, "pin") ? "set" : "not set");
	if (record_conflicts(site) > 0)
		fprintf(c->out, "%-*sset differently in two places; see: qip conflicts\n", LABEL_COLUMN, "Look at");
	buf_clear(&languages);
	buf_clear(&hours);
}

/* A language that the first question is not asked in is no help to anybody yet; not an error, for its wordings may follow. */
static void note_languages(struct cli *c, const cJSON *site)
{
	const cJSON *kiosk = json_get(site, "kiosk"), *language = NULL;
	cJSON *fft = NULL;

	if (qip_read(&fft, c->q, "surveys/" SURVEY_FFT ".json", NULL) != STATUS_OK)
		return;
	cJSON_ArrayForEach(language, json_get(kiosk, "languages"))
	{
		if (!survey_speaks(fft, language->valuestring, true))
			fprintf(c->out, "%s: the Friends and Family Test has no wording in this language yet, so it is not offered.\n", language->valuestring);
		else if (!survey_speaks(fft, language->valuestring, cJSON_IsTrue(json_get(kiosk, "drafts"))))
			fprintf(c->out, "%s: some wording of the Friends and Family Test is a draft; it is offered with --drafts on.\n", language->valuestring);
	}
	cJSON_Delete(fft);
}

/* ---- the command ---- */

static enum status read_site(cJSON **out, char path[TREE_PATH_MAX], struct cli *c, struct error *e)
{
	const char *id = NULL;
	struct sites sites;
	enum status st = cli_open(c, e);

	if (st == STATUS_OK)
		st = sites_read(&sites, c->q, e);
	if (st == STATUS_OK)
		st = sites_resolve(&id, &sites, cli_word(c, 0), e);
	if (st != STATUS_OK)
		return st;
	(void)snprintf(path, TREE_PATH_MAX, "sites/%s.json", id);
	return qip_read(out, c->q, path, e);
}

static enum status change_site(struct settings *s, const cJSON *site, const char *path, struct cli *c, struct error *e)
{
	char subject[80];
	cJSON *after = NULL;
	enum status st = STATUS_OK;

	(void)snprintf(subject, sizeof(subject), "Kiosks of %.60s", text_of(site, "id"));
	st = change_record(c, path, site, NULL, subject, apply, s, &after, e);
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, after, e);
		after = NULL;
	} else if (st == STATUS_OK) {
		print_kiosk(c, after);
		note_languages(c, after);
		fprintf(c->out, "Next: qip sync; kiosks have it with their next sync after that.\n");
	}
	cJSON_Delete(after);
	return st;
}

enum status cmd_site_kiosk(struct cli *c, struct error *e)
{
	char path[TREE_PATH_MAX];
	struct settings s = {.len = 0};
	cJSON *site = NULL;
	enum status st = read_settings(&s, c, e);

	if (st == STATUS_OK)
		st = read_site(&site, path, c, e);
	if (st == STATUS_OK && (s.len > 0 || args_has(&c->args, "pin")) && qip_identity(c->q)->role != ROLE_MANAGER)
		st = error_set(e, STATUS_DENIED, "only a manager's device sets up kiosks");
	if (st == STATUS_OK && args_has(&c->args, "pin"))
		st = add_pin(&s, c, e);
	if (st == STATUS_OK && s.len > 0) {
		st = change_site(&s, site, path, c, e);
	} else if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, site, e);
		site = NULL;
	} else if (st == STATUS_OK) {
		print_kiosk(c, site);
	}
	settings_clear(&s);
	cJSON_Delete(site);
	return st;
}
