/* Flipped bits, truncations, foreign files: each is found when the file is opened, with a message that says what is
 * wrong; the previous generation is used where there is one. Silent when right.
 *   test_damage FOLDER FLIPS CUTS   */
#define _XOPEN_SOURCE 700
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_archive_internal.h"
#include "validation/archive/archive_check.h"
#include "validation/archive/archive_content.h"

#include <fcntl.h>

#define TOTAL ((int64_t)70000) /* two blocks */
#define SEED  20261121

static bool root;
static char *whole; /* rank 0: the undamaged file */
static int64_t bytes;

static int64_t draw(int64_t i, int64_t below)
{
  uint64_t words[4];
  qv_random_words(SEED, QV_RANDOM_TEST, (uint64_t)i, 0, words);
  return (int64_t)(words[0] % (uint64_t)below);
}

/* Rank 0 replaces the file by `length` bytes of `data`. Collective. */
static void place(const qv_comm *comm, const char *path, const void *data, int64_t length)
{
  if (root) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(data, 1, (size_t)length, file) == (size_t)length && fclose(file) == 0);
  }
  qv_comm_barrier(comm);
}

static void load_whole(const qv_comm *comm)
{
  struct stat status;
  CHECK(stat("d.h5", &status) == 0);
  bytes = (int64_t)status.st_size;
  whole = malloc((size_t)bytes);
  FILE *file = fopen("d.h5", "rb");
  CHECK(file && whole && fread(whole, 1, (size_t)bytes, file) == (size_t)bytes && fclose(file) == 0);
  qv_comm_barrier(comm);
}

static void expect(const qv_comm *comm, const char *path, const char *text)
{
  qv_archive *a = NULL;
  CHECK_FAILS(qv_archive_open(comm, path, "checkpoint", &a), QV_ERR_INPUT, text);
  CHECK(a == NULL);
}

/* Offset of the stored bytes of a dataset, from the index. */
static qv_extent find_extent(const qv_comm *comm, const char *name)
{
  qv_archive *a = NULL;
  qv_extent extent = {0};
  CHECK(qv_archive_open(comm, "d.h5", "checkpoint", &a) == QV_OK);
  for (int i = 0; i < a->index.count; i++) {
    extent = strcmp(a->index.extents[i].name, name) == 0 ? a->index.extents[i] : extent;
  }
  qv_archive_close(&a);
  CHECK(extent.bytes > 0);
  return extent;
}

static void flip(const qv_comm *comm, int64_t at, int bit)
{
  qv_comm_barrier(comm);
  if (root) {
    const char changed = (char)(whole[at] ^ (1 << bit));
    const int fd = open("d.h5", O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, &changed, 1, at) == 1 && close(fd) == 0);
  }
  qv_comm_barrier(comm);
}

static void restore(const qv_comm *comm, int64_t at)
{
  qv_comm_barrier(comm);
  if (root) {
    const int fd = open("d.h5", O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, &whole[at], 1, at) == 1 && close(fd) == 0);
  }
  qv_comm_barrier(comm);
}

/* A third of the flips anywhere, a third outside the large arrays, a third in the seal's text. */
static void flips(const qv_comm *comm, int64_t count)
{
  const int64_t large = find_extent(comm, "state/amplitudes").offset;
  const int64_t small = large < 65536 ? large : 65536;
  for (int64_t i = 0; i < count; i++) {
    qv_archive *a = NULL;
    const int64_t below = i % 3 == 0 ? bytes : i % 3 == 1 ? small : 320;
    const int64_t at = draw(i, below);
    flip(comm, at, (int)draw(i + count, 8));
    const qv_code code = qv_archive_open(comm, "d.h5", "checkpoint", &a);
    CHECK(code == QV_ERR_INPUT && a == NULL && qv_error_text()[0] != '\0');
    qv_error_clear();
    restore(comm, at);
  }
  int64_t step = 0;
  CHECK(content_read(comm, "d.h5", &step) == QV_OK && step == 2);
}

