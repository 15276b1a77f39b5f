#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kiosk/speech.h"
#include "kiosk/texts.h"
#include "tests/support/folder.h"

#define SHORT "RIFF....WAVEfmt ....................data....ab"

static char folder[FOLDER_MAX];

static int set_up(void **state)
{
	(void)state;
	folder_make(folder, "speech");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(folder);
	return 0;
}

/* A program that stands in for espeak-ng. */
static const char *program(const char *name, const char *script)
{
	static char path[512];
	FILE *f = NULL;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fprintf(f, "#!/bin/bash\n%s\n", script) > 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

/* What the program said of itself, in place of sound. */
static void said(char *out, size_t max, const char *language, const char *text, const char *script)
{
	struct error e = {.text = ""};
	struct buf wav = BUF_INIT;
	char whole[1024];

	(void)snprintf(whole, sizeof(whole), "printf %%s 'RIFF....WAVEfmt ....................data....'; %s", script);
	assert_int_equal(speech_say(&wav, program("says", whole), language, text, env_system(), &e), STATUS_OK);
	(void)snprintf(out, max, "%s", buf_text(&wav) + 44);
	buf_clear(&wav);
}

static void fails(enum status wanted, const char *with, const char *language, const char *text)
{
	struct error e = {.text = ""};
	struct buf wav = BUF_INIT;

	assert_int_equal(speech_say(&wav, with, language, text, env_system(), &e), wanted);
	assert_int_equal(wav.len, 0);
	assert_string_not_equal(e.text, "");
}

static void a_program_that_gave_its_sound_and_lives_on_is_ended(void **state)
{
	const int64_t start_ms = env_system()->monotonic_ms(NULL);

	(void)state;
	fails(STATUS_IO, program("lives", "printf %s '" SHORT "'; exec >&- 2>&-; exec sleep 300"), "en", "Text");
	assert_true(env_system()->monotonic_ms(NULL) - start_ms < 200 * 1000);
}

static void the_text_goes_in_by_standard_input_alone(void **state)
{
	char out[1024];

	(void)state;
	said(out, sizeof(out), "gu", "--path=/etc; $(id) `id` \xe0\xaa\x95", "cat; printf '|%s' \"$*\"");
	assert_string_equal(out, "--path=/etc; $(id) `id` \xe0\xaa\x95|-v gu -s 150 -b 1 --stdin --stdout");
}

static void the_program_gets_nothing_of_ours(void **state)
{
	char out[1024];

	(void)state;
	assert_int_equal(setenv("QIP_SECRET", "x", 1), 0);
	assert_int_equal(dup2(0, 77), 77);
	said(out, sizeof(out), "en", "x", "printf '%s|' \"$QIP_SECRET\" \"$HOME\"; [ -e /proc/$$/fd/77 ] || printf closed");
	assert_string_equal(out, "|/nonexistent|closed");
	(void)close(77);
}

static void the_header_tells_the_true_length(void **state)
{
	struct error e = {.text = ""};
	struct buf wav = BUF_INIT;

	(void)state;
	assert_int_equal(speech_say(&wav, program("short", "printf %s '" SHORT "'"), "en", "x", env_system(), &e), STATUS_OK);
	assert_int_equal(wav.len, 46);
	assert_memory_equal(wav.data + 4, "\x26\0\0\0", 4);
	assert_memory_equal(wav.data + 40, "\2\0\0\0", 4);
	buf_clear(&wav);
}

static void without_voice_or_program_there_is_no_button_and_no_sound(void **state)
{
	(void)state;
	assert_false(speech_can(program("there", "true"), "so"));
	assert_false(speech_can("/nonexistent/espeak-ng", "en"));
	assert_false(speech_can(NULL, "en"));
	assert_true(speech_can(program("there", "true"), "en"));
	fails(STATUS_NOT_FOUND, program("there", "true"), "so", "x");
	fails(STATUS_NOT_FOUND, "/nonexistent/espeak-ng", "en", "x");
}

static void a_program_that_fails_says_nothing_or_too_much_gives_no_sound(void **state)
{
	char *long_text = malloc(SPEECH_TEXT_MAX + 2);

	(void)state;
	assert_non_null(long_text);
	memset(long_text, 'a', SPEECH_TEXT_MAX + 1);
	long_text[SPEECH_TEXT_MAX + 1] = '\0';
	fails(STATUS_IO, program("fails", "printf %s '" SHORT "'; exit 1"), "en", "x");
	fails(STATUS_IO, program("silent", "true"), "en", "x");
	fails(STATUS_IO, program("noise", "head -c 1000 /dev/zero"), "en", "x");
	fails(STATUS_TOO_BIG, program("endless", "cat /dev/zero"), "en", "x");
	fails(STATUS_TOO_BIG, program("there", "true"), "en", long_text);
	free(long_text);
}

static int64_t hasty(void *ctx)
{
	int64_t *now = ctx;

	return *now += SPEECH_TIME_MAX_MS + 1;
}

static void a_program_that_hangs_is_ended(void **state)
{
	struct error e = {.text = ""};
	struct buf wav = BUF_INIT;
	int64_t now = 0;
	struct env env = *env_system();

	(void)state;
	env.monotonic_ms = hasty;
	env.ctx = &now;
	assert_int_equal(speech_say(&wav, program("hangs", "exec sleep 1000"), "en", "x", &env, &e), STATUS_TIMEOUT);
	assert_int_equal(wav.len, 0);
}

/* A test that needs the program itself; skipped where it is not installed. */
static void every_language_of_the_screen_but_somali_is_spoken(void **state)
{
	(void)state;
	if (access(SPEECH_PROGRAM, X_OK) != 0)
		skip();
	for (size_t i = 0; i < texts_count(); i++) {
		const struct texts *t = texts_at(i);
		struct error e = {.text = ""};
		struct buf wav = BUF_INIT;

		if (strcmp(texts_language(t), "so") == 0)
			continue;
		if (speech_say(&wav, SPEECH_PROGRAM, texts_language(t), texts_get(t, "thanks_text"), env_system(), &e) != STATUS_OK)
			fail_msg("%s: %s", texts_language(t), e.text);
		assert_true(wav.len > 22050); /* half a second */
		buf_clear(&wav);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_that_gave_its_sound_and_lives_on_is_ended),
		cmocka_unit_test(the_text_goes_in_by_standard_input_alone),
		cmocka_unit_test(the_program_gets_nothing_of_ours),
		cmocka_unit_test(the_header_tells_the_true_length),
		cmocka_unit_test(without_voice_or_program_there_is_no_button_and_no_sound),
		cmocka_unit_test(a_program_that_fails_says_nothing_or_too_much_gives_no_sound),
		cmocka_unit_test(a_program_that_hangs_is_ended),
		cmocka_unit_test(every_language_of_the_screen_but_somali_is_spoken),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
