/* kiosk/speech.h - reading a text aloud without any network: espeak-ng of the device, one short run for each text.
 *
 * A voice is a matter of the language: espeak-ng has none for Somali. Its parts are fixed arguments and the text on its standard input, so
 * nothing of a text can become an argument or a file; it inherits no descriptor and no environment of ours.
 */
#ifndef QIP_KIOSK_SPEECH_H
#define QIP_KIOSK_SPEECH_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/env.h"

#define SPEECH_PROGRAM "/usr/bin/espeak-ng"
#define SPEECH_TEXT_MAX 8192                /* bytes of text at most */
#define SPEECH_SOUND_MAX (6 * 1024 * 1024)  /* bytes of sound at most: a little over two minutes */
#define SPEECH_TIME_MAX_MS 8000             /* the run at most */

/* True if the language has a voice and the program is there and may be run. */
bool speech_can(const char *program, const char *language);

/* Append a WAV file (22,050 Hz, 16 bit, one channel) to *out.
 * STATUS_OK. Otherwise nothing is appended: STATUS_NOT_FOUND no voice or no program; STATUS_TOO_BIG text or sound too long; STATUS_TIMEOUT;
 * STATUS_IO the program failed; STATUS_NOMEM. */
enum status speech_say(struct buf *out, const char *program, const char *language, const char *text, const struct env *env, struct error *e) MUST_CHECK;

#endif
