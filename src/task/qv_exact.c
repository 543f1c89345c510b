#include "task/qv_exact.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>

/* How far above the reference the rest of the space is lifted: beyond any state of interest, near enough to keep the
 * spectrum narrow. */
#define LIFT 10.0

typedef struct {
  const qv_comm *comm;
  const qv_molecule *molecule;
  qv_observable *hamiltonian;
  uint64_t seed, first; /* first: logical index of the first local element */
  int64_t count;
  uint8_t *inside; /* [count] 1 in the sector */
} search;

/* Inside the sector H, outside a constant; the sector is invariant up to rounding, which is cut. */
static qv_code apply(void *context, const double *in, double *out)
{
  const search *s = context;
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
  const search *s = context;
  const uint64_t reference = qv_encoding_index(&s->molecule->encoding, s->molecule->reference);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < s->count; i++) {
    const uint64_t index = s->first + (uint64_t)i;
    const double noise = 0.1 * (qv_random_uniform(s->seed, QV_RANDOM_START, index, 0) - 0.5);
    vector[i] = !s->inside[i] ? 0 : index == reference ? 1 : noise;
  }
}

/* <v|O|v> for a real vector; O with complex elements has no place here. */
static qv_code expectation(const search *s, qv_molecule_quantity quantity, const double *vector, double *scratch,
                           double *value)
{
  qv_pauli_sum *sum = NULL;
  qv_observable *observable = NULL;
  qv_code code = qv_molecule_observable(s->molecule, quantity, &sum);
  if (code == QV_OK) {
    code = qv_observable_create(sum, &observable);
  }
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

static qv_code verify(const search *s, const double *vector, double *scratch, qv_exact *out)
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

static qv_code solve(search *s, int roots, double **vector, double **scratch, qv_exact *out)
{
  const qv_eigen_operator op = {.local_count = s->count, .apply = apply, .start = start, .context = s};
  const qv_eigen_opts opts = {.wanted = roots, .tolerance = 1e-12, .max_iterations = 1000};
  qv_code code = qv_alloc(QV_MEM_TASK, (size_t)s->count, 1, &s->inside);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)s->count, sizeof **vector, vector);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)s->count, sizeof **scratch, scratch);
  }
  QV_TRY(qv_agree(s->comm, code));
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < s->count; i++) {
    s->inside[i] = qv_molecule_in_sector(s->molecule, s->first + (uint64_t)i);
  }
  QV_TRY(qv_eigen_lowest(s->comm, &op, &opts, out->energy, out->residual, *vector, &out->applications));
  for (int k = 0; k < roots; k++) {
    if (!(out->residual[k] < 1e-5)) { /* the energy error is its square over the gap */
      return qv_fail(QV_ERR_NUMERIC, "root %d of the eigensolver has the residual %.3g", k, out->residual[k]);
    }
  }
  return verify(s, *vector, *scratch, out);
}

qv_code qv_exact_molecule(const qv_comm *comm, const qv_molecule *molecule, qv_observable *hamiltonian, int roots,
                          uint64_t seed, qv_exact *out)
{
  const qv_comm *used = qv_state_choose_comm(comm, molecule->encoding.nqubits);
  const int nlocal = molecule->encoding.nqubits - qv_comm_bits(used);
  search s = {.comm = used,
              .molecule = molecule,
              .hamiltonian = hamiltonian,
              .seed = seed,
              .count = (int64_t)1 << nlocal,
              .first = (uint64_t)qv_comm_rank(used) << nlocal};
  double *vector = NULL, *scratch = NULL;
  qv_state *buffers = NULL; /* a state, however small, holds the exchange buffers */
  if (roots > qv_molecule_determinants(molecule)) {
    roots = (int)qv_molecule_determinants(molecule);
  }
  *out = (qv_exact){.roots = roots};
  QV_TRY(qv_state_create(used, qv_comm_bits(used) + 1, QV_DOUBLE, &buffers));
  const qv_code code = solve(&s, roots, &vector, &scratch, out);
  qv_state_destroy(&buffers);
  qv_free(&scratch);
  qv_free(&vector);
  qv_free(&s.inside);
  return code;
}

double qv_exact_bytes(int nqubits, int64_t ranks, int roots)
{
  const double local = ldexp(1, nqubits) / (double)ranks;
  const qv_eigen_opts opts = {.wanted = roots};
  return local * (1 + 2 * sizeof(double)) + qv_eigen_bytes((int64_t)ceil(local), &opts);
}
