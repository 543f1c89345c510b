#include "problem/qv_linear_program.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

#define TINY    1e-9
#define STALLED 40 /* steps without length, after which Bland's rule decides */

/* Rows hold structural columns, then one slack for each row. A variable beyond these is the artificial one of its row,
 * which has no column: it never comes back. A variable at its upper bound is replaced by its distance from there, and
 * marked as flipped. */
struct qv_linear_program {
  int room_rows, room_columns, rows, columns;
  double *table;  /* [room_rows][width] */
  double *limit;  /* [room_rows] */
  bool *equal;    /* [room_rows] */
  double *cost;   /* [width + room_rows] */
  double *upper;  /* [width + room_rows] */
  double *price;  /* [width] reduced costs */
  bool *flipped;  /* [width + room_rows] */
  bool *in_basis; /* [width + room_rows] */
  int *basis;     /* [room_rows] */
};

static int width_of(const qv_linear_program *p)
{
  return p->room_columns + p->room_rows;
}

static double *row_of(const qv_linear_program *p, int row)
{
  return p->table + (size_t)row * (size_t)width_of(p);
}

static qv_code make_room(qv_linear_program *p)
{
  const size_t rows = (size_t)p->room_rows, width = (size_t)width_of(p), all = width + rows;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, rows * width, sizeof(double), &p->table));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, rows, sizeof(double), &p->limit));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, rows, sizeof(bool), &p->equal));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, all, sizeof(double), &p->cost));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, all, sizeof(double), &p->upper));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, width, sizeof(double), &p->price));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, all, sizeof(bool), &p->flipped));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, all, sizeof(bool), &p->in_basis));
  return qv_alloc(QV_MEM_PROBLEM, rows, sizeof(int), &p->basis);
}

qv_code qv_linear_program_create(int rows, int columns, qv_linear_program **out)
{
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out));
  (*out)->room_rows = rows;
  (*out)->room_columns = columns;
  const qv_code code = make_room(*out);
  if (code != QV_OK) {
    qv_linear_program_destroy(out);
  }
  return code;
}

void qv_linear_program_destroy(qv_linear_program **program)
{
  qv_linear_program *p = *program;
  if (p) {
    qv_free(&p->table);
    qv_free(&p->limit);
    qv_free(&p->equal);
    qv_free(&p->cost);
    qv_free(&p->upper);
    qv_free(&p->price);
    qv_free(&p->flipped);
    qv_free(&p->in_basis);
    qv_free(&p->basis);
    qv_free(program);
  }
}

void qv_linear_program_begin(qv_linear_program *program)
{
  program->rows = program->columns = 0;
}

int qv_linear_program_column(qv_linear_program *program, double cost, double upper)
{
  program->cost[program->columns] = cost;
  program->upper[program->columns] = upper;
  return program->columns++;
}

double *qv_linear_program_row(qv_linear_program *program, bool equal, double limit)
{
  double *row = row_of(program, program->rows);
  memset(row, 0, sizeof(double) * (size_t)width_of(program));
  program->limit[program->rows] = limit;
  program->equal[program->rows] = equal;
  program->rows++;
  return row;
}

/* Slacks behind the columns, limits that are not negative, and a first basis; returns the largest limit. */
static double set_up(qv_linear_program *p)
{
  const int used = p->columns + p->rows;
  double largest = 1;
  memset(p->flipped, 0, sizeof(bool) * (size_t)(width_of(p) + p->room_rows));
  memset(p->in_basis, 0, sizeof(bool) * (size_t)(width_of(p) + p->room_rows));
  for (int i = 0; i < p->rows; i++) {
    double *row = row_of(p, i);
    const int slack = p->columns + i, artificial = used + i;
    const bool turned = p->limit[i] < 0;
    for (int j = 0; turned && j < p->columns; j++) {
      row[j] = -row[j];
    }
    p->limit[i] = fabs(p->limit[i]);
    largest = fmax(largest, p->limit[i]);
    row[slack] = p->equal[i] ? 0 : turned ? -1 : 1;
    p->cost[slack] = p->cost[artificial] = 0;
    p->upper[slack] = p->equal[i] ? 0 : INFINITY;
    p->upper[artificial] = INFINITY;
    p->basis[i] = row[slack] > 0 ? slack : artificial;
    p->in_basis[p->basis[i]] = true;
  }
  return largest;
}

/* The reduced costs of the basis. `first`: of the sum of the artificial variables. */
static void set_prices(qv_linear_program *p, bool first)
{
  const int used = p->columns + p->rows;
  for (int j = 0; j < used; j++) {
    p->price[j] = first ? 0 : p->flipped[j] ? -p->cost[j] : p->cost[j];
  }
  for (int i = 0; i < p->rows; i++) {
    const int b = p->basis[i];
    const double cost = first ? (b >= used ? 1 : 0) : p->flipped[b] ? -p->cost[b] : p->cost[b];
    const double *row = row_of(p, i);
    for (int j = 0; cost != 0 && j < used; j++) {
      p->price[j] -= cost * row[j];
    }
  }
}

