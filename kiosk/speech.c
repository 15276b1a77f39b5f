/* kiosk/speech.c - reading a text aloud. A text enters; sound leaves, made by espeak-ng in a process of its own. */
#include "kiosk/speech.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAV_HEADER 44
#define CHUNK 65536
#define END_MAX_MS 2000 /* between the last of the sound and the end of the program */
#define END_STEP_MS 5

static const struct voice {
	const char *language, *voice;
} voices[] = {
	{"en", "en-gb"}, {"gu", "gu"}, {"pa", "pa"}, {"pl", "pl"}, {"pt", "pt"}, {"ur", "ur"}, {"hi", "hi"}, {"ro", "ro"}, {"ar", "ar"}, {"bn", "bn"},
};

static const char *find_voice(const char *language)
{
	for (size_t i = 0; i < ARRAY_LEN(voices); i++) {
		if (strcmp(voices[i].language, language) == 0)
			return voices[i].voice;
	}
	return NULL;
}

bool speech_can(const char *program, const char *language)
{
	return program && find_voice(language) && access(program, X_OK) == 0;
}

struct run {
	pid_t pid; /* 0: not running */
	int text;  /* its standard input: memory with the whole text, so that writing never waits */
	int sound; /* our end of its standard output */
};

static enum status open_text(struct run *r, const char *text, struct error *e)
{
	size_t len = strlen(text);

	r->text = memfd_create("text", MFD_CLOEXEC);
	if (r->text < 0 || write(r->text, text, len) != (ssize_t)len || lseek(r->text, 0, SEEK_SET) != 0)
		return error_set(e, STATUS_IO, "the text to read aloud could not be handed over: %s", strerror(errno));
	return STATUS_OK;
}

static int start_with(struct run *r, const char *program, const char *voice, int sound, posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr)
{
	char *const arguments[] = {(char *)program, "-v", (char *)voice, "-s", "150", "-b", "1", "--stdin", "--stdout", NULL};
	char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent", NULL};
	sigset_t none, all;
	int failed = posix_spawn_file_actions_adddup2(actions, r->text, 0);

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, sound, 1);
	failed = failed ? failed : posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
#if __GLIBC_PREREQ(2, 34)
	failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, 3);
#endif
	failed = failed ? failed : posix_spawnattr_setsigmask(attr, &none);
	failed = failed ? failed : posix_spawnattr_setsigdefault(attr, &all);
	failed = failed ? failed : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return failed ? failed : posix_spawn(&r->pid, program, actions, attr, arguments, environment);
}

static enum status start(struct run *r, const char *program, const char *voice, struct error *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int ends[2], failed = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(e, STATUS_IO, "no pipe for reading aloud: %s", strerror(errno));
	r->sound = ends[0];
	failed = posix_spawn_file_actions_init(&actions);
	if (failed == 0) {
		failed = posix_spawnattr_init(&attr);
		if (failed == 0) {
			failed = start_with(r, program, voice, ends[1], &actions, &attr);
			(void)posix_spawnattr_destroy(&attr);
		}
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	(void)close(ends[1]);
	if (failed != 0) {
		r->pid = 0;
		return error_set(e, STATUS_IO, "%s could not be started: %s", program, strerror(failed));
	}
	return STATUS_OK;
}

static enum status wait_for_sound(const struct run *r, const struct env *env, int64_t until_ms, struct error *e)
{
	for (;;) {
		int64_t left_ms = until_ms - env->monotonic_ms(env->ctx);
		struct pollfd p = {.fd = r->sound, .events = POLLIN};
		int ready = left_ms > 0 ? poll(&p, 1, (int)left_ms) : 0;

		if (ready > 0)
			return STATUS_OK;
		if (ready == 0)
			return error_set(e, STATUS_TIMEOUT, "reading aloud took longer than %d ms", SPEECH_TIME_MAX_MS);
		if (errno != EINTR)
			return error_set(e, STATUS_IO, "the sound could not be waited for: %s", strerror(errno));
	}
}

static enum status collect(struct buf *sound, const struct run *r, const struct env *env, struct error *e)
{
	int64_t until_ms = env->monotonic_ms(env->ctx) + SPEECH_TIME_MAX_MS;

	for (;;) {
		enum status st = wait_for_sound(r, env, until_ms, e);
		ssize_t got = 0;

		if (st != STATUS_OK)
			return st;
		if (!buf_reserve(sound, CHUNK))
			return error_set(e, STATUS_NOMEM, "no memory for the sound");
		got = read(r->sound, sound->data + sound->len, CHUNK);
		if (got < 0 && errno != EINTR)
			return error_set(e, STATUS_IO, "the sound could not be read: %s", strerror(errno));
		if (got == 0)
			return STATUS_OK;
		sound->len += got > 0 ? (size_t)got : 0;
		if (sound->len > SPEECH_SOUND_MAX)
			return error_set(e, STATUS_TOO_BIG, "the sound is over %d bytes", SPEECH_SOUND_MAX);
	}
}

/* True if it ended by itself and well; what still runs is ended, for it may have closed its output and live on. */
static bool finish(struct run *r, bool well)
{
	const struct timespec moment = {.tv_nsec = 1000000L * END_STEP_MS};
	int how = 0;
	pid_t ended = 0;

	for (int i = 0; r->pid > 0 && well && ended == 0 && i < END_MAX_MS / END_STEP_MS; i++) {
		ended = waitpid(r->pid, &how, WNOHANG);
		if (ended == 0)
			(void)nanosleep(&moment, NULL);
	}
	if (r->pid > 0 && ended != r->pid) {
		well = false;
		(void)kill(r->pid, SIGKILL);
		while (waitpid(r->pid, &how, 0) < 0 && errno == EINTR)
			;
	}
	return well && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

static void put_le32(uint8_t *out, size_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

/* A program that writes to a pipe cannot know the length, and browsers believe what the header says. */
static bool set_length(struct buf *sound)
{
	if (sound->len <= WAV_HEADER || memcmp(sound->data, "RIFF", 4) != 0 || memcmp(sound->data + 36, "data", 4) != 0)
		return false;
	put_le32(sound->data + 4, sound->len - 8);
	put_le32(sound->data + 40, sound->len - WAV_HEADER);
	return true;
}

enum status speech_say(struct buf *out, const char *program, const char *language, const char *text, const struct env *env, struct error *e)
{
	struct run r = {.text = -1, .sound = -1};
	struct buf sound = BUF_INIT;
	enum status st = STATUS_OK;

	if (!speech_can(program, language))
		return error_set(e, STATUS_NOT_FOUND, "there is no voice for %s", language);
	if (strlen(text) > SPEECH_TEXT_MAX)
		return error_set(e, STATUS_TOO_BIG, "a text to read aloud is over %d bytes", SPEECH_TEXT_MAX);
	st = open_text(&r, text, e);
	if (st == STATUS_OK)
		st = start(&r, program, find_voice(language), e);
	if (st == STATUS_OK)
		st = collect(&sound, &r, env, e);
	if (!finish(&r, st == STATUS_OK) && st == STATUS_OK)
		st = error_set(e, STATUS_IO, "%s failed", program);
	if (st == STATUS_OK && !set_length(&sound))
		st = error_set(e, STATUS_IO, "%s gave no sound", program);
	if (st == STATUS_OK) {
		buf_add(out, sound.data, sound.len);
		st = buf_ok(out) ? STATUS_OK : error_set(e, STATUS_NOMEM, "no memory for the sound");
	}
	if (r.text >= 0)
		(void)close(r.text);
	if (r.sound >= 0)
		(void)close(r.sound);
	buf_clear(&sound);
	return st;
}
