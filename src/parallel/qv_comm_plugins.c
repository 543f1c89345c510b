/* A remedy for a race in Open MPI 4: without a launcher MPI_Finalize unloads the plugin of its process manager while a
 * thread may still be about to call into it. Some runs in a thousand on a busy machine ended so, after all was done, by
 * a segmentation fault. Plugins that stay in memory cannot be jumped out of. */
#define _GNU_SOURCE
#include "parallel/qv_comm_mpi.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#define PLUGIN "/mca_pmix_"

static int find_plugin(struct dl_phdr_info *library, size_t size, void *context)
{
  char *path = context;
  (void)size;
  if (library->dlpi_name && strstr(library->dlpi_name, PLUGIN)) {
    snprintf(path, PATH_MAX, "%s", library->dlpi_name);
  }
  return path[0] != '\0';
}

void qv_comm_keep_plugins(void)
{
  char path[PATH_MAX] = "";
  dl_iterate_phdr(find_plugin, path);
  if (path[0]) {
    dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}
