/* Start states, Grover's overlap, and the circuits of mixers. */
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "operator/qv_qaoa_private.h"

#include <math.h>

enum { PARTS = 64 };

/* The start state as amplitudes of physical indices: one value on the allowed ones, or a product over qubits. */
typedef struct {
  bool product;
  int blocks, ones;
  uint64_t block[QV_QUBITS_MAX];   /* physical masks */
  double factor[QV_QUBITS_MAX][2]; /* [physical bit][value] */
  double amplitude;                /* of an allowed index */
  int n;
} start_form;

static double choose(int n, int k)
{
  double c = 1;
  for (int i = 0; i < k; i++) {
    c = c * (n - i) / (i + 1);
  }
  return c;
}

static start_form form_of(const qv_qaoa *q, const qv_layout *layout)
{
  start_form f = {.n = q->n, .product = q->bias != NULL, .ones = q->opts.ones};
  double count = q->opts.block ? 1 : ldexp(1, q->n);
  for (int bit = 0; f.product && bit < q->n; bit++) {
    const double one = q->bias[layout->qubit_of[bit]];
    f.factor[bit][0] = sqrt(1 - one);
    f.factor[bit][1] = sqrt(one);
  }
  for (int first = 0; q->opts.block && first < q->n; first += q->opts.block) {
    f.block[f.blocks++] = qv_layout_physical(layout, qv_low_mask(q->opts.block) << first);
    count *= choose(q->opts.block, q->opts.ones);
  }
  f.amplitude = 1 / sqrt(count);
  return f;
}

static double amplitude_of(const start_form *f, uint64_t index)
{
  double value = f->amplitude;
  if (f->product) {
    value = 1;
    for (int bit = 0; bit < f->n; bit++) {
      value *= f->factor[bit][index >> bit & 1];
    }
    return value;
  }
  for (int b = 0; b < f->blocks; b++) {
    if (__builtin_popcountll(index & f->block[b]) != f->ones) {
      return 0;
    }
  }
  return value;
}

static uint64_t first_index(const qv_state *state)
{
  return (uint64_t)qv_comm_rank(qv_state_comm(state)) << qv_state_layout(state)->nlocal;
}

qv_code qv_qaoa_add_start(const qv_qaoa *q, double _Complex factor, qv_state *state)
{
  const start_form f = form_of(q, qv_state_layout(state));
  const uint64_t first = first_index(state);
  const bool real = qv_state_precision(state) == QV_DOUBLE;
  double *v = qv_state_data(state);
  float *s = qv_state_data(state);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < qv_state_local_count(state); i++) {
    const double amplitude = amplitude_of(&f, first | (uint64_t)i);
    if (real) {
      v[2 * i] += amplitude * creal(factor);
      v[2 * i + 1] += amplitude * cimag(factor);
    } else {
      s[2 * i] += (float)(amplitude * creal(factor));
      s[2 * i + 1] += (float)(amplitude * cimag(factor));
    }
  }
  return QV_OK;
}

qv_code qv_qaoa_start(const qv_qaoa *q, qv_state *state)
{
  qv_state_zero(state);
  return qv_qaoa_add_start(q, 1, state);
}

qv_code qv_qaoa_overlap(const qv_qaoa *q, const qv_state *state, double _Complex *overlap)
{
  const start_form f = form_of(q, qv_state_layout(state));
  const uint64_t first = first_index(state);
  const int64_t count = qv_state_local_count(state);
  const bool real = qv_state_precision(state) == QV_DOUBLE;
  double sums[2 * PARTS] = {0}, total[2];
  const double *v = qv_state_data(state == q->state ? q->state : q->left);
  const float *s = (const float *)v;
#pragma omp parallel for schedule(static)
  for (int part = 0; part < PARTS; part++) {
    for (int64_t i = count * part / PARTS; i < count * (part + 1) / PARTS; i++) {
      const double amplitude = amplitude_of(&f, first | (uint64_t)i);
      sums[2 * part] += amplitude * (real ? v[2 * i] : (double)s[2 * i]);
      sums[2 * part + 1] += amplitude * (real ? v[2 * i + 1] : (double)s[2 * i + 1]);
    }
  }
  total[0] = qv_sum_tree_strided(sums, PARTS, 2);
  total[1] = qv_sum_tree_strided(sums + 1, PARTS, 2);
  qv_comm_sum(qv_state_comm(state), total, 2);
  *overlap = CMPLX(total[0], total[1]);
  return QV_OK;
}

