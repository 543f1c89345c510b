/* From a deck and an FCIDUMP file to integrals over active orbitals and a reference determinant. */
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "io/qv_fcidump.h"
#include "problem/qv_molecule_private.h"

#include <math.h>
#include <string.h>

static size_t address(int n, int p, int q, int r, int s)
{
  return (((size_t)p * (size_t)n + (size_t)q) * (size_t)n + (size_t)r) * (size_t)n + (size_t)s;
}

double qv_molecule_one(const qv_molecule *m, int p, int q)
{
  const int n = m->norb, spin = p >= n;
  if (spin != (q >= n)) {
    return 0;
  }
  return m->h[spin][(p - spin * n) * n + (q - spin * n)];
}

double qv_molecule_two(const qv_molecule *m, int p, int q, int r, int s)
{
  const int n = m->norb, sp = p >= n, sr = r >= n;
  if (sp != (q >= n) || sr != (s >= n)) {
    return 0;
  }
  p -= sp * n;
  q -= sp * n;
  r -= sr * n;
  s -= sr * n;
  if (sp == sr) {
    return m->eri[sp][address(n, p, q, r, s)];
  }
  return sp == 0 ? m->eri[2][address(n, p, q, r, s)] : m->eri[2][address(n, r, s, p, q)];
}

double qv_molecule_determinant_energy(const qv_molecule *m, uint64_t occupied)
{
  double energy = m->core;
  for (uint64_t left = occupied; left; left &= left - 1) {
    const int i = qv_low_bit(left);
    energy += qv_molecule_one(m, i, i);
    for (uint64_t other = left & (left - 1); other; other &= other - 1) {
      const int j = qv_low_bit(other);
      energy += qv_molecule_two(m, i, i, j, j) - qv_molecule_two(m, i, j, j, i);
    }
  }
  return energy;
}

static double binomial(int n, int k)
{
  double value = 1;
  for (int i = 1; i <= k; i++) {
    value = value * (n - k + i) / i;
  }
  return value;
}

double qv_molecule_determinants(const qv_molecule *m)
{
  return binomial(m->norb, m->nalpha) * binomial(m->norb, m->nbeta);
}

/* The next larger number with as many set bits. */
static uint64_t next_combination(uint64_t bits)
{
  const uint64_t lowest = bits & -bits, ripple = bits + lowest;
  return ripple | (((bits ^ ripple) >> 2) / lowest);
}

static uint64_t lowest_by_enumeration(const qv_molecule *m)
{
  const uint64_t end = 1ULL << m->norb;
  uint64_t best = 0;
  double energy = INFINITY;
  for (uint64_t alpha = qv_low_mask(m->nalpha); alpha < end; alpha = next_combination(alpha)) {
    for (uint64_t beta = qv_low_mask(m->nbeta); beta < end; beta = next_combination(beta)) {
      const double here = qv_molecule_determinant_energy(m, alpha | beta << m->norb);
      if (here < energy - 1e-9) { /* among equals the first in order */
        energy = here;
        best = alpha | beta << m->norb;
      }
      if (m->nbeta == 0) {
        break;
      }
    }
    if (m->nalpha == 0) {
      break;
    }
  }
  return best;
}

/* Tries the exchange of occupied i for empty a (and, with `paired`, of the same orbitals in the other spin). */
static bool improve(const qv_molecule *m, uint64_t *best, double *energy, bool paired)
{
  const int n = m->norb, modes = paired ? n : 2 * n;
  for (int i = 0; i < modes; i++) {
    for (int a = i < n ? 0 : n; a < (i < n ? n : 2 * n); a++) {
      const uint64_t pair = 1ULL << i | 1ULL << a, flips = paired ? pair | pair << n : pair;
      const uint64_t from = paired ? 1ULL << i | 1ULL << (i + n) : 1ULL << i;
      if (a == i || (*best & flips) != from) {
        continue;
      }
      const double here = qv_molecule_determinant_energy(m, *best ^ flips);
      if (here < *energy - 1e-9) {
        *energy = here;
        *best ^= flips;
        return true;
      }
    }
  }
  return false;
}

