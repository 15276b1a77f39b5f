/* tests/client/box_fixture.h - for group tests of kiosks that move between boxes: a practice with its manager and a kiosk in box c1. */
#ifndef QIP_TESTS_CLIENT_BOX_FIXTURE_H
#define QIP_TESTS_CLIENT_BOX_FIXTURE_H

#include "tests/client/kiosk_fixture.h"

static char card_now[ENV_HARDWARE_MAX] = "c1";
static struct env box;

static inline void box_card(void *ctx, int dir, char out[ENV_HARDWARE_MAX])
{
	(void)ctx;
	(void)dir;
	memcpy(out, card_now, ENV_HARDWARE_MAX);
}

static inline struct qip_options options(const char *home)
{
	return (struct qip_options){.home = practice_path(&p, home), .env = &box, .lock_wait_ms = 5000};
}

static inline struct qip *open_in_box(const char *home)
{
	struct qip_options o = options(home);
	struct qip *q = NULL;

	OK(qip_open(&q, &o, &last_error));
	return q;
}

static inline void put_into(const char *card)
{
	(void)snprintf(card_now, sizeof(card_now), "%s", card);
}

static inline void invite_by(struct qip *manager, char code[CODE_TEXT_MAX], const char *name)
{
	struct qip_sync_report report;

	OK(qip_invite(code, manager, name, ROLE_KIOSK, "kibworth", &last_error));
	OK(qip_sync(manager, &report, &last_error));
}

static inline void invite(char code[CODE_TEXT_MAX], const char *name)
{
	invite_by(boss, code, name);
}

static inline int count_of(const char *device)
{
	char path[TREE_PATH_MAX];

	(void)practice_sync(boss);
	(void)snprintf(path, sizeof(path), "feedback/%s", device);
	return practice_count(boss, path);
}

static inline int set_up_boxes(void **state)
{
	box = *env_system();
	box.machine_id = NULL;
	box.storage_serial = box_card;
	set_up(state);
	qip_close(kiosk);
	assert_int_equal(unlink(practice_path(&p, "kib-kiosk/incarnation.json")), 0);
	kiosk = open_in_box("kib-kiosk");
	return 0;
}

#endif
