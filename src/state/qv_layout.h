/* The layout: which bit of an amplitude's address belongs to which qubit.
 *
 * An n-qubit state has 2^n amplitudes. Logical index: qubit q is bit q (qubit 0 is the least significant). Physical
 * index: the permutation of those bits under which the amplitudes are stored; the low `nlocal` physical bits are the
 * place in a rank's memory, the others are the rank: global physical index = rank * 2^nlocal + local. Every convention
 * about bits and ranks in the program refers to this page. All functions are local. */
#ifndef QV_LAYOUT_H
#define QV_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#define QV_QUBITS_MAX 62

typedef struct {
  int nqubits;
  int nlocal;                     /* physical bits 0..nlocal-1 are inside a rank */
  int8_t bit_of[QV_QUBITS_MAX];   /* logical qubit -> physical bit */
  int8_t qubit_of[QV_QUBITS_MAX]; /* physical bit -> logical qubit */
} qv_layout;

/* Qubit q at bit q. */
qv_layout qv_layout_identity(int nqubits, int nlocal);

/* Exchanges what two physical bits stand for. */
void qv_layout_swap(qv_layout *layout, int bit_a, int bit_b);

/* Moves the set bits of a logical mask or index to their physical places, and back. Linear, so it serves for parity
 * masks as well. */
uint64_t qv_layout_physical(const qv_layout *layout, uint64_t logical);
uint64_t qv_layout_logical(const qv_layout *layout, uint64_t physical);

bool qv_layout_equal(const qv_layout *a, const qv_layout *b);

#endif
