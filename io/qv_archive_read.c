/* Opening with verification, and reading. */
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_deadline.h"
#include "io/qv_posix.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

void qv_archive_close(qv_archive **archive)
{
  if (*archive && (*archive)->file >= 0) {
    H5Fclose((*archive)->file);
  }
  qv_archive_free(archive);
}

static qv_code fail_block(const qv_archive *a, const qv_extent *slab, int64_t b)
{
  int64_t first = 0, count = 0;
  qv_slab_block(slab->total, b, &first, &count);
  return qv_fail(QV_ERR_INPUT,
                 "%s: damaged: block %" PRId64 " of '%s' (elements %" PRId64 " to %" PRId64 ") differs from its digest",
                 a->path, b, slab->name, first, first + count - 1);
}

/* This rank's share of the blocks of a slab. */
static qv_code verify_slab(const qv_archive *a, const qv_extent *slab)
{
  const int64_t blocks = qv_seal_blocks(slab->total);
  const int64_t ranks = qv_comm_size(a->comm), rank = qv_comm_rank(a->comm);
  const int64_t begin = blocks / ranks * rank + (rank < blocks % ranks ? rank : blocks % ranks);
  const int64_t end = begin + blocks / ranks + (rank < blocks % ranks ? 1 : 0);
  const int64_t size = (int64_t)qv_type_bytes(slab->type);
  uint64_t *digests = NULL;
  char *buffer = NULL;
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)(end - begin), sizeof *digests, &digests);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_BUFFER, (size_t)QV_SEAL_BLOCK, (size_t)size, &buffer);
  }
  if (code == QV_OK) {
    code = qv_posix_read(a->fd, a->path, slab->digest_offset + begin * (int64_t)sizeof *digests, digests,
                         (size_t)(end - begin) * sizeof *digests);
  }
  for (int64_t b = begin; b < end && code == QV_OK; b++) {
    int64_t first = 0, count = 0;
    qv_slab_block(slab->total, b, &first, &count);
    code = qv_posix_read(a->fd, a->path, slab->offset + first * size, buffer, (size_t)(count * size));
    if (code == QV_OK && XXH3_64bits(buffer, (size_t)(count * size)) != digests[b - begin]) {
      code = fail_block(a, slab, b);
    }
  }
  qv_free(&digests);
  qv_free(&buffer);
  return code;
}

/* Rank 0: small data, then all the rest of the file. */
static qv_code verify_small(const qv_archive *a, const qv_seal *seal)
{
  uint64_t digest = 0;
  for (int i = 0; i < a->index.count; i++) {
    const qv_extent *e = &a->index.extents[i];
    if (e->slab) {
      continue;
    }
    QV_TRY(qv_seal_digest_range(a->fd, a->path, e->offset, e->bytes, &digest));
    if (digest != e->digest) {
      return qv_fail(QV_ERR_INPUT, "%s: damaged: '%s' (%" PRId64 " bytes at byte %" PRId64 ") differs from its digest",
                     a->path, e->name, e->bytes, e->offset);
    }
  }
  QV_TRY(qv_seal_digest_rest(a->fd, a->path, &a->index, seal, &digest));
  if (digest != seal->rest_digest) {
    return qv_fail(QV_ERR_INPUT,
                   "%s: damaged: its structure (the names, shapes and attributes of HDF5) differs from its digest",
                   a->path);
  }
  return QV_OK;
}

static int64_t slab_bytes(const qv_archive *a)
{
  int64_t sum = 0;
  for (int i = 0; i < a->index.count; i++) {
    sum += a->index.extents[i].slab ? a->index.extents[i].bytes / qv_comm_size(a->comm) : 0;
  }
  return sum;
}

/* The index from rank 0 to all ranks; its digest is checked before it is read. */
static qv_code share_index(qv_archive *a, const qv_seal *seal)
{
  char *text = NULL;
  const size_t bytes = (size_t)seal->index_bytes;
  qv_code code = qv_alloc(QV_MEM_IO, bytes + 1, 1, &text);
  if (code == QV_OK && qv_comm_rank(a->comm) == 0) {
    code = qv_posix_read(a->fd, a->path, seal->index_offset, text, bytes);
    if (code == QV_OK && XXH3_64bits(text, bytes) != seal->index_digest) {
      code = qv_fail(QV_ERR_INPUT, "%s: damaged: its index (%zu bytes at byte %" PRId64 ") differs from its digest",
                     a->path, bytes, seal->index_offset);
    }
  }
  code = qv_agree(a->comm, code);
  if (code == QV_OK) {
    qv_comm_broadcast(a->comm, text, bytes, 0);
    code = qv_agree(a->comm, qv_index_parse(a->path, text, &a->index));
  }
  qv_free(&text);
  return code;
}

