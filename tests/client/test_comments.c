/* tests/client/test_comments.c - the inbox as staff use it: a kiosk, two sites and a real server; what patients wrote, read, triaged and escalated. */
#include "client/comments.h"
#include "tests/client/practice.h"

static struct practice p;
static char said[262144]; /* by the last command, both outputs */
static char id[ID_TEXT_LEN + 1], private_id[ID_TEXT_LEN + 1];


#define TYPED "I am \xd8\xb3\xd8\xa7\xd8\xb1\xd8\xa9, call 07700 900123.\nSecond line \xe2\x80\xae" "esrever \033[31m red"
#define RANDOM_CHARS 10000

static void capture(struct qip *kiosk, char out[ID_TEXT_LEN + 1], const char *comment, bool publish)
{
	cJSON *answers = cJSON_CreateObject();
	struct qip_capture *c = NULL;
	struct qip_answer a = {.survey = "fft", .survey_version = 1, .language = "en", .mode = "kiosk", .answers = answers, .comment = comment, .publish = publish};
	uint64_t seq = 0;

	OK(id_make(out, qip_env(kiosk)));
	OK(json_set_string(answers, "experience", "poor"));
	a.id = out;
	OK(qip_capture_open(&c, kiosk, &last_error));
	OK(qip_capture(&seq, c, &a, &last_error));
	qip_capture_close(c);
	cJSON_Delete(answers);
}

/* The exit status of "qip --home <home> <arguments>". */
static int run(const char *home, const char *arguments)
{
	char line[4 * PRACTICE_PATH];
	size_t len = 0;
	FILE *f = NULL;
	int status = 0;

	assert_true(snprintf(line, sizeof(line), "'%.*s/qip' --home '%s' %s 2>&1", (int)(strrchr(p.program, '/') - p.program), p.program,
			     practice_path(&p, home), arguments) < (int)sizeof(line));
	f = popen(line, "r");
	assert_non_null(f);
	len = fread(said, 1, sizeof(said) - 1, f);
	said[len] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int run_on(const char *home, const char *command, const char *which, const char *options)
{
	char line[3 * PRACTICE_PATH];

	(void)snprintf(line, sizeof(line), "comments %s %s %s", command, which, options);
	return run(home, line);
}

static void assert_said(const char *text)
{
	static char flat[sizeof(said)];
	size_t len = 0;

	for (const char *at = said; *at; at++)
		if ((*at != ' ' && *at != '\n') || (len > 0 && flat[len - 1] != ' '))
			flat[len++] = *at == '\n' ? ' ' : *at;
	flat[len] = '\0';
	if (!strstr(said, text) && !strstr(flat, text))
		fail_msg("not \"%s\", but: %s", text, said);
}

static void assert_not_said(const char *text)
{
	if (strstr(said, text))
		fail_msg("said \"%s\": %s", text, said);
}

static int set_up(void **state)
{
	static char long_text[RANDOM_CHARS * 2 + 1];
	char long_id[ID_TEXT_LEN + 1];
	struct qip *boss = NULL, *kiosk = NULL;

	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	qip_close(practice_device(&p, boss, "qk1-icb", ROLE_ICB));
	kiosk = practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK);
	(void)practice_sync(kiosk);
	capture(kiosk, id, TYPED, true);
	capture(kiosk, private_id, "Do not print this; my postcode is LE18 4AB", false);
	for (size_t i = 0; i < RANDOM_CHARS; i++)
		memcpy(long_text + 2 * i, i % 7 == 0 ? "\xd7\x90" : "\xd8\xa8", 2); /* Hebrew and Arabic letters */
	capture(kiosk, long_id, long_text, true);
	practice_answers(kiosk, 1); /* without a comment */
	(void)practice_sync(kiosk);
	(void)practice_sync(boss);
	qip_close(practice_device(&p, boss, "fleckney", ROLE_STAFF));
	qip_close(kiosk);
	qip_close(boss);
	assert_int_equal(run("fleckney", "sync"), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	practice_stop(&p);
	return 0;
}

static void the_inbox_shows_each_comment_with_personal_data_marked_and_steers_no_terminal(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "comments list"), 0);
	assert_said("[[07700 900123 (telephone number)]]");
	assert_said("[[LE18 4AB (postcode)]]");
	assert_said("not to be published");
	assert_said("Kibworth  poor  en  may be published  new");
	assert_said("3 comments");
	assert_not_said("\033");
	assert_not_said("\xe2\x80\xae");
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_said("[[07700 900123 (telephone number)]]");
	assert_said("    Second line esrever"); /* a line of its own */
	assert_not_said("\033");
	assert_not_said("\xe2\x80\xae");
	assert_int_equal(run_on("manager", "show", id, "--json"), 0);
	assert_said("\"kind\":\t\"phone\"");
}

