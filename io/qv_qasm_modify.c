/* Gates on their way into the program, and what modifiers make of them. */
#include "io/qv_qasm_steps.h"

#include <math.h>
#include <string.h>

/* ---- parameters ---- */

static qasm_value value_of(const qasm_param *p)
{
  qasm_value v = qasm_real(p->value);
  v.known = p->code == NULL;
  v.code = p->code;
  v.ncode = p->ncode;
  return v;
}

static qasm_param param_of(const qasm_value *v)
{
  return v->known ? (qasm_param){.value = v->word.f} : (qasm_param){.code = v->code, .ncode = v->ncode};
}

qv_code qasm_param_scale(qasm_reader *r, const qasm_param *p, double factor, qasm_param *out)
{
  const qasm_value a = value_of(p), b = qasm_real(factor);
  qasm_value product;
  QV_TRY(qasm_apply(r, (qasm_instr){.op = QASM_FMUL}, &a, &b, QV_QASM_FLOAT, 64, &product));
  *out = param_of(&product);
  return QV_OK;
}

qv_code qasm_param_add(qasm_reader *r, const qasm_param *a, const qasm_param *b, qasm_param *out)
{
  const qasm_value x = value_of(a), y = value_of(b);
  qasm_value sum;
  QV_TRY(qasm_apply(r, (qasm_instr){.op = QASM_FADD}, &x, &y, QV_QASM_FLOAT, 64, &sum));
  *out = param_of(&sum);
  return QV_OK;
}

/* ---- into the program ---- */

/* All parameters as one piece of code that leaves them on the stack. */
static qv_code late_params(qasm_reader *r, const qasm_draft *d, int32_t *index)
{
  qasm_instr *code = NULL;
  int64_t n = 0, room = 0;
  for (int i = 0; i < d->nparam; i++) {
    room += d->params[i].code ? d->params[i].ncode : 1;
  }
  QV_TRY(qasm_take(&r->work, room, sizeof *code, &code));
  for (int i = 0; i < d->nparam; i++) {
    if (d->params[i].code) {
      memcpy(code + n, d->params[i].code, (size_t)d->params[i].ncode * sizeof *code);
      n += d->params[i].ncode;
    } else {
      code[n++] = (qasm_instr){.op = QASM_PUSH, .value.f = d->params[i].value};
    }
  }
  return qasm_build_code(r->build, code, n, index);
}

static qv_code append(qasm_reader *r, const qasm_draft *d)
{
  double small[8], *params = small;
  bool known = true, finite = true;
  for (int i = 0; i < d->nparam; i++) {
    known = known && !d->params[i].code;
    finite = finite && isfinite(d->params[i].value);
  }
  if (!finite) {
    QV_TRY(qasm_note(r, d->place, "a parameter is not a finite number"));
  }
  if (d->kind == QV_QASM_GATE && d->gate == QV_QASM_GPHASE && known && finite) {
    qasm_add_phase(r, d->params[0].value);
    return QV_OK;
  }
  qv_qasm_op op = {.kind = d->kind,
                   .gate = d->gate,
                   .ncontrol = (uint16_t)d->ncontrol,
                   .nparam = d->nparam,
                   .nqubit = d->nqubit,
                   .code = -1,
                   .arg = d->kind == QV_QASM_OPAQUE ? d->arg : (int64_t)d->negative,
                   .place = d->place};
  if (!known) {
    QV_TRY(late_params(r, d, &op.code));
    return qasm_emit(r, &op, d->qubits, NULL);
  }
  if (d->nparam > 8) {
    QV_TRY(qasm_take(&r->work, d->nparam, sizeof *params, &params));
  }
  for (int i = 0; i < d->nparam; i++) {
    params[i] = d->params[i].value;
  }
  return qasm_emit(r, &op, d->qubits, params);
}

