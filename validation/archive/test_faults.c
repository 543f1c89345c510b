/* The fault sweep: the n-th call of every site fails on the first and on the last rank, for all n, in writing and in
 * reading a small file. Each time all ranks must leave with the same code and one message, with no temporary file, no
 * memory, no file descriptor and no HDF5 object left over, and the file under its name whole. Silent when right.
 *   test_faults FOLDER [SITE ...]   */
#include "base/qv_fault.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "validation/archive/archive_check.h"
#include "validation/archive/archive_content.h"

#include <hdf5.h>

#define TOTAL ((int64_t)3000)
#define MORE  100000 /* calls of one site: more would mean that the scenario never ends */

static int64_t last_step; /* of the file under its name */

static int open_files(void)
{
  return check_leftovers("/proc/self/fd", "");
}

/* What must hold after any failure or success. */
static void check_state(const qv_comm *comm, const char *fault, qv_code code, int files)
{
  int64_t codes[2] = {(int64_t)code, -(int64_t)code}, step = 0;
  qv_comm_max_i64(comm, codes, 2);
  if (codes[0] != -codes[1]) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s: this rank returns %d, another one %d", fault, (int)code, (int)codes[0]);
  }
  CHECK((code == QV_OK) == (qv_error_text()[0] == '\0'));
  CHECK(code == QV_OK || code == QV_ERR_IO || code == QV_ERR_MEMORY || code == QV_ERR_INPUT);
  CHECK(qv_error_code() == code);
  qv_error_clear();
  qv_comm_barrier(comm);
  CHECK(check_leftovers(".", ".tmp.") == 0);
  CHECK(qv_memory_balance() == 0);
  CHECK(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
  if (open_files() != files) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s: %d files open, %d before", fault, open_files(), files);
  }
  qv_code read = content_read(comm, "f.h5", &step);
  if (read != QV_OK) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s: no file afterwards: %s", fault, qv_error_text());
  }
  CHECK(step == last_step || step == last_step + 1);
  last_step = step;
}

/* One run with the fault armed; false once the site has fewer calls than n. */
static bool strike(const qv_comm *comm, const char *site, int64_t n, const char *who, bool write)
{
  char fault[128];
  int64_t step = 0;
  const int files = open_files();
  const int target = strcmp(who, "last") == 0 ? qv_comm_size(comm) - 1 : 0;
  snprintf(fault, sizeof fault, "%s:%lld:%s", site, (long long)n, who);
  CHECK(qv_fault_setup(fault, qv_comm_rank(comm), qv_comm_size(comm)) == QV_OK);
  const qv_code code =
      write ? content_write(comm, "f.h5", true, last_step + 1, TOTAL) : content_read(comm, "f.h5", &step);
  int64_t calls = qv_comm_rank(comm) == target ? qv_fault_calls() : 0;
  CHECK(qv_fault_setup(NULL, 0, 1) == QV_OK);
  qv_comm_max_i64(comm, &calls, 1);
  check_state(comm, fault, code, files);
  return calls >= n;
}

static void sweep(const qv_comm *comm, qv_fault_site site)
{
  static const char *const who[] = {"0", "last"};
  const char *name = qv_fault_name(site);
  for (int w = 0; w < (qv_comm_size(comm) > 1 ? 2 : 1); w++) {
    for (int write = 0; write < 2; write++) {
      int64_t n = 1;
      while (n < MORE && strike(comm, name, n, who[w], write == 1)) {
        n++;
      }
      CHECK(n < MORE);
    }
  }
}

/* A slab that does not arrive although every call succeeds is found when it is read back. */
static void lost_write(const qv_comm *comm)
{
  CHECK(qv_fault_setup("lost.write:1:last", qv_comm_rank(comm), qv_comm_size(comm)) == QV_OK);
  CHECK_FAILS(content_write(comm, "f.h5", true, last_step + 1, TOTAL), QV_ERR_IO,
              "f.h5: what was written to 'state/amplitudes' (elements ");
  CHECK(qv_fault_setup(NULL, 0, 1) == QV_OK);
}

