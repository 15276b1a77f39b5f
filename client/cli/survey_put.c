/* client/cli/survey_put.c - qip survey check, put, end: a survey as a manager writes it, and its versions. */
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/sites.h"
#include "client/cli/survey_text.h"
#include "client/survey.h"
#include "client/survey_check.h"

/* A survey on its way from a file or an earlier version to the practice. */
struct putting {
	cJSON *survey;                 /* owned */
	cJSON *before;                 /* owned; NULL: it is new */
	int64_t version, before_version; /* 0: none */
	char path[TREE_PATH_MAX];
};

static void putting_clear(struct putting *p)
{
	cJSON_Delete(p->survey);
	cJSON_Delete(p->before);
}

static enum status check_sites(struct cli *c, const cJSON *survey, struct error *e)
{
	const cJSON *site = NULL;
	struct sites sites;
	struct buf names = BUF_INIT;
	enum status st = sites_read(&sites, c->q, e);
	size_t i = 0;

	if (st != STATUS_OK)
		return st;
	for (size_t s = 0; s < sites.len; s++)
		buf_addf(&names, "%s%s", s ? ", " : "", sites.list[s].id);
	cJSON_ArrayForEach(site, json_get(survey, "sites"))
	{
		const struct site *known = cJSON_IsString(site) ? sites_find(&sites, site->valuestring, strlen(site->valuestring)) : NULL;

		if (st == STATUS_OK && (!known || strcmp(known->id, site->valuestring) != 0))
			st = error_set(e, STATUS_INVALID, "/sites/%zu: there is no such site; the sites are: %.300s", i, sites.len ? buf_text(&names) : "none yet");
		i++;
	}
	buf_clear(&names);
	return st;
}

/* A file may leave the version to us. */
static enum status read_survey(struct putting *p, const char *file, struct error *e)
{
	struct buf bytes = BUF_INIT;
	enum status st = cli_read_file(&bytes, file, RECORD_MAX_BYTES, e);

	if (st == STATUS_OK && bytes.len > RECORD_MAX_BYTES)
		st = error_set(e, STATUS_TOO_BIG, "%.200s has more than %d kB", file, RECORD_MAX_BYTES / 1024);
	if (st == STATUS_OK) {
		st = json_parse(&p->survey, buf_text(&bytes), bytes.len, e);
		st = st == STATUS_OK ? st : error_prefix(e, st, "%.200s", file);
	}
	if (st == STATUS_OK && cJSON_IsObject(p->survey) && !json_get(p->survey, "version"))
		st = json_set_integer(p->survey, "version", 1);
	else if (st == STATUS_OK)
		(void)json_integer(p->survey, "version", &p->version);
	if (st == STATUS_OK) {
		st = survey_check(p->survey, e);
		st = st == STATUS_OK ? st : error_prefix(e, st, "%.200s", file);
	}
	buf_clear(&bytes);
	return st;
}

enum status cmd_survey_check(struct cli *c, struct error *e)
{
	const char *file = cli_word(c, 0);
	struct putting p = {.survey = NULL};
	struct buf languages = BUF_INIT;
	enum status st = read_survey(&p, file, e);

	if (st == STATUS_OK && c->home) {
		st = cli_open(c, e);
		if (st == STATUS_OK)
			st = check_sites(c, p.survey, e);
		if (st == STATUS_INVALID)
			st = error_prefix(e, st, "%.200s", file);
	}
	if (st == STATUS_OK && c->json) {
		st = cli_print_json(c, p.survey, e);
		p.survey = NULL;
	} else if (st == STATUS_OK) {
		size_t count = survey_count(p.survey);

		survey_text_languages(&languages, p.survey);
		fprintf(c->out, "%s is as it should be: survey %s, %zu question%s; languages: %s\n", file, text_of(p.survey, "id"), count, plural(count),
			buf_text(&languages));
	}
	buf_clear(&languages);
	putting_clear(&p);
	return st;
}

static enum status open_as_manager(struct cli *c, struct error *e)
{
	enum status st = cli_open(c, e);

	if (st == STATUS_OK && qip_identity(c->q)->role != ROLE_MANAGER)
		return error_set(e, STATUS_DENIED, "only a manager's device changes what patients are asked");
	return st;
}

/* What the practice has under the survey's id. */
static enum status read_before(struct putting *p, struct cli *c, const char *id, struct error *e)
{
	enum status st = STATUS_NOT_FOUND;

	if (!name_valid(id))
		return error_set(e, STATUS_INVALID, "/id: \"%.40s\" is a word with a meaning of its own; please take another", id);
	(void)snprintf(p->path, sizeof(p->path), "surveys/%s.json", id);
	st = qip_read(&p->before, c->q, p->path, e);
	if (st == STATUS_OK)
		(void)json_integer(p->before, "version", &p->before_version);
	return st;
}

