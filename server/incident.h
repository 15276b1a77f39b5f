/* server/incident.h - the server's own word, in the log, that a restore lost merges or may have. */
#ifndef QIP_SERVER_INCIDENT_H
#define QIP_SERVER_INCIDENT_H

#include "server/closed.h"
#include "server/view.h"

struct incident {
	struct closed closed;	   /* of which restore */
	struct oid commit;	   /* the place of the log that it goes on from */
	int64_t index, known;	   /* its number, and the highest that is known to have been given */
	const char *const *unheard; /* devices, sorted; borrowed; NULL: none */
	size_t unheard_len;
};

/* True if the log tells of this restore already: that it went on from that place (NULL: from anywhere). */
enum status incident_is_told(bool *out, struct practice *p, const struct view *v, const char *restored, const struct oid *place,
			     struct error *e) MUST_CHECK;
/* Add incidents/<id>.json to the log; needs the practice's lock, and that i->commit is in the log. */
enum status incident_tell(const struct incident *i, struct practice *p, const struct view *v, const struct env *env, struct error *e) MUST_CHECK;

#endif
