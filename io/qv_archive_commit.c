/* The end of writing: read back and compare, digests and index, seal, rotate, rename. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_fault.h"
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_deadline.h"
#include "io/qv_posix.h"
#include "parallel/qv_comm_mpi.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define INDEX_NAME  "integrity/index"
#define MESSAGE_TAG 11
#define PIECE       ((int64_t)65536) /* digests in one message */

static qv_code fail_lost(const qv_archive *a, const char *name, int64_t first, int64_t count)
{
  return qv_fail(QV_ERR_IO,
                 "%s: what was written to '%s' (elements %" PRId64 " to %" PRId64
                 ") does not read back the same: the file system lost data without an error (%" PRId64
                 " bytes are free on it)",
                 a->path, name, first, first + count - 1, qv_posix_free(a->path));
}

/* Reads this rank's part back and compares it with the digests from memory. The digests of the blocks that start in
 * this part go to `digests`; a block that continues on other ranks is read whole. */
static qv_code read_back(const qv_archive *a, const qv_slab *slab, int fd, char *buffer, uint64_t *digests)
{
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  int64_t begin = 0, end = 0, done = 0;
  qv_slab_touched(slab, &begin, &end);
  for (int64_t b = begin; b < end; b++) {
    int64_t first = 0, count = 0, block_first = 0, block_count = 0;
    qv_slab_piece(slab, b, &first, &count);
    qv_slab_block(slab->extent.total, b, &block_first, &block_count);
    QV_TRY(qv_posix_read(fd, a->temporary, slab->extent.offset + first * size, buffer, (size_t)(count * size)));
    uint64_t digest = XXH3_64bits(buffer, (size_t)(count * size));
    if (digest != slab->pieces[b - begin]) {
      return fail_lost(a, slab->extent.name, first, count);
    }
    if (first != block_first) {
      continue;
    }
    if (count != block_count) {
      QV_TRY(qv_posix_read(fd, a->temporary, slab->extent.offset + first * size, buffer, (size_t)(block_count * size)));
      digest = XXH3_64bits(buffer, (size_t)(block_count * size));
    }
    digests[done++] = digest;
  }
  return QV_OK;
}

/* Blocks that start in this rank's part: the first, and their number. */
static void owned_blocks(const qv_slab *slab, int64_t *first, int64_t *count)
{
  int64_t begin = 0, end = 0;
  qv_slab_touched(slab, &begin, &end);
  *first = (slab->first + QV_SEAL_BLOCK - 1) / QV_SEAL_BLOCK;
  *count = end > *first ? end - *first : 0;
}

/* Rank 0: some digests into their dataset. */
static qv_code write_digests(qv_archive *a, const qv_slab *slab, int64_t first, int64_t count, const uint64_t *digests)
{
  return qv_posix_write(a->fd, a->temporary, slab->extent.digest_offset + first * (int64_t)sizeof *digests, digests,
                        (size_t)count * sizeof *digests);
}

/* Rank 0 takes the digests of the others, rank by rank, in pieces that fit `theirs`; it takes them all even after a
 * failure of its own, since the others are sending. */
static qv_code collect_digests(qv_archive *a, const qv_slab *slab, int64_t first, int64_t count,
                               const uint64_t *digests, uint64_t *theirs)
{
  const MPI_Comm comm = qv_comm_handle(a->comm);
  int64_t range[2] = {first, count};
  if (qv_comm_rank(a->comm) != 0) {
    MPI_Send(range, 2, MPI_INT64_T, 0, MESSAGE_TAG, comm);
    for (int64_t done = 0; done < count; done += PIECE) {
      MPI_Send(digests + done, (int)(count - done < PIECE ? count - done : PIECE), MPI_UINT64_T, 0, MESSAGE_TAG, comm);
    }
    return QV_OK;
  }
  qv_code code = write_digests(a, slab, first, count, digests);
  for (int r = 1; r < qv_comm_size(a->comm); r++) {
    MPI_Recv(range, 2, MPI_INT64_T, r, MESSAGE_TAG, comm, MPI_STATUS_IGNORE);
    for (int64_t done = 0; done < range[1]; done += PIECE) {
      const int64_t part = range[1] - done < PIECE ? range[1] - done : PIECE;
      MPI_Recv(theirs, (int)part, MPI_UINT64_T, r, MESSAGE_TAG, comm, MPI_STATUS_IGNORE);
      if (code == QV_OK) {
        code = write_digests(a, slab, range[0] + done, part, theirs);
      }
    }
  }
  return code;
}

