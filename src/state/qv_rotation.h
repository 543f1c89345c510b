/* Rotations between pairs of basis states: the one primitive under Pauli exponentials, fermionic excitations in any
 * encoding, RX/RY/RZ and their controlled forms.
 *
 * A rotation is exp(angle G). G couples each basis state a of its source set to a ^ flip:
 *     G |a>        =  g s(a) |a ^ flip>
 *     G |a ^ flip> = -g* s(a) |a>                 s(a) = (-1)^parity(sign & a), g in {1, i, -1, -i}
 * and vanishes elsewhere. The source set are the indices with parity(check_k & a) = value_k for all k, so that
 *     exp(angle G): |a> -> cos |a> + g s sin |a^flip>,   |a^flip> -> cos |a^flip> - g* s sin |a>.
 * With flip = 0, G is diagonal: G|a> = g s(a)|a> on the source set (g must be i or -i), a phase.
 * All masks are over logical qubits. One pass over the amplitudes of the set only; where flip moves rank bits, only
 * those amplitudes are exchanged, in pieces of the exchange buffers, and no layout changes. */
#ifndef QV_ROTATION_H
#define QV_ROTATION_H

#include "state/qv_state.h"

#define QV_ROTATION_CHECKS 12

typedef struct {
  uint64_t flip;
  uint64_t sign;
  uint64_t check[QV_ROTATION_CHECKS];
  uint8_t value[QV_ROTATION_CHECKS];
  int nchecks;
  int unit; /* g = i^unit, 0..3 */
} qv_rotation;

/* exp(-i theta/2 P) is exp(angle G) with angle = theta/2 for this G, P = the Hermitian Pauli string with X on the bits
 * of x only, Z on those of z only, Y on those of both. Local. */
qv_rotation qv_rotation_pauli(uint64_t x, uint64_t z);

/* The same, acting only where all qubits of `controls` are 1. Local. */
qv_rotation qv_rotation_controlled_pauli(uint64_t x, uint64_t z, uint64_t controls);

/* state <- exp(angle G) state. Collective. */
qv_code qv_state_rotate(qv_state *state, const qv_rotation *rotation, double angle);

/* For adjoint differentiation: *slope = Re <left| G |state>, then both states are rotated by -angle, in the same pass.
 * The states have the same layout. Collective; without a reduction: *slope is this rank's part. */
qv_code qv_state_unrotate(qv_state *state, qv_state *left, const qv_rotation *rotation, double angle, double *slope);

#endif
