/* Starting, abandoning and freeing an archive; put calls of all kinds. The end of writing is in qv_archive_commit.c,
 * slabs in qv_archive_slab.c, reading in qv_archive_read.c. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_deadline.h"
#include "io/qv_posix.h"
#include "io/qv_provenance.h"
#include "io/qv_temporary.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define COMPRESS_FROM   4096
#define CHUNK_BYTES_MAX ((int64_t)1 << 20)
#define HEADER_ROOM     ((int64_t)32 * 1024) /* more than the headers of one dataset and its attributes take */

qv_code qv_archive_previous(const char *path, char **out)
{
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  const int stem = (int)(dot && dot != name ? (size_t)(dot - path) : strlen(path));
  const size_t room = strlen(path) + 8;
  QV_TRY(qv_alloc(QV_MEM_IO, room, 1, out));
  snprintf(*out, room, "%.*s.prev%s", stem, path, path + stem);
  return QV_OK;
}

static char damaged_path[4096];

void qv_archive_set_damaged(const char *path)
{
  snprintf(damaged_path, sizeof damaged_path, "%s", path ? path : "");
}

bool qv_archive_is_damaged(const char *path)
{
  return damaged_path[0] != '\0' && strcmp(damaged_path, path) == 0;
}

void qv_archive_free(qv_archive **archive)
{
  qv_archive *a = *archive;
  if (!a) {
    return;
  }
  for (int i = 0; i < a->nslabs; i++) {
    qv_free(&a->slabs[i].extent.name);
    qv_free(&a->slabs[i].pieces);
  }
  for (int i = 0; i < a->nsmalls; i++) {
    qv_free(&a->smalls[i].name);
  }
  if (a->fd >= 0) {
    close(a->fd);
  }
  qv_free(&a->slabs);
  qv_free(&a->smalls);
  qv_index_clear(&a->index);
  qv_free(&a->path);
  qv_free(&a->temporary);
  qv_free(archive);
}

void qv_archive_abandon(qv_archive **archive)
{
  qv_archive *a = *archive;
  if (!a) {
    return;
  }
  if (a->file >= 0) {
    H5Fclose(a->file);
  }
  if (qv_comm_rank(a->comm) == 0 && a->temporary) {
    qv_posix_remove(a->temporary);
  }
  qv_archive_free(archive);
}

qv_code qv_archive_new(const qv_comm *comm, const char *path, const char *kind, bool keep_previous, qv_archive **out)
{
  qv_archive *a = NULL;
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *a, &a));
  *out = a;
  a->comm = comm;
  a->keep_previous = keep_previous;
  a->file = H5I_INVALID_HID;
  a->fd = -1;
  snprintf(a->kind, sizeof a->kind, "%s", kind);
  return qv_strdup(QV_MEM_IO, path, &a->path);
}

/* "2026-11-21 10:55:03 +0000", openPMD's form. SOURCE_DATE_EPOCH makes files reproducible to the byte. */
static void format_date(char *out, size_t room)
{
  const char *fixed = getenv("SOURCE_DATE_EPOCH");
  const time_t now = fixed ? (time_t)strtoll(fixed, NULL, 10) : (time_t)qv_clock_epoch();
  struct tm parts;
  gmtime_r(&now, &parts);
  strftime(out, room, "%Y-%m-%d %H:%M:%S +0000", &parts);
}

static qv_code put_root_attributes(const qv_archive *a)
{
  char date[40], machine[256] = "", dependencies[1024];
  const char *author = getenv("USER");
  const hid_t root = H5Gopen2(a->file, "/", H5P_DEFAULT);
  format_date(date, sizeof date);
  gethostname(machine, sizeof machine - 1);
  qv_version_dependencies(dependencies, sizeof dependencies);
  const char *const texts[][2] = {{"format", "qonverge"},
                                  {"kind", a->kind},
                                  {"software", "Qonverge"},
                                  {"softwareVersion", qv_version()},
                                  {"softwareDependencies", dependencies},
                                  {"date", date},
                                  {"author", author ? author : ""},
                                  {"machine", machine}};
  qv_code code = root < 0 ? qv_hdf5_fail(a->path, "opening its root") : QV_OK;
  for (size_t i = 0; i < sizeof texts / sizeof texts[0] && code == QV_OK; i++) {
    code = qv_hdf5_put_text(a->path, root, texts[i][0], texts[i][1]);
  }
  if (code == QV_OK) {
    code = qv_hdf5_put_integer(a->path, root, "formatVersion", QV_SEAL_FORMAT);
  }
  qv_hdf5_release(root);
  return code;
}

