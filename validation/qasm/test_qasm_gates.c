/* Gates: every matrix against the definitions of qelib1.inc and stdgates.inc in terms of the languages' own gates, and
 * modifiers against what they mean. */
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

/* qelib1.inc in its present form, as its authors define the gates (up to a phase for each gate), under other names. */
static const char qelib1[] =
    "gate Ru3(theta,phi,lambda) q { U(theta,phi,lambda) q; }\n"
    "gate Ru2(phi,lambda) q { U(pi/2,phi,lambda) q; }\n"
    "gate Ru1(lambda) q { U(0,0,lambda) q; }\n"
    "gate Rcx c,t { CX c,t; }\n"
    "gate Rid a { U(0,0,0) a; }\n"
    "gate Ru0(gamma) q { U(0,0,0) q; }\n"
    "gate Ru(theta,phi,lambda) q { U(theta,phi,lambda) q; }\n"
    "gate Rp(lambda) q { U(0,0,lambda) q; }\n"
    "gate Rx a { Ru3(pi,0,pi) a; }\n"
    "gate Ry a { Ru3(pi,pi/2,pi/2) a; }\n"
    "gate Rz a { Ru1(pi) a; }\n"
    "gate Rh a { Ru2(0,pi) a; }\n"
    "gate Rs a { Ru1(pi/2) a; }\n"
    "gate Rsdg a { Ru1(-pi/2) a; }\n"
    "gate Rt a { Ru1(pi/4) a; }\n"
    "gate Rtdg a { Ru1(-pi/4) a; }\n"
    "gate Rrx(theta) a { Ru3(theta,-pi/2,pi/2) a; }\n"
    "gate Rry(theta) a { Ru3(theta,0,0) a; }\n"
    "gate Rrz(phi) a { Ru1(phi) a; }\n"
    "gate Rsx a { Rsdg a; Rh a; Rsdg a; }\n"
    "gate Rsxdg a { Rs a; Rh a; Rs a; }\n"
    "gate Rcz a,b { Rh b; Rcx a,b; Rh b; }\n"
    "gate Rcy a,b { Rsdg b; Rcx a,b; Rs b; }\n"
    "gate Rswap a,b { Rcx a,b; Rcx b,a; Rcx a,b; }\n"
    "gate Rch a,b { Rh b; Rsdg b; Rcx a,b; Rh b; Rt b; Rcx a,b; Rt b; Rh b; Rs b; Rx b; Rs a; }\n"
    "gate Rccx a,b,c { Rh c; Rcx b,c; Rtdg c; Rcx a,c; Rt c; Rcx b,c; Rtdg c; Rcx a,c; Rt b; Rt c; Rh c; Rcx a,b;\n"
    "  Rt a; Rtdg b; Rcx a,b; }\n"
    "gate Rcswap a,b,c { Rcx c,b; Rccx a,b,c; Rcx c,b; }\n"
    "gate Rcrx(lambda) a,b { Ru1(pi/2) b; Rcx a,b; Ru3(-lambda/2,0,0) b; Rcx a,b; Ru3(lambda/2,-pi/2,0) b; }\n"
    "gate Rcry(lambda) a,b { Rry(lambda/2) b; Rcx a,b; Rry(-lambda/2) b; Rcx a,b; }\n"
    "gate Rcrz(lambda) a,b { Rrz(lambda/2) b; Rcx a,b; Rrz(-lambda/2) b; Rcx a,b; }\n"
    "gate Rcu1(lambda) a,b { Ru1(lambda/2) a; Rcx a,b; Ru1(-lambda/2) b; Rcx a,b; Ru1(lambda/2) b; }\n"
    "gate Rcp(lambda) a,b { Rp(lambda/2) a; Rcx a,b; Rp(-lambda/2) b; Rcx a,b; Rp(lambda/2) b; }\n"
    "gate Rcu3(theta,phi,lambda) c,t { Ru1((lambda+phi)/2) c; Ru1((lambda-phi)/2) t; Rcx c,t;\n"
    "  Ru3(-theta/2,0,-(phi+lambda)/2) t; Rcx c,t; Ru3(theta/2,phi,0) t; }\n"
    "gate Rcsx a,b { Rh b; Rcu1(pi/2) a,b; Rh b; }\n"
    "gate Rcu(theta,phi,lambda,gamma) c,t { Rp(gamma) c; Rp((lambda+phi)/2) c; Rp((lambda-phi)/2) t; Rcx c,t;\n"
    "  Ru(-theta/2,0,-(phi+lambda)/2) t; Rcx c,t; Ru(theta/2,phi,0) t; }\n"
    "gate Rrxx(theta) a,b { Ru3(pi/2,theta,0) a; Rh b; Rcx a,b; Ru1(-theta) b; Rcx a,b; Rh b; Ru2(-pi,pi-theta) a; }\n"
    "gate Rrzz(theta) a,b { Rcx a,b; Ru1(theta) b; Rcx a,b; }\n"
    "gate Rrccx a,b,c { Ru2(0,pi) c; Ru1(pi/4) c; Rcx b,c; Ru1(-pi/4) c; Rcx a,c; Ru1(pi/4) c; Rcx b,c; Ru1(-pi/4) c;\n"
    "  Ru2(0,pi) c; }\n"
    "gate Rrc3x a,b,c,d { Ru2(0,pi) d; Ru1(pi/4) d; Rcx c,d; Ru1(-pi/4) d; Ru2(0,pi) d; Rcx a,d; Ru1(pi/4) d;\n"
    "  Rcx b,d; Ru1(-pi/4) d; Rcx a,d; Ru1(pi/4) d; Rcx b,d; Ru1(-pi/4) d; Ru2(0,pi) d; Ru1(pi/4) d; Rcx c,d;\n"
    "  Ru1(-pi/4) d; Ru2(0,pi) d; }\n"
    "gate Rc3x a,b,c,d { Rh d; Rp(pi/8) a; Rp(pi/8) b; Rp(pi/8) c; Rp(pi/8) d; Rcx a,b; Rp(-pi/8) b; Rcx a,b;\n"
    "  Rcx b,c; Rp(-pi/8) c; Rcx a,c; Rp(pi/8) c; Rcx b,c; Rp(-pi/8) c; Rcx a,c; Rcx c,d; Rp(-pi/8) d; Rcx b,d;\n"
    "  Rp(pi/8) d; Rcx c,d; Rp(-pi/8) d; Rcx a,d; Rp(pi/8) d; Rcx c,d; Rp(-pi/8) d; Rcx b,d; Rp(pi/8) d; Rcx c,d;\n"
    "  Rp(-pi/8) d; Rcx a,d; Rh d; }\n"
    "gate Rc3sqrtx a,b,c,d { Rh d; Rcu1(pi/8) a,d; Rh d; Rcx a,b; Rh d; Rcu1(-pi/8) b,d; Rh d; Rcx a,b; Rh d;\n"
    "  Rcu1(pi/8) b,d; Rh d; Rcx b,c; Rh d; Rcu1(-pi/8) c,d; Rh d; Rcx a,c; Rh d; Rcu1(pi/8) c,d; Rh d; Rcx b,c;\n"
    "  Rh d; Rcu1(-pi/8) c,d; Rh d; Rcx a,c; Rh d; Rcu1(pi/8) c,d; Rh d; }\n"
    "gate Rc4x a,b,c,d,e { Rh e; Rcu1(pi/2) d,e; Rh e; Rc3x a,b,c,d; Rh e; Rcu1(-pi/2) d,e; Rh e; Rc3x a,b,c,d;\n"
    "  Rc3sqrtx a,b,c,e; }\n";

