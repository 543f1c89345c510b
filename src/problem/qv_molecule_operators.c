/* Operators of a molecule in its encoding, and what perturbation theory says of it. */
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "operator/qv_fermion.h"
#include "problem/qv_molecule_private.h"

#include <math.h>

/* Strings collected before equal ones are merged. */
#define MERGE_AT ((int64_t)1 << 21)

/* Modes are encoded; what breaks a tapered symmetry is left out. */
static qv_code encode(const qv_molecule *m, qv_pauli_sum **modes, qv_pauli_sum **out)
{
  int64_t kept = 0;
  for (int64_t i = 0; i < (*modes)->count; i++) {
    bool even = true;
    for (int s = 0; m->tapered && s < m->nsymmetries; s++) {
      even = even && !qv_parity(m->symmetries[s] & (*modes)->terms[i].x);
    }
    if (even) {
      (*modes)->terms[kept++] = (*modes)->terms[i];
    }
  }
  (*modes)->count = kept;
  const qv_code code = qv_encoding_sum(&m->encoding, *modes, 1e-14, out);
  qv_pauli_sum_destroy(modes);
  return code;
}

static qv_code add_two_electron(const qv_molecule *m, qv_pauli_sum *sum, int p, int q)
{
  const int modes = 2 * m->norb;
  for (int r = 0; r < modes; r++) {
    for (int s = 0; s < modes; s++) {
      const double value = qv_molecule_two(m, p, q, r, s);
      if (fabs(value) < 1e-15 || p == r || q == s) {
        continue;
      }
      const qv_ladder ops[4] = {{(int8_t)p, true}, {(int8_t)r, true}, {(int8_t)s, false}, {(int8_t)q, false}};
      QV_TRY(qv_fermion_add(sum, 0.5 * value, 4, ops));
    }
  }
  if (sum->count > MERGE_AT) {
    qv_pauli_sum_simplify(sum, 0);
  }
  return QV_OK;
}

static qv_code fill_hamiltonian(const qv_molecule *m, qv_pauli_sum *sum)
{
  const int modes = 2 * m->norb;
  QV_TRY(qv_pauli_sum_add(sum, 0, 0, m->core));
  for (int p = 0; p < modes; p++) {
    for (int q = 0; q < modes; q++) {
      const double value = qv_molecule_one(m, p, q);
      const qv_ladder ops[2] = {{(int8_t)p, true}, {(int8_t)q, false}};
      if (value != 0) {
        QV_TRY(qv_fermion_add(sum, value, 2, ops));
      }
      QV_TRY(add_two_electron(m, sum, p, q));
    }
  }
  qv_pauli_sum_simplify(sum, 1e-14);
  return QV_OK;
}

/* Electrons: sum n_p. Spin projection: (n_up - n_down)/2. S^2 = S_- S_+ + S_z (S_z + 1). */
static qv_code fill_quantity(const qv_molecule *m, qv_molecule_quantity quantity, qv_pauli_sum *sum)
{
  const int n = m->norb;
  const double sz = 0.5 * (m->nalpha - m->nbeta);
  for (int p = 0; p < 2 * n && quantity != QV_SPIN_SQUARED; p++) {
    const qv_ladder number[2] = {{(int8_t)p, true}, {(int8_t)p, false}};
    QV_TRY(qv_fermion_add(sum, quantity == QV_ELECTRONS ? 1.0 : p < n ? 0.5 : -0.5, 2, number));
  }
  if (quantity != QV_SPIN_SQUARED) {
    return QV_OK;
  }
  QV_TRY(qv_pauli_sum_add(sum, 0, 0, sz * (sz + 1)));
  for (int p = 0; p < n; p++) {
    for (int q = 0; q < n; q++) {
      const qv_ladder ops[4] = {
          {(int8_t)(p + n), true}, {(int8_t)p, false}, {(int8_t)q, true}, {(int8_t)(q + n), false}};
      QV_TRY(qv_fermion_add(sum, 1, 4, ops));
    }
  }
  return QV_OK;
}

qv_code qv_molecule_hamiltonian(const qv_molecule *m, qv_pauli_sum **out)
{
  qv_pauli_sum *modes = NULL;
  *out = NULL;
  QV_TRY(qv_pauli_sum_create(2 * m->norb, &modes));
  const qv_code code = fill_hamiltonian(m, modes);
  if (code != QV_OK) {
    qv_pauli_sum_destroy(&modes);
    return code;
  }
  return encode(m, &modes, out);
}

qv_code qv_molecule_observable(const qv_molecule *m, qv_molecule_quantity quantity, qv_pauli_sum **out)
{
  qv_pauli_sum *modes = NULL;
  *out = NULL;
  if (quantity == QV_SPIN_SQUARED && m->unrestricted) {
    return qv_fail(QV_ERR_FEATURE,
                   "the square of the spin needs the overlap of spin-up and spin-down orbitals, which an "
                   "unrestricted FCIDUMP file does not hold");
  }
  QV_TRY(qv_pauli_sum_create(2 * m->norb, &modes));
  const qv_code code = fill_quantity(m, quantity, modes);
  if (code != QV_OK) {
    qv_pauli_sum_destroy(&modes);
    return code;
  }
  qv_pauli_sum_simplify(modes, 1e-14);
  return encode(m, &modes, out);
}

bool qv_molecule_in_sector(const qv_molecule *m, uint64_t index)
{
  const uint64_t occupied = qv_encoding_occupations(&m->encoding, index);
  return __builtin_popcountll(occupied & qv_low_mask(m->norb)) == m->nalpha &&
         __builtin_popcountll(occupied >> m->norb) == m->nbeta;
}

double qv_molecule_fock(const qv_molecule *m, int mode)
{
  double value = qv_molecule_one(m, mode, mode);
  for (uint64_t left = m->reference; left; left &= left - 1) {
    const int j = qv_low_bit(left);
    value += qv_molecule_two(m, mode, mode, j, j) - qv_molecule_two(m, mode, j, j, mode);
  }
  return value;
}

double qv_molecule_mp2_amplitude(const qv_molecule *m, int i, int j, int a, int b)
{
  const double gap = qv_molecule_fock(m, i) + qv_molecule_fock(m, j) - qv_molecule_fock(m, a) - qv_molecule_fock(m, b);
  const double coupling = qv_molecule_two(m, a, i, b, j) - qv_molecule_two(m, a, j, b, i);
  return fabs(gap) > 1e-6 ? coupling / gap : 0;
}

double qv_molecule_mp2_energy(const qv_molecule *m)
{
  const uint64_t empty = qv_low_mask(2 * m->norb) & ~m->reference;
  double energy = m->reference_energy;
  for (uint64_t li = m->reference; li; li &= li - 1) {
    for (uint64_t lj = li & (li - 1); lj; lj &= lj - 1) {
      for (uint64_t la = empty; la; la &= la - 1) {
        for (uint64_t lb = la & (la - 1); lb; lb &= lb - 1) {
          const int i = qv_low_bit(li), j = qv_low_bit(lj), a = qv_low_bit(la), b = qv_low_bit(lb);
          const double coupling = qv_molecule_two(m, a, i, b, j) - qv_molecule_two(m, a, j, b, i);
          if (coupling != 0) {
            energy += qv_molecule_mp2_amplitude(m, i, j, a, b) * coupling;
          }
        }
      }
    }
  }
  return energy;
}