static void messages(const qv_comm *comm)
{
  static const char *const cases[][2] = {
      {"posix.open:1:0", ": cannot be created: Input/output error"},
      {"posix.write:1:0", ": writing 4096 bytes at byte 0 failed: Input/output error"},
      {"posix.read:1:0", "bytes at byte "},
      {"posix.reserve:1:0", "f.h5: the disk is full: "},
      {"posix.sync:1:0", ": the data did not reach the disk (fsync): Input/output error"},
      {"posix.rename:1:0", ": cannot be renamed to f.prev.h5: Input/output error"},
      {"posix.rename:2:0", ": cannot be renamed to f.h5: Input/output error"},
      {"hdf5.open:1:0", ": creating the file failed: HDF5 gives no reason"},
      {"hdf5.write:1:0", ": writing the attribute 'format' failed: HDF5 gives no reason"},
      {"hdf5.close:1:0", ": closing failed: HDF5 gives no reason"},
      {"hdf5.read:1:0", ": reading back 'step' failed: HDF5 gives no reason"},
      {"agree:1:0", "a fault was injected into an agreement"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CHECK(qv_fault_setup(cases[i][0], qv_comm_rank(comm), qv_comm_size(comm)) == QV_OK);
    CHECK_FAILS(content_write(comm, "f.h5", true, last_step + 1, TOTAL), QV_ERR_IO, cases[i][1]);
    CHECK(qv_fault_setup(NULL, 0, 1) == QV_OK);
  }
}

static void specifications(void)
{
  static const char *const bad[] = {"nonsense",   "alloc",       "alloc:1",     "alloc:x:0",  "alloc:-1:0",
                                    "alloc:1:me", "alloc:1:0:x", "alloc:0:0:1", "allocs:1:0", "alloc:1:0:1:1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CHECK_FAILS(qv_fault_setup(bad[i], 0, 1), QV_ERR_USAGE, "is not of the form site:nth:rank[:seed]");
    CHECK(!qv_fault_armed && !qv_fault(QV_FAULT_ALLOC));
  }
  CHECK(qv_fault_setup("posix.read:2:last", 3, 4) == QV_OK);
  CHECK(!qv_fault(QV_FAULT_POSIX_READ) && !qv_fault(QV_FAULT_POSIX_WRITE) && qv_fault(QV_FAULT_POSIX_READ));
  CHECK(!qv_fault(QV_FAULT_POSIX_READ) && qv_fault_calls() == 3);
  CHECK(qv_fault_setup("posix.read:1:2", 3, 4) == QV_OK && !qv_fault(QV_FAULT_POSIX_READ));
  CHECK(qv_fault_setup("posix.read:1:all", 3, 4) == QV_OK && qv_fault(QV_FAULT_POSIX_READ));
  /* With a seed: about one call in ten, the same ones each time. */
  int64_t hits[2] = {0, 0}, sum[2] = {0, 0};
  for (int run = 0; run < 2; run++) {
    CHECK(qv_fault_setup("alloc:10:0:42", 0, 1) == QV_OK);
    for (int i = 0; i < 1000; i++) {
      const bool hit = qv_fault(QV_FAULT_ALLOC);
      hits[run] += hit;
      sum[run] += hit ? i : 0;
    }
  }
  CHECK(hits[0] > 60 && hits[0] < 140 && hits[0] == hits[1] && sum[0] == sum[1]);
  CHECK(qv_fault_setup("", 0, 1) == QV_OK && !qv_fault_armed);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc >= 2);
  check_enter(comm, argv[1], "faults");
  qv_log_setup(false, QV_LOG_ERROR);
  CHECK(content_write(comm, "f.h5", true, 1, TOTAL) == QV_OK);
  CHECK(content_write(comm, "f.h5", true, 2, TOTAL) == QV_OK);
  last_step = 2;
  for (int site = 0; site < QV_FAULT_STALL; site++) {
    bool wanted = argc == 2;
    for (int i = 2; i < argc; i++) {
      wanted = wanted || strcmp(argv[i], qv_fault_name((qv_fault_site)site)) == 0;
    }
    if (wanted) {
      sweep(comm, (qv_fault_site)site);
    }
  }
  specifications();
  lost_write(comm);
  messages(comm);
  check_leave(comm);
  qv_parallel_end(0);
  return 0;
}