/* Rank 0: the empty file, sealed as incomplete under our name, with its root attributes. */
static qv_code start_file(qv_archive *a)
{
  struct stat status;
  char text[QV_SEAL_BYTES];
  qv_seal seal = {.format = QV_SEAL_FORMAT};
  bool promised = false;
  if (stat(a->path, &status) == 0 && !S_ISREG(status.st_mode)) {
    return qv_fail(QV_ERR_IO, "%s: this is not a file that could be replaced: choose another name", a->path);
  }
  qv_temporary_clean(a->path, a->temporary);
  QV_TRY(qv_posix_open(a->temporary, O_RDWR | O_CREAT | O_TRUNC, &a->fd));
  QV_TRY(qv_posix_reserve(a->fd, a->path, "the start of the file", 0, HEADER_ROOM, true, &promised));
  a->reserved = HEADER_ROOM;
  a->file = qv_hdf5_create(a->temporary);
  if (qv_hdf5_failed(a->file, QV_FAULT_HDF5_OPEN)) {
    return qv_hdf5_fail(a->temporary, "creating the file");
  }
  snprintf(seal.kind, sizeof seal.kind, "%s", a->kind);
  qv_temporary_owner(seal.owner, sizeof seal.owner);
  qv_seal_format(&seal, text);
  QV_TRY(qv_posix_write(a->fd, a->temporary, 0, text, sizeof text));
  return put_root_attributes(a);
}

qv_code qv_archive_create(const qv_comm *comm, const char *path, const char *kind, bool keep_previous, qv_archive **out)
{
  qv_archive *a = NULL;
  *out = NULL;
  qv_code code = qv_archive_new(comm, path, kind, keep_previous, &a);
  code = qv_agree(comm, code);
  if (code == QV_OK) {
    code = qv_temporary_name(comm, path, &a->temporary);
  }
  if (code == QV_OK) {
    qv_deadline_begin(comm, path, a->temporary, "creating the file", 0);
    code = qv_agree(comm, qv_comm_rank(comm) == 0 ? start_file(a) : QV_OK);
    qv_deadline_end();
  }
  if (code != QV_OK) {
    qv_archive_abandon(&a);
  }
  *out = a;
  return code;
}

qv_code qv_archive_serial(qv_archive *a, const char *what, int64_t bytes)
{
  int64_t end = 0;
  bool promised = false;
  if (a->file >= 0) {
    hsize_t size = 0;
    if (H5Fget_filesize(a->file, &size) < 0) {
      return qv_hdf5_fail(a->temporary, "finding the size of the file");
    }
    end = (int64_t)size;
  } else {
    QV_TRY(qv_posix_size(a->fd, a->temporary, &end));
  }
  const int64_t need = bytes + HEADER_ROOM;
  if (end + need > a->reserved) {
    QV_TRY(qv_posix_reserve(a->fd, a->path, what, end, need, true, &promised));
    a->reserved = end + need;
  }
  if (a->file < 0) {
    a->file = qv_hdf5_open(a->temporary, true);
    if (qv_hdf5_failed(a->file, QV_FAULT_HDF5_OPEN)) {
      return qv_hdf5_fail(a->temporary, "opening the file for writing");
    }
  }
  return QV_OK;
}

/* Chunks of at most CHUNK_BYTES_MAX, halving the longest side: compressed data need them. */
static void choose_chunk(int rank, const hsize_t *dims, size_t size, hsize_t *chunk)
{
  int64_t bytes = (int64_t)size;
  for (int i = 0; i < rank; i++) {
    chunk[i] = dims[i];
    bytes *= (int64_t)dims[i];
  }
  while (bytes > CHUNK_BYTES_MAX) {
    int longest = 0;
    for (int i = 1; i < rank; i++) {
      longest = chunk[i] > chunk[longest] ? i : longest;
    }
    bytes = bytes / (int64_t)chunk[longest] * (int64_t)((chunk[longest] + 1) / 2);
    chunk[longest] = (chunk[longest] + 1) / 2;
  }
}

