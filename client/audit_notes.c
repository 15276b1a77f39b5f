/* client/audit_notes.c - what the messages of merges say of the log as a whole: numbers, rules, when each device was heard of. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/audit_internal.h"
#include "client/limits.h"
#include "core/id.h"

/* Times of the server's clock are for people: they decide nothing, and a clock may be wrong. */
static void follow_time(struct auditor *a, const struct oid *id, const char *received)
{
	struct audit *out = a->out;
	int64_t before_ms = 0, now_ms = 0;

	if (!out->first_received[0])
		(void)snprintf(out->first_received, TIME_TEXT_MAX, "%s", received);
	if (time_parse(&before_ms, out->last_received) == STATUS_OK && time_parse(&now_ms, received) == STATUS_OK && now_ms < before_ms &&
		 out->clock_back++ == 0)
		oid_hex(out->clock_back_first, id);
	(void)snprintf(out->last_received, TIME_TEXT_MAX, "%s", received);
}

void audit_note(struct auditor *a, const struct oid *id, const struct merge_note *note, uint64_t index)
{
	if (note->index != (int64_t)index)
		audit_find(a, id, "", note->device, "the merge calls itself number %" PRId64 ", but stands at place %" PRIu64 " of the log",
			   note->index, index);
	if (note->rules_version < a->rules_version)
		audit_find(a, id, "", note->device, "the merge goes back to rules %d after rules %d were in use", note->rules_version,
			   a->rules_version);
	else
		a->rules_version = note->rules_version;
	follow_time(a, id, note->received);
}

/* By the log's own times: how long the log has been still is told apart. */
static bool is_silent(const struct audit *out, const struct device *d, const char *received)
{
	int64_t heard_ms = 0, end_ms = 0;

	if (d->revoked || d->retired || d->replaced_by[0] || !d->key)
		return false;
	return time_parse(&heard_ms, received) == STATUS_OK && time_parse(&end_ms, out->last_received) == STATUS_OK &&
	       end_ms - heard_ms > LIMIT_AUDIT_SILENT_MS;
}

void audit_tell_silence(struct auditor *a)
{
	const struct registry *reg = audit_registry_get(a->registry);

	for (size_t i = 0; i < a->out->devices_len; i++) {
		struct audit_device *d = &a->out->devices[i];
		const struct device *known = registry_find(reg, d->id);

		for (size_t k = 0; k < a->heads_len; k++)
			if (strcmp(a->heads[k].device, d->id) == 0)
				memcpy(d->last_received, a->heads[k].received, sizeof(d->last_received));
		d->silent = known && is_silent(a->out, known, d->last_received);
	}
}
