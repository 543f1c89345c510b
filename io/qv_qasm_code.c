/* The instructions of classical code, run with the machine's memory; constant expressions run without it. */
#include "io/qv_qasm_private.h"

#include <limits.h>
#include <math.h>

#define TWO_PI 6.283185307179586476925286766559

int qasm_code_taken(qasm_code_op op)
{
  static const int taken[QASM_CODE_COUNT] = {
#define TAKEN(id, words) words,
      QASM_CODE_LIST(TAKEN)
#undef TAKEN
  };
  return taken[op];
}

static uint64_t mask(int width)
{
  return width >= 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
}

static uint64_t load(const uint8_t *memory, int64_t address, int width)
{
  uint64_t value = 0;
  for (int i = 0; i < width; i++) {
    value |= (uint64_t)memory[address + i] << i;
  }
  return value;
}

static uint64_t power(uint64_t base, uint64_t exponent)
{
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base) {
    if (exponent & 1) {
      result *= base;
    }
  }
  return result;
}

static uint64_t rotate_left(uint64_t value, int64_t distance, int width)
{
  const int by = (int)(((distance % width) + width) % width);
  value &= mask(width);
  return by == 0 ? value : ((value << by) | (value >> (width - by))) & mask(width);
}

/* Radians as steps of a circle of 2^width; the fraction is exact, so that widths up to 64 work. */
static uint64_t angle_steps(double radians, int width)
{
  double turns = radians / TWO_PI;
  turns -= floor(turns);
  const double steps = nearbyint(ldexp(turns, width));
  return steps >= ldexp(1.0, width) || !(steps > 0) ? 0 : (uint64_t)steps;
}

static uint64_t angle_fit(uint64_t steps, int from, int to)
{
  if (to >= from) {
    return to - from >= 64 ? 0 : steps << (to - from);
  }
  const int drop = from - to;
  const uint64_t half = (uint64_t)1 << (drop - 1);
  return ((steps >> drop) + ((steps & half) != 0)) & mask(to);
}

/* Sums, products and quotients of whole numbers; a is the left operand, or the only one. */
static const char *arithmetic(qasm_code_op op, qasm_word a, qasm_word b, qasm_word *to)
{
  switch (op) {
  case QASM_NEG:
    to->u = 0 - a.u;
    return NULL;
  case QASM_ADD:
    to->u = a.u + b.u;
    return NULL;
  case QASM_SUB:
    to->u = a.u - b.u;
    return NULL;
  case QASM_MUL:
    to->u = a.u * b.u;
    return NULL;
  case QASM_DIV_S:
  case QASM_MOD_S:
    if (b.s == 0) {
      return "division by zero";
    }
    if (b.s == -1) { /* the one overflow of the division */
      to->u = op == QASM_DIV_S ? 0 - a.u : 0;
    } else {
      to->s = op == QASM_DIV_S ? a.s / b.s : a.s % b.s;
    }
    return NULL;
  case QASM_DIV_U:
  case QASM_MOD_U:
    if (b.u == 0) {
      return "division by zero";
    }
    to->u = op == QASM_DIV_U ? a.u / b.u : a.u % b.u;
    return NULL;
  case QASM_POW_I:
    if (b.s < 0) {
      return "a whole number to a negative power";
    }
    to->u = power(a.u, b.u);
    return NULL;
  default:
    return "an instruction that does not exist";
  }
}

/* Whole numbers as rows of bits. */
static const char *bits(const qasm_instr *at, qasm_word a, qasm_word b, qasm_word *to)
{
  switch ((qasm_code_op)at->op) {
  case QASM_WRAP_U:
    to->u = a.u & mask(at->width);
    return NULL;
  case QASM_WRAP_S:
    to->u = a.u & mask(at->width);
    if (to->u >> (at->width - 1) & 1) {
      to->u |= ~mask(at->width);
    }
    return NULL;
  case QASM_NOT:
    to->u = ~a.u & mask(at->width);
    return NULL;
  case QASM_SHL:
    to->u = b.u >= 64 ? 0 : a.u << b.u;
    return NULL;
  case QASM_SHR:
    to->u = b.u >= 64 ? 0 : a.u >> b.u;
    return NULL;
  case QASM_AND:
    to->u = a.u & b.u;
    return NULL;
  case QASM_OR:
    to->u = a.u | b.u;
    return NULL;
  case QASM_XOR:
    to->u = a.u ^ b.u;
    return NULL;
  case QASM_POPCOUNT:
    to->u = (uint64_t)__builtin_popcountll(a.u);
    return NULL;
  case QASM_ROTL:
    to->u = rotate_left(a.u, b.s % at->width, at->width);
    return NULL;
  case QASM_ROTR:
    to->u = rotate_left(a.u, -(b.s % at->width), at->width);
    return NULL;
  default:
    return arithmetic((qasm_code_op)at->op, a, b, to);
  }
}

/* Comparisons and truth: true, false, or -1 for another instruction. */
static int compare(qasm_code_op op, qasm_word a, qasm_word b)
{
  switch (op) {
  case QASM_EQ:
    return a.u == b.u;
  case QASM_NE:
    return a.u != b.u;
  case QASM_LT_S:
    return a.s < b.s;
  case QASM_LE_S:
    return a.s <= b.s;
  case QASM_GT_S:
    return a.s > b.s;
  case QASM_GE_S:
    return a.s >= b.s;
  case QASM_LT_U:
    return a.u < b.u;
  case QASM_LE_U:
    return a.u <= b.u;
  case QASM_GT_U:
    return a.u > b.u;
  case QASM_GE_U:
    return a.u >= b.u;
  case QASM_TRUTH:
    return a.u != 0;
  case QASM_LNOT:
    return a.u == 0;
  case QASM_FEQ:
    return a.f == b.f;
  case QASM_FNE:
    return a.f != b.f;
  case QASM_FLT:
    return a.f < b.f;
  case QASM_FLE:
    return a.f <= b.f;
  case QASM_FGT:
    return a.f > b.f;
  case QASM_FGE:
    return a.f >= b.f;
  case QASM_FTRUTH:
    return a.f != 0;
  default:
    return -1;
  }
}

