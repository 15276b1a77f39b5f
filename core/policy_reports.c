/* core/policy_reports.c - rules of single places: what a device says of itself, notes and toolkits of the ICB, the monthly return. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/policy_internal.h"

enum status policy_check_own(const struct policy_change *c, struct error *e)
{
	const char *device = json_string(c->after, "device");

	if (!device || strcmp(device, c->device) != 0)
		return error_set(e, STATUS_DENIED, "a device writes there under its own name only");
	return STATUS_OK;
}

/* That the merge stands in the log under that number is for who knows the log: see head_checkpoint.c. */
enum status policy_check_checkpoint(const struct policy_change *c, struct error *e)
{
	int64_t before = 0, after = 0;

	if (c->before && json_integer(c->before, "index", &before) && json_integer(c->after, "index", &after) && after < before)
		return error_set(e, STATUS_DENIED, "the checkpoint falls from merge %" PRId64 " to %" PRId64, before, after);
	return policy_check_own(c, e);
}

enum status policy_check_health(const struct policy_change *c, struct error *e)
{
	int64_t before = 0, after = 0;

	if (c->before && json_integer(c->before, "number", &before) && json_integer(c->after, "number", &after) && after <= before)
		return error_set(e, STATUS_DENIED, "a changed record of health needs a higher number than %" PRId64, before);
	return policy_check_own(c, e);
}

enum status policy_check_icb_note(const struct policy_change *c, struct error *e)
{
	const char *by = json_string(c->after, "by");

	if (!by || strcmp(by, role_text(c->role)) != 0)
		return error_set(e, STATUS_DENIED, "the note is not in the role of %s, which is %s", c->device, role_text(c->role));
	return policy_check_own(c, e);
}

/* ---- toolkits ---- */

static int by_text(const void *a, const void *b)
{
	const char *const *ta = a, *const *tb = b;

	return strcmp(*ta, *tb);
}

/* Answers name a statement alone, without its domain. */
static enum status check_statements(const char **ids, const cJSON *domains, struct error *e)
{
	const cJSON *domain, *statement;
	size_t n = 0;

	cJSON_ArrayForEach(domain, domains) {
		cJSON_ArrayForEach(statement, json_get(domain, "statements"))
			ids[n++] = json_string(statement, "id");
	}
	qsort(ids, n, sizeof(*ids), by_text);
	for (size_t i = 1; i < n; i++)
		if (strcmp(ids[i - 1], ids[i]) == 0)
			return error_set(e, STATUS_INVALID, "the statement %s stands twice", ids[i]);
	return STATUS_OK;
}

enum status policy_check_toolkit(const struct policy_change *c, struct error *e)
{
	const cJSON *domains = json_get(c->after, "domains"), *domain;
	const char **ids;
	size_t n = 0;
	enum status st = policy_check_own(c, e);

	if (st != STATUS_OK)
		return st;
	cJSON_ArrayForEach(domain, domains)
		n += (size_t)cJSON_GetArraySize(json_get(domain, "statements"));
	ids = calloc(n + 1, sizeof(*ids));
	st = ids ? check_statements(ids, domains, e) : error_set(e, STATUS_NOMEM, "out of memory");
	free(ids);
	return st;
}

/* ---- returns ---- */

static int64_t sum(const cJSON *counts)
{
	const cJSON *count;
	int64_t total = 0;

	cJSON_ArrayForEach(count, counts)
		total += (int64_t)count->valuedouble;
	return total;
}

/* The same answers counted twice: by option and by mode. */
static enum status check_totals(const cJSON *totals, struct error *e)
{
	int64_t options = sum(json_get(totals, "options")), modes = sum(json_get(totals, "modes"));

	if (options != modes)
		return error_set(e, STATUS_INVALID, "the return counts %" PRId64 " answers by option and %" PRId64 " by mode", options, modes);
	return STATUS_OK;
}

/* That nobody else changed or submitted it meanwhile is for who knows main: see head_meanwhile.c. */
enum status policy_check_return(const struct policy_change *c, struct error *e)
{
	const cJSON *claim;
	enum status st = check_totals(json_get(c->after, "totals"), e);

	if (json_get(c->before, "submitted"))
		return error_set(e, STATUS_DENIED, "the return was submitted on %s and is locked", json_string(c->before, "submitted"));
	cJSON_ArrayForEach(claim, json_get(json_get(c->after, "conflicts"), "totals")) {
		if (st == STATUS_OK)
			st = check_totals(json_get(claim, "value"), e);
	}
	if (st == STATUS_OK && json_get(c->after, "submitted") && (!json_get(c->after, "totals") || json_get(c->after, "conflicts")))
		st = error_set(e, STATUS_INVALID, "a return is submitted with its totals, and once nobody disagrees about it");
	return st;
}
