#include "task/qv_journal_file.h"

#include "base/qv_memory.h"

qv_code qv_journal_put(const qv_journal *journal, int64_t nparameters, const qv_journal_words *words,
                       qv_archive *archive)
{
  const int64_t dims[2] = {journal->count, nparameters};
  QV_TRY(qv_archive_put_i64(archive, "journal/count", journal->count, "", words->count));
  if (journal->count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put(archive, "journal/parameters", QV_TYPE_F64, 2, dims, journal->parameters,
                        words->parameters_unit, words->parameters));
  QV_TRY(
      qv_archive_put(archive, "journal/value", QV_TYPE_F64, 1, dims, journal->values, words->value_unit, words->value));
  if (!journal->gradients) {
    return QV_OK;
  }
  return qv_archive_put(archive, "journal/gradient", QV_TYPE_F64, 2, dims, journal->gradients, words->gradient_unit,
                        words->gradient);
}

qv_code qv_journal_get(const qv_comm *comm, qv_archive *archive, int64_t nparameters, qv_journal *journal,
                       double **numbers)
{
  *journal = (qv_journal){0};
  *numbers = NULL;
  QV_TRY(qv_archive_get_i64(archive, "journal/count", &journal->count));
  const int64_t count = journal->count, coordinates = count * nparameters;
  if (count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, (size_t)(2 * coordinates + count), sizeof **numbers, numbers));
  double *const parameters = *numbers + count, *const gradients = parameters + coordinates;
  qv_code code = qv_archive_get(archive, "journal/value", QV_TYPE_F64, count, *numbers);
  if (code == QV_OK) {
    code = qv_archive_get(archive, "journal/parameters", QV_TYPE_F64, coordinates, parameters);
  }
  journal->values = *numbers;
  journal->parameters = parameters;
  if (code == QV_OK && qv_archive_has(archive, "journal/gradient")) {
    code = qv_archive_get(archive, "journal/gradient", QV_TYPE_F64, coordinates, gradients);
    journal->gradients = gradients;
  }
  if (code != QV_OK) {
    qv_free(numbers);
  }
  return code;
}
