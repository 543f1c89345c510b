/* Programs: building them operation by operation, counting what is in them. */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <string.h>

qv_code qasm_build_create(qasm_build **out)
{
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof **out, out));
  qv_qasm_program *program = &(*out)->program;
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *program->code, &program->code));
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *program->sources, &program->sources));
  QV_TRY(qv_strdup(QV_MEM_IO, "", &program->notes));
  (*out)->note_capacity = 1;
  QV_TRY(qasm_reserve(&program->ops, &(*out)->op_capacity, 1, sizeof *program->ops)); /* never NULL */
  QV_TRY(qasm_reserve(&program->qubits, &(*out)->qubit_capacity, 1, sizeof *program->qubits));
  return qasm_reserve(&program->params, &(*out)->param_capacity, 1, sizeof *program->params);
}

static void free_registers(qv_qasm_register **registers, int n)
{
  for (int i = 0; i < n; i++) {
    qv_free(&(*registers)[i].name);
  }
  qv_free(registers);
}

void qv_qasm_destroy(qv_qasm_program **program)
{
  qv_qasm_program *p = *program;
  if (!p) {
    return;
  }
  free_registers(&p->qregs, p->nqreg);
  free_registers(&p->cregs, p->ncreg);
  free_registers(&p->variables, p->nvariable);
  for (int i = 0; i < p->nopaque; i++) {
    qv_free(&p->opaque_names[i]);
  }
  if (p->code) {
    qv_free(&p->code->list);
  }
  if (p->sources) {
    qasm_sources_free(p->sources);
  }
  qv_free(&p->opaque_names);
  qv_free(&p->code);
  qv_free(&p->sources);
  qv_free(&p->notes);
  qv_free(&p->ops);
  qv_free(&p->qubits);
  qv_free(&p->params);
  qv_free(program);
}

qv_code qasm_build_op(qasm_build *build, const qv_qasm_op *op, const int32_t *qubits, const double *params)
{
  qv_qasm_program *p = &build->program;
  const int64_t nqubit = op->kind == QV_QASM_SET ? 0 : op->nqubit;
  const int64_t nparam = params ? op->nparam : 0;
  QV_TRY(qasm_reserve(&p->ops, &build->op_capacity, p->nop + 1, sizeof *p->ops));
  QV_TRY(qasm_reserve(&p->qubits, &build->qubit_capacity, build->nqubits + nqubit, sizeof *p->qubits));
  QV_TRY(qasm_reserve(&p->params, &build->param_capacity, build->nparams + nparam, sizeof *p->params));
  qv_qasm_op *to = &p->ops[p->nop++];
  *to = *op;
  to->first_qubit = build->nqubits;
  to->first_param = build->nparams;
  if (nqubit > 0) {
    memcpy(p->qubits + build->nqubits, qubits, (size_t)nqubit * sizeof *qubits);
    build->nqubits += nqubit;
  }
  if (nparam > 0) {
    memcpy(p->params + build->nparams, params, (size_t)nparam * sizeof *params);
    build->nparams += nparam;
  }
  return QV_OK;
}

qv_code qasm_build_code(qasm_build *build, const qasm_instr *list, int64_t n, int32_t *index)
{
  qasm_code *code = build->program.code;
  int64_t depth = 0;
  QV_REQUIRE(code->n + n < INT32_MAX);
  QV_TRY(qasm_reserve(&code->list, &code->capacity, code->n + n + 1, sizeof *list));
  *index = (int32_t)code->n;
  if (n > 0) {
    memcpy(code->list + code->n, list, (size_t)n * sizeof *list);
  }
  for (int64_t i = 0; i < n; i++) {
    depth += qasm_code_taken((qasm_code_op)list[i].op) == 0; /* an upper bound: only these can raise the stack */
  }
  code->depth = depth + 1 > code->depth ? depth + 1 : code->depth;
  code->list[code->n + n] = (qasm_instr){.op = QASM_END};
  code->n += n + 1;
  return QV_OK;
}

