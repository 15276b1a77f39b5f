#include "tests/core/policy_fixture.h"

/* Each place of the tree in the right hands and in others', through judging and merging as the server does both. */

/* ---- every place: in the right hands and in others ---- */

#define KIOSK_BIT (1u << ROLE_KIOSK)
#define EDITOR_BITS (1u << ROLE_STAFF | 1u << ROLE_MANAGER)
#define ICB_BIT (1u << ROLE_ICB)
#define AUDITOR_BIT (1u << ROLE_AUDITOR)
#define AT "\"at\":\"2025-11-24T16:00:00.000Z\""

/* In path and record, $D stands for the device, $R for its role, $I for a new id, $X for the id's last two digits, $N for 1, 2, … */
static const struct kind {
	const char *path, *record;
	const char *slot, *value; /* what a later edit sets; NULL: what stands there is never changed */
	unsigned may_write;
} kinds[] = {
	{"triage/$X/$I.json", "{\"schema\":\"triage/1\",\"id\":\"$I\"}", "concern", "\"urgent\"", EDITOR_BITS},
	{"themes/$I.json", "{\"schema\":\"theme/1\",\"id\":\"$I\",\"title\":\"Telephones\"}", "improved", "\"partly\"", EDITOR_BITS},
	{"ppg/$I.json", "{\"schema\":\"ppg/1\",\"id\":\"$I\",\"name\":\"Kibworth PPG\"}", "status", "\"dormant\"", EDITOR_BITS},
	{"opel/2022-W4$N.json", "{\"schema\":\"opel/1\",\"week\":\"2022-W4$N\"}", "level", "3", EDITOR_BITS},
	{"access/2022-0$N.json", "{\"schema\":\"access/1\",\"month\":\"2022-0$N\"}", "sites/kibworth", "{\"video\":{\"attended\":3,\"did_not_attend\":1}}",
	 EDITOR_BITS},
	{"returns/fft/2022-0$N.json", "{\"schema\":\"return/1\",\"month\":\"2022-0$N\"}", "remark", "\"One kiosk was off.\"", EDITOR_BITS},
	{"toolkit-answers/2023-24/s-$N.json", "{\"schema\":\"toolkit-answer/1\",\"toolkit\":\"2023-24\",\"statement\":\"s-$N\"}", "answer", "\"not-met\"",
	 EDITOR_BITS},
	{"toolkit/2023-$N.json",
	 "{\"schema\":\"toolkit/1\",\"version\":\"2023-$N\",\"title\":\"T\",\"device\":\"$D\"," AT
	 ",\"domains\":[{\"id\":\"safeguarding\",\"title\":\"S\",\"statements\":[{\"id\":\"s-1\",\"text\":\"There is a lead.\"}]}]}",
	 NULL, NULL, ICB_BIT},
	{"icb-notes/$I.json", "{\"schema\":\"icb-note/1\",\"id\":\"$I\",\"device\":\"$D\",\"by\":\"$R\"," AT ",\"text\":\"Please look at QIP-07.\"}", NULL,
	 NULL, ICB_BIT | AUDITOR_BIT},
	{"acks/$D/$X/$I.json", "{\"schema\":\"ack/1\",\"device\":\"$D\",\"id\":\"$I\",\"did\":\"erased\"," AT "}", NULL, NULL, EDITOR_BITS | KIOSK_BIT},
	{"clock/$D/0/0/$N.json",
	 "{\"schema\":\"clock/1\",\"device\":\"$D\",\"seq\":$N,\"boot\":\"a1\",\"monotonic_ms\":5,\"server_time\":\"2025-11-24T16:00:00.000Z\",\"error_ms\":40}",
	 NULL, NULL, KIOSK_BIT},
	{"health/$D.json", "{\"schema\":\"health/1\",\"device\":\"$D\",\"number\":$N," AT ",\"quality\":\"unknown\",\"last\":0,\"waiting\":0}", "number", NULL,
	 KIOSK_BIT},
};

