/* kiosk/buttons.h - a panel of five buttons instead of a screen: an input device of Linux (evdev), as a keypad or keys at GPIO pins are.
 *
 * The first button is the survey's first option. Keys 1 to 5, those of the number pad, BTN_0 to BTN_4 and BTN_TRIGGER_HAPPY1 to 5 count; all
 * others are ignored.
 */
#ifndef QIP_KIOSK_BUTTONS_H
#define QIP_KIOSK_BUTTONS_H

#include <linux/input.h>
#include <stdbool.h>

#include "core/env.h"

#define BUTTONS 5
/* After a press none counts for so long: contacts bounce for some ms, and one finger on two buttons is one answer. */
#define BUTTONS_REST_MS 800
#define BUTTONS_RETRY_MS 10000

/* Presses out of what the device reports. */
struct button_filter {
	int64_t rest_until_ms;
};
/* Which button was pressed, from 0; -1: none, or too soon after another. now_ms: of a clock that only goes forward. */
int button_pressed(struct button_filter *f, const struct input_event *event, int64_t now_ms);

struct buttons;

struct buttons_options {
	const char *device;                    /* "/dev/input/by-path/…-event" */
	void (*press)(void *ctx, int button);  /* on a thread of its own */
	void *ctx;
	const struct env *env;                 /* its monotonic clock */
	int retry_ms;                          /* how often to look for a device that is not there; 0: BUTTONS_RETRY_MS */
};
/* Listen to the device, alone: no other program sees its keys. One that is not there, or cannot be opened, is told of in the log and looked for
 * until it can: a screen beside it does not wait. STATUS_NOMEM, STATUS_IO: there is no thread for it. */
enum status buttons_start(struct buttons **out, const struct buttons_options *o, struct error *e) MUST_CHECK;
/* A press under way is finished first. NULL is allowed. */
void buttons_stop(struct buttons *b);

#endif
