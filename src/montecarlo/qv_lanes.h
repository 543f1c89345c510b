/* Replicas side by side: many copies of one spin system that a processor updates together. A group of them has one of
 * three layouts, chosen from the model:
 *
 * bits   512 replicas, one per bit of a row of 64 bytes for each site. Couplings +-1 in pairs, no fields, at most 1023
 *        neighbours. No fields are kept: neighbours are counted at each update.
 * dense  16 replicas, spins and fields of each contiguous. Models in which at least two fifths of the pairs are
 *        coupled.
 * rows   64, 32 or 16 replicas ("lanes"), as their numbers fit 8, 16 or 32 bits; spins and local fields of one site for
 *        all lanes are one row of 64 bytes. A Metropolis update of one site in all lanes is a handful of vector
 *        operations, and each neighbour of a site that was flipped costs one more. Models with terms of more than two
 *        spins keep no fields: theirs are made from the terms at each update.
 *
 * Costs are integers: exact if the model has a small enough unit, otherwise scaled to 29 bits (relative error 1e-9 per
 * term; answers are always evaluated again from the model).
 *
 * Random numbers: a sweep draws from a xoshiro256++ stream (Blackman and Vigna, ACM TOMS 47 (2021) 36) in eight lanes,
 * which starts from Philox words at the address (seed, QV_RANDOM_ANNEAL; sample, sweep). A sweep is therefore a
 * function of the configuration and that address, whatever came before. Acceptance probabilities are right to 2e-5
 * (absolute).
 *
 * All functions are local. A group belongs to one thread at a time. */
#ifndef QV_LANES_H
#define QV_LANES_H

#include "montecarlo/qv_ising.h"

#include <stdbool.h>
#include <stdint.h>

#define QV_LANES_BITS    512 /* replicas of the layout in bits */
#define QV_LANES_MAX     512
#define QV_LANES_COUNTER 10 /* binary digits in which that layout counts neighbours */

typedef enum { QV_LANES_LAYOUT_ROWS, QV_LANES_LAYOUT_BITS, QV_LANES_LAYOUT_DENSE } qv_lanes_layout;

typedef struct {
  const qv_ising *ising; /* borrowed */
  int n;
  qv_lanes_layout layout;
  int lanes;    /* per group: 512, 64, 32, 16 */
  double scale; /* integers per unit of energy */
  bool exact;   /* whether integer costs are the model's own */
  /* Quadratic models: neighbours of site i at first[i] .. first[i+1]-1; of 64-lane models those before minus[i] have
   * weight +1, the others -1. */
  int64_t *first, *minus;
  int *neighbour;
  int32_t *weight;
  int32_t *field; /* [n] of the sites themselves */
  bool fields;    /* some are not zero */
  /* Longer terms: the terms of site i are `neighbour` at first[i] .. first[i+1]-1, before minus[i] those whose first
   * spin it is, with integer coefficients `weight`. */
  bool local;
  double largest; /* largest possible |field| of a site, integer units */
  uint64_t *sign; /* bits: of each term, all ones if its coefficient is negative */
  int digits;     /* bits: most digits of a count of neighbours */
  int stride;     /* dense: n rounded up to a multiple of 32 */
  bool narrow;    /* dense: elements of the matrix have two bytes, otherwise four */
  void *matrix;   /* dense: [n * stride] doubled couplings */
} qv_lanes_model;

typedef struct {
  const qv_lanes_model *model; /* borrowed */
  /* Rows: [n] rows of lanes; dense: [lanes] rows of `stride` sites; 0 is spin +1, -1 is spin -1. Bits: [n] rows, a bit
   * per lane. Owned. */
  void *spin;
  void *field; /* the same shape: h_i + sum_j J_ij s_j; unused in bits and with longer terms; owned */
} qv_lanes;

/* Prepares a model. `lanes` is 0 for the layout that suits it, or 64, 32, 16 for rows of at most that many. Fails with
 * QV_ERR_MEMORY. The model outlives its groups; the caller frees it with qv_lanes_model_free. */
qv_code qv_lanes_model_init(const qv_ising *ising, int lanes, qv_lanes_model *model);
void qv_lanes_model_free(qv_lanes_model *model);

/* A group with all spins +1. Memory: 128 n bytes, in bits 64 n. */
qv_code qv_lanes_init(const qv_lanes_model *model, qv_lanes *group);
void qv_lanes_free(qv_lanes *group);

/* Copies spins and fields to a group of the same model. */
void qv_lanes_copy(const qv_lanes *from, qv_lanes *to);

/* Sets all spins at random, from the address (seed, QV_RANDOM_ANNEAL_START; sample, site). */
void qv_lanes_randomise(qv_lanes *group, uint64_t seed, uint64_t sample);

/* One Metropolis sweep over all sites in order; temperature[lane] >= 0 in units of energy. */
void qv_lanes_sweep(qv_lanes *group, const float *temperature, uint64_t seed, uint64_t sample, uint64_t sweep);

/* A sweep of one Trotter slice between its neighbours: the probability of a flip is min(1, exp(2 e / temperature -
 * 2 `coupling` s (above + below))), with `temperature` the number of slices times the real one. 16-lane models without
 * longer terms only. */
void qv_lanes_sweep_slice(qv_lanes *group, const qv_lanes *above, const qv_lanes *below, float temperature,
                          float coupling, uint64_t seed, uint64_t sample, uint64_t sweep);

/* Costs of all lanes in integers; energy = constant + cost / scale. O(n lanes). */
void qv_lanes_costs(const qv_lanes *group, int64_t *cost);
double qv_lanes_energy(const qv_lanes_model *model, int64_t cost);

/* One lane as bytes (0: spin +1, 1: spin -1). O(n), and O(terms) to set. */
void qv_lanes_get(const qv_lanes *group, int lane, uint8_t *bits);
void qv_lanes_set(qv_lanes *group, int lane, const uint8_t *bits);

/* Flips one spin of one lane. O(neighbours); in bits O(1). */
void qv_lanes_flip(qv_lanes *group, int lane, int site);

/* s_i f_i of one lane in integers: a flip costs -2 times this. O(1); O(terms of the site) with longer terms and in
 * bits. */
int64_t qv_lanes_aligned(const qv_lanes *group, int lane, int site);

/* Marks the sites on which two lanes differ (mark[n]: 1, otherwise 0); returns their number. O(n). */
int qv_lanes_differ(const qv_lanes *a, int lane_a, const qv_lanes *b, int lane_b, int *mark);

/* The spin of a lane: 0 or 1. */
int qv_lanes_bit(const qv_lanes *group, int lane, int site);

#endif
