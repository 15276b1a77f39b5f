/* tests/server/place.h - a folder with a store that holds one practice's history, without a server. */
#ifndef QIP_TESTS_SERVER_PLACE_H
#define QIP_TESTS_SERVER_PLACE_H

#include "server/store.h"
#include "tests/support/folder.h"

#define ODS "C82999"
#define ok(call) assert_int_equal((call), STATUS_OK)

struct place {
	char dir[FOLDER_MAX];
	struct store *store;
	struct store_history *history;
};

/* Set-up and tear-down of a test whose state is a struct place, open. */
int place_begin(void **state);
int place_end(void **state);

/* A folder with a store that is closed; folder_remove() ends it. */
void place_make(char dir[FOLDER_MAX]);
void place_open(struct place *p);
void place_close(struct place *p);

#endif
