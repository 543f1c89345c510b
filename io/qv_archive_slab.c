/* Slabs: one global array, a contiguous part on each rank. Rank 0 makes the dataset and has its bytes reserved on the
 * disk; then all ranks write together through MPI-IO. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_deadline.h"
#include "io/qv_posix.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#define ZERO_BYTES ((size_t)1 << 20)

int64_t qv_archive_transfer_bytes = (int64_t)1 << 28;

static int64_t least(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

void qv_slab_block(int64_t total, int64_t b, int64_t *first, int64_t *count)
{
  *first = b * QV_SEAL_BLOCK;
  *count = least(QV_SEAL_BLOCK, total - *first);
}

void qv_slab_piece(const qv_slab *slab, int64_t b, int64_t *first, int64_t *count)
{
  const int64_t start = b * QV_SEAL_BLOCK;
  *first = start > slab->first ? start : slab->first;
  *count = least(start + QV_SEAL_BLOCK, slab->first + slab->count) - *first;
}

void qv_slab_touched(const qv_slab *slab, int64_t *begin, int64_t *end)
{
  *begin = slab->first / QV_SEAL_BLOCK;
  *end = slab->count == 0 ? *begin : (slab->first + slab->count - 1) / QV_SEAL_BLOCK + 1;
}

/* The parts of all ranks must make up the whole, in rank order. */
static qv_code check_parts(const qv_archive *a, const char *name, int64_t total, int64_t first, int64_t count)
{
  const int size = qv_comm_size(a->comm);
  const int64_t mine[3] = {total, first, count};
  int64_t(*all)[3] = NULL;
  int64_t next = 0;
  qv_code code = qv_comm_alloc(a->comm, QV_MEM_IO, (size_t)size, sizeof *all, &all);
  if (code != QV_OK) {
    qv_free(&all);
    return code;
  }
  qv_comm_gather(a->comm, mine, sizeof mine, all);
  for (int r = 0; r < size && code == QV_OK; r++) {
    if (all[r][0] != total || all[r][1] != next || all[r][2] < 0) {
      code = qv_fail(QV_ERR_INTERNAL,
                     "%s: the parts of '%s' do not make up its %" PRId64 " elements: rank %d brings %" PRId64
                     " from %" PRId64 " of %" PRId64 ", expected from %" PRId64,
                     a->path, name, total, r, all[r][2], all[r][1], all[r][0], next);
    }
    next += all[r][2];
  }
  if (code == QV_OK && next != total) {
    code = qv_fail(QV_ERR_INTERNAL, "%s: the parts of '%s' have %" PRId64 " of its %" PRId64 " elements", a->path, name,
                   next, total);
  }
  qv_free(&all);
  return code;
}

/* The record of a slab with room for the digests of this rank's pieces. */
static qv_code new_slab(qv_archive *a, const char *name, qv_type type, int64_t total, int64_t first, int64_t count)
{
  int64_t begin = 0, end = 0;
  if (a->nslabs == a->slabs_room) {
    const int room = a->slabs_room == 0 ? 4 : 2 * a->slabs_room;
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)room, sizeof *a->slabs, &a->slabs));
    a->slabs_room = room;
  }
  qv_slab *slab = &a->slabs[a->nslabs];
  memset(slab, 0, sizeof *slab);
  slab->extent.slab = true;
  slab->extent.type = type;
  slab->extent.total = total;
  slab->extent.bytes = total * (int64_t)qv_type_bytes(type);
  slab->digest_rows = qv_seal_blocks(total);
  slab->first = first;
  slab->count = count;
  qv_slab_touched(slab, &begin, &end);
  QV_TRY(qv_strdup(QV_MEM_IO, name, &slab->extent.name));
  a->nslabs++; /* from here on the archive frees what the slab holds */
  return qv_alloc(QV_MEM_IO, (size_t)(end - begin), sizeof *slab->pieces, &slab->pieces);
}

qv_code qv_archive_find_offset(const qv_archive *a, const char *name, int64_t bytes, int64_t *offset)
{
  *offset = QV_SEAL_BYTES;
  if (bytes == 0) {
    return QV_OK;
  }
  const hid_t set = H5Dopen2(a->file, name, H5P_DEFAULT);
  const haddr_t at = set < 0 ? HADDR_UNDEF : H5Dget_offset(set);
  qv_hdf5_release(set);
  if (at == HADDR_UNDEF) {
    return qv_hdf5_fail(a->temporary, "finding the place of '%s'", name);
  }
  *offset = (int64_t)at;
  return QV_OK;
}