qv_code qasm_build_register(qv_qasm_register **array, int *n, const qv_qasm_register *row)
{
  QV_REQUIRE(*n < INT32_MAX - 1);
  if ((*n & (*n - 1)) == 0) { /* room for the next power of two */
    QV_TRY(qv_realloc(QV_MEM_IO, *n == 0 ? 1 : 2 * (size_t)*n, sizeof **array, array));
  }
  (*array)[*n] = *row;
  (*array)[*n].name = NULL;
  QV_TRY(qv_strdup(QV_MEM_IO, row->name, &(*array)[*n].name));
  (*n)++;
  return QV_OK;
}

qv_code qv_qasm_fail(const qv_qasm_program *program, int64_t op, qv_code code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  qasm_vfail_at(program->sources, program->ops[op].place, code, NULL, format, args);
  va_end(args);
  return code;
}

qv_code qv_qasm_create(int64_t nqubit, int64_t nbit, qv_qasm_program **out)
{
  qasm_build *build = NULL;
  char q[] = "q", c[] = "c";
  qv_code code = qasm_build_create(&build);
  *out = build ? &build->program : NULL;
  if (code == QV_OK) {
    (*out)->version = 2;
    (*out)->nqubit = nqubit;
    (*out)->nbit = (*out)->nmemory = nbit;
    code = qasm_build_register(&(*out)->qregs, &(*out)->nqreg,
                               &(qv_qasm_register){.name = q, .size = nqubit, .output = true});
  }
  if (code == QV_OK && nbit > 0) {
    code = qasm_build_register(&(*out)->cregs, &(*out)->ncreg,
                               &(qv_qasm_register){.name = c, .size = nbit, .output = true});
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
  }
  return code;
}

qv_code qv_qasm_append_gate(qv_qasm_program *program, qv_qasm_gate gate, int ncontrol, int ntarget,
                            const double *params, const int32_t *qubits)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about(gate);
  const bool unitary = gate == QV_QASM_UNITARY;
  const int own = unitary ? ntarget : row->qubits;
  const int n = ncontrol + own;
  QV_REQUIRE(ncontrol >= 0 && ncontrol <= QASM_MAX_CONTROLS && own >= 0 && own <= QV_QASM_MATRIX_QUBITS);
  QV_REQUIRE(!unitary || own > 0);
  QV_REQUIRE(gate != QV_QASM_GPHASE || ncontrol == 0);
  for (int i = 0; i < n; i++) {
    QV_REQUIRE(qubits[i] >= 0 && qubits[i] < program->nqubit);
    for (int j = 0; j < i; j++) {
      QV_REQUIRE(qubits[i] != qubits[j]);
    }
  }
  const qv_qasm_op op = {.kind = QV_QASM_GATE,
                         .gate = (uint8_t)gate,
                         .ncontrol = (uint16_t)ncontrol,
                         .nparam = unitary ? 2 << 2 * own : row->params,
                         .nqubit = n,
                         .code = -1};
  return qasm_build_op((qasm_build *)program, &op, qubits, params);
}

qv_code qv_qasm_append_measure(qv_qasm_program *program, int32_t qubit, int64_t bit)
{
  QV_REQUIRE(qubit >= 0 && qubit < program->nqubit && bit >= -1 && bit < program->nbit);
  const qv_qasm_op op = {.kind = QV_QASM_MEASURE, .nqubit = 1, .code = -1, .arg = bit};
  return qasm_build_op((qasm_build *)program, &op, &qubit, NULL);
}

qv_code qv_qasm_append_reset(qv_qasm_program *program, int32_t qubit)
{
  QV_REQUIRE(qubit >= 0 && qubit < program->nqubit);
  const qv_qasm_op op = {.kind = QV_QASM_RESET, .nqubit = 1, .code = -1};
  return qasm_build_op((qasm_build *)program, &op, &qubit, NULL);
}

