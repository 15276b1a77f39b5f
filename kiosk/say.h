/* kiosk/say.h - the sound of a question: its address on the page, and what is read aloud there.
 *
 *     /say/<language>/<survey>/<version>/<question, counted from 0>
 *
 * Only what surveys say can be asked for, so nobody can make the kiosk speak words of their own, and nothing that a patient wrote is spoken.
 */
#ifndef QIP_KIOSK_SAY_H
#define QIP_KIOSK_SAY_H

#include "kiosk/flow.h"

#define SAY_FOLDER "/say/"
#define SAY_PATH_MAX 128

/* "" where nothing is asked, reading aloud is switched off at the site, or there is no voice for the language. */
void say_path(char out[SAY_PATH_MAX], const struct visit *v, const struct screen *s);

/* Append a WAV file. STATUS_NOT_FOUND: no such question on this screen, or no voice; else as speech_say(). */
enum status say_question(struct buf *out, const struct screen *s, const char *path, const struct env *env, struct error *e) MUST_CHECK;

#endif
