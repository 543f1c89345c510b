#define _POSIX_C_SOURCE 200809L
#include "io/qv_temporary.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX           ".tmp."
#define ID_ROOM          64
#define PATH_ROOM        4096
#define FOUND_ROOM       (PATH_ROOM + 256)
#define FOREIGN_SECONDS  86400.0
#define UNSEALED_SECONDS 60.0 /* a file gets its seal in the same moment in which it is created */
#define START_COLUMN     22   /* of /proc/PID/stat */

qv_code qv_temporary_name(const qv_comm *comm, const char *path, char **out)
{
  char id[ID_ROOM] = "";
  const char *job = getenv("SLURM_JOB_ID");
  if (job && job[0] != '\0' && !strchr(job, '/')) {
    snprintf(id, sizeof id, "%s", job);
  } else {
    snprintf(id, sizeof id, "%ld", (long)getpid());
  }
  qv_comm_broadcast(comm, id, sizeof id, 0);
  const size_t room = strlen(path) + sizeof SUFFIX + ID_ROOM;
  qv_code code = qv_alloc(QV_MEM_IO, room, 1, out);
  if (code == QV_OK) {
    snprintf(*out, room, "%s" SUFFIX "%s", path, id);
  }
  return qv_agree(comm, code);
}

/* Start of a process in clock ticks since boot; -1 if there is no such process, if it has ended and only waits to be
 * reaped, or where there is no /proc. */
static long long start_ticks(long pid)
{
  char name[64], line[1024];
  snprintf(name, sizeof name, "/proc/%ld/stat", pid);
  FILE *file = fopen(name, "r");
  if (!file) {
    return -1;
  }
  const bool got = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  /* The second column, the command in brackets, may hold anything: count from its end. The third is the state. */
  char *at = got ? strrchr(line, ')') : NULL;
  if (!at || strlen(at) < 3 || strchr("ZX", at[2])) {
    return -1;
  }
  for (int column = 2; at && column < START_COLUMN; column++) {
    at = strchr(at + 1, ' ');
  }
  return at ? strtoll(at, NULL, 10) : -1;
}

void qv_temporary_owner(char *text, size_t room)
{
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  snprintf(text, room, "%s %ld %lld", host[0] == '\0' ? "-" : host, (long)getpid(), start_ticks((long)getpid()));
}

/* Reads the owner from the seal, or what there is of one; false where there is none. */
static bool read_owner(const char *path, char *host, long *pid, long long *start)
{
  char text[1024];
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  const ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  text[got > 0 ? got : 0] = '\0';
  const char *line = strstr(text, "\nowner ");
  return line && sscanf(line, "\nowner %255s %ld %lld", host, pid, start) == 3;
}

static bool untouched(const char *path, double seconds)
{
  struct stat status;
  return stat(path, &status) == 0 && qv_clock_epoch() - (double)status.st_mtime > seconds;
}

static bool owner_is_gone(const char *path)
{
  char host[256], here[256] = "";
  long pid = 0;
  long long start = 0;
  if (!read_owner(path, host, &pid, &start)) {
    return untouched(path, UNSEALED_SECONDS);
  }
  gethostname(here, sizeof here - 1);
  if (strcmp(host, here) != 0) {
    return untouched(path, FOREIGN_SECONDS);
  }
  return (kill((pid_t)pid, 0) != 0 && errno == ESRCH) || start_ticks(pid) != start;
}

/* Open MPI without its component `sm` keeps a lock file, "TEMPORARY-NUMBER-PID.lock", for each open file. It goes when
 * the temporary file has gone. */
static bool is_orphaned_lock(const char *path, size_t stem)
{
  char temporary[FOUND_ROOM];
  const size_t length = strlen(path);
  const char *dash = strchr(path + stem, '-');
  if (!dash || length < 5 || strcmp(path + length - 5, ".lock") != 0) {
    return false;
  }
  snprintf(temporary, sizeof temporary, "%.*s", (int)(dash - path), path);
  return !qv_posix_exists(temporary) && untouched(path, UNSEALED_SECONDS);
}

typedef bool choose_file(const char *path, size_t stem);

static bool is_abandoned(const char *path, size_t stem)
{
  return strchr(path + stem, '-') == NULL && owner_is_gone(path);
}

/* Removes what `chosen` picks among the files PATH.tmp.*; `stem` is the length of the name up to there. */
static void remove_chosen(const char *path, const char *own, choose_file *chosen)
{
  char folder[PATH_ROOM], found[FOUND_ROOM], prefix[PATH_ROOM];
  const char *slash = strrchr(path, '/');
  const int lead = slash ? (int)(slash + 1 - path) : 0;
  snprintf(folder, sizeof folder, "%.*s", slash ? lead : 1, slash ? path : ".");
  snprintf(prefix, sizeof prefix, "%s" SUFFIX, path + lead);
  DIR *entries = opendir(folder);
  if (!entries) {
    return;
  }
  for (const struct dirent *e = readdir(entries); e; e = readdir(entries)) {
    if (strncmp(e->d_name, prefix, strlen(prefix)) != 0) {
      continue;
    }
    snprintf(found, sizeof found, "%.*s%s", lead, path, e->d_name);
    if (strcmp(found, own) != 0 && chosen(found, (size_t)lead + strlen(prefix))) {
      qv_log(QV_LOG_INFO, "removed the temporary file of a run that has ended: %s", found);
      qv_posix_remove(found);
    }
  }
  closedir(entries);
}

void qv_temporary_clean(const char *path, const char *own)
{
  remove_chosen(path, own, is_abandoned);
  remove_chosen(path, own, is_orphaned_lock);
}