/* Reads this rank's part back and brings it to the disk. */
static qv_code check_part(const qv_archive *a, const qv_slab *slab, char *buffer, uint64_t *digests)
{
  int fd = -1;
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  QV_TRY(qv_posix_open(a->temporary, O_RDWR, &fd));
  qv_posix_start_sync(fd, slab->extent.offset + slab->first * size, slab->count * size);
  qv_code code = read_back(a, slab, fd, buffer, digests);
  if (code == QV_OK) {
    code = qv_posix_sync(fd, a->temporary);
  }
  const qv_code closed = qv_posix_close(a->temporary, &fd);
  return code != QV_OK ? code : closed;
}

static qv_code check_slab(qv_archive *a, const qv_slab *slab)
{
  const int64_t size = (int64_t)qv_type_bytes(slab->extent.type);
  char *buffer = NULL;
  uint64_t *digests = NULL, *theirs = NULL;
  int64_t first = 0, count = 0;
  owned_blocks(slab, &first, &count);
  qv_deadline_begin(a->comm, a->path, a->temporary, "reading back what was written", 2 * slab->count * size);
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)QV_SEAL_BLOCK, (size_t)size, &buffer);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_BUFFER, (size_t)count, sizeof *digests, &digests);
  }
  if (code == QV_OK && qv_comm_rank(a->comm) == 0) {
    code = qv_alloc(QV_MEM_BUFFER, (size_t)PIECE, sizeof *theirs, &theirs);
  }
  if (code == QV_OK) {
    code = check_part(a, slab, buffer, digests);
  }
  code = qv_agree(a->comm, code);
  if (code == QV_OK) {
    code = qv_agree(a->comm, collect_digests(a, slab, first, count, digests, theirs));
  }
  qv_free(&theirs);
  qv_free(&digests);
  qv_free(&buffer);
  return code;
}

/* Where a chunk lies in the file. HDF5 versions differ in whether the address counts from the start of the file or from
 * the end of the user block; the chunk's own bytes decide. */
static qv_code find_chunk(const qv_archive *a, hid_t set, const char *name, hsize_t i, qv_extent *extent)
{
  hsize_t corner[QV_ARCHIVE_DIMS], bytes = 0;
  haddr_t at = HADDR_UNDEF;
  unsigned mask = 0;
  char *data = NULL;
  const hid_t space = H5Dget_space(set);
  const bool found = H5Dget_chunk_info(set, space, i, corner, &mask, &at, &bytes) >= 0;
  qv_hdf5_release(space);
  QV_TRY(qv_alloc(QV_MEM_BUFFER, (size_t)bytes, 1, &data));
  if (!found || qv_hdf5_failed(H5Dread_chunk(set, H5P_DEFAULT, corner, &mask, data), QV_FAULT_HDF5_READ)) {
    qv_free(&data);
    return qv_hdf5_fail(a->temporary, "reading back '%s'", name);
  }
  const uint64_t wanted = XXH3_64bits(data, (size_t)bytes);
  qv_free(&data);
  extent->bytes = (int64_t)bytes;
  for (int64_t base = 0; base <= QV_HDF5_USER_BLOCK; base += QV_HDF5_USER_BLOCK) {
    extent->offset = (int64_t)at + base;
    QV_TRY(qv_seal_digest_range(a->fd, a->temporary, extent->offset, extent->bytes, &extent->digest));
    if (extent->digest == wanted) {
      return QV_OK;
    }
  }
  return qv_fail(QV_ERR_IO, "%s: a chunk of '%s' is not where HDF5 says it is", a->temporary, name);
}

