#include "operator/qv_encoding.h"

#include "base/qv_gf2.h"

#include <string.h>

/* Fills the inverse and the columns from to_qubit. */
static void complete(qv_encoding *encoding)
{
  qv_gf2_invert(encoding->nmodes, encoding->to_qubit, encoding->to_mode);
  qv_gf2_transpose(encoding->nmodes, encoding->to_qubit, encoding->flips);
}

qv_encoding qv_encoding_make(qv_mapping mapping, int nmodes)
{
  qv_encoding encoding = {.nmodes = nmodes, .nqubits = nmodes};
  for (int k = 0; k < nmodes; k++) {
    const int first = mapping == QV_JORDAN_WIGNER ? k : mapping == QV_PARITY ? 0 : k + 1 - ((k + 1) & -(k + 1));
    encoding.to_qubit[k] = qv_low_mask(k + 1) & ~qv_low_mask(first); /* modes first..k */
  }
  complete(&encoding);
  return encoding;
}

qv_encoding qv_encoding_taper(const qv_encoding *plain, int count, const uint64_t *symmetries, uint64_t reference)
{
  qv_encoding encoding = {.nmodes = plain->nmodes, .nqubits = plain->nmodes - count};
  uint64_t space[QV_GF2_MAX + 1];
  int rank = 0, kept = 0;
  for (int i = 0; i < count; i++) {
    encoding.to_qubit[encoding.nqubits + i] = symmetries[i];
    encoding.constants |= (uint64_t)qv_parity(symmetries[i] & reference) << (encoding.nqubits + i);
    space[rank++] = symmetries[i];
  }
  rank = qv_gf2_reduce(rank, space, NULL);
  for (int k = 0; k < plain->nmodes && kept < encoding.nqubits; k++) { /* rows of M that stay independent */
    space[rank] = plain->to_qubit[k];
    const int extended = qv_gf2_reduce(rank + 1, space, NULL);
    if (extended > rank) {
      encoding.to_qubit[kept++] = plain->to_qubit[k];
    }
    rank = extended;
  }
  complete(&encoding);
  return encoding;
}

uint64_t qv_encoding_index(const qv_encoding *encoding, uint64_t occupations)
{
  return qv_gf2_apply(encoding->nqubits, encoding->to_qubit, occupations);
}

uint64_t qv_encoding_occupations(const qv_encoding *encoding, uint64_t index)
{
  return qv_gf2_apply(encoding->nmodes, encoding->to_mode, index | encoding->constants);
}

void qv_encoding_parity(const qv_encoding *encoding, uint64_t modes, uint64_t *mask, int *value)
{
  uint64_t all = 0;
  for (; modes; modes &= modes - 1) {
    all ^= encoding->to_mode[qv_low_bit(modes)];
  }
  *value = qv_parity(all & encoding->constants);
  *mask = all & qv_low_mask(encoding->nqubits);
}

bool qv_encoding_string(const qv_encoding *encoding, qv_pauli_term *term)
{
  uint64_t x = 0, z = 0;
  int value = 0;
  const int before = __builtin_popcountll(term->x & term->z);
  for (uint64_t left = term->x; left; left &= left - 1) {
    x ^= encoding->flips[qv_low_bit(left)];
  }
  if (x >> encoding->nqubits) {
    return false;
  }
  qv_encoding_parity(encoding, term->z, &z, &value);
  /* P = i^|x&z| X^x Z^z before and after; the number of Y keeps its parity, so the change is a sign. */
  const int turns = before - __builtin_popcountll(x & z) + 2 * value;
  if (turns & 2) {
    term->coefficient = -term->coefficient;
  }
  term->x = x;
  term->z = z;
  return true;
}

qv_code qv_encoding_sum(const qv_encoding *encoding, const qv_pauli_sum *modes, double threshold, qv_pauli_sum **out)
{
  qv_pauli_sum *sum = NULL;
  qv_code code = qv_pauli_sum_create(encoding->nqubits, &sum);
  *out = NULL;
  for (int64_t i = 0; code == QV_OK && i < modes->count; i++) {
    qv_pauli_term term = modes->terms[i];
    if (!qv_encoding_string(encoding, &term)) {
      code = qv_fail(QV_ERR_INTERNAL, "a term of the operator does not commute with a tapered symmetry");
    } else {
      code = qv_pauli_sum_add(sum, term.x, term.z, term.coefficient);
    }
  }
  if (code != QV_OK) {
    qv_pauli_sum_destroy(&sum);
    return code;
  }
  qv_pauli_sum_simplify(sum, threshold);
  *out = sum;
  return QV_OK;
}