static qv_code keep(qasm_reader *r, qasm_drafts *drafts, const qasm_draft *draft)
{
  if (drafts->n == drafts->capacity) {
    qasm_draft *grown = NULL;
    const int64_t capacity = drafts->capacity < 4 ? 4 : 2 * drafts->capacity;
    QV_TRY(qasm_take(&r->work, capacity, sizeof *grown, &grown));
    if (drafts->n > 0) {
      memcpy(grown, drafts->list, (size_t)drafts->n * sizeof *grown);
    }
    drafts->list = grown;
    drafts->capacity = capacity;
  }
  if (drafts->n >= r->opts->max_ops) {
    return qasm_error(r, draft->place, "raise the limit if that is meant", "a gate of more than %lld operations",
                      (long long)r->opts->max_ops);
  }
  qasm_draft *to = &drafts->list[drafts->n++];
  *to = *draft;
  QV_TRY(qasm_take(&r->work, draft->nqubit, sizeof *to->qubits, &to->qubits));
  QV_TRY(qasm_take(&r->work, draft->nparam, sizeof *to->params, &to->params));
  if (draft->nqubit > 0) {
    memcpy(to->qubits, draft->qubits, (size_t)draft->nqubit * sizeof *to->qubits);
  }
  if (draft->nparam > 0) {
    memcpy(to->params, draft->params, (size_t)draft->nparam * sizeof *to->params);
  }
  return QV_OK;
}

qv_code qasm_put(qasm_reader *r, const qasm_draft *draft)
{
  return r->drafts ? keep(r, r->drafts, draft) : append(r, draft);
}

/* ---- normal form ---- */

/* A gate whose controls are partly its own, partly added: a gate of the list that has them all as its own, if there is
 * one and all act on 1; else the bare gate with all of them added. */
static void normalise(qasm_draft *d)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)d->gate);
  const int all = d->ncontrol + row->controls;
  const qv_qasm_gate named = d->negative ? QV_QASM_GATE_COUNT : qasm_gate_controlled(row->base, all);
  if (d->gate == QV_QASM_UNITARY || d->ncontrol == 0) {
    return;
  }
  d->gate = (uint8_t)(named != QV_QASM_GATE_COUNT ? named : row->base);
  d->ncontrol = named != QV_QASM_GATE_COUNT ? 0 : all;
}

/* ---- controls ---- */

/* e^it where all controls hold: P on one of them, controlled by the others. Where all act on 0, P turns the wrong way
 * round: e^it on 0 is e^it everywhere and P(-t). */
static qv_code control_phase(qasm_reader *r, qasm_drafts *out, qasm_draft d)
{
  while (d.ncontrol > 0) {
    int target = d.ncontrol - 1;
    while (target > 0 && d.negative >> target & 1) {
      target--;
    }
    const bool negative = d.negative >> target & 1;
    target = negative ? d.ncontrol - 1 : target;
    qasm_draft p = d;
    qasm_param turned;
    QV_TRY(qasm_take(&r->work, d.nqubit, sizeof *p.qubits, &p.qubits));
    for (int i = 0; i < d.ncontrol; i++) {
      p.qubits[i - (i > target)] = d.qubits[i];
    }
    p.qubits[d.ncontrol - 1] = d.qubits[target];
    const uint64_t below = ((uint64_t)1 << target) - 1;
    p.negative = (d.negative & below) | (target == 63 ? 0 : d.negative >> (target + 1) << target);
    p.gate = QV_QASM_P;
    p.ncontrol = d.ncontrol - 1;
    if (negative) {
      QV_TRY(qasm_param_scale(r, &d.params[0], -1, &turned));
      p.params = &turned;
    }
    normalise(&p);
    QV_TRY(keep(r, out, &p));
    if (!negative) {
      return QV_OK;
    }
    d.ncontrol = d.nqubit = p.nqubit - 1;
    d.qubits = p.qubits;
    d.negative = p.negative;
  }
  return keep(r, out, &d);
}

static qv_code add_controls(qasm_reader *r, qasm_drafts *drafts, const int32_t *controls, int n, bool negative,
                            qv_qasm_place place)
{
  qasm_drafts out = {0};
  const uint64_t ones = n == 64 ? UINT64_MAX : ((uint64_t)1 << n) - 1;
  for (int64_t i = 0; i < drafts->n; i++) {
    qasm_draft d = drafts->list[i];
    const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)d.gate);
    if (d.kind == QV_QASM_BARRIER) {
      QV_TRY(keep(r, &out, &d));
      continue;
    }
    if (d.ncontrol + row->controls + n > QASM_MAX_CONTROLS) {
      return qasm_error(r, place, NULL, "a gate with more than %d controls", QASM_MAX_CONTROLS);
    }
    int32_t *qubits = NULL;
    QV_TRY(qasm_take(&r->work, d.nqubit + n, sizeof *qubits, &qubits));
    memcpy(qubits, controls, (size_t)n * sizeof *qubits);
    memcpy(qubits + n, d.qubits, (size_t)d.nqubit * sizeof *qubits);
    d.qubits = qubits;
    d.nqubit += n;
    d.ncontrol += n;
    d.negative = (n == 64 ? 0 : d.negative << n) | (negative ? ones : 0);
    if (d.gate == QV_QASM_GPHASE) {
      QV_TRY(control_phase(r, &out, d));
    } else {
      normalise(&d);
      QV_TRY(keep(r, &out, &d));
    }
  }
  *drafts = out;
  return QV_OK;
}

