/* The run file: named datasets in HDF5, written so that a crash, a full disk or a flipped bit never passes for data.
 *
 * The same object serves checkpoints and results. Datasets are named by path ("journal/value"); each carries `unit` and
 * `description`. Replicated data are the same on all ranks and are written once; slabs are one global array of which
 * each rank holds a contiguous range in rank order, so that the file does not depend on the number of ranks.
 *
 * Writing: create makes PATH.tmp.<job or process id>; put calls fill it; commit flushes, re-reads and compares
 * digests, marks it complete, fsyncs, rotates PATH to its previous generation if `keep_previous` (ckpt.h5 to
 * ckpt.prev.h5; a damaged PATH is not rotated), renames, fsyncs the folder. Nothing under PATH changes before the
 * rename. A failure at any point removes the temporary file and leaves PATH as it was; only when the folder's fsync
 * fails after the rename, PATH is the new file. What killed runs left of PATH is removed by create. All calls are
 * collective unless said otherwise, and all ranks leave them with the same code (QV_ERR_IO, exit 74, unless said
 * otherwise). After a failed put, the archive can only be abandoned. An I/O phase without end becomes a message and
 * exit 74 (io/qv_deadline.h).
 *
 * Names are relative paths of printable characters without blanks, shorter than 250; NAME.xxh3 beside a slab NAME and
 * the group `integrity` belong to the archive. Texts, units and descriptions are UTF-8.
 *
 * Cost: a slab goes to the disk once and is read back once; its put and commit take 1 to 2 times as long as dd with
 * fsync. A replicated dataset takes about 0.1 ms and one qv_agree, and as much again in the commit. Memory: one block
 * of 65536 elements a rank. Source of the protocol: docs/file-formats.md. */
#ifndef QV_ARCHIVE_H
#define QV_ARCHIVE_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct qv_archive qv_archive;

typedef enum {
  QV_TYPE_I32,
  QV_TYPE_I64,
  QV_TYPE_U64,
  QV_TYPE_F32,
  QV_TYPE_F64,
  QV_TYPE_C64, /* complex of two float: compound {r,i}, what h5py reads as complex64 */
  QV_TYPE_C128 /* complex of two double */
} qv_type;

size_t qv_type_bytes(qv_type type);

#define QV_ARCHIVE_DIMS 4

/* Starts writing. `kind` is "checkpoint" or "result" and is stored in the file. */
qv_code qv_archive_create(const qv_comm *comm, const char *path, const char *kind, bool keep_previous,
                          qv_archive **out);

/* Makes the file visible under its name; *archive is destroyed whatever happens. */
qv_code qv_archive_commit(qv_archive **archive);

/* Gives up writing and removes the temporary file. NULL is fine. */
void qv_archive_abandon(qv_archive **archive);

/* Opens for reading and verifies all digests. `kind` NULL takes any. Fails with QV_ERR_INPUT (66): missing, not HDF5,
 * not ours, other kind, a newer format, incomplete, damaged; the message says which. */
qv_code qv_archive_open(const qv_comm *comm, const char *path, const char *kind, qv_archive **out);

/* Opens `path`, or if that fails its previous generation, with a warning in the log that says why. *which is the path
 * that was opened (owned by the archive). Neither file there at all: QV_OK with *out = NULL. */
qv_code qv_archive_open_latest(const qv_comm *comm, const char *path, const char *kind, qv_archive **out,
                               const char **which);
void qv_archive_close(qv_archive **archive);

/* Replicated arrays: `data` is read on rank 0 only; `dims` has `rank` <= QV_ARCHIVE_DIMS entries (rank 0: a scalar).
 * Arrays of more than 4096 bytes are compressed. Groups in `name` are made as needed. */
qv_code qv_archive_put(qv_archive *archive, const char *name, qv_type type, int rank, const int64_t *dims,
                       const void *data, const char *unit, const char *description);
qv_code qv_archive_put_f64(qv_archive *archive, const char *name, double value, const char *unit,
                           const char *description);
qv_code qv_archive_put_i64(qv_archive *archive, const char *name, int64_t value, const char *unit,
                           const char *description);
qv_code qv_archive_put_text(qv_archive *archive, const char *name, const char *text, const char *description);

/* Slabs: this rank's `count` elements starting at element `first` of a global 1-D array of `total`. */
qv_code qv_archive_put_slab(qv_archive *archive, const char *name, qv_type type, int64_t total, int64_t first,
                            int64_t count, const void *data, const char *unit, const char *description);

/* Reading. A dataset that is missing or has another type or size fails with QV_ERR_INPUT. Every rank gets the data. */
bool qv_archive_has(qv_archive *archive, const char *name);
qv_code qv_archive_dims(qv_archive *archive, const char *name, int *rank, int64_t dims[QV_ARCHIVE_DIMS]);
qv_code qv_archive_get(qv_archive *archive, const char *name, qv_type type, int64_t count, void *data);
qv_code qv_archive_get_f64(qv_archive *archive, const char *name, double *value);
qv_code qv_archive_get_i64(qv_archive *archive, const char *name, int64_t *value);
qv_code qv_archive_get_text(qv_archive *archive, const char *name, char **text); /* freed with qv_free */
qv_code qv_archive_get_slab(qv_archive *archive, const char *name, qv_type type, int64_t total, int64_t first,
                            int64_t count, void *data);

/* The text of an attribute of a group ("meta", "git"); NULL if it has none. *text is freed with qv_free. */
qv_code qv_archive_get_attribute(qv_archive *archive, const char *group, const char *name, char **text);

/* What a file holds, for people: one entry a dataset, sorted by name; the digests of slabs are left out. */
typedef struct {
  char name[256];
  char type[8]; /* "f64", "c128", "text" */
  int rank;
  int64_t dims[QV_ARCHIVE_DIMS];
  char unit[64];
  char description[256];
} qv_archive_entry;

/* The kind that was given to create; owned by the archive. Local. */
const char *qv_archive_kind(const qv_archive *archive);

/* *entries is freed with qv_free. Every rank gets the list. */
qv_code qv_archive_list(qv_archive *archive, qv_archive_entry **entries, int *count);

/* What stands of a file that qv_archive_open refuses, as far as its seal and index can be read: for people who want to
 * know what was lost. `parts` is freed with qv_free. */
typedef struct {
  char name[256];
  bool stands; /* all its bytes have their digest */
} qv_archive_part;
typedef struct {
  bool sealed;   /* the seal could be read; what follows is from it */
  bool complete; /* the program finished it */
  char kind[32];
  int64_t bytes, size;    /* as the seal says, and as it is */
  qv_archive_part *parts; /* NULL where the index is lost */
  int count;
  bool structure; /* the names, shapes and attributes of HDF5 are as they were */
} qv_archive_survey;

/* Fills a survey. Records failures like any other reader, so call it after the failure that is to be told. Local. */
void qv_archive_look(const char *path, qv_archive_survey *out);

/* Removes `path` and its previous generation, and syncs the folder, so that neither comes back after a crash; files
 * that are not there are fine. Fails with QV_ERR_IO. */
qv_code qv_archive_remove(const qv_comm *comm, const char *path);

/* Bytes that `path` and its previous generation take on the disk; 0 where there are none. Local. */
int64_t qv_archive_size(const char *path);

#endif
