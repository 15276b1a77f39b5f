/* kiosk/staff.c - the pages for staff. A PIN, key by key, enters; how the kiosk stands leaves. */
#include "kiosk/staff.h"

#include <stdio.h>
#include <string.h>

#include "kiosk/turn.h"

int64_t staff_guard_wait(const struct staff_guard *g, int64_t now_ms)
{
	return g->until_ms > now_ms ? g->until_ms - now_ms : 0;
}

void staff_guard_wrong(struct staff_guard *g, int64_t now_ms)
{
	int64_t wait_ms = STAFF_WAIT_MS;

	g->wrong++;
	if (g->wrong < STAFF_TRIES)
		return;
	for (unsigned i = STAFF_TRIES; i < g->wrong && wait_ms < STAFF_WAIT_MAX_MS; i++)
		wait_ms *= 2;
	g->until_ms = now_ms + (wait_ms < STAFF_WAIT_MAX_MS ? wait_ms : STAFF_WAIT_MAX_MS);
}

void staff_guard_right(struct staff_guard *g)
{
	*g = (struct staff_guard){.wrong = 0};
}

/* These pages are in English, whatever the screen offers first. */
static struct page page_of(struct turn *t)
{
	(void)snprintf(t->visit.language, sizeof(t->visit.language), "en");
	return (struct page){.screen = &t->screen, .assets = &t->desk->assets, .visit = &t->visit, .token = ""};
}

static int64_t now_ms(const struct turn *t)
{
	return t->desk->env->monotonic_ms(t->desk->env->ctx);
}

static bool has_pin(const struct turn *t)
{
	struct key_pin pin;

	return t->desk->pin && t->desk->pin(t->desk->ctx, &pin);
}

void staff_status(struct turn *t)
{
	struct error e = {.text = ""};
	struct standing s = {.last = 0};
	struct page page = page_of(t);

	t->desk->standing(t->desk->ctx, &s);
	turn_finish(t, 200, page_status(&t->response->body, &page, &s, has_pin(t), &e), &e);
}

void staff_status_json(struct turn *t)
{
	struct error e = {.text = ""};
	struct standing s = {.last = 0};
	cJSON *json = NULL;
	enum status st = STATUS_OK;

	t->desk->standing(t->desk->ctx, &s);
	json = standing_public_json(&s);
	if (!json || json_canonical(&t->response->body, json) != STATUS_OK)
		st = error_set(&e, STATUS_NOMEM, "no memory for the status");
	cJSON_Delete(json);
	t->response->type = "application/json";
	turn_finish(t, 200, st, &e);
}

static void show_keypad(struct turn *t, unsigned status, const char *digits, const char *fault)
{
	struct error e = {.text = ""};
	struct page page = page_of(t);

	turn_finish(t, status, page_pin(&t->response->body, &page, digits, fault, &e), &e);
}

static void show_wait(struct turn *t, int64_t wait_ms)
{
	char text[96];
	int64_t minutes = (wait_ms + 59999) / 60000;

	(void)snprintf(text, sizeof(text), "Too many wrong PINs. Please try again in %d %s.", (int)minutes, minutes == 1 ? "minute" : "minutes");
	show_keypad(t, 429, "", text);
}

void staff_ask(struct turn *t)
{
	int64_t wait_ms = staff_guard_wait(&t->desk->guard, now_ms(t));

	if (!has_pin(t))
		staff_status(t);
	else if (wait_ms > 0)
		show_wait(t, wait_ms);
	else
		show_keypad(t, 200, "", "");
}

static void show_all(struct turn *t)
{
	struct error e = {.text = ""};
	struct standing s = {.last = 0};
	struct page page = page_of(t);

	t->desk->standing(t->desk->ctx, &s);
	turn_finish(t, 200, page_staff(&t->response->body, &page, &s, &e), &e);
}

static void try_pin(struct turn *t, const char *digits)
{
	struct key_pin pin;
	int64_t wait_ms = staff_guard_wait(&t->desk->guard, now_ms(t));

	if (wait_ms > 0) {
		show_wait(t, wait_ms);
		return;
	}
	if (!t->desk->pin(t->desk->ctx, &pin)) {
		staff_status(t);
		return;
	}
	if (key_pin_check(&pin, digits) == STATUS_OK) {
		staff_guard_right(&t->desk->guard);
		show_all(t);
		return;
	}
	staff_guard_wrong(&t->desk->guard, now_ms(t));
	wait_ms = staff_guard_wait(&t->desk->guard, now_ms(t));
	if (wait_ms > 0)
		show_wait(t, wait_ms);
	else
		show_keypad(t, 403, "", "That is not the PIN of this site.");
}

/* One key of the keypad: what stands in the field comes along. */
static void press(char digits[KEY_PIN_DIGITS_MAX + 1], const char *key)
{
	size_t len = strlen(digits);

	if (strcmp(key, "delete") == 0 && len > 0)
		digits[len - 1] = '\0';
	else if (key[0] >= '0' && key[0] <= '9' && key[1] == '\0' && len < KEY_PIN_DIGITS_MAX)
		(void)snprintf(digits + len, KEY_PIN_DIGITS_MAX + 1 - len, "%s", key);
}

void staff_open(struct turn *t)
{
	char digits[KEY_PIN_DIGITS_MAX + 1] = "";
	const char *key = NULL, *before = NULL;
	struct form f;

	if (!has_pin(t)) {
		staff_status(t);
		return;
	}
	if (form_parse(&f, t->request->body, t->request->body_len, NULL) == STATUS_OK) {
		key = form_get(&f, "go");
		before = form_get(&f, "pin");
	}
	if (!before || strlen(before) > KEY_PIN_DIGITS_MAX || before[strspn(before, "0123456789")] != '\0') {
		show_keypad(t, 400, "", "A PIN is of digits alone.");
		return;
	}
	(void)snprintf(digits, sizeof(digits), "%s", before);
	if (!key || strcmp(key, "open") == 0) {
		try_pin(t, digits);
	} else {
		press(digits, key);
		show_keypad(t, 200, digits, "");
	}
	explicit_bzero(digits, sizeof(digits));
}
