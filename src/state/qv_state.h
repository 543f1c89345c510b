/* The distributed statevector.
 *
 * 2^n amplitudes over 2^r ranks, each rank holding 2^(n-r) of them in one block, in double or single precision. The
 * layout (qv_layout.h) says which qubit is which address bit; it changes as the engine moves qubits between memory and
 * ranks, and all functions take logical qubits and indices. Memory: 16 (8) x 2^(n-r) bytes a rank, plus exchange
 * buffers of QV_STATE_BUFFER bytes that all states share. Reductions are sums over fixed blocks in a fixed tree: the
 * same bits on any number of threads. */
#ifndef QV_STATE_H
#define QV_STATE_H

#include "parallel/qv_comm.h"
#include "state/qv_layout.h"

#include <complex.h>

typedef enum { QV_DOUBLE, QV_SINGLE } qv_precision;

/* Bytes of each of the two exchange buffers (send, receive) of a rank. */
#define QV_STATE_BUFFER ((size_t)1 << 20)

/* Bytes of a message of a change of layout: half a buffer, so that one half travels while the other is filled. */
#define QV_STATE_MESSAGE (QV_STATE_BUFFER / 2)

typedef struct qv_state qv_state;

/* Allocates a state with all amplitudes zero and the identity layout. nqubits 1..QV_QUBITS_MAX; the number of ranks
 * must be a power of two, at most 2^(nqubits-1). Fails with QV_ERR_ENVIRONMENT (ranks), QV_ERR_MEMORY. Collective. */
qv_code qv_state_create(const qv_comm *comm, int nqubits, qv_precision precision, qv_state **out);
void qv_state_destroy(qv_state **state);

/* The communicator on which to hold a state of this size: `comm`, or this rank alone where each rank would hold fewer
 * than 2^QV_STATE_LEAST_BITS amplitudes (too few for the targets of a gate); then every rank holds and computes the
 * same small state. Local. */
#define QV_STATE_LEAST_BITS 5
const qv_comm *qv_state_choose_comm(const qv_comm *comm, int nqubits);

/* What a rank will hold for such a state, in bytes, buffers not included. Local. */
double qv_state_bytes(int nqubits, int ranks, qv_precision precision);

const qv_comm *qv_state_comm(const qv_state *state);
const qv_layout *qv_state_layout(const qv_state *state);
qv_precision qv_state_precision(const qv_state *state);
int64_t qv_state_local_count(const qv_state *state); /* 2^nlocal */

/* This rank's amplitudes in physical order: double or float pairs (re, im), by precision. Borrowed until the next gate;
 * for the rooms above whose kernels run over them, and for I/O. Costs a pass if a sweep was the last to work on the
 * state, which leaves another order behind: before threads use the amplitudes, one of them asks for them. Local. */
void *qv_state_data(qv_state *state);

/* For I/O only: takes over the layout with which data were saved. Logically collective. */
void qv_state_set_layout(qv_state *state, const qv_layout *layout);

/* The two exchange buffers of this rank, of QV_STATE_BUFFER bytes each. They exist while any state does; every call
 * into this room may overwrite them. Local. */
void qv_state_buffers(void **send, void **recv);

/* |index>, in the identity layout. Collective. */
qv_code qv_state_set_basis(qv_state *state, uint64_t index);

/* Copies amplitudes and layout; the states have the same size, precision and communicator. Local. */
qv_code qv_state_copy(qv_state *to, const qv_state *from);

/* All amplitudes zero; the layout stays. Local. */
void qv_state_zero(qv_state *state);

/* Multiplies by a number. Local, one pass. */
void qv_state_scale(qv_state *state, double _Complex factor);

/* to += factor * from; the layouts must be equal. Local, one pass. */
qv_code qv_state_add(qv_state *to, double _Complex factor, const qv_state *from);

/* Sum of |amplitude|^2. Collective, one pass, one reduction. */
qv_code qv_state_norm2(const qv_state *state, double *norm2);

/* <a|b>; the layouts must be equal. Collective, one pass, one reduction. */
qv_code qv_state_inner(const qv_state *a, const qv_state *b, double _Complex *inner);

/* One amplitude by its logical index, on every rank; and setting it. Collective. */
qv_code qv_state_amplitude(const qv_state *state, uint64_t index, double _Complex *amplitude);
qv_code qv_state_set_amplitude(qv_state *state, uint64_t index, double _Complex amplitude);

/* Moves the amplitudes to another layout of the same state. Each amplitude crosses the network at most once, in pieces
 * of the exchange buffers; a change among memory bits alone is made by passes over memory, one for each pair of bits.
 * Collective. */
qv_code qv_state_relayout(qv_state *state, const qv_layout *layout);

/* Makes all qubits of a logical mask memory bits, exchanging rank bits for the highest memory bits that hold none of
 * them. The mask has at most nlocal qubits. Collective; no communication when they are in memory already. */
qv_code qv_state_make_local(qv_state *state, uint64_t qubits);

#endif