/* Adds the stored bytes of a replicated dataset to the index: one piece, or one for each chunk. */
static qv_code index_dataset(const qv_archive *a, hid_t set, const char *name, qv_index *index)
{
  qv_extent extent = {.name = (char *)name};
  const hid_t list = H5Dget_create_plist(set);
  const hid_t space = H5Dget_space(set);
  const bool chunked = H5Pget_layout(list) == H5D_CHUNKED;
  hsize_t count = H5Dget_storage_size(set) > 0 ? 1 : 0;
  qv_code code = QV_OK;
  if (chunked && H5Dget_num_chunks(set, space, &count) < 0) {
    code = qv_hdf5_fail(a->temporary, "counting the chunks of '%s'", name);
  }
  for (hsize_t i = 0; i < count && code == QV_OK; i++) {
    if (chunked) {
      code = find_chunk(a, set, name, i, &extent);
    } else {
      extent.offset = (int64_t)H5Dget_offset(set);
      extent.bytes = (int64_t)H5Dget_storage_size(set);
      code = qv_seal_digest_range(a->fd, a->temporary, extent.offset, extent.bytes, &extent.digest);
    }
    if (code == QV_OK) {
      code = qv_index_add(index, &extent);
    }
  }
  qv_hdf5_release(space);
  qv_hdf5_release(list);
  return code;
}

/* Reads a replicated dataset back, compares it with the digest from memory and adds it to the index. */
static qv_code check_small(const qv_archive *a, hid_t file, const qv_small *small, qv_index *index)
{
  char *data = NULL;
  const hid_t set = H5Dopen2(file, small->name, H5P_DEFAULT);
  if (qv_hdf5_failed(set, QV_FAULT_HDF5_OPEN)) {
    qv_hdf5_release(set);
    return qv_hdf5_fail(a->temporary, "reading back '%s'", small->name);
  }
  const hid_t type = H5Dget_type(set);
  const hid_t space = H5Dget_space(set);
  const size_t count = (size_t)H5Sget_simple_extent_npoints(space);
  const size_t bytes = count * H5Tget_size(type);
  qv_code code = qv_alloc(QV_MEM_BUFFER, bytes, 1, &data);
  if (code == QV_OK && bytes > 0 &&
      qv_hdf5_failed(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data), QV_FAULT_HDF5_READ)) {
    code = qv_hdf5_fail(a->temporary, "reading back '%s'", small->name);
  }
  if (code == QV_OK && XXH3_64bits(data, bytes) != small->digest) {
    code = fail_lost(a, small->name, 0, (int64_t)count);
  }
  if (code == QV_OK) {
    code = index_dataset(a, set, small->name, index);
  }
  qv_free(&data);
  qv_hdf5_release(space);
  qv_hdf5_release(type);
  qv_hdf5_release(set);
  return code;
}

static qv_code index_slab(const qv_archive *a, const qv_slab *slab, qv_index *index)
{
  char name[QV_NAME_ROOM];
  qv_extent digests = {
      .offset = slab->extent.digest_offset, .bytes = slab->digest_rows * (int64_t)sizeof(uint64_t), .name = name};
  snprintf(name, sizeof name, "%s" QV_DIGEST_SUFFIX, slab->extent.name);
  QV_TRY(qv_index_add(index, &slab->extent));
  if (digests.bytes == 0) {
    return QV_OK;
  }
  QV_TRY(qv_seal_digest_range(a->fd, a->temporary, digests.offset, digests.bytes, &digests.digest));
  return qv_index_add(index, &digests);
}

/* Rank 0: all that is in the file. */
static qv_code list_contents(const qv_archive *a, qv_index *index)
{
  hid_t file = qv_hdf5_open(a->temporary, false);
  qv_code code =
      qv_hdf5_failed(file, QV_FAULT_HDF5_OPEN) ? qv_hdf5_fail(a->temporary, "opening the file again") : QV_OK;
  for (int i = 0; i < a->nsmalls && code == QV_OK; i++) {
    code = check_small(a, file, &a->smalls[i], index);
  }
  for (int i = 0; i < a->nslabs && code == QV_OK; i++) {
    code = index_slab(a, &a->slabs[i], index);
  }
  const qv_code closed = qv_hdf5_close(a->temporary, &file);
  return code != QV_OK ? code : closed;
}

/* Rank 0: puts the index into the file and fills the seal's part about it. */
static qv_code write_index(qv_archive *a, const qv_index *index, qv_seal *seal)
{
  char *text = NULL;
  QV_TRY(qv_index_format(index, &text));
  const size_t bytes = strlen(text) + 1;
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, bytes);
  qv_code code = qv_archive_write_small(a, INDEX_NAME, type, 0, NULL, text, "",
                                        "What is digested: slab offset elements type digests name; data offset bytes "
                                        "digest name");
  if (code == QV_OK) {
    code = qv_archive_find_offset(a, INDEX_NAME, (int64_t)bytes, &seal->index_offset);
  }
  if (code == QV_OK) {
    code = qv_hdf5_close(a->temporary, &a->file);
  }
  seal->index_bytes = (int64_t)bytes;
  seal->index_digest = XXH3_64bits(text, bytes);
  qv_hdf5_release(type);
  qv_free(&text);
  return code;
}

