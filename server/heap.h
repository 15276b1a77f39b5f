/* server/heap.h - what the process's memory takes once it is free again. Nothing here is needed to be right; all of it is for glibc. */
#ifndef QIP_SERVER_HEAP_H
#define QIP_SERVER_HEAP_H

/* First of all in a process that will run for long: starts the program again, by the same name and with the same arguments, if a setting
 * has to be made before it starts. */
void heap_begin(char **argv);
/* Before any thread starts. */
void heap_share(void);
/* After work that took much: what is free goes back to the system. */
void heap_trim(void);

#endif
