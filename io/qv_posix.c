#define _GNU_SOURCE
#include "io/qv_posix.h"

#include "base/qv_fault.h"
#include "base/qv_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FOLDER_MAX 4096

/* Whether the call is to fail on purpose; then with this reason. */
static bool injected(qv_fault_site site, int reason)
{
  if (!qv_fault(site)) {
    return false;
  }
  errno = reason;
  return true;
}

qv_code qv_posix_open(const char *path, int flags, int *fd)
{
  do {
    *fd = injected(QV_FAULT_POSIX_OPEN, EIO) ? -1 : open(path, flags | O_CLOEXEC, 0666);
  } while (*fd < 0 && errno == EINTR);
  if (*fd >= 0) {
    return QV_OK;
  }
  if (errno == ENOENT && !(flags & O_CREAT)) {
    return qv_fail(QV_ERR_INPUT, "%s: there is no such file", path);
  }
  const bool denied = (flags & O_ACCMODE) == O_RDONLY && (errno == EACCES || errno == EPERM || errno == ENOTDIR);
  return qv_fail(denied ? QV_ERR_INPUT : QV_ERR_IO, "%s: cannot be %s: %s", path,
                 flags & O_CREAT ? "created" : "opened", strerror(errno));
}

qv_code qv_posix_close(const char *path, int *fd)
{
  const int old = *fd;
  *fd = -1;
  if (old >= 0 && close(old) != 0 && errno != EINTR) {
    return qv_fail(QV_ERR_IO, "%s: closing failed: %s", path, strerror(errno));
  }
  return QV_OK;
}

qv_code qv_posix_read(int fd, const char *path, int64_t offset, void *data, size_t bytes)
{
  char *at = data;
  while (bytes > 0) {
    const ssize_t part = injected(QV_FAULT_POSIX_READ, EIO) ? -1 : pread(fd, at, bytes, offset);
    if (part < 0 && errno == EINTR) {
      continue;
    }
    if (part < 0) {
      return qv_fail(QV_ERR_IO, "%s: reading %zu bytes at byte %" PRId64 " failed: %s", path, bytes, offset,
                     strerror(errno));
    }
    if (part == 0) {
      return qv_fail(QV_ERR_IO, "%s: the file ends at byte %" PRId64 ", %zu bytes too early", path, offset, bytes);
    }
    at += part;
    offset += part;
    bytes -= (size_t)part;
  }
  return QV_OK;
}

qv_code qv_posix_write(int fd, const char *path, int64_t offset, const void *data, size_t bytes)
{
  const char *at = data;
  while (bytes > 0) {
    const ssize_t part = injected(QV_FAULT_POSIX_WRITE, EIO) ? -1 : pwrite(fd, at, bytes, offset);
    if (part < 0 && errno == EINTR) {
      continue;
    }
    if (part < 0 && (errno == ENOSPC || errno == EDQUOT)) {
      return qv_posix_fail_full(path, "the file", (int64_t)bytes, errno);
    }
    if (part <= 0) {
      return qv_fail(QV_ERR_IO, "%s: writing %zu bytes at byte %" PRId64 " failed: %s", path, bytes, offset,
                     part < 0 ? strerror(errno) : "nothing was written");
    }
    at += part;
    offset += part;
    bytes -= (size_t)part;
  }
  return QV_OK;
}