/* name, parameters, qubits */
static const struct {
  const char *name;
  int params, qubits;
} gates_2[] = {{"u3", 3, 1},  {"u2", 2, 1},   {"u1", 1, 1},    {"cx", 0, 2},  {"id", 0, 1},  {"u0", 1, 1},
               {"u", 3, 1},   {"p", 1, 1},    {"x", 0, 1},     {"y", 0, 1},   {"z", 0, 1},   {"h", 0, 1},
               {"s", 0, 1},   {"sdg", 0, 1},  {"t", 0, 1},     {"tdg", 0, 1}, {"rx", 1, 1},  {"ry", 1, 1},
               {"rz", 1, 1},  {"sx", 0, 1},   {"sxdg", 0, 1},  {"cz", 0, 2},  {"cy", 0, 2},  {"swap", 0, 2},
               {"ch", 0, 2},  {"ccx", 0, 3},  {"cswap", 0, 3}, {"crx", 1, 2}, {"cry", 1, 2}, {"crz", 1, 2},
               {"cu1", 1, 2}, {"cp", 1, 2},   {"cu3", 3, 2},   {"csx", 0, 2}, {"cu", 4, 2},  {"rxx", 1, 2},
               {"rzz", 1, 2}, {"rccx", 0, 3}, {"rc3x", 0, 4},  {"c3x", 0, 4}, {"c4x", 0, 5}, {"c3sqrtx", 0, 4}};

