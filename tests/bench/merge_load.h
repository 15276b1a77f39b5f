/* tests/bench/merge_load.h - what the parts of merge_load share. */
#ifndef QIP_TESTS_BENCH_MERGE_LOAD_H
#define QIP_TESTS_BENCH_MERGE_LOAD_H

#include "core/merge.h"

/* Each ends the program with words when it fails. */
_Noreturn void bench_fail(const char *what, const char *why);
void bench_must(enum status st, const struct error *e, const char *what);
size_t bench_number(const char *text);

/* Microseconds of the processor that this program has used. */
double bench_cpu_us(void);
const struct rules *bench_rules(void);

/* An id that rises with every call, and the stamp of an edit by a device. */
void bench_id(char out[ID_TEXT_LEN + 1]);
struct stamp bench_stamp(const char *device);
/* An action point as practices write them, and what one of two sites (0, 1) does to it while the other does its own. */
cJSON *bench_action(size_t number);
void bench_edit(cJSON *action, int site);

int bench_record(int argc, char **argv);
int bench_merge(int argc, char **argv);
int bench_trees(int argc, char **argv);
int bench_history(int argc, char **argv);
int bench_bare(int argc, char **argv);

#endif