static void named_damage(const qv_comm *comm)
{
  const qv_extent state = find_extent(comm, "state/amplitudes");
  const struct {
    int64_t at;
    const char *text;
  } cases[] = {
      {state.offset, "d.h5: damaged: block 0 of 'state/amplitudes' (elements 0 to 65535) differs from its digest"},
      {state.offset + state.bytes - 1,
       "d.h5: damaged: block 1 of 'state/amplitudes' (elements 65536 to 69999) differs from its digest"},
      {find_extent(comm, "journal/energy").offset + 3, "d.h5: damaged: 'journal/energy' (8 bytes at byte "},
      {find_extent(comm, "small/wide").offset + 100, "d.h5: damaged: 'small/wide' ("},
      {find_extent(comm, "state/amplitudes.xxh3").offset, "d.h5: damaged: 'state/amplitudes.xxh3' (16 bytes at byte "},
      {QV_SEAL_BYTES + 30, "d.h5: damaged: its structure (the names, shapes and attributes of HDF5) differs"},
      {120, "d.h5: damaged: its first 4096 bytes (the seal) differ from their digest"},
      {4000, "d.h5: damaged: its first 4096 bytes (the seal) differ from their digest"},
      {3, "d.h5: an HDF5 file, but not one that Qonverge wrote"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    flip(comm, cases[i].at, 1);
    expect(comm, "d.h5", cases[i].text);
    restore(comm, cases[i].at);
  }
  qv_seal seal;
  const int fd = open("d.h5", O_RDONLY);
  CHECK(fd >= 0 && qv_seal_read(fd, "d.h5", &seal) == QV_OK && close(fd) == 0);
  flip(comm, seal.index_offset + 5, 0);
  expect(comm, "d.h5", "d.h5: damaged: its index (");
  restore(comm, seal.index_offset + 5);
}

static void cuts(const qv_comm *comm, int64_t count)
{
  char text[128];
  for (int64_t i = 0; i < count; i++) {
    const int64_t length = i == 0   ? 1
                           : i == 1 ? 41
                           : i == 2 ? 4095
                           : i == 3 ? 4096
                           : i == 4 ? bytes - 1
                                    : draw(i, bytes - 1) + 1;
    place(comm, "cut.h5", whole, length);
    if (length < QV_SEAL_BYTES) {
      snprintf(text, sizeof text, "cut.h5: truncated: only %lld bytes are there", (long long)length);
    } else {
      snprintf(text, sizeof text, "cut.h5: truncated: %lld bytes of %lld are there", (long long)length,
               (long long)bytes);
    }
    expect(comm, "cut.h5", text);
  }
}

/* A seal that is right in itself but says something else. */
static void place_sealed(const qv_comm *comm, int format, bool complete, int64_t claimed)
{
  static char copy[QV_SEAL_BYTES];
  qv_seal seal;
  const int fd = open("d.h5", O_RDONLY);
  CHECK(fd >= 0 && qv_seal_read(fd, "d.h5", &seal) == QV_OK && close(fd) == 0);
  seal.format = format;
  seal.complete = complete;
  seal.bytes = claimed;
  qv_seal_format(&seal, copy);
  place(comm, "other.h5", copy, QV_SEAL_BYTES);
  if (root) {
    FILE *file = fopen("other.h5", "ab");
    CHECK(file && fwrite(whole + QV_SEAL_BYTES, 1, (size_t)(bytes - QV_SEAL_BYTES), file) > 0 && fclose(file) == 0);
  }
  qv_comm_barrier(comm);
}

static void foreign_files(const qv_comm *comm)
{
  static const char text[] = "qonverge: 1\ntitle: this is a deck\n";
  expect(comm, "missing.h5", "missing.h5: there is no such file");
  place(comm, "other.h5", "", 0);
  expect(comm, "other.h5", "other.h5: the file is empty");
  place(comm, "other.h5", text, (int64_t)strlen(text));
  expect(comm, "other.h5", "other.h5: not an HDF5 file");
  if (root) {
    remove("other.h5");
    hid_t file = qv_hdf5_create("other.h5");
    CHECK(file >= 0 && qv_hdf5_close("other.h5", &file) == QV_OK);
  }
  qv_comm_barrier(comm);
  expect(comm, "other.h5", "other.h5: an HDF5 file, but not one that Qonverge wrote");
  place_sealed(comm, QV_SEAL_FORMAT + 1, true, bytes);
  expect(comm, "other.h5", "other.h5: written in format 2 by a newer Qonverge; this one (");
  place_sealed(comm, QV_SEAL_FORMAT, false, bytes);
  expect(comm, "other.h5", "other.h5: incomplete: the run that wrote this file ended before it was whole");
  place_sealed(comm, QV_SEAL_FORMAT, true, bytes - 8);
  expect(comm, "other.h5", "other.h5: damaged: the file has 8 bytes more than were written");
  if (root) {
    mkdir("folder", 0777);
  }
  qv_comm_barrier(comm);
  expect(comm, "folder", "folder: this is not a file that could be read");
}

/* The log's file tells what a user would read. */
static bool log_holds(const char *text)
{
  static char log[65536];
  FILE *file = fopen("log.txt", "r");
  CHECK(file != NULL);
  log[fread(log, 1, sizeof log - 1, file)] = '\0';
  fclose(file);
  return strstr(log, text) != NULL;
}

static void fall_back(const qv_comm *comm)
{
  int64_t step = 0;
  const int64_t at = find_extent(comm, "state/amplitudes").offset + 17;
  qv_log_setup(false, QV_LOG_INFO);
  if (root) {
    remove("log.txt");
    qv_log_setup(true, QV_LOG_INFO);
    CHECK(freopen("/dev/null", "w", stderr) && qv_log_open("log.txt") == QV_OK);
  }
  flip(comm, at, 5);
  CHECK(content_read(comm, "d.h5", &step) == QV_OK && step == 1);
  if (root) {
    CHECK(log_holds("warning: d.h5: damaged: block 0 of 'state/amplitudes'"));
    CHECK(log_holds("warning: d.h5: not used; continuing from the previous generation d.prev.h5"));
    qv_log_close();
  }
  /* What is damaged does not push a good previous generation out: neither what this run could not read, */
  CHECK(content_write(comm, "d.h5", true, 3, TOTAL) == QV_OK);
  CHECK(content_read(comm, "d.prev.h5", &step) == QV_OK && step == 1);
  CHECK(content_read(comm, "d.h5", &step) == QV_OK && step == 3);
  CHECK(content_write(comm, "d.h5", true, 4, TOTAL) == QV_OK);
  CHECK(content_read(comm, "d.prev.h5", &step) == QV_OK && step == 3);
  CHECK(content_write(comm, "d.h5", true, 1, TOTAL) == QV_OK);
  CHECK(content_write(comm, "d.h5", true, 2, TOTAL) == QV_OK);
  /* nor what came to harm since. */
  place(comm, "d.h5", whole, bytes - 100);
  CHECK(content_write(comm, "d.h5", true, 3, TOTAL) == QV_OK);
  CHECK(content_read(comm, "d.h5", &step) == QV_OK && step == 3);
  CHECK(content_read(comm, "d.prev.h5", &step) == QV_OK && step == 1);
  /* Both damaged: one error, both reasons. */
  place(comm, "d.h5", whole, bytes - 100);
  place(comm, "d.prev.h5", "x", 1);
  CHECK(content_read(comm, "d.h5", &step) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "d.h5: truncated: ") && strstr(qv_error_text(), "\nd.prev.h5: not an HDF5 file"));
  qv_error_clear();
  /* Damaged without a previous generation. */
  place(comm, "alone.h5", whole, bytes - 100);
  CHECK_FAILS(content_read(comm, "alone.h5", &step), QV_ERR_INPUT, "alone.h5: truncated: ");
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc == 4);
  root = qv_comm_rank(comm) == 0;
  check_enter(comm, argv[1], "damage");
  CHECK(content_write(comm, "d.h5", true, 1, TOTAL) == QV_OK);
  CHECK(content_write(comm, "d.h5", true, 2, TOTAL) == QV_OK);
  load_whole(comm);
  named_damage(comm);
  flips(comm, strtoll(argv[2], NULL, 10));
  cuts(comm, strtoll(argv[3], NULL, 10));
  foreign_files(comm);
  fall_back(comm);
  free(whole);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
