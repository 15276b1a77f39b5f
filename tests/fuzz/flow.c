/* tests/fuzz/flow.c [--seconds N] [--seed N] [--one SEED] - surveys and forms of any making before the way from page to page, under ASan and UBSan.
 *
 * Each seed is one survey with random conditions and one patient who presses anything, on any page, and sends pages again. At each step:
 * what is shown is to be asked, can be counted, and can be gone back from where the page says so; what is kept is what the survey's own check takes;
 * and a page is the same after a journey through its hidden field. Then the same bytes, changed, go before the whole page: none is taken for one of ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/survey.h"
#include "kiosk/flow.h"
#include "tests/fuzz/dice.h"

#define STEPS 60
#define QUESTIONS_MAX 8
#define ID "01890000-0000-7000-8000-000000000001"
#define FRESH_ID "01890000-0000-7000-8000-000000000002"

static uint64_t seed;

#define HOLD(what) ((what) ? (void)0 : broken(#what, __LINE__))
static void broken(const char *what, int line)
{
	fprintf(stderr, "seed %llu: line %d: not true: %s (again: fuzz_flow --one %llu)\n", (unsigned long long)seed, line, what, (unsigned long long)seed);
	exit(EXIT_FAILURE);
}

/* ---- a survey ---- */

static const char *const kinds[] = {"choice", "rating", "yes-no", "text"};
static const char *const values[] = {"a", "b", "c", "1", "2", "3", "4", "5", "yes", "no", "0", "6", "", "d"};

static const char *word_for(const char *kind, struct dice *d)
{
	if (strcmp(kind, "choice") == 0)
		return (const char *const[]){"\"a\"", "\"b\"", "\"c\""}[dice_roll(d, 3)];
	if (strcmp(kind, "rating") == 0)
		return (const char *const[]){"1", "2", "3", "4", "5"}[dice_roll(d, 5)];
	return dice_once_in(d, 2) ? "true" : "false";
}

static void add_question(struct buf *out, const char **chosen, size_t i, struct dice *d)
{
	static const char text[] = "\"text\":{\"en\":{\"text\":\"Well?\",\"status\":\"reviewed\"}}";
	const char *kind = chosen[i] = kinds[dice_roll(d, 4)];

	buf_addf(out, "%s{\"id\":\"q%zu\",\"kind\":\"%s\",%s", i ? "," : "", i, kind, text);
	if (strcmp(kind, "choice") == 0)
		buf_addf(out, ",\"options\":[{\"id\":\"a\",%s},{\"id\":\"b\",%s},{\"id\":\"c\",%s}]", text, text, text);
	if (dice_once_in(d, 4))
		buf_adds(out, ",\"optional\":true");
	if (i > 0 && dice_once_in(d, 2)) {
		size_t on = dice_roll(d, i);

		if (strcmp(chosen[on], "text") != 0)
			buf_addf(out, ",\"asked_if\":{\"question\":\"q%zu\",\"any_of\":[%s]}", on, word_for(chosen[on], d));
	}
	buf_adds(out, "}");
}

static cJSON *make_survey(const char *id, struct dice *d)
{
	const char *chosen[QUESTIONS_MAX];
	size_t count = 1 + dice_roll(d, QUESTIONS_MAX);
	struct buf text = BUF_INIT;
	cJSON *survey = NULL;

	buf_addf(&text, "{\"schema\":\"survey/1\",\"id\":\"%s\",\"version\":1,\"questions\":[", id);
	for (size_t i = 0; i < count; i++)
		add_question(&text, chosen, i, d);
	buf_adds(&text, "]}");
	HOLD(json_parse(&survey, buf_text(&text), text.len, NULL) == STATUS_OK);
	buf_clear(&text);
	return survey;
}

/* ---- a patient ---- */

static void make_form(char *out, size_t size, struct dice *d)
{
	static const char *const ways[] = {"skip", "send", "without", "keep", "change", "back", "back", "languages", "larger", "smaller", "contrast", "colours", "x"};
	static const char *const comments[] = {"", "+%0A", "fine", "call+07700900123", "%F0%9F%99%82", "me@example.org"};
	size_t at = (size_t)snprintf(out, size, "state=x");

	if (!dice_once_in(d, 8))
		at += (size_t)snprintf(out + at, size - at, dice_once_in(d, 2) ? "&go=%s" : "&answer=%s",
				       dice_once_in(d, 2) ? ways[dice_roll(d, ARRAY_LEN(ways))] : values[dice_roll(d, ARRAY_LEN(values))]);
	if (dice_once_in(d, 3))
		at += (size_t)snprintf(out + at, size - at, "&comment=%s", comments[dice_roll(d, ARRAY_LEN(comments))]);
	if (dice_once_in(d, 4))
		at += (size_t)snprintf(out + at, size - at, "&publish=yes");
	if (dice_once_in(d, 8))
		at += (size_t)snprintf(out + at, size - at, "&language=%s", dice_once_in(d, 2) ? "en" : "xx");
	if (dice_once_in(d, 8))
		(void)snprintf(out + at, size - at, "&survey=%s", dice_once_in(d, 2) ? "one" : "two");
}

static const char *touch_for(const char *kind, struct dice *d)
{
	if (strcmp(kind, "choice") == 0)
		return (const char *const[]){"answer=a", "answer=b", "answer=c"}[dice_roll(d, 3)];
	if (strcmp(kind, "rating") == 0)
		return (const char *const[]){"answer=1", "answer=2", "answer=3", "answer=4", "answer=5"}[dice_roll(d, 5)];
	if (strcmp(kind, "yes-no") == 0)
		return dice_once_in(d, 2) ? "answer=yes" : "answer=no";
	return dice_once_in(d, 2) ? "comment=fine&go=send" : "go=without";
}

