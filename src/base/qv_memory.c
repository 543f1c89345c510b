#define _GNU_SOURCE
#include "base/qv_memory.h"

#include "base/qv_fault.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HEADER_BYTES   64
#define SMALL_ALIGN    64
#define HUGE_ALIGN     (2 * 1024 * 1024)
#define HUGE_THRESHOLD (4 * 1024 * 1024)

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

int64_t qv_memory_available(void)
{
  int64_t available = INT64_MAX;
  const int64_t free_kib = read_keyed("/proc/meminfo", "MemAvailable:");
  if (free_kib > 0) {
    available = free_kib * 1024;
  }
  const int64_t v2_limit = read_number("/sys/fs/cgroup/memory.max");
  const int64_t v2_used = read_number("/sys/fs/cgroup/memory.current");
  if (v2_limit > 0 && v2_limit - v2_used < available) {
    available = v2_limit - v2_used;
  }
  const int64_t v1_limit = read_number("/sys/fs/cgroup/memory/memory.limit_in_bytes");
  const int64_t v1_used = read_number("/sys/fs/cgroup/memory/memory.usage_in_bytes");
  if (v1_limit > 0 && v1_limit - v1_used < available) {
    available = v1_limit - v1_used;
  }
  const char *slurm = getenv("SLURM_MEM_PER_NODE"); /* MiB */
  if (slurm && strtoll(slurm, NULL, 10) > 0) {
    const int64_t granted = (int64_t)strtoll(slurm, NULL, 10) * 1024 * 1024;
    if (granted < available) {
      available = granted;
    }
  }
  return available;
}
