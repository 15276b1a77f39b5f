/* tests/fuzz/harness/harness.h - what the harnesses share: the entry that libFuzzer (or replay.c, with any compiler) calls, properties that have to
 * hold, and an input taken apart. */
#ifndef QIP_TESTS_FUZZ_HARNESS_H
#define QIP_TESTS_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* 0: taken; -1: of no use, and for no corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
/* Set-up that is slow and needed once, where a harness has it. 0: done. */
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

/* Ends the program, with the input as the finding, when a property does not hold. */
#define HOLDS(condition) harness_holds((condition), #condition, __FILE__, __LINE__)
void harness_holds(bool holds, const char *what, const char *file, int line);
/* What the harness takes for granted: its own set-up. */
void harness_must(enum status st, const struct error *e);
/* A new folder of this process in TMPDIR, or /tmp; it goes when the process ends by itself. */
const char *harness_folder(void);

/* What is left of an input. Beyond its end all is zero and empty. */
struct input {
	const uint8_t *at;
	size_t len;
};

uint8_t input_byte(struct input *in);
/* Below n, which is above 0. */
size_t input_below(struct input *in, size_t n);
/* len bytes, or what is left; *out says how many. Borrowed. */
const uint8_t *input_bytes(size_t *out, struct input *in, size_t len);
/* Up to a byte that is passed over, or all that is left. */
const uint8_t *input_until(size_t *out, struct input *in, uint8_t end);
/* As a C string of its own memory, up to `end` or a NUL; the caller's to free. */
char *input_text(struct input *in, uint8_t end);

#endif