static uint64_t lowest_by_descent(const qv_molecule *m)
{
  uint64_t best = qv_low_mask(m->nalpha) | qv_low_mask(m->nbeta) << m->norb;
  double energy = qv_molecule_determinant_energy(m, best);
  while (improve(m, &best, &energy, false) || improve(m, &best, &energy, true)) {
  }
  return best;
}

/* Place of an orbital of the file (from 0) among the active ones, or -1. */
static int active_place(const qv_molecule *m, int64_t orbital)
{
  for (int p = 0; p < m->norb; p++) {
    if (m->orbital[p] == orbital) {
      return p;
    }
  }
  return -1;
}

/* The deck's occupation of one spin, as a mask over active orbitals. */
static qv_code read_occupation(const qv_molecule *m, const qv_deck *deck, const char *path, int electrons,
                               uint64_t *mask)
{
  *mask = 0;
  for (int i = 0; i < qv_deck_count(deck, path); i++) {
    const int64_t orbital = qv_deck_int_at(deck, path, i);
    const int place = active_place(m, orbital - 1);
    if (place < 0) {
      return qv_deck_fail(deck, path, QV_ERR_DECK, "orbital %lld is not an active one", (long long)orbital);
    }
    if (*mask >> place & 1) {
      return qv_deck_fail(deck, path, QV_ERR_DECK, "orbital %lld stands twice", (long long)orbital);
    }
    *mask |= 1ULL << place;
  }
  if (__builtin_popcountll(*mask) != electrons) {
    return qv_deck_fail(deck, path, QV_ERR_DECK, "%d orbitals are named for %d active electrons of this spin",
                        __builtin_popcountll(*mask), electrons);
  }
  return QV_OK;
}

static qv_code choose_reference(qv_molecule *m, const qv_deck *deck)
{
  const bool alpha = qv_deck_is_set(deck, "molecule.occupied_alpha");
  const bool beta = qv_deck_is_set(deck, "molecule.occupied_beta");
  uint64_t up = 0, down = 0;
  if (alpha != beta) {
    return qv_deck_fail(deck, alpha ? "molecule.occupied_alpha" : "molecule.occupied_beta", QV_ERR_DECK,
                        "give occupied_alpha and occupied_beta together, or neither");
  }
  if (alpha) {
    QV_TRY(read_occupation(m, deck, "molecule.occupied_alpha", m->nalpha, &up));
    QV_TRY(read_occupation(m, deck, "molecule.occupied_beta", m->nbeta, &down));
    m->reference = up | down << m->norb;
  } else {
    m->reference = qv_molecule_determinants(m) <= 2e5 ? lowest_by_enumeration(m) : lowest_by_descent(m);
  }
  m->reference_energy = qv_molecule_determinant_energy(m, m->reference);
  return QV_OK;
}

/* Marks a list of orbitals (from 1 in the deck) in flags[norb]. */
static qv_code mark_orbitals(const qv_deck *deck, const char *path, int norb, bool *flags)
{
  for (int i = 0; qv_deck_is_set(deck, path) && i < qv_deck_count(deck, path); i++) {
    const int64_t orbital = qv_deck_int_at(deck, path, i);
    if (orbital > norb) {
      return qv_deck_fail(deck, path, QV_ERR_DECK, "orbital %lld does not exist: the file has %d", (long long)orbital,
                          norb);
    }
    if (flags[orbital - 1]) {
      return qv_deck_fail(deck, path, QV_ERR_DECK, "orbital %lld stands twice", (long long)orbital);
    }
    flags[orbital - 1] = true;
  }
  return QV_OK;
}

