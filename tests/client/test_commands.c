/* tests/client/test_commands.c - the program qip as staff call it: exit status, and the one sentence that says what went wrong. */
#include "tests/client/practice.h"

static struct practice p;
static char said[65536]; /* by the last command, both outputs */

static int set_up(void **state)
{
	struct qip *boss = NULL;

	(void)state;
	practice_start(&p);
	boss = practice_manager(&p, "manager");
	qip_close(practice_device(&p, boss, "fleckney", ROLE_STAFF));
	qip_close(practice_device(&p, boss, "other", ROLE_STAFF));
	qip_close(practice_device(&p, boss, "second", ROLE_MANAGER));
	qip_close(practice_device(&p, boss, "kib-kiosk", ROLE_KIOSK));
	qip_close(practice_device(&p, boss, "qk1-icb", ROLE_ICB));
	qip_close(boss);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	practice_stop(&p);
	return 0;
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

/* As it stands, or as one line: sentences break where the screen ends. */
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

#define SAYS(home, arguments, status, text)                                                                                                          \
	do {                                                                                                                                         \
		assert_int_equal(run(home, arguments), status);                                                                                      \
		assert_said(text);                                                                                                                   \
	} while (0)

static void a_report_of_a_home_that_is_not_there_fails(void **state)
{
	(void)state;
	SAYS("nowhere", "report summary", 1, "there is no home at");
	SAYS("nowhere", "report summary --json", 1, "there is no home at");
	SAYS("nowhere", "action list", 1, "there is no home at");
}

static void nothing_known_on_a_day_is_an_answer(void **state)
{
	(void)state;
	SAYS("manager", "report summary --received-by 2001-01-01", 0, "nothing was known then");
	SAYS("manager", "report summary --received-by 2001-01-01 --json", 0, "\"known\":\tfalse");
}

static void a_kiosks_home_shows_no_plan_as_if_it_were_empty(void **state)
{
	static const char *const commands[] = {"action list", "action show QIP-01", "report summary", "conflicts", "log", "devices", "site list",
					       "inspection show"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		SAYS("kib-kiosk", commands[i], 1, "is the home of a kiosk");
	SAYS("kib-kiosk", "audit", 3, "is the home of a kiosk");
	SAYS("kib-kiosk", "status", 0, "role kiosk");
	SAYS("kib-kiosk", "feedback stats", 0, "0 answers");
}

static void a_role_that_may_not_edit_is_told_so_and_no_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "action add --ref QIP-02"), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("qk1-icb", "sync"), 0);
	SAYS("qk1-icb", "action set QIP-02 status=green", 1, "the device qk1-icb has the role icb");
	SAYS("qk1-icb", "action add --ref QIP-03", 1, "the device qk1-icb has the role icb");
	SAYS("fleckney", "site add new --name New", 1, "only a manager's device adds sites");
}

static void a_bad_value_is_told_by_its_field(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "action add --ref QIP-10"), 0);
	SAYS("manager", "action set QIP-10 ref=", 1, "qip: ref: is required\n");
	SAYS("manager", "site add new --name New --ods nonsense", 1, "qip: ods: must be an ODS code");
	SAYS("manager", "site add new --name ''", 1, "--name is empty");
}

static void a_revoked_device_is_not_said_to_be_retired(void **state)
{
	(void)state;
	assert_int_equal(run("manager", "invite lost --role auditor"), 0);
	SAYS("manager", "revoke lost --json", 0, "\"state\":\t\"revoked\"");
	SAYS("manager", "retire lost", 1, "lost was revoked before");
}

static void an_option_that_is_not_there_is_named(void **state)
{
	(void)state;
	SAYS("manager", "--jsonn status", 2, "there is no option --jsonn here");
	SAYS("manager", "feedback stats --since 2022-01-01", 2, "there is no option --since here");
	SAYS("manager", "allowed-signers --json", 2, "it has no JSON");
	SAYS("manager", "", 2, "please name a command");
}

/* Both set the label of one action without knowing of the other. */
static void differ(const char *first, const char *second)
{
	char line[200];

	(void)snprintf(line, sizeof(line), "action add --ref %s", first);
	assert_int_equal(run("manager", line), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("other", "sync"), 0);
	(void)snprintf(line, sizeof(line), "action set %s owner_role=Manager status=green", first);
	assert_int_equal(run("manager", line), 0);
	(void)snprintf(line, sizeof(line), "action set %s owner_role=%s status=amber", first, second);
	assert_int_equal(run("other", line), 0);
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("other", "sync"), 0);
	assert_int_equal(run("manager", "sync"), 0);
}

