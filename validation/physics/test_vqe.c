/* The variational eigensolver: adjoint gradients of UCCSD against central differences for every parameter, and whole
 * optimisations at or below published UCCSD energies, equal on all ranks and on one. Silent but for a summary. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "molecules.h"
#include "operator/qv_ansatz.h"
#include "operator/qv_observable.h"
#include "optimize/qv_optimizer.h"
#include "problem/qv_molecule.h"

extern const qv_task_class qv_task_vqe;

static qv_code apply(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

/* Central differences with step h = 1e-4: truncation h^2 |f'''| / 6 < 1e-8 here, rounding 1e-16 |E| / h = 1e-11. */
static void gradient_of(const char *name, const char *mapping, const char *taper)
{
  char set_mapping[64], set_taper[64];
  snprintf(set_mapping, sizeof set_mapping, "molecule.mapping=%s", mapping);
  snprintf(set_taper, sizeof set_taper, "molecule.taper=%s", taper);
  qv_deck *deck = molecules_deck("ground-state", name, (const char *[]){set_mapping, set_taper, NULL});
  qv_molecule *m = NULL;
  qv_pauli_sum *sum = NULL;
  qv_observable *h = NULL;
  qv_excitation *list = NULL;
  qv_circuit *circuit = NULL;
  qv_state *state = NULL, *left = NULL;
  int count = 0;
  CHECK(qv_molecule_create(qv_comm_world(), deck, &m) == QV_OK && qv_molecule_hamiltonian(m, &sum) == QV_OK &&
            qv_observable_create(sum, &h) == QV_OK,
        "%s", name);
  CHECK(qv_uccsd_excitations(m->norb, m->reference, m->nsymmetries, m->symmetries, QV_DOUBLES_FIRST, &list, &count) ==
                QV_OK &&
            qv_uccsd_circuit(&m->encoding, count, list, 2, &circuit) == QV_OK,
        "%s", name);
  CHECK(qv_state_create(qv_comm_world(), m->encoding.nqubits, QV_DOUBLE, &state) == QV_OK &&
            qv_state_create(qv_comm_world(), m->encoding.nqubits, QV_DOUBLE, &left) == QV_OK,
        "%s", name);
  double *x = calloc((size_t)count, sizeof *x), *gradient = calloc((size_t)count, sizeof *gradient), value = 0;
  const uint64_t start = qv_encoding_index(&m->encoding, m->reference);
  const qv_circuit_observable observable = {apply, h};
  for (int k = 0; k < count; k++) {
    x[k] = 0.4 * (qv_random_uniform(1, QV_RANDOM_TEST, (uint64_t)k, 0) - 0.5);
  }
  CHECK(qv_state_set_basis(state, start) == QV_OK &&
            qv_circuit_gradient(circuit, x, &observable, state, left, &value, gradient) == QV_OK,
        "%s", name);
  for (int k = 0; k < count; k++) {
    double ends[2];
    const double at = x[k];
    for (int side = 0; side < 2; side++) {
      x[k] = at + (side ? 1e-4 : -1e-4);
      CHECK(qv_state_set_basis(state, start) == QV_OK && qv_circuit_run(circuit, x, state) == QV_OK &&
                qv_observable_expectation(h, state, &ends[side]) == QV_OK,
            "%s", name);
    }
    x[k] = at;
    CHECK(fabs((ends[1] - ends[0]) / 2e-4 - gradient[k]) < 1e-7, "%s: parameter %d: %.12g against %.12g", name, k,
          gradient[k], (ends[1] - ends[0]) / 2e-4);
  }
  free(gradient);
  free(x);
  qv_state_destroy(&left);
  qv_state_destroy(&state);
  qv_circuit_destroy(&circuit);
  qv_free(&list);
  qv_observable_destroy(&h);
  qv_pauli_sum_destroy(&sum);
  qv_molecule_destroy(&m);
  qv_deck_destroy(&deck);
}

/* Runs the task to its end and returns the headline and the exact energy. */
static double run_task(const qv_comm *comm, const qv_deck *deck, double *fci)
{
  void *task = NULL;
  qv_progress progress = {0};
  qv_archive *archive = NULL;
  qv_result *result = NULL;
  char path[64];
  snprintf(path, sizeof path, "test_vqe_%d.h5", comm == qv_comm_world() ? -1 : qv_comm_rank(qv_comm_world()));
  CHECK(qv_task_vqe.create(comm, deck, &task) == QV_OK, "create");
  while (!progress.done) {
    CHECK(qv_task_vqe.step(task, &progress) == QV_OK, "step");
  }
  CHECK(qv_archive_create(comm, path, "result", false, &archive) == QV_OK && qv_result_create(&result) == QV_OK,
        "files");
  CHECK(qv_task_vqe.finish(task, true, archive, result) == QV_OK, "finish");
  const double energy = qv_result_get(result, "vqe_energy");
  *fci = qv_result_get(result, "fci_energy");
  qv_result_destroy(&result);
  qv_archive_abandon(&archive);
  qv_task_vqe.destroy(&task);
  return energy;
}

/* Published UCCSD energies are those of one first-order product in another order; ours must not lie above by more than
 * 1e-5 Hartree. The energies of many ranks and of one agree to 1e-10. */
static void optimise(const char *name, double published, const char *const *overrides)
{
  qv_deck *deck = molecules_deck("vqe", name, overrides);
  double fci = 0, again = 0;
  const double energy = run_task(qv_comm_world(), deck, &fci);
  CHECK(energy < published + 1e-5, "%s: %.9f, published %.9f", name, energy, published);
  CHECK(energy > fci - 1e-9, "%s: %.9f is below the exact %.9f", name, energy, fci);
  if (qv_comm_size(qv_comm_world()) > 1) {
    const double alone = run_task(qv_comm_self(), deck, &again);
    CHECK(fabs(alone - energy) < 1e-10, "%s: %.14g on all ranks, %.14g on one", name, energy, alone);
  }
  if (qv_comm_rank(qv_comm_world()) == 0) {
    printf("%s: %.9f Hartree, published %.9f, exact %.9f\n", name, energy, published, fci);
  }
  qv_deck_destroy(&deck);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && qv_optimize_begin(qv_comm_world()) == QV_OK, "start");
  gradient_of("lih_sto3g_r1.5949", "jordan-wigner", "false");
  gradient_of("lih_sto3g_r3.4", "bravyi-kitaev", "true");
  gradient_of("oh_doublet_sto3g_r0.9697_uhf", "parity", "false");
  optimise("lih_sto3g_r3.4", -7.789387654, NULL);
  optimise("lih_sto3g_r3.4", -7.789387654, (const char *[]){"molecule.mapping=parity", "molecule.taper=true", NULL});
  optimise("h6_chain_sto3g_r1.8", -2.877740600, (const char *[]){"molecule.taper=true", NULL});
  optimise("h6_chain_sto3g_r2.2", -2.811182828, (const char *[]){"molecule.taper=true", NULL});
  /* Two electrons in two orbitals: UCCSD is exact, whatever the way to the gradient. */
  optimise("h2_sto3g_r0.7414", -1.137270174, (const char *[]){"optimizer.gradient=parameter-shift", NULL});
  optimise(
      "h2_sto3g_r0.7414", -1.137270174,
      (const char *[]){"ansatz.kind=hardware-efficient", "ansatz.layers=3", "optimizer.max_evaluations=2000", NULL});
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0, "leak of %lld bytes", (long long)qv_memory_balance());
  qv_parallel_end(0);
  return 0;
}
