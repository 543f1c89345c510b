/* Allocation that is counted by purpose.
 *
 * Each block belongs to a tag; the table of tags tells a user where the memory went and gives a leak check at the end
 * of a run that is not confused by the leaks of MPI. Blocks are zeroed and aligned to 64 bytes; blocks of 4 MiB and
 * more are aligned to 2 MiB and offered to the system for huge pages. */
#ifndef QV_MEMORY_H
#define QV_MEMORY_H

#include "base/qv_status.h"

#include <stddef.h>
#include <stdint.h>

/* tag, what it holds */
#define QV_MEM_LIST(X)                                                                                                 \
  X(QV_MEM_STATE, "state")       /* amplitudes */                                                                      \
  X(QV_MEM_BUFFER, "buffer")     /* exchange and I/O buffers */                                                        \
  X(QV_MEM_CIRCUIT, "circuit")   /* gates and plans */                                                                 \
  X(QV_MEM_OPERATOR, "operator") /* Pauli strings, diagonals */                                                        \
  X(QV_MEM_OPTIMIZE, "optimize") /* parameters, journal */                                                             \
  X(QV_MEM_SAMPLES, "samples")   /* Monte Carlo blocks and chains */                                                   \
  X(QV_MEM_PROBLEM, "problem")   /* integrals, graphs, contracts */                                                    \
  X(QV_MEM_IO, "io")             /* decks, file contents */                                                            \
  X(QV_MEM_TASK, "task")         /* everything else */

typedef enum {
#define QV_MEM_ENUM(name, text) name,
  QV_MEM_LIST(QV_MEM_ENUM)
#undef QV_MEM_ENUM
      QV_MEM_COUNT
} qv_mem_tag;

/* Allocates count x size zeroed bytes into *out (void ** of the caller's pointer); count or size 0 gives NULL.
 * Fails with QV_ERR_MEMORY (overflow, or the system refuses). Local. Thread-safe. */
qv_code qv_alloc(qv_mem_tag tag, size_t count, size_t size, void *out);

/* Resizes a block of qv_alloc to count x size bytes, keeping its content; new bytes are zeroed. *out may be NULL.
 * On failure the old block stays. Local. */
qv_code qv_realloc(qv_mem_tag tag, size_t count, size_t size, void *out);

/* A zero-terminated copy of `text`. Local. */
qv_code qv_strdup(qv_mem_tag tag, const char *text, char **out);

/* Frees *pointer (NULL is fine) and sets it to NULL. `pointer` is the address of the caller's pointer. Local. */
void qv_free(void *pointer);

/* Bytes in use now and at the highest, for one tag, on this rank. Local. */
int64_t qv_memory_now(qv_mem_tag tag);
int64_t qv_memory_peak(qv_mem_tag tag);
const char *qv_memory_name(qv_mem_tag tag);

/* Bytes in use over all tags, on this rank; 0 at exit unless something leaked. Local. */
int64_t qv_memory_balance(void);

/* Resident set of this process, now and at the highest, in bytes (from /proc/self/status); 0 where unknown. Local. */
int64_t qv_memory_resident(void);
int64_t qv_memory_resident_peak(void);

/* What this node still offers in bytes: the least of MemAvailable, what the cgroups allow, and what Slurm has granted
 * (SLURM_MEM_PER_NODE, or SLURM_MEM_PER_CPU times SLURM_CPUS_ON_NODE). Local. */
int64_t qv_memory_available(void);

/* What the control groups of a process leave it: the least of limit minus use over the groups listed in `membership`
 * (/proc/self/cgroup) and all above them, under `mount` (/sys/fs/cgroup), in version 1 and 2; INT64_MAX: no limit.
 * Local. */
int64_t qv_memory_cgroup(const char *membership, const char *mount);

#endif