static void all_conflicts_are_settled_as_one_site_has_it(void **state)
{
	(void)state;
	differ("QIP-80", "Nurse");
	differ("QIP-81", "Partner");
	SAYS("other", "conflicts", 0, "QIP-81");
	SAYS("manager", "resolve --all-of nowhere", 1, "nowhere");
	SAYS("manager", "resolve QIP-80 status --all-of kibworth", 2, "all conflicts at once");
	SAYS("manager", "resolve QIP-80", 2, "please name a record and its field");
	SAYS("manager", "resolve --all-of kibworth", 0, "4 settled as kibworth has it, 0 left");
	SAYS("manager", "conflicts", 0, "No conflicts.");
	SAYS("manager", "resolve --all-of kibworth", 0, "No conflicts.");
	SAYS("manager", "show QIP-80", 0, "Nurse");
	SAYS("manager", "show QIP-81", 0, "Partner");
	SAYS("manager", "show QIP-81 --received-by 2001-01-01", 1, "");
	SAYS("manager", "sync", 0, "Sent 2 edits");
	assert_int_equal(run("other", "sync"), 0);
	SAYS("other", "conflicts", 0, "No conflicts.");
}

static void what_a_site_has_no_say_in_stays_in_conflict(void **state)
{
	(void)state;
	differ("QIP-85", "Nurse");
	assert_int_equal(run("manager", "site add glen --name Glen"), 0);
	SAYS("manager", "resolve --all-of glen", 0, "QIP-85 status stays: the site has not set it");
	assert_said("0 settled as glen has it, 2 left");
	SAYS("manager", "status", 0, "Conflicts   2");
	SAYS("manager", "resolve --all-of kibworth", 0, "2 settled");
	assert_int_equal(run("manager", "sync"), 0);
}

static void sync_both(void)
{
	assert_int_equal(run("manager", "sync"), 0);
	assert_int_equal(run("other", "sync"), 0);
	assert_int_equal(run("manager", "sync"), 0);
}

static void a_conflict_is_told_in_sentences_with_the_commands_that_settle_it(void **state)
{
	(void)state;
	differ("QIP-60", "Nurse");
	assert_int_equal(run("other", "action set QIP-60 risk_current=2x3 due_date=2023-01-31 --effective 2022-12-24"), 0);
	assert_int_equal(run("manager", "action set QIP-60 risk_current=4x4 due_date=2023-02-01"), 0);
	SAYS("other", "conflicts", 0, "QIP-60");
	sync_both();
	SAYS("manager", "conflicts", 0, "4 conflicts in 1 record. All values are kept until somebody chooses");
	assert_said("Status shows amber: the more severe of the two.");
	assert_said("Risk now shows likely × major = 16: the more severe of the two.");
	assert_said("Kibworth (other, staff) set it to unlikely × moderate = 6 for 24 Dec 2022; received");
	assert_said("are edit number");
	assert_said("    qip resolve QIP-60 status --value green\n");
	assert_said("    qip resolve QIP-60 status --value red   (or another: red blue)\n");
	assert_said("    qip resolve QIP-60 risk_current --value 2x3\n");
	assert_said("    qip resolve QIP-60 due_date --value 2023-01-31\n");
	SAYS("other", "resolve QIP-60 risk_current --value 2x3", 0, "risk_current is settled");
	SAYS("other", "resolve QIP-60 due-date --value 2023-02-28", 0, "due_date is settled");
	SAYS("other", "conflicts QIP-60", 0, "2 conflicts. All values are kept");
	assert_int_equal(run("other", "resolve QIP-60 status --value blue"), 0);
	assert_int_equal(run("other", "resolve QIP-60 owner_role --value 'Practice manager'"), 0);
	sync_both();
	SAYS("manager", "show QIP-60", 0, "Practice manager");
	SAYS("manager", "conflicts QIP-60", 0, "No conflicts.");
}