/* stdgates.inc of the specification, exact including phases, under other names. */
static const char stdgates[] = "gate Rp(λ) a { ctrl @ gphase(λ) a; }\n"
                               "gate Rx a { U(π, 0, π) a; gphase(-π/2); }\n"
                               "gate Ry a { U(π, π/2, π/2) a; gphase(-π/2); }\n"
                               "gate Rz a { Rp(π) a; }\n"
                               "gate Rh a { U(π/2, 0, π) a; gphase(-π/4); }\n"
                               "gate Rs a { pow(0.5) @ Rz a; }\n"
                               "gate Rsdg a { inv @ pow(0.5) @ Rz a; }\n"
                               "gate Rt a { pow(0.5) @ Rs a; }\n"
                               "gate Rtdg a { inv @ pow(0.5) @ Rs a; }\n"
                               "gate Rsx a { pow(0.5) @ Rx a; }\n"
                               "gate Rrx(θ) a { U(θ, -π/2, π/2) a; gphase(-θ/2); }\n"
                               "gate Rry(θ) a { U(θ, 0, 0) a; gphase(-θ/2); }\n"
                               "gate Rrz(λ) a { gphase(-λ/2); U(0, 0, λ) a; }\n"
                               "gate Rcx a, b { ctrl @ Rx a, b; }\n"
                               "gate Rcy a, b { ctrl @ Ry a, b; }\n"
                               "gate Rcz a, b { ctrl @ Rz a, b; }\n"
                               "gate Rcp(λ) a, b { ctrl @ Rp(λ) a, b; }\n"
                               "gate Rcrx(θ) a, b { ctrl @ Rrx(θ) a, b; }\n"
                               "gate Rcry(θ) a, b { ctrl @ Rry(θ) a, b; }\n"
                               "gate Rcrz(θ) a, b { ctrl @ Rrz(θ) a, b; }\n"
                               "gate Rch a, b { ctrl @ Rh a, b; }\n"
                               "gate Rswap a, b { Rcx a, b; Rcx b, a; Rcx a, b; }\n"
                               "gate Rccx a, b, c { ctrl @ ctrl @ Rx a, b, c; }\n"
                               "gate Rcswap a, b, c { ctrl @ Rswap a, b, c; }\n"
                               "gate Rcu(θ, φ, λ, γ) a, b { Rp(γ-θ/2) a; ctrl @ U(θ, φ, λ) a, b; }\n"
                               "gate RCX a, b { ctrl @ U(π, 0, π) a, b; Rp(-π/2) a; }\n"
                               "gate Rphase(λ) q { U(0, 0, λ) q; }\n"
                               "gate Rcphase(λ) a, b { ctrl @ Rphase(λ) a, b; }\n"
                               "gate Rid a { U(0, 0, 0) a; }\n"
                               "gate Ru1(λ) q { U(0, 0, λ) q; }\n"
                               "gate Ru2(φ, λ) q { gphase(-(φ+λ+π/2)/2); U(π/2, φ, λ) q; }\n"
                               "gate Ru3(θ, φ, λ) q { gphase(-(φ+λ+θ)/2); U(θ, φ, λ) q; }\n";

