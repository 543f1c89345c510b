/* Names: what they mean, where, and what to say when they mean nothing. */
#include "io/qv_qasm_steps.h"

#include <stdio.h>
#include <string.h>

static const qasm_function_row functions[QASM_C_COUNT - QASM_W_COUNT] = {
#define FUNCTION(id, text, nargument, nversion, code_op)                                                               \
  {.name = text, .arguments = nargument, .versions = nversion, .op = code_op},
    QASM_FUNCTION_LIST(FUNCTION)
#undef FUNCTION
};

/* Everything that qelib1.inc, stdgates.inc and the languages define. Replaceable are the gates that were added to
 * qelib1.inc after the specification: texts written against the older file define them themselves. */
static const qasm_builtin builtins[] = {
    {"U", QV_QASM_U3, 3, QASM_LANGUAGE_2, false, 0, 0, 0},
    {"CX", QV_QASM_CX, 0, QASM_LANGUAGE_2, false, 0, 0, 0},
    {"U", QV_QASM_U3, 3, QASM_LANGUAGE_3, false, 0, 1, 1},
    {"CX", QV_QASM_CX, 0, QASM_LANGUAGE_3, true, 0, 0, 0}, /* from the drafts of the language; examples use it */
    {"u3", QV_QASM_U3, 3, QASM_QELIB1, false, 0, 0, 0},
    {"u2", QV_QASM_U2, 2, QASM_QELIB1, false, 0, 0, 0},
    {"u1", QV_QASM_P, 1, QASM_QELIB1, false, 0, 0, 0},
    {"cx", QV_QASM_CX, 0, QASM_QELIB1, false, 0, 0, 0},
    {"id", QV_QASM_ID, 0, QASM_QELIB1, false, 0, 0, 0},
    {"x", QV_QASM_X, 0, QASM_QELIB1, false, 0, 0, 0},
    {"y", QV_QASM_Y, 0, QASM_QELIB1, false, 0, 0, 0},
    {"z", QV_QASM_Z, 0, QASM_QELIB1, false, 0, 0, 0},
    {"h", QV_QASM_H, 0, QASM_QELIB1, false, 0, 0, 0},
    {"s", QV_QASM_S, 0, QASM_QELIB1, false, 0, 0, 0},
    {"sdg", QV_QASM_SDG, 0, QASM_QELIB1, false, 0, 0, 0},
    {"t", QV_QASM_T, 0, QASM_QELIB1, false, 0, 0, 0},
    {"tdg", QV_QASM_TDG, 0, QASM_QELIB1, false, 0, 0, 0},
    {"rx", QV_QASM_RX, 1, QASM_QELIB1, false, 0, 0, 0},
    {"ry", QV_QASM_RY, 1, QASM_QELIB1, false, 0, 0, 0},
    {"rz", QV_QASM_RZ, 1, QASM_QELIB1, false, 0, 0, 0},
    {"cz", QV_QASM_CZ, 0, QASM_QELIB1, false, 0, 0, 0},
    {"cy", QV_QASM_CY, 0, QASM_QELIB1, false, 0, 0, 0},
    {"ch", QV_QASM_CH, 0, QASM_QELIB1, false, 0, 0, 0},
    {"ccx", QV_QASM_CCX, 0, QASM_QELIB1, false, 0, 0, 0},
    {"crz", QV_QASM_CRZ, 1, QASM_QELIB1, false, 0, 0, 0},
    {"cu1", QV_QASM_CP, 1, QASM_QELIB1, false, 0, 0, 0},
    {"cu3", QV_QASM_CU3, 3, QASM_QELIB1, false, 0, 0, 0},
    {"u0", QV_QASM_ID, 1, QASM_QELIB1, true, 0, 0, 0},
    {"u", QV_QASM_U3, 3, QASM_QELIB1, true, 0, 0, 0},
    {"p", QV_QASM_P, 1, QASM_QELIB1, true, 0, 0, 0},
    {"sx", QV_QASM_SX, 0, QASM_QELIB1, true, 0, 0, 0},
    {"sxdg", QV_QASM_SXDG, 0, QASM_QELIB1, true, 0, 0, 0},
    {"swap", QV_QASM_SWAP, 0, QASM_QELIB1, true, 0, 0, 0},
    {"cswap", QV_QASM_CSWAP, 0, QASM_QELIB1, true, 0, 0, 0},
    {"crx", QV_QASM_CRX, 1, QASM_QELIB1, true, 0, 0, 0},
    {"cry", QV_QASM_CRY, 1, QASM_QELIB1, true, 0, 0, 0},
    {"cp", QV_QASM_CP, 1, QASM_QELIB1, true, 0, 0, 0},
    {"csx", QV_QASM_CSX, 0, QASM_QELIB1, true, 0, 0, 0},
    {"cu", QV_QASM_CU, 4, QASM_QELIB1, true, 0, 0, 0},
    {"rxx", QV_QASM_RXX, 1, QASM_QELIB1, true, 0, 0, 0},
    {"rzz", QV_QASM_RZZ, 1, QASM_QELIB1, true, 0, 0, 0},
    {"rccx", QV_QASM_RCCX, 0, QASM_QELIB1, true, 0, 0, 0},
    {"rc3x", QV_QASM_RC3X, 0, QASM_QELIB1, true, 0, 0, 0},
    {"c3x", QV_QASM_C3X, 0, QASM_QELIB1, true, 0, 0, 0},
    {"c3sqrtx", QV_QASM_C3SQRTX, 0, QASM_QELIB1, true, 0, 0, 0},
    {"c4x", QV_QASM_C4X, 0, QASM_QELIB1, true, 0, 0, 0},
    {"p", QV_QASM_P, 1, QASM_STDGATES, false, 0, 0, 0},
    {"x", QV_QASM_X, 0, QASM_STDGATES, false, 0, 0, 0},
    {"y", QV_QASM_Y, 0, QASM_STDGATES, false, 0, 0, 0},
    {"z", QV_QASM_Z, 0, QASM_STDGATES, false, 0, 0, 0},
    {"h", QV_QASM_H, 0, QASM_STDGATES, false, 0, 0, 0},
    {"s", QV_QASM_S, 0, QASM_STDGATES, false, 0, 0, 0},
    {"sdg", QV_QASM_SDG, 0, QASM_STDGATES, false, 0, 0, 0},
    {"t", QV_QASM_T, 0, QASM_STDGATES, false, 0, 0, 0},
    {"tdg", QV_QASM_TDG, 0, QASM_STDGATES, false, 0, 0, 0},
    {"sx", QV_QASM_SX, 0, QASM_STDGATES, false, 0, 0, 0},
    {"rx", QV_QASM_RX, 1, QASM_STDGATES, false, 0, 0, 0},
    {"ry", QV_QASM_RY, 1, QASM_STDGATES, false, 0, 0, 0},
    {"rz", QV_QASM_RZ, 1, QASM_STDGATES, false, 0, 0, 0},
    {"cx", QV_QASM_CX, 0, QASM_STDGATES, false, 0, 0, 0},
    {"cy", QV_QASM_CY, 0, QASM_STDGATES, false, 0, 0, 0},
    {"cz", QV_QASM_CZ, 0, QASM_STDGATES, false, 0, 0, 0},
    {"cp", QV_QASM_CP, 1, QASM_STDGATES, false, 0, 0, 0},
    {"crx", QV_QASM_CRX, 1, QASM_STDGATES, false, 0, 0, 0},
    {"cry", QV_QASM_CRY, 1, QASM_STDGATES, false, 0, 0, 0},
    {"crz", QV_QASM_CRZ, 1, QASM_STDGATES, false, 0, 0, 0},
    {"ch", QV_QASM_CH, 0, QASM_STDGATES, false, 0, 0, 0},
    {"swap", QV_QASM_SWAP, 0, QASM_STDGATES, false, 0, 0, 0},
    {"ccx", QV_QASM_CCX, 0, QASM_STDGATES, false, 0, 0, 0},
    {"cswap", QV_QASM_CSWAP, 0, QASM_STDGATES, false, 0, 0, 0},
    {"cu", QV_QASM_CU, 4, QASM_STDGATES, false, 0, 0, 0},
    {"phase", QV_QASM_P, 1, QASM_STDGATES, false, 0, 0, 0},
    {"cphase", QV_QASM_CP, 1, QASM_STDGATES, false, 0, 0, 0},
    {"id", QV_QASM_ID, 0, QASM_STDGATES, false, 0, 0, 0},
    {"u1", QV_QASM_P, 1, QASM_STDGATES, false, 0, 0, 0},
    {"u2", QV_QASM_U2, 2, QASM_STDGATES, false, 0, 2, -1},
    {"u3", QV_QASM_U3, 3, QASM_STDGATES, false, 1, 3, -1},
};
enum { NBUILTIN = sizeof builtins / sizeof *builtins };

