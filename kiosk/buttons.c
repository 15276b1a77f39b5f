/* kiosk/buttons.c - a panel of five buttons. What an input device reports enters; presses leave, one for each finger. */
#include "kiosk/buttons.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/log.h"
#include "kiosk/thread.h"

#define STACK_BYTES (256 * 1024)

struct buttons {
	struct buttons_options options;
	struct button_filter filter;
	pthread_t thread;
	int device; /* -1: gone */
	int end;    /* readable: stop */
};

static const unsigned first_codes[] = {KEY_1, BTN_0, BTN_TRIGGER_HAPPY1};
static const unsigned number_pad[BUTTONS] = {KEY_KP1, KEY_KP2, KEY_KP3, KEY_KP4, KEY_KP5};

static int button_of(unsigned code)
{
	for (size_t i = 0; i < ARRAY_LEN(first_codes); i++) {
		if (code >= first_codes[i] && code < first_codes[i] + BUTTONS)
			return (int)(code - first_codes[i]);
	}
	for (int i = 0; i < BUTTONS; i++) {
		if (code == number_pad[i])
			return i;
	}
	return -1;
}

/* Value 1 is down, 0 up, 2 a key held down. */
int button_pressed(struct button_filter *f, const struct input_event *event, int64_t now_ms)
{
	int button = event->type == EV_KEY && event->value == 1 ? button_of(event->code) : -1;

	if (button < 0 || now_ms < f->rest_until_ms)
		return -1;
	f->rest_until_ms = now_ms + BUTTONS_REST_MS;
	return button;
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	/* Else the console would read what the patients press. A device that cannot be held alone is listened to all the same. */
	if (fd >= 0)
		(void)ioctl(fd, EVIOCGRAB, 1);
	return fd;
}

static bool is_gone(ssize_t n)
{
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void take_events(struct buttons *b)
{
	const struct env *env = b->options.env;
	struct input_event events[16];
	ssize_t n = read(b->device, events, sizeof(events));

	if (is_gone(n)) {
		log_line(LOG_LEVEL_WARN, "the buttons are gone", "device", b->options.device, NULL);
		(void)close(b->device);
		b->device = -1;
		return;
	}
	for (ssize_t i = 0; n > 0 && i < n / (ssize_t)sizeof(events[0]); i++) {
		int button = button_pressed(&b->filter, &events[i], env->monotonic_ms(env->ctx));

		if (button < 0)
			continue;
		b->options.press(b->options.ctx, button);
		/* A slow card keeps an answer waiting for long, while the contact's bounces wait here. */
		b->filter.rest_until_ms = env->monotonic_ms(env->ctx) + BUTTONS_REST_MS;
	}
}

static void look_again(struct buttons *b)
{
	b->device = open_device(b->options.device);
	if (b->device >= 0)
		log_line(LOG_LEVEL_INFO, "the buttons are there", "device", b->options.device, NULL);
}

static void *run(void *arg)
{
	struct buttons *b = arg;
	const int retry_ms = b->options.retry_ms > 0 ? b->options.retry_ms : BUTTONS_RETRY_MS;

	for (;;) {
		struct pollfd fds[2] = {{.fd = b->end, .events = POLLIN}, {.fd = b->device, .events = POLLIN}};
		int ready = poll(fds, b->device >= 0 ? 2 : 1, b->device >= 0 ? -1 : retry_ms);

		if (ready > 0 && fds[0].revents)
			return NULL;
		if (b->device < 0)
			look_again(b);
		else if (ready > 0 && fds[1].revents)
			take_events(b);
	}
}

static void free_buttons(struct buttons *b)
{
	if (b->device >= 0)
		(void)close(b->device);
	if (b->end >= 0)
		(void)close(b->end);
	free(b);
}

enum status buttons_start(struct buttons **out, const struct buttons_options *o, struct error *e)
{
	struct buttons *b = calloc(1, sizeof(*b));
	enum status st = STATUS_OK;
	int failed = 0;

	if (!b)
		return error_set(e, STATUS_NOMEM, "no memory for the buttons");
	*b = (struct buttons){.options = *o, .end = -1};
	b->device = open_device(o->device);
	if (b->device < 0)
		log_line(LOG_LEVEL_WARN, "the buttons are not there", "device", o->device, "reason", strerror(errno), NULL);
	b->end = eventfd(0, EFD_CLOEXEC);
	failed = b->end < 0 ? errno : thread_start(&b->thread, STACK_BYTES, run, b);
	if (failed)
		st = error_set_errno(e, failed, "cannot listen to the buttons");
	if (st == STATUS_OK)
		*out = b;
	else
		free_buttons(b);
	return st;
}

void buttons_stop(struct buttons *b)
{
	const uint64_t one = 1;

	if (!b)
		return;
	while (write(b->end, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	(void)pthread_join(b->thread, NULL);
	free_buttons(b);
}
