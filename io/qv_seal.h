/* The seal of a run file: the 4096 bytes of text in front of HDF5's own bytes, and the index of what is digested.
 *
 * Every byte of a run file belongs to exactly one of: the seal (which carries its own digest), the index, a slab
 * (digested in blocks of QV_SEAL_BLOCK elements), the stored bytes of another dataset (one digest each), or the rest
 * (HDF5's headers, names, attributes, gaps: one digest). So a file is proved whole by plain reads before HDF5 is shown
 * a single byte of it. All digests are XXH3-64. The layout is in docs/file-formats.md. All functions are local. */
#ifndef QV_SEAL_H
#define QV_SEAL_H

#include "io/qv_archive.h"

#define QV_SEAL_BYTES  4096
#define QV_SEAL_FORMAT 1
#define QV_SEAL_BLOCK  ((int64_t)65536) /* elements of a slab under one digest */

typedef struct {
  int format;
  bool complete;
  char kind[32];
  char owner[320]; /* "HOST PID START" while the file is written, then "-" */
  int64_t bytes;   /* of the whole file */
  int64_t index_offset, index_bytes;
  uint64_t index_digest, rest_digest;
} qv_seal;

/* One line of the index. */
typedef struct {
  bool slab;
  int64_t offset; /* in the file */
  int64_t bytes;
  char *name; /* owned */
  /* of a slab: */
  qv_type type;
  int64_t total;         /* elements */
  int64_t digest_offset; /* in the file, of its array of block digests */
  /* of the stored bytes of another dataset: */
  uint64_t digest;
} qv_extent;

typedef struct {
  qv_extent *extents;
  int count, room;
} qv_index;

/* Number of digests of a slab. */
int64_t qv_seal_blocks(int64_t total);

/* The 4096 bytes of a seal. */
void qv_seal_format(const qv_seal *seal, char text[QV_SEAL_BYTES]);

/* Reads the seal of an open file. Fails with QV_ERR_INPUT: empty, not HDF5, not ours, newer format, damaged. */
qv_code qv_seal_read(int fd, const char *path, qv_seal *seal);

/* Checks what the seal promises: kind (NULL: any), completeness, size. Fails with QV_ERR_INPUT. */
qv_code qv_seal_check(int fd, const char *path, const qv_seal *seal, const char *kind);

/* Adds a copy of `extent`, name included. */
qv_code qv_index_add(qv_index *index, const qv_extent *extent);
void qv_index_clear(qv_index *index);

/* The index as text, one line an extent; *text is freed with qv_free. Parsing fails with QV_ERR_INPUT. */
qv_code qv_index_format(const qv_index *index, char **text);
qv_code qv_index_parse(const char *path, const char *text, qv_index *index);

/* Digest of a range of the file, and of all that is neither seal nor index (at `index_offset`) nor an extent. Fails
 * with QV_ERR_INPUT if extents overlap or leave the file. Cost: reads the bytes once. */
qv_code qv_seal_digest_range(int fd, const char *path, int64_t offset, int64_t bytes, uint64_t *digest);
qv_code qv_seal_digest_rest(int fd, const char *path, const qv_index *index, const qv_seal *seal, uint64_t *digest);

#endif
