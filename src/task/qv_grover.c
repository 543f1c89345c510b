#include "task/qv_grover.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_amplitude.h"
#include "state/qv_measure.h"

#include <math.h>
#include <stdio.h>

#define REPLICATED 13 /* states of so many qubits are held whole by every rank: any number of ranks, the same bits */

/* A state on its way through applications of Q. */
typedef struct {
  const qv_comm *comm;
  qv_state *state;     /* NULL: not begun */
  qv_circuit *circuit; /* one application */
  int control;         /* the phase qubit that controls it; -1: none */
  int phases;          /* m; 0: plain powers */
  int64_t done;        /* applications */
} walk;

struct qv_grover {
  const qv_comm *comm;
  const qv_amplitude_problem *problem;
  qv_precision precision;
  bool subspace;
  double theta; /* of the subspace */
  walk powers, phases;
  int64_t known, capacity; /* powers 0..known-1 */
  double *probability;     /* [capacity] */
  double *distribution[QV_GROVER_PHASE_QUBITS + 1];
  int64_t applied;
};

qv_code qv_grover_create(const qv_comm *comm, const qv_amplitude_problem *problem, qv_precision precision,
                         bool subspace, qv_grover **out)
{
  qv_grover *g = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *g, &g));
  g->comm = comm;
  g->problem = problem;
  g->precision = precision;
  g->subspace = subspace;
  g->theta = asin(sqrt(qv_amplitude_of(problem)));
  *out = g;
  return QV_OK;
}

static void end_walk(walk *w)
{
  qv_state_destroy(&w->state);
  qv_circuit_destroy(&w->circuit);
}

void qv_grover_destroy(qv_grover **grover)
{
  if (*grover) {
    end_walk(&(*grover)->powers);
    end_walk(&(*grover)->phases);
    for (int m = 0; m <= QV_GROVER_PHASE_QUBITS; m++) {
      qv_free(&(*grover)->distribution[m]);
    }
    qv_free(&(*grover)->probability);
  }
  qv_free(grover);
}

int64_t qv_grover_applied(const qv_grover *grover)
{
  return grover->applied;
}

bool qv_grover_spreads(int qubits)
{
  return qubits > REPLICATED;
}

double qv_grover_bytes(const qv_amplitude_problem *problem, int m, qv_precision precision)
{
  const double powers = qv_state_bytes(problem->qubits, 1, precision);
  return m > 0 ? powers + qv_state_bytes(problem->qubits + m, 1, precision) : powers;
}

/* The circuit of one application on the state of a walk. */
static qv_code choose_circuit(const qv_grover *g, walk *w, int control)
{
  qv_circuit_destroy(&w->circuit);
  w->control = control;
  return qv_amplitude_grover(g->problem, QV_BUILD_BLOCKS, g->problem->qubits + w->phases, control, 0, &w->circuit);
}

static qv_code allocate(const qv_grover *g, int m, walk *w)
{
  const int width = g->problem->qubits + m;
  w->phases = m;
  w->done = 0;
  w->comm = qv_grover_spreads(width) ? qv_state_choose_comm(g->comm, width) : qv_comm_self();
  QV_TRY(qv_state_create(w->comm, width, g->precision, &w->state));
  return qv_agree(g->comm, choose_circuit(g, w, m > 0 ? g->problem->qubits : -1));
}

/* A |0>, and all phase qubits in |0> + |1>. */
static qv_code begin(const qv_grover *g, int m, walk *w)
{
  const int first = g->problem->qubits;
  qv_circuit *load = NULL;
  QV_TRY(allocate(g, m, w));
  qv_code code = qv_amplitude_load(g->problem, QV_BUILD_BLOCKS, first + m, 0, &load);
  for (int j = 0; code == QV_OK && j < m; j++) {
    code = qv_circuit_h(load, first + j);
  }
  code = qv_agree(g->comm, code);
  if (code == QV_OK) {
    code = qv_circuit_start(load, 0, w->state);
  }
  if (code == QV_OK) {
    code = qv_circuit_run(load, NULL, w->state);
  }
  qv_circuit_destroy(&load);
  return code;
}

