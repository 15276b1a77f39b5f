/* kiosk/turn.h - one request on its way to a response: what the files behind kiosk/route.c share. */
#ifndef QIP_KIOSK_TURN_H
#define QIP_KIOSK_TURN_H

#include "kiosk/route.h"

struct turn {
	struct desk *desk;
	const struct request *request;
	struct response *response;
	struct screen screen;
	struct visit visit;
};

/* Send what was made, of the type that the response has (HTML unless set); if it could not be made, a 503 with a fixed page. */
void turn_finish(struct turn *t, unsigned status, enum status made, const struct error *e);
/* A message in the visit's language, by keys of kiosk/texts. */
void turn_message(struct turn *t, unsigned status, const char *heading, const char *text);
/* The page where the visit stands. */
void turn_show(struct turn *t, enum flow_fault fault);

/* The pages for patients: kiosk/turn.c. */
void turn_start(struct turn *t);
void turn_step(struct turn *t);
void turn_thanks(struct turn *t);

#endif
