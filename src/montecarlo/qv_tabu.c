#include "montecarlo/qv_tabu.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define ELITE QV_TABU_ELITE
#define BLOCK 64

qv_code qv_tabu_init(const qv_lanes_model *model, uint64_t seed, uint64_t number, int best, int64_t patience,
                     qv_tabu *tabu)
{
  const size_t n = (size_t)model->n;
  *tabu = (qv_tabu){.model = model, .seed = seed, .number = number};
  tabu->patience = patience > 0 ? patience : model->n > 100 ? 50 * (int64_t)model->n : 5000;
  tabu->even = true;
  for (int64_t t = 0; t < model->ising->nterms; t++) {
    tabu->even = tabu->even && (model->ising->first[t + 1] - model->ising->first[t]) % 2 == 0;
  }
  tabu->quiet = tabu->patience;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int32_t), &tabu->aligned));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int32_t), &tabu->spin));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int32_t), &tabu->until));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int32_t), &tabu->key));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, model->local ? (size_t)model->ising->nterms : 0, sizeof(int32_t), &tabu->sign));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, 1, &tabu->bits));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, 1, &tabu->other));
  QV_TRY(qv_solutions_init(model->n, best, &tabu->best));
  return qv_solutions_init(model->n, ELITE, &tabu->elite);
}

void qv_tabu_free(qv_tabu *tabu)
{
  qv_free(&tabu->aligned);
  qv_free(&tabu->spin);
  qv_free(&tabu->until);
  qv_free(&tabu->key);
  qv_free(&tabu->sign);
  qv_free(&tabu->bits);
  qv_free(&tabu->other);
  qv_solutions_free(&tabu->best);
  qv_solutions_free(&tabu->elite);
}

/* Random words: in a phase by iteration, at its start by (phase, site) under a bit of their own. */
static uint64_t word_of(const qv_tabu *tabu, uint64_t dimension)
{
  uint64_t words[4];
  qv_random_words(tabu->seed, QV_RANDOM_ANNEAL_MOVE, UINT64_MAX - tabu->number, dimension, words);
  return words[0];
}

static uint64_t start_word(const qv_tabu *tabu, int site)
{
  return word_of(tabu, UINT64_C(1) << 63 | (uint64_t)tabu->phase << 30 | (uint64_t)site);
}

/* Fields and cost of the configuration in `bits`. */
static void take_bits(qv_tabu *tabu)
{
  const qv_lanes_model *m = tabu->model;
  int64_t twice = 0;
  for (int i = 0; i < m->n; i++) {
    tabu->spin[i] = tabu->bits[i] ? -1 : 1;
    tabu->aligned[i] = 0;
  }
  tabu->cost = 0;
  if (m->local) {
    const qv_ising *ising = m->ising;
    for (int64_t t = 0; t < ising->nterms; t++) {
      tabu->sign[t] = 1;
      for (int64_t k = ising->first[t]; k < ising->first[t + 1]; k++) {
        tabu->sign[t] *= tabu->spin[ising->spin[k]];
      }
    }
    for (int i = 0; i < m->n; i++) {
      for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
        const int64_t t = m->neighbour[k];
        tabu->aligned[i] += tabu->sign[t] * m->weight[k];
        tabu->cost += ising->spin[ising->first[t]] == i ? tabu->sign[t] * m->weight[k] : 0;
      }
    }
    return;
  }
  for (int i = 0; i < m->n; i++) {
    int32_t f = m->field[i];
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      f += m->weight[k] * tabu->spin[m->neighbour[k]];
    }
    tabu->aligned[i] = tabu->spin[i] * f;
    twice += (int64_t)tabu->spin[i] * ((int64_t)f + m->field[i]);
  }
  tabu->cost = twice / 2;
}

static void flip(qv_tabu *tabu, int i)
{
  const qv_lanes_model *m = tabu->model;
  tabu->cost -= 2 * (int64_t)tabu->aligned[i];
  if (m->local) {
    const qv_ising *ising = m->ising;
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      const int64_t t = m->neighbour[k];
      const int32_t change = 2 * tabu->sign[t] * m->weight[k];
      for (int64_t j = ising->first[t]; j < ising->first[t + 1]; j++) {
        tabu->aligned[ising->spin[j]] -= change;
      }
      tabu->sign[t] = -tabu->sign[t];
    }
    tabu->spin[i] = -tabu->spin[i];
    return;
  }
  tabu->aligned[i] = -tabu->aligned[i];
  for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
    const int j = m->neighbour[k];
    tabu->aligned[j] -= 2 * tabu->spin[i] * tabu->spin[j] * m->weight[k];
  }
  tabu->spin[i] = -tabu->spin[i];
}