/* One more application. Phase qubit j controls applications 2^j - 1 to 2^(j+1) - 2. */
static qv_code apply(qv_grover *g, walk *w)
{
  if (w->phases > 0) {
    int j = 0;
    while ((int64_t)1 << (j + 1) <= w->done + 1) {
      j++;
    }
    if (g->problem->qubits + j != w->control) {
      QV_TRY(qv_agree(g->comm, choose_circuit(g, w, g->problem->qubits + j)));
    }
  }
  QV_TRY(qv_circuit_run(w->circuit, NULL, w->state));
  w->done++;
  g->applied++;
  return QV_OK;
}

static qv_code check_norm(const qv_grover *g, double norm2, int64_t power)
{
  const double limit = g->precision == QV_DOUBLE ? 1e-8 : 1e-3;
  if (!(fabs(norm2 - 1) < limit)) {
    return qv_fail(QV_ERR_NUMERIC, "the norm of the state is %.9g after %lld Grover iterations%s", sqrt(norm2),
                   (long long)power, g->precision == QV_DOUBLE ? "" : ": use 'run.precision: double'");
  }
  return QV_OK;
}

static qv_code note_probability(qv_grover *g)
{
  double two[2];
  QV_TRY(qv_state_marginal(g->powers.state, 1, &g->problem->objective, two));
  QV_TRY(check_norm(g, two[0] + two[1], g->powers.done));
  if (g->known == g->capacity) {
    const int64_t capacity = g->capacity ? 2 * g->capacity : 64;
    QV_TRY(qv_agree(g->comm, qv_realloc(QV_MEM_TASK, (size_t)capacity, sizeof(double), &g->probability)));
    g->capacity = capacity;
  }
  g->probability[g->known++] = two[1] / (two[0] + two[1]);
  return QV_OK;
}

qv_code qv_grover_probability(qv_grover *grover, int64_t power, int64_t limit, bool *known, double *probability)
{
  qv_grover *g = grover;
  if (g->subspace) {
    const double s = sin((double)(2 * power + 1) * g->theta);
    *known = true;
    *probability = s * s;
    return QV_OK;
  }
  if (!g->powers.state) {
    QV_TRY(begin(g, 0, &g->powers));
    QV_TRY(note_probability(g));
  }
  for (int64_t i = 0; i < limit && g->known <= power; i++) {
    QV_TRY(apply(g, &g->powers));
    QV_TRY(note_probability(g));
  }
  *known = g->known > power;
  if (*known) {
    *probability = g->probability[power];
  }
  return QV_OK;
}

static void fill_phases(const qv_grover *g, int m, double *distribution)
{
  for (int64_t y = 0; y < (int64_t)1 << m; y++) {
    distribution[y] = qv_amplitude_phase_probability(g->theta, m, y);
  }
}

/* The inverse Fourier transform, and what the phase qubits then read. */
static qv_code read_phases(qv_grover *g, int m, double *distribution)
{
  walk *w = &g->phases;
  int qubits[QV_GROVER_PHASE_QUBITS];
  qv_circuit *fourier = NULL;
  qv_code code = qv_circuit_create(g->problem->qubits + m, 0, &fourier);
  if (code == QV_OK) {
    code = qv_amplitude_unphase(fourier, g->problem->qubits, m);
  }
  code = qv_agree(g->comm, code);
  if (code == QV_OK) {
    code = qv_circuit_run(fourier, NULL, w->state);
  }
  qv_circuit_destroy(&fourier);
  for (int j = 0; j < m; j++) {
    qubits[j] = g->problem->qubits + j;
  }
  if (code == QV_OK) {
    code = qv_state_marginal(w->state, m, qubits, distribution);
  }
  double norm2 = 0;
  for (int64_t y = 0; y < (int64_t)1 << m; y++) {
    norm2 += distribution[y];
  }
  return code == QV_OK ? check_norm(g, norm2, w->done) : code;
}

