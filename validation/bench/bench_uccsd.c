/* Cost of one UCCSD energy, and of energy and gradient, in sweeps: multiples of one read-and-write pass over the state
 * in the same run. Processor time of one thread. Prints one JSON line. Argument: name of a molecule of the manifest;
 * further ones are overrides of the deck. */
#include "../physics/molecules.h"
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "operator/qv_ansatz.h"
#include "operator/qv_observable.h"
#include "optimize/qv_optimizer.h"
#include "problem/qv_molecule.h"

static qv_code apply(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

/* Everything the measurement needs; the second state comes after the memory of an energy has been read. */
typedef struct {
  qv_molecule *m;
  qv_observable *h;
  qv_excitation *list;
  qv_circuit *circuit;
  qv_state *state, *left;
  uint64_t start;
  int count;
  double *x, *gradient, resident;
} bench;

static void set_up(bench *b, const qv_deck *deck)
{
  qv_pauli_sum *sum = NULL;
  CHECK(qv_molecule_create(qv_comm_world(), deck, &b->m) == QV_OK && qv_molecule_hamiltonian(b->m, &sum) == QV_OK &&
            qv_observable_create(sum, &b->h) == QV_OK &&
            qv_uccsd_excitations(b->m->norb, b->m->reference, b->m->nsymmetries, b->m->symmetries, QV_DOUBLES_FIRST,
                                 &b->list, &b->count) == QV_OK &&
            qv_uccsd_circuit(&b->m->encoding, b->count, b->list, 1, &b->circuit) == QV_OK &&
            qv_state_create(qv_comm_world(), b->m->encoding.nqubits, QV_DOUBLE, &b->state) == QV_OK,
        "set-up");
  qv_pauli_sum_destroy(&sum);
  b->start = qv_encoding_index(&b->m->encoding, b->m->reference);
  b->x = calloc((size_t)b->count, sizeof *b->x);
  b->gradient = calloc((size_t)b->count, sizeof *b->gradient);
  for (int k = 0; k < b->count; k++) {
    b->x[k] = 0.01 * (k % 7 - 3);
  }
  CHECK(qv_circuit_start(b->circuit, b->start, b->state) == QV_OK &&
            qv_circuit_run(b->circuit, b->x, b->state) == QV_OK,
        "warm-up");
  b->resident = (double)qv_memory_resident_peak();
  CHECK(qv_state_create(qv_comm_world(), b->m->encoding.nqubits, QV_DOUBLE, &b->left) == QV_OK, "second state");
}

static void take_down(bench *b)
{
  free(b->gradient);
  free(b->x);
  qv_state_destroy(&b->left);
  qv_state_destroy(&b->state);
  qv_circuit_destroy(&b->circuit);
  qv_free(&b->list);
  qv_observable_destroy(&b->h);
  qv_molecule_destroy(&b->m);
}

static void measure(bench *b, const char *name)
{
  double sweep = 1e30, energy = 0, value = 0;
  const int n = b->m->encoding.nqubits;
  for (int i = 0; i < 5; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(b->state, CMPLX(0.6, 0.8));
    sweep = fmin(sweep, qv_clock_cpu() - begin);
  }
  double begin = qv_clock_cpu();
  CHECK(qv_circuit_start(b->circuit, b->start, b->state) == QV_OK &&
            qv_circuit_run(b->circuit, b->x, b->state) == QV_OK,
        "run");
  const double run = qv_clock_cpu() - begin;
  CHECK(qv_observable_expectation(b->h, b->state, &energy) == QV_OK, "expectation");
  const double expectation = qv_clock_cpu() - begin - run;
  const qv_circuit_observable observable = {apply, b->h};
  begin = qv_clock_cpu();
  CHECK(qv_circuit_start(b->circuit, b->start, b->state) == QV_OK &&
            qv_circuit_gradient(b->circuit, b->x, &observable, b->state, b->left, &value, b->gradient) == QV_OK,
        "gradient");
  const double both = qv_clock_cpu() - begin;
  CHECK(fabs(value - energy) < 1e-9, "energies differ");
  if (qv_comm_rank(qv_comm_world()) != 0) {
    return;
  }
  printf("{\"molecule\": \"%s\", \"qubits\": %d, \"excitations\": %d, \"strings\": %lld, \"groups\": %lld, "
         "\"memory_passes\": %lld, \"sweep_seconds\": %.4g, \"circuit_in_sweeps\": %.1f, "
         "\"expectation_in_sweeps\": %.1f, \"gradient_over_energy\": %.2f, \"resident_over_state\": %.3f, "
         "\"energy\": %.9f}\n",
         name, n, b->count, (long long)qv_observable_strings(b->h), (long long)qv_observable_groups(b->h),
         (long long)qv_circuit_passes(b->circuit), sweep, run / sweep, expectation / sweep, both / (run + expectation),
         b->resident / qv_state_bytes(n, qv_comm_size(qv_comm_world()), QV_DOUBLE), energy);
}

int main(int argc, char **argv)
{
  const char *overrides[16] = {NULL};
  bench b = {0};
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 1, "usage: bench_uccsd MOLECULE [KEY=VALUE ...]");
  for (int i = 2; i < argc && i < 16; i++) {
    overrides[i - 2] = argv[i];
  }
  qv_deck *deck = molecules_deck("ground-state", argv[1], overrides);
  set_up(&b, deck);
  measure(&b, argv[1]);
  take_down(&b);
  qv_deck_destroy(&deck);
  qv_parallel_end(0);
  return 0;
}