static void the_longest_comment_is_shown_whole(void **state)
{
	size_t letters = 0;

	(void)state;
	assert_int_equal(run("manager", "comments list --json"), 0);
	for (const char *at = said; (at = strstr(at, "\xd7\x90")) != NULL; at += 2)
		letters++;
	assert_int_equal(letters, (RANDOM_CHARS + 6) / 7);
}

static void the_list_keeps_to_what_is_asked_for(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "comments list --limit 1"), 0);
	assert_said("1 of 3 comments");
	assert_int_equal(run("manager", "comments list --since 2999-01-01"), 0);
	assert_said("0 comments");
	assert_int_equal(run("manager", "comments list --status closed"), 0);
	assert_said("0 comments");
	assert_int_equal(run("manager", "comments list --status nonsense"), 2);
	assert_int_equal(run("manager", "comments list --limit 0"), 2);
	assert_int_equal(run_on("manager", "show", "019", ""), 1);
	assert_said("too short");
	assert_int_equal(run_on("manager", "show", "ffffffff-ffff", ""), 1);
	assert_said("there is no comment");
}

static void nobody_but_the_practices_staff_is_shown_comments(void **state)
{
	(void)state;
	assert_int_equal(run("qk1-icb", "comments list"), 1);
	assert_said("on devices of the practice's staff alone");
	assert_int_equal(run("kib-kiosk", "comments list"), 1);
	assert_said("on devices of the practice's staff alone");
}

static void a_text_that_is_not_to_be_had_says_why_in_a_word(void **state)
{
	(void)state;
	assert_int_equal(run("fleckney", "comments list"), 0);
	assert_said("(no key)"); /* a manager has not granted it yet */
}

static void a_concern_is_escalated_and_shows_until_it_is_met(void **state)
{
	(void)state;
	assert_int_equal(run_on("manager", "triage", id, "--concern concern --due 2023-01-31"), 0);
	assert_said("escalated to safeguarding lead by 31 Jan 2023");
	assert_int_equal(run("manager", "status"), 0);
	assert_said("Escalated   1 comment, 1 OVERDUE");
	assert_int_equal(run("manager", "comments list --waiting --limit 1"), 0);
	assert_said("! OVERDUE: safeguarding lead was to see to it by 31 Jan 2023");
	assert_int_equal(run_on("manager", "triage", id, "--escalate 'medicines lead' --due 2999-01-01"), 0);
	assert_int_equal(run("manager", "comments list --waiting --limit 1"), 0);
	assert_said("! medicines lead sees to it by 1 Jan 2999");
	assert_int_equal(run_on("manager", "triage", id, "--concern urgent"), 0); /* is not put off until 2999 */
	assert_said("escalated to medicines lead by");
	assert_not_said("2999");
	assert_int_equal(run_on("manager", "triage", id, "--escalation-met"), 0);
	assert_int_equal(run("manager", "status --json"), 0);
	assert_said("\"escalated\":\t0");
	assert_int_equal(run_on("manager", "triage", id, "--escalation-met"), 2);
	assert_said("no escalation that is open");
}

static void who_triaged_a_comment_is_called_by_name(void **state)
{
	char options[ID_TEXT_LEN + 64];
	const char *person = NULL;

	(void)state;
	assert_int_equal(run("manager", "people add 'Amina Khan' --job 'practice nurse' --json"), 0);
	person = strstr(said, "\"id\":\t\"");
	assert_non_null(person);
	(void)snprintf(options, sizeof(options), "--status acted --person %.36s", person + strlen("\"id\":\t\""));
	assert_int_equal(run_on("manager", "triage", private_id, options), 0);
	assert_int_equal(run_on("manager", "show", private_id, ""), 0);
	assert_said("Triaged by Amina Khan (manager)");
}

static void triage_takes_what_there_is_and_no_personal_data(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "action add --ref QIP-07"), 0);
	assert_int_equal(run_on("manager", "triage", id, "--status acted --action QIP-07 --flag parking"), 0);
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_said("Marked    parking");
	assert_int_equal(run_on("manager", "triage", id, "--action QIP-99"), 1);
	assert_int_equal(run_on("manager", "triage", id, "--theme 01890a5d-ac96-774b-bcce-b302099a80aa"), 1);
	assert_said("there is no theme");
	assert_int_equal(run_on("manager", "triage", id, ""), 2);
	assert_int_equal(run_on("manager", "triage", id, "--concern some"), 2);
	assert_int_equal(run_on("manager", "triage", id, "--escalate 'Dr A, 07700 900123'"), 1);
	assert_said("telephone number \"07700 900123\"");
}

