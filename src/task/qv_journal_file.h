/* The journal of an optimiser in checkpoints and results: journal/count, journal/parameters, journal/value and, where
 * the method uses them, journal/gradient. */
#ifndef QV_JOURNAL_FILE_H
#define QV_JOURNAL_FILE_H

#include "io/qv_archive.h"
#include "optimize/qv_optimizer.h"

/* What the datasets mean to people: description and unit of each. */
typedef struct {
  const char *count;
  const char *parameters, *parameters_unit;
  const char *value, *value_unit;
  const char *gradient, *gradient_unit;
} qv_journal_words;

/* Writes a journal of `nparameters` parameters an evaluation; of an empty one only the count. Collective; fails as
 * qv_archive_put does. */
qv_code qv_journal_put(const qv_journal *journal, int64_t nparameters, const qv_journal_words *words,
                       qv_archive *archive);

/* Reads it. What the journal points at is in *numbers, the caller's to free when it has been restored (NULL if the
 * journal is empty, or on failure). Collective; fails as qv_archive_get does, or for want of memory. */
qv_code qv_journal_get(const qv_comm *comm, qv_archive *archive, int64_t nparameters, qv_journal *journal,
                       double **numbers);

#endif