/* What the page has buttons for. */
static void make_sensible_form(char *out, size_t size, const struct visit *v, const struct screen *s, struct dice *d)
{
	const char *kind = json_string(survey_question(flow_survey(v, s), v->question), "kind");
	const char *touch = "go=larger";

	if (v->place == VISIT_QUESTION && kind)
		touch = dice_once_in(d, 4) ? "go=back" : touch_for(kind, d);
	else if (v->place == VISIT_PERSONAL)
		touch = dice_once_in(d, 2) ? "go=keep" : "go=change";
	else if (v->place == VISIT_THANKS)
		touch = "survey=two";
	(void)snprintf(out, size, "state=x&%s", touch);
}

/* Through the hidden field and back; the comment goes where the page would show it. */
static void travel(struct visit *v, const struct screen *s, struct dice *d)
{
	static const struct token_secret secret = {.bytes = {1}};
	const bool shown = flow_is_text(v, s);
	struct visit back = VISIT_INIT;
	struct buf token = BUF_INIT;

	HOLD(visit_write(&token, v, !shown, &secret) == STATUS_OK);
	HOLD(visit_read(&back, &secret, buf_text(&token)) == STATUS_OK);
	HOLD(back.place == v->place && back.question == v->question && strcmp(back.survey, v->survey) == 0 && strcmp(back.id, v->id) == 0);
	HOLD(!v->answers || json_equal(back.answers, v->answers));
	HOLD(shown ? !back.comment : (!back.comment == !v->comment && (!v->comment || strcmp(back.comment, v->comment) == 0)));
	token.data[dice_roll(d, token.len)] ^= (uint8_t)(1 + dice_roll(d, 127));
	HOLD(visit_read(v, &secret, buf_text(&token)) == STATUS_UNTRUSTED); /* and *v is untouched */
	visit_clear(v);
	*v = back;
	buf_clear(&token);
}

static void check_page(const struct visit *v, const struct screen *s)
{
	struct flow_progress p = flow_progress(v, s);
	const cJSON *survey = flow_survey(v, s);

	if (v->place != VISIT_QUESTION && v->place != VISIT_PERSONAL)
		return;
	HOLD(survey && screen_asks(s, survey, v->question, v->answers));
	HOLD(p.at >= 1 && p.at <= p.count && p.count <= survey_count(survey));
	HOLD(v->place == VISIT_QUESTION || v->comment);
}

static void check_kept(const struct visit *v, const struct screen *s)
{
	struct error e = {.text = ""};

	if (survey_check_answers(flow_survey(v, s), v->answers, v->comment != NULL, &e) != STATUS_OK) {
		fprintf(stderr, "%s\n", e.text);
		broken("what is kept is an answer to the survey", __LINE__);
	}
	HOLD(!v->comment || s->comments);
}

static void press(struct visit *v, const struct screen *s, struct dice *d)
{
	char body[512];
	enum flow_fault fault = FLOW_FINE;
	enum flow_next next = FLOW_REFUSED;
	bool must = false;
	struct visit before = *v; /* of its plain members */
	struct form f;

	if (dice_once_in(d, 3))
		make_form(body, sizeof(body), d);
	else
		make_sensible_form(body, sizeof(body), v, s, d);
	/* The page's own button works. */
	must = strcmp(body, "state=x&go=back") == 0 && flow_can_go_back(v, s);
	if (form_parse(&f, body, strlen(body), NULL) != STATUS_OK)
		return;
	next = flow_step(v, &fault, s, &f, FRESH_ID);
	HOLD(!must || next == FLOW_SHOW);
	HOLD(next != FLOW_FAILED);
	if (next == FLOW_SHOW) {
		check_page(v, s);
		travel(v, s, d);
	} else if (next == FLOW_KEEP) {
		check_kept(v, s);
		flow_finish(v);
		HOLD(!v->answers && !v->comment && !v->id[0]);
	} else {
		HOLD(v->place == before.place && v->question == before.question);
	}
}

static void one_patient(void)
{
	struct dice d = {.state = seed};
	struct screen_settings settings = {.practice = "", .drafts = dice_once_in(&d, 2)};
	cJSON *surveys = cJSON_CreateArray();
	struct visit v = VISIT_INIT;
	struct screen s;

	HOLD(cJSON_AddItemToArray(surveys, make_survey("one", &d)));
	HOLD(cJSON_AddItemToArray(surveys, make_survey("two", &d)));
	screen_open(&s, &settings, surveys, !dice_once_in(&d, 4));
	if (s.languages_len > 0) {
		flow_start(&v, &s, ID);
		for (int i = 0; i < STEPS; i++)
			press(&v, &s, &d);
	}
	visit_clear(&v);
	screen_close(&s);
}

int main(int argc, char **argv)
{
	time_t until_s = time(NULL) + 5;
	unsigned long long patients = 0;
	bool one = false;

	seed = 1;
	for (int i = 1; i + 1 < argc; i += 2) {
		uint64_t n = strtoull(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--seconds") == 0)
			until_s = time(NULL) + (time_t)n;
		else
			seed = n;
		one = one || strcmp(argv[i], "--one") == 0;
	}
	do {
		one_patient();
		seed++;
		patients++;
	} while (!one && time(NULL) < until_s);
	printf("%llu patients pressed whatever they liked\n", patients);
	return EXIT_SUCCESS;
}
