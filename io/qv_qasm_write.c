/* Programs as OpenQASM 2 text. */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void qasm_put_text(qasm_text *b, const char *format, ...)
{
  va_list args;
  if (b->code == QV_OK) {
    b->code = qasm_reserve(&b->text, &b->capacity, b->length + 512, 1);
  }
  if (b->code != QV_OK) {
    return;
  }
  va_start(args, format);
  int n = vsnprintf(b->text + b->length, 512, format, args);
  va_end(args);
  if (n >= 512) {
    b->code = qasm_reserve(&b->text, &b->capacity, b->length + n + 1, 1);
    if (b->code != QV_OK) {
      return;
    }
    va_start(args, format);
    vsnprintf(b->text + b->length, (size_t)n + 1, format, args);
    va_end(args);
  }
  b->length += n;
}

/* The shortest decimal number that reads back as the same double, with a point as OpenQASM 2 wants. */
static void put_number(qasm_text *b, double value)
{
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text - 3, "%.*g", digits, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  char *exponent = strchr(text, 'e');
  if (!strchr(text, '.') && isfinite(value)) {
    if (exponent) {
      memmove(exponent + 2, exponent, strlen(exponent) + 1);
      memcpy(exponent, ".0", 2);
    } else {
      strcat(text, ".0");
    }
  }
  qasm_put_text(b, "%s", text);
}

/* ---- names ---- */

static bool is_plain(const char *name)
{
  bool plain = name[0] >= 'a' && name[0] <= 'z';
  for (const char *c = name; *c; c++) {
    plain = plain && ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '_');
  }
  return plain;
}

/* Names with a meaning in OpenQASM 2 or qelib1.inc, and those that this file makes. */
static bool is_taken(const char *name)
{
  static const char *const words[] = {"include", "qreg", "creg", "gate", "opaque", "measure", "reset", "barrier",
                                      "if",      "pi",   "sin",  "cos",  "tan",    "exp",     "ln",    "sqrt",
                                      "u0",      "u",    "p",    "cp",   "asin",   "acos",    "atan"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i], name) == 0) {
      return true;
    }
  }
  for (int gate = 0; gate < QV_QASM_GATE_COUNT; gate++) {
    if (strcmp(qv_qasm_gate_about((qv_qasm_gate)gate)->name, name) == 0) {
      return true;
    }
  }
  return strncmp(name, "qv_", 3) == 0;
}

/* The name of a register in the text: its own, which no other register or gate has, where OpenQASM 2 can say it. */
static qv_code choose_name(const qv_qasm_register *row, char kind, int i, char **out)
{
  char made[32];
  snprintf(made, sizeof made, "qv_%c%d", kind, i);
  return qv_strdup(QV_MEM_IO, is_plain(row->name) && !is_taken(row->name) ? row->name : made, out);
}

