#include "base/qv_memory.h"
#include "operator/qv_observable_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  uint64_t x, z;
  double coefficient;
  bool imaginary;
} string_entry;

static int compare_strings(const void *a, const void *b)
{
  const string_entry *s = a, *t = b;
  if (s->x != t->x) {
    return s->x < t->x ? -1 : 1;
  }
  if (s->imaginary != t->imaginary) {
    return s->imaginary ? 1 : -1;
  }
  return s->z < t->z ? -1 : s->z > t->z;
}

static qv_code fill(qv_observable *o, const qv_pauli_sum *sum)
{
  string_entry *entries = NULL;
  const size_t n = (size_t)sum->count;
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->logical_x, &o->logical_x));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->logical_z, &o->logical_z));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->coefficient, &o->coefficient));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->imaginary, &o->imaginary));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->z, &o->z));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *o->c, &o->c));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, n, sizeof *entries, &entries));
  for (size_t i = 0; i < n; i++) {
    const qv_pauli_term *term = &sum->terms[i];
    const int ys = __builtin_popcountll(term->x & term->z) & 3; /* i^ys */
    const double real = creal(term->coefficient);
    entries[i] = (string_entry){.x = term->x, .z = term->z, .coefficient = ys < 2 ? real : -real, .imaginary = ys & 1};
  }
  if (n) {
    qsort(entries, n, sizeof *entries, compare_strings);
  }
  for (size_t i = 0; i < n; i++) {
    o->logical_x[i] = entries[i].x;
    o->logical_z[i] = entries[i].z;
    o->coefficient[i] = entries[i].coefficient;
    o->imaginary[i] = entries[i].imaginary;
    o->ngroups += i == 0 || entries[i].x != entries[i - 1].x || entries[i].imaginary != entries[i - 1].imaginary;
  }
  qv_free(&entries);
  return qv_alloc(QV_MEM_OPERATOR, (size_t)o->ngroups, sizeof *o->groups, &o->groups);
}

qv_code qv_observable_create(const qv_pauli_sum *sum, qv_observable **out)
{
  qv_observable *o = NULL;
  *out = NULL;
  if (qv_pauli_sum_imaginary(sum) > 1e-12) {
    return qv_fail(QV_ERR_INPUT, "the operator is not Hermitian: a coefficient has the imaginary part %.3g",
                   qv_pauli_sum_imaginary(sum));
  }
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, 1, sizeof *o, &o));
  o->nqubits = sum->nqubits;
  o->nstrings = sum->count;
  const qv_code code = fill(o, sum);
  if (code != QV_OK) {
    qv_observable_destroy(&o);
    return code;
  }
  *out = o;
  return QV_OK;
}

void qv_observable_destroy(qv_observable **observable)
{
  qv_observable *o = *observable;
  if (!o) {
    return;
  }
  qv_free(&o->logical_x);
  qv_free(&o->logical_z);
  qv_free(&o->coefficient);
  qv_free(&o->imaginary);
  qv_free(&o->z);
  qv_free(&o->c);
  qv_free(&o->groups);
  qv_string_plan_destroy(&o->plan);
  qv_free(observable);
}

int64_t qv_observable_strings(const qv_observable *observable)
{
  return observable->nstrings;
}

int64_t qv_observable_groups(const qv_observable *observable)
{
  return observable->ngroups;
}

/* Finds the parities in which the strings of a group differ; with few of them, the values that d takes. */
static void classify(const qv_observable *o, qv_group *g)
{
  uint64_t rows[QV_CLASS_PARITIES + 2];
  int rank = 0;
  g->base = o->z[g->first];
  g->nparities = -1;
  for (int64_t i = g->first; i < g->first + g->count; i++) {
    rows[rank] = o->z[i] ^ g->base;
    rank = qv_gf2_reduce(rank + 1, rows, NULL);
    if (rank > QV_CLASS_PARITIES) {
      return;
    }
  }
  memcpy(g->parity, rows, sizeof g->parity);
  g->nclasses = 0;
  for (int pattern = 0; pattern < 1 << rank; pattern++) {
    double d = 0, scale = 0;
    for (int64_t i = g->first; i < g->first + g->count; i++) {
      int odd = 0; /* the parity of z ^ z0 is the sum of those of the rows that make it up */
      for (int k = 0; k < rank; k++) {
        odd ^= (int)((o->z[i] ^ g->base) >> qv_high_bit(rows[k]) & 1) & (pattern >> k & 1);
      }
      d += odd ? -o->c[i] : o->c[i];
      scale = fmax(scale, fabs(o->c[i]));
    }
    if (fabs(d) <= 1e-14 * scale * (double)g->count) {
      continue;
    }
    g->pattern[g->nclasses] = (uint8_t)pattern;
    g->value[g->nclasses++] = d;
  }
  g->family = qv_index_family_make(o->tile_bits, rank, rows, g->x);
  /* Short runs cost more than the transform saves. */
  if (g->nclasses * 2 <= 1 << rank && g->family.form.run_bits >= 0) {
    g->nparities = rank;
  }
}

static int compare_groups(const void *a, const void *b)
{
  const qv_group *s = a, *t = b;
  if (s->x != t->x) {
    return s->x < t->x ? -1 : 1;
  }
  return (int)s->imaginary - (int)t->imaginary;
}

void qv_observable_bind(qv_observable *o, const qv_layout *layout)
{
  const int tile_bits = layout->nlocal < QV_TILE_BITS ? layout->nlocal : QV_TILE_BITS;
  int64_t group = 0;
  if (o->tile_bits == tile_bits && qv_layout_equal(&o->layout, layout)) {
    return;
  }
  o->layout = *layout;
  o->tile_bits = tile_bits;
  qv_string_plan_destroy(&o->plan);
  for (int64_t i = 0; i < o->nstrings; i++) {
    o->z[i] = qv_layout_physical(layout, o->logical_z[i]);
    o->c[i] = o->coefficient[i];
  }
  for (int64_t i = 0; i < o->nstrings; group++) {
    qv_group *g = &o->groups[group];
    *g = (qv_group){.x = qv_layout_physical(layout, o->logical_x[i]), .imaginary = o->imaginary[i], .first = i};
    while (i < o->nstrings && o->logical_x[i] == o->logical_x[g->first] && o->imaginary[i] == o->imaginary[g->first]) {
      i++;
    }
    g->count = i - g->first;
    classify(o, g);
  }
  if (o->ngroups) {
    qsort(o->groups, (size_t)o->ngroups, sizeof *o->groups, compare_groups);
  }
}

bool qv_observable_single(const qv_observable *o, const qv_group *g, int lane_bits)
{
  return g->nparities < 0 && g->count <= QV_STRINGS_SINGLE && qv_string_plan_takes(o->layout.nlocal, lane_bits, g->x);
}

qv_code qv_observable_plan(qv_observable *o, int lane_bits)
{
  qv_string *strings = NULL;
  int64_t count = 0;
  if (o->plan && o->plan->lane_bits == lane_bits) {
    return QV_OK;
  }
  qv_string_plan_destroy(&o->plan);
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, (size_t)o->nstrings, sizeof *strings, &strings));
  for (const qv_group *g = o->groups; g < o->groups + o->ngroups; g++) {
    for (int64_t s = g->first; s < g->first + g->count && qv_observable_single(o, g, lane_bits); s++) {
      strings[count++] = (qv_string){.x = g->x, .z = o->z[s], .c = o->c[s], .imaginary = g->imaginary};
    }
  }
  const qv_code code = qv_string_plan_create(o->layout.nlocal, lane_bits, count, strings, &o->plan);
  qv_free(&strings);
  return code;
}
