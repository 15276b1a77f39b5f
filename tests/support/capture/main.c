/* capture HOME - a kiosk's screen without the screen: lines of stdin are what patients do, lines of stdout what comes of it.
 *
 *     shown                          -> fft/1 lift/2
 *     reload                         -> ok        (the home was synced meanwhile)
 *     answer SURVEY VERSION ANSWERS [COMMENT]
 *                                    -> 7         (its number), or: no, and why
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/include/qip/client.h"

#define LOCK_WAIT_MS 30000

static enum status show(struct qip_capture *c, struct error *e)
{
	const cJSON *survey = NULL;
	cJSON *list = NULL;
	int64_t version = 0;
	enum status st = qip_surveys(&list, c, e);

	if (st != STATUS_OK)
		return st;
	cJSON_ArrayForEach(survey, list)
	{
		(void)json_integer(survey, "version", &version);
		printf("%s%s/%d", survey == list->child ? "" : " ", json_string(survey, "id"), (int)version);
	}
	printf("\n");
	cJSON_Delete(list);
	return STATUS_OK;
}

static enum status reload(struct qip_capture *c, const char *home, struct error *e)
{
	struct qip *q = NULL;
	enum status st = qip_open(&q, &(struct qip_options){.home = home, .lock_wait_ms = LOCK_WAIT_MS}, e);

	if (st == STATUS_OK)
		st = qip_capture_reload(c, q, e);
	qip_close(q);
	if (st == STATUS_OK)
		printf("ok\n");
	return st;
}

static enum status answer(struct qip_capture *c, char *words, struct error *e)
{
	char *rest = NULL, id[ID_TEXT_LEN + 1];
	const char *survey = strtok_r(words, " ", &rest), *version = strtok_r(NULL, " ", &rest), *answers = strtok_r(NULL, " ", &rest);
	struct qip_answer a = {.id = id, .survey = survey, .language = "en", .mode = "kiosk", .comment = rest && rest[0] ? rest : NULL};
	cJSON *given = NULL;
	uint64_t seq = 0;
	enum status st = STATUS_USAGE;

	if (!survey || !version || !answers)
		return error_set(e, st, "answer SURVEY VERSION ANSWERS [COMMENT]");
	st = json_parse(&given, answers, strlen(answers), e);
	if (st == STATUS_OK)
		st = id_make(id, env_system());
	a.answers = given;
	a.survey_version = strtol(version, NULL, 10);
	if (st == STATUS_OK)
		st = qip_capture(&seq, c, &a, e);
	if (st == STATUS_OK)
		printf("%llu\n", (unsigned long long)seq);
	cJSON_Delete(given);
	return st;
}

static enum status act(struct qip_capture *c, const char *home, char *line, struct error *e)
{
	if (strcmp(line, "shown") == 0)
		return show(c, e);
	if (strcmp(line, "reload") == 0)
		return reload(c, home, e);
	if (strncmp(line, "answer ", 7) == 0)
		return answer(c, line + 7, e);
	return error_set(e, STATUS_USAGE, "what is \"%.40s\"?", line);
}

int main(int argc, char **argv)
{
	struct qip *q = NULL;
	struct qip_capture *c = NULL;
	struct error e = {0};
	char line[4096];
	enum status st = argc == 2 ? qip_open(&q, &(struct qip_options){.home = argv[1], .lock_wait_ms = LOCK_WAIT_MS}, &e)
				   : error_set(&e, STATUS_USAGE, "usage: capture HOME");

	if (st == STATUS_OK)
		st = qip_capture_open(&c, q, &e);
	qip_close(q);
	while (st == STATUS_OK && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (act(c, argv[1], line, &e) != STATUS_OK)
			printf("no: %s\n", e.text);
		(void)fflush(stdout);
	}
	qip_capture_close(c);
	if (st != STATUS_OK)
		fprintf(stderr, "capture: %s\n", e.text);
	return st == STATUS_OK ? 0 : 1;
}