/* The largest gain among flips that are allowed; key[i] is the gain or INT32_MIN. */
QV_CLONES static int32_t allowed_gains(const int32_t *restrict aligned, const int32_t *restrict until, int n,
                                       int32_t clock, int32_t aspired, int32_t *restrict key)
{
  int32_t most = INT32_MIN;
  for (int i = 0; i < n; i++) { /* masks, not branches, so that it becomes vector code */
    const int32_t allowed = -(int32_t)(until[i] <= clock) | -(int32_t)(aligned[i] > aspired);
    key[i] = (aligned[i] & allowed) | (INT32_MIN & ~allowed);
  }
  for (int i = 0; i < n; i++) {
    most = key[i] > most ? key[i] : most;
  }
  return most;
}

QV_CLONES static int count_equal(const int32_t *key, int n, int32_t value)
{
  int count = 0;
  for (int i = 0; i < n; i++) {
    count += key[i] == value;
  }
  return count;
}

/* The best allowed flip; ties are broken by `word`. If all are tabu, the one that has been so for longest. */
static int choose(qv_tabu *tabu, uint64_t word)
{
  const int n = tabu->model->n;
  const int64_t needed = (tabu->cost - tabu->phase_best) / 2;
  const int32_t aspired = needed > INT32_MAX ? INT32_MAX : (int32_t)needed;
  const int32_t most = allowed_gains(tabu->aligned, tabu->until, n, tabu->clock, aspired, tabu->key);
  int wanted, oldest = 0;
  if (most == INT32_MIN) {
    for (int i = 1; i < n; i++) {
      oldest = tabu->until[i] < tabu->until[oldest] ? i : oldest;
    }
    return oldest;
  }
  wanted = (int)((word & 0xffffffff) % (uint64_t)count_equal(tabu->key, n, most));
  for (int i = 0;; i += BLOCK) {
    const int size = n - i < BLOCK ? n - i : BLOCK, here = count_equal(&tabu->key[i], size, most);
    if (wanted < here) {
      for (;; i++) {
        if (tabu->key[i] == most && wanted-- == 0) {
          return i;
        }
      }
    }
    wanted -= here;
  }
}

static void copy_bits(qv_tabu *tabu)
{
  for (int i = 0; i < tabu->model->n; i++) {
    tabu->bits[i] = tabu->spin[i] < 0;
  }
}

static void enter(qv_tabu *tabu)
{
  const qv_lanes_model *m = tabu->model;
  double energy = qv_lanes_energy(m, tabu->cost);
  copy_bits(tabu);
  energy = m->exact ? energy : qv_ising_energy(m->ising, tabu->bits);
  qv_solutions_add_bytes(&tabu->best, energy, tabu->bits);
  qv_solutions_add_bytes(&tabu->elite, energy, tabu->bits);
}

/* Turns all spins of `other` if that brings it nearer to `bits` at no cost. */
static void align(qv_tabu *tabu)
{
  int differ = 0;
  for (int i = 0; i < tabu->model->n; i++) {
    differ += tabu->bits[i] != tabu->other[i];
  }
  for (int i = 0; tabu->even && 2 * differ > tabu->model->n && i < tabu->model->n; i++) {
    tabu->other[i] = !tabu->other[i];
  }
}

/* The first phases start at random; later ones from two elites: where these agree they are kept, but one spin in 50. */
static void begin_phase(qv_tabu *tabu)
{
  const int n = tabu->model->n, count = tabu->elite.count;
  tabu->phase++;
  tabu->quiet = 0;
  if (count < ELITE / 2 || tabu->phase % 8 == 0) {
    for (int i = 0; i < n; i++) {
      tabu->bits[i] = (uint8_t)(start_word(tabu, i) & 1);
    }
  } else {
    const uint64_t word = start_word(tabu, n);
    const int a = (int)((word & 0xffff) % (uint64_t)count);
    const int b = (int)(((uint64_t)a + 1 + (word >> 16 & 0xffff) % (uint64_t)(count - 1)) % (uint64_t)count);
    qv_solutions_get(&tabu->elite, a, tabu->bits);
    qv_solutions_get(&tabu->elite, b, tabu->other);
    align(tabu);
    for (int i = 0; i < n; i++) {
      const uint64_t w = start_word(tabu, i);
      const bool turn = tabu->bits[i] != tabu->other[i] ? w & 1 : (w >> 1) % 50 == 0;
      tabu->bits[i] = tabu->bits[i] != turn;
    }
  }
  take_bits(tabu);
  memset(tabu->until, 0, sizeof(int32_t) * (size_t)n);
  tabu->clock = 0;
  tabu->phase_best = tabu->cost;
}

