#include "operator/qv_fermion.h"

#include "base/qv_gf2.h"

qv_code qv_fermion_add(qv_pauli_sum *sum, double _Complex coefficient, int count, const qv_ladder *ops)
{
  QV_REQUIRE(count >= 0 && count <= 8);
  /* a_j = X_j Z_(<j) (1 - Z_j)/2 and a^dagger_j = X_j Z_(<j) (1 + Z_j)/2: each factor is two strings. */
  for (int choice = 0; choice < 1 << count; choice++) {
    uint64_t x = 0, z = 0;
    double _Complex c = coefficient;
    for (int k = 0; k < count; k++) {
      const uint64_t bit = 1ULL << ops[k].mode, tail = bit - 1;
      const bool y = choice >> k & 1;
      const uint64_t zk = tail | (y ? bit : 0);
      if (qv_parity(z & bit)) {
        c = -c;
      } /* X^x Z^z times X^bit: move X through Z */
      x ^= bit;
      z ^= zk;
      c *= y && !ops[k].creates ? -0.5 : 0.5;
    }
    /* X^x Z^z = i^-|x&z| P(x,z) */
    static const double _Complex inverse[4] = {1, -I, -1, I};
    QV_TRY(qv_pauli_sum_add(sum, x, z, c * inverse[__builtin_popcountll(x & z) & 3]));
  }
  return QV_OK;
}

/* Applies ladder operators from the right to the determinant o: their sign as a parity of o's bits, since every
 * operator counts the occupied modes below it at its turn. */
static void ladder_sign(int n, const int *creators, const int *annihilators, uint64_t *mask, int *constant)
{
  uint64_t changed = 0; /* modes toggled so far */
  *mask = 0;
  *constant = 0;
  for (int k = 0; k < 2 * n; k++) {
    const int mode = k < n ? annihilators[k] : creators[2 * n - 1 - k];
    const uint64_t tail = (1ULL << mode) - 1;
    *mask ^= tail;
    *constant ^= qv_parity(tail & changed);
    changed ^= 1ULL << mode;
  }
}

bool qv_fermion_excitation(const qv_encoding *encoding, int n, const int *creators, const int *annihilators,
                           qv_rotation *out)
{
  qv_rotation rotation = {0};
  uint64_t sign_modes = 0;
  int constant = 0, value = 0;
  for (int k = 0; k < 2 * n; k++) {
    const int mode = k < n ? annihilators[k] : creators[k - n];
    const int wants = k < n; /* sources have the annihilated modes occupied and the created ones empty */
    uint64_t mask = 0;
    qv_encoding_parity(encoding, 1ULL << mode, &mask, &value);
    if (mask == 0) {
      return false;
    } /* a mode that tapering fixed */
    rotation.flip ^= encoding->flips[mode];
    rotation.check[k] = mask;
    rotation.value[k] = (uint8_t)(wants ^ value);
  }
  if (rotation.flip >> encoding->nqubits) {
    return false;
  }
  rotation.nchecks = 2 * n;
  ladder_sign(n, creators, annihilators, &sign_modes, &constant);
  qv_encoding_parity(encoding, sign_modes, &rotation.sign, &value);
  rotation.unit = (constant ^ value) ? 2 : 0;
  *out = rotation;
  return true;
}
