/* client/shut_out.h - devices that this home ever knew as revoked, or as shut out of free text: shut-out.json. Keys are not handed to them by
 * themselves, whatever the log says later: the server signs the log, and could leave a revocation out of it before an audit tells. A
 * manager may hand them on by hand. */
#ifndef QIP_CLIENT_SHUT_OUT_H
#define QIP_CLIENT_SHUT_OUT_H

#include "client/home.h"
#include "core/registry.h"

struct shut_out {
	cJSON *devices; /* owned; names */
};
#define SHUT_OUT_INIT                                                                                                  \
	{                                                                                                              \
		NULL                                                                                                   \
	}

/* Those known before, and those of the log as it is; what is new among them is durable when this returns. newest: record of the newest
 * generation of the comment key, or NULL. End with shut_out_clear, in every case. */
enum status shut_out_note(struct shut_out *out, struct qip *q, const struct registry *reg, const cJSON *newest, struct error *e) MUST_CHECK;
/* A manager decided otherwise. */
enum status shut_out_forget(struct qip *q, const char *device, struct error *e) MUST_CHECK;
bool shut_out_has(const struct shut_out *s, const char *device);
void shut_out_clear(struct shut_out *s);

#endif
