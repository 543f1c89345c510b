#define _GNU_SOURCE
#include "base/qv_memory.h"

#include "base/qv_fault.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_BYTES   64
#define SMALL_ALIGN    64
#define HUGE_ALIGN     (2 * 1024 * 1024)
#define HUGE_THRESHOLD (4 * 1024 * 1024)
#define GROUP_PATH     4096

/* Sits in the 64 bytes before the user's pointer. */
typedef struct {
  void *base; /* what free() takes */
  size_t bytes;
  qv_mem_tag tag;
} block_header;

static _Atomic int64_t bytes_now[QV_MEM_COUNT];
static _Atomic int64_t bytes_peak[QV_MEM_COUNT];

static block_header *header_of(void *pointer)
{
  return (block_header *)(void *)((char *)pointer - HEADER_BYTES);
}

static void count_bytes(qv_mem_tag tag, int64_t change)
{
  int64_t now = atomic_fetch_add(&bytes_now[tag], change) + change;
  int64_t peak = atomic_load(&bytes_peak[tag]);
  while (now > peak && !atomic_compare_exchange_weak(&bytes_peak[tag], &peak, now)) {
  }
}

qv_code qv_alloc(qv_mem_tag tag, size_t count, size_t size, void *out)
{
  void *user = NULL;
  void *base = NULL;
  int large = 0;
  memcpy(out, &user, sizeof user);
  if (count == 0 || size == 0) {
    return QV_OK;
  }
  if (count > (SIZE_MAX / 2 - 2 * (size_t)HUGE_ALIGN) / size) {
    return qv_fail(QV_ERR_MEMORY, "%s: %zu items of %zu bytes are more than an address can reach", qv_memory_name(tag),
                   count, size);
  }
  const size_t bytes = count * size;
  large = bytes >= HUGE_THRESHOLD;
  const size_t align = large ? HUGE_ALIGN : SMALL_ALIGN;
  const size_t lead = large ? HUGE_ALIGN : HEADER_BYTES;
  const size_t total = (lead + bytes + align - 1) / align * align;
  base = qv_fault(QV_FAULT_ALLOC) ? NULL : aligned_alloc(align, total);
  if (!base) {
    return qv_fail(QV_ERR_MEMORY, "%s: the system refuses %.3f GiB (available on this node: %.3f GiB)",
                   qv_memory_name(tag), (double)bytes / 1073741824.0, (double)qv_memory_available() / 1073741824.0);
  }
  user = (char *)base + lead;
  if (large) {
    madvise(user, total - lead, MADV_HUGEPAGE);
  }
  memset(user, 0, bytes);
  *header_of(user) = (block_header){.base = base, .bytes = bytes, .tag = tag};
  count_bytes(tag, (int64_t)bytes);
  memcpy(out, &user, sizeof user);
  return QV_OK;
}

qv_code qv_realloc(qv_mem_tag tag, size_t count, size_t size, void *out)
{
  void *old = NULL;
  void *grown = NULL;
  memcpy(&old, out, sizeof old);
  QV_TRY(qv_alloc(tag, count, size, &grown));
  if (old && grown) {
    const size_t keep = header_of(old)->bytes < count * size ? header_of(old)->bytes : count * size;
    memcpy(grown, old, keep);
  }
  qv_free(&old);
  memcpy(out, &grown, sizeof grown);
  return QV_OK;
}

qv_code qv_strdup(qv_mem_tag tag, const char *text, char **out)
{
  const size_t bytes = strlen(text) + 1;
  QV_TRY(qv_alloc(tag, bytes, 1, out));
  memcpy(*out, text, bytes);
  return QV_OK;
}

void qv_free(void *pointer)
{
  void *user = NULL;
  memcpy(&user, pointer, sizeof user);
  if (!user) {
    return;
  }
  const block_header *header = header_of(user);
  count_bytes(header->tag, -(int64_t)header->bytes);
  free(header->base);
  user = NULL;
  memcpy(pointer, &user, sizeof user);
}

int64_t qv_memory_now(qv_mem_tag tag)
{
  return atomic_load(&bytes_now[tag]);
}

int64_t qv_memory_peak(qv_mem_tag tag)
{
  return atomic_load(&bytes_peak[tag]);
}

const char *qv_memory_name(qv_mem_tag tag)
{
  static const char *const names[] = {
#define QV_MEM_NAME(name, text) text,
      QV_MEM_LIST(QV_MEM_NAME)
#undef QV_MEM_NAME
  };
  return names[tag];
}

int64_t qv_memory_balance(void)
{
  int64_t sum = 0;
  for (int tag = 0; tag < QV_MEM_COUNT; tag++) {
    sum += atomic_load(&bytes_now[tag]);
  }
  return sum;
}

