/* Random numbers as a function of where they are used, not of what was drawn before.
 *
 * Each number is Philox4x64-10(key = (seed, purpose), counter = (sample, dimension)): the same on any number of ranks
 * and threads, with nothing to checkpoint. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as
 * 1, 2, 3", SC11, through the Random123 library. All functions are local and thread-safe. */
#ifndef QV_RANDOM_H
#define QV_RANDOM_H

#include <stdint.h>

/* What the numbers are for: two purposes never share a number. The values are part of the reproducibility promise:
 * append, never renumber. */
typedef enum {
  QV_RANDOM_TEST = 1,
  QV_RANDOM_SHOTS = 2,     /* sampling of measurement outcomes */
  QV_RANDOM_COLLAPSE = 3,  /* mid-circuit measurements */
  QV_RANDOM_START = 4,     /* starting points of optimisers */
  QV_RANDOM_OPTIMIZER = 5, /* SPSA, CMA-ES */
  QV_RANDOM_PATHS = 6,     /* Monte Carlo paths */
  QV_RANDOM_SCRAMBLE = 7,  /* Owen scrambling */
  QV_RANDOM_CHAIN = 8,     /* Markov chains */
  QV_RANDOM_NOISE = 9,     /* noise channels */
  QV_RANDOM_BOOTSTRAP = 10,
  QV_RANDOM_ESTIMATION = 11,   /* outcomes of simulated amplitude estimation */
  QV_RANDOM_ANNEAL = 12,       /* sweeps of annealing and replica exchange */
  QV_RANDOM_ANNEAL_START = 13, /* their first configurations */
  QV_RANDOM_ANNEAL_MOVE = 14,  /* exchanges, cluster moves, tabu tenures, perturbations */
  QV_RANDOM_CIRCUIT = 20       /* random circuits and graphs that are built by name and size */
} qv_random_purpose;

/* Four independent 64-bit words. */
void qv_random_words(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension, uint64_t out[4]);

/* Uniform in the open interval (0,1), 52 bits, never 0 or 1: ((word >> 12) + 1/2) 2^-52, exact. */
double qv_random_uniform(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension);

/* The same from a word of qv_random_words. */
double qv_random_to_uniform(uint64_t word);

/* Standard normal: the inverse distribution function of the uniform number of the same address. */
double qv_random_normal(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension);

/* Inverse of the standard normal distribution function for 0 < p < 1, to full double precision
 * (Wichura, algorithm AS 241, Appl. Statist. 37 (1988) 477, by GSL). */
double qv_normal_quantile(double p);

#endif
