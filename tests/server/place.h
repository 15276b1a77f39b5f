/* tests/server/place.h - a folder with a store that holds one practice's history, without a server. */
#ifndef QIP_TESTS_SERVER_PLACE_H
#define QIP_TESTS_SERVER_PLACE_H

#define PLACE_DIR_MAX 64

/* Make it below /tmp; dir has PLACE_DIR_MAX bytes. */
void place_make(char *dir, const char *ods);
void place_remove(const char *dir);

#endif