const qasm_function_row *qasm_function(int32_t symbol)
{
  return symbol >= QASM_W_COUNT && symbol < QASM_C_COUNT ? &functions[symbol - QASM_W_COUNT] : NULL;
}

/* ---- scopes ---- */

qasm_binding *qasm_lookup(const qasm_reader *r, int32_t symbol, bool *hidden)
{
  if (hidden) {
    *hidden = false;
  }
  for (int32_t i = r->bound[symbol]; i >= 0; i = r->bindings[i].hidden) {
    qasm_binding *b = &r->bindings[i];
    const bool outside = r->frame > 0 && b->level < r->frame;
    if (!outside) {
      return b;
    }
    if (b->level == 0 && b->kind != QASM_B_QUBITS && b->kind != QASM_B_VARIABLE) {
      return b;
    }
    if (hidden) {
      *hidden = true;
    }
  }
  return NULL;
}

static const char *kind_name(const qasm_binding *b)
{
  switch ((qasm_binding_kind)b->kind) {
  case QASM_B_QUBITS:
    return "a quantum register";
  case QASM_B_VARIABLE:
    return b->value->kind == QASM_V_BITS ? "a classical register" : "a classical variable";
  case QASM_B_CONSTANT:
    return "a constant";
  case QASM_B_SUBROUTINE:
    return "a subroutine";
  default:
    return "a gate";
  }
}

