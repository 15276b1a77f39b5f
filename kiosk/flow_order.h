/* kiosk/flow_order.h - which question comes after which: a survey's order as this screen can ask it. Pure; of kiosk/flow.c alone. */
#ifndef QIP_KIOSK_FLOW_ORDER_H
#define QIP_KIOSK_FLOW_ORDER_H

#include "kiosk/screen.h"

/* The first question from the one at `from` on, and the last before it; false: there is none, and *out is untouched. */
bool order_next(size_t *out, const struct screen *s, const cJSON *survey, size_t from, const cJSON *answers);
bool order_before(size_t *out, const struct screen *s, const cJSON *survey, size_t from, const cJSON *answers);
/* True if free text is asked for. */
bool order_asks_text(const struct screen *s, const cJSON *survey, const cJSON *answers);

#endif