/* The number behind "key" in a file of lines "key value [kB]"; -1 where it is missing. */
static int64_t read_keyed(const char *path, const char *key)
{
  char line[256];
  int64_t value = -1;
  FILE *file = fopen(path, "r");
  if (!file) {
    return -1;
  }
  while (value < 0 && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, strlen(key)) == 0) {
      value = strtoll(line + strlen(key), NULL, 10);
    }
  }
  fclose(file);
  return value;
}

/* The single number in a file; -1 where the file is missing or says "max". */
static int64_t read_number(const char *path)
{
  char line[64];
  int64_t value = -1;
  FILE *file = fopen(path, "r");
  if (!file) {
    return -1;
  }
  if (fgets(line, sizeof line, file) && line[0] >= '0' && line[0] <= '9') {
    value = strtoll(line, NULL, 10);
  }
  fclose(file);
  return value;
}

int64_t qv_memory_resident(void)
{
  const int64_t kib = read_keyed("/proc/self/status", "VmRSS:");
  return kib > 0 ? kib * 1024 : 0;
}

int64_t qv_memory_resident_peak(void)
{
  const int64_t kib = read_keyed("/proc/self/status", "VmHWM:");
  return kib > 0 ? kib * 1024 : 0;
}

/* Limit minus use of one group, if it is less than *least. */
static void look_at_group(const char *folder, const char *limit_name, const char *used_name, int64_t *least)
{
  char path[GROUP_PATH + 64];
  snprintf(path, sizeof path, "%s/%s", folder, limit_name);
  const int64_t limit = read_number(path);
  snprintf(path, sizeof path, "%s/%s", folder, used_name);
  const int64_t used = read_number(path);
  if (limit >= 0 && limit - (used > 0 ? used : 0) < *least) {
    *least = limit > used ? limit - (used > 0 ? used : 0) : 0;
  }
}

/* A group and all above it up to the mount: each may have a limit. Inside a container the path may be that of the
 * outside, of which only the mount itself can be seen. */
static void climb(const char *mount, const char *group, bool unified, int64_t *least)
{
  char folder[GROUP_PATH];
  const size_t root = strlen(mount);
  const int length = snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (length < 0 || (size_t)length >= sizeof folder) {
    return;
  }
  for (;;) {
    look_at_group(folder, unified ? "memory.max" : "memory.limit_in_bytes",
                  unified ? "memory.current" : "memory.usage_in_bytes", least);
    char *slash = strrchr(folder, '/');
    if (strlen(folder) <= root || !slash || (size_t)(slash - folder) < root) {
      return;
    }
    *slash = '\0';
  }
}

int64_t qv_memory_cgroup(const char *membership, const char *mount)
{
  char line[GROUP_PATH];
  char memory[GROUP_PATH];
  int64_t least = INT64_MAX;
  FILE *file = fopen(membership, "r");
  snprintf(memory, sizeof memory, "%s/memory", mount);
  climb(mount, "", true, &least);
  climb(memory, "", false, &least);
  while (file && fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = '\0';
    const char *first = strchr(line, ':');
    const char *group = first ? strchr(first + 1, ':') : NULL;
    if (group && strncmp(line, "0::", 3) == 0) {
      climb(mount, group + 1, true, &least);
    } else if (group && strncmp(first, ":memory:", 8) == 0) {
      climb(memory, group + 1, false, &least);
    }
  }
  if (file) {
    fclose(file);
  }
  return least;
}

/* A positive number of MiB in the environment, in bytes; INT64_MAX where there is none. */
static int64_t granted(const char *name, int64_t times)
{
  const char *text = getenv(name);
  const long long mib = text ? strtoll(text, NULL, 10) : 0;
  return mib > 0 && mib < INT64_MAX / (1 << 20) / times ? (int64_t)mib * (1 << 20) * times : INT64_MAX;
}

int64_t qv_memory_available(void)
{
  const int64_t free_kib = read_keyed("/proc/meminfo", "MemAvailable:");
  const char *cpus = getenv("SLURM_CPUS_ON_NODE");
  const int64_t ncpu = cpus && strtoll(cpus, NULL, 10) > 0 ? (int64_t)strtoll(cpus, NULL, 10) : 1;
  const int64_t offers[] = {free_kib > 0 ? free_kib * 1024 : INT64_MAX,
                            qv_memory_cgroup("/proc/self/cgroup", "/sys/fs/cgroup"), granted("SLURM_MEM_PER_NODE", 1),
                            cpus ? granted("SLURM_MEM_PER_CPU", ncpu) : INT64_MAX};
  int64_t least = INT64_MAX;
  for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
    least = offers[i] < least ? offers[i] : least;
  }
  return least;
}