static void fill(char *out, size_t size, const char *text, const struct fixture_device *d, const char *id, int number)
{
	size_t len = 0;

	for (; *text; text++) {
		char digit[2] = {(char)('0' + number), '\0'};
		const char *word = *text != '$'     ? NULL
				   : text[1] == 'D' ? d->id
				   : text[1] == 'R' ? role_text(d->role)
				   : text[1] == 'I' ? id
				   : text[1] == 'X' ? id + ID_TEXT_LEN - 2
						    : digit;

		len += (size_t)(word ? snprintf(out + len, size - len, "%s", word) : snprintf(out + len, size - len, "%c", *text));
		assert_true(len < size);
		text += word != NULL;
	}
}

static cJSON *make(const struct kind *k, const struct fixture_device *d, int number, char path[TREE_PATH_MAX])
{
	const char *named = strncmp(k->path, "ppg/", 4) == 0 ? "name" : "title";
	char id[ID_TEXT_LEN + 1], text[1024];
	cJSON *r;

	practice_id(&p, id);
	fill(path, TREE_PATH_MAX, k->path, d, id, number);
	fill(text, sizeof(text), k->record, d, id, number);
	r = cJSON_Parse(text);
	assert_non_null(r);
	if (k->slot && json_get(r, named)) { /* a field with claims is made by an edit, like any other */
		(void)snprintf(text, sizeof(text), "%s", json_string(r, named));
		set_text(d, r, named, text);
	}
	return r;
}

static void write_as(struct fixture_device *d, const char *path, cJSON *record)
{
	if (d->role == ROLE_KIOSK)
		practice_write(&p, d, path, record);
	else
		practice_write_on(&p, d, &p.main, path, record);
}

/* A changed record: by an edit where it has claims, else its number is raised. */
static cJSON *changed(const struct kind *k, const struct fixture_device *d, const char *path)
{
	cJSON *r = practice_read(&p, &p.main_tree, path);
	int64_t number = 0;

	assert_non_null(r);
	if (!k->slot)
		assert_int_equal(json_set_string(r, "at", "2026-01-01T00:00:00.000Z"), STATUS_OK);
	else if (!k->value && json_integer(r, k->slot, &number))
		assert_int_equal(json_set_integer(r, k->slot, number + 1), STATUS_OK);
	else
		set(d, r, k->slot, cJSON_Parse(k->value));
	return r;
}

static void each_kind_of_record_is_written_by_its_roles_and_by_no_other(void **state)
{
	struct fixture_device *all[] = {kiosk, staff, manager, practice_device(&p, "lead-icb"), practice_add(&p, "an-auditor", ROLE_AUDITOR)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const struct kind *k = &kinds[i];
		char path[TREE_PATH_MAX] = "", theirs[TREE_PATH_MAX];

		for (size_t d = 0; d < ARRAY_LEN(all); d++) {
			cJSON *r = make(k, all[d], (int)d + 1, theirs);

			write_as(all[d], theirs, r);
			if (!(k->may_write & (1u << all[d]->role))) {
				refused(all[d], STATUS_DENIED, "may not write there");
				continue;
			}
			practice_push(&p, all[d]);
			memcpy(path, theirs, sizeof(path));
			write_as(all[d], path, changed(k, all[d], path));
			if (k->slot)
				practice_push(&p, all[d]);
			else
				refused(all[d], STATUS_DENIED, "never changed");
			write_as(all[d], path, NULL);
			refused(all[d], STATUS_DENIED, "never deleted");
		}
		for (size_t d = 1; d < ARRAY_LEN(all); d++) { /* a kiosk does not see the others' folders */
			if (k->may_write & (1u << all[d]->role))
				continue;
			write_as(all[d], path, changed(k, all[d], path));
			refused(all[d], STATUS_DENIED, k->slot ? "may not write there" : "never changed");
		}
	}
}