/* ---- counting ---- */

/* The conditions that the present operation stands under, innermost last. */
enum { CONDITIONS = 64 };
typedef struct {
  const qv_qasm_program *program;
  int64_t *qubits, *bits; /* level of each: the longest chain that ends there */
  int64_t depth;
  int n;
  struct {
    int32_t code;
    int64_t until;
  } condition[CONDITIONS];
} qasm_levels;

/* The highest level among the memory bits that a piece of code reads; they are set to `level` unless that is < 0. */
static int64_t level_of_code(qasm_levels *levels, int32_t index, int64_t level)
{
  int64_t highest = 0;
  for (const qasm_instr *at = levels->program->code->list + index; at->op != QASM_END; at++) {
    const int64_t count = at->op == QASM_LOAD ? 1 : at->op == QASM_LOAD_ITEM ? at->count : 0;
    for (int64_t bit = at->value.s; bit < at->value.s + count * at->width; bit++) {
      highest = levels->bits[bit] > highest ? levels->bits[bit] : highest;
      levels->bits[bit] = level < 0 ? levels->bits[bit] : level;
    }
  }
  return highest;
}

/* Raises the level of everything that an operation touches to one more than the highest among them. */
static void raise_levels(qasm_levels *levels, const qv_qasm_op *op)
{
  const int32_t *qubits = levels->program->qubits + op->first_qubit;
  int64_t *bit = op->kind == QV_QASM_MEASURE && op->arg >= 0 ? &levels->bits[op->arg] : NULL;
  int64_t level = bit ? *bit : 0;
  for (int i = 0; i < op->nqubit; i++) {
    level = levels->qubits[qubits[i]] > level ? levels->qubits[qubits[i]] : level;
  }
  for (int i = 0; i < levels->n; i++) {
    const int64_t read = level_of_code(levels, levels->condition[i].code, -1);
    level = read > level ? read : level;
  }
  level += op->kind != QV_QASM_BARRIER;
  for (int i = 0; i < op->nqubit; i++) {
    levels->qubits[qubits[i]] = level;
  }
  for (int i = 0; i < levels->n; i++) {
    level_of_code(levels, levels->condition[i].code, level);
  }
  if (bit) {
    *bit = level;
  }
  levels->depth = level > levels->depth ? level : levels->depth;
}

static void count_op(qv_qasm_counts *counts, const qv_qasm_op *op)
{
  counts->gate += op->kind == QV_QASM_GATE;
  counts->measure += op->kind == QV_QASM_MEASURE;
  counts->reset += op->kind == QV_QASM_RESET;
  counts->barrier += op->kind == QV_QASM_BARRIER;
  counts->opaque += op->kind == QV_QASM_OPAQUE;
  if (op->kind == QV_QASM_GATE) {
    counts->gates[op->gate]++;
    counts->multi += op->nqubit > 1;
  }
}

qv_code qv_qasm_count(const qv_qasm_program *program, qv_qasm_counts *counts)
{
  qasm_levels levels = {.program = program};
  *counts = (qv_qasm_counts){0};
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)(program->nqubit + program->nmemory + 1), sizeof(int64_t), &levels.qubits));
  levels.bits = levels.qubits + program->nqubit;
  for (int64_t i = 0; i < program->nop; i++) {
    const qv_qasm_op *op = &program->ops[i];
    while (levels.n > 0 && i >= levels.condition[levels.n - 1].until) {
      levels.n--;
    }
    if (op->kind == QV_QASM_BRANCH && levels.n < CONDITIONS) {
      levels.condition[levels.n].code = op->code;
      levels.condition[levels.n++].until = op->arg;
    } else if (op->kind < QV_QASM_SET) {
      count_op(counts, op);
      if (op->nqubit > 0) {
        raise_levels(&levels, op);
      }
    }
  }
  counts->depth = levels.depth;
  qv_free(&levels.qubits);
  return QV_OK;
}
