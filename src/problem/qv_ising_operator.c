#include "problem/qv_ising_operator.h"

#include "base/qv_memory.h"

static qv_diagonal_terms terms_of(const qv_ising *ising, const uint64_t *masks)
{
  return (qv_diagonal_terms){.nqubits = ising->n,
                             .nterms = ising->nterms,
                             .masks = masks,
                             .coefficients = ising->coefficient,
                             .constant = ising->constant,
                             .unit = ising->unit,
                             .integers = ising->integer};
}

double qv_ising_operator_bytes(const qv_ising *ising, int ranks)
{
  const qv_diagonal_terms terms = terms_of(ising, NULL);
  return qv_diagonal_bytes(&terms, ranks);
}

qv_code qv_ising_operator(const qv_ising *ising, bool stored, qv_diagonal **out)
{
  uint64_t *masks = NULL;
  *out = NULL;
  if (ising->n > QV_QUBITS_MAX) {
    return qv_fail(QV_ERR_ENVIRONMENT, "the problem has %d variables: a statevector has at most %d qubits", ising->n,
                   QV_QUBITS_MAX);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)ising->nterms + 1, sizeof *masks, &masks));
  qv_code code = qv_ising_masks(ising, masks);
  if (code == QV_OK) {
    const qv_diagonal_terms terms = terms_of(ising, masks);
    code = qv_diagonal_create(&terms, stored, out);
  }
  qv_free(&masks);
  return code;
}