/* Real numbers: the result of a binary operation or function. False for another instruction. */
static bool real(qasm_code_op op, double a, double b, double *to)
{
  static double (*const functions[])(double) = {
      [QASM_SIN] = sin,   [QASM_COS] = cos,     [QASM_TAN] = tan,  [QASM_ASIN] = asin,
      [QASM_ACOS] = acos, [QASM_ATAN] = atan,   [QASM_EXP] = exp,  [QASM_LN] = log,
      [QASM_SQRT] = sqrt, [QASM_FLOOR] = floor, [QASM_CEIL] = ceil};
  switch (op) {
  case QASM_FNEG:
    *to = -a;
    return true;
  case QASM_FADD:
    *to = a + b;
    return true;
  case QASM_FSUB:
    *to = a - b;
    return true;
  case QASM_FMUL:
    *to = a * b;
    return true;
  case QASM_FDIV:
    *to = a / b;
    return true;
  case QASM_FMOD:
    *to = fmod(a, b);
    return true;
  case QASM_FPOW:
    *to = pow(a, b);
    return true;
  default:
    if (op < sizeof functions / sizeof *functions && functions[op]) {
      *to = functions[op](a);
      return true;
    }
    return false;
  }
}

/* What has no real result, named before the computation hides it in a NaN. */
static const char *forbidden(qasm_code_op op, double a, double b)
{
  if ((op == QASM_FDIV || op == QASM_FMOD) && b == 0) {
    return "division by zero";
  }
  if (op == QASM_LN && !(a > 0)) {
    return "the logarithm of a number that is not positive";
  }
  if (op == QASM_SQRT && a < 0) {
    return "the square root of a negative number";
  }
  if ((op == QASM_ASIN || op == QASM_ACOS) && fabs(a) > 1) {
    return "the arc sine or cosine of a number beyond 1";
  }
  if (op == QASM_FPOW && ((a < 0 && b != floor(b)) || (a == 0 && b < 0))) {
    return "a power that is not a real number";
  }
  return NULL;
}

static bool converts(const qasm_instr *at, qasm_word a, qasm_word *to, const char **wrong)
{
  switch ((qasm_code_op)at->op) {
  case QASM_S_TO_F:
    to->f = (double)a.s;
    return true;
  case QASM_U_TO_F:
    to->f = (double)a.u;
    return true;
  case QASM_F_TO_S: /* values of uint[64] beyond the signed range keep their bits */
    if (!(a.f > -9223372036854775809.0 && a.f < 18446744073709551616.0)) {
      *wrong = "a real number beyond the range of 64-bit integers";
    } else if (a.f >= 9223372036854775808.0) {
      to->u = (uint64_t)a.f;
    } else {
      to->s = (int64_t)a.f;
    }
    return true;
  case QASM_F_TO_ANGLE:
    if (!isfinite(a.f)) {
      *wrong = "an angle that is not finite";
    } else {
      to->u = angle_steps(a.f, at->width);
    }
    return true;
  case QASM_ANGLE_TO_F:
    to->f = TWO_PI * ldexp((double)a.u, -at->width);
    return true;
  case QASM_ANGLE_FIT:
    to->u = angle_fit(a.u, at->count, at->width);
    return true;
  default:
    return false;
  }
}

const char *qasm_code_step(const qasm_instr *at, qasm_word a, qasm_word b, qasm_word *to)
{
  const char *wrong = NULL;
  const qasm_code_op op = (qasm_code_op)at->op;
  const int truth = compare(op, a, b);
  if (truth >= 0) {
    to->u = (uint64_t)truth;
    return NULL;
  }
  if (converts(at, a, to, &wrong)) {
    return wrong;
  }
  if (op >= QASM_FNEG) {
    wrong = forbidden(op, a.f, b.f);
    return wrong || real(op, a.f, b.f, &to->f) ? wrong : "an instruction that does not exist";
  }
  return bits(at, a, b, to);
}

const char *qasm_code_run(const qasm_instr *code, int64_t n, const uint8_t *memory, qasm_word *stack)
{
  qasm_word *top = stack; /* the first free word */
  for (int64_t i = 0; i < n && code[i].op != QASM_END; i++) {
    const qasm_instr *at = &code[i];
    if (at->op == QASM_PUSH) {
      *top++ = at->value;
    } else if (at->op == QASM_LOAD) {
      (top++)->u = load(memory, at->value.s, at->width);
    } else if (at->op == QASM_LOAD_ITEM) {
      const int64_t index = top[-1].s < 0 ? top[-1].s + at->count : top[-1].s;
      if (index < 0 || index >= at->count) {
        return "an index out of range";
      }
      top[-1].u = load(memory, at->value.s + index * at->width, at->width);
    } else if (at->op == QASM_SKIP_FALSE || at->op == QASM_SKIP_TRUE) {
      if ((top[-1].u != 0) == (at->op == QASM_SKIP_TRUE)) {
        i += at->count;
      } else {
        top--;
      }
    } else {
      top -= qasm_code_taken((qasm_code_op)at->op);
      const char *wrong = qasm_code_step(at, top[0], top[1], top);
      if (wrong) {
        return wrong;
      }
      top++;
    }
  }
  return NULL;
}
