/* server/enrol_root.h - an enrolment that brings its invite along: a manager whom the practice's root key lets in. */
#ifndef QIP_SERVER_ENROL_ROOT_H
#define QIP_SERVER_ENROL_ROOT_H

#include "core/registry.h"

/* The record of an invited device, made of the request's member "root_invite" {"device","at","signature"} and the invite key, once the root
 * key's signature is checked; the caller's. STATUS_MALFORMED; STATUS_EXISTS the name is taken; STATUS_DENIED another root key. */
enum status enrol_root_record(cJSON **out, const struct registry *reg, const cJSON *root_invite, const char *invite_key, struct error *e) MUST_CHECK;

#endif
