#include "task/qv_circuit_source.h"

#include "problem/qv_circuit_family.h"

#include <string.h>

static qv_code check_keys(const qv_deck *deck)
{
  static const char *const of_kind[] = {"circuit.qubits", "circuit.depth", "circuit.start"};
  static const char *const of_qft[] = {"circuit.register", "circuit.degree"};
  const bool file = qv_deck_is_set(deck, "circuit.qasm"), kind = qv_deck_is_set(deck, "circuit.kind");
  const bool qft = kind && qv_deck_choice(deck, "circuit.kind") == QV_FAMILY_QFT;
  if (!file && !kind) {
    return qv_deck_fail(deck, "task", QV_ERR_DECK,
                        "no circuit: name a program in circuit.qasm, or set circuit.kind and circuit.qubits");
  }
  if (file && kind && !qft) {
    return qv_deck_fail(deck, "circuit.kind", QV_ERR_DECK, "only kind: qft can follow a program of circuit.qasm");
  }
  for (int i = 0; i < 3; i++) {
    if (qv_deck_is_set(deck, of_kind[i]) && (file || !kind)) {
      return qv_deck_fail(deck, of_kind[i], QV_ERR_DECK, "the program of circuit.qasm says this itself: leave %s out",
                          of_kind[i]);
    }
  }
  for (int i = 0; i < 2; i++) {
    if (qv_deck_is_set(deck, of_qft[i]) && !qft) {
      return qv_deck_fail(deck, of_qft[i], QV_ERR_DECK, "%s is for kind: qft", of_qft[i]);
    }
  }
  if (qv_deck_bool(deck, "circuit.inverse") && !qft) {
    return qv_deck_fail(deck, "circuit.inverse", QV_ERR_DECK, "circuit.inverse is for kind: qft");
  }
  if (qv_deck_is_set(deck, "circuit.depth") && qft) {
    return qv_deck_fail(deck, "circuit.depth", QV_ERR_DECK, "the Fourier transform has no layers: see circuit.degree");
  }
  return QV_OK;
}

static qv_code read_register(const qv_deck *deck, int nqubits, qv_family_opts *opts)
{
  uint64_t seen = 0;
  opts->nregister = qv_deck_count(deck, "circuit.register");
  for (int j = 0; j < opts->nregister; j++) {
    const int64_t qubit = qv_deck_int_at(deck, "circuit.register", j);
    if (qubit >= nqubits || seen >> qubit & 1) {
      return qv_deck_fail(deck, "circuit.register", QV_ERR_DECK,
                          qubit >= nqubits ? "qubit %lld: the circuit has %d"
                                           : "qubit %lld stands twice in the register",
                          (long long)qubit, nqubits);
    }
    seen |= 1ULL << qubit;
    opts->registers[j] = (int)qubit;
  }
  return QV_OK;
}

/* A plan for another size than the deck's begins in all zeros: its cost is the same. */
static qv_code append_start(const qv_deck *deck, bool resized, qv_qasm_program *program)
{
  const int n = (int)program->nqubit;
  if (resized || !qv_deck_is_set(deck, "circuit.start")) {
    return QV_OK;
  }
  const char *text = qv_deck_string(deck, "circuit.start");
  if ((int)strlen(text) != n || (int)strspn(text, "01") != n) {
    return qv_deck_fail(deck, "circuit.start", QV_ERR_DECK,
                        "'%.80s' is not a bit string of the %d qubits of the circuit", text, n);
  }
  for (int32_t q = 0; q < n; q++) {
    if (text[n - 1 - q] == '1') {
      QV_TRY(qv_qasm_append_gate(program, QV_QASM_X, 0, 1, NULL, &q));
    }
  }
  return QV_OK;
}

static qv_code append_family(const qv_deck *deck, qv_qasm_program *program)
{
  qv_family_opts opts = {.family = (qv_family)qv_deck_choice(deck, "circuit.kind"),
                         .seed = (uint64_t)qv_deck_int(deck, "circuit.seed"),
                         .fourier = {.inverse = qv_deck_bool(deck, "circuit.inverse")}};
  opts.depth =
      qv_deck_is_set(deck, "circuit.depth") ? (int)qv_deck_int(deck, "circuit.depth") : qv_family_depth(opts.family);
  if (qv_deck_is_set(deck, "circuit.degree")) {
    opts.fourier.degree = (int)qv_deck_int(deck, "circuit.degree");
  }
  QV_TRY(read_register(deck, (int)program->nqubit, &opts));
  if (opts.family == QV_FAMILY_QAOA && (program->nqubit < 4 || program->nqubit % 2)) {
    return qv_deck_fail(deck, "circuit.kind", QV_ERR_DECK,
                        "a 3-regular graph has an even number of vertices, 4 or more: %lld qubits make none",
                        (long long)program->nqubit);
  }
  return qv_family_append(&opts, program);
}

/* A transform may follow only what ends in a state. */
static qv_code check_unitary(const qv_deck *deck, const qv_qasm_program *program)
{
  if (program->nqubit < 1 || program->nqubit > 62) {
    return qv_deck_fail(deck, "circuit.qasm", QV_ERR_INPUT, "the program has %lld qubits: 1 to 62 can be held",
                        (long long)program->nqubit);
  }
  for (int64_t i = 0; i < program->nop; i++) {
    if (program->ops[i].kind != QV_QASM_GATE && program->ops[i].kind != QV_QASM_BARRIER) {
      return qv_qasm_fail(program, i, QV_ERR_INPUT,
                          "circuit.kind: qft can follow only a program that applies gates and nothing else");
    }
  }
  return QV_OK;
}

static qv_code read_file(const qv_comm *comm, const qv_deck *deck, int qubits, qv_qasm_program **program)
{
  const char *path = qv_deck_string(deck, "circuit.qasm");
  QV_TRY(qv_qasm_read(comm, path, NULL, program));
  if (qubits && qubits != (*program)->nqubit) {
    return qv_deck_fail(deck, "circuit.qasm", QV_ERR_USAGE,
                        "the program has %lld qubits, and --qubits asks for %d: only circuits that are built by size "
                        "(circuit.kind) can be planned for another",
                        (long long)(*program)->nqubit, qubits);
  }
  return qv_deck_is_set(deck, "circuit.kind") ? check_unitary(deck, *program) : QV_OK;
}

static qv_code create_empty(const qv_deck *deck, int qubits, qv_qasm_program **program)
{
  if (!qubits && !qv_deck_is_set(deck, "circuit.qubits")) {
    return qv_deck_fail(deck, "circuit.kind", QV_ERR_DECK, "'%s' is built by size: set circuit.qubits",
                        qv_deck_string(deck, "circuit.kind"));
  }
  QV_TRY(qv_qasm_create(qubits ? qubits : qv_deck_int(deck, "circuit.qubits"), 0, program));
  return append_start(deck, qubits != 0, *program);
}

qv_code qv_circuit_source(const qv_comm *comm, const qv_deck *deck, int qubits, qv_qasm_program **out)
{
  *out = NULL;
  QV_TRY(check_keys(deck));
  qv_code code =
      qv_deck_is_set(deck, "circuit.qasm") ? read_file(comm, deck, qubits, out) : create_empty(deck, qubits, out);
  if (code == QV_OK && qv_deck_is_set(deck, "circuit.kind")) {
    code = append_family(deck, *out);
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
  }
  return code;
}
