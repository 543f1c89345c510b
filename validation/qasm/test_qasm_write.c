/* The writer: gates that qelib1.inc lacks, names that OpenQASM 2 cannot say, conditions. (That files come back as they
 * were is checked by test_qasm_files.) */
#include "base/qv_memory.h"
#include "qasm/qasm_dense.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double angles[4] = {0.7, -1.3, 2.1, 0.4};

/* What is written reads strictly and is the same unitary up to a phase. */
static double written_difference(const qv_qasm_program *program, int n)
{
  static double complex ua[1 << 16], ub[1 << 16];
  char *text = NULL;
  qv_qasm_program *back = NULL;
  const qv_qasm_opts strict = {.rigour = QV_QASM_STRICT, .max_ops = 1000000};
  assert_int_equal(qv_qasm_write(program, &text), QV_OK);
  if (qv_qasm_parse("back.qasm", NULL, text, strlen(text), &strict, &back) != QV_OK) {
    fail_msg("%s\n%s", qv_error_text(), text);
  }
  dense_unitary(program, n, ua);
  dense_unitary(back, n, ub);
  qv_free(&text);
  qv_qasm_destroy(&back);
  return dense_distance(ua, ub, 1 << 2 * n, true);
}

static void controls_are_written_as_definitions(void **state)
{
  (void)state;
  for (int gate = 0; gate < QV_QASM_GPHASE; gate++) {
    const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)gate);
    for (int n = 0; n <= 4 && n + row->qubits <= 7; n++) {
      const int32_t qubits[7] = {3, 0, 4, 6, 2, 5, 1};
      qv_qasm_program *program = NULL;
      assert_int_equal(qv_qasm_create(7, 0, &program), QV_OK);
      assert_int_equal(qv_qasm_append_gate(program, (qv_qasm_gate)gate, n, 0, angles, qubits), QV_OK);
      const double d = written_difference(program, 7);
      if (!(d < 1e-13)) {
        fail_msg("%s with %d controls comes back different by %g", row->name, n, d);
      }
      qv_qasm_destroy(&program);
    }
  }
}

static void matrices_on_one_qubit_are_written_as_angles(void **state)
{
  (void)state;
  static const qv_qasm_gate gates[] = {QV_QASM_X, QV_QASM_H, QV_QASM_S, QV_QASM_U4, QV_QASM_RX, QV_QASM_ID, QV_QASM_Y};
  for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
    for (int n = 0; n < 3; n++) {
      const int32_t qubits[3] = {2, 0, 1};
      double complex m[4];
      double params[8];
      qv_qasm_program *program = NULL;
      qv_qasm_gate_matrix(gates[i], angles, m);
      for (int k = 0; k < 4; k++) {
        params[2 * k] = creal(m[k]);
        params[2 * k + 1] = cimag(m[k]);
      }
      assert_int_equal(qv_qasm_create(3, 0, &program), QV_OK);
      assert_int_equal(qv_qasm_append_gate(program, QV_QASM_UNITARY, n, 1, params, qubits), QV_OK);
      assert_true(written_difference(program, 3) < 1e-14);
      qv_qasm_destroy(&program);
    }
  }
}

static void negative_controls_are_flipped(void **state)
{
  (void)state;
  qv_qasm_program *program = dense_parse("OPENQASM 3;\ninclude \"stdgates.inc\";\nqubit[4] q;\n"
                                         "negctrl @ ctrl @ negctrl @ ry(0.3) q[3], q[1], q[0], q[2];\n"
                                         "negctrl(2) @ swap q[0], q[3], q[1], q[2];\nctrl @ gphase(0.2) q[1];\n"
                                         "gphase(0.4);\nu3(0.1, 0.2, 0.3) q[0];\n");
  assert_true(written_difference(program, 4) < 1e-13);
  qv_qasm_destroy(&program);
}