qv_code qv_posix_size(int fd, const char *path, int64_t *bytes)
{
  struct stat status;
  if (injected(QV_FAULT_POSIX_OPEN, EIO) || fstat(fd, &status) != 0) {
    return qv_fail(QV_ERR_IO, "%s: its size cannot be found: %s", path, strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return qv_fail(QV_ERR_INPUT, "%s: this is not a file that could be read", path);
  }
  *bytes = (int64_t)status.st_size;
  return QV_OK;
}

qv_code qv_posix_sync(int fd, const char *path)
{
  if (injected(QV_FAULT_POSIX_SYNC, EIO) || fsync(fd) != 0) {
    return qv_fail(QV_ERR_IO, "%s: the data did not reach the disk (fsync): %s", path, strerror(errno));
  }
  return QV_OK;
}

void qv_posix_start_sync(int fd, int64_t offset, int64_t bytes)
{
  sync_file_range(fd, offset, bytes, SYNC_FILE_RANGE_WRITE);
}

qv_code qv_posix_sync_folder(const char *path)
{
  char folder[FOLDER_MAX];
  const char *slash = strrchr(path, '/');
  const int length = slash == path ? 1 : slash ? (int)(slash - path) : 1;
  int fd = -1;
  snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
  QV_TRY(qv_posix_open(folder, O_RDONLY | O_DIRECTORY, &fd));
  const qv_code code = qv_posix_sync(fd, folder);
  const qv_code closed = qv_posix_close(folder, &fd);
  return code != QV_OK ? code : closed;
}

qv_code qv_posix_rename(const char *from, const char *to)
{
  if (injected(QV_FAULT_POSIX_RENAME, EIO) || rename(from, to) != 0) {
    return qv_fail(QV_ERR_IO, "%s: cannot be renamed to %s: %s", from, to, strerror(errno));
  }
  return QV_OK;
}

int64_t qv_posix_free(const char *path)
{
  struct statvfs status;
  char folder[FOLDER_MAX];
  const char *slash = strrchr(path, '/');
  const int length = slash == path ? 1 : slash ? (int)(slash - path) : 1;
  snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
  if (statvfs(folder, &status) != 0) {
    return -1;
  }
  return (int64_t)status.f_bavail * (int64_t)status.f_frsize;
}

qv_code qv_posix_fail_full(const char *path, const char *what, int64_t bytes, int reason)
{
  return qv_fail(QV_ERR_IO,
                 "%s: %s: %" PRId64 " bytes are needed for %s, %" PRId64
                 " are free on its file system; free some space or write elsewhere",
                 path, reason == EDQUOT ? "your quota is used up" : "the disk is full", bytes, what,
                 qv_posix_free(path));
}

/* fallocate(2) rather than posix_fallocate(3): the library's emulation writes one byte into every 4 KiB, which takes
 * minutes for a large file on a network file system. */
static int reserve_range(int fd, int64_t offset, int64_t bytes, bool beyond)
{
  if (injected(QV_FAULT_NO_FALLOCATE, EOPNOTSUPP) || injected(QV_FAULT_POSIX_RESERVE, ENOSPC)) {
    return errno;
  }
  int status = 0;
  do {
    status = fallocate(fd, beyond ? FALLOC_FL_KEEP_SIZE : 0, offset, bytes);
  } while (status != 0 && errno == EINTR);
  return status == 0 ? 0 : errno;
}

qv_code qv_posix_reserve(int fd, const char *path, const char *what, int64_t offset, int64_t bytes, bool beyond,
                         bool *done)
{
  *done = true;
  if (bytes <= 0) {
    return QV_OK;
  }
  const int reason = reserve_range(fd, offset, bytes, beyond);
  if (reason == EOPNOTSUPP || reason == ENOSYS || reason == EINVAL) {
    *done = false;
    const int64_t left = qv_posix_free(path);
    return left >= 0 && left < bytes ? qv_posix_fail_full(path, what, bytes, ENOSPC) : QV_OK;
  }
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG) {
    return qv_posix_fail_full(path, what, bytes, reason);
  }
  if (reason != 0) {
    return qv_fail(QV_ERR_IO, "%s: %" PRId64 " bytes cannot be reserved for %s: %s", path, bytes, what,
                   strerror(reason));
  }
  return QV_OK;
}

bool qv_posix_exists(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0;
}

void qv_posix_remove(const char *path)
{
  unlink(path);
}

qv_code qv_posix_replace(const char *path, const char *text, size_t bytes)
{
  char *temporary = NULL;
  int fd = -1;
  const size_t room = strlen(path) + 32;
  QV_TRY(qv_alloc(QV_MEM_IO, room, 1, &temporary));
  snprintf(temporary, room, "%s.tmp.%ld", path, (long)getpid());
  qv_code code = qv_posix_open(temporary, O_WRONLY | O_CREAT | O_TRUNC, &fd);
  if (code == QV_OK) {
    code = qv_posix_write(fd, temporary, 0, text, bytes);
  }
  if (code == QV_OK) {
    code = qv_posix_sync(fd, temporary);
  }
  const qv_code closed = qv_posix_close(temporary, &fd);
  code = code != QV_OK ? code : closed;
  if (code == QV_OK) {
    code = qv_posix_rename(temporary, path);
  }
  if (code == QV_OK) {
    code = qv_posix_sync_folder(path);
  } else {
    qv_posix_remove(temporary);
  }
  qv_free(&temporary);
  return code;
}