qv_code qv_grover_phases(qv_grover *grover, int m, int64_t limit, bool *known, const double **distribution)
{
  qv_grover *g = grover;
  QV_REQUIRE(m >= 1 && m <= QV_GROVER_PHASE_QUBITS);
  *known = g->distribution[m] != NULL;
  *distribution = g->distribution[m];
  if (*known) {
    return QV_OK;
  }
  if (!g->subspace) {
    if (g->phases.state && g->phases.phases != m) {
      end_walk(&g->phases);
    }
    if (!g->phases.state) {
      QV_TRY(begin(g, m, &g->phases));
    }
    const int64_t all = ((int64_t)1 << m) - 1;
    for (int64_t i = 0; i < limit && g->phases.done < all; i++) {
      QV_TRY(apply(g, &g->phases));
    }
    if (g->phases.done < all) {
      return QV_OK;
    }
  }
  QV_TRY(qv_comm_alloc(g->comm, QV_MEM_TASK, (size_t)1 << m, sizeof(double), &g->distribution[m]));
  if (g->subspace) {
    fill_phases(g, m, g->distribution[m]);
  } else {
    QV_TRY(read_phases(g, m, g->distribution[m]));
    end_walk(&g->phases);
  }
  *known = true;
  *distribution = g->distribution[m];
  return QV_OK;
}

/* The amplitudes in physical order with the layout; where every rank holds the same small state, a replicated array. */
static qv_code save_walk(const qv_grover *g, const walk *w, const char *name, qv_archive *archive)
{
  char path[64];
  const int64_t done = w->state ? w->done : -1;
  snprintf(path, sizeof path, "grover/%s_done", name);
  QV_TRY(qv_archive_put_i64(archive, path, done, "", "applications of Q to the state; -1: no state"));
  if (!w->state) {
    return QV_OK;
  }
  const qv_layout *layout = qv_state_layout(w->state);
  const int64_t n = layout->nqubits, total = (int64_t)1 << n, here = qv_state_local_count(w->state);
  const qv_type type = g->precision == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  int32_t bits[QV_QUBITS_MAX];
  for (int q = 0; q < n; q++) {
    bits[q] = layout->bit_of[q];
  }
  snprintf(path, sizeof path, "grover/%s_phases", name);
  QV_TRY(qv_archive_put_i64(archive, path, w->phases, "", "phase qubits"));
  snprintf(path, sizeof path, "grover/%s_layout", name);
  QV_TRY(qv_archive_put(archive, path, QV_TYPE_I32, 1, &n, bits, "", "address bit of each qubit"));
  snprintf(path, sizeof path, "grover/%s_state", name);
  if (w->comm != g->comm) {
    return qv_archive_put(archive, path, type, 1, &total, qv_state_data(w->state), "", "amplitudes");
  }
  return qv_archive_put_slab(archive, path, type, total, (int64_t)qv_comm_rank(g->comm) * here, here,
                             qv_state_data(w->state), "", "amplitudes");
}

static qv_code load_layout(walk *w, const char *path, qv_archive *archive)
{
  qv_layout layout = *qv_state_layout(w->state);
  int32_t bits[QV_QUBITS_MAX];
  uint64_t seen = 0;
  QV_TRY(qv_archive_get(archive, path, QV_TYPE_I32, layout.nqubits, bits));
  for (int8_t q = 0; q < layout.nqubits; q++) {
    if (bits[q] < 0 || bits[q] >= layout.nqubits || seen >> bits[q] & 1) {
      return qv_fail(QV_ERR_INPUT, "the checkpoint's layout of qubits is no permutation");
    }
    seen |= 1ULL << bits[q];
    layout.bit_of[q] = (int8_t)bits[q];
    layout.qubit_of[bits[q]] = q;
  }
  qv_state_set_layout(w->state, &layout);
  return QV_OK;
}

