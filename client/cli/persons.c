/* client/cli/persons.c - see persons.h. */
#include "client/cli/persons.h"

#include "client/cli/text.h"
#include "client/people.h"

enum status persons_name(struct buf *out, struct cli *c, const cJSON *person, const char **why)
{
	struct buf name = BUF_SECRET;
	enum status st = people_name(&name, c->q, person, NULL);

	if (st == STATUS_OK)
		text_clean(out, buf_text(&name), 0);
	else if (st == STATUS_NOT_FOUND)
		*why = "not here yet";
	else if (st == STATUS_GONE)
		*why = "erased";
	else if (st == STATUS_DENIED)
		*why = "no key here";
	else
		*why = "cannot be opened";
	buf_wipe(&name);
	return st;
}

/* Without a name: what the history says. */
static void add_job(struct buf *out, const cJSON *person, const char *id)
{
	const char *job = text_of(person, "job");

	text_clean(out, job[0] ? job : "person", 0);
	buf_addf(out, " %.*s", PERSONS_SHORT, id);
}

const char *persons_called(struct cli *c, const char *id)
{
	const char *known = json_string(c->people, id), *why = NULL;
	struct buf called = BUF_INIT;
	char path[TREE_PATH_MAX];
	cJSON *person = NULL;

	if (known)
		return known;
	people_path(path, id);
	if (qip_read(&person, c->q, path, NULL) != STATUS_OK || persons_name(&called, c, person, &why) != STATUS_OK)
		add_job(&called, person, id);
	if (!c->people)
		c->people = cJSON_CreateObject();
	put_string(&c->people, id, buf_text(&called));
	buf_clear(&called);
	cJSON_Delete(person);
	known = json_string(c->people, id);
	return known ? known : id;
}
