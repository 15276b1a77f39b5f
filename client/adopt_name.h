/* client/adopt_name.h - what another device said, in this one's name. */
#ifndef QIP_CLIENT_ADOPT_NAME_H
#define QIP_CLIENT_ADOPT_NAME_H

#include "client/home.h"

/* The id that a device gives to what another made under `id`: its time, and bits that follow from both names. So whoever adopts it again makes the
 * same, and two who adopt it make two. STATUS_INVALID: `id` is none. */
enum status adopt_id(char out[ID_TEXT_LEN + 1], const char *id, const char *device) MUST_CHECK;
/* The claim is what its device made of the original. */
bool adopt_made(const cJSON *original, const cJSON *claim);
/* Give a stamp this device's name and role, and the present time; a claim also its new id. The day it speaks of stays. */
enum status adopt_stamp(cJSON *stamp, struct qip *q) MUST_CHECK;
enum status adopt_claim(cJSON *claim, struct qip *q) MUST_CHECK;

#endif