static qv_code read_seal(const qv_archive *a, const char *kind, qv_seal *seal)
{
  QV_TRY(qv_seal_read(a->fd, a->path, seal));
  return qv_seal_check(a->fd, a->path, seal, kind);
}

static qv_code open_verified(qv_archive *a, const char *kind)
{
  const bool root = qv_comm_rank(a->comm) == 0;
  qv_seal seal = {0};
  qv_deadline_begin(a->comm, a->path, NULL, "opening the file", 0);
  QV_TRY(qv_agree(a->comm, qv_posix_open(a->path, O_RDONLY, &a->fd)));
  QV_TRY(qv_agree(a->comm, root ? read_seal(a, kind, &seal) : QV_OK));
  qv_comm_broadcast(a->comm, &seal, sizeof seal, 0);
  snprintf(a->kind, sizeof a->kind, "%s", seal.kind);
  QV_TRY(share_index(a, &seal));
  qv_deadline_begin(a->comm, a->path, NULL, "verifying the file", slab_bytes(a));
  qv_code code = root ? verify_small(a, &seal) : QV_OK;
  for (int i = 0; i < a->index.count && code == QV_OK; i++) {
    code = a->index.extents[i].slab ? verify_slab(a, &a->index.extents[i]) : QV_OK;
  }
  QV_TRY(qv_agree(a->comm, code));
  if (root) {
    a->file = qv_hdf5_open(a->path, false);
    code = qv_hdf5_failed(a->file, QV_FAULT_HDF5_OPEN) ? qv_hdf5_fail(a->path, "opening the file") : QV_OK;
  }
  return qv_agree(a->comm, code);
}

qv_code qv_archive_open(const qv_comm *comm, const char *path, const char *kind, qv_archive **out)
{
  qv_archive *a = NULL;
  *out = NULL;
  qv_code code = qv_agree(comm, qv_archive_new(comm, path, "", false, &a));
  if (code == QV_OK) {
    code = open_verified(a, kind);
    qv_deadline_end();
  }
  if (code != QV_OK) {
    qv_archive_close(&a);
  }
  *out = a;
  return code;
}

/* Whether rank 0 sees a file of that name, told to all. Collective. */
static bool is_there(const qv_comm *comm, const char *path)
{
  int there = qv_comm_rank(comm) == 0 && qv_posix_exists(path) ? 1 : 0;
  qv_comm_broadcast(comm, &there, sizeof there, 0);
  return there == 1;
}

/* The first failure is told as a warning and the previous generation is opened; if that fails too, one error has both
 * texts. `reason` is the text of the first failure. */
static qv_code open_previous(const qv_comm *comm, const char *path, const char *previous, const char *kind,
                             const char *reason, qv_archive **out)
{
  char *second = NULL;
  qv_error_clear();
  const qv_code code = qv_archive_open(comm, previous, kind, out);
  if (code == QV_OK) {
    qv_archive_set_damaged(path);
    qv_log(QV_LOG_WARN, "%s", reason);
    qv_log(QV_LOG_WARN, "%s: not used; continuing from the previous generation %s", path, previous);
    return QV_OK;
  }
  const qv_code copied = qv_agree(comm, qv_strdup(QV_MEM_IO, qv_error_text(), &second));
  if (copied == QV_OK) {
    qv_error_clear();
    qv_fail(code, "%s\n%s", reason, second);
  }
  qv_free(&second);
  return copied == QV_OK ? code : copied;
}

/* The file before stands alone: a run was killed between the two renames that put a new one in its place. */
static qv_code open_lone(const qv_comm *comm, const char *path, const char *previous, const char *kind,
                         qv_archive **out)
{
  const qv_code code = qv_archive_open(comm, previous, kind, out);
  if (code == QV_OK) {
    qv_log(QV_LOG_WARN,
           "%s is not there, as a run that is killed while it changes generations leaves it: continuing from the "
           "previous generation %s",
           path, previous);
  }
  return code;
}

static qv_code open_latest(const qv_comm *comm, const char *path, const char *previous, const char *kind,
                           qv_archive **out)
{
  char *reason = NULL;
  if (!is_there(comm, path)) {
    return is_there(comm, previous) ? open_lone(comm, path, previous, kind, out) : QV_OK;
  }
  qv_code code = qv_archive_open(comm, path, kind, out);
  if ((code == QV_ERR_INPUT || code == QV_ERR_IO) && is_there(comm, previous)) {
    const qv_code copied = qv_agree(comm, qv_strdup(QV_MEM_IO, qv_error_text(), &reason));
    code = copied == QV_OK ? open_previous(comm, path, previous, kind, reason, out) : copied;
    qv_free(&reason);
  }
  return code;
}

