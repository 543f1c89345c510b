/* Definitions of gates with more controls than qelib1.inc has, for the writer:
 *   C^n P   Barenco et al., Phys. Rev. A 52 (1995) 3457, lemma 7.5, with half angles
 *   others  from C^n P and C^n X by conjugation, and A X B X C with ABC = 1 for u3 (qelib1.inc's own cu3) */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <stdio.h>

static void define_controlled(qasm_writer *w, qv_qasm_gate base, int n);

/* "name(" with its parameters still to come, of a base gate with n controls. */
void qasm_put_controlled(qasm_writer *w, qasm_text *b, qv_qasm_gate base, int n)
{
  const qv_qasm_gate named = qasm_gate_controlled(base, n);
  if (named != QV_QASM_GATE_COUNT && qv_qasm_gate_about(named)->name[0]) {
    qasm_put_text(b, "%s", qv_qasm_gate_about(named)->name);
    return;
  }
  if (n > QASM_MAX_CONTROLS) {
    b->code = qv_fail(QV_ERR_INPUT, "a gate with more than %d controls cannot be written", QASM_MAX_CONTROLS);
    return;
  }
  define_controlled(w, base, n);
  qasm_put_text(b, "qv_c%d_%s", n, base == QV_QASM_U4 ? "u4" : qv_qasm_gate_about(base)->name);
}

/* "gate(parameters) a0,...,targets;" inside a definition, of a base gate with n controls, the first `lead` of which are
 * a0, a1, ... and the others stand in `targets`. */
static void put_some(qasm_writer *w, qasm_text *b, qv_qasm_gate base, const char *params, int n, int lead,
                     const char *targets)
{
  qasm_put_controlled(w, b, base, n);
  qasm_put_text(b, "%s ", params);
  for (int i = 0; i < lead; i++) {
    qasm_put_text(b, "a%d,", i);
  }
  qasm_put_text(b, "%s; ", targets);
}

static void put_inner(qasm_writer *w, qasm_text *b, qv_qasm_gate base, const char *params, int n, const char *targets)
{
  put_some(w, b, base, params, n, n, targets);
}

/* C^n P: P(lambda/2) from the last control, undone where the other controls are not all 1, and C^(n-1) P(lambda/2). */
static void body_phase(qasm_writer *w, qasm_text *b, int n)
{
  char last[16];
  snprintf(last, sizeof last, "a%d", n - 1);
  qasm_put_text(b, "cu1(lambda/2) %s,t; ", last);
  put_inner(w, b, QV_QASM_X, "", n - 1, last);
  qasm_put_text(b, "cu1(-lambda/2) %s,t; ", last);
  put_inner(w, b, QV_QASM_X, "", n - 1, last);
  put_inner(w, b, QV_QASM_P, "(lambda/2)", n - 1, "t");
}

/* u3, and u4 with its phase g. */
static void body_euler(qasm_writer *w, qasm_text *b, int n, const char *phase)
{
  char last[16], angle[64];
  snprintf(last, sizeof last, "a%d", n - 1);
  snprintf(angle, sizeof angle, "(%s(phi+lambda)/2)", phase);
  put_inner(w, b, QV_QASM_P, angle, n - 1, last);
  qasm_put_text(b, "u1((lambda-phi)/2) t; ");
  put_inner(w, b, QV_QASM_X, "", n, "t");
  qasm_put_text(b, "u3(-theta/2,0,-(phi+lambda)/2) t; ");
  put_inner(w, b, QV_QASM_X, "", n, "t");
  qasm_put_text(b, "u3(theta/2,phi,0) t; ");
}

/* Sequences whose gates cancel where the cx between them do nothing: controls go on the cx alone. */
static void body_relative(qasm_writer *w, qasm_text *b, int n, bool four)
{
  static const char *const three_steps[] = {"h c; u1(pi/4) c; ", "b,c", "u1(-pi/4) c; ",      "a,c",
                                            "u1(pi/4) c; ",      "b,c", "u1(-pi/4) c; h c; ", NULL};
  static const char *const four_steps[] = {"h d; u1(pi/4) d; ",
                                           "c,d",
                                           "u1(-pi/4) d; h d; ",
                                           "a,d",
                                           "u1(pi/4) d; ",
                                           "b,d",
                                           "u1(-pi/4) d; ",
                                           "a,d",
                                           "u1(pi/4) d; ",
                                           "b,d",
                                           "u1(-pi/4) d; h d; u1(pi/4) d; ",
                                           "c,d",
                                           "u1(-pi/4) d; h d; ",
                                           NULL};
  const char *const *steps = four ? four_steps : three_steps;
  for (int i = 0; steps[i]; i++) {
    if (i % 2 == 0) {
      qasm_put_text(b, "%s", steps[i]);
      continue;
    }
    put_some(w, b, QV_QASM_X, "", n + 1, n, steps[i]);
  }
}

