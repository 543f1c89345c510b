/* Tabu search with one-flip moves: at each iteration the best flip that is not tabu, or that leads below the best cost
 * so far, is made; the spin then stays tabu for n/100 + 1..10 iterations (at most n/4). After `patience` iterations
 * without a new best of the phase, the next phase starts from a mixture of two of the best local minima found, with the
 * spins in which they differ set at random. Glover, Lu, Hao, 4OR 8 (2010) 239; Kochenberger et al., J. Heuristics 19
 * (2013) 565. An iteration costs a vectorised pass over n numbers and the neighbours of one spin. Any locality. Local.
 */
#ifndef QV_TABU_H
#define QV_TABU_H

#include "montecarlo/qv_lanes.h"
#include "montecarlo/qv_solutions.h"

#include <stdbool.h>
#include <stdint.h>

#define QV_TABU_ELITE 12 /* starting points that are remembered */

typedef struct {
  const qv_lanes_model *model; /* borrowed */
  uint64_t seed, number;
  int64_t iteration, phase, quiet; /* in all; phases begun; iterations since the phase's best */
  int32_t clock;                   /* iterations of this phase */
  bool even;                       /* all terms have an even number of spins: flipping all costs nothing */
  int64_t patience;
  int64_t cost, phase_best; /* integers */
  int32_t *aligned;         /* [n] s_i f_i: a flip costs -2 of this; owned */
  int32_t *spin;            /* [n] +-1; owned */
  int32_t *until;           /* [n] first iteration of the phase in which the spin may flip again; owned */
  int32_t *key;             /* [n] scratch; owned */
  int32_t *sign;            /* [terms] sign of each term, with longer terms only; owned */
  uint8_t *bits, *other;    /* [n]; owned */
  qv_solutions best;        /* what was asked for */
  qv_solutions elite;       /* the best of each phase, from which phases start */
} qv_tabu;

/* A search with the given number (which only its random numbers depend on). patience 0 means max(5000, 50 n). */
qv_code qv_tabu_init(const qv_lanes_model *model, uint64_t seed, uint64_t number, int best, int64_t patience,
                     qv_tabu *tabu);
void qv_tabu_free(qv_tabu *tabu);

/* Makes `iterations` iterations. */
void qv_tabu_run(qv_tabu *tabu, int64_t iterations);

/* The state as words: their number, and copies of them. */
int64_t qv_tabu_words(const qv_tabu *tabu);
void qv_tabu_pack(const qv_tabu *tabu, uint64_t *words);
void qv_tabu_unpack(qv_tabu *tabu, const uint64_t *words);

#endif
