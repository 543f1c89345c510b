#include "task/qv_exact.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>

/* How far above the reference the rest of the space is lifted: beyond any state of interest, near enough to keep the
 * spectrum narrow. */
#define LIFT 10.0

/* Applications in a segment. A segment forgets all but one vector: with so many, 192 searches for molecules of 4 to 14
 * qubits took 2 % more applications than in one piece, and none more than a fifth. */
#define SEGMENT       64
#define RESTARTS_MOST 1000

struct qv_exact_search {
  const qv_comm *comm; /* of the ranks among which the vectors are spread */
  const qv_molecule *molecule;
  qv_observable *hamiltonian;
  int roots;
  uint64_t seed, first; /* first: logical index of the first local element */
  int64_t count;
  uint8_t *inside; /* [count] 1 in the sector */
  double *vector;  /* [count] */
  qv_eigen_progress progress;
};

/* Inside the sector H, outside a constant; the sector is invariant up to rounding, which is cut. */
static qv_code apply(void *context, const double *in, double *out)
{
  const qv_exact_search *s = context;
  const double lifted = s->molecule->reference_energy + LIFT;
  QV_TRY(qv_observable_apply_real(s->hamiltonian, s->comm, in, out));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < s->count; i++) {
    if (!s->inside[i]) {
      out[i] = lifted * in[i];
    }
  }
  return QV_OK;
}

/* The reference determinant and a little of everything else in the sector, so that no symmetry confines the search. */
static void start(void *context, double *vector)
{
  const qv_exact_search *s = context;
  const uint64_t reference = qv_encoding_index(&s->molecule->encoding, s->molecule->reference);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < s->count; i++) {
    const uint64_t index = s->first + (uint64_t)i;
    const double noise = 0.1 * (qv_random_uniform(s->seed, QV_RANDOM_START, index, 0) - 0.5);
    vector[i] = !s->inside[i] ? 0 : index == reference ? 1 : noise;
  }
}

/* <v|O|v> for a real vector; O with complex elements has no place here. */
static qv_code expectation(const qv_exact_search *s, qv_molecule_quantity quantity, const double *vector,
                           double *scratch, double *value)
{
  qv_pauli_sum *sum = NULL;
  qv_observable *observable = NULL;
  qv_code code = qv_molecule_observable(s->molecule, quantity, &sum);
  if (code == QV_OK) {
    code = qv_observable_create(sum, &observable);
  }
  code = qv_agree(s->comm, code);
  if (code == QV_OK) {
    code = qv_observable_apply_real(observable, s->comm, vector, scratch);
  }
  *value = 0;
  for (int64_t i = 0; code == QV_OK && i < s->count; i++) {
    *value += vector[i] * scratch[i];
  }
  if (code == QV_OK) {
    qv_comm_sum(s->comm, value, 1);
  }
  qv_observable_destroy(&observable);
  qv_pauli_sum_destroy(&sum);
  return code;
}

static qv_code verify(const qv_exact_search *s, const double *vector, double *scratch, qv_exact *out)
{
  const qv_molecule *m = s->molecule;
  out->spin_squared = NAN;
  QV_TRY(expectation(s, QV_ELECTRONS, vector, scratch, &out->electrons));
  QV_TRY(expectation(s, QV_SPIN_Z, vector, scratch, &out->spin_z));
  if (!m->unrestricted) {
    QV_TRY(expectation(s, QV_SPIN_SQUARED, vector, scratch, &out->spin_squared));
  }
  if (fabs(out->electrons - m->nalpha - m->nbeta) > 1e-6 || fabs(out->spin_z - 0.5 * (m->nalpha - m->nbeta)) > 1e-6) {
    return qv_fail(QV_ERR_NUMERIC, "the eigensolver left the sector: its state has %.6f electrons and S_z = %.6f",
                   out->electrons, out->spin_z);
  }
  return QV_OK;
}

qv_code qv_exact_create(const qv_comm *comm, const qv_molecule *molecule, qv_observable *hamiltonian, int roots,
                        uint64_t seed, qv_exact_search **out)
{
  const qv_comm *used = qv_state_choose_comm(comm, molecule->encoding.nqubits);
  const int nlocal = molecule->encoding.nqubits - qv_comm_bits(used);
  qv_exact_search *s = NULL;
  *out = NULL;
  qv_code code = qv_alloc(QV_MEM_TASK, 1, sizeof *s, &s);
  if (code == QV_OK) {
    *s = (qv_exact_search){.comm = used,
                           .molecule = molecule,
                           .hamiltonian = hamiltonian,
                           .roots = roots,
                           .seed = seed,
                           .count = (int64_t)1 << nlocal,
                           .first = (uint64_t)qv_comm_rank(used) << nlocal};
    code = qv_alloc(QV_MEM_TASK, (size_t)s->count, 1, &s->inside);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)s->count, sizeof *s->vector, &s->vector);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_exact_destroy(&s);
    return code;
  }
  if (roots > qv_molecule_determinants(molecule)) {
    s->roots = (int)qv_molecule_determinants(molecule);
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < s->count; i++) {
    s->inside[i] = qv_molecule_in_sector(s->molecule, s->first + (uint64_t)i);
  }
  *out = s;
  return QV_OK;
}