static void what_staff_type_is_looked_through_unless_they_insist(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "action note QIP-07 'Mrs B, 943 476 5919, waits'"), 1);
	assert_said("NHS number \"943 476 5919\"");
	assert_said("stays in the history for ever");
	assert_int_equal(run("manager", "action note QIP-07 'born 4 March 1951'"), 1);
	assert_int_equal(run("manager", "action note QIP-07 'met on 4 March 2026, see https://intranet.example.org/a'"), 0);
	assert_int_equal(run("manager", "action note QIP-07 'the practice: 0116 496 0123' --even-so"), 0);
	assert_int_equal(run("manager", "action set QIP-07 'finding=ask jo@example.org'"), 1);
	assert_int_equal(run("manager", "action note QIP-07 'nothing new'"), 0); /* what was let in before is not asked about again */
}

/* Neither knows of the other's. */
static void two_sites_triage_one_comment_and_nothing_is_lost(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("fleckney", "sync"), 0);
	assert_int_equal(run_on("manager", "triage", private_id, "--status read --flag one"), 0);
	assert_int_equal(run_on("fleckney", "triage", private_id, "--status closed --concern concern --flag two"), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("fleckney", "sync"), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run_on("manager", "show", private_id, ""), 0);
	assert_said("Marked    one, two");
	assert_said("in conflict");
	assert_said("! safeguarding lead sees to it by");
	assert_int_equal(run("manager", "conflicts"), 0);
	assert_said("triage of answer");
	{
		char line[200];

		(void)snprintf(line, sizeof(line), "resolve %s status --value closed", private_id);
		assert_int_equal(run("manager", line), 0);
	}
	assert_int_equal(run_on("manager", "show", private_id, ""), 0);
	assert_not_said("in conflict");
}

/* Sealed bytes of this home that wait to be sent. */
static int outbox(const char *home)
{
	char line[PRACTICE_PATH * 2];
	FILE *f = NULL;
	int count = 0;

	(void)snprintf(line, sizeof(line), "ls '%s/outbox' 2>/dev/null | wc -l", practice_path(&p, home));
	f = popen(line, "r");
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%d", &count), 1);
	(void)pclose(f);
	return count;
}

static void a_text_is_released_redacted_and_only_when_somebody_says_so(void **state)
{
	(void)state;
	assert_int_equal(run_on("manager", "release", id, ""), 0);
	assert_said("This would be released");
	assert_said("call […].");
	assert_not_said("07700");
	assert_int_equal(outbox("manager"), 0);
	assert_int_equal(run_on("manager", "release", id, "--yes"), 0);
	assert_int_equal(outbox("manager"), 1);
	assert_int_equal(run_on("manager", "release", id, "--yes"), 0);
	assert_said("released already");
	assert_int_equal(outbox("manager"), 1); /* twice leaves one */
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_said("Released, may be shown:");
	assert_int_equal(run_on("manager", "release", id, "--yes --even-so"), 0);
	assert_int_equal(run_on("manager", "show", id, "--json"), 0);
	assert_said("\"released_text\":\t\"I am \xd8\xb3\xd8\xa7\xd8\xb1\xd8\xa9, call 07700 900123");
}

static void a_text_of_staff_is_released_without_personal_data(void **state)
{
	char line[3 * PRACTICE_PATH];

	(void)state;
	(void)snprintf(line, sizeof(line), "comments release %s --yes --text %s", id, practice_path(&p, "text"));
	OK(files_write(AT_FDCWD, practice_path(&p, "text"), "Mail jo@example.org", 19, 0600, &last_error));
	assert_int_equal(run("manager", line), 1);
	assert_said("e-mail address \"jo@example.org\"");
	(void)snprintf(line, sizeof(line), "comments release %s --yes --redact --text - <'%s'", id, practice_path(&p, "text"));
	assert_int_equal(run("manager", line), 0);
	assert_said("Mail […]");
	OK(files_write(AT_FDCWD, practice_path(&p, "text"), "\xff", 1, 0600, &last_error));
	assert_int_equal(run("manager", line), 1);
	assert_said("not UTF-8");
	OK(files_write(AT_FDCWD, practice_path(&p, "text"), " \n", 2, 0600, &last_error));
	assert_int_equal(run("manager", line), 1);
	assert_said("the text is empty");
}