static int entering(const qv_linear_program *p, bool bland)
{
  int best = -1;
  for (int j = 0; j < p->columns + p->rows; j++) {
    if (!p->in_basis[j] && p->upper[j] > 0 && p->price[j] < -TINY && (best < 0 || p->price[j] < p->price[best])) {
      best = j;
      if (bland) {
        break;
      }
    }
  }
  return best;
}

/* How far column j can rise; *leaving is the row whose variable stops it, or -1 for its own bound; *at_upper whether
 * that variable stops at its upper bound. */
static double longest_step(const qv_linear_program *p, int j, int *leaving, bool *at_upper)
{
  double step = p->upper[j];
  *leaving = -1;
  *at_upper = false;
  for (int i = 0; i < p->rows; i++) {
    const double a = row_of(p, i)[j], top = p->upper[p->basis[i]];
    const bool up = a < -TINY && isfinite(top);
    if (a > TINY || up) {
      const double most = fmax(0, (up ? top - p->limit[i] : p->limit[i]) / fabs(a));
      if (most < step - 1e-12 || (most <= step && *leaving >= 0 && p->basis[i] < p->basis[*leaving])) {
        step = most;
        *leaving = i;
        *at_upper = up;
      }
    }
  }
  return step;
}

static void flip_column(qv_linear_program *p, int j)
{
  for (int i = 0; i < p->rows; i++) {
    double *row = row_of(p, i);
    p->limit[i] -= row[j] * p->upper[j];
    row[j] = -row[j];
  }
  p->price[j] = -p->price[j];
  p->flipped[j] = !p->flipped[j];
}

static void flip_basic(qv_linear_program *p, int i)
{
  const int b = p->basis[i], used = p->columns + p->rows;
  double *row = row_of(p, i);
  for (int j = 0; j < used; j++) {
    row[j] = j == b ? row[j] : -row[j];
  }
  p->limit[i] = p->upper[b] - p->limit[i];
  p->flipped[b] = !p->flipped[b];
}

static void pivot(qv_linear_program *p, int i, int j)
{
  const int used = p->columns + p->rows;
  double *row = row_of(p, i);
  const double scale = 1 / row[j];
  for (int k = 0; k < used; k++) {
    row[k] *= scale;
  }
  p->limit[i] *= scale;
  for (int r = 0; r <= p->rows; r++) {
    double *other = r < p->rows ? row_of(p, r) : p->price;
    const double factor = other[j];
    if (r == i || factor == 0) {
      continue;
    }
    for (int k = 0; k < used; k++) {
      other[k] -= factor * row[k];
    }
    other[j] = 0;
    if (r < p->rows) {
      p->limit[r] -= factor * p->limit[i];
    }
  }
  p->in_basis[p->basis[i]] = false;
  p->in_basis[j] = true;
  p->basis[i] = j;
}

/* Steps until no reduced cost is negative. Returns false if a step has no end. */
static bool descend(qv_linear_program *p)
{
  int stalled = 0;
  for (;;) {
    int leaving;
    bool at_upper;
    const int j = entering(p, stalled > STALLED);
    if (j < 0) {
      return true;
    }
    const double step = longest_step(p, j, &leaving, &at_upper);
    if (!isfinite(step)) {
      return false;
    }
    stalled = step > 1e-12 ? 0 : stalled + 1;
    if (leaving < 0) {
      flip_column(p, j);
      continue;
    }
    if (at_upper) {
      flip_basic(p, leaving);
    }
    pivot(p, leaving, j);
  }
}

bool qv_linear_program_solve(qv_linear_program *program, double *x, double *value)
{
  qv_linear_program *p = program;
  const double largest = set_up(p);
  const int used = p->columns + p->rows;
  double missing = 0;
  set_prices(p, true);
  if (!descend(p)) {
    return false;
  }
  for (int i = 0; i < p->rows; i++) {
    missing += p->basis[i] >= used ? fabs(p->limit[i]) : 0;
    p->upper[used + i] = 0;
  }
  if (missing > 1e-7 * largest) {
    return false;
  }
  set_prices(p, false);
  if (!descend(p)) {
    return false;
  }
  *value = 0;
  for (int j = 0; j < p->columns; j++) {
    double at = 0;
    for (int i = 0; p->in_basis[j] && i < p->rows; i++) {
      at = p->basis[i] == j ? p->limit[i] : at;
    }
    at = p->flipped[j] ? p->upper[j] - at : at;
    *value += p->cost[j] * at;
    if (x) {
      x[j] = at;
    }
  }
  return true;
}
