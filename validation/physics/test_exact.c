/* Hartree-Fock and second-order energies of all molecules of the manifest, and the exact ones of those up to a number
 * of qubits (first argument), in all three encodings, with and without tapering, against energies of Psi4. Tolerances:
 * reference 1e-9 (the sums of the file's 20-digit integrals), exact 1e-8 Hartree. Silent when right. */
#include "base/qv_memory.h"
#include "molecules.h"
#include "optimize/qv_optimizer.h"
#include "task/qv_exact.h"

static int solved;

/* The molecule of a case, its Hartree-Fock and second-order energies held against the manifest. */
static void check_reference(const cJSON *molecule, const char *const *settings, qv_deck **deck, qv_molecule **out)
{
  const char *name = molecules_name(molecule);
  const double e_hf = molecules_number(molecule, "e_hf"), e_mp2 = molecules_number(molecule, "e_mp2");
  *deck = molecules_deck("ground-state", name, settings);
  CHECK(qv_molecule_create(qv_comm_world(), *deck, out) == QV_OK, "%s", name);
  const qv_molecule *m = *out;
  CHECK(fabs(m->reference_energy - e_hf) < 1e-9, "%s: HF %.12f, expected %.12f", name, m->reference_energy, e_hf);
  const bool closed_and_whole = !m->unrestricted && molecules_number(molecule, "ms2") == 0 &&
                                !cJSON_IsTrue(cJSON_GetObjectItem(molecule, "frozen_core"));
  if (closed_and_whole && isfinite(e_mp2)) {
    CHECK(fabs(qv_molecule_mp2_energy(m) - e_mp2) < 1e-6, "%s: MP2 %.9f, expected %.9f", name,
          qv_molecule_mp2_energy(m), e_mp2);
  }
}

static void check_case(const cJSON *molecule, const char *mapping, const char *taper)
{
  char set_mapping[64], set_taper[64];
  snprintf(set_mapping, sizeof set_mapping, "molecule.mapping=%s", mapping);
  snprintf(set_taper, sizeof set_taper, "molecule.taper=%s", taper);
  const char *name = molecules_name(molecule);
  const double e_fci = molecules_number(molecule, "e_fci"), ms2 = molecules_number(molecule, "ms2");
  qv_deck *deck = NULL;
  qv_molecule *m = NULL;
  qv_pauli_sum *sum = NULL;
  qv_observable *hamiltonian = NULL;
  qv_exact_search *search = NULL;
  qv_exact exact = {0};
  check_reference(molecule, (const char *[]){set_mapping, set_taper, NULL}, &deck, &m);
  CHECK(qv_molecule_hamiltonian(m, &sum) == QV_OK && qv_observable_create(sum, &hamiltonian) == QV_OK, "%s", name);
  CHECK(qv_exact_create(qv_comm_world(), m, hamiltonian, 1, 1, &search) == QV_OK, "%s", name);
  while (exact.roots == 0) {
    CHECK(qv_exact_advance(search, &exact) == QV_OK, "%s %s %s", name, mapping, taper);
  }
  if (getenv("QV_SHOW") && qv_comm_rank(qv_comm_world()) == 0) {
    printf("%s %s %s: %lld applications\n", name, mapping, taper, (long long)exact.applications);
  }
  qv_exact_destroy(&search);
  if (isfinite(e_fci)) {
    CHECK(fabs(exact.energy[0] - e_fci) < 1e-8, "%s %s taper %s: exact %.12f, expected %.12f", name, mapping, taper,
          exact.energy[0], e_fci);
    solved++;
  }
  const double spin = 0.5 * ms2;
  if (!m->unrestricted && isfinite(e_fci)) {
    CHECK(fabs(exact.spin_squared - spin * (spin + 1)) < 1e-5, "%s: S^2 = %.9f", name, exact.spin_squared);
  }
  CHECK(exact.energy[0] <= m->reference_energy + 1e-9, "%s: variational", name);
  qv_observable_destroy(&hamiltonian);
  qv_pauli_sum_destroy(&sum);
  qv_molecule_destroy(&m);
  qv_deck_destroy(&deck);
}

int main(int argc, char **argv)
{
  static const char *const mappings[] = {"jordan-wigner", "parity", "bravyi-kitaev"}, *const tapers[] = {"false",
                                                                                                         "true"};
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && qv_optimize_begin(qv_comm_world()) == QV_OK, "start");
  const int least = argc > 2 ? atoi(argv[1]) : 0, most = atoi(argv[argc - 1]);
  cJSON *manifest = molecules_read();
  const cJSON *molecule = NULL;
  int molecules = 0;
  cJSON_ArrayForEach(molecule, cJSON_GetObjectItem(manifest, "cases"))
  {
    const double qubits = molecules_number(molecule, "qubits_jw");
    if (qubits > most || qubits < least) {
      qv_deck *deck = NULL;
      qv_molecule *m = NULL;
      check_reference(molecule, NULL, &deck, &m);
      qv_molecule_destroy(&m);
      qv_deck_destroy(&deck);
      continue;
    }
    molecules++;
    for (int k = 0; k < 6; k++) {
      check_case(molecule, mappings[k / 2], tapers[k % 2]);
    }
  }
  CHECK(molecules > 0, "no molecule");
  if (qv_comm_rank(qv_comm_world()) == 0) {
    printf("%d molecules, %d exact energies agree to 1e-8 Hartree\n", molecules, solved);
  }
  cJSON_Delete(manifest);
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0, "leak of %lld bytes", (long long)qv_memory_balance());
  qv_parallel_end(0);
  return 0;
}
