/* POSIX file calls that finish what they start and say what failed: short transfers and interruptions are continued,
 * and a failure records the path, the operation and the system's reason. All functions are local; they fail with
 * QV_ERR_IO unless said otherwise. Fault sites: posix.*. */
#ifndef QV_POSIX_H
#define QV_POSIX_H

#include "base/qv_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens `path` with the flags of open(2) (mode 0666 for O_CREAT). Fails with QV_ERR_INPUT if the file is only to be
 * read and is missing or may not be read. */
qv_code qv_posix_open(const char *path, int flags, int *fd);

/* Closes *fd (-1 is fine) and sets it to -1; the code of close(2) is looked at. */
qv_code qv_posix_close(const char *path, int *fd);

/* Exactly `bytes` at `offset`. */
qv_code qv_posix_read(int fd, const char *path, int64_t offset, void *data, size_t bytes);
qv_code qv_posix_write(int fd, const char *path, int64_t offset, const void *data, size_t bytes);

/* Size of a file; anything but a regular file fails with QV_ERR_INPUT. */
qv_code qv_posix_size(int fd, const char *path, int64_t *bytes);

/* fsync of a file, and of the folder that holds `path`, so that a rename survives a crash of the machine. */
qv_code qv_posix_sync(int fd, const char *path);
qv_code qv_posix_sync_folder(const char *path);

/* Lets the system begin to write a range to the disk while this process goes on; only a hint. */
void qv_posix_start_sync(int fd, int64_t offset, int64_t bytes);

/* rename(2). */
qv_code qv_posix_rename(const char *from, const char *to);

/* Makes sure that `bytes` at `offset` have room on the disk. With `beyond`, the size of the file does not change.
 * *done says whether the file system could promise it: where it has no fallocate, only the free space was compared.
 * `what` stands for the data in the message, which names the bytes needed and free. */
qv_code qv_posix_reserve(int fd, const char *path, const char *what, int64_t offset, int64_t bytes, bool beyond,
                         bool *done);

/* Records that the disk or the quota is full, with the bytes needed and free. */
qv_code qv_posix_fail_full(const char *path, const char *what, int64_t bytes, int reason);

/* Bytes that this user may still write to the file system of `path`; -1 where unknown. */
int64_t qv_posix_free(const char *path);

/* Whether there is a file, folder or anything else of that name. */
bool qv_posix_exists(const char *path);

/* Removes a file if it is there. Never fails. */
void qv_posix_remove(const char *path);

/* Writes a whole small file under a temporary name, syncs it and renames it over `path`. */
qv_code qv_posix_replace(const char *path, const char *text, size_t bytes);

#endif
