#include "operator/qv_ansatz.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"

typedef struct {
  int norb, nsymmetries;
  uint64_t reference;
  const uint64_t *symmetries;
  qv_excitation *list;
  int count, capacity;
} collector;

static qv_code collect(collector *c, qv_excitation e)
{
  uint64_t modes = 0;
  for (int k = 0; k < e.count; k++) {
    modes ^= 1ULL << e.create[k] ^ 1ULL << e.annihilate[k];
  }
  for (int s = 0; s < c->nsymmetries; s++) {
    if (qv_parity(c->symmetries[s] & modes)) {
      return QV_OK;
    }
  }
  if (c->count == c->capacity) {
    c->capacity = c->capacity ? 2 * c->capacity : 64;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)c->capacity, sizeof *c->list, &c->list));
  }
  c->list[c->count++] = e;
  return QV_OK;
}

static bool occupied(const collector *c, int mode)
{
  return c->reference >> mode & 1;
}

static qv_code collect_singles(collector *c)
{
  for (int spin = 0; spin < 2; spin++) {
    for (int i = spin * c->norb; i < (spin + 1) * c->norb; i++) {
      for (int a = spin * c->norb; a < (spin + 1) * c->norb; a++) {
        if (!occupied(c, i) || occupied(c, a)) {
          continue;
        }
        QV_TRY(collect(c, (qv_excitation){.count = 1, .create = {a}, .annihilate = {i}}));
      }
    }
  }
  return QV_OK;
}

/* Pairs i, j -> a, b with i, a of spin s and j, b of spin t; for equal spins i < j and a < b. */
static qv_code collect_pairs(collector *c, int s, int t)
{
  const int n = c->norb;
  for (int i = s * n; i < (s + 1) * n; i++) {
    for (int j = s == t ? i + 1 : t * n; j < (t + 1) * n; j++) {
      for (int a = s * n; a < (s + 1) * n; a++) {
        for (int b = s == t ? a + 1 : t * n; b < (t + 1) * n; b++) {
          if (!occupied(c, i) || !occupied(c, j) || occupied(c, a) || occupied(c, b)) {
            continue;
          }
          QV_TRY(collect(c, (qv_excitation){.count = 2, .create = {a, b}, .annihilate = {i, j}}));
        }
      }
    }
  }
  return QV_OK;
}

static qv_code collect_doubles(collector *c)
{
  QV_TRY(collect_pairs(c, 0, 0));
  QV_TRY(collect_pairs(c, 1, 1));
  return collect_pairs(c, 0, 1);
}

qv_code qv_uccsd_excitations(int norb, uint64_t reference, int nsymmetries, const uint64_t *symmetries,
                             qv_uccsd_order order, qv_excitation **out, int *count)
{
  collector c = {.norb = norb, .reference = reference, .nsymmetries = nsymmetries, .symmetries = symmetries};
  qv_code code = order == QV_SINGLES_FIRST ? collect_singles(&c) : collect_doubles(&c);
  if (code == QV_OK) {
    code = order == QV_SINGLES_FIRST ? collect_doubles(&c) : collect_singles(&c);
  }
  if (code != QV_OK) {
    qv_free(&c.list);
  }
  *out = c.list;
  *count = code == QV_OK ? c.count : 0;
  return code;
}

qv_code qv_uccsd_circuit(const qv_encoding *encoding, int count, const qv_excitation *excitations, int steps,
                         qv_circuit **out)
{
  qv_circuit *circuit = NULL;
  qv_code code = qv_circuit_create(encoding->nqubits, count, &circuit);
  *out = NULL;
  for (int step = 0; step < steps; step++) {
    for (int k = 0; code == QV_OK && k < count; k++) {
      const qv_excitation *e = &excitations[k];
      qv_rotation rotation;
      if (!qv_fermion_excitation(encoding, e->count, e->create, e->annihilate, &rotation)) {
        code = qv_fail(QV_ERR_INTERNAL, "excitation %d does not commute with a tapered symmetry", k);
      } else {
        code = qv_circuit_rotate(circuit, e->count == 1 ? "single excitation" : "double excitation", &rotation, k,
                                 1.0 / steps, 0);
      }
    }
  }
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  *out = circuit;
  return QV_OK;
}

static qv_code entangle(qv_circuit *circuit, int n, qv_entangler entangler)
{
  for (int a = 0; a + 1 < n; a++) {
    for (int b = a + 1; b < (entangler == QV_ENTANGLE_FULL ? n : a + 2); b++) {
      QV_TRY(qv_circuit_cx(circuit, a, b));
    }
  }
  return entangler == QV_ENTANGLE_RING && n > 2 ? qv_circuit_cx(circuit, n - 1, 0) : QV_OK;
}

static qv_code fill_layers(qv_circuit *circuit, int n, int layers, qv_entangler entangler)
{
  for (int layer = 0; layer <= layers; layer++) {
    for (int q = 0; q < n; q++) {
      QV_TRY(qv_circuit_ry(circuit, q, 2 * (layer * n + q)));
      QV_TRY(qv_circuit_rz(circuit, q, 2 * (layer * n + q) + 1));
    }
    if (layer < layers) {
      QV_TRY(entangle(circuit, n, entangler));
    }
  }
  return QV_OK;
}

qv_code qv_hardware_efficient(int nqubits, int layers, qv_entangler entangler, qv_circuit **out)
{
  qv_circuit *circuit = NULL;
  *out = NULL;
  QV_TRY(qv_circuit_create(nqubits, 2 * nqubits * (layers + 1), &circuit));
  const qv_code code = fill_layers(circuit, nqubits, layers, entangler);
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  *out = circuit;
  return QV_OK;
}
