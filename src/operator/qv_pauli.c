#define _POSIX_C_SOURCE 200809L
#include "operator/qv_pauli.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

qv_code qv_pauli_sum_create(int nqubits, qv_pauli_sum **out)
{
  qv_pauli_sum *sum = NULL;
  *out = NULL;
  QV_REQUIRE(nqubits >= 1 && nqubits <= 62);
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, 1, sizeof *sum, &sum));
  sum->nqubits = nqubits;
  *out = sum;
  return QV_OK;
}

void qv_pauli_sum_destroy(qv_pauli_sum **sum)
{
  if (!*sum) {
    return;
  }
  qv_free(&(*sum)->terms);
  qv_free(sum);
}

qv_code qv_pauli_sum_add(qv_pauli_sum *sum, uint64_t x, uint64_t z, double _Complex coefficient)
{
  if (sum->count == sum->capacity) {
    const int64_t capacity = sum->capacity ? 2 * sum->capacity : 256;
    QV_TRY(qv_realloc(QV_MEM_OPERATOR, (size_t)capacity, sizeof *sum->terms, &sum->terms));
    sum->capacity = capacity;
  }
  sum->terms[sum->count++] = (qv_pauli_term){.x = x, .z = z, .coefficient = coefficient};
  return QV_OK;
}

static int compare_terms(const void *a, const void *b)
{
  const qv_pauli_term *s = a, *t = b;
  if (s->x != t->x) {
    return s->x < t->x ? -1 : 1;
  }
  return s->z < t->z ? -1 : s->z > t->z;
}

void qv_pauli_sum_simplify(qv_pauli_sum *sum, double threshold)
{
  int64_t kept = 0;
  if (sum->count) {
    qsort(sum->terms, (size_t)sum->count, sizeof *sum->terms, compare_terms);
  }
  for (int64_t i = 0; i < sum->count;) {
    qv_pauli_term merged = sum->terms[i++];
    while (i < sum->count && compare_terms(&merged, &sum->terms[i]) == 0) {
      merged.coefficient += sum->terms[i++].coefficient;
    }
    if (cabs(merged.coefficient) > threshold) {
      sum->terms[kept++] = merged;
    }
  }
  sum->count = kept;
}

static double _Complex power_of_i(int exponent)
{
  static const double re[4] = {1, 0, -1, 0}, im[4] = {0, 1, 0, -1};
  return CMPLX(re[exponent & 3], im[exponent & 3]);
}

double _Complex qv_pauli_phase(uint64_t x1, uint64_t z1, uint64_t x2, uint64_t z2)
{
  /* X^x1 Z^z1 X^x2 Z^z2 = (-1)^|z1&x2| X^(x1^x2) Z^(z1^z2), and each P carries i^|x&z|. */
  const int exponent = __builtin_popcountll(x1 & z1) + __builtin_popcountll(x2 & z2) +
                       2 * __builtin_popcountll(z1 & x2) - __builtin_popcountll((x1 ^ x2) & (z1 ^ z2));
  return power_of_i(exponent);
}

double _Complex qv_pauli_sum_identity(const qv_pauli_sum *sum)
{
  double _Complex identity = 0;
  for (int64_t i = 0; i < sum->count; i++) {
    if ((sum->terms[i].x | sum->terms[i].z) == 0) {
      identity += sum->terms[i].coefficient;
    }
  }
  return identity;
}

double qv_pauli_sum_one_norm(const qv_pauli_sum *sum)
{
  double norm = 0;
  for (int64_t i = 0; i < sum->count; i++) {
    if (sum->terms[i].x | sum->terms[i].z) {
      norm += cabs(sum->terms[i].coefficient);
    }
  }
  return norm;
}

double qv_pauli_sum_imaginary(const qv_pauli_sum *sum)
{
  double largest = 0;
  for (int64_t i = 0; i < sum->count; i++) {
    largest = fmax(largest, fabs(cimag(sum->terms[i].coefficient)));
  }
  return largest;
}