static hid_t creation_list(int rank, const hsize_t *dims, size_t size, bool compress)
{
  const hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_obj_track_times(list, false); /* the date is in the root; files of the same content are the same bytes */
  if (compress) {
    hsize_t chunk[QV_ARCHIVE_DIMS];
    choose_chunk(rank, dims, size, chunk);
    H5Pset_chunk(list, rank, chunk);
    H5Pset_shuffle(list);
    H5Pset_deflate(list, 1);
    H5Pset_fill_time(list, H5D_FILL_TIME_ALLOC); /* chunks that stick out hold zeros, not what was in memory */
  } else {
    H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER);
  }
  return list;
}

/* Makes a dataset with its attributes and leaves it open in *set. */
static qv_code make_dataset(qv_archive *a, const char *name, hid_t type, int rank, const int64_t *dims, bool compress,
                            const char *unit, const char *description, hid_t *set)
{
  hsize_t shape[QV_ARCHIVE_DIMS];
  *set = H5I_INVALID_HID;
  for (int i = 0; i < rank; i++) {
    shape[i] = (hsize_t)dims[i];
  }
  QV_TRY(qv_hdf5_make_groups(a->temporary, a->file, name));
  const hid_t space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, shape, NULL);
  const hid_t list = creation_list(rank, shape, H5Tget_size(type), compress);
  *set = H5Dcreate2(a->file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
  qv_code code =
      qv_hdf5_failed(*set, QV_FAULT_HDF5_OPEN) ? qv_hdf5_fail(a->temporary, "creating the dataset '%s'", name) : QV_OK;
  if (code == QV_OK) {
    code = qv_hdf5_put_text(a->temporary, *set, "unit", unit);
  }
  if (code == QV_OK) {
    code = qv_hdf5_put_text(a->temporary, *set, "description", description);
  }
  qv_hdf5_release(list);
  qv_hdf5_release(space);
  return code;
}

qv_code qv_archive_make_contiguous(qv_archive *a, const char *name, hid_t type, int64_t total, const char *unit,
                                   const char *description)
{
  hid_t set = H5I_INVALID_HID;
  const qv_code code = make_dataset(a, name, type, 1, &total, false, unit, description, &set);
  qv_hdf5_release(set);
  return code;
}

qv_code qv_archive_write_small(qv_archive *a, const char *name, hid_t type, int rank, const int64_t *dims,
                               const void *data, const char *unit, const char *description)
{
  hid_t set = H5I_INVALID_HID;
  int64_t bytes = (int64_t)H5Tget_size(type);
  for (int i = 0; i < rank; i++) {
    bytes *= dims[i];
  }
  QV_TRY(qv_archive_serial(a, name, bytes));
  qv_code code = make_dataset(a, name, type, rank, dims, rank > 0 && bytes > COMPRESS_FROM, unit, description, &set);
  if (code == QV_OK && bytes > 0 &&
      qv_hdf5_failed(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), QV_FAULT_HDF5_WRITE)) {
    code = qv_hdf5_fail(a->temporary, "writing the dataset '%s'", name);
  }
  qv_hdf5_release(set);
  return code;
}

/* Rank 0: writes, and remembers the digest of what was in memory for the comparison at the end. */
static qv_code put_small(qv_archive *a, const char *name, hid_t type, int rank, const int64_t *dims, const void *data,
                         const char *unit, const char *description)
{
  size_t bytes = H5Tget_size(type);
  QV_REQUIRE(rank >= 0 && rank <= QV_ARCHIVE_DIMS);
  for (int i = 0; i < rank; i++) {
    QV_REQUIRE(dims[i] >= 0);
    bytes *= (size_t)dims[i];
  }
  if (a->nsmalls == a->smalls_room) {
    const int room = a->smalls_room == 0 ? 16 : 2 * a->smalls_room;
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)room, sizeof *a->smalls, &a->smalls));
    a->smalls_room = room;
  }
  QV_TRY(qv_archive_write_small(a, name, type, rank, dims, data, unit, description));
  qv_small *small = &a->smalls[a->nsmalls];
  QV_TRY(qv_strdup(QV_MEM_IO, name, &small->name));
  small->digest = XXH3_64bits(data, bytes);
  a->nsmalls++;
  return QV_OK;
}