/* The next version of what is there, however the survey itself calls it. */
static enum status raise_version(struct putting *p, struct error *e)
{
	if (p->version > 0 && p->version < p->before_version)
		return error_set(e, STATUS_STALE, "this was made from version %lld, and version %lld is in force by now; look at it (qip survey show %s), and put "
				 "your changes into what \"qip survey show %s --json\" prints", (long long)p->version, (long long)p->before_version,
				 text_of(p->survey, "id"), text_of(p->survey, "id"));
	if (p->version <= p->before_version)
		p->version = p->before_version + 1;
	return json_set_integer(p->survey, "version", p->version);
}

static bool same_but_version(const struct putting *p)
{
	cJSON *copy = p->before ? cJSON_Duplicate(p->survey, true) : NULL;
	bool same = copy && json_set_integer(copy, "version", p->before_version) == STATUS_OK && json_equal(copy, p->before);

	cJSON_Delete(copy);
	return same;
}

static enum status write_survey(struct putting *p, struct cli *c, struct error *e)
{
	struct qip_edit *edit = NULL;
	char subject[100];
	enum status st = qip_edit_begin(&edit, c->q, NULL, e);

	if (st != STATUS_OK)
		return st;
	(void)snprintf(subject, sizeof(subject), "Survey %s, version %lld", text_of(p->survey, "id"), (long long)p->version);
	st = change_put(edit, p->path, p->survey, e);
	if (st == STATUS_OK)
		return qip_edit_commit(edit, subject, e);
	qip_edit_abort(edit);
	return st;
}

static enum status tell(struct putting *p, struct cli *c, const char *what, struct error *e)
{
	if (c->json)
		return cli_print_json(c, cJSON_Duplicate(p->survey, true), e);
	fprintf(c->out, "%s: %s. Next: qip sync; kiosks have it with their next sync after that.\n", text_of(p->survey, "id"), what);
	return STATUS_OK;
}

enum status cmd_survey_put(struct cli *c, struct error *e)
{
	const char *file = cli_word(c, 0);
	struct putting p = {.survey = NULL};
	char what[96];
	enum status st = open_as_manager(c, e);

	if (st == STATUS_OK)
		st = read_survey(&p, file, e);
	if (st == STATUS_OK) {
		st = check_sites(c, p.survey, e);
		if (st == STATUS_OK)
			st = read_before(&p, c, text_of(p.survey, "id"), e);
		if (st == STATUS_INVALID)
			st = error_prefix(e, st, "%.200s", file);
	}
	if (st == STATUS_NOT_FOUND)
		st = STATUS_OK; /* a new one */
	if (st == STATUS_OK && same_but_version(&p)) {
		if (c->json)
			st = cli_print_json(c, cJSON_Duplicate(p.before, true), e);
		else
			fprintf(c->out, "%s: version %lld says the same; nothing was changed.\n", text_of(p.survey, "id"), (long long)p.before_version);
		goto done;
	}
	if (st == STATUS_OK)
		st = raise_version(&p, e);
	if (st == STATUS_OK)
		st = write_survey(&p, c, e);
	if (p.before)
		(void)snprintf(what, sizeof(what), "version %lld takes the place of version %lld", (long long)p.version, (long long)p.before_version);
	else
		(void)snprintf(what, sizeof(what), "version %lld added", (long long)p.version);
	if (st == STATUS_OK)
		st = tell(&p, c, what, e);
done:
	putting_clear(&p);
	return st;
}

enum status cmd_survey_end(struct cli *c, struct error *e)
{
	const char *id = cli_word(c, 0), *named = cli_word(c, 1);
	struct putting p = {.survey = NULL};
	char day[11], what[64];
	enum status st = STATUS_OK;

	if (named && !date_valid(named))
		return error_set(e, STATUS_USAGE, "\"%.40s\" is no day; please write it as 2026-12-31", named);
	cli_today(day, c);
	if (named)
		memcpy(day, named, sizeof(day));
	st = open_as_manager(c, e);
	if (st == STATUS_OK)
		st = name_valid(id) ? read_before(&p, c, id, e) : STATUS_NOT_FOUND;
	if (st == STATUS_NOT_FOUND)
		st = error_set(e, st, "there is no survey \"%.60s\"; see: qip survey list", id);
	if (st == STATUS_OK && !(p.survey = cJSON_Duplicate(p.before, true)))
		st = error_set(e, STATUS_NOMEM, "out of memory");
	if (st == STATUS_OK)
		st = json_set_string(p.survey, "ends", day);
	if (st == STATUS_OK && !same_but_version(&p)) {
		st = survey_check(p.survey, e);
		if (st == STATUS_OK)
			st = raise_version(&p, e);
		if (st == STATUS_OK)
			st = write_survey(&p, c, e);
	}
	(void)snprintf(what, sizeof(what), "asked for the last time on %s", day);
	if (st == STATUS_OK)
		st = tell(&p, c, what, e);
	putting_clear(&p);
	return st;
}
