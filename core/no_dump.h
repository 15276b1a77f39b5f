/* core/no_dump.h - what is in a program's memory stays there: keys, and patients' words. */
#ifndef QIP_CORE_NO_DUMP_H
#define QIP_CORE_NO_DUMP_H

/* From now on this process leaves no core file, however the system is set up, and no other process of the same user reads its memory (prctl(2),
 * PR_SET_DUMPABLE; setrlimit(2), RLIMIT_CORE). With QIP_CORE_DUMPS=1 in the environment it changes nothing, for who looks for a fault. */
void no_dump_begin(void);

#endif
