/* client/enrol_folder.h - the folder of a join under way: what it holds before there is a device. */
#ifndef QIP_CLIENT_ENROL_FOLDER_H
#define QIP_CLIENT_ENROL_FOLDER_H

#include "client/home.h"

/* The home's folders and the rules. STATUS_EXISTS: it is joined. */
enum status enrol_folder(struct qip *q, struct error *e) MUST_CHECK;
/* The code names the only authority that will ever be trusted: fetch it, and keep it. */
enum status enrol_fetch_ca(struct qip *q, const struct code *code, struct error *e) MUST_CHECK;
/* Open history.git, made where it is not there. */
enum status enrol_open_history(struct qip *q, struct error *e) MUST_CHECK;

#endif