qv_code qasm_bind(qasm_reader *r, qasm_binding_kind kind, int32_t symbol, qv_qasm_place place, qasm_binding **out)
{
  const int32_t last = r->bound[symbol];
  if (last >= 0 && r->bindings[last].level == r->level) {
    qasm_binding *b = &r->bindings[last];
    if (b->kind != QASM_B_BUILTIN || !b->builtin->replaceable) {
      char cure[128] = "";
      if (b->place.line > 0) {
        snprintf(cure, sizeof cure, "line %d defines it as %s", b->place.line, kind_name(b));
      } else if (b->kind == QASM_B_BUILTIN) {
        snprintf(cure, sizeof cure, "it is a gate of %s",
                 b->builtin->library == QASM_QELIB1     ? "qelib1.inc"
                 : b->builtin->library == QASM_STDGATES ? "stdgates.inc"
                                                        : "the language");
      }
      return qasm_error(r, place, cure, "'%s' is already defined", r->symbols[symbol]);
    }
    *b =
        (qasm_binding){.kind = (uint8_t)kind, .symbol = symbol, .level = r->level, .hidden = b->hidden, .place = place};
    *out = b;
    return QV_OK;
  }
  QV_REQUIRE(r->nbinding < INT32_MAX);
  QV_TRY(qasm_reserve(&r->bindings, &r->binding_capacity, r->nbinding + 1, sizeof *r->bindings));
  r->bindings[r->nbinding] =
      (qasm_binding){.kind = (uint8_t)kind, .symbol = symbol, .level = r->level, .hidden = last, .place = place};
  r->bound[symbol] = (int32_t)r->nbinding;
  *out = &r->bindings[r->nbinding++];
  return QV_OK;
}

qasm_scope qasm_enter(qasm_reader *r, bool fresh)
{
  const qasm_scope scope = {.frame = r->frame, .cell_top = r->cell_top, .mark = qasm_arena_mark(&r->work)};
  r->level++;
  if (fresh) {
    r->frame = r->level;
  }
  return scope;
}

void qasm_leave(qasm_reader *r, qasm_scope scope)
{
  while (r->nbinding > 0 && r->bindings[r->nbinding - 1].level == r->level) {
    const qasm_binding *b = &r->bindings[--r->nbinding];
    r->bound[b->symbol] = b->hidden;
  }
  r->level--;
  r->frame = scope.frame;
  r->cell_top = scope.cell_top;
  qasm_release(r, scope.mark);
}

void qasm_release(qasm_reader *r, qasm_mark mark)
{
  if (!r->drafts) {
    qasm_arena_release(&r->work, mark);
  }
}