static void long_texts_are_cut_where_they_differ(void **state)
{
	static const char text[] = "Every member of staff is trained in safeguarding at the level that the role asks for, as the training matrix of the practice shows on the "
				   "last day of each";
	char line[400];

	(void)state;
	assert_int_equal(run("manager", "action add --ref QIP-61"), 0);
	sync_both();
	(void)snprintf(line, sizeof(line), "action set QIP-61 'finding=%s month, and nothing else'", text);
	assert_int_equal(run("manager", line), 0);
	(void)snprintf(line, sizeof(line), "action set QIP-61 'finding=%s quarter, and nothing else'", text);
	assert_int_equal(run("other", line), 0);
	sync_both();
	SAYS("other", "conflicts", 0, "set it to \"… the last day of each month,");
	assert_said("The whole texts: qip conflicts QIP-61\n");
	assert_said("    qip resolve QIP-61 finding --claim 2\n");
	SAYS("other", "conflicts QIP-61", 0, "\"Every member of staff");
	assert_int_equal(run("other", "resolve QIP-61 finding --claim 2"), 0);
	sync_both();
}

static void the_log_tells_the_story_of_an_action_point(void **state)
{
	(void)state;
	differ("QIP-62", "Nurse");
	assert_int_equal(run("manager", "action evidence QIP-62 'Minutes of May' --link https://intranet.example.org/m --effective 2022-05-31"), 0);
	assert_int_equal(run("other", "resolve QIP-62 owner_role --value Nurse"), 0);
	assert_int_equal(run("other", "resolve QIP-62 status --value red"), 0);
	sync_both();
	assert_int_equal(run("other", "action set QIP-62 status=red sites=kibworth"), 0);
	SAYS("other", "log QIP-62", 0, "manager (manager, no site) began it; received");
	assert_said("! Here a conflict began over Status: manager says green, Kibworth says amber. It shows amber, the more severe of the two.");
	assert_said("31 May 2022: manager (manager, no site) edited it; dated back; received");
	assert_said("Evidence added: \"Minutes of May\", \"https://intranet.example.org/m\".");
	assert_said("Owner settled: Nurse, as Kibworth had it; before, manager said Manager, Kibworth said Nurse.");
	assert_said("Status settled: red, as neither had it; before, manager said green, Kibworth said amber.");
	assert_said("Kibworth (other, staff) edited it; not sent yet. Sites: kibworth added. Status said again: red.");
	assert_true(strstr(said, "Here a conflict began over Status") < strstr(said, "Status settled"));
	SAYS("other", "log QIP-62 --json", 0, "\"between\":");
	sync_both();
}

/* Edit a record that no command edits: a slot, and what makes the record where it is not there. */
static void put_slot(const char *home, const char *path, const char *start, const char *slot, const char *value)
{
	struct qip *q = practice_open(&p, home);
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = NULL;

	if (qip_read(&record, q, path, &last_error) != STATUS_OK)
		record = cJSON_Parse(start);
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, slot, cJSON_Parse(value), &stamp, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Set a slot", &last_error));
	cJSON_Delete(record);
	qip_close(q);
}

static void what_a_device_wrote_steers_neither_terminal_nor_shell(void **state)
{
	static const char path[] = "qip/01890a5d-ac96-774b-bcce-b302099a80c1.json";
	static const char start[] = "{\"schema\":\"action/1\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a80c1\"}";

	(void)state;
	put_slot("manager", path, start, "ref", "\"QIP-64;reboot \\u001b[2J\"");
	sync_both();
	put_slot("manager", path, "", "owner_role", "\"$(reboot)\"");
	put_slot("other", path, "", "owner_role", "\"'; reboot \\u001b[2J\"");
	sync_both();
	SAYS("manager", "conflicts", 0, "qip resolve 01890a5d-ac96-774b-bcce-b302099a80c1 owner_role --value '$(reboot)'\n");
	assert_said("    qip resolve 01890a5d-ac96-774b-bcce-b302099a80c1 owner_role --claim 2\n");
	assert_null(strchr(said, '\033'));
	SAYS("manager", "log 01890a5d-ac96-774b-bcce-b302099a80c1", 0, "Here a conflict began");
	assert_null(strchr(said, '\033'));
	assert_int_equal(run("manager", "resolve --all-of kibworth"), 0);
	assert_null(strchr(said, '\033'));
	sync_both();
}