qv_code qv_archive_open_latest(const qv_comm *comm, const char *path, const char *kind, qv_archive **out,
                               const char **which)
{
  char *previous = NULL;
  *out = NULL;
  *which = NULL;
  qv_code code = qv_agree(comm, qv_archive_previous(path, &previous));
  if (code == QV_OK) {
    code = open_latest(comm, path, previous, kind, out);
  }
  if (*out) {
    *which = (*out)->path;
  }
  qv_free(&previous);
  return code;
}

/* Rank 0: a dataset that must be there. */
static qv_code open_set(const qv_archive *a, const char *name, hid_t *set)
{
  *set = H5I_INVALID_HID;
  if (!qv_hdf5_exists(a->file, name)) {
    return qv_fail(QV_ERR_INPUT, "%s: it holds no dataset '%s'", a->path, name);
  }
  *set = H5Dopen2(a->file, name, H5P_DEFAULT);
  if (qv_hdf5_failed(*set, QV_FAULT_HDF5_OPEN)) {
    qv_hdf5_release(*set);
    *set = H5I_INVALID_HID;
    return qv_hdf5_fail(a->path, "opening the dataset '%s'", name);
  }
  return QV_OK;
}

bool qv_archive_has(qv_archive *a, const char *name)
{
  int there = qv_comm_rank(a->comm) == 0 && qv_hdf5_exists(a->file, name) ? 1 : 0;
  qv_comm_broadcast(a->comm, &there, sizeof there, 0);
  return there == 1;
}

/* Rank 0. */
static qv_code read_dims(const qv_archive *a, const char *name, int *rank, int64_t *dims)
{
  hid_t set = H5I_INVALID_HID;
  hsize_t shape[H5S_MAX_RANK];
  QV_TRY(open_set(a, name, &set));
  const hid_t space = H5Dget_space(set);
  *rank = H5Sget_simple_extent_dims(space, shape, NULL);
  qv_hdf5_release(space);
  qv_hdf5_release(set);
  if (*rank < 0 || *rank > QV_ARCHIVE_DIMS) {
    return qv_fail(QV_ERR_INPUT, "%s: the dataset '%s' has %d dimensions; 0 to %d were expected", a->path, name, *rank,
                   QV_ARCHIVE_DIMS);
  }
  for (int i = 0; i < *rank; i++) {
    dims[i] = (int64_t)shape[i];
  }
  return QV_OK;
}

qv_code qv_archive_dims(qv_archive *a, const char *name, int *rank, int64_t dims[QV_ARCHIVE_DIMS])
{
  int64_t all[QV_ARCHIVE_DIMS + 1] = {0};
  *rank = 0;
  QV_TRY(qv_agree(a->comm, qv_comm_rank(a->comm) == 0 ? read_dims(a, name, rank, all) : QV_OK));
  all[QV_ARCHIVE_DIMS] = *rank;
  qv_comm_broadcast(a->comm, all, sizeof all, 0);
  *rank = (int)all[QV_ARCHIVE_DIMS];
  memcpy(dims, all, QV_ARCHIVE_DIMS * sizeof *dims);
  return QV_OK;
}

/* Rank 0: type and size must be as the caller says. */
static qv_code check_set(const qv_archive *a, hid_t set, const char *name, qv_type type, int64_t count)
{
  const hid_t stored = H5Dget_type(set);
  const hid_t space = H5Dget_space(set);
  const int64_t there = (int64_t)H5Sget_simple_extent_npoints(space);
  qv_type found = QV_TYPE_I32;
  const bool known = qv_hdf5_type_is(stored, &found);
  qv_hdf5_release(space);
  qv_hdf5_release(stored);
  if (!known || found != type) {
    return qv_fail(QV_ERR_INPUT, "%s: the dataset '%s' %s %s; %s was expected", a->path, name,
                   known ? "has the type" : "is", known ? qv_hdf5_type_name(found) : "a text", qv_hdf5_type_name(type));
  }
  if (there != count) {
    return qv_fail(QV_ERR_INPUT, "%s: the dataset '%s' has %" PRId64 " elements; %" PRId64 " were expected", a->path,
                   name, there, count);
  }
  return QV_OK;
}

/* Rank 0. */
static qv_code read_set(const qv_archive *a, const char *name, qv_type type, int64_t count, void *data)
{
  hid_t set = H5I_INVALID_HID;
  QV_TRY(open_set(a, name, &set));
  const hid_t id = qv_hdf5_type(type);
  qv_code code = check_set(a, set, name, type, count);
  if (code == QV_OK && count > 0 &&
      qv_hdf5_failed(H5Dread(set, id, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), QV_FAULT_HDF5_READ)) {
    code = qv_hdf5_fail(a->path, "reading the dataset '%s'", name);
  }
  qv_hdf5_release(id);
  qv_hdf5_release(set);
  return code;
}