qv_code qasm_bind_library(qasm_reader *r, int library, qv_qasm_place place)
{
  if (r->libraries & library) {
    return QV_OK; /* including it twice changes nothing */
  }
  r->libraries |= library;
  for (int i = 0; i < NBUILTIN; i++) {
    if (builtins[i].library != library) {
      continue;
    }
    int32_t symbol = 0;
    qasm_binding *b = NULL;
    QV_TRY(qasm_intern(r, builtins[i].name, (int64_t)strlen(builtins[i].name), &symbol));
    const int32_t last = r->bound[symbol];
    if (last >= 0 && (r->bindings[last].kind == QASM_B_BUILTIN || builtins[i].replaceable)) {
      if (r->bindings[last].kind == QASM_B_BUILTIN && r->bindings[last].builtin->replaceable) {
        r->bindings[last].builtin = &builtins[i];
      }
      continue; /* the text's own gate, or the other library's, stays */
    }
    QV_TRY(qasm_bind(r, QASM_B_BUILTIN, symbol, place, &b));
    b->builtin = &builtins[i];
    b->place = (qv_qasm_place){0};
  }
  return QV_OK;
}

/* ---- messages ---- */

/* Names that other languages use for gates of the libraries. */
static const char *translated(const char *name)
{
  static const char *const pairs[][2] = {
      {"cnot", "cx"},       {"CNOT", "cx"},    {"toffoli", "ccx"},    {"ccnot", "ccx"},
      {"fredkin", "cswap"}, {"hadamard", "h"}, {"not", "x"},          {"tdag", "tdg"},
      {"sdag", "sdg"},      {"cphase", "cu1"}, {"mcx", "ccx or c3x"}, {"cphaseshift", "cu1"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    if (strcmp(name, pairs[i][0]) == 0) {
      return pairs[i][1];
    }
  }
  return NULL;
}

static bool gate_like(const qasm_binding *b)
{
  return b->kind == QASM_B_BUILTIN || b->kind == QASM_B_GATE || b->kind == QASM_B_SUBROUTINE;
}

/* The library of a gate that is not included; NULL: none has it. */
static const char *library_of(const qasm_reader *r, const char *name)
{
  const int wanted = r->version == 2 ? QASM_QELIB1 : QASM_STDGATES;
  for (int i = 0; i < NBUILTIN; i++) {
    if (builtins[i].library == wanted && strcmp(builtins[i].name, name) == 0 && !(r->libraries & wanted)) {
      return r->version == 2 ? "qelib1.inc" : "stdgates.inc";
    }
  }
  return NULL;
}

static void find_cure(const qasm_reader *r, const char *name, bool gate, char *cure, size_t size)
{
  const char *best = NULL;
  const int limit = strlen(name) <= 2 ? 1 : 2;
  int least = 8 * limit + 1;
  const char *library = gate ? library_of(r, name) : NULL;
  if (library) {
    snprintf(cure, size, "put  include \"%s\";  before it", library);
    return;
  }
  for (int64_t i = 0; i < r->nbinding; i++) {
    const qasm_binding *b = &r->bindings[i];
    const char *other = r->symbols[b->symbol];
    const int distance = gate_like(b) == gate ? qasm_distance(name, other, limit) : limit + 1;
    const int score = 8 * distance - (name[0] == other[0]); /* of equally near ones, one that starts alike */
    if (distance <= limit && score < least && (distance < (int)strlen(other) || name[0] == other[0])) {
      best = other;
      least = score;
    }
  }
  const char *known = gate ? translated(name) : NULL;
  if (known || best) {
    snprintf(cure, size, "did you mean '%s'?", known ? known : best);
  } else {
    snprintf(cure, size, "%s it before this line", gate ? "define" : "declare");
  }
}

const char *qasm_kind_of(const qasm_reader *r, int32_t symbol)
{
  const qasm_binding *b = qasm_lookup(r, symbol, NULL);
  return b ? kind_name(b) : "not defined";
}

qv_code qasm_fail_name(const qasm_reader *r, int32_t symbol, qv_qasm_place place, const char *wanted)
{
  bool hidden = false;
  char cure[256];
  const char *name = r->symbols[symbol];
  const qasm_binding *b = qasm_lookup(r, symbol, &hidden);
  if (b) {
    return qasm_error(r, place, NULL, "'%s' is %s, not %s", name, kind_name(b), wanted);
  }
  if (hidden) {
    return qasm_error(r, place, "hand it in as an argument", "'%s' is not visible inside a gate or subroutine", name);
  }
  const bool gate = strstr(wanted, "gate") != NULL;
  find_cure(r, name, gate, cure, sizeof cure);
  return qasm_error(r, place, cure, gate ? "the gate '%s' is not defined" : "'%s' is not defined", name);
}