static const struct {
  const char *name;
  int params, qubits;
} gates_3[] = {{"p", 1, 1},   {"x", 0, 1},   {"y", 0, 1},   {"z", 0, 1},     {"h", 0, 1},      {"s", 0, 1},
               {"sdg", 0, 1}, {"t", 0, 1},   {"tdg", 0, 1}, {"sx", 0, 1},    {"rx", 1, 1},     {"ry", 1, 1},
               {"rz", 1, 1},  {"cx", 0, 2},  {"cy", 0, 2},  {"cz", 0, 2},    {"cp", 1, 2},     {"crx", 1, 2},
               {"cry", 1, 2}, {"crz", 1, 2}, {"ch", 0, 2},  {"swap", 0, 2},  {"ccx", 0, 3},    {"cswap", 0, 3},
               {"cu", 4, 2},  {"CX", 0, 2},  {"id", 0, 1},  {"phase", 1, 1}, {"cphase", 1, 2}, {"u1", 1, 1},
               {"u2", 2, 1},  {"u3", 3, 1}};

static const double angles[4] = {0.7, -1.3, 2.1, 0.4};

/* "prefix name(0.7,...) q[0],q[1];" behind a head. */
static void compose(char *text, size_t size, const char *head, const char *prefix, const char *name, int params,
                    int qubits)
{
  size_t n = (size_t)snprintf(text, size, "%s%s%s", head, prefix, name);
  for (int i = 0; i < params; i++) {
    n += (size_t)snprintf(text + n, size - n, "%s%.17g", i ? "," : "(", angles[i]);
  }
  n += (size_t)snprintf(text + n, size - n, "%s", params ? ")" : "");
  for (int i = 0; i < qubits; i++) {
    n += (size_t)snprintf(text + n, size - n, "%sq[%d]", i ? "," : " ", i);
  }
  snprintf(text + n, size - n, ";\n");
}

static double difference(const char *a, const char *b, int n, bool any_phase)
{
  static double complex ua[1 << 16], ub[1 << 16];
  qv_qasm_program *pa = dense_parse(a), *pb = dense_parse(b);
  dense_unitary(pa, n, ua);
  dense_unitary(pb, n, ub);
  qv_qasm_destroy(&pa);
  qv_qasm_destroy(&pb);
  return dense_distance(ua, ub, 1 << 2 * n, any_phase);
}

static void qelib1_is_what_it_is_made_of(void **state)
{
  (void)state;
  static char named[20000], made[20000], head[20000];
  for (size_t i = 0; i < sizeof gates_2 / sizeof *gates_2; i++) {
    snprintf(head, sizeof head, "OPENQASM 2.0;\n%sqreg q[%d];\n", qelib1, gates_2[i].qubits);
    compose(made, sizeof made, head, "R", gates_2[i].name, gates_2[i].params, gates_2[i].qubits);
    snprintf(head, sizeof head, "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[%d];\n", gates_2[i].qubits);
    compose(named, sizeof named, head, "", gates_2[i].name, gates_2[i].params, gates_2[i].qubits);
    const double d = difference(named, made, gates_2[i].qubits, true);
    if (!(d < 1e-14)) {
      fail_msg("%s differs from its definition by %g", gates_2[i].name, d);
    }
  }
}

static void stdgates_are_what_they_are_made_of(void **state)
{
  (void)state;
  static char named[20000], made[20000], head[20000];
  for (size_t i = 0; i < sizeof gates_3 / sizeof *gates_3; i++) {
    snprintf(head, sizeof head, "OPENQASM 3.0;\n%squbit[%d] q;\n", stdgates, gates_3[i].qubits);
    compose(made, sizeof made, head, "R", gates_3[i].name, gates_3[i].params, gates_3[i].qubits);
    snprintf(head, sizeof head, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[%d] q;\n", gates_3[i].qubits);
    compose(named, sizeof named, head, "", gates_3[i].name, gates_3[i].params, gates_3[i].qubits);
    const double d = difference(named, made, gates_3[i].qubits, false);
    if (!(d < 1e-14)) {
      fail_msg("%s differs from its definition by %g", gates_3[i].name, d);
    }
  }
}

/* The whole matrix of a gate is the matrix of its base under its controls, and unitary. */
static void matrices_agree_with_their_rows(void **state)
{
  (void)state;
  for (int gate = 0; gate < QV_QASM_UNITARY; gate++) {
    const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)gate);
    const int32_t qubits[5] = {0, 1, 2, 3, 4};
    const int size = 1 << row->qubits;
    double complex m[1024], u[1024], product = 0;
    qv_qasm_program *program = NULL;
    assert_int_equal(qv_qasm_create(5, 0, &program), QV_OK);
    assert_int_equal(qv_qasm_append_gate(program, (qv_qasm_gate)gate, 0, 0, angles, qubits), QV_OK);
    qv_qasm_gate_matrix((qv_qasm_gate)gate, angles, m);
    dense_unitary(program, row->qubits > 5 ? 8 : 5, u);
    for (int r = 0; r < size; r++) {
      for (int c = 0; c < size; c++) {
        assert_true(cabs(m[r * size + c] - u[c * 32 + r]) < 1e-15);
        product = 0;
        for (int k = 0; k < size; k++) {
          product += m[r * size + k] * conj(m[c * size + k]);
        }
        assert_true(cabs(product - (r == c)) < 1e-15);
      }
    }
    qv_qasm_destroy(&program);
  }
}