static void conflicts_in_every_kind_of_record_are_told_counted_and_settled(void **state)
{
	static const struct {
		const char *path, *start, *slot, *one, *other, *choice;
	} kinds[] = {
		{"opel/2022-W19", "{\"schema\":\"opel/1\",\"week\":\"2022-W19\"}", "level", "2", "3", "--value 4"},
		{"access/2022-04", "{\"schema\":\"access/1\",\"month\":\"2022-04\"}", "source", "\"GPAD\"", "\"Own count\"", "--value 'Own count'"},
		{"returns/fft/2022-04", "{\"schema\":\"return/1\",\"month\":\"2022-04\"}", "remark", "\"a\"", "\"b\"", "--value c"},
		{"ppg/01890a5d-ac96-774b-bcce-b302099a8057", "{\"schema\":\"ppg/1\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a8057\"}", "name",
		 "\"Friends\"", "\"Friends of the surgery\"", "--value 'Patient group'"},
		{"themes/01890a5d-ac96-774b-bcce-b302099a8058", "{\"schema\":\"theme/1\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a8058\"}", "title",
		 "\"Telephones\"", "\"Telephone queue\"", "--value Telephones"},
		{"triage/59/01890a5d-ac96-774b-bcce-b302099a8059", "{\"schema\":\"triage/1\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a8059\"}", "concern",
		 "\"none\"", "\"urgent\"", "--claim 1"},
		{"toolkit-answers/2023/ipc-1", "{\"schema\":\"toolkit-answer/1\",\"toolkit\":\"2023\",\"statement\":\"ipc-1\"}", "answer", "\"met\"",
		 "\"not-met\"", "--value not-applicable"},
		{"practice", "", "name", "\"High St\"", "\"High Street Surgery\"", "--value 'High St'"},
		{"sites/kibworth", "", "ods", "\"C82999\"", "\"C829990\"", "--value C829990"},
	};
	char path[TREE_PATH_MAX], line[300];

	(void)state;
	sync_both();
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		(void)snprintf(path, sizeof(path), "%s.json", kinds[i].path);
		put_slot("manager", path, kinds[i].start, kinds[i].slot, kinds[i].one);
		put_slot(kinds[i].start[0] ? "other" : "second", path, kinds[i].start, kinds[i].slot, kinds[i].other);
	}
	sync_both();
	assert_int_equal(run("second", "sync"), 0);
	assert_int_equal(run("manager", "sync"), 0);
	SAYS("manager", "conflicts", 0, "9 conflicts in 9 records");
	assert_said("Level shows 3 (red): the more severe of the two.");
	assert_said("Concern shows urgent");
	assert_said("FFT return of 2022-04");
	SAYS("manager", "status", 0, "Conflicts   9");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		(void)snprintf(line, sizeof(line), "resolve %s %s %s", kinds[i].path, kinds[i].slot, kinds[i].choice);
		SAYS("manager", line, 0, "is settled");
		(void)snprintf(line, sizeof(line), "log %s", kinds[i].path);
		SAYS("manager", line, 0, "settled");
	}
	SAYS("manager", "conflicts", 0, "No conflicts.");
	SAYS("manager", "sync", 0, "Sent 9 edits");
	sync_both();
	SAYS("other", "conflicts", 0, "No conflicts.");
}

/* A site that there is not, as a program with a fault would set it. */
static void name_nowhere(const char *ref)
{
	char path[TREE_PATH_MAX];
	struct qip *q = practice_open(&p, "manager");
	struct qip_edit *edit = NULL;
	struct stamp stamp;
	cJSON *record = NULL;

	practice_add_action(path, q, ref);
	OK(qip_read(&record, q, path, &last_error));
	OK(qip_edit_begin(&edit, q, NULL, &last_error));
	OK(qip_edit_stamp(&stamp, edit, &last_error));
	OK(record_set(record, "sites/nowhere", cJSON_CreateTrue(), &stamp, &last_error));
	OK(qip_edit_put(edit, path, record, &last_error));
	OK(qip_edit_commit(edit, "Name a site", &last_error));
	cJSON_Delete(record);
	qip_close(q);
}

#define THEME "themes/01890a5d-ac96-774b-bcce-b302099a80aa.json"