int qv_pauli_sum_symmetries(const qv_pauli_sum *sum, uint64_t *basis)
{
  /* Z^s commutes with P(x,z) iff |s&x| is even. The rows are kept reduced while the terms pass by. */
  uint64_t rows[QV_GF2_MAX + 1], last = 0;
  int rank = 0;
  for (int64_t i = 0; i < sum->count; i++) {
    if (sum->terms[i].x == last) {
      continue;
    }
    last = sum->terms[i].x;
    rows[rank] = last;
    rank = qv_gf2_reduce(rank + 1, rows, NULL);
  }
  return qv_gf2_kernel(rank, rows, sum->nqubits, basis);
}

/* One line of a Pauli list: "coefficient X0 Z1"; blank lines and comments give *empty. */
static qv_code parse_line(const char *name, int line, const char *text, qv_pauli_term *term, bool *empty)
{
  char *at = NULL;
  *term = (qv_pauli_term){0};
  while (isspace((unsigned char)*text)) {
    text++;
  }
  *empty = *text == '\0' || *text == '#';
  if (*empty) {
    return QV_OK;
  }
  term->coefficient = strtod(text, &at);
  if (at == text || !isfinite(creal(term->coefficient)) || (*at != '\0' && !isspace((unsigned char)*at))) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: a line of a Pauli list starts with a finite coefficient, as in '-0.5 X0 Z1'",
                   name, line);
  }
  for (;;) {
    while (isspace((unsigned char)*at)) {
      at++;
    }
    if (*at == '\0' || *at == '#') {
      return QV_OK;
    }
    const char letter = (char)toupper((unsigned char)*at);
    if (letter == 'I' && !isdigit((unsigned char)at[1])) {
      at++;
      continue;
    }
    char *end = NULL;
    const long qubit = isdigit((unsigned char)at[1]) ? strtol(at + 1, &end, 10) : -1;
    if (!strchr("IXYZ", letter) || qubit < 0 || qubit > 61) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: '%.12s': expected a letter X, Y or Z with a qubit from 0 to 61, as in 'X0'",
                     name, line, at);
    }
    const uint64_t bit = 1ULL << qubit;
    if ((term->x | term->z) & bit) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: qubit %ld stands twice in one string", name, line, qubit);
    }
    term->x |= letter == 'X' || letter == 'Y' ? bit : 0;
    term->z |= letter == 'Z' || letter == 'Y' ? bit : 0;
    at = end;
  }
}

static qv_code parse_lines(const char *name, const char *text, size_t length, int nqubits, qv_pauli_sum *sum)
{
  const char *end = text + length;
  uint64_t used = 0;
  char line[4096];
  for (int number = 1; text < end; number++) {
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    const size_t size = (size_t)((newline ? newline : end) - text);
    bool empty;
    qv_pauli_term term;
    if (size >= sizeof line) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: the line is too long", name, number);
    }
    memcpy(line, text, size);
    line[size] = '\0';
    text += size + 1;
    QV_TRY(parse_line(name, number, line, &term, &empty));
    if (empty) {
      continue;
    }
    used |= term.x | term.z;
    if (nqubits && (term.x | term.z) >> nqubits) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: qubit %d is beyond the register of %d qubits (numbered from 0)", name,
                     number, qv_high_bit(term.x | term.z), nqubits);
    }
    QV_TRY(qv_pauli_sum_add(sum, term.x, term.z, term.coefficient));
  }
  if (sum->count == 0) {
    return qv_fail(QV_ERR_INPUT, "%s: there is no Pauli string in the file", name);
  }
  sum->nqubits = nqubits ? nqubits : used ? qv_high_bit(used) + 1 : 1;
  return QV_OK;
}

qv_code qv_pauli_sum_parse(const char *name, const char *text, size_t length, int nqubits, qv_pauli_sum **out)
{
  qv_pauli_sum *sum = NULL;
  *out = NULL;
  QV_TRY(qv_pauli_sum_create(nqubits ? nqubits : 1, &sum));
  const qv_code code = parse_lines(name, text, length, nqubits, sum);
  if (code != QV_OK) {
    qv_pauli_sum_destroy(&sum);
    return code;
  }
  qv_pauli_sum_simplify(sum, 0);
  *out = sum;
  return QV_OK;
}