/* Chooses the active orbitals and counts their electrons. */
static qv_code choose_orbitals(qv_molecule *m, const qv_deck *deck, const qv_fcidump *dump, bool *frozen)
{
  bool active[64] = {false};
  const char *culprit = "molecule.fcidump";
  int nfrozen = 0;
  QV_TRY(mark_orbitals(deck, "molecule.frozen", dump->norb, frozen));
  QV_TRY(mark_orbitals(deck, "molecule.active", dump->norb, active));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)dump->norb, sizeof *m->orbital, &m->orbital));
  for (int p = 0; p < dump->norb; p++) {
    if (frozen[p] && active[p]) {
      return qv_deck_fail(deck, "molecule.active", QV_ERR_DECK, "orbital %d is both frozen and active", p + 1);
    }
    nfrozen += frozen[p];
    if (!frozen[p] && (active[p] || !qv_deck_is_set(deck, "molecule.active"))) {
      m->orbital[m->norb++] = p;
    }
  }
  int64_t electrons = dump->nelec, ms2 = dump->ms2;
  if (qv_deck_is_set(deck, "molecule.electrons")) {
    electrons = qv_deck_int(deck, culprit = "molecule.electrons");
  }
  if (qv_deck_is_set(deck, "molecule.ms2")) {
    ms2 = qv_deck_int(deck, culprit = "molecule.ms2");
  }
  if ((electrons + ms2) % 2 != 0) {
    return qv_deck_fail(deck, culprit, QV_ERR_DECK,
                        "%lld electrons cannot have ms2 = %lld, spin-up less spin-down electrons: both are even or "
                        "both are odd",
                        (long long)electrons, (long long)ms2);
  }
  if (nfrozen) {
    culprit = "molecule.frozen";
  }
  const int64_t left = electrons - 2 * nfrozen;
  if (m->norb < 1 || m->norb > QV_QUBITS_MAX / 2) {
    return qv_deck_fail(deck, culprit, QV_ERR_DECK, "%d active orbitals: 1 to %d can be treated", m->norb,
                        QV_QUBITS_MAX / 2);
  }
  if (left < 0 || left + ms2 < 0 || left - ms2 < 0 || left + ms2 > 2 * m->norb || left - ms2 > 2 * m->norb) {
    return qv_deck_fail(deck, culprit, QV_ERR_DECK,
                        "%lld electrons with ms2 = %lld, of which %d are frozen, do not fit into %d active orbitals",
                        (long long)electrons, (long long)ms2, 2 * nfrozen, m->norb);
  }
  m->nalpha = (int)((left + ms2) / 2);
  m->nbeta = (int)((left - ms2) / 2);
  return QV_OK;
}

/* Folds the frozen orbitals into the core energy and the one-electron integrals, and copies the active ones. */
static qv_code fold_integrals(qv_molecule *m, const qv_fcidump *dump, const bool *frozen)
{
  const int n = m->norb;
  m->core = dump->core;
  m->unrestricted = dump->unrestricted;
  for (int i = 0; i < dump->norb; i++) {
    for (int s = 0; frozen[i] && s < 2; s++) {
      m->core += qv_fcidump_one(dump, s, i, i);
      for (int j = 0; j < dump->norb; j++) {
        if (!frozen[j]) {
          continue;
        }
        m->core += 0.5 * (qv_fcidump_two(dump, s, 0, i, i, j, j) + qv_fcidump_two(dump, s, 1, i, i, j, j) -
                          qv_fcidump_two(dump, s, s, i, j, j, i));
      }
    }
  }
  for (int s = 0; s < 2; s++) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), &m->h[s]));
    for (int p = 0; p < n; p++) {
      for (int q = 0; q < n; q++) {
        const int P = m->orbital[p], Q = m->orbital[q];
        double value = qv_fcidump_one(dump, s, P, Q);
        for (int i = 0; i < dump->norb; i++) {
          if (!frozen[i]) {
            continue;
          }
          value += qv_fcidump_two(dump, s, 0, P, Q, i, i) + qv_fcidump_two(dump, s, 1, P, Q, i, i) -
                   qv_fcidump_two(dump, s, s, P, i, i, Q);
        }
        m->h[s][p * n + q] = value;
      }
    }
  }
  for (int kind = 0; kind < 3; kind++) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, address(n, n - 1, n - 1, n - 1, n - 1) + 1, sizeof(double), &m->eri[kind]));
    const int s = kind == 1, t = kind >= 1;
    for (int p = 0; p < n; p++) {
      for (int q = 0; q < n; q++) {
        for (int r = 0; r < n; r++) {
          for (int u = 0; u < n; u++) {
            m->eri[kind][address(n, p, q, r, u)] =
                qv_fcidump_two(dump, s, t, m->orbital[p], m->orbital[q], m->orbital[r], m->orbital[u]);
          }
        }
      }
    }
  }
  return QV_OK;
}

