/* An optimisation problem in binary variables: its cost function for the solvers, and the way back from bits to an
 * answer in the problem's own words.
 *
 * Solvers minimise `cost`. Constraints are terms of the cost that are zero where the constraint holds and at least
 * `penalty` where it does not; each builder says why its penalty suffices, that is, why no configuration that breaks a
 * constraint has a lower cost than the best one that keeps all. The objective is in the problem's own sense and units,
 * computed from the problem's data and not from the cost. All functions are local unless said otherwise. */
#ifndef QV_BINARY_H
#define QV_BINARY_H

#include "io/qv_archive.h"
#include "io/qv_bqm_file.h"
#include "io/qv_graph.h"
#include "io/qv_result.h"
#include "montecarlo/qv_ising.h"
#include "montecarlo/qv_solutions.h"
#include "problem/qv_answer.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct qv_binary qv_binary;

typedef struct {
  const char *name; /* "maxcut" */

  /* The objective of a configuration, feasible or not. */
  double (*objective)(const qv_binary *problem, const uint8_t *bits);

  /* Whether all constraints hold; NULL: there are none. If not, `why` (may be NULL) gets one line. */
  bool (*feasible)(const qv_binary *problem, const uint8_t *bits, char why[160]);

  /* Changes a configuration into a feasible one that is at least as good where that is easy (a greedy repair and a
   * local search in the problem's own moves); NULL: nothing is done. Deterministic. */
  void (*repair)(const qv_binary *problem, uint8_t *bits);

  /* Appends the answer in the problem's words, a few lines. */
  qv_code (*describe)(const qv_binary *problem, const uint8_t *bits, qv_answer *answer);

  void (*destroy)(void *data);

  /* The cost of a feasible configuration with this objective; NULL: the objective itself, negative if maximised. */
  double (*cost_of)(double objective);

  /* Adds what else is known of the answer to the result: further numbers, classical baselines, arrays (archive may be
   * NULL). NULL: nothing. Collective. */
  qv_code (*report)(const qv_binary *problem, const uint8_t *bits, qv_archive *archive, qv_result *result);
} qv_binary_class;

struct qv_binary {
  const qv_binary_class *class;
  qv_ising *cost;   /* owned */
  bool maximise;    /* the objective's sense */
  double penalty;   /* of breaking a constraint; 0 without constraints */
  const char *unit; /* of the objective, "" for none */
  bool bound;       /* the cost of a feasible configuration is not its objective but a bound below it */
  int block, ones;  /* > 0: in every answer, each of the consecutive blocks of so many variables has so many ones */
  void *data;       /* the builder's; owned */
};

void qv_binary_destroy(qv_binary **problem);

/* Puts the parts together; takes `data` and empties `terms`, also on failure. For builders. */
qv_code qv_binary_make(const qv_binary_class *class, qv_ising_terms *terms, bool maximise, double penalty,
                       const char *unit, void *data, qv_binary **out);

bool qv_binary_feasible(const qv_binary *problem, const uint8_t *bits);
double qv_binary_cost_of(const qv_binary *problem, double objective);

/* The answer that a list of low-cost configurations holds: each is repaired, and the best objective among the feasible
 * ones wins; without a feasible one, the first configuration. `bits` has n entries; returns whether it is feasible and
 * sets its objective. The list has at least one entry. */
bool qv_binary_answer(const qv_binary *problem, const qv_solutions *list, uint8_t *bits, double *objective);

/* Ruin and recreate in the problem's own moves, for problems with a repair: `kicks` times some of the bits of the
 * feasible answer are turned, it is repaired, and kept if it is no worse. The bits to turn come from the address (seed,
 * QV_RANDOM_ANNEAL_MOVE; 2^62 + round, kick). Schrimpf et al., J. Comput. Phys. 159 (2000) 139. `scratch` has n
 * entries. */
void qv_binary_polish(const qv_binary *problem, uint64_t seed, int64_t round, int kicks, uint8_t *bits,
                      double *objective, uint8_t *scratch);

/* Largest cut: cost = -sum of the weights of cut edges. Fails with QV_ERR_INPUT for loops and for a graph without
 * edges. All builders: the caller destroys *out; input structs are not kept. */
qv_code qv_binary_maxcut(const qv_graph *graph, qv_binary **out);

/* Lowest energy sum_{i<j} J_ij s_i s_j (+ sum_i h_i s_i from entries i i). */
qv_code qv_binary_ising(const qv_graph *graph, qv_binary **out);

/* Lowest value of a binary quadratic model. */
qv_code qv_binary_quadratic(const qv_bqm_file *file, qv_binary **out);

/* Two parts of numbers with the smallest difference of their sums: cost = (sum_i a_i s_i)^2, objective |sum_i a_i s_i|.
 */
qv_code qv_binary_partition(int count, const double *numbers, qv_binary **out);

/* Proper colouring of a graph with at most `colours` colours; objective: edges whose ends have one colour, 0 if there
 * is a colouring. One bit per vertex and colour; penalty of a vertex without exactly one colour: 1 + its degree, since
 * giving it one colour creates at most that many conflicts. */
qv_code qv_binary_colouring(const qv_graph *graph, int colours, qv_binary **out);

/* Low-autocorrelation binary sequence of `length` 3..200: objective E = sum_{k=1}^{N-1} (sum_i s_i s_{i+k})^2; merit
 * factor N^2/(2E). Terms of up to four spins. */
qv_code qv_binary_labs(int length, qv_binary **out);

#endif
