/* tests/kiosk/test_buttons.c - presses out of what a keypad reports. The device is a pipe that carries the kernel's own records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "kiosk/buttons.h"

static struct input_event key(unsigned code, int value)
{
	return (struct input_event){.type = EV_KEY, .code = (uint16_t)code, .value = value};
}

static int pressed(struct button_filter *f, unsigned code, int value, int64_t now_ms)
{
	const struct input_event event = key(code, value);

	return button_pressed(f, &event, now_ms);
}

static void five_keys_of_each_kind_of_keypad_count(void **state)
{
	static const unsigned codes[][BUTTONS] = {
		{KEY_1, KEY_2, KEY_3, KEY_4, KEY_5},
		{KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5},
		{BTN_0, BTN_1, BTN_2, BTN_3, BTN_4},
		{BTN_TRIGGER_HAPPY1, BTN_TRIGGER_HAPPY2, BTN_TRIGGER_HAPPY3, BTN_TRIGGER_HAPPY4, BTN_TRIGGER_HAPPY5},
	};

	(void)state;
	for (size_t kind = 0; kind < ARRAY_LEN(codes); kind++) {
		for (int i = 0; i < BUTTONS; i++) {
			struct button_filter f = {0};

			assert_int_equal(pressed(&f, codes[kind][i], 1, 5000), i);
		}
	}
}

static void other_keys_and_other_reports_do_not_count(void **state)
{
	static const unsigned others[] = {KEY_ESC, KEY_6, KEY_ENTER, KEY_KP0, KEY_KP6, BTN_5, BTN_LEFT, BTN_TRIGGER_HAPPY6};
	struct button_filter f = {0};
	const struct input_event moved = {.type = EV_REL, .code = KEY_1, .value = 1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(pressed(&f, others[i], 1, 5000), -1);
	assert_int_equal(button_pressed(&f, &moved, 5000), -1);
	assert_int_equal(pressed(&f, KEY_1, 0, 5000), -1); /* let go */
	assert_int_equal(pressed(&f, KEY_1, 2, 5000), -1); /* held down */
	assert_int_equal(pressed(&f, KEY_1, 1, 5000), 0);  /* and none of them had made it rest */
}

static void a_contact_that_bounces_is_one_press(void **state)
{
	struct button_filter f = {0};

	(void)state;
	assert_int_equal(pressed(&f, KEY_2, 1, 1000), 1);
	for (int64_t ms = 1001; ms < 1000 + BUTTONS_REST_MS; ms += 7)
		assert_int_equal(pressed(&f, KEY_2, 1, ms), -1);
	assert_int_equal(pressed(&f, KEY_3, 1, 1000 + BUTTONS_REST_MS - 1), -1); /* a finger on two */
	assert_int_equal(pressed(&f, KEY_3, 1, 1000 + BUTTONS_REST_MS), 2);
}

/* ---- a device that comes and goes ---- */

struct panel {
	char path[64];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int count, last;
};

/* As slow as a card that tidies itself up. */
static void note_press(void *ctx, int button)
{
	const struct timespec slow = {.tv_nsec = (BUTTONS_REST_MS + 100) % 1000 * 1000000L, .tv_sec = (BUTTONS_REST_MS + 100) / 1000};
	struct panel *p = ctx;

	(void)nanosleep(&slow, NULL);
	(void)pthread_mutex_lock(&p->lock);
	p->count++;
	p->last = button;
	(void)pthread_cond_broadcast(&p->changed);
	(void)pthread_mutex_unlock(&p->lock);
}

static void assert_presses(struct panel *p, int count, int last)
{
	struct timespec until = {0};

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	(void)pthread_mutex_lock(&p->lock);
	while (p->count < count && pthread_cond_timedwait(&p->changed, &p->lock, &until) == 0)
		;
	assert_int_equal(p->count, count);
	assert_int_equal(p->last, last);
	(void)pthread_mutex_unlock(&p->lock);
}

static void a_panel_that_is_not_there_is_listened_to_when_it_comes_and_each_press_counts_once(void **state)
{
	struct panel p = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	const struct buttons_options o = {.device = p.path, .press = note_press, .ctx = &p, .env = env_system(), .retry_ms = 20};
	const struct input_event events[] = {key(KEY_ESC, 1), key(KEY_4, 1), key(KEY_4, 0), key(KEY_4, 1)};
	struct buttons *b = NULL;
	struct error e = {.text = ""};
	int fd = -1;

	(void)state;
	(void)snprintf(p.path, sizeof(p.path), "/tmp/qip-test-buttons-%d", (int)getpid());
	assert_int_equal(buttons_start(&b, &o, &e), STATUS_OK);
	(void)usleep(50 * 1000);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	fd = open(p.path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, events, sizeof(events)), (ssize_t)sizeof(events));
	assert_presses(&p, 1, 3);
	buttons_stop(b);
	assert_presses(&p, 1, 3); /* also after what had waited was read */
	(void)close(fd);
	(void)unlink(p.path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_keys_of_each_kind_of_keypad_count),
		cmocka_unit_test(other_keys_and_other_reports_do_not_count),
		cmocka_unit_test(a_contact_that_bounces_is_one_press),
		cmocka_unit_test(a_panel_that_is_not_there_is_listened_to_when_it_comes_and_each_press_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