/* Names become lines of the index: printable, relative, without empty parts. */
qv_code qv_archive_check_name(const qv_archive *a, const char *name)
{
  const size_t length = strlen(name);
  bool good = !a->failed && length > 0 && length + sizeof QV_DIGEST_SUFFIX <= QV_NAME_ROOM && name[0] != '/' &&
              !strstr(name, "//") && name[length - 1] != '/';
  for (const char *c = name; *c != '\0'; c++) {
    good = good && *c > ' ' && *c < 127;
  }
  return good ? QV_OK
              : qv_fail(QV_ERR_INTERNAL, "%s: the dataset '%s' cannot be put: %s", a->path, name,
                        a->failed ? "an earlier one failed" : "this is not a name");
}

/* All ranks leave a put with rank 0's verdict. */
static qv_code finish_put(qv_archive *a, qv_code mine)
{
  const qv_code code = qv_agree(a->comm, mine);
  qv_deadline_end();
  a->failed = a->failed || code != QV_OK;
  return code;
}

qv_code qv_archive_put(qv_archive *a, const char *name, qv_type type, int rank, const int64_t *dims, const void *data,
                       const char *unit, const char *description)
{
  qv_deadline_begin(a->comm, a->path, a->temporary, "writing small data", 0);
  qv_code code = qv_archive_check_name(a, name);
  if (code == QV_OK && qv_comm_rank(a->comm) == 0) {
    const hid_t id = qv_hdf5_type(type);
    code = put_small(a, name, id, rank, dims, data, unit, description);
    qv_hdf5_release(id);
  }
  return finish_put(a, code);
}

qv_code qv_archive_put_f64(qv_archive *a, const char *name, double value, const char *unit, const char *description)
{
  return qv_archive_put(a, name, QV_TYPE_F64, 0, NULL, &value, unit, description);
}

qv_code qv_archive_put_i64(qv_archive *a, const char *name, int64_t value, const char *unit, const char *description)
{
  return qv_archive_put(a, name, QV_TYPE_I64, 0, NULL, &value, unit, description);
}

qv_code qv_archive_put_text(qv_archive *a, const char *name, const char *text, const char *description)
{
  qv_deadline_begin(a->comm, a->path, a->temporary, "writing small data", 0);
  qv_code code = qv_archive_check_name(a, name);
  if (code == QV_OK && qv_comm_rank(a->comm) == 0) {
    const hid_t id = H5Tcopy(H5T_C_S1);
    H5Tset_size(id, strlen(text) + 1);
    H5Tset_cset(id, H5T_CSET_UTF8);
    code = put_small(a, name, id, 0, NULL, text, "", description);
    qv_hdf5_release(id);
  }
  return finish_put(a, code);
}

/* Rank 0. */
static qv_code put_group_attribute(qv_archive *a, const char *group, const char *name, const char *text)
{
  char path[QV_NAME_ROOM];
  snprintf(path, sizeof path, "%s/", group);
  QV_TRY(qv_archive_serial(a, group, (int64_t)strlen(text)));
  QV_TRY(qv_hdf5_make_groups(a->temporary, a->file, path));
  const hid_t id = H5Gopen2(a->file, group, H5P_DEFAULT);
  const qv_code code = qv_hdf5_failed(id, QV_FAULT_HDF5_OPEN)
                           ? qv_hdf5_fail(a->temporary, "opening the group '%s'", group)
                           : qv_hdf5_put_text(a->temporary, id, name, text);
  qv_hdf5_release(id);
  return code;
}

qv_code qv_archive_put_attribute(qv_archive *a, const char *group, const char *name, const char *text)
{
  qv_deadline_begin(a->comm, a->path, a->temporary, "writing small data", 0);
  return finish_put(a, qv_comm_rank(a->comm) == 0 ? put_group_attribute(a, group, name, text) : QV_OK);
}