static void what_is_broken_is_shown_with_what_to_do_and_refused_by_nobody(void **state)
{
	(void)state;
	name_nowhere("QIP-90");
	SAYS("manager", "action list", 0, "~  names a site or regulation that there is not");
	SAYS("manager", "show QIP-90", 0, "(sites: nowhere)");
	SAYS("manager", "show QIP-90 --json", 0, "names unknown");
	SAYS("manager", "report summary", 0, "1 action point names a site or regulation that there is not. See what: qip show REF");
	SAYS("manager", "report summary --json", 0, "\"dangling\":\t1");
	assert_int_equal(run("manager", "action add --ref QIP-91"), 0);
	assert_int_equal(run("manager", "action set QIP-91 status=green"), 0);
	SAYS("manager", "show QIP-91", 0, "Complete without evidence. Add it");
	assert_int_equal(run("manager", "action add --ref QIP-92"), 0);
	assert_int_equal(run("other", "action add --ref QIP-92"), 0);
	put_slot("manager", THEME, "{\"schema\":\"theme/1\",\"id\":\"01890a5d-ac96-774b-bcce-b302099a80aa\"}", "title", "\"Letters\"");
	put_slot("manager", THEME, "", "actions/01890a5d-ac96-774b-bcce-b302099a80ab", "true");
	sync_both();
	assert_int_equal(run("manager", "status"), 0);
	assert_said("To mend     ");
	assert_said(" complete without evidence. Add it: qip action evidence REF TITLE");
	assert_said("2 action points whose label another has, too. Change one of them: qip action set ID ref=LABEL");
	assert_said("1 action point names a site or regulation that there is not");
	assert_said("1 other record names something that there is not: " THEME " (actions: 01890a5d-ac96-774b-bcce-b302099a80ab)");
	SAYS("manager", "status --json", 0, "\"equal_labels\":\t2");
	assert_said("\"dangling\":\t2");
	SAYS("manager", "report summary --json", 0, "\"equal_labels\":\t2");
	assert_int_equal(run("manager", "action set QIP-90 sites=kibworth"), 0);
	assert_int_equal(run("manager", "action list"), 0);
	assert_null(strstr(said, "~  names"));
}

static void every_command_explains_itself(void **state)
{
	char all[sizeof(said)];
	char *rest = all, *line = NULL;
	int commands = 0;

	(void)state;
	assert_int_equal(run("manager", "--help"), 0);
	memcpy(all, said, sizeof(all));
	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		char arguments[96], name[40] = "", second[40] = "";

		if (strncmp(line, "  ", 2) != 0 || sscanf(line, " %39s %39s", name, second) != 2)
			continue;
		(void)snprintf(arguments, sizeof(arguments), "%s --help", name);
		assert_int_equal(run("manager", arguments), 0);
		if (strncmp(said, "  ", 2) == 0) { /* a group of commands */
			(void)snprintf(arguments, sizeof(arguments), "%s %s --help", name, second);
			assert_int_equal(run("manager", arguments), 0);
		}
		assert_said("Options:");
		assert_null(strstr(said, "\n\n\n"));
		commands++;
	}
	assert_true(commands >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_of_a_home_that_is_not_there_fails),
		cmocka_unit_test(nothing_known_on_a_day_is_an_answer),
		cmocka_unit_test(a_kiosks_home_shows_no_plan_as_if_it_were_empty),
		cmocka_unit_test(a_role_that_may_not_edit_is_told_so_and_no_file_is_named),
		cmocka_unit_test(a_bad_value_is_told_by_its_field),
		cmocka_unit_test(a_revoked_device_is_not_said_to_be_retired),
		cmocka_unit_test(an_option_that_is_not_there_is_named),
		cmocka_unit_test(all_conflicts_are_settled_as_one_site_has_it),
		cmocka_unit_test(a_conflict_is_told_in_sentences_with_the_commands_that_settle_it),
		cmocka_unit_test(long_texts_are_cut_where_they_differ),
		cmocka_unit_test(the_log_tells_the_story_of_an_action_point),
		cmocka_unit_test(what_a_device_wrote_steers_neither_terminal_nor_shell),
		cmocka_unit_test(conflicts_in_every_kind_of_record_are_told_counted_and_settled),
		cmocka_unit_test(what_a_site_has_no_say_in_stays_in_conflict),
		cmocka_unit_test(what_is_broken_is_shown_with_what_to_do_and_refused_by_nobody),
		cmocka_unit_test(every_command_explains_itself),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