static void nobody_speaks_for_another_device(void **state)
{
	struct fixture_device *icb = practice_device(&p, "lead-icb"), *other = practice_add(&p, "other-icb", ROLE_ICB);
	struct fixture_device *second = practice_add(&p, "fle-kiosk", ROLE_KIOSK);
	const struct {
		const char *folder;
		struct fixture_device *writer, *named;
	} cases[] = {{"toolkit/", icb, other}, {"icb-notes/", icb, other}, {"acks/", staff, manager},
		     {"acks/", kiosk, second}, {"clock/", kiosk, second},  {"health/", kiosk, second}};
	char path[TREE_PATH_MAX];
	cJSON *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct kind *k = kinds;

		while (strncmp(k->path, cases[i].folder, strlen(cases[i].folder)) != 0)
			k++;
		r = make(k, cases[i].named, 1, path);
		write_as(cases[i].writer, path, r);
		refused(cases[i].writer, STATUS_DENIED, "under its own name only");
	}
	r = make(&kinds[8], icb, 1, path); /* nor in another's role */
	assert_int_equal(json_set_string(r, "by", "auditor"), STATUS_OK);
	write_as(icb, path, r);
	refused(icb, STATUS_DENIED, "not in the role of lead-icb");
}

static void each_kind_of_record_stands_where_its_name_says(void **state)
{
	static const char *const wrong[][2] = {
		{"triage/", "triage/zz/$I.json"}, {"themes/", "themes/other.json"}, {"opel/", "opel/2022-W49.json.json"}, {"opel/", "opel/2022-W41"},
		{"access/", "access/2023-01.json"}, {"returns/", "returns/fft/x/2022-01.json"}, {"toolkit-answers/", "toolkit-answers/s-1.json"},
		{"toolkit-answers/", "toolkit-answers/2022-23/s-1.json"}};
	char path[TREE_PATH_MAX], other[TREE_PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const struct kind *k = kinds;
		cJSON *r;

		while (strncmp(k->path, wrong[i][0], strlen(wrong[i][0])) != 0)
			k++;
		r = make(k, staff, 1, path);
		fill(other, sizeof(other), wrong[i][1], staff, json_string(r, "id") ? json_string(r, "id") : "", 1);
		write_as(staff, other, r);
		refused(staff, STATUS_INVALID, "names itself otherwise");
	}
}

static void the_number_of_a_kiosks_health_rises(void **state)
{
	char path[TREE_PATH_MAX];

	(void)state;
	practice_write(&p, kiosk, "health/kib-kiosk.json", make(&kinds[11], kiosk, 5, path));
	practice_push(&p, kiosk);
	practice_write(&p, kiosk, "health/kib-kiosk.json", make(&kinds[11], kiosk, 4, path));
	refused(kiosk, STATUS_DENIED, "needs a higher number than 5");
}

/* Refused for what others did meanwhile; kept aside of a revoked device it would not be merged, and nobody's haste makes it wrong. */
static void refused_but_kept(struct fixture_device *d, const char *words)
{
	const struct head_context ctx = {.repo = p.repo, .ods = FIXTURE_ODS, .main = p.main, .main_tree = p.main_tree, .registry = &p.registry,
					 .device = d->id, .last = d->accepted, .though_revoked = true};
	struct head_fault fault;
	struct head head;
	struct error e = {0};

	if (head_check(&head, &fault, &ctx, &d->tip, &e) != STATUS_OK)
		fail_msg("not kept: %s", e.text);
	refused(d, STATUS_DENIED, words);
}

/* ---- toolkits ---- */

