/* libFuzzer: any text is read or refused with a message; what is read can be counted, run for a while, written, and
 * what is written reads back. Nothing may crash, leak counted memory, or take long. */
#include "base/qv_memory.h"
#include "io/qv_qasm.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(int condition)
{
  if (!condition) {
    abort();
  }
}

/* Runs the classical part with outcomes from the bits of a hash. */
static void run(const qv_qasm_program *program)
{
  qv_qasm_machine *machine = NULL;
  uint64_t outcomes = 0x9e3779b97f4a7c15u;
  require(qv_qasm_machine_create(program, &machine) == QV_OK);
  for (int i = 0; i < 200; i++) {
    double params[2048];
    int64_t op = 0;
    if (qv_qasm_machine_next(machine, &op) != QV_OK || op < 0) {
      break;
    }
    require(op < program->nop);
    if (program->ops[op].kind == QV_QASM_MEASURE) {
      outcomes = outcomes * 6364136223846793005u + 1442695040888963407u;
      qv_qasm_machine_measured(machine, op, (int)(outcomes >> 63));
    } else if (program->ops[op].kind == QV_QASM_GATE) {
      require(program->ops[op].nparam <= 2048);
      (void)!qv_qasm_machine_params(machine, op, params);
    }
  }
  for (int i = 0; i < program->ncreg; i++) {
    (void)qv_qasm_machine_value(machine, &program->cregs[i]);
  }
  qv_qasm_machine_destroy(&machine);
  qv_error_clear();
}

static void check(const qv_qasm_program *program)
{
  for (int64_t i = 0; i < program->nop; i++) {
    const qv_qasm_op *op = &program->ops[i];
    for (int k = 0; k < op->nqubit && op->kind < QV_QASM_SET; k++) {
      const int32_t qubit = program->qubits[op->first_qubit + k];
      require(qubit >= 0 && qubit < program->nqubit);
    }
    if (op->kind == QV_QASM_GATE && op->gate != QV_QASM_UNITARY) {
      require(op->nqubit == op->ncontrol + qv_qasm_gate_about((qv_qasm_gate)op->gate)->qubits);
      require(op->nparam == qv_qasm_gate_about((qv_qasm_gate)op->gate)->params);
    }
    if (op->kind == QV_QASM_JUMP || op->kind == QV_QASM_BRANCH) {
      require(op->arg >= 0 && op->arg <= program->nop);
    }
    if (op->kind == QV_QASM_MEASURE || op->kind == QV_QASM_SET) {
      require(op->arg < program->nmemory);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const qv_qasm_opts opts = {.max_ops = 3000, .rigour = size % 3 == 0 ? QV_QASM_STRICT : QV_QASM_LENIENT};
  qv_qasm_program *program = NULL, *back = NULL;
  qv_qasm_counts counts;
  char *text = NULL;
  if (qv_qasm_parse("fuzz.qasm", NULL, (const char *)data, size, &opts, &program) != QV_OK) {
    require(strlen(qv_error_text()) > 10);
    qv_error_clear();
  } else {
    check(program);
    require(qv_qasm_count(program, &counts) == QV_OK);
    run(program);
    if (qv_qasm_write(program, &text) == QV_OK) {
      const qv_qasm_opts loose = {.max_ops = 100000, .version = 2};
      if (qv_qasm_parse("back.qasm", NULL, text, strlen(text), &loose, &back) == QV_OK) {
        require(back->nqubit == program->nqubit);
      } else { /* gates with many controls grow, and infinite parameters have no spelling */
        require(strstr(qv_error_text(), "expand") || strstr(text, "inf") || strstr(text, "nan"));
      }
      qv_free(&text);
      qv_qasm_destroy(&back);
    }
    qv_error_clear();
    qv_qasm_destroy(&program);
  }
  require(qv_memory_now(QV_MEM_IO) == 0);
  return 0;
}
