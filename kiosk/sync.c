/* kiosk/sync.c - qip-kiosk sync: one sync now, beside a running kiosk or without one. */
#include <inttypes.h>
#include <stdio.h>

#include "client/include/qip/client.h"
#include "kiosk/command.h"

#define LOCK_WAIT_MS 60000

enum status command_sync(const struct command_options *o, struct error *e)
{
	struct qip_sync_report report = {0};
	struct qip *q = NULL;
	enum status st = qip_open(&q, &(struct qip_options){.home = o->home, .lock_wait_ms = LOCK_WAIT_MS}, e);

	if (st == STATUS_OK && qip_identity(q)->role != ROLE_KIOSK)
		st = error_set(e, STATUS_DENIED, "%s is not the home of a kiosk", o->home);
	if (st == STATUS_OK)
		st = qip_sync(q, &report, e);
	qip_close(q);
	if (st != STATUS_OK)
		return st;
	printf("Sent %" PRIu64 " %s; %" PRIu64 " %s.\n", report.records_sent, report.records_sent == 1 ? "answer" : "answers", report.waiting,
	       report.waiting == 1 ? "waits" : "wait");
	if (report.blobs_sent > 0 || report.blobs_waiting > 0)
		printf("Sealed comments: sent %" PRIu64 "; waiting %" PRIu64 "%s%s.\n", report.blobs_sent, report.blobs_waiting, report.blobs_why[0] ? ": " : "",
		       report.blobs_why);
	return STATUS_OK;
}
