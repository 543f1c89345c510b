/* What the archive's tests share: a check that ends the job with its line, and a folder of this test's own. */
#ifndef ARCHIVE_CHECK_H
#define ARCHIVE_CHECK_H

#include "io/qv_archive.h"
#include "validation/unit/qv_check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The call must fail with this code, and its message must hold this text; the record is cleared. */
#define CHECK_FAILS(call, code, text)                                                                                  \
  do {                                                                                                                 \
    CHECK((call) == (code));                                                                                           \
    CHECK(qv_error_code() == (code));                                                                                  \
    CHECK(strstr(qv_error_text(), text) != NULL);                                                                      \
    qv_error_clear();                                                                                                  \
  } while (0)

/* Removes the files of the current folder. Local. */
static inline void check_clean(void)
{
  DIR *entries = opendir(".");
  CHECK(entries != NULL);
  for (const struct dirent *e = readdir(entries); e; e = readdir(entries)) {
    remove(e->d_name);
  }
  closedir(entries);
}

/* Makes FOLDER/NAME-rRANKS, where tests that run at the same time do not meet, and goes there; what a test that was
 * ended has left is removed. Collective. */
static inline void check_enter(const qv_comm *comm, const char *folder, const char *name)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s-r%d", folder, name, qv_comm_size(comm));
  if (qv_comm_rank(comm) == 0) {
    mkdir(folder, 0777);
    mkdir(path, 0777);
  }
  qv_comm_barrier(comm);
  CHECK(chdir(path) == 0);
  if (qv_comm_rank(comm) == 0) {
    check_clean();
  }
  qv_comm_barrier(comm);
}

/* Leaves the folder of check_enter and removes it with its files. Collective. */
static inline void check_leave(const qv_comm *comm)
{
  char path[4096];
  CHECK(getcwd(path, sizeof path) != NULL);
  qv_comm_barrier(comm);
  if (qv_comm_rank(comm) == 0) {
    check_clean();
    CHECK(chdir("/") == 0 && rmdir(path) == 0);
  }
}

/* Number of files in `folder` whose name holds `part`. */
static inline int check_leftovers(const char *folder, const char *part)
{
  int count = 0;
  DIR *entries = opendir(folder);
  CHECK(entries != NULL);
  for (const struct dirent *e = readdir(entries); e; e = readdir(entries)) {
    count += strstr(e->d_name, part) != NULL;
  }
  closedir(entries);
  return count;
}

/* Element `i` of a test array: any bits, but the same on every rank count. */
static inline double check_value(int64_t i)
{
  return (double)((uint64_t)i * 0x9E3779B97F4A7C15u >> 12) * 0x1p-52 - 0.5;
}

/* This rank's part of `total` elements, in parts that are not all the same. */
static inline void check_part(const qv_comm *comm, int64_t total, int64_t *first, int64_t *count)
{
  const int64_t size = qv_comm_size(comm), rank = qv_comm_rank(comm);
  *first = total * rank / size;
  *count = total * (rank + 1) / size - *first;
}

#endif
