/* Minimisation of a cost function by Monte Carlo: many islands (qv_island.h) or tabu searches (qv_tabu.h), spread over
 * ranks and threads, until a target, a limit of work, or patience ends it. The search is a function of the model and
 * the options: the same bits on any number of ranks and threads, cut and restarted anywhere between two steps. */
#ifndef QV_ANNEAL_H
#define QV_ANNEAL_H

#include "montecarlo/qv_ising.h"
#include "montecarlo/qv_solutions.h"
#include "montecarlo/qv_time_to_target.h"
#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  QV_ANNEAL_AUTO,     /* replica exchange, with every fourth island annealing; tabu search if a term has more than two
                         spins, where its changes of fields are much cheaper than a sweep's sums over terms */
  QV_ANNEAL_SA,       /* simulated annealing */
  QV_ANNEAL_EXCHANGE, /* replica exchange */
  QV_ANNEAL_PATH,     /* path-integral simulated quantum annealing; quadratic models */
  QV_ANNEAL_TABU      /* tabu search */
} qv_anneal_method;

typedef struct {
  qv_anneal_method method;
  uint64_t seed;
  int islands;        /* independent searches, >= 1; with fewer than ranks times threads some of these idle */
  int best;           /* distinct solutions to keep, >= 1 */
  int64_t first;      /* sweeps of the first round; rounds grow twofold; 0: chosen by the method */
  int64_t sweeps;     /* least work of each island, in sweeps over 64 replicas */
  double patience;    /* the search ends when it has done this times the work of its last improvement, and `sweeps` */
  int64_t max_sweeps; /* most work of each island; 0: no limit */
  double hot, cold;   /* temperatures in units of energy; 0: chosen from the model */
  int slices;         /* Trotter slices: a multiple of 4 up to 64 */
  int clusters;       /* cluster moves in replica exchange: 1 yes, 0 no, -1 where a spin has at most 6 neighbours */
  double target;      /* energy at which the search ends; NAN: none */
} qv_anneal_opts;

qv_anneal_opts qv_anneal_opts_default(void);

typedef struct qv_anneal qv_anneal;

/* How far it is. */
typedef struct {
  bool done;
  int64_t sweeps;   /* done by each island */
  int64_t improved; /* of these, when the best was found */
  double energy;    /* the lowest so far; INFINITY before the first round ends */
  bool reached;     /* the target */
} qv_anneal_progress;

/* Sets up. The model outlives the object. Fails with QV_ERR_ENVIRONMENT for the path integral with terms of more than
 * two spins. Memory: about 0.4 kB per spin and island (path integral: 0.13 kB per slice). Collective. */
qv_code qv_anneal_create(const qv_comm *comm, const qv_ising *ising, const qv_anneal_opts *opts, qv_anneal **out);
void qv_anneal_destroy(qv_anneal **anneal);

/* The next part of all islands, about 0.1 s each. Collective. */
qv_code qv_anneal_step(qv_anneal *anneal, qv_anneal_progress *progress);

/* The best distinct solutions; the same on all ranks. Owned by the object. Local. */
const qv_solutions *qv_anneal_best(const qv_anneal *anneal);

/* The temperatures in use. Local. */
void qv_anneal_temperatures(const qv_anneal *anneal, double *hot, double *cold);

/* Statistics of the rounds whose length gives the shortest time to the lowest energy with probability 0.99, over all
 * islands: times in attempted spin updates. *sweeps is that length, 0 if no round has ended. Collective. */
qv_code qv_anneal_statistics(const qv_anneal *anneal, qv_time_to_target *statistics, int64_t *sweeps, int64_t *runs);

/* Attempted spin updates so far, over all islands. Collective. */
int64_t qv_anneal_updates(const qv_anneal *anneal);

/* The state between two steps: `total` words over all ranks, of which this rank holds `count` from `first` on, and two
 * more that are the same on all ranks. Local; unpack is collective. */
void qv_anneal_slab(const qv_anneal *anneal, int64_t *total, int64_t *first, int64_t *count);
void qv_anneal_pack(const qv_anneal *anneal, uint64_t *words, uint64_t common[2]);
qv_code qv_anneal_unpack(qv_anneal *anneal, const uint64_t *words, const uint64_t common[2]);

#endif
