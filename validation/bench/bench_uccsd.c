/* Cost of one UCCSD energy, and of energy and gradient, in sweeps: multiples of one read-and-write pass over the state
 * in the same run. Processor time of one thread. Prints one JSON line. Argument: name of a molecule of the manifest;
 * further ones are overrides of the deck. */
#include "../physics/molecules.h"
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "circuit/qv_schedule.h"
#include "operator/qv_ansatz.h"
#include "operator/qv_observable.h"
#include "optimize/qv_optimizer.h"
#include "problem/qv_molecule.h"

static qv_code apply(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

int main(int argc, char **argv)
{
  const char *overrides[16] = {NULL};
  qv_molecule *m = NULL;
  qv_pauli_sum *sum = NULL;
  qv_observable *h = NULL;
  qv_excitation *list = NULL;
  qv_circuit *circuit = NULL;
  qv_state *state = NULL, *left = NULL;
  int count = 0;
  double sweep = 1e30, run = 0, expectation = 0, energy = 0, both = 0, value = 0;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 1, "usage: bench_uccsd MOLECULE [KEY=VALUE ...]");
  for (int i = 2; i < argc && i < 16; i++) {
    overrides[i - 2] = argv[i];
  }
  qv_deck *deck = molecules_deck("ground-state", argv[1], overrides);
  CHECK(qv_molecule_create(qv_comm_world(), deck, &m) == QV_OK && qv_molecule_hamiltonian(m, &sum) == QV_OK &&
            qv_observable_create(sum, &h) == QV_OK &&
            qv_uccsd_excitations(m->norb, m->reference, m->nsymmetries, m->symmetries, QV_DOUBLES_FIRST, &list,
                                 &count) == QV_OK &&
            qv_uccsd_circuit(&m->encoding, count, list, 1, &circuit) == QV_OK &&
            qv_state_create(qv_comm_world(), m->encoding.nqubits, QV_DOUBLE, &state) == QV_OK,
        "set-up");
  const uint64_t start = qv_encoding_index(&m->encoding, m->reference);
  const qv_circuit_observable observable = {apply, h};
  double *x = calloc((size_t)count, sizeof *x), *gradient = calloc((size_t)count, sizeof *gradient);
  for (int k = 0; k < count; k++) {
    x[k] = 0.01 * (k % 7 - 3);
  }
  CHECK(qv_circuit_start(circuit, start, state) == QV_OK && qv_circuit_run(circuit, x, state) == QV_OK, "warm-up");
  const double resident = (double)qv_memory_resident_peak();
  CHECK(qv_state_create(qv_comm_world(), m->encoding.nqubits, QV_DOUBLE, &left) == QV_OK, "second state");
  for (int i = 0; i < 5; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(state, CMPLX(0.6, 0.8));
    sweep = fmin(sweep, qv_clock_cpu() - begin);
  }
  double begin = qv_clock_cpu();
  CHECK(qv_circuit_start(circuit, start, state) == QV_OK && qv_circuit_run(circuit, x, state) == QV_OK, "run");
  run = qv_clock_cpu() - begin;
  CHECK(qv_observable_expectation(h, state, &energy) == QV_OK, "expectation");
  expectation = qv_clock_cpu() - begin - run;
  begin = qv_clock_cpu();
  CHECK(qv_circuit_start(circuit, start, state) == QV_OK &&
            qv_circuit_gradient(circuit, x, &observable, state, left, &value, gradient) == QV_OK,
        "gradient");
  both = qv_clock_cpu() - begin;
  CHECK(fabs(value - energy) < 1e-9, "energies differ");
  qv_schedule *schedule = NULL;
  CHECK(qv_schedule_create(circuit, NULL, qv_state_layout(state)->nlocal, QV_SWEEP_TILE_BITS, &schedule) == QV_OK,
        "plan");
  if (qv_comm_rank(qv_comm_world()) == 0) {
    printf("{\"molecule\": \"%s\", \"qubits\": %d, \"excitations\": %d, \"strings\": %lld, \"groups\": %lld, "
           "\"passes\": %lld, \"sweep_seconds\": %.4g, \"circuit_in_sweeps\": %.1f, \"expectation_in_sweeps\": %.1f, "
           "\"gradient_over_energy\": %.2f, \"resident_over_state\": %.3f, \"energy\": %.9f}\n",
           argv[1], m->encoding.nqubits, count, (long long)qv_observable_strings(h), (long long)qv_observable_groups(h),
           (long long)schedule->npasses, sweep, run / sweep, expectation / sweep, both / (run + expectation),
           resident / qv_state_bytes(m->encoding.nqubits, qv_comm_size(qv_comm_world()), QV_DOUBLE), energy);
  }
  qv_schedule_destroy(&schedule);
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
  qv_parallel_end();
  return 0;
}