/* The built-in gate of OpenQASM 3 as the specification writes its matrix. */
static void u_of_version_3_has_the_specified_phase(void **state)
{
  (void)state;
  const double t = angles[0], p = angles[1], l = angles[2];
  const double complex e = cexp(I * t);
  const double complex spec[4] = {(1 + e) / 2, I * cexp(I * p) * (1 - e) / 2, -I * cexp(I * l) * (1 - e) / 2,
                                  cexp(I * (p + l)) * (1 + e) / 2}; /* by columns */
  double complex u[4];
  char text[200];
  compose(text, sizeof text, "OPENQASM 3.0;\nqubit[1] q;\n", "", "U", 3, 1);
  qv_qasm_program *program = dense_parse(text);
  dense_unitary(program, 1, u);
  qv_qasm_destroy(&program);
  assert_true(dense_distance(u, spec, 4, false) < 1e-15);
}

/* Pairs of programs that are the same unitary, phase included. */
static const struct {
  const char *a, *b;
} same[] = {
    {"ctrl @ x q[0], q[1];", "cx q[0], q[1];"},
    {"ctrl(2) @ x q[0], q[1], q[2];", "ccx q[0], q[1], q[2];"},
    {"ctrl @ cx q[0], q[1], q[2];", "ccx q[0], q[1], q[2];"},
    {"ctrl @ ctrl @ swap q[0], q[1], q[2], q[3];", "cx q[3], q[2]; ctrl(3) @ x q[0], q[1], q[2], q[3]; cx q[3], q[2];"},
    {"negctrl @ x q[0], q[1];", "x q[0]; cx q[0], q[1]; x q[0];"},
    {"negctrl @ ctrl @ rz(0.3) q[0], q[1], q[2];", "x q[0]; ctrl @ ctrl @ rz(0.3) q[0], q[1], q[2]; x q[0];"},
    {"ctrl @ negctrl @ h q[0], q[1], q[2];", "x q[1]; ctrl @ ch q[0], q[1], q[2]; x q[1];"},
    {"negctrl(2) @ x q[0], q[1], q[2];", "x q[0]; x q[1]; ccx q[0], q[1], q[2]; x q[0]; x q[1];"},
    {"negctrl @ cx q[0], q[1], q[2];", "x q[0]; ccx q[0], q[1], q[2]; x q[0];"},
    {"ctrl @ gphase(0.3) q[1];", "p(0.3) q[1];"},
    {"negctrl @ gphase(0.3) q[1];", "x q[1]; p(0.3) q[1]; x q[1];"},
    {"ctrl(2) @ gphase(0.3) q[0], q[1];", "cp(0.3) q[0], q[1];"},
    {"negctrl @ ctrl @ gphase(0.3) q[0], q[1];", "x q[0]; cp(0.3) q[0], q[1]; x q[0];"},
    {"ctrl @ negctrl @ gphase(0.3) q[0], q[1];", "x q[1]; cp(0.3) q[0], q[1]; x q[1];"},
    {"negctrl(2) @ gphase(0.3) q[0], q[1];", "x q[0]; x q[1]; cp(0.3) q[0], q[1]; x q[0]; x q[1];"},
    {"negctrl(3) @ gphase(0.3) q[0], q[1], q[3];",
     "x q[0]; x q[1]; x q[3]; ctrl @ cp(0.3) q[0], q[1], q[3]; x q[0]; x q[1]; x q[3];"},
    {"inv @ s q[0];", "sdg q[0];"},
    {"inv @ sdg q[0];", "s q[0];"},
    {"inv @ t q[0]; inv @ tdg q[1];", "tdg q[0]; t q[1];"},
    {"inv @ sx q[0]; sx q[0];", "id q[0];"},
    {"ctrl @ inv @ sx q[0], q[1]; ctrl @ sx q[0], q[1];", "id q[0];"},
    {"inv @ ctrl @ sx q[0], q[1]; ctrl @ sx q[0], q[1];", "id q[0];"},
    {"inv @ inv @ ctrl @ sx q[0], q[1];", "ctrl @ sx q[0], q[1];"},
    {"inv @ rx(0.3) q[0]; inv @ ry(0.4) q[0]; inv @ rz(0.5) q[0];", "rx(-0.3) q[0]; ry(-0.4) q[0]; rz(-0.5) q[0];"},
    {"inv @ U(0.3, 0.4, 0.5) q[0];", "U(-0.3, -0.5, -0.4) q[0];"},
    {"inv @ u2(0.3, 0.4) q[0]; u2(0.3, 0.4) q[0];", "id q[0];"},
    {"inv @ u3(0.1, 0.3, 0.4) q[0]; u3(0.1, 0.3, 0.4) q[0];", "id q[0];"},
    {"inv @ cu(0.1, 0.3, 0.4, 0.5) q[0], q[1]; cu(0.1, 0.3, 0.4, 0.5) q[0], q[1];", "id q[0];"},
    {"inv @ ccx q[0], q[1], q[2]; inv @ cswap q[0], q[1], q[2];", "ccx q[0], q[1], q[2]; cswap q[0], q[1], q[2];"},
    {"inv @ gphase(0.3);", "gphase(-0.3);"},
    {"pow(2) @ s q[0];", "z q[0];"},
    {"pow(3) @ t q[0];", "s q[0]; t q[0];"},
    {"pow(-1) @ t q[0];", "tdg q[0];"},
    {"pow(0) @ h q[0];", ""},
    {"pow(5) @ x q[0];", "x q[0];"},
    {"pow(4) @ y q[0];", ""},
    {"pow(1/2) @ x q[0];", "sx q[0];"},
    {"pow(0.5) @ pow(0.5) @ z q[0];", "t q[0]; pow(0.5) @ t q[0]; inv @ pow(0.5) @ t q[0];"},
    {"pow(0.5) @ cx q[0], q[1]; pow(0.5) @ cx q[0], q[1];", "cx q[0], q[1];"},
    {"ctrl @ pow(0.5) @ x q[0], q[1];", "ctrl @ sx q[0], q[1];"},
    {"pow(0.5) @ ctrl @ x q[0], q[1];", "ctrl @ sx q[0], q[1];"},
    {"pow(1/3) @ h q[0]; pow(1/3) @ h q[0]; pow(1/3) @ h q[0];", "h q[0];"},
    {"pow(-0.25) @ y q[0]; pow(0.25) @ y q[0];", ""},
    {"pow(0.5) @ rz(0.6) q[0];", "rz(0.3) q[0];"},
    {"pow(0.5) @ p(7.0) q[0];", "p(3.5) q[0]; p(pi) q[0];"},
    {"pow(3) @ rx(1.9) q[0]; pow(2) @ crz(0.3) q[0], q[1];", "rx(5.7) q[0]; crz(0.6) q[0], q[1];"},
    {"pow(2) @ U(0.3, 0.4, 0.5) q[0];", "U(0.3, 0.4, 0.5) q[0]; U(0.3, 0.4, 0.5) q[0];"},
    {"pow(3) @ u3(0.3, 0.4, 0.5) q[0];", "u3(0.3, 0.4, 0.5) q[0]; u3(0.3, 0.4, 0.5) q[0]; u3(0.3, 0.4, 0.5) q[0];"},
    {"pow(2) @ cu(0.3, 0.4, 0.5, 0.6) q[0], q[1];",
     "cu(0.3, 0.4, 0.5, 0.6) q[0], q[1]; cu(0.3, 0.4, 0.5, 0.6) q[0], q[1];"},
    {"pow(0.5) @ swap q[0], q[1]; pow(0.5) @ swap q[0], q[1];", "swap q[0], q[1];"},
    {"ctrl @ pow(0.5) @ swap q[2], q[0], q[1]; ctrl @ pow(0.5) @ swap q[2], q[0], q[1];", "cswap q[2], q[0], q[1];"},
    {"pow(2) @ bell q[0], q[1];", "bell q[0], q[1]; bell q[0], q[1];"},
    {"inv @ bell q[0], q[1];", "gphase(-0.2); cx q[0], q[1]; h q[0];"},
    {"pow(-2) @ bell q[0], q[1];", "inv @ bell q[0], q[1]; inv @ bell q[0], q[1];"},
    {"ctrl @ bell q[2], q[0], q[1];", "ch q[2], q[0]; ccx q[2], q[0], q[1]; p(0.2) q[2];"},
    {"pow(1/2) @ bell q[0], q[1]; pow(1/2) @ bell q[0], q[1];", "bell q[0], q[1];"},
    {"pow(0.3) @ bell q[1], q[0]; pow(0.7) @ bell q[1], q[0];", "bell q[1], q[0];"},
    {"inv @ pow(0.3) @ bell q[1], q[0]; pow(0.3) @ bell q[1], q[0];", ""},
    {"pow(2) @ pow(0.5) @ bell q[1], q[0];", "bell q[1], q[0];"},
    {"inv @ ctrl @ bell q[2], q[0], q[1]; ctrl @ bell q[2], q[0], q[1];", ""},
    {"ctrl @ inv @ wrap(0.4) q[3], q[1], q[0]; ctrl @ wrap(0.4) q[3], q[1], q[0];", ""},
    {"wrap(0.4) q[0], q[1];", "p(-0.4) q[1]; cu(-0.4, -0.2, -0.1, -0.3) q[0], q[1]; sdg q[0]; gphase(-0.4);"},
    {"pow(0.5) @ gphase(0.5);", "gphase(0.25);"},
    {"pow(0) @ bell q[0], q[1];", ""},
    {"ctrl @ fenced q[0], q[1];", "cx q[0], q[1];"},
    {"inv @ fenced q[1];", "x q[1];"},
    {"pow(0.5) @ phases q[0];", "gphase(0.25);"},
    {"ctrl @ phases q[0], q[1];", "p(0.5) q[0];"},
    {"pow(0.5) @ twisted q[0], q[1], q[2]; pow(0.5) @ twisted q[0], q[1], q[2];", "twisted q[0], q[1], q[2];"},
    {"ctrl @ pow(0.5) @ twisted q[3], q[0], q[1], q[2]; ctrl @ pow(0.5) @ twisted q[3], q[0], q[1], q[2];",
     "ctrl @ twisted q[3], q[0], q[1], q[2];"},
    {"pow(0.5) @ pow(0.5) @ swap q[0], q[1]; pow(0.75) @ swap q[0], q[1];", "swap q[0], q[1];"},
    {"inv @ rc3x q[0], q[1], q[2], q[3]; rc3x q[0], q[1], q[2], q[3];", ""},
    {"pow(0.5) @ rc3x q[0], q[1], q[2], q[3]; pow(0.5) @ rc3x q[0], q[1], q[2], q[3];", "rc3x q[0], q[1], q[2], q[3];"},
    {"pow(3) @ rc3x q[0], q[1], q[2], q[3];",
     "inv @ rc3x q[0], q[1], q[2], q[3]; pow(4) @ rc3x q[0], q[1], q[2], q[3];"},
    {"pow(0.5) @ rzz(1) q[0], q[1]; inv @ rxx(0.3) q[0], q[1];", "rzz(0.5) q[0], q[1]; rxx(-0.3) q[0], q[1];"},
    {"pow(0.5) @ rzz(7) q[0], q[1];", "rzz(3.5 - tau) q[0], q[1];"},
    {"pow(0.5) @ crx(0.4) q[0], q[1]; pow(1.5) @ crx(0.4) q[0], q[1];", "crx(0.8) q[0], q[1];"},
    {"pow(0.5) @ u2(0, pi) q[0]; pow(0.5) @ u2(0, pi) q[0];", "u2(0, pi) q[0];"},
    {"pow(0.5) @ cu3(pi, 0, pi) q[0], q[1];", "csx q[0], q[1];"},
    {"pow(2) @ rx(1e-9) q[0];", "rx(2e-9) q[0];"},
    {"pow(0.3) @ u3(1e-9, 0.1, 0.2) q[0]; pow(0.7) @ u3(1e-9, 0.1, 0.2) q[0];", "u3(1e-9, 0.1, 0.2) q[0];"},
    {"h q; x q[0];", "for int i in [0:3] h q[i]; x q[0];"},
    {"loops(0.3) q[0], q[1];", "rx(0.3) q[0]; rx(0.3) q[0]; rx(0.3) q[0]; cx q[0], q[1];"},
    {"inv @ loops(0.3) q[0], q[1];", "cx q[0], q[1]; rx(-0.9) q[0];"},
};

