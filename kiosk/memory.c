/* kiosk/memory.c - keeping a small box's memory small. musl does so by itself. */
#include "kiosk/memory.h"

#include <stdlib.h> /* says which C library it is */

#ifdef __GLIBC__
#include <malloc.h>
#endif

void memory_tune(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* and keep it there: large blocks go back at once */
	(void)mallopt(M_TRIM_THRESHOLD, 128 * 1024);
#endif
}

void memory_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}