/* The register that holds a qubit or bit: the last one that starts at or before it. */
static int register_of(const qv_qasm_register *rows, int n, int64_t index)
{
  int low = 0, high = n - 1;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if (rows[middle].first <= index) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

static void put_qubit(qasm_writer *w, qasm_text *b, int32_t qubit)
{
  const qv_qasm_program *p = w->program;
  const int k = register_of(p->qregs, p->nqreg, qubit);
  qasm_put_text(b, "%s[%" PRId64 "]", w->qnames[k], qubit - p->qregs[k].first);
}

/* ---- operations ---- */

static void put_params(qasm_text *b, const double *params, int n)
{
  for (int i = 0; i < n; i++) {
    qasm_put_text(b, i == 0 ? "(" : ",");
    put_number(b, params[i]);
  }
  qasm_put_text(b, n > 0 ? ")" : "");
}

static void put_qubits(qasm_writer *w, const qv_qasm_op *op)
{
  for (int i = 0; i < op->nqubit; i++) {
    qasm_put_text(&w->body, i == 0 ? " " : ",");
    put_qubit(w, &w->body, w->program->qubits[op->first_qubit + i]);
  }
  qasm_put_text(&w->body, ";\n");
}

/* A 2 x 2 unitary as the parameters of u4. */
static void euler_angles(const double *m, double *p)
{
  const double complex m0 = m[0] + I * m[1], m1 = m[2] + I * m[3], m2 = m[4] + I * m[5], m3 = m[6] + I * m[7];
  p[0] = 2 * atan2(cabs(m2), cabs(m0));
  if (cabs(m0) < 1e-15) {
    p[3] = carg(-m1);
    p[1] = carg(m2) - p[3];
    p[2] = 0;
    return;
  }
  p[3] = carg(m0);
  p[1] = cabs(m2) < 1e-15 ? 0 : carg(m2) - p[3];
  p[2] = carg(m3) - p[3] - p[1];
}

/* x on the controls that act on 0, before and after. */
static void flip_negative(qasm_writer *w, const qv_qasm_op *op, const char *condition)
{
  for (int c = 0; c < op->ncontrol; c++) {
    if ((uint64_t)op->arg >> c & 1) {
      qasm_put_text(&w->body, "%sx ", condition);
      put_qubit(w, &w->body, w->program->qubits[op->first_qubit + c]);
      qasm_put_text(&w->body, ";\n");
    }
  }
}

static qv_code put_gate(qasm_writer *w, int64_t i, const char *condition)
{
  const qv_qasm_op *op = &w->program->ops[i];
  const double *params = w->program->params + op->first_param;
  qv_qasm_gate gate = (qv_qasm_gate)op->gate;
  double p[4];
  if (op->code >= 0) {
    return qv_qasm_fail(w->program, i, QV_ERR_INPUT, "OpenQASM 2 has no parameters that are computed at run time");
  }
  if (gate == QV_QASM_UNITARY) {
    if (op->nqubit - op->ncontrol > 1) {
      return qv_qasm_fail(w->program, i, QV_ERR_INPUT,
                          "OpenQASM 2 has no name for a gate given by a matrix on %d qubits",
                          op->nqubit - op->ncontrol);
    }
    euler_angles(params, p);
    params = p;
    gate = QV_QASM_U4;
  }
  if (gate == QV_QASM_GPHASE) {
    qasm_put_text(&w->body, "// global phase ");
    put_number(&w->body, params[0]);
    qasm_put_text(&w->body, "\n");
    return QV_OK;
  }
  if (gate == QV_QASM_U4 && op->ncontrol == 0) { /* without controls its phase shows nowhere */
    gate = QV_QASM_U3;
  }
  const qv_qasm_gate_info *row = qv_qasm_gate_about(gate);
  flip_negative(w, op, condition);
  qasm_put_text(&w->body, "%s", condition);
  if (op->ncontrol > 0) {
    qasm_put_controlled(w, &w->body, row->base, op->ncontrol + row->controls);
  } else {
    qasm_put_text(&w->body, "%s", row->name);
  }
  put_params(&w->body, params, row->params);
  put_qubits(w, op);
  flip_negative(w, op, condition);
  return QV_OK;
}

static qv_code put_measure(qasm_writer *w, int64_t i)
{
  const qv_qasm_program *p = w->program;
  const qv_qasm_op *op = &p->ops[i];
  if (op->arg >= p->nbit) {
    return qv_qasm_fail(p, i, QV_ERR_INPUT, "OpenQASM 2 measures into registers only");
  }
  qasm_put_text(&w->body, "measure ");
  put_qubit(w, &w->body, p->qubits[op->first_qubit]);
  if (op->arg < 0) {
    w->discards = true;
    qasm_put_text(&w->body, " -> qv_discard[0];\n");
    return QV_OK;
  }
  const int k = register_of(p->cregs, p->ncreg, op->arg);
  qasm_put_text(&w->body, " -> %s[%" PRId64 "];\n", w->cnames[k], op->arg - p->cregs[k].first);
  return QV_OK;
}

static qv_code put_op(qasm_writer *w, int64_t i, const char *condition)
{
  const qv_qasm_op *op = &w->program->ops[i];
  switch ((qv_qasm_kind)op->kind) {
  case QV_QASM_GATE:
    return put_gate(w, i, condition);
  case QV_QASM_MEASURE:
    qasm_put_text(&w->body, "%s", condition);
    return put_measure(w, i);
  case QV_QASM_RESET:
    qasm_put_text(&w->body, "%sreset", condition);
    put_qubits(w, op);
    return QV_OK;
  case QV_QASM_BARRIER:
    qasm_put_text(&w->body, "barrier");
    put_qubits(w, op);
    return QV_OK;
  case QV_QASM_OPAQUE:
    qasm_put_text(&w->body, "%s%s", condition, w->program->opaque_names[op->arg]);
    put_params(&w->body, w->program->params + op->first_param, op->nparam);
    put_qubits(w, op);
    return QV_OK;
  default:
    return qv_qasm_fail(w->program, i, QV_ERR_INPUT, "OpenQASM 2 has no assignments, loops or else");
  }
}

/* ---- conditions ---- */

/* The register and number of a condition "register == number"; false if it is any other. */
static bool is_comparison(const qv_qasm_program *p, int32_t index, int *creg, uint64_t *number)
{
  const qasm_instr *c = p->code->list + index;
  if (c[0].op != QASM_LOAD) {
    return false;
  }
  for (*creg = 0; *creg < p->ncreg; (*creg)++) {
    const qv_qasm_register *row = &p->cregs[*creg];
    if (row->first == c[0].value.s && row->size == c[0].width) {
      break;
    }
  }
  *number = c[1].op == QASM_PUSH ? c[1].value.u : c[1].op == QASM_END ? 1 : 0;
  const bool equal = c[1].op == QASM_PUSH && c[2].op == QASM_EQ && c[3].op == QASM_END;
  const bool bit = c[0].width == 1 && (c[1].op == QASM_END || (c[1].op == QASM_LNOT && c[2].op == QASM_END));
  return *creg < p->ncreg && (equal || bit);
}

/* A BRANCH and the operations up to its target, each with the condition of its own that OpenQASM 2 wants. */
static qv_code put_condition(qasm_writer *w, int64_t *i)
{
  const qv_qasm_program *p = w->program;
  const qv_qasm_op *branch = &p->ops[*i];
  int creg = 0;
  uint64_t number = 0;
  char condition[256];
  if (branch->arg <= *i || !is_comparison(p, branch->code, &creg, &number)) {
    return qv_qasm_fail(p, *i, QV_ERR_INPUT, "OpenQASM 2 has no condition but register == number");
  }
  snprintf(condition, sizeof condition, "if(%.200s==%" PRIu64 ") ", w->cnames[creg], number);
  for (int64_t k = *i + 1; k < branch->arg; k++) {
    if (p->ops[k].kind >= QV_QASM_SET) {
      return put_op(w, k, condition); /* which refuses it */
    }
  }
  for (int64_t k = *i + 1; k < branch->arg; k++) {
    const qv_qasm_op *op = &p->ops[k];
    const bool disturbs = op->kind == QV_QASM_MEASURE && op->arg >= p->cregs[creg].first &&
                          op->arg < p->cregs[creg].first + p->cregs[creg].size;
    if (disturbs && k + 1 < branch->arg) {
      return qv_qasm_fail(p, k, QV_ERR_INPUT,
                          "OpenQASM 2 asks again before each operation of a condition, and this "
                          "measurement changes the answer");
    }
    QV_TRY(put_op(w, k, condition));
  }
  *i = branch->arg - 1;
  return QV_OK;
}

/* ---- the text ---- */

static void put_opaque_declarations(qasm_writer *w, qasm_text *text)
{
  const qv_qasm_program *p = w->program;
  for (int k = 0; k < p->nopaque; k++) {
    int64_t i = 0;
    while (p->ops[i].kind != QV_QASM_OPAQUE || p->ops[i].arg != k) {
      i++;
    }
    qasm_put_text(text, "opaque %s", p->opaque_names[k]);
    for (int n = 0; n < p->ops[i].nparam; n++) {
      qasm_put_text(text, "%sp%d", n == 0 ? "(" : ",", n);
    }
    qasm_put_text(text, p->ops[i].nparam > 0 ? ")" : "");
    for (int n = 0; n < p->ops[i].nqubit; n++) {
      qasm_put_text(text, "%sa%d", n == 0 ? " " : ",", n);
    }
    qasm_put_text(text, ";\n");
  }
}

static qv_code put_program(qasm_writer *w, qasm_text *text)
{
  const qv_qasm_program *p = w->program;
  for (int64_t i = 0; i < p->nop; i++) {
    QV_TRY(p->ops[i].kind == QV_QASM_BRANCH ? put_condition(w, &i) : put_op(w, i, ""));
  }
  qasm_put_text(text, "OPENQASM 2.0;\ninclude \"qelib1.inc\";\n");
  put_opaque_declarations(w, text);
  qasm_put_text(text, "%s", w->definitions.text ? w->definitions.text : "");
  for (int i = 0; i < p->nqreg; i++) {
    qasm_put_text(text, "qreg %s[%" PRId64 "];\n", w->qnames[i], p->qregs[i].size);
  }
  for (int i = 0; i < p->ncreg; i++) {
    qasm_put_text(text, "creg %s[%" PRId64 "];\n", w->cnames[i], p->cregs[i].size);
  }
  if (w->discards) {
    qasm_put_text(text, "creg qv_discard[1];\n");
  }
  qasm_put_text(text, "%s", w->body.text ? w->body.text : "");
  const qv_code code = w->definitions.code != QV_OK ? w->definitions.code : w->body.code;
  return code != QV_OK ? code : text->code;
}

static qv_code choose_names(qasm_writer *w)
{
  const qv_qasm_program *p = w->program;
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)p->nqreg, sizeof *w->qnames, &w->qnames));
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)p->ncreg, sizeof *w->cnames, &w->cnames));
  for (int i = 0; i < p->nqreg; i++) {
    QV_TRY(choose_name(&p->qregs[i], 'q', i, &w->qnames[i]));
  }
  for (int i = 0; i < p->ncreg; i++) {
    QV_TRY(choose_name(&p->cregs[i], 'c', i, &w->cnames[i]));
  }
  return QV_OK;
}

qv_code qv_qasm_write(const qv_qasm_program *program, char **out)
{
  qasm_writer w = {.program = program};
  qasm_text text = {0};
  qv_code code = choose_names(&w);
  if (code == QV_OK) {
    code = put_program(&w, &text);
  }
  for (int i = 0; w.qnames && i < program->nqreg; i++) {
    qv_free(&w.qnames[i]);
  }
  for (int i = 0; w.cnames && i < program->ncreg; i++) {
    qv_free(&w.cnames[i]);
  }
  qv_free(&w.qnames);
  qv_free(&w.cnames);
  qv_free(&w.definitions.text);
  qv_free(&w.body.text);
  if (code != QV_OK) {
    qv_free(&text.text);
  }
  *out = text.text;
  return code;
}