/* Whether this configuration is a local minimum that belongs into a list of solutions. */
static bool worth_keeping(const qv_tabu *tabu)
{
  const double energy = qv_lanes_energy(tabu->model, tabu->cost);
  const double slack = tabu->model->exact ? 0 : 1e-6 * fabs(energy);
  return tabu->best.room > 1 && tabu->cost <= tabu->phase_best + (int64_t)slack &&
         qv_solutions_wants(&tabu->best, energy - slack);
}

void qv_tabu_run(qv_tabu *tabu, int64_t iterations)
{
  const int n = tabu->model->n;
  for (int64_t k = 0; k < iterations; k++) {
    if (tabu->quiet >= tabu->patience || tabu->clock >= INT32_MAX / 2) {
      begin_phase(tabu);
      enter(tabu);
    }
    const uint64_t word = word_of(tabu, (uint64_t)tabu->iteration);
    const int i = choose(tabu, word);
    const int32_t tenure = n / 100 + 1 + (int32_t)((word >> 32) % 10), most = n / 4;
    flip(tabu, i);
    tabu->until[i] = tabu->clock + 1 + (tenure < most ? tenure : most);
    tabu->clock++;
    tabu->iteration++;
    tabu->quiet++;
    if (tabu->cost < tabu->phase_best) {
      tabu->phase_best = tabu->cost;
      tabu->quiet = 0;
      enter(tabu);
    } else if (worth_keeping(tabu)) {
      enter(tabu);
    }
  }
}

static int64_t list_words(const qv_solutions *list)
{
  return 1 + (int64_t)list->room * (1 + list->words);
}

static void pack_list(const qv_solutions *list, uint64_t *words)
{
  words[0] = (uint64_t)list->count;
  memcpy(words + 1, list->energy, sizeof(double) * (size_t)list->room);
  memcpy(words + 1 + list->room, list->bits, sizeof(uint64_t) * (size_t)list->room * (size_t)list->words);
}

static void unpack_list(qv_solutions *list, const uint64_t *words)
{
  list->count = (int)words[0];
  memcpy(list->energy, words + 1, sizeof(double) * (size_t)list->room);
  memcpy(list->bits, words + 1 + list->room, sizeof(uint64_t) * (size_t)list->room * (size_t)list->words);
}

int64_t qv_tabu_words(const qv_tabu *tabu)
{
  return 5 + 2 * (int64_t)tabu->model->n + list_words(&tabu->best) + list_words(&tabu->elite);
}

void qv_tabu_pack(const qv_tabu *tabu, uint64_t *words)
{
  const int n = tabu->model->n;
  const int64_t head[5] = {tabu->iteration, tabu->phase, tabu->quiet, tabu->phase_best, tabu->clock};
  memcpy(words, head, sizeof head);
  for (int i = 0; i < n; i++) {
    words[5 + i] = tabu->spin[i] < 0;
    words[5 + n + i] = (uint64_t)tabu->until[i];
  }
  pack_list(&tabu->best, words + 5 + 2 * n);
  pack_list(&tabu->elite, words + 5 + 2 * n + list_words(&tabu->best));
}

void qv_tabu_unpack(qv_tabu *tabu, const uint64_t *words)
{
  const int n = tabu->model->n;
  tabu->iteration = (int64_t)words[0];
  tabu->phase = (int64_t)words[1];
  tabu->quiet = (int64_t)words[2];
  for (int i = 0; i < n; i++) {
    tabu->bits[i] = words[5 + i] != 0;
    tabu->until[i] = (int32_t)words[5 + n + i];
  }
  take_bits(tabu);
  tabu->phase_best = (int64_t)words[3];
  tabu->clock = (int32_t)words[4];
  unpack_list(&tabu->best, words + 5 + 2 * n);
  unpack_list(&tabu->elite, words + 5 + 2 * n + list_words(&tabu->best));
}