/* Rotations: half of it, and half of it back where the controls flip the target between. */
static void body_rotation(qasm_writer *w, qasm_text *b, const char *gate, int n)
{
  qasm_put_text(b, "%s(lambda/2) t; ", gate);
  put_inner(w, b, QV_QASM_X, "", n, "t");
  qasm_put_text(b, "%s(-lambda/2) t; ", gate);
  put_inner(w, b, QV_QASM_X, "", n, "t");
}

/* Fixed gates: P up to a change of basis. */
static const struct {
  qv_qasm_gate base;
  const char *before, *angle, *after;
} conjugated[] = {
    {QV_QASM_X, "h t; ", "(pi)", "h t; "},
    {QV_QASM_Y, "sdg t; h t; ", "(pi)", "h t; s t; "},
    {QV_QASM_Z, "", "(pi)", ""},
    {QV_QASM_H, "ry(-pi/4) t; ", "(pi)", "ry(pi/4) t; "},
    {QV_QASM_S, "", "(pi/2)", ""},
    {QV_QASM_SDG, "", "(-pi/2)", ""},
    {QV_QASM_T, "", "(pi/4)", ""},
    {QV_QASM_TDG, "", "(-pi/4)", ""},
    {QV_QASM_SX, "h t; ", "(pi/2)", "h t; "},
    {QV_QASM_SXDG, "h t; ", "(-pi/2)", "h t; "},
};

static void put_body(qasm_writer *w, qasm_text *b, qv_qasm_gate base, int n)
{
  for (size_t i = 0; i < sizeof conjugated / sizeof *conjugated; i++) {
    if (conjugated[i].base == base) {
      qasm_put_text(b, "%s", conjugated[i].before);
      put_inner(w, b, QV_QASM_P, conjugated[i].angle, n, "t");
      qasm_put_text(b, "%s", conjugated[i].after);
      return;
    }
  }
  switch (base) {
  case QV_QASM_P:
    body_phase(w, b, n);
    break;
  case QV_QASM_RX:
    qasm_put_text(b, "h t; ");
    body_rotation(w, b, "rz", n);
    qasm_put_text(b, "h t; ");
    break;
  case QV_QASM_RY:
    body_rotation(w, b, "ry", n);
    break;
  case QV_QASM_RZ:
    body_rotation(w, b, "rz", n);
    break;
  case QV_QASM_U3:
    body_euler(w, b, n, "");
    break;
  case QV_QASM_U4:
    body_euler(w, b, n, "gamma+");
    break;
  case QV_QASM_U2:
    put_inner(w, b, QV_QASM_U3, "(pi/2,phi,lambda)", n, "t");
    break;
  case QV_QASM_SWAP:
    qasm_put_text(b, "cx b,a; ");
    put_some(w, b, QV_QASM_X, "", n + 1, n, "a,b");
    qasm_put_text(b, "cx b,a; ");
    break;
  case QV_QASM_RXX:
    qasm_put_text(b, "h a; h b; cx a,b; ");
    put_inner(w, b, QV_QASM_RZ, "(lambda)", n, "b");
    qasm_put_text(b, "cx a,b; h a; h b; ");
    break;
  case QV_QASM_RZZ:
    qasm_put_text(b, "cx a,b; ");
    put_inner(w, b, QV_QASM_RZ, "(lambda)", n, "b");
    qasm_put_text(b, "cx a,b; ");
    break;
  case QV_QASM_RCCX:
    body_relative(w, b, n, false);
    break;
  case QV_QASM_RC3X:
    body_relative(w, b, n, true);
    break;
  default: /* id */
    break;
  }
}

static void define_controlled(qasm_writer *w, qv_qasm_gate base, int n)
{
  static const char *const params[] = {"", "(lambda)", "(phi,lambda)", "(theta,phi,lambda)",
                                       "(theta,phi,lambda,gamma)"};
  static const char *const targets[] = {"", "t", "a,b", "a,b,c", "a,b,c,d"};
  const qv_qasm_gate_info *row = qv_qasm_gate_about(base);
  qasm_text body = {0};
  if (w->defined[base] >> (n - 1) & 1) {
    return;
  }
  w->defined[base] |= (uint64_t)1 << (n - 1);
  put_body(w, &body, base, n); /* first: it may need definitions that must stand before this one */
  qasm_put_text(&w->definitions, "gate qv_c%d_%s%s ", n, base == QV_QASM_U4 ? "u4" : row->name, params[row->params]);
  for (int i = 0; i < n; i++) {
    qasm_put_text(&w->definitions, "a%d,", i);
  }
  qasm_put_text(&w->definitions, "%s { %s}\n", targets[row->qubits], body.length > 0 ? body.text : "");
  w->definitions.code = w->definitions.code == QV_OK ? body.code : w->definitions.code;
  qv_free(&body.text);
}
