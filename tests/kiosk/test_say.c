#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/embed.h"
#include "kiosk/say.h"
#include "tests/support/folder.h"

#define HEADER "RIFF....WAVEfmt ....................data...."

static char folder[FOLDER_MAX], speaker[FOLDER_MAX + 16];
static struct screen screen;

/* A speaker whose sound is the text itself. */
static int set_up(void **state)
{
	const struct embedded *file = embed_find(client_data, "fft-1.json");
	struct screen_settings settings = {.drafts = true};
	cJSON *surveys = cJSON_CreateArray(), *fft = NULL;
	FILE *f = NULL;

	(void)state;
	folder_make(folder, "say");
	(void)snprintf(speaker, sizeof(speaker), "%s/speaker", folder);
	f = fopen(speaker, "we");
	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/sh\nprintf %%s '" HEADER "'; cat\n") > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(speaker, 0700), 0);
	assert_int_equal(json_parse(&fft, (const char *)file->bytes, file->len, NULL), STATUS_OK);
	assert_true(cJSON_AddItemToArray(surveys, fft));
	screen_open(&screen, &settings, surveys, true);
	screen.speaker = speaker;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	screen_close(&screen);
	folder_remove(folder);
	return 0;
}

static const char *path_at(enum visit_place place, const char *language, size_t question)
{
	static char path[SAY_PATH_MAX];
	struct visit v = {.place = place, .survey = "fft", .version = 1, .question = question};

	(void)snprintf(v.language, sizeof(v.language), "%s", language);
	say_path(path, &v, &screen);
	return path;
}

static void a_question_has_an_address_where_there_is_a_voice_for_it(void **state)
{
	(void)state;
	assert_string_equal(path_at(VISIT_QUESTION, "gu", 0), "/say/gu/fft/1/0");
	assert_string_equal(path_at(VISIT_QUESTION, "so", 0), "");
	assert_string_equal(path_at(VISIT_THANKS, "gu", 0), "");
	assert_string_equal(path_at(VISIT_PERSONAL, "gu", 1), "");
	screen.speaker = NULL;
	assert_string_equal(path_at(VISIT_QUESTION, "gu", 0), "");
}

static void a_site_can_switch_reading_aloud_off(void **state)
{
	struct screen_settings settings;
	struct screen silent;
	cJSON *site = cJSON_Parse("{\"kiosk\":{\"read_aloud\":false}}");

	(void)state;
	screen_settings_read(&settings, NULL, site);
	screen_open(&silent, &settings, NULL, true);
	assert_null(silent.speaker);
	screen_close(&silent);
	cJSON_Delete(site);
}

static void the_question_is_read_with_its_options_in_the_language_of_the_page(void **state)
{
	struct buf wav = BUF_INIT;
	struct error e = {.text = ""};

	(void)state;
	assert_int_equal(say_question(&wav, &screen, "/say/en/fft/1/0", env_system(), &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&wav) + 44, "Overall, how was your experience of our service?\n\nVery good\n\nGood\n\nNeither good nor poor\n\n"));
	buf_reset(&wav);
	assert_int_equal(say_question(&wav, &screen, "/say/pl/fft/1/0", env_system(), &e), STATUS_OK);
	assert_non_null(strstr(buf_text(&wav) + 44, "Bardzo dobrze"));
	assert_null(strstr(buf_text(&wav) + 44, "Very good"));
	buf_clear(&wav);
}

static void nothing_else_can_be_made_to_speak(void **state)
{
	static const char *const bad[] = {
		"/say/", "/say/en", "/say/en/fft/1", "/say/en/fft/1/9", "/say/en/fft/2/0", "/say/en/other/1/0", "/say/so/fft/1/0", "/say/xx/fft/1/0",
		"/say/en/fft/1/0/", "/say/en/fft/01/0", "/say/en/fft/1/-1", "/say/en/fft/+1/0", "/say/en/fft/1/ 0", "/say/../etc/passwd/1/0", "/say/en/fft/1/0x",
	};
	struct buf wav = BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error e = {.text = ""};

		assert_int_equal(say_question(&wav, &screen, bad[i], env_system(), &e), STATUS_NOT_FOUND);
		assert_int_equal(wav.len, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_question_has_an_address_where_there_is_a_voice_for_it),
		TEST(a_site_can_switch_reading_aloud_off),
		TEST(the_question_is_read_with_its_options_in_the_language_of_the_page),
		TEST(nothing_else_can_be_made_to_speak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
