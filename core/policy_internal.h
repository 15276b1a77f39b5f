/* core/policy_internal.h - the parts of policy_check(). */
#ifndef QIP_CORE_POLICY_INTERNAL_H
#define QIP_CORE_POLICY_INTERNAL_H

#include "core/policy.h"

/* ---- core/policy_claims.c: a record of claims against what it was, STATUS_DENIED, STATUS_INVALID ---- */
enum status policy_check_claims(const struct policy_change *c, const char *type, const struct rules *rules, struct error *e) MUST_CHECK;

/* ---- core/policy_server_keys.c ---- */
enum status policy_check_practice(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_retired_key(const struct policy_change *c, struct error *e) MUST_CHECK;

/* ---- core/policy_places.c, core/policy_reports.c ---- */
/* The device was retired: it delivers what it has, and says no more who belongs to the practice. */
bool policy_is_retired(const struct policy_change *c);
enum status policy_check_survey(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_device(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_comment_key(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_incident(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_feedback(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_erasure(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_own(const struct policy_change *c, struct error *e) MUST_CHECK; /* "device" is who made the commit */
enum status policy_check_health(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_icb_note(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_toolkit(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_return(const struct policy_change *c, struct error *e) MUST_CHECK;
enum status policy_check_checkpoint(const struct policy_change *c, struct error *e) MUST_CHECK;

#endif
