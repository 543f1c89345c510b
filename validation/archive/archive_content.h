/* The file that the archive's tests write and read: one dataset of each type, small and large, whose every value
 * follows from `step`, so that a reader can tell which writer it has before it. */
#ifndef ARCHIVE_CONTENT_H
#define ARCHIVE_CONTENT_H

#include "io/qv_archive.h"

/* Puts everything; the state has `total` elements. Stops at the first failure. Collective. */
qv_code content_put(qv_archive *archive, const qv_comm *comm, int64_t step, int64_t total);

/* create, content_put, commit. */
qv_code content_write(const qv_comm *comm, const char *path, bool keep, int64_t step, int64_t total);

/* Reads everything into memory and compares; *step is that of the file. A difference aborts. Collective. */
qv_code content_get(qv_archive *archive, const qv_comm *comm, int64_t *step);

/* open_latest, content_get, close; *step is -1 when there is no file. */
qv_code content_read(const qv_comm *comm, const char *path, int64_t *step);

#endif