/* Rank 0: the dataset without data, and beside it that of its digests. */
static qv_code make_datasets(qv_archive *a, qv_slab *slab, const char *unit, const char *description)
{
  char digests[QV_NAME_ROOM];
  const char *name = slab->extent.name;
  const int64_t digest_bytes = slab->digest_rows * (int64_t)sizeof(uint64_t);
  snprintf(digests, sizeof digests, "%s" QV_DIGEST_SUFFIX, name);
  QV_TRY(qv_archive_serial(a, name, slab->extent.bytes + digest_bytes));
  const hid_t type = qv_hdf5_type(slab->extent.type);
  qv_code code = qv_archive_make_contiguous(a, name, type, slab->extent.total, unit, description);
  qv_hdf5_release(type);
  QV_TRY(code);
  QV_TRY(qv_archive_make_contiguous(a, digests, H5T_STD_U64LE, slab->digest_rows, "",
                                    "XXH3-64 digests of blocks of 65536 elements"));
  QV_TRY(qv_archive_find_offset(a, name, slab->extent.bytes, &slab->extent.offset));
  QV_TRY(qv_archive_find_offset(a, digests, digest_bytes, &slab->extent.digest_offset));
  return qv_hdf5_close(a->temporary, &a->file);
}

/* Each rank writes zeros where its part will stand, where the file system cannot promise space otherwise. */
static qv_code write_zeros(const qv_archive *a, const qv_slab *slab)
{
  char *zeros = NULL;
  int fd = -1;
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  int64_t at = slab->extent.offset + slab->first * size;
  const int64_t end = at + slab->count * size;
  QV_TRY(qv_alloc(QV_MEM_BUFFER, ZERO_BYTES, 1, &zeros));
  qv_code code = qv_posix_open(a->temporary, O_WRONLY, &fd);
  while (code == QV_OK && at < end) {
    const size_t part = (size_t)least((int64_t)ZERO_BYTES, end - at);
    code = qv_posix_write(fd, a->temporary, at, zeros, part);
    at += (int64_t)part;
  }
  if (code == QV_OK) {
    code = qv_posix_sync(fd, a->temporary); /* quotas and network file systems may speak up only here */
  }
  const qv_code closed = qv_posix_close(a->temporary, &fd);
  qv_free(&zeros);
  return code != QV_OK ? code : closed;
}

/* The dataset, its place in the file, and room on the disk for all of it, before any data are written. */
static qv_code prepare(qv_archive *a, qv_slab *slab, const char *unit, const char *description)
{
  qv_code code = QV_OK;
  struct {
    int64_t offset, digest_offset;
    bool promised;
  } place = {0, 0, true};
  if (qv_comm_rank(a->comm) == 0) {
    code = make_datasets(a, slab, unit, description);
    if (code == QV_OK) {
      code = qv_posix_reserve(a->fd, a->path, slab->extent.name, slab->extent.offset, slab->extent.bytes, false,
                              &place.promised);
    }
    place.offset = slab->extent.offset;
    place.digest_offset = slab->extent.digest_offset;
  }
  QV_TRY(qv_agree(a->comm, code));
  qv_comm_broadcast(a->comm, &place, sizeof place, 0);
  slab->extent.offset = place.offset;
  slab->extent.digest_offset = place.digest_offset;
  return place.promised ? QV_OK : qv_agree(a->comm, write_zeros(a, slab));
}

/* One collective write of `count` elements (0 on ranks that have no more) from element `first`. The call is collective,
 * the transfer below it is each rank's own: contiguous parts gain nothing from being gathered on fewer ranks, and the
 * gathering is where Open MPI loses data (its issue 12718). */
