#include "tests/support/library.h"

#include "core/repo.h"

int library_start(void **state)
{
	(void)state;
	return repo_init_library(NULL);
}

int library_stop(void **state)
{
	(void)state;
	repo_shutdown_library();
	return 0;
}
