/* kiosk/page_staff.c - the pages for staff, in English. How the kiosk stands enters; HTML documents leave. */
#include "kiosk/page_internal.h"

#include <stdio.h>

#define SHOWN_S 60 /* then the patients' page comes back */

static enum status add_troubles(struct buf *out, const struct sheet *sheet, const struct standing *s, struct error *e)
{
	enum status st = STATUS_OK;

	for (int t = 0; t < TROUBLES && st == STATUS_OK; t++) {
		if (s->troubles & 1u << t)
			st = page_part(out, sheet, "trouble.html", (struct texts_value[]){{"text", trouble_words((enum trouble)t)}, {NULL, NULL}}, e);
	}
	return st;
}

enum status page_status(struct buf *out, const struct page *p, const struct standing *standing, bool has_pin, struct error *e)
{
	struct sheet s = page_sheet(p, "This kiosk");
	struct buf troubles = BUF_INIT;
	char sync[64];
	enum status st = add_troubles(&troubles, &s, standing, e);

	standing_sync_text(sync, sizeof(sync), standing);
	if (st == STATUS_OK)
		st = page_part(&s.body, &s, "status.html", (struct texts_value[]){
			{"keeps", standing_keeps(standing) ? "yes" : ""},
			{"fails", standing_keeps(standing) ? "" : "yes"},
			{"last_sync", sync},
			{"version", QIP_VERSION},
			{"troubles", buf_text(&troubles)},
			{"pin", has_pin ? "yes" : ""},
			{"no_pin", has_pin ? "" : "yes"},
			{NULL, NULL},
		}, e);
	buf_clear(&troubles);
	return page_end(out, &s, st, "status", SHOWN_S, e);
}

enum status page_pin(struct buf *out, const struct page *p, const char *digits, const char *fault, struct error *e)
{
	struct sheet s = page_sheet(p, "For staff");
	enum status st = page_part(&s.body, &s, "staff_pin.html", (struct texts_value[]){{"digits", digits}, {"fault", fault}, {NULL, NULL}}, e);

	return page_end(out, &s, st, "staff-pin", SHOWN_S, e);
}

enum status page_staff(struct buf *out, const struct page *p, const struct standing *standing, struct error *e)
{
	struct sheet s = page_sheet(p, "For staff");
	struct buf troubles = BUF_INIT;
	char last[128], waiting[64], sync[64], clock[96], room[96], languages[STANDING_LANGUAGES_MAX * (STANDING_LANGUAGE_MAX + 2)];
	enum status st = add_troubles(&troubles, &s, standing, e);

	standing_last_text(last, sizeof(last), standing);
	standing_waiting_text(waiting, sizeof(waiting), standing);
	standing_sync_text(sync, sizeof(sync), standing);
	standing_clock_text(clock, sizeof(clock), standing);
	standing_room_text(room, sizeof(room), standing);
	standing_languages_text(languages, sizeof(languages), standing);
	if (st == STATUS_OK)
		st = page_part(&s.body, &s, "staff.html", (struct texts_value[]){
			{"troubles", buf_text(&troubles)},
			{"well", standing->troubles ? "" : "yes"},
			{"device", standing->device},
			{"site", standing->site},
			{"last_answer", last},
			{"waiting", waiting},
			{"last_sync", sync},
			{"sync_error", standing->sync_error},
			{"journal_error", standing->journal_error},
			{"room", room},
			{"clock", clock},
			{"languages", languages},
			{"comments", standing->comments ? "asked for, and sealed at once" : "not asked for: there is no key to seal them with yet"},
			{"version", QIP_VERSION},
			{NULL, NULL},
		}, e);
	buf_clear(&troubles);
	return page_end(out, &s, st, "staff", SHOWN_S, e);
}
