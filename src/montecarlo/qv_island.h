/* An island: 64 replicas of one model (512 in the layout of bits) that anneal or exchange temperatures among
 * themselves, or 16 replicas of a path of Trotter slices, without any word from other islands. Islands are the unit
 * that is spread over ranks and threads; what an island does depends only on its number, so results do not depend on
 * who runs it. Used by qv_anneal; all functions are local. */
#ifndef QV_ISLAND_H
#define QV_ISLAND_H

#include "montecarlo/qv_lanes.h"
#include "montecarlo/qv_solutions.h"

#include <stdbool.h>
#include <stdint.h>

#define QV_ISLAND_REPLICAS QV_LANES_MAX /* at most */
#define QV_ISLAND_LEAST    64           /* in exchange and annealing */
#define QV_ISLAND_RUNGS    32           /* temperatures of replica exchange */
#define QV_ISLAND_SLICES   64           /* at most */
#define QV_ISLAND_LEVELS   32           /* anneals of 2^level sweeps */

/* Outcome of independent searches of one length (an anneal of one replica or path, an exchange round of all replicas):
 * how many there were, and how many of them found `lowest`. */
typedef struct {
  int64_t runs, hits;
  double lowest;
} qv_island_tally;

typedef struct {
  const qv_lanes_model *model; /* borrowed */
  uint64_t seed, number;
  double hot, cold; /* temperatures in units of energy */
  int groups;       /* those of the replicas, or one for each slice */
  int replicas;     /* in all groups */
  qv_lanes group[QV_ISLAND_SLICES];
  qv_lanes quench[QV_ISLAND_LEAST / 16]; /* copies that are cooled at once */
  int64_t round;                         /* anneals or exchange runs begun */
  int64_t sweeps, sweep;                 /* of this round: in all, and done */
  int64_t updates;                       /* attempted spin updates so far */
  double round_lowest;                   /* exchange: lowest energy of this round */
  int rung[QV_ISLAND_REPLICAS];          /* exchange: the temperature of each replica, 0 the coldest */
  int64_t swaps_tried, swaps_made;
  int *stack, *mark; /* [n] for clusters */
  uint8_t *bits;     /* [n] */
  qv_island_tally tally[QV_ISLAND_LEVELS];
  qv_solutions best;
} qv_island;

/* Groups of an island; `slices` as below. */
int qv_island_groups(const qv_lanes_model *model, int slices);

/* A new island. `best` configurations are kept; slices 0 makes 64 replicas (or as many as a group of
 * the model has, if more), otherwise paths of 4 to QV_ISLAND_SLICES
 * slices, a multiple of 4, of a 16-lane model. The caller frees it with qv_island_free. */
qv_code qv_island_init(const qv_lanes_model *model, uint64_t seed, uint64_t number, int best, int slices,
                       qv_island *island);
void qv_island_free(qv_island *island);

/* A range of temperatures from the model: hot is 0.6 of the root mean square of the local fields of random spins; cold
 * is a fifth of the smallest nonzero cost of a flip in the local minima that random starts fall into (the median over
 * one group of them), but at most a sixteenth of the spread of their costs: with penalties these can differ by far less
 * than any single flip costs. Depends on the seed only. */
qv_code qv_island_temperatures(const qv_lanes_model *model, uint64_t seed, double *hot, double *cold);

/* Begins a round of `sweeps` sweeps from random spins. */
void qv_island_begin(qv_island *island, int64_t sweeps);

/* Simulated annealing: at most `limit` sweeps of the round, the temperature falling linearly in even rounds and
 * geometrically in odd ones (the first suits one scale of energies, the second many); the last sweep is at zero. At the
 * end of the round its configurations enter `best` and the tally. Kirkpatrick, Gelatt, Vecchi, Science 220 (1983) 671.
 */
void qv_island_anneal(qv_island *island, int64_t limit);

/* Replica exchange: 32 temperatures, as many replicas at each; neighbouring temperatures exchange after each sweep;
 * where `clusters`, two replicas of one temperature exchange a cluster on which they differ (Houdayer, Eur. Phys. J. B
 * 22 (2001) 479; Zhu, Ochoa, Katzgraber, PRL 115 (2015) 077201) at the colder half of the temperatures every tenth
 * sweep. Every sixteenth sweep copies are quenched, and enter `best`. Hukushima and Nemoto, J. Phys. Soc. Jpn. 65
 * (1996) 1604.
 */
void qv_island_exchange(qv_island *island, int64_t limit, bool clusters);

/* Path-integral simulated quantum annealing: the transverse field falls from 3 hot to 0 in the round at the temperature
 * of hot/3 per slice; at its end all slices are quenched and enter `best` and the tally. Santoro, Martonak, Tosatti,
 * Car, Science 295 (2002) 2427. */
void qv_island_path(qv_island *island, int64_t limit);

/* The place in `tally` of rounds of this many sweeps. */
int qv_island_level(int64_t sweeps);

/* Whether the round is over. */
bool qv_island_idle(const qv_island *island);

/* The state as words: their number, and copies of them. */
int64_t qv_island_words(const qv_island *island);
void qv_island_pack(const qv_island *island, uint64_t *words);
void qv_island_unpack(qv_island *island, const uint64_t *words);

#endif