/* Rank 0: the last small step. The seal is written when all else has reached the disk. */
static qv_code write_seal(qv_archive *a, const qv_index *index, qv_seal *seal)
{
  char text[QV_SEAL_BYTES];
  QV_TRY(qv_posix_size(a->fd, a->temporary, &seal->bytes));
  if (ftruncate(a->fd, (off_t)seal->bytes) != 0) { /* gives back what was reserved beyond the end */
    return qv_fail(QV_ERR_IO, "%s: its end cannot be set: %s", a->temporary, strerror(errno));
  }
  QV_TRY(qv_seal_digest_rest(a->fd, a->temporary, index, seal, &seal->rest_digest));
  QV_TRY(qv_posix_sync(a->fd, a->temporary));
  seal->complete = true;
  qv_seal_format(seal, text);
  QV_TRY(qv_posix_write(a->fd, a->temporary, 0, text, sizeof text));
  return qv_posix_sync(a->fd, a->temporary);
}

/* Rank 0. */
static qv_code finish_file(qv_archive *a)
{
  qv_index index = {0};
  qv_seal seal = {.format = QV_SEAL_FORMAT, .owner = "-"};
  snprintf(seal.kind, sizeof seal.kind, "%s", a->kind);
  qv_code code = list_contents(a, &index);
  if (code == QV_OK) {
    code = write_index(a, &index, &seal);
  }
  if (code == QV_OK) {
    code = write_seal(a, &index, &seal);
  }
  qv_index_clear(&index);
  return code;
}

/* Whether the file under our name is worth keeping as previous generation: what is damaged must not push a good one
 * out. Looks at what was found when it was opened, and at its seal and size. */
static bool worth_keeping(const char *path)
{
  qv_seal seal;
  const int fd = qv_archive_is_damaged(path) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const bool recorded = qv_error_code() != QV_OK; /* a run that saves its state after a failure keeps that message */
  const bool good = qv_seal_read(fd, path, &seal) == QV_OK && qv_seal_check(fd, path, &seal, NULL) == QV_OK;
  if (!good && !recorded) {
    qv_error_clear();
  }
  close(fd);
  return good;
}

/* Rank 0. */
static qv_code publish(const qv_archive *a)
{
  char *previous = NULL;
  const bool rotate = a->keep_previous && worth_keeping(a->path);
  QV_TRY(qv_archive_previous(a->path, &previous));
  qv_code code = rotate ? qv_posix_rename(a->path, previous) : QV_OK;
  if (rotate && qv_fault(QV_FAULT_KILL_ROTATE)) {
    raise(SIGKILL);
  }
  if (code == QV_OK) {
    code = qv_posix_rename(a->temporary, a->path);
    if (code != QV_OK && rotate) {
      rename(previous, a->path);
    }
  }
  qv_free(&previous);
  QV_TRY(code);
  if (qv_archive_is_damaged(a->path)) {
    qv_archive_set_damaged(NULL);
  }
  return qv_posix_sync_folder(a->path);
}

static qv_code commit(qv_archive *a)
{
  const bool root = qv_comm_rank(a->comm) == 0;
  qv_deadline_begin(a->comm, a->path, a->temporary, "closing the file", 0);
  if (a->failed) {
    return qv_fail(QV_ERR_INTERNAL, "%s: cannot be committed: an earlier put failed", a->path);
  }
  QV_TRY(qv_agree(a->comm, root ? qv_hdf5_close(a->temporary, &a->file) : QV_OK));
  for (int i = 0; i < a->nslabs; i++) {
    QV_TRY(check_slab(a, &a->slabs[i]));
  }
  qv_deadline_begin(a->comm, a->path, a->temporary, "sealing the file", 0);
  QV_TRY(qv_agree(a->comm, root ? finish_file(a) : QV_OK));
  return qv_agree(a->comm, root ? publish(a) : QV_OK);
}

qv_code qv_archive_commit(qv_archive **archive)
{
  const qv_code code = commit(*archive);
  qv_deadline_end();
  if (code != QV_OK) {
    qv_archive_abandon(archive);
  }
  qv_archive_free(archive);
  return code;
}