static qv_code load_walk(qv_grover *g, walk *w, const char *name, qv_archive *archive)
{
  char path[64];
  int64_t done = 0, m = 0;
  snprintf(path, sizeof path, "grover/%s_done", name);
  QV_TRY(qv_archive_get_i64(archive, path, &done));
  end_walk(w);
  if (done < 0) {
    return QV_OK;
  }
  snprintf(path, sizeof path, "grover/%s_phases", name);
  QV_TRY(qv_archive_get_i64(archive, path, &m));
  QV_TRY(allocate(g, (int)m, w));
  w->done = done;
  snprintf(path, sizeof path, "grover/%s_layout", name);
  QV_TRY(load_layout(w, path, archive));
  const int64_t total = (int64_t)1 << (g->problem->qubits + w->phases), here = qv_state_local_count(w->state);
  const qv_type type = g->precision == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  snprintf(path, sizeof path, "grover/%s_state", name);
  if (w->comm != g->comm) {
    return qv_archive_get(archive, path, type, total, qv_state_data(w->state));
  }
  return qv_archive_get_slab(archive, path, type, total, (int64_t)qv_comm_rank(g->comm) * here, here,
                             qv_state_data(w->state));
}

qv_code qv_grover_save(const qv_grover *grover, qv_archive *archive)
{
  const qv_grover *g = grover;
  QV_TRY(qv_archive_put_i64(archive, "grover/applied", g->applied, "", "applications of Q made"));
  QV_TRY(qv_archive_put_i64(archive, "grover/known", g->known, "", "powers whose probability is known"));
  if (g->known > 0) {
    QV_TRY(qv_archive_put(archive, "grover/probability", QV_TYPE_F64, 1, &g->known, g->probability, "",
                          "that the objective reads 1 after each power of Q"));
  }
  for (int m = 1; m <= QV_GROVER_PHASE_QUBITS; m++) {
    char path[64];
    const int64_t count = (int64_t)1 << m;
    snprintf(path, sizeof path, "grover/phases_%d", m);
    if (g->distribution[m]) {
      QV_TRY(qv_archive_put(archive, path, QV_TYPE_F64, 1, &count, g->distribution[m], "", "of the phase qubits"));
    }
  }
  QV_TRY(save_walk(g, &g->powers, "powers", archive));
  return save_walk(g, &g->phases, "phases", archive);
}

qv_code qv_grover_load(qv_grover *grover, qv_archive *archive)
{
  qv_grover *g = grover;
  QV_TRY(qv_archive_get_i64(archive, "grover/applied", &g->applied));
  QV_TRY(qv_archive_get_i64(archive, "grover/known", &g->known));
  if (g->known > 0) {
    QV_TRY(qv_agree(g->comm, qv_realloc(QV_MEM_TASK, (size_t)g->known, sizeof(double), &g->probability)));
    g->capacity = g->known;
    QV_TRY(qv_archive_get(archive, "grover/probability", QV_TYPE_F64, g->known, g->probability));
  }
  for (int m = 1; m <= QV_GROVER_PHASE_QUBITS; m++) {
    char path[64];
    const int64_t count = (int64_t)1 << m;
    snprintf(path, sizeof path, "grover/phases_%d", m);
    if (qv_archive_has(archive, path)) {
      QV_TRY(qv_agree(g->comm, qv_realloc(QV_MEM_TASK, (size_t)count, sizeof(double), &g->distribution[m])));
      QV_TRY(qv_archive_get(archive, path, QV_TYPE_F64, count, g->distribution[m]));
    }
  }
  QV_TRY(load_walk(g, &g->powers, "powers", archive));
  return load_walk(g, &g->phases, "phases", archive);
}