static void a_toolkit_names_each_statement_once_and_its_version_is_given_once(void **state)
{
	static const char twice[] = "[{\"id\":\"a\",\"title\":\"A\",\"statements\":[{\"id\":\"s\",\"text\":\"t\"}]},"
				    "{\"id\":\"b\",\"title\":\"B\",\"statements\":[{\"id\":\"s\",\"text\":\"u\"}]}]";
	struct fixture_device *icb = practice_device(&p, "lead-icb"), *other = practice_add(&p, "other-icb", ROLE_ICB);
	struct oid before = p.main;
	char path[TREE_PATH_MAX];
	cJSON *r = make(&kinds[7], icb, 1, path);

	(void)state;
	assert_int_equal(json_set(r, "domains", cJSON_Parse(twice)), STATUS_OK);
	write_as(icb, path, r);
	refused(icb, STATUS_INVALID, "the statement s stands twice");
	write_as(icb, path, make(&kinds[7], icb, 1, path));
	practice_push(&p, icb);
	practice_write_on(&p, other, &before, path, make(&kinds[7], other, 1, path));
	refused_but_kept(other, "there is one of that name already");
}

/* ---- the monthly return ---- */

#define RETURN_PATH "returns/fft/2022-06.json"

static cJSON *totals(int good, int poor, int by_kiosk)
{
	char text[400];

	(void)snprintf(text, sizeof(text),
		       "{\"options\":{\"very-good\":%d,\"good\":0,\"neither\":0,\"poor\":%d,\"very-poor\":0,\"dont-know\":0},"
		       "\"modes\":{\"kiosk\":%d,\"handwritten\":0,\"telephone\":0,\"sms\":0,\"online\":0,\"other\":0}}",
		       good, poor, by_kiosk);
	return cJSON_Parse(text);
}

static cJSON *fft_return(const struct fixture_device *d, int good)
{
	cJSON *r = cJSON_Parse("{\"schema\":\"return/1\",\"month\":\"2022-06\"}");

	set(d, r, "totals", totals(good, 1, good + 1));
	return r;
}

static void a_return_counts_the_same_by_option_and_by_mode(void **state)
{
	cJSON *r = fft_return(staff, 7);

	(void)state;
	set(staff, r, "totals", totals(7, 1, 9));
	write_as(staff, RETURN_PATH, r);
	refused(staff, STATUS_INVALID, "counts 8 answers by option and 9 by mode");
	write_as(staff, RETURN_PATH, fft_return(staff, 7));
	practice_push(&p, staff);
}

static void a_submitted_return_is_locked_for_everybody(void **state)
{
	cJSON *r = fft_return(staff, 7);

	(void)state;
	set_text(staff, r, "submitted", "2022-07-08");
	write_as(staff, RETURN_PATH, cJSON_Duplicate(r, true));
	practice_push(&p, staff);
	set(manager, r, "totals", totals(9, 0, 9));
	write_as(manager, RETURN_PATH, cJSON_Duplicate(r, true));
	refused(manager, STATUS_DENIED, "was submitted on 2022-07-08 and is locked");
	cJSON_Delete(r);
	r = practice_read(&p, &p.main_tree, RETURN_PATH);
	set(manager, r, "submitted", cJSON_CreateNull());
	write_as(manager, RETURN_PATH, r);
	refused(manager, STATUS_DENIED, "is locked");
	r = cJSON_Parse("{\"schema\":\"return/1\",\"month\":\"2022-07\"}");
	set_text(staff, r, "submitted", "2022-08-08");
	write_as(staff, "returns/fft/2022-07.json", r);
	refused(staff, STATUS_INVALID, "is submitted with its totals");
}

/* Neither the edit of somebody who did not know, nor a submission of somebody who did not know of an edit. */
static void a_return_is_neither_changed_nor_submitted_unseen(void **state)
{
	struct oid before;
	cJSON *r = fft_return(staff, 7), *mine = cJSON_Duplicate(r, true);

	(void)state;
	write_as(staff, RETURN_PATH, cJSON_Duplicate(r, true));
	practice_push(&p, staff);
	before = p.main;
	set(manager, r, "totals", totals(9, 0, 9));
	write_as(manager, RETURN_PATH, r);
	practice_push(&p, manager);
	set_text(staff, mine, "submitted", "2022-07-08");
	practice_write_on(&p, staff, &before, RETURN_PATH, mine);
	refused_but_kept(staff, "was changed meanwhile");

	before = p.main;
	r = practice_read(&p, &p.main_tree, RETURN_PATH);
	mine = cJSON_Duplicate(r, true);
	set_text(staff, r, "submitted", "2022-07-08");
	write_as(staff, RETURN_PATH, r);
	practice_push(&p, staff);
	set_text(manager, mine, "remark", "Counted again.");
	practice_write_on(&p, manager, &before, RETURN_PATH, mine);
	refused_but_kept(manager, "was submitted meanwhile");
}

