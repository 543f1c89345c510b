/* A full disk: with room for 1 % to 99 % of a checkpoint, writing it fails on all ranks with one message that names the
 * bytes needed and free, leaves the old file as it was and nothing else, and does not hang: full.sh ends what does.
 * Runs on a small file system of its own (full.sh). Silent when right. test_full FOLDER   */
#define _GNU_SOURCE
#include "base/qv_memory.h"
#include "io/qv_posix.h"
#include "validation/archive/archive_check.h"
#include "validation/archive/archive_content.h"

#include <fcntl.h>

#define TOTAL ((int64_t)60001)
#define SIZES 20

/* Rank 0 leaves this many bytes free. Collective. */
static void leave_free(const qv_comm *comm, int64_t bytes)
{
  if (qv_comm_rank(comm) == 0) {
    remove("ballast");
    const int64_t length = qv_posix_free("./ballast") - bytes;
    const int fd = open("ballast", O_CREAT | O_WRONLY, 0666);
    CHECK(fd >= 0 && length > 0 && fallocate(fd, 0, 0, length) == 0 && close(fd) == 0);
  }
  qv_comm_barrier(comm);
}

int main(int argc, char **argv)
{
  int64_t step = 0;
  struct stat status;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc == 2);
  check_enter(comm, argv[1], "full");
  CHECK(content_write(comm, "f.h5", false, 1, TOTAL) == QV_OK);
  CHECK(stat("f.h5", &status) == 0);
  const int64_t need = (int64_t)status.st_size;
  const bool promised = (getenv("QV_FAULT") ? getenv("QV_FAULT") : "")[0] == 0; /* otherwise it takes fallocate away */
  for (int i = 0; i < SIZES; i++) {
    const int64_t room = need / 100 * (1 + 98 * i / (SIZES - 1));
    leave_free(comm, room);
    const qv_code code = content_write(comm, "f.h5", false, 2, TOTAL);
    CHECK(code == QV_ERR_IO && qv_error_code() == QV_ERR_IO);
    CHECK(strncmp(qv_error_text(), "f.h5", 4) == 0);
    CHECK(!promised ||
          (strstr(qv_error_text(), ": the disk is full: ") && strstr(qv_error_text(), " bytes are needed") &&
           strstr(qv_error_text(), " are free on its file system; ")));
    qv_error_clear();
    qv_comm_barrier(comm);
    CHECK(check_leftovers(".", ".tmp.") == 0);
    CHECK(content_read(comm, "f.h5", &step) == QV_OK && step == 1);
  }
  leave_free(comm, need + need / 10 + 262144);
  CHECK(content_write(comm, "f.h5", false, 2, TOTAL) == QV_OK);
  CHECK(content_read(comm, "f.h5", &step) == QV_OK && step == 2);
  CHECK(qv_memory_balance() == 0);
  if (qv_comm_rank(comm) == 0) {
    remove("ballast");
  }
  check_leave(comm);
  qv_parallel_end(0);
  return 0;
}