static qv_code write_part(const qv_archive *a, const qv_slab *slab, hid_t set, int64_t first, int64_t count,
                          const void *data)
{
  const hsize_t start = (hsize_t)first, length = (hsize_t)count;
  const hid_t memory_space = H5Screate_simple(1, &length, NULL);
  const hid_t file_space = H5Dget_space(set);
  const hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
  const hid_t type = qv_hdf5_type(slab->extent.type);
  H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
  H5Pset_dxpl_mpio_collective_opt(transfer, H5FD_MPIO_INDIVIDUAL_IO);
  if (count == 0 || qv_fault(QV_FAULT_LOST_WRITE)) {
    H5Sselect_none(memory_space);
    H5Sselect_none(file_space);
  } else {
    H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &length, NULL);
  }
  const herr_t status = H5Dwrite(set, type, memory_space, file_space, transfer, data);
  const qv_code code = qv_hdf5_failed(status, QV_FAULT_HDF5_WRITE)
                           ? qv_hdf5_fail(a->temporary, "writing '%s' from element %" PRId64, slab->extent.name, first)
                           : QV_OK;
  qv_hdf5_release(type);
  qv_hdf5_release(transfer);
  qv_hdf5_release(file_space);
  qv_hdf5_release(memory_space);
  return code;
}

static qv_code write_parts(const qv_archive *a, const qv_slab *slab, hid_t set, const void *data)
{
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  const int64_t most = qv_archive_transfer_bytes / size;
  int64_t longest = slab->count;
  qv_comm_max_i64(a->comm, &longest, 1);
  for (int64_t done = 0; done < longest; done += most) {
    const int64_t from = least(done, slab->count);
    const int64_t count = least(most, slab->count - from);
    qv_deadline_begin(a->comm, a->path, a->temporary, slab->extent.name, count * size);
    QV_TRY(qv_agree(a->comm, write_part(a, slab, set, slab->first + from, count, (const char *)data + from * size)));
  }
  return QV_OK;
}

static qv_code write_slab(const qv_archive *a, const qv_slab *slab, const void *data)
{
  hid_t file = qv_hdf5_open_parallel(a->temporary, a->comm);
  qv_code code =
      qv_hdf5_failed(file, QV_FAULT_HDF5_OPEN) ? qv_hdf5_fail(a->temporary, "opening the file on all ranks") : QV_OK;
  code = qv_agree(a->comm, code);
  if (code == QV_OK) {
    const hid_t set = H5Dopen2(file, slab->extent.name, H5P_DEFAULT);
    code = qv_hdf5_failed(set, QV_FAULT_HDF5_OPEN)
               ? qv_hdf5_fail(a->temporary, "opening the dataset '%s'", slab->extent.name)
               : QV_OK;
    code = qv_agree(a->comm, code);
    if (code == QV_OK) {
      code = write_parts(a, slab, set, data);
    }
    qv_hdf5_release(set);
  }
  const qv_code closed = qv_agree(a->comm, qv_hdf5_close(a->temporary, &file));
  return code != QV_OK ? code : closed;
}

static void digest_pieces(qv_slab *slab, const void *data)
{
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  int64_t begin = 0, end = 0;
  qv_slab_touched(slab, &begin, &end);
  for (int64_t b = begin; b < end; b++) {
    int64_t first = 0, count = 0;
    qv_slab_piece(slab, b, &first, &count);
    slab->pieces[b - begin] = XXH3_64bits((const char *)data + (first - slab->first) * size, (size_t)(count * size));
  }
}

static qv_code put_slab(qv_archive *a, const char *name, qv_type type, int64_t total, int64_t first, int64_t count,
                        const void *data, const char *unit, const char *description)
{
  QV_TRY(qv_agree(a->comm, qv_archive_check_name(a, name)));
  QV_TRY(check_parts(a, name, total, first, count));
  QV_TRY(qv_agree(a->comm, new_slab(a, name, type, total, first, count)));
  qv_slab *slab = &a->slabs[a->nslabs - 1];
  digest_pieces(slab, data);
  QV_TRY(prepare(a, slab, unit, description));
  return total > 0 ? write_slab(a, slab, data) : QV_OK;
}

qv_code qv_archive_put_slab(qv_archive *a, const char *name, qv_type type, int64_t total, int64_t first, int64_t count,
                            const void *data, const char *unit, const char *description)
{
  qv_deadline_begin(a->comm, a->path, a->temporary, name, count * (int64_t)qv_type_bytes(type));
  const qv_code code = put_slab(a, name, type, total, first, count, data, unit, description);
  qv_deadline_end();
  a->failed = a->failed || code != QV_OK;
  return code;
}