static void two_counts_of_one_month_stay_until_a_person_chooses_and_are_not_submitted_before(void **state)
{
	struct oid before = p.main;
	cJSON *r;

	(void)state;
	practice_write_on(&p, staff, &before, RETURN_PATH, fft_return(staff, 7));
	practice_push(&p, staff);
	practice_write_on(&p, manager, &before, RETURN_PATH, fft_return(manager, 8));
	practice_push(&p, manager);
	r = practice_read(&p, &p.main_tree, RETURN_PATH);
	assert_int_equal(record_conflicts(r), 1);
	set_text(staff, r, "submitted", "2022-07-08");
	write_as(staff, RETURN_PATH, cJSON_Duplicate(r, true));
	refused(staff, STATUS_INVALID, "once nobody disagrees");
	set(staff, r, "totals", totals(8, 1, 9));
	write_as(staff, RETURN_PATH, r);
	practice_push(&p, staff);
}

static cJSON *survey(int version, const char *question)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"schema\":\"survey/1\",\"id\":\"calls\",\"version\":%d,\"questions\":[{\"id\":\"why\",\"kind\":\"text\","
		       "\"text\":{\"en\":{\"text\":\"%s\",\"status\":\"official\"}}}]}",
		       version, question);
	return cJSON_Parse(text);
}

/* A merge would keep one of the two whole, and answers to the other would be read as answers to it. */
static void of_two_surveys_that_managers_changed_apart_the_second_is_refused(void **state)
{
	static const char path[] = "surveys/calls.json", hers[] = "Why did you call?", his[] = "Why do you call?";
	struct fixture_device *second = practice_add(&p, "fle-manager", ROLE_MANAGER);
	struct oid before = p.main;

	(void)state;
	write_as(manager, path, survey(1, hers));
	practice_push(&p, manager);
	practice_write_on(&p, second, &before, path, survey(1, his));
	refused_but_kept(second, "the survey was changed meanwhile");
	practice_write_on(&p, second, &before, path, survey(1, hers));
	practice_push(&p, second);

	before = p.main;
	write_as(manager, path, survey(2, hers));
	write_as(manager, path, survey(3, hers));
	practice_push(&p, manager);
	practice_write_on(&p, second, &before, path, survey(4, his));
	refused_but_kept(second, "the survey was changed meanwhile");
	write_as(second, path, survey(4, his));
	practice_push(&p, second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_kind_of_record_is_written_by_its_roles_and_by_no_other, begin, end),
		cmocka_unit_test_setup_teardown(nobody_speaks_for_another_device, begin, end),
		cmocka_unit_test_setup_teardown(each_kind_of_record_stands_where_its_name_says, begin, end),
		cmocka_unit_test_setup_teardown(the_number_of_a_kiosks_health_rises, begin, end),
		cmocka_unit_test_setup_teardown(a_toolkit_names_each_statement_once_and_its_version_is_given_once, begin, end),
		cmocka_unit_test_setup_teardown(a_return_counts_the_same_by_option_and_by_mode, begin, end),
		cmocka_unit_test_setup_teardown(a_submitted_return_is_locked_for_everybody, begin, end),
		cmocka_unit_test_setup_teardown(a_return_is_neither_changed_nor_submitted_unseen, begin, end),
		cmocka_unit_test_setup_teardown(of_two_surveys_that_managers_changed_apart_the_second_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(two_counts_of_one_month_stay_until_a_person_chooses_and_are_not_submitted_before, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
