/* tests/sim/kiosk/year.h - what the files of this program share: the world's state, and who changes it.
 *
 * world.c: time, power, clocks and the link. visit.c: a part of the kiosk's life, in a process that may die in it. account.c: what was thanked,
 * what is at the server, how large the home is.
 */
#ifndef QIP_TESTS_SIM_KIOSK_YEAR_H
#define QIP_TESTS_SIM_KIOSK_YEAR_H

#include "tests/client/practice.h"

#define WORLD_CLOCK "QIP_SIM_CLOCK" /* names the file that moves our clock */

/* An answer that somebody gave. */
struct thanked {
	char id[ID_TEXT_LEN + 1];
	int64_t at_ms; /* by the true time */
	bool told;     /* false: the power failed before there were thanks */
};

struct year {
	int days, a_day, visits;
	uint64_t limit_bytes; /* of the home */
	uint64_t sent_bytes;  /* of history, before the kiosk forgets; 0: as it is built */
	bool calm, keep;
	uint64_t dice;
	struct practice practice;
	struct proxy line;
	struct qip *boss;

	/* the world */
	int64_t passed_ms; /* of the true time, beyond the machine's */
	int64_t wall_off_ms, boot_at_ms;
	int boot;
	bool synchronised;
	int days_offline; /* that the link is down from now on */
	int steps_left;   /* looks at a clock until the power fails; below 0: it does not */
	struct env env;   /* the kiosk's */

	/* the account */
	struct thanked *thanked;
	size_t thanked_len, thanked_cap;
	unsigned power_cuts, server_kills, syncs, failed_syncs;
	uint64_t most_bytes, history_bytes, journal_bytes;
};

/* world.c */
void world_init(struct year *y);
int64_t world_now_ms(const struct year *y);
uint64_t world_dice(struct year *y, uint64_t sides); /* below `sides` */
void world_pass(struct year *y, int64_t ms);
void world_new_day(struct year *y);
void world_new_visit(struct year *y);
void world_boot(struct year *y);
/* No more trouble from now on. */
void world_calm_down(struct year *y);

/* visit.c */
void visit_begin(struct year *y);
/* So many patients answer, and what waits is synced. */
void visit(struct year *y, int answers);
void visit_end(struct year *y);

/* account.c */
void account_thanked(struct year *y, const struct thanked *t);
void account_measure(struct year *y);
void account_tell(const struct year *y, int day);
/* How many faults were found and told. */
int account_check(struct year *y);

#endif