void qv_exact_destroy(qv_exact_search **search)
{
  if (*search) {
    qv_free(&(*search)->vector);
    qv_free(&(*search)->inside);
    qv_free(search);
  }
}

/* What was found: residuals, and the sector. */
static qv_code check(const qv_exact_search *s, qv_exact *out)
{
  double *scratch = NULL;
  for (int k = 0; k < s->roots; k++) {
    if (!(out->residual[k] < 1e-5)) { /* the energy error is its square over the gap */
      return qv_fail(QV_ERR_NUMERIC, "root %d of the eigensolver has the residual %.3g", k, out->residual[k]);
    }
  }
  QV_TRY(qv_comm_alloc(s->comm, QV_MEM_TASK, (size_t)s->count, sizeof *scratch, &scratch));
  const qv_code code = verify(s, s->vector, scratch, out);
  qv_free(&scratch);
  return code;
}

qv_code qv_exact_advance(qv_exact_search *search, qv_exact *result)
{
  const qv_eigen_operator op = {.local_count = search->count, .apply = apply, .start = start, .context = search};
  const qv_eigen_opts opts = {
      .wanted = search->roots, .tolerance = 1e-12, .max_iterations = RESTARTS_MOST, .segment = SEGMENT};
  qv_exact found = {0};
  qv_state *buffers = NULL; /* a state, however small, holds the exchange buffers */
  QV_TRY(qv_state_create(search->comm, qv_comm_bits(search->comm) + 1, QV_DOUBLE, &buffers));
  qv_code code =
      qv_eigen_advance(search->comm, &op, &opts, &search->progress, found.energy, found.residual, search->vector);
  if (code == QV_OK && search->progress.found) {
    code = check(search, &found);
    found.roots = search->roots;
  }
  qv_state_destroy(&buffers);
  if (code == QV_OK) {
    *result = found;
    result->applications = search->progress.applications;
  }
  return code;
}

static bool is_replicated(const qv_exact_search *s)
{
  return s->count == (int64_t)1 << s->molecule->encoding.nqubits;
}

qv_code qv_exact_save(const qv_exact_search *search, qv_archive *archive)
{
  const qv_eigen_progress *p = &search->progress;
  const int64_t numbers[3] = {p->segments, p->applications, p->pairs};
  const int64_t total = (int64_t)1 << search->molecule->encoding.nqubits;
  static const char *const description = "sum of the approximate eigenvectors, from which the search goes on";
  if (p->segments == 0) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put(archive, "exact/progress", QV_TYPE_I64, 1, (int64_t[]){3}, numbers, "",
                        "of the search for the exact energy: segments, applications, pairs looked for"));
  if (is_replicated(search)) {
    return qv_archive_put(archive, "exact/vector", QV_TYPE_F64, 1, &total, search->vector, "", description);
  }
  return qv_archive_put_slab(archive, "exact/vector", QV_TYPE_F64, total, (int64_t)search->first, search->count,
                             search->vector, "", description);
}

qv_code qv_exact_load(qv_exact_search *search, qv_archive *archive)
{
  const int64_t total = (int64_t)1 << search->molecule->encoding.nqubits;
  int64_t numbers[3];
  if (!qv_archive_has(archive, "exact/progress")) {
    return QV_OK;
  }
  QV_TRY(qv_archive_get(archive, "exact/progress", QV_TYPE_I64, 3, numbers));
  if (is_replicated(search)) {
    QV_TRY(qv_archive_get(archive, "exact/vector", QV_TYPE_F64, total, search->vector));
  } else {
    QV_TRY(qv_archive_get_slab(archive, "exact/vector", QV_TYPE_F64, total, (int64_t)search->first, search->count,
                               search->vector));
  }
  search->progress = (qv_eigen_progress){.segments = numbers[0], .applications = numbers[1], .pairs = (int)numbers[2]};
  return QV_OK;
}

double qv_exact_saved_bytes(int nqubits)
{
  return ldexp(sizeof(double), nqubits);
}

double qv_exact_bytes(int nqubits, int64_t ranks, int roots)
{
  const double local = ldexp(1, nqubits) / (double)ranks;
  const qv_eigen_opts opts = {.wanted = roots, .segment = SEGMENT};
  return local * (1 + 2 * sizeof(double)) + qv_eigen_bytes((int64_t)ceil(local), &opts);
}