static void must_write(const char *text, const char *wanted)
{
  char *written = NULL;
  qv_qasm_program *program = dense_parse(text);
  if (qv_qasm_write(program, &written) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  assert_string_equal(written, wanted);
  qv_free(&written);
  qv_qasm_destroy(&program);
}

static void texts_are_as_expected(void **state)
{
  (void)state;
  must_write(
      "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\nqreg Q[1];\ncreg c[2];\nopaque magic(a,b) x,y;\n"
      "rx(1e-05) q[0]; ry(-pi) q[1]; rz(2) q[0]; u1(1e22) Q[0]; p(0.1) q[1];\nmagic(1,2) q[0],Q[0];\n"
      "barrier q; U(1,2,3) q[0]; CX q[0],q[1];\nreset q[1];\nmeasure q -> c;\nif(c==2) x q[0];\nif(c==3) magic(0,0) "
      "q[0],q[1];\n",
      "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nopaque magic(p0,p1) a0,a1;\nqreg q[2];\nqreg qv_q1[1];\ncreg c[2];\n"
      "rx(1.0e-05) q[0];\nry(-3.141592653589793) q[1];\nrz(2.0) q[0];\nu1(1.0e+22) qv_q1[0];\nu1(0.1) q[1];\n"
      "magic(1.0,2.0) q[0],qv_q1[0];\nbarrier q[0],q[1];\nu3(1.0,2.0,3.0) q[0];\ncx q[0],q[1];\nreset q[1];\n"
      "measure q[0] -> c[0];\nmeasure q[1] -> c[1];\nif(c==2) x q[0];\nif(c==3) magic(0.0,0.0) q[0],q[1];\n");
  must_write(
      "OPENQASM 3;\ninclude \"stdgates.inc\";\nqubit θ;\nqubit[2] pi2;\nbit if_;\nbit[2] measured;\n"
      "measure θ;\nif_ = measure pi2[1];\nif (if_) { x θ; gphase(0.5); barrier θ; negctrl @ ctrl @ h pi2[0], pi2[1], "
      "θ; }\nif (!if_) { reset θ; }\nmeasured = measure pi2;\nif (measured == \"10\") { measured[0] = measure θ; }\n",
      "OPENQASM 2.0;\ninclude \"qelib1.inc\";\ngate qv_c2_u1(lambda) a0,a1,t { cu1(lambda/2) a1,t; cx a0,a1; "
      "cu1(-lambda/2) a1,t; cx a0,a1; cu1(lambda/2) a0,t; }\ngate qv_c2_h a0,a1,t { ry(-pi/4) t; qv_c2_u1(pi) a0,a1,t; "
      "ry(pi/4) t; }\nqreg qv_q0[1];\nqreg pi2[2];\ncreg if_[1];\ncreg measured[2];\ncreg qv_discard[1];\n"
      "measure qv_q0[0] -> qv_discard[0];\nmeasure pi2[1] -> if_[0];\nif(if_==1) x qv_q0[0];\nbarrier qv_q0[0];\n"
      "if(if_==1) x pi2[0];\nif(if_==1) qv_c2_h pi2[0],pi2[1],qv_q0[0];\nif(if_==1) x pi2[0];\n// global phase 0.5\n"
      "if(if_==0) reset qv_q0[0];\nmeasure pi2[0] -> measured[0];\nmeasure pi2[1] -> measured[1];\n"
      "if(measured==2) measure qv_q0[0] -> measured[0];\n");
}

static void programs_are_built_without_a_text(void **state)
{
  (void)state;
  qv_qasm_program *program = NULL;
  char *text = NULL;
  const int32_t twice[2] = {1, 1}, far[1] = {3};
  assert_int_equal(qv_qasm_create(3, 2, &program), QV_OK);
  assert_int_equal(qv_qasm_append_gate(program, QV_QASM_H, 0, 0, NULL, (int32_t[]){2}), QV_OK);
  assert_int_equal(qv_qasm_append_gate(program, QV_QASM_RZ, 1, 0, angles, (int32_t[]){0, 2}), QV_OK);
  assert_int_equal(qv_qasm_append_measure(program, 2, 1), QV_OK);
  assert_int_equal(qv_qasm_append_reset(program, 2), QV_OK);
  assert_int_equal(qv_qasm_append_gate(program, QV_QASM_CX, 0, 0, NULL, twice), QV_ERR_INTERNAL);
  qv_error_clear();
  assert_int_equal(qv_qasm_append_gate(program, QV_QASM_X, 0, 0, NULL, far), QV_ERR_INTERNAL);
  qv_error_clear();
  assert_int_equal(qv_qasm_append_measure(program, 0, 2), QV_ERR_INTERNAL);
  qv_error_clear();
  assert_int_equal(qv_qasm_append_reset(program, -1), QV_ERR_INTERNAL);
  qv_error_clear();
  assert_int_equal(qv_qasm_write(program, &text), QV_OK);
  assert_string_equal(text,
                      "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[3];\ncreg c[2];\nh q[2];\ncrz(0.7) q[0],q[2];\n"
                      "measure q[2] -> c[1];\nreset q[2];\n");
  assert_int_equal(qv_qasm_fail(program, 0, QV_ERR_INPUT, "no file"), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(), "error: no file");
  qv_error_clear();
  qv_free(&text);
  qv_qasm_destroy(&program);
  assert_int_equal(qv_memory_now(QV_MEM_IO), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(controls_are_written_as_definitions),
      cmocka_unit_test(matrices_on_one_qubit_are_written_as_angles),
      cmocka_unit_test(negative_controls_are_flipped),
      cmocka_unit_test(texts_are_as_expected),
      cmocka_unit_test(programs_are_built_without_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
