/* A cost function of bits as a diagonal operator C: its values, its phases and what is measured of it.
 *
 * E(x) = constant + sum_t c_t (-1)^parity(mask_t & x). Where all c_t are integer multiples of a unit the values are
 * kept as exact integers in as few bytes as hold them (1, 2 or 4), otherwise in double precision. Values are made for
 * blocks of QV_DIAGONAL_BLOCK neighbouring amplitudes: the terms whose bits all lie in the block are a table, the
 * others are summed by what they are in the block and go through one fast Walsh-Hadamard transform. That costs about as
 * much as reading them, so that they can be stored, in the order of the state's layout, or made again whenever they are
 * needed; both give the same bits. Phases exp(-i gamma E) of integers come from a table of the distinct values. */
#ifndef QV_DIAGONAL_H
#define QV_DIAGONAL_H

#include "state/qv_mixer.h"

#include <stdbool.h>

typedef struct qv_diagonal qv_diagonal;

/* The terms, as masks over qubits (as qv_ising has them); copied. unit 0: no integers. */
typedef struct {
  int nqubits;
  int64_t nterms;
  const uint64_t *masks;      /* [nterms] not 0 */
  const double *coefficients; /* [nterms] */
  double constant;
  double unit;             /* > 0: coefficients[t] = unit * integers[t] */
  const int64_t *integers; /* [nterms] or NULL */
} qv_diagonal_terms;

/* `stored`: whether values are kept. Local. */
qv_code qv_diagonal_create(const qv_diagonal_terms *terms, bool stored, qv_diagonal **out);
void qv_diagonal_destroy(qv_diagonal **diagonal);

/* Bytes a rank holds where values are stored: of each of its amplitudes 1, 2, 4 or 8, twice on several ranks, where the
 * layout goes to and fro. Local. */
double qv_diagonal_bytes(const qv_diagonal_terms *terms, int ranks);
int qv_diagonal_value_bytes(const qv_diagonal *diagonal);
int qv_diagonal_qubits(const qv_diagonal *diagonal);
int64_t qv_diagonal_count(const qv_diagonal *diagonal); /* terms */
uint64_t qv_diagonal_mask(const qv_diagonal *diagonal, int64_t term);
double qv_diagonal_coefficient(const qv_diagonal *diagonal, int64_t term);

/* Makes the diagonal ready for states of a layout on this rank: makes the values if they are stored and not there. At
 * most two layouts are kept, the last ones. Every function below does it by itself. Fails with QV_ERR_MEMORY. Local. */
qv_code qv_diagonal_prepare(qv_diagonal *diagonal, const qv_comm *comm, const qv_layout *layout);

/* Sets up exp(-i gamma C) as the diagonal of a layer, for states of `layout` (qv_mixer_diagonal_layout). `hook` is good
 * until the next call or destroy. Local. */
qv_code qv_diagonal_phase(qv_diagonal *diagonal, const qv_comm *comm, const qv_layout *layout, qv_precision precision,
                          double gamma, qv_diagonal_hook *hook);

/* state <- exp(-i gamma C) state. One pass. Collective. */
qv_code qv_diagonal_rotate(qv_diagonal *diagonal, qv_state *state, double gamma);

/* Lowest and highest value over all 2^n indices, one index of the lowest and how many have it (for values without a
 * unit: within 1e-12 of the range). One or two passes over the values. Collective. */
typedef struct {
  double lowest, highest;
  uint64_t where;
  int64_t multiplicity;
} qv_diagonal_extremes;
qv_code qv_diagonal_find(qv_diagonal *diagonal, const qv_comm *comm, const qv_layout *layout,
                         qv_diagonal_extremes *out);

/* weight[i] = w(energy[i]) for `count` values; called by several threads at once. */
typedef struct {
  void (*weigh)(const void *context, int64_t count, const double *energy, double *weight);
  const void *context;
} qv_diagonal_weight;

/* values[k] = <state| w_k(C) |state> for `count` <= 8 functions. One pass. Collective. */
qv_code qv_diagonal_expect(qv_diagonal *diagonal, const qv_state *state, int count, const qv_diagonal_weight *weights,
                           double *values);

/* *value = <state| C |state>. Collective. */
qv_code qv_diagonal_expectation(qv_diagonal *diagonal, const qv_state *state, double *value);

/* out = w(C) in, in the layout of `in`. Local. */
qv_code qv_diagonal_apply(qv_diagonal *diagonal, const qv_state *in, const qv_diagonal_weight *weight, qv_state *out);

/* The value t below which the probability is less than `part` in (0,1], and up to which it is at least that: the
 * quantile of the distribution of C. By histograms of 4096 bins that close in on it; one pass each, one for integers of
 * a small range. Collective. */
qv_code qv_diagonal_quantile(qv_diagonal *diagonal, const qv_state *state, double part, double *t);

/* correlations[t] = <state| Z^mask_t |state> for the terms, in their order. One pass. Collective. */
qv_code qv_diagonal_correlations(qv_diagonal *diagonal, const qv_state *state, double *correlations);

/* out[i] = E of local amplitude first + i, for `count` of them up to the end of its block; prepare first. Local. */
void qv_diagonal_energies(const qv_diagonal *diagonal, const qv_layout *layout, int64_t first, int64_t count,
                          double *out);

#endif