/* ---- inverses ---- */

static qv_code negate(qasm_reader *r, qasm_draft *d)
{
  for (int i = 0; i < d->nparam; i++) {
    QV_TRY(qasm_param_scale(r, &d->params[i], -1, &d->params[i]));
  }
  return QV_OK;
}

/* Conjugate transpose of the matrix of a UNITARY, or of a gate that becomes one. */
static qv_code transpose(qasm_reader *r, qasm_draft *d)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)d->gate);
  const int targets = d->gate == QV_QASM_UNITARY ? d->nqubit - d->ncontrol : row->qubits;
  const int size = 1 << targets;
  qasm_param *inverse = NULL;
  double complex *matrix = NULL;
  QV_TRY(qasm_take(&r->work, 2 * (int64_t)size * size, sizeof *inverse, &inverse));
  QV_TRY(qasm_take(&r->work, (int64_t)size * size, sizeof *matrix, &matrix));
  if (d->gate == QV_QASM_UNITARY) {
    for (int i = 0; i < size * size; i++) {
      matrix[i] = d->params[2 * i].value + I * d->params[2 * i + 1].value;
    }
  } else {
    qv_qasm_gate_matrix((qv_qasm_gate)d->gate, NULL, matrix);
  }
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      inverse[2 * (i * size + j)].value = creal(matrix[j * size + i]);
      inverse[2 * (i * size + j) + 1].value = -cimag(matrix[j * size + i]);
    }
  }
  d->gate = QV_QASM_UNITARY;
  d->params = inverse;
  d->nparam = 2 * size * size;
  return QV_OK;
}

/* u3(t, p, l) backwards is u3(-t, -l, -p); a fourth parameter is a phase. */
static qv_code invert_euler(qasm_reader *r, qasm_draft *d)
{
  QV_TRY(negate(r, d));
  const qasm_param phi = d->params[1];
  d->params[1] = d->params[2];
  d->params[2] = phi;
  return QV_OK;
}

static qv_code invert_u2(qasm_reader *r, qasm_draft *d)
{
  qasm_param *p = NULL;
  QV_TRY(qasm_take(&r->work, 3, sizeof *p, &p));
  p[0].value = 1.57079632679489661923;
  p[1] = d->params[0];
  p[2] = d->params[1];
  d->params = p;
  d->nparam = 3;
  d->gate = QV_QASM_U3;
  return invert_euler(r, d);
}

static qv_code invert(qasm_reader *r, qasm_draft *d)
{
  switch ((qv_qasm_gate)d->gate) {
  case QV_QASM_S:
    d->gate = QV_QASM_SDG;
    return QV_OK;
  case QV_QASM_SDG:
    d->gate = QV_QASM_S;
    return QV_OK;
  case QV_QASM_T:
    d->gate = QV_QASM_TDG;
    return QV_OK;
  case QV_QASM_TDG:
    d->gate = QV_QASM_T;
    return QV_OK;
  case QV_QASM_SX:
    d->gate = QV_QASM_SXDG;
    normalise(d);
    return QV_OK;
  case QV_QASM_SXDG:
    d->gate = QV_QASM_SX;
    normalise(d);
    return QV_OK;
  case QV_QASM_CSX:
  case QV_QASM_C3SQRTX:
    d->ncontrol += qv_qasm_gate_about((qv_qasm_gate)d->gate)->controls;
    d->gate = QV_QASM_SXDG;
    return QV_OK;
  case QV_QASM_U2:
    return invert_u2(r, d);
  case QV_QASM_U3:
  case QV_QASM_U4:
  case QV_QASM_CU3:
  case QV_QASM_CU:
    return invert_euler(r, d);
  case QV_QASM_RC3X:
  case QV_QASM_UNITARY:
    return transpose(r, d);
  default: /* rotations turn back; gates without parameters are their own inverse */
    return negate(r, d);
  }
}

