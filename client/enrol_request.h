/* client/enrol_request.h - asking the server for a certificate: POST /<ODS>/enrol. */
#ifndef QIP_CLIENT_ENROL_REQUEST_H
#define QIP_CLIENT_ENROL_REQUEST_H

#include "client/joining.h"

struct enrol_answer {
	cJSON *record;                 /* owned: the device's record as on main; NULL for the first manager before the start */
	char server_key[KEY_SSH_MAX];  /* signs the log; for the first manager to endorse */
	char name[201];                /* of the practice */
};

/* Ask, check the answer against the code, set the device, role and site of q, and write device.crt. The same request again gives the
 * same answer. STATUS_REFUSED: unknown or used code. */
enum status enrol_request(struct enrol_answer *out, struct qip *q, const struct joining *j, struct error *e) MUST_CHECK;
void enrol_answer_clear(struct enrol_answer *a);

#endif