qv_code qv_archive_get(qv_archive *a, const char *name, qv_type type, int64_t count, void *data)
{
  qv_deadline_begin(a->comm, a->path, NULL, "reading", count * (int64_t)qv_type_bytes(type));
  const qv_code code = qv_agree(a->comm, qv_comm_rank(a->comm) == 0 ? read_set(a, name, type, count, data) : QV_OK);
  if (code == QV_OK) {
    qv_comm_broadcast(a->comm, data, (size_t)count * qv_type_bytes(type), 0);
  }
  qv_deadline_end();
  return code;
}

qv_code qv_archive_get_f64(qv_archive *a, const char *name, double *value)
{
  return qv_archive_get(a, name, QV_TYPE_F64, 1, value);
}

qv_code qv_archive_get_i64(qv_archive *a, const char *name, int64_t *value)
{
  return qv_archive_get(a, name, QV_TYPE_I64, 1, value);
}

/* Rank 0. */
static qv_code read_text(const qv_archive *a, const char *name, char **text)
{
  hid_t set = H5I_INVALID_HID;
  QV_TRY(open_set(a, name, &set));
  const hid_t type = H5Dget_type(set);
  qv_code code = QV_OK;
  if (H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0) {
    code = qv_fail(QV_ERR_INPUT, "%s: the dataset '%s' is not a text", a->path, name);
  } else {
    code = qv_alloc(QV_MEM_IO, H5Tget_size(type) + 1, 1, text);
  }
  if (code == QV_OK && qv_hdf5_failed(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *text), QV_FAULT_HDF5_READ)) {
    code = qv_hdf5_fail(a->path, "reading the dataset '%s'", name);
  }
  qv_hdf5_release(type);
  qv_hdf5_release(set);
  return code;
}

/* Gives every rank rank 0's text, which is NULL on the others and on all ranks after a failure. */
static qv_code share_text(const qv_archive *a, qv_code mine, char **text)
{
  const bool root = qv_comm_rank(a->comm) == 0;
  qv_code code = qv_agree(a->comm, mine);
  if (code == QV_OK) {
    size_t bytes = root ? strlen(*text) + 1 : 0;
    qv_comm_broadcast(a->comm, &bytes, sizeof bytes, 0);
    code = qv_agree(a->comm, root ? QV_OK : qv_alloc(QV_MEM_IO, bytes, 1, text));
    if (code == QV_OK) {
      qv_comm_broadcast(a->comm, *text, bytes, 0);
    }
  }
  if (code != QV_OK) {
    qv_free(text);
  }
  return code;
}

qv_code qv_archive_get_text(qv_archive *a, const char *name, char **text)
{
  *text = NULL;
  qv_deadline_begin(a->comm, a->path, NULL, "reading", 0);
  const qv_code code = share_text(a, qv_comm_rank(a->comm) == 0 ? read_text(a, name, text) : QV_OK, text);
  qv_deadline_end();
  return code;
}

static qv_code read_slab(const qv_archive *a, const char *name, qv_type type, int64_t total, int64_t first,
                         int64_t count, void *data)
{
  const int64_t size = (int64_t)qv_type_bytes(type);
  const qv_extent *slab = NULL;
  for (int i = 0; i < a->index.count && !slab; i++) {
    const qv_extent *e = &a->index.extents[i];
    slab = e->slab && strcmp(e->name, name) == 0 ? e : NULL;
  }
  if (!slab) {
    return qv_fail(QV_ERR_INPUT, "%s: it holds no distributed dataset '%s'", a->path, name);
  }
  if (slab->type != type || slab->total != total) {
    return qv_fail(QV_ERR_INPUT,
                   "%s: the dataset '%s' has %" PRId64 " elements of type %s; %" PRId64 " of type %s were expected",
                   a->path, name, slab->total, qv_hdf5_type_name(slab->type), total, qv_hdf5_type_name(type));
  }
  QV_REQUIRE(first >= 0 && count >= 0 && first <= total - count);
  return qv_posix_read(a->fd, a->path, slab->offset + first * size, data, (size_t)(count * size));
}

qv_code qv_archive_get_slab(qv_archive *a, const char *name, qv_type type, int64_t total, int64_t first, int64_t count,
                            void *data)
{
  qv_deadline_begin(a->comm, a->path, NULL, "reading", count * (int64_t)qv_type_bytes(type));
  const qv_code code = qv_agree(a->comm, read_slab(a, name, type, total, first, count, data));
  qv_deadline_end();
  return code;
}
