#include "state/qv_layout.h"

#include <string.h>

qv_layout qv_layout_identity(int nqubits, int nlocal)
{
  qv_layout layout = {.nqubits = nqubits, .nlocal = nlocal};
  for (int8_t q = 0; q < nqubits; q++) {
    layout.bit_of[q] = layout.qubit_of[q] = q;
  }
  return layout;
}

void qv_layout_swap(qv_layout *layout, int bit_a, int bit_b)
{
  const int8_t qubit_a = layout->qubit_of[bit_a];
  const int8_t qubit_b = layout->qubit_of[bit_b];
  layout->qubit_of[bit_a] = qubit_b;
  layout->qubit_of[bit_b] = qubit_a;
  layout->bit_of[qubit_a] = (int8_t)bit_b;
  layout->bit_of[qubit_b] = (int8_t)bit_a;
}

static uint64_t move_bits(const int8_t *places, uint64_t bits)
{
  uint64_t moved = 0;
  for (; bits; bits &= bits - 1) {
    moved |= 1ULL << places[__builtin_ctzll(bits)];
  }
  return moved;
}

uint64_t qv_layout_physical(const qv_layout *layout, uint64_t logical)
{
  return move_bits(layout->bit_of, logical);
}

uint64_t qv_layout_logical(const qv_layout *layout, uint64_t physical)
{
  return move_bits(layout->qubit_of, physical);
}

bool qv_layout_equal(const qv_layout *a, const qv_layout *b)
{
  return a->nqubits == b->nqubits && a->nlocal == b->nlocal && memcmp(a->bit_of, b->bit_of, (size_t)a->nqubits) == 0;
}