/* Independent masks over modes whose parity every integral above the threshold conserves. An excitation p <- q, or a
 * pair of them, is a row; the symmetries are what all rows are even in. */
static void find_symmetries(qv_molecule *m)
{
  const int modes = 2 * m->norb;
  uint64_t rows[QV_GF2_MAX + 1];
  int rank = 0;
  for (int p = 0; p < modes; p++) {
    for (int q = 0; q < p; q++) {
      if (fabs(qv_molecule_one(m, p, q)) <= QV_MOLECULE_SYMMETRY) {
        continue;
      }
      rows[rank] = 1ULL << p | 1ULL << q;
      rank = qv_gf2_reduce(rank + 1, rows, NULL);
    }
  }
  for (int p = 0; p < modes; p++) {
    for (int q = 0; q <= p; q++) {
      for (int r = 0; r <= p; r++) {
        for (int s = 0; s <= r; s++) {
          if (fabs(qv_molecule_two(m, p, q, r, s)) <= QV_MOLECULE_SYMMETRY) {
            continue;
          }
          rows[rank] = (1ULL << p ^ 1ULL << q) ^ (1ULL << r ^ 1ULL << s);
          rank = qv_gf2_reduce(rank + 1, rows, NULL);
        }
      }
    }
  }
  m->nsymmetries = qv_gf2_kernel(rank, rows, modes, m->symmetries);
}

static qv_code build(const qv_comm *comm, const qv_deck *deck, qv_fcidump **dump, qv_molecule *m)
{
  bool frozen[64] = {false};
  QV_TRY(qv_fcidump_read(comm, qv_deck_string(deck, "molecule.fcidump"), dump));
  QV_TRY(choose_orbitals(m, deck, *dump, frozen));
  QV_TRY(fold_integrals(m, *dump, frozen));
  QV_TRY(choose_reference(m, deck));
  find_symmetries(m);
  m->tapered = qv_deck_bool(deck, "molecule.taper");
  const qv_encoding plain = qv_encoding_make((qv_mapping)qv_deck_choice(deck, "molecule.mapping"), 2 * m->norb);
  m->encoding = qv_encoding_taper(&plain, m->tapered ? m->nsymmetries : 0, m->symmetries, m->reference);
  if (m->encoding.nqubits < 1) {
    return qv_deck_fail(deck, "molecule.taper", QV_ERR_DECK,
                        "the symmetries fix all %d qubits, so that nothing is left to compute: set taper to false",
                        2 * m->norb);
  }
  return QV_OK;
}

qv_code qv_molecule_create(const qv_comm *comm, const qv_deck *deck, qv_molecule **out)
{
  qv_molecule *molecule = NULL;
  qv_fcidump *dump = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_PROBLEM, 1, sizeof *molecule, &molecule));
  const qv_code code = build(comm, deck, &dump, molecule);
  qv_fcidump_destroy(&dump);
  if (code != QV_OK) {
    qv_molecule_destroy(&molecule);
    return code;
  }
  *out = molecule;
  return QV_OK;
}

void qv_molecule_destroy(qv_molecule **molecule)
{
  if (!*molecule) {
    return;
  }
  qv_free(&(*molecule)->orbital);
  for (int k = 0; k < 2; k++) {
    qv_free(&(*molecule)->h[k]);
  }
  for (int k = 0; k < 3; k++) {
    qv_free(&(*molecule)->eri[k]);
  }
  qv_free(molecule);
}