static qv_code invert_all(qasm_reader *r, qasm_drafts *drafts)
{
  for (int64_t i = 0, j = drafts->n - 1; i < j; i++, j--) {
    const qasm_draft d = drafts->list[i];
    drafts->list[i] = drafts->list[j];
    drafts->list[j] = d;
  }
  for (int64_t i = 0; i < drafts->n; i++) {
    if (drafts->list[i].kind == QV_QASM_GATE) {
      QV_TRY(invert(r, &drafts->list[i]));
    }
  }
  return QV_OK;
}

/* ---- powers ---- */

/* Gates exp(-i t H): any power multiplies the parameter, where no principal value has to be kept. */
static bool is_rotation(const qasm_draft *d)
{
  switch ((qv_qasm_gate)d->gate) {
  case QV_QASM_RX:
  case QV_QASM_RY:
  case QV_QASM_RZ:
  case QV_QASM_P:
  case QV_QASM_CRX:
  case QV_QASM_CRY:
  case QV_QASM_CRZ:
  case QV_QASM_CP:
  case QV_QASM_RXX:
  case QV_QASM_RZZ:
  case QV_QASM_GPHASE:
    return true;
  default:
    return false;
  }
}

static qv_code repeat(qasm_reader *r, qasm_drafts *drafts, int64_t times)
{
  const int64_t n = drafts->n;
  if (n == 0) {
    return QV_OK;
  }
  if (times > r->opts->max_ops / n) {
    return qasm_error(r, drafts->list[0].place, "raise the limit if that is meant",
                      "a power of %lld gates that grows beyond %lld operations", (long long)n,
                      (long long)r->opts->max_ops);
  }
  for (int64_t k = 1; k < times; k++) {
    for (int64_t i = 0; i < n; i++) {
      const qasm_draft d = drafts->list[i];
      QV_TRY(keep(r, drafts, &d));
    }
  }
  if (times == 0) {
    drafts->n = 0;
  }
  return QV_OK;
}

static qv_code whole_power(qasm_reader *r, qasm_drafts *drafts, double exponent)
{
  if (exponent < 0) {
    QV_TRY(invert_all(r, drafts));
  }
  return repeat(r, drafts, (int64_t)fabs(exponent));
}

/* A power that is known, of gates whose parameters are. */
static qv_code known_power(qasm_reader *r, qasm_drafts *drafts, double exponent, bool whole, qv_qasm_place place)
{
  qasm_drafts out = {0};
  bool done = false;
  if (drafts->n == 1 && drafts->list[0].kind == QV_QASM_GATE) {
    QV_TRY(qasm_power(r, &drafts->list[0], exponent, &out, &done));
  }
  if (!done && whole) {
    return whole_power(r, drafts, exponent);
  }
  if (!done) {
    QV_TRY(qasm_power_matrix(r, drafts, exponent, &out, place));
  }
  *drafts = out;
  return QV_OK;
}

static qv_code raise(qasm_reader *r, qasm_drafts *drafts, const qasm_value *exponent, qv_qasm_place place)
{
  qasm_value k = *exponent;
  bool late = false;
  QV_TRY(qasm_to_real(r, &k));
  for (int64_t i = 0; i < drafts->n; i++) {
    for (int j = 0; j < drafts->list[i].nparam; j++) {
      late = late || drafts->list[i].params[j].code;
    }
  }
  const bool whole = k.known && k.word.f == floor(k.word.f) && fabs(k.word.f) < 9e15;
  if (k.known && (k.word.f == 1 || drafts->n == 0)) {
    return QV_OK;
  }
  if (k.known && !late) {
    return known_power(r, drafts, k.word.f, whole, place);
  }
  if (drafts->n == 1 && is_rotation(&drafts->list[0])) {
    qasm_value p = value_of(&drafts->list[0].params[0]);
    QV_TRY(qasm_apply(r, (qasm_instr){.op = QASM_FMUL}, &p, &k, QV_QASM_FLOAT, 64, &p));
    drafts->list[0].params[0] = param_of(&p);
    return QV_OK;
  }
  return whole ? whole_power(r, drafts, k.word.f)
               : qasm_error(r, place, "rotations can be raised to such a power",
                            "a power of a gate that is known only when the program runs");
}

qv_code qasm_modify(qasm_reader *r, qasm_drafts *drafts, int32_t word, const int32_t *controls, int n,
                    const qasm_value *exponent, qv_qasm_place place)
{
  switch (word) {
  case QASM_W_INV:
    return invert_all(r, drafts);
  case QASM_W_POW:
    return raise(r, drafts, exponent, place);
  default:
    return add_controls(r, drafts, controls, n, word == QASM_W_NEGCTRL, place);
  }
}