/* exp(-i beta (X_i X_j + Y_i Y_j)/2): |10> and |01> turn into each other, the others stay. */
static qv_code append_pair(int i, int j, int parameter, qv_circuit *circuit)
{
  const qv_rotation r = {
      .flip = 1ULL << i | 1ULL << j, .check = {1ULL << i, 1ULL << j}, .value = {1, 0}, .nchecks = 2, .unit = 3};
  return qv_circuit_rotate(circuit, "xy", &r, parameter, 1, 0);
}

static qv_code append_ring(int first, int size, int parameter, qv_circuit *circuit)
{
  for (int parity = 0; parity < 2; parity++) {
    for (int j = parity; j + 1 < size; j += 2) {
      QV_TRY(append_pair(first + j, first + j + 1, parameter, circuit));
    }
  }
  return size > 2 ? append_pair(first, first + size - 1, parameter, circuit) : QV_OK;
}

static qv_code append_complete(int first, int size, int parameter, qv_circuit *circuit)
{
  for (int i = 0; i < size; i++) {
    for (int j = i + 1; j < size; j++) {
      QV_TRY(append_pair(first + i, first + j, parameter, circuit));
    }
  }
  return QV_OK;
}

/* RY(theta) RZ(2 beta) RY(-theta), theta = 2 arcsin sqrt(bias): for an even bias exp(-i beta X). */
static qv_code append_biased(const qv_qaoa *q, int parameter, qv_circuit *circuit)
{
  for (int i = 0; i < q->n; i++) {
    const double half = asin(sqrt(q->bias[i]));
    const qv_rotation y = qv_rotation_pauli(1ULL << i, 1ULL << i), z = qv_rotation_pauli(0, 1ULL << i);
    QV_TRY(qv_circuit_rotate(circuit, "ry", &y, -1, 0, -half));
    QV_TRY(qv_circuit_rotate(circuit, "rz", &z, parameter, 1, 0));
    QV_TRY(qv_circuit_rotate(circuit, "ry", &y, -1, 0, half));
  }
  return QV_OK;
}

qv_code qv_qaoa_append_mixer(const qv_qaoa *q, int parameter, qv_circuit *circuit)
{
  const int block = q->opts.block ? q->opts.block : q->n;
  if (q->opts.mixer == QV_QAOA_BIASED) {
    return append_biased(q, parameter, circuit);
  }
  for (int first = 0; first < q->n; first += block) {
    QV_TRY(q->opts.mixer == QV_QAOA_XY_RING ? append_ring(first, block, parameter, circuit)
                                            : append_complete(first, block, parameter, circuit));
  }
  return QV_OK;
}

static qv_code append_start(const qv_qaoa *q, qv_circuit *circuit)
{
  for (int i = 0; i < q->n && q->opts.block == 0; i++) {
    if (q->bias) {
      const qv_rotation y = qv_rotation_pauli(1ULL << i, 1ULL << i);
      QV_TRY(qv_circuit_rotate(circuit, "ry", &y, -1, 0, asin(sqrt(q->bias[i]))));
    } else {
      QV_TRY(qv_circuit_h(circuit, i));
    }
  }
  return QV_OK;
}

static qv_code append_layer(const qv_qaoa *q, int gamma, int beta, qv_circuit *circuit)
{
  for (int64_t t = 0; t < qv_diagonal_count(q->cost); t++) {
    const qv_rotation z = qv_rotation_pauli(0, qv_diagonal_mask(q->cost, t));
    QV_TRY(qv_circuit_rotate(circuit, "phase", &z, gamma, qv_diagonal_coefficient(q->cost, t), 0));
  }
  for (int i = 0; i < q->n && q->opts.mixer == QV_QAOA_X; i++) {
    const qv_rotation x = qv_rotation_pauli(1ULL << i, 0);
    QV_TRY(qv_circuit_rotate(circuit, "rx", &x, beta, 1, 0));
  }
  return q->mixer ? qv_qaoa_append_mixer(q, beta, circuit) : QV_OK;
}

qv_code qv_qaoa_circuit(const qv_qaoa *q, int layers, qv_circuit **out)
{
  QV_TRY(qv_circuit_create(q->n, 2 * layers, out));
  qv_code code = append_start(q, *out);
  for (int l = 0; code == QV_OK && l < layers; l++) {
    code = append_layer(q, l, layers + l, *out);
  }
  if (code != QV_OK) {
    qv_circuit_destroy(out);
  }
  return code;
}

qv_code qv_qaoa_layer_circuit(qv_diagonal *cost, qv_circuit **out)
{
  const qv_qaoa plain = {.cost = cost, .n = qv_diagonal_qubits(cost), .opts = {.mixer = QV_QAOA_X}};
  QV_TRY(qv_circuit_create(plain.n, 2, out));
  const qv_code code = append_layer(&plain, 0, 1, *out);
  if (code != QV_OK) {
    qv_circuit_destroy(out);
  }
  return code;
}
