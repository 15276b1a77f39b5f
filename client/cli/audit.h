/* client/cli/audit.h - what the files of qip audit share.
 *
 * Exit status: 0 passed; 1 there are findings; 2 called wrongly; 3 it could not be done; 4 what was signed before does not hold: the checkpoint that
 * it would begin from, or the certificate. Of a certificate that holds, 0 and 1 say how the audit ended.
 */
#ifndef QIP_CLI_AUDIT_H
#define QIP_CLI_AUDIT_H

#include "client/audit.h"
#include "client/cli/cli.h"

#define AUDIT_EXIT_FINDINGS 1
#define AUDIT_EXIT_NOT_DONE 3
#define AUDIT_EXIT_REFUSED 4

/* What is audited. */
struct audited {
	struct repo *repo; /* the home's, or `copy` */
	struct repo *copy; /* owned; NULL for the home's */
	struct oid main;
	const char *ods;
	const uint8_t *root_pin; /* NULL: none is known */
	uint8_t pin[CODE_PIN_LEN];
};

/* The home's log, or the copy that --repo names; `ods` is the practice of a copy. To be closed in every case. */
enum status audited_open(struct audited *out, struct cli *c, const char *ods, struct error *e) MUST_CHECK;
void audited_close(struct audited *a);

/* `refusal`: why the checkpoint was not used, or "". */
enum status audit_print(struct cli *c, const struct audit *a, const char *refusal, struct error *e) MUST_CHECK;
/* qip audit --check-certificate FILE. */
enum status audit_check(struct cli *c, const char *path, struct error *e) MUST_CHECK;

#endif
