/* server/heap.c - memory that is free goes back to the system, so that a server takes no more the longer it runs. */
#include "server/heap.h"

#include <stdlib.h> /* says which C library it is */
#include <sys/types.h>

#ifdef __GLIBC__
#include <limits.h>
#include <malloc.h>
#include <sys/auxv.h>
#include <unistd.h>
#endif

#define SETTINGS "GLIBC_TUNABLES"

/* Each thread keeps some freed blocks of every size for itself. They lie wherever room was while packs were joined, each holds a page, and
 * nothing but the thread's end lets go of them. glibc can be told so by the environment alone, and reads that before main. What somebody
 * set there stays; where it would not be read, for a program with rights of its own, nothing is tried. */
void heap_begin(char **argv)
{
#ifdef __GLIBC__
	char self[PATH_MAX];
	ssize_t len = 0;

	if (getenv(SETTINGS) || getauxval(AT_SECURE))
		return;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0 || setenv(SETTINGS, "glibc.malloc.tcache_count=0", 1))
		return;
	self[len] = '\0';
	(void)execv(self, argv); /* without it the server only takes more memory */
#else
	(void)argv;
#endif
}

/* Each arena keeps what its threads once needed; two serve these few threads as well as one for each does. */
void heap_share(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_ARENA_MAX, 2);
#endif
}

void heap_trim(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}
