/* kiosk/join.c - qip-kiosk join URL CODE: the code that a manager's invite printed enters; a kiosk's home leaves. */
#include <stdio.h>
#include <string.h>

#include "client/include/qip/client.h"
#include "kiosk/command.h"

/* The first sync brings the survey; without it the screen has nothing to ask yet, but the kiosk belongs to its practice all the same. */
static enum status first_sync(const struct qip_options *options, struct error *e)
{
	struct qip_sync_report report = {0};
	struct error why = {.text = ""};
	struct qip *q = NULL;
	enum status st = qip_open(&q, options, e);

	if (st != STATUS_OK)
		return st;
	if (qip_identity(q)->role != ROLE_KIOSK) {
		st = error_set(e, STATUS_DENIED, "this code was for a device of the role %s, not for a kiosk: use the home with `qip`, and ask a "
			       "manager for `qip invite NAME --role kiosk`", role_text(qip_identity(q)->role));
	} else if (qip_sync(q, &report, &why) == STATUS_OK) {
		printf("Joined: %s at %s, practice %s. Start it with `qip-kiosk run`.\n", qip_identity(q)->device, qip_identity(q)->site,
		       qip_identity(q)->ods);
	} else {
		printf("Joined: %s at %s, practice %s. The first sync did not work yet (%s); `qip-kiosk run` tries again.\n",
		       qip_identity(q)->device, qip_identity(q)->site, qip_identity(q)->ods, why.text);
	}
	qip_close(q);
	return st;
}

enum status command_join(const struct command_options *o, struct error *e)
{
	const struct qip_options options = {.home = o->home, .join_as = ROLE_KIOSK, .lock_wait_ms = 60000};
	enum status st = qip_join(&options, o->words[0], o->words[1], NULL, NULL, e);

	return st == STATUS_OK ? first_sync(&options, e) : st;
}
