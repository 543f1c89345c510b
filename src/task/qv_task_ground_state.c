/* Task `ground-state`: the exact lowest energies of a molecule. */
#include "base/qv_memory.h"
#include "task/qv_exact.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

#include <math.h>
#include <stdio.h>

static const qv_key keys[] = {{"ground_state.roots", QV_KEY_INT, "", "1", "[1,16]", false, "0.1",
                               "How many of the lowest energies of the sector are computed"},
                              {0}};

static const qv_key *const sections[] = {qv_keys_molecule, keys, NULL};

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_molecule *molecule;
  qv_observable *hamiltonian;
  double one_norm;
  qv_exact_search *search; /* NULL once it is over */
  qv_exact exact;          /* roots 0: not found yet */
} ground_state;

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_molecule *molecule = NULL;
  QV_TRY(qv_molecule_create(qv_comm_self(), deck, &molecule));
  const int nqubits = molecule->encoding.nqubits;
  const double determinants = qv_molecule_determinants(molecule);
  qv_molecule_destroy(&molecule);
  request->bytes_per_rank = qv_exact_bytes(nqubits, request->ranks, (int)qv_deck_int(deck, "ground_state.roots"));
  request->checkpoint_bytes = 4096 + qv_exact_saved_bytes(nqubits);
  request->power_of_two = true;
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", nqubits, "", "after tapering"));
  return qv_result_add(numbers, QV_RESULT_VALUE, "determinants", determinants, NAN, "",
                       "in the sector of the electrons");
}

static qv_code build(ground_state *self)
{
  qv_pauli_sum *sum = NULL;
  QV_TRY(qv_molecule_create(self->comm, self->deck, &self->molecule));
  QV_TRY(qv_molecule_hamiltonian(self->molecule, &sum));
  self->one_norm = qv_pauli_sum_one_norm(sum);
  const qv_code code = qv_observable_create(sum, &self->hamiltonian);
  qv_pauli_sum_destroy(&sum);
  return code;
}

