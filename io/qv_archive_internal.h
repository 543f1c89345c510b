/* The inside of qv_archive, shared by its files and by qv_provenance. Not for other rooms.
 *
 * Who does what: rank 0 alone makes groups, datasets, attributes and small data through serial HDF5, so that these have
 * return codes to be believed and one writer; slabs are written by all ranks through parallel HDF5 into space that was
 * reserved before; reading is plain POSIX reads of slabs on each rank, and serial HDF5 on rank 0 for the small. */
#ifndef QV_ARCHIVE_INTERNAL_H
#define QV_ARCHIVE_INTERNAL_H

#include "io/qv_hdf5.h"
#include "io/qv_seal.h"

/* Names of datasets are shorter than this; the digests of slab NAME are the dataset NAME.xxh3. */
#define QV_NAME_ROOM     256
#define QV_DIGEST_SUFFIX ".xxh3"

/* A slab that was put: the global array, and this rank's part of it. */
typedef struct {
  qv_extent extent;
  int64_t digest_rows; /* qv_seal_blocks(total) */
  int64_t first, count;
  uint64_t *pieces; /* digests of this rank's part in memory, one for each block it touches; owned */
} qv_slab;

/* A replicated dataset that was put, as rank 0 knows it. */
typedef struct {
  char *name;      /* owned */
  uint64_t digest; /* of the data in memory */
} qv_small;

struct qv_archive {
  const qv_comm *comm; /* borrowed */
  char *path;
  char *temporary; /* NULL when reading */
  char kind[32];
  bool keep_previous;
  bool failed;      /* a put went wrong: only abandon is left */
  hid_t file;       /* rank 0: serial HDF5, open as needed */
  int fd;           /* rank 0 when writing, every rank when reading */
  int64_t reserved; /* rank 0: space is promised up to this byte */
  qv_slab *slabs;   /* writing */
  int nslabs, slabs_room;
  qv_small *smalls; /* writing, rank 0 */
  int nsmalls, smalls_room;
  qv_index index; /* reading: all ranks */
};

/* The most bytes a rank hands to MPI in one call; a test sets it. Below 2^31 for the sake of MPI's and HDF5's counts.
 */
extern int64_t qv_archive_transfer_bytes;

/* Refuses what cannot be a dataset's name, and any put after one that failed. Local. */
qv_code qv_archive_check_name(const qv_archive *archive, const char *name);

/* A text attribute of the root ("/") or a group, which is made as needed. Collective. */
qv_code qv_archive_put_attribute(qv_archive *archive, const char *group, const char *name, const char *text);

/* An archive with nothing open yet. On failure *out is what there is of it, for qv_archive_free. Local. */
qv_code qv_archive_new(const qv_comm *comm, const char *path, const char *kind, bool keep_previous, qv_archive **out);

/* Frees everything; no call to HDF5 or the file system can fail any more. Local. */
void qv_archive_free(qv_archive **archive);

/* Name of the previous generation: "run/ckpt.h5" gives "run/ckpt.prev.h5". *out is freed with qv_free. Local. */
qv_code qv_archive_previous(const char *path, char **out);

/* Remembers, on the way from one generation to the one before, that the file `path` is damaged; told by the next
 * commit, which must not rotate it over the good one. NULL forgets. One path a process, which is what a run has. Local.
 */
void qv_archive_set_damaged(const char *path);
bool qv_archive_is_damaged(const char *path);

/* Rank 0: opens the temporary file in serial HDF5 if it is not open; makes sure of room for `bytes` more. Local. */
qv_code qv_archive_serial(qv_archive *archive, const char *what, int64_t bytes);

/* Rank 0: makes and fills one dataset. `type` is HDF5's. Local. */
qv_code qv_archive_write_small(qv_archive *archive, const char *name, hid_t type, int rank, const int64_t *dims,
                               const void *data, const char *unit, const char *description);

/* Rank 0, after qv_archive_serial: makes a one-dimensional dataset whose bytes lie in one piece, allocated and not yet
 * written. Local. */
qv_code qv_archive_make_contiguous(qv_archive *archive, const char *name, hid_t type, int64_t total, const char *unit,
                                   const char *description);

/* Rank 0, after qv_archive_serial: offset of such a dataset in the file; the seal's end for one without bytes. Local.
 */
qv_code qv_archive_find_offset(const qv_archive *archive, const char *name, int64_t bytes, int64_t *offset);

/* Block `b` of a slab's global array as first element and number of elements. Local. */
void qv_slab_block(int64_t total, int64_t b, int64_t *first, int64_t *count);

/* The part of block `b` that this rank holds. Local. */
void qv_slab_piece(const qv_slab *slab, int64_t b, int64_t *first, int64_t *count);

/* The first and one past the last block that this rank's part touches. Local. */
void qv_slab_touched(const qv_slab *slab, int64_t *begin, int64_t *end);

#endif
