/* kiosk/standing_text.c - how a kiosk stands, in words for staff. */
#include "kiosk/standing.h"

#include <inttypes.h>
#include <stdio.h>

const char *trouble_words(enum trouble t)
{
	switch (t) {
	case TROUBLE_DISK_FULL:
		return "There is no room for answers, or soon none. Look why they are not sent, or ask IT to look at the storage.";
	case TROUBLE_DISK_ERRORS:
		return "Answers cannot be kept: the storage fails. Ask IT to replace it, and offer paper forms until then.";
	case TROUBLE_LOST_RECORDS:
		return "Some stored answers were damaged within the last week: the storage may be failing. Ask IT to look at it.";
	case TROUBLE_CLOCK_UNSET:
		return "It does not know what time it is. Answers are kept; their times are worked out when it reaches the server.";
	case TROUBLE_SYNC_FAILING:
		return "It cannot reach the server. Answers are kept here until it can; look at the network.";
	case TROUBLE_CLONE:
		return "Another kiosk may run from a copy of this one's card, or this one was set back. Answers are kept here, and nothing is sent. Ask "
		       "the practice's manager for a code under a new name, and join this one again with it.";
	case TROUBLES:
		break;
	}
	return "";
}

/* "2026-11-22 05:00 UTC" */
static void minute_text(char out[TIME_TEXT_MAX], int64_t ms)
{
	char full[TIME_TEXT_MAX];

	time_format(full, ms);
	(void)snprintf(out, TIME_TEXT_MAX, "%.10s %.5s UTC", full, full + 11);
}

void standing_last_text(char *out, size_t size, const struct standing *s)
{
	char when[TIME_TEXT_MAX];

	minute_text(when, s->last_ms);
	if (s->last == 0)
		(void)snprintf(out, size, "none yet");
	else
		(void)snprintf(out, size, "number %" PRIu64 ", %s%s", s->last, when,
			       s->last_quality == CLOCK_UNKNOWN ? " by a clock that nobody has set" : "");
}

void standing_waiting_text(char *out, size_t size, const struct standing *s)
{
	if (s->waiting_known && s->comments_waiting > 0)
		(void)snprintf(out, size, "%" PRIu64 " %s, %" PRIu64 " %s", s->waiting, s->waiting == 1 ? "answer" : "answers", s->comments_waiting,
			       s->comments_waiting == 1 ? "comment" : "comments");
	else if (s->waiting_known)
		(void)snprintf(out, size, "%" PRIu64 " %s", s->waiting, s->waiting == 1 ? "answer" : "answers");
	else
		(void)snprintf(out, size, "not known while a sync is going on");
}

void standing_sync_text(char *out, size_t size, const struct standing *s)
{
	char when[TIME_TEXT_MAX];

	minute_text(when, s->last_sync_ms);
	(void)snprintf(out, size, "%s", s->last_sync_ms > 0 ? when : "never");
}

void standing_clock_text(char *out, size_t size, const struct standing *s)
{
	static const char *const how[] = {
		[CLOCK_UNKNOWN] = "not set by anything it can rely on",
		[CLOCK_ESTIMATED] = "the server's time is known",
		[CLOCK_SYNCHRONISED] = "kept right by the network",
	};
	char when[TIME_TEXT_MAX];

	minute_text(when, s->clock_ms);
	(void)snprintf(out, size, "%s (%s)", when, how[s->clock]);
}

void standing_room_text(char *out, size_t size, const struct standing *s)
{
	if (s->space_known)
		(void)snprintf(out, size, "%" PRIu64 " MB free; the journal is %u%% full", s->free_bytes / 1000000, s->journal_percent);
	else
		(void)snprintf(out, size, "not known; the journal is %u%% full", s->journal_percent);
}

void standing_languages_text(char *out, size_t size, const struct standing *s)
{
	size_t len = 0;

	(void)snprintf(out, size, "none yet");
	for (size_t i = 0; i < s->languages_len && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i > 0 ? ", " : "", s->languages[i]);
}