static void destroy(void **self)
{
  ground_state *g = *self;
  if (!g) {
    return;
  }
  qv_exact_destroy(&g->search);
  qv_observable_destroy(&g->hamiltonian);
  qv_molecule_destroy(&g->molecule);
  qv_free(self);
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  ground_state *self = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = comm;
  self->deck = deck;
  qv_code code = qv_agree(comm, build(self));
  if (code == QV_OK) {
    code = qv_exact_create(comm, self->molecule, self->hamiltonian, (int)qv_deck_int(deck, "ground_state.roots"),
                           (uint64_t)qv_deck_int(deck, "run.seed"), &self->search);
  }
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static qv_code step(void *context, qv_progress *progress)
{
  ground_state *self = context;
  if (self->search) {
    QV_TRY(qv_exact_advance(self->search, &self->exact));
  }
  const bool done = self->exact.roots > 0;
  *progress = (qv_progress){.done = done, .step = progress->step + 1, .total = done ? progress->step + 1 : 0};
  if (done) {
    qv_exact_destroy(&self->search);
    snprintf(progress->fields, sizeof progress->fields, "E = %.9f Hartree  applications = %lld", self->exact.energy[0],
             (long long)self->exact.applications);
  } else {
    snprintf(progress->fields, sizeof progress->fields, "applications = %lld", (long long)self->exact.applications);
  }
  return QV_OK;
}

static qv_code save(const void *context, qv_archive *archive)
{
  const ground_state *self = context;
  const qv_exact *e = &self->exact;
  const int64_t roots = e->roots;
  QV_TRY(qv_archive_put_i64(archive, "ground_state/solved", roots > 0, "", "whether the search is over"));
  if (roots == 0) {
    return qv_exact_save(self->search, archive);
  }
  const double numbers[4] = {e->electrons, e->spin_z, e->spin_squared, (double)e->applications};
  QV_TRY(qv_archive_put(archive, "ground_state/energy", QV_TYPE_F64, 1, &roots, e->energy, "Hartree",
                        "lowest energies, ascending"));
  QV_TRY(qv_archive_put(archive, "ground_state/residual", QV_TYPE_F64, 1, &roots, e->residual, "Hartree",
                        "norm of H x - E x for each"));
  return qv_archive_put(archive, "ground_state/state", QV_TYPE_F64, 1, (int64_t[]){4}, numbers, "",
                        "electrons, S_z, S^2 of the lowest state; applications of the Hamiltonian");
}

static qv_code load(void *context, qv_archive *archive)
{
  ground_state *self = context;
  int64_t solved = 0, dims[QV_ARCHIVE_DIMS];
  int rank = 0;
  double numbers[4];
  QV_TRY(qv_archive_get_i64(archive, "ground_state/solved", &solved));
  if (!solved) {
    return qv_exact_load(self->search, archive);
  }
  QV_TRY(qv_archive_dims(archive, "ground_state/energy", &rank, dims));
  if (rank != 1 || dims[0] < 1 || dims[0] > QV_EXACT_ROOTS) {
    return qv_fail(QV_ERR_INPUT, "the checkpoint holds %lld energies", (long long)dims[0]);
  }
  self->exact.roots = (int)dims[0];
  QV_TRY(qv_archive_get(archive, "ground_state/energy", QV_TYPE_F64, dims[0], self->exact.energy));
  QV_TRY(qv_archive_get(archive, "ground_state/residual", QV_TYPE_F64, dims[0], self->exact.residual));
  QV_TRY(qv_archive_get(archive, "ground_state/state", QV_TYPE_F64, 4, numbers));
  self->exact.electrons = numbers[0];
  self->exact.spin_z = numbers[1];
  self->exact.spin_squared = numbers[2];
  self->exact.applications = (int64_t)numbers[3];
  qv_exact_destroy(&self->search);
  return QV_OK;
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  const ground_state *self = context;
  const qv_exact *e = &self->exact;
  const qv_molecule *m = self->molecule;
  if (!done) {
    return QV_OK;
  }
  QV_TRY(save(self, archive));
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, "ground_state_energy", e->energy[0], NAN, "Hartree",
                       "exact lowest energy in the sector (full configuration interaction)"));
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "hf_energy", m->reference_energy, NAN, "Hartree",
                       "energy of the reference determinant (Hartree-Fock)"));
  for (int k = 1; k < e->roots; k++) {
    char name[32];
    snprintf(name, sizeof name, "energy_of_root_%d", k);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, e->energy[k], NAN, "Hartree", "excited state of the sector"));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "correlation_energy", e->energy[0] - m->reference_energy, NAN,
                       "Hartree", "exact minus reference"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "residual", e->residual[0], NAN, "Hartree", "norm of H x - E x"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "electrons", e->electrons, NAN, "", "expectation value"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "spin_z", e->spin_z, NAN, "", "expectation value of S_z"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "spin_squared", e->spin_squared, NAN, "", "expectation value of S^2"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "applications", e->applications, "", "of the Hamiltonian"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "logical_qubits", m->encoding.nqubits, "",
                             "to hold the state on hardware"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "pauli_strings", qv_observable_strings(self->hamiltonian), "",
                             "of the Hamiltonian"));
  return qv_result_add(result, QV_RESULT_RESOURCE, "one_norm", self->one_norm, NAN, "Hartree",
                       "sum of the absolute coefficients, which sets the cost of phase estimation");
}

const qv_task_class qv_task_ground_state = {.name = "ground-state",
                                            .help = "Exact lowest energies of a molecule by SLEPc",
                                            .sections = sections,
                                            .plan = plan,
                                            .create = create,
                                            .step = step,
                                            .save = save,
                                            .load = load,
                                            .finish = finish,
                                            .destroy = destroy};