static void what_a_patient_keeps_private_is_never_released(void **state)
{
	(void)state;
	assert_int_equal(run_on("manager", "release", private_id, "--yes --even-so"), 1);
	assert_said("the patient chose that this comment is not published");
	/* nor what this device cannot read */
	assert_int_equal(rename(practice_path(&p, "fleckney/" HOME_SEAL_KEY), practice_path(&p, "aside")), 0);
	assert_int_equal(run_on("fleckney", "release", id, "--yes"), 1);
	assert_int_equal(rename(practice_path(&p, "aside"), practice_path(&p, "fleckney/" HOME_SEAL_KEY)), 0);
}

static void a_released_text_is_withdrawn(void **state)
{
	(void)state;
	assert_int_equal(run_on("manager", "withdraw", id, ""), 0);
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_not_said("Released, may be shown");
	assert_int_equal(run_on("manager", "show", id, "--json"), 0);
	assert_said("\"publication\":\t\"withhold\"");
	assert_int_equal(run_on("manager", "withdraw", id, ""), 1);
	assert_said("nothing of this comment is released");
	assert_int_equal(run_on("manager", "release", id, "--yes"), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(outbox("manager"), 0);
	assert_int_equal(run("manager", "audit"), 0);
}

static void a_comment_is_erased_with_what_was_released_of_it(void **state)
{
	(void)state;
	assert_int_equal(run_on("manager", "erase", id, ""), 2);
	assert_said("please say why");
	assert_int_equal(run_on("manager", "erase", id, "--reason 'asked by 07700 900123'"), 1);
	assert_said("--reason holds what may tell who somebody is");
	assert_int_equal(run_on("fleckney", "erase", id, "--reason 'asked for'"), 1); /* staff's device */
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_said("Released, may be shown:");
	assert_int_equal(run_on("manager", "erase", id, "--reason 'the patient asked for it'"), 0);
	assert_int_equal(run_on("manager", "show", id, ""), 0);
	assert_said("(erased)");
	assert_said("Released: (erased)");
	assert_int_equal(run_on("manager", "release", id, "--yes"), 1);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("fleckney", "sync"), 0);
	assert_int_equal(run("fleckney", "comments list"), 0);
	assert_said("(erased)");
}

static cJSON *parse(const char *text)
{
	cJSON *out = cJSON_Parse(text);

	assert_non_null(out);
	return out;
}

/* Met at one site and not at the other: it shows. */
static void an_escalation_in_conflict_stays_open(void **state)
{
	cJSON *met = parse("{\"escalation\":{\"to\":\"a\",\"due\":\"2022-01-01\"},\"escalation_met\":\"2022-01-02\"}");
	cJSON *differs = parse("{\"escalation\":{\"to\":\"a\",\"due\":\"2022-01-01\"},\"escalation_met\":\"2022-01-02\","
			       "\"conflicts\":{\"escalation_met\":[{\"value\":\"2022-01-02\"},{\"value\":null}]}}");
	cJSON *taken_back = parse("{\"conflicts\":{\"escalation\":[{\"value\":null},{\"value\":{\"to\":\"b\",\"due\":\"2022-01-01\"}}]}}");

	(void)state;
	assert_null(comments_escalation(NULL));
	assert_null(comments_escalation(met));
	assert_non_null(comments_escalation(differs));
	assert_string_equal(json_string(comments_escalation(taken_back), "to"), "b");
	cJSON_Delete(met);
	cJSON_Delete(differs);
	cJSON_Delete(taken_back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_inbox_shows_each_comment_with_personal_data_marked_and_steers_no_terminal),
		cmocka_unit_test(the_longest_comment_is_shown_whole),
		cmocka_unit_test(the_list_keeps_to_what_is_asked_for),
		cmocka_unit_test(nobody_but_the_practices_staff_is_shown_comments),
		cmocka_unit_test(a_text_that_is_not_to_be_had_says_why_in_a_word),
		cmocka_unit_test(a_concern_is_escalated_and_shows_until_it_is_met),
		cmocka_unit_test(who_triaged_a_comment_is_called_by_name),
		cmocka_unit_test(triage_takes_what_there_is_and_no_personal_data),
		cmocka_unit_test(what_staff_type_is_looked_through_unless_they_insist),
		cmocka_unit_test(two_sites_triage_one_comment_and_nothing_is_lost),
		cmocka_unit_test(a_text_is_released_redacted_and_only_when_somebody_says_so),
		cmocka_unit_test(a_text_of_staff_is_released_without_personal_data),
		cmocka_unit_test(what_a_patient_keeps_private_is_never_released),
		cmocka_unit_test(a_released_text_is_withdrawn),
		cmocka_unit_test(a_comment_is_erased_with_what_was_released_of_it),
		cmocka_unit_test(an_escalation_in_conflict_stays_open),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
