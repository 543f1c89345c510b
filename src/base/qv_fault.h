/* Faults on purpose: makes the n-th call of a kind fail on a chosen rank, so that every error path can be walked.
 *
 * Compiled in always and off by default: a site then costs one test of a flag. A specification is
 *   site:nth:rank         the nth call (from 1) of that site fails on that rank; nth 0 only counts the calls, and the
 *                         program tells the number at its end
 *   site:nth:rank:seed    each call fails with probability 1/nth, drawn from the seed
 * where rank is a number, `last` or `all`. It comes from the environment (QV_FAULT, read by qv_parallel_begin) or from
 * the command line. Calls that all ranks make together (parallel HDF5) are made and then reported as failed, as a real
 * library does: leaving one out would hang the others. The sites of numbers change a number and return as if all were
 * well: what must notice is the guard (task/qv_guard.h). */
#ifndef QV_FAULT_H
#define QV_FAULT_H

#include "base/qv_status.h"

#include <stdbool.h>
#include <stdint.h>

/* site, its name in a specification */
#define QV_FAULT_LIST(X)                                                                                               \
  X(QV_FAULT_ALLOC, "alloc")           /* qv_alloc gets no memory */                                                   \
  X(QV_FAULT_AGREE, "agree")           /* this rank fails in qv_agree */                                               \
  X(QV_FAULT_POSIX_OPEN, "posix.open") /* open and close, from here on: EIO */                                         \
  X(QV_FAULT_POSIX_READ, "posix.read")                                                                                 \
  X(QV_FAULT_POSIX_WRITE, "posix.write")                                                                               \
  X(QV_FAULT_POSIX_RESERVE, "posix.reserve")    /* fallocate: ENOSPC */                                                \
  X(QV_FAULT_NO_FALLOCATE, "posix.nofallocate") /* fallocate: EOPNOTSUPP */                                            \
  X(QV_FAULT_POSIX_SYNC, "posix.sync")                                                                                 \
  X(QV_FAULT_POSIX_RENAME, "posix.rename")                                                                             \
  X(QV_FAULT_HDF5_OPEN, "hdf5.open")   /* create and open files and datasets */                                        \
  X(QV_FAULT_HDF5_WRITE, "hdf5.write") /* data and attributes */                                                       \
  X(QV_FAULT_HDF5_READ, "hdf5.read")                                                                                   \
  X(QV_FAULT_HDF5_CLOSE, "hdf5.close")   /* close and flush files */                                                   \
  X(QV_FAULT_LOST_WRITE, "lost.write")   /* a slab's bytes do not arrive although every call succeeds */               \
  X(QV_FAULT_STALL, "stall")             /* an I/O phase never ends */                                                 \
  X(QV_FAULT_KILL_ROTATE, "kill.rotate") /* SIGKILL between the renames that change the generations of a file */       \
  X(QV_FAULT_STATE_NAN, "state.nan")     /* an amplitude becomes NaN */                                                \
  X(QV_FAULT_STATE_DRIFT, "state.drift") /* the amplitudes of this rank grow by 1e-6 */                                \
  X(QV_FAULT_VALUE_NAN, "value.nan")     /* an energy becomes NaN */                                                   \
  X(QV_FAULT_GRADIENT_NAN, "gradient.nan")                                                                             \
  X(QV_FAULT_STOP, "stop")               /* USR1 arrives while the loop looks after a step */                          \
  X(QV_FAULT_STOP_INSIDE, "stop.inside") /* USR1 arrives while a step looks, between two of its parts */

typedef enum {
#define QV_FAULT_ENUM(name, text) name,
  QV_FAULT_LIST(QV_FAULT_ENUM)
#undef QV_FAULT_ENUM
      QV_FAULT_COUNT
} qv_fault_site;

/* Arms the table from a specification, or disarms it (NULL or ""). `rank` and `size` are this process's in the job.
 * Counting starts anew. Fails with QV_ERR_USAGE. Local. */
qv_code qv_fault_setup(const char *specification, int rank, int size);

/* Calls of the armed site on this rank since the setup. Local. */
int64_t qv_fault_calls(void);

/* The name of the site that is armed only to be counted (nth 0), with its calls since the setup on the ranks that were
 * asked for, 0 on others; NULL if there is none. Local. */
const char *qv_fault_counted(int64_t *calls);

const char *qv_fault_name(qv_fault_site site);

extern bool qv_fault_armed; /* written by qv_fault_setup only */
bool qv_fault_strikes(qv_fault_site site);

/* Whether this call is to fail. Local. Thread-safe. Cost: one test while nothing is armed. */
static inline bool qv_fault(qv_fault_site site)
{
  return qv_fault_armed && qv_fault_strikes(site);
}

#endif