static void modifiers_mean_what_they_say(void **state)
{
  (void)state;
  static const char head[] =
      "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n"
      "gate bell a, b { h a; cx a, b; gphase(0.2); }\n"
      "gate body(t) a, b { gphase(t); s a; cu(t, 0.1, 0.2, 0.3) a, b; p(t) b; }\n"
      "gate wrap(t) a, b { inv @ body(t) a, b; }\n"
      "include \"qelib1.inc\";\ngate fenced a { barrier a; x a; }\ngate phases a { gphase(0.3); gphase(0.2); }\n"
      "gate twisted a, b, c { negctrl @ x a, b; h c; pow(0.5) @ swap a, c; ctrl @ t b, c; }\n"
      "gate loops(t) a, b { for int i in [0:2] { rx(t) a; } if (true) { cx a, b; } }\n"
      "qubit[4] q;\n";
  for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
    char a[2000], b[2000];
    snprintf(a, sizeof a, "%s%s", head, same[i].a);
    snprintf(b, sizeof b, "%s%s", head, same[i].b);
    const double d = difference(a, b, 4, false);
    if (!(d < 1e-13)) {
      fail_msg("'%s' and '%s' differ by %g", same[i].a, same[i].b, d);
    }
  }
}

/* Modified gates of the list stay one operation of the list where there is one. */
static void modified_gates_keep_their_names(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    qv_qasm_gate gate;
    int ncontrol, nop;
  } cases[] = {
      {"ctrl @ x q[0], q[1];", QV_QASM_CX, 0, 1},
      {"ctrl(3) @ x q[0], q[1], q[2], q[3];", QV_QASM_C3X, 0, 1},
      {"ctrl(4) @ x q[0], q[1], q[2], q[3], q[4];", QV_QASM_C4X, 0, 1},
      {"ctrl(5) @ x q[0], q[1], q[2], q[3], q[4], q[5];", QV_QASM_X, 5, 1},
      {"ctrl @ ccx q[0], q[1], q[2], q[3];", QV_QASM_C3X, 0, 1},
      {"ctrl @ swap q[0], q[1], q[2];", QV_QASM_CSWAP, 0, 1},
      {"ctrl @ rz(1) q[0], q[1];", QV_QASM_CRZ, 0, 1},
      {"ctrl @ ctrl @ rz(1) q[0], q[1], q[2];", QV_QASM_RZ, 2, 1},
      {"negctrl @ x q[0], q[1];", QV_QASM_X, 1, 1},
      {"ctrl @ pow(512) @ p(0.1) q[0], q[1];", QV_QASM_CP, 0, 1},
      {"inv @ rx(0.1) q[0];", QV_QASM_RX, 0, 1},
      {"pow(3) @ x q[0];", QV_QASM_X, 0, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[500];
    snprintf(text, sizeof text, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\nqubit[6] q;\n%s", cases[i].text);
    qv_qasm_program *program = dense_parse(text);
    assert_int_equal(program->nop, cases[i].nop);
    assert_int_equal(program->ops[0].gate, cases[i].gate);
    assert_int_equal(program->ops[0].ncontrol, cases[i].ncontrol);
    qv_qasm_destroy(&program);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(qelib1_is_what_it_is_made_of),   cmocka_unit_test(stdgates_are_what_they_are_made_of),
      cmocka_unit_test(matrices_agree_with_their_rows), cmocka_unit_test(u_of_version_3_has_the_specified_phase),
      cmocka_unit_test(modifiers_mean_what_they_say),   cmocka_unit_test(modified_gates_keep_their_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
