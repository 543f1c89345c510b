/* Reading: from the outermost statements of a text to a finished program. */
#include "io/qv_qasm_steps.h"

#include "base/qv_memory.h"

#include <stdio.h>
#include <string.h>

enum { MAX_NOTES = 100 };

qv_qasm_opts qv_qasm_opts_default(void)
{
  return (qv_qasm_opts){.max_ops = 20000000};
}

qv_code qasm_error(const qasm_reader *r, qv_qasm_place place, const char *cure, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  qasm_vfail_at(r->program->sources, place, QV_ERR_INPUT, cure, format, args);
  va_end(args);
  return QV_ERR_INPUT;
}

qv_code qasm_note(qasm_reader *r, qv_qasm_place place, const char *format, ...)
{
  char text[512];
  qasm_build *build = r->build;
  va_list args;
  if (r->nnote++ >= MAX_NOTES) {
    return QV_OK;
  }
  int n = snprintf(text, sizeof text, "%.200s:%d:%d: note: ", r->program->sources->file[place.file].name, place.line,
                   place.column);
  va_start(args, format);
  n += vsnprintf(text + n, sizeof text - (size_t)n, format, args);
  va_end(args);
  n = n > (int)sizeof text - 2 ? (int)sizeof text - 2 : n;
  QV_TRY(qasm_reserve(&r->program->notes, &build->note_capacity, build->nnotes + n + 2, 1));
  memcpy(r->program->notes + build->nnotes, text, (size_t)n);
  build->nnotes += n;
  r->program->notes[build->nnotes++] = '\n';
  return QV_OK;
}

/* ---- versions ---- */

/* Words that can only start a statement of OpenQASM 3. */
static bool starts_three(const char *word, size_t length)
{
  static const char *const words[] = {
      "qubit", "bit",    "bool",   "int",      "uint",    "float",    "angle", "complex", "array",        "const",
      "let",   "def",    "defcal", "cal",      "extern",  "for",      "while", "switch",  "break",        "continue",
      "end",   "return", "input",  "output",   "stretch", "duration", "delay", "box",     "ctrl",         "negctrl",
      "inv",   "pow",    "gphase", "readonly", "mutable", "nop",      "else",  "pragma",  "defcalgrammar"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0) {
      return true;
    }
  }
  return false;
}

static const char *skip_comment(const char *at, const char *end)
{
  const char *stop = at[1] == '/' ? "\n" : "*/";
  for (at += 2; at < end && strncmp(at, stop, strlen(stop)) != 0; at++) {
  }
  return at < end ? at + strlen(stop) : end;
}

qasm_glance qasm_look(const char *text, size_t length)
{
  qasm_glance seen = {false, false};
  const char *end = text + length;
  bool start = true; /* of a statement */
  for (const char *at = text; at < end;) {
    size_t n = 0;
    while (at + n < end && ((at[n] >= 'a' && at[n] <= 'z') || (at[n] >= 'A' && at[n] <= 'Z') || at[n] == '_' ||
                            (n > 0 && at[n] >= '0' && at[n] <= '9'))) {
      n++;
    }
    if (n > 0) {
      seen.three = seen.three || (start && starts_three(at, n));
      seen.qubits = seen.qubits || (n == 5 && memcmp(at, "qubit", 5) == 0) || (n == 4 && memcmp(at, "qreg", 4) == 0);
      start = false;
      at += n;
    } else if (at[0] == '/' && at + 1 < end && (at[1] == '/' || at[1] == '*')) {
      seen.three = seen.three || at[1] == '*';
      at = skip_comment(at, end);
    } else {
      const bool assigns = *at == '=' && at + 1 < end && at[1] != '=' && at > text && !strchr("=!<>", at[-1]);
      seen.three = seen.three || *at == '@' || *at == '$' || (*at & 0x80) || assigns ||
                   (*at == '"' && end - at > 13 && memcmp(at, "\"stdgates.inc\"", 14) == 0);
      start = *at == ';' || *at == '{' || *at == '}' || (start && strchr(" \t\r\n", *at));
      at++;
    }
  }
  return seen;
}

/* The version line, at its word. */
static qv_code version_line(qasm_reader *r)
{
  char text[64];
  const qv_qasm_place place = r->token.place;
  QV_TRY(qasm_next(r));
  const qasm_token t = r->token;
  const bool number = t.kind == QASM_T_INTEGER || t.kind == QASM_T_REAL;
  const char *dot = number ? memchr(t.text, '.', (size_t)t.length) : NULL;
  const bool plain =
      number && strspn(t.text, "0123456789.") == (size_t)t.length && t.text[0] != '.' && t.text[t.length - 1] != '.';
  if (!plain) {
    return qasm_unexpected(r, "a version number like 2.0 or 3.1");
  }
  const int version = t.real >= 2 && t.real < 4 ? (int)t.real : 0;
  if (version == 0 || (version == 2 && t.real > 2)) {
    return qasm_error(r, t.place, "versions 2.0 and 3.x are known", "OpenQASM version %s is not supported",
                      qasm_token_text(r, text));
  }
  if (r->version != version && (r->cursor.file > 0 || r->opts->version != 0)) {
    return qasm_error(r, place, NULL, "a text of version %d where version %d is expected", version, r->version);
  }
  r->version = version;
  r->declared = dot != NULL;
  if (!dot) {
    QV_TRY(qasm_slip(r, t.place, false, "a version without its '.0'"));
  }
  QV_TRY(qasm_next(r));
  return qasm_semicolon(r);
}

/* Opens the main text: finds its version, makes the language's gates known, leaves the first statement's token. */
static qv_code open_text(qasm_reader *r)
{
  const qasm_source *source = &r->program->sources->file[0];
  const qasm_glance seen = qasm_look(source->text, source->length);
  const qv_qasm_place start = {.file = 0, .line = 1, .column = 1};
  r->version = r->opts->version ? r->opts->version : seen.three ? 3 : 2;
  QV_TRY(qasm_open(r, 0));
  if (r->token.kind == QASM_T_EOF && source->length == 0) {
    return qasm_error(r, start, "was it copied completely?", "the text is empty");
  }
  const bool lined = r->token.kind == QASM_T_NAME && r->token.symbol == QASM_W_OPENQASM;
  if (lined) {
    QV_TRY(version_line(r));
  } else {
    QV_TRY(qasm_slip(r, start, false, "a text without version line (OPENQASM 2.0;)"));
  }
  if (lined && r->version == 3 && r->token.kind == QASM_T_EOF) {
    return qasm_error(r, r->token.place, "was it copied completely?", "the text ends behind its version line");
  }
  r->program->version = r->version;
  r->fragment = r->version == 3 && !lined && !seen.qubits;
  return qasm_bind_library(r, r->version == 2 ? QASM_LANGUAGE_2 : QASM_LANGUAGE_3, start);
}

/* ---- outermost statements ---- */

/* "path" relative to the file that includes it. */
static qv_code path_beside(qasm_reader *r, const char *said, char **path)
{
  const qasm_source *source = &r->program->sources->file[r->cursor.file];
  const char *slash = strrchr(source->path, '/');
  const char *folder = source->path[0] ? source->path : r->folder;
  const size_t n = said[0] == '/'    ? 0
                   : slash           ? (size_t)(slash - source->path) + 1
                   : source->path[0] ? 0
                                     : strlen(folder);
  QV_TRY(qasm_take(&r->keep, (int64_t)(n + strlen(said) + 2), 1, path));
  memcpy(*path, folder, n);
  sprintf(*path + n, "%s%s", n > 0 && (*path)[n - 1] != '/' ? "/" : "", said);
  return QV_OK;
}

static qv_code include_file(qasm_reader *r, const char *said, qv_qasm_place place)
{
  char *path = NULL;
  int file = -1;
  qasm_sources *sources = r->program->sources;
  if (!r->folder) {
    return qasm_error(r, place, "qelib1.inc and stdgates.inc are built in", "'%s' cannot be included here", said);
  }
  if (r->nouter == QASM_MAX_INCLUDES) {
    return qasm_error(r, place, "does a file include itself?", "files are included more than %d deep",
                      QASM_MAX_INCLUDES);
  }
  QV_TRY(path_beside(r, said, &path));
  if (r->cache) {
    QV_REQUIRE(sources->n < r->cache->n);
    const qasm_source *source = &r->cache->file[sources->n];
    QV_TRY(qasm_source_add(sources, source->name, source->path, source->text, source->length, &file));
    r->outer[r->nouter++] = r->cursor;
    return qasm_open(r, file);
  }
  FILE *probe = fopen(path, "rb");
  if (!probe) {
    char cure[300];
    snprintf(cure, sizeof cure, "looked for %.250s", path);
    return qasm_error(r, place, cure, "the file '%s' cannot be opened", said);
  }
  fclose(probe);
  QV_TRY(qasm_source_load(sources, said, path, &file));
  r->outer[r->nouter++] = r->cursor;
  return qasm_open(r, file);
}

static qv_code include(qasm_reader *r)
{
  const qv_qasm_place place = r->token.place;
  char *said = NULL;
  QV_TRY(qasm_next(r));
  if (r->token.kind != QASM_T_STRING || r->token.length == 0) {
    return qasm_unexpected(r, "the name of a file in quotes");
  }
  if (r->token.quote == '\'') {
    QV_TRY(qasm_slip(r, r->token.place, false, "a file name in single quotes"));
  }
  QV_TRY(qasm_take(&r->keep, r->token.length + 1, 1, &said));
  memcpy(said, r->token.text, (size_t)r->token.length);
  QV_TRY(qasm_next(r));
  if (r->token.kind != ';') {
    return qasm_semicolon(r);
  }
  const bool qelib1 = strcmp(said, "qelib1.inc") == 0, stdgates = strcmp(said, "stdgates.inc") == 0;
  if (!qelib1 && !(stdgates && r->version == 3)) {
    return include_file(r, said, place); /* the cursor stays behind the ';', to which the file's end returns */
  }
  QV_TRY(qasm_bind_library(r, qelib1 ? QASM_QELIB1 : QASM_STDGATES, place));
  return qasm_next(r);
}

static qv_code define(qasm_reader *r)
{
  qasm_definition *definition = NULL;
  qasm_binding *b = NULL;
  r->arena = &r->keep;
  if (qasm_at_word(r, QASM_W_DEF)) {
    QV_TRY(qasm_parse_subroutine(r, &definition));
    QV_TRY(qasm_bind(r, QASM_B_SUBROUTINE, definition->symbol, definition->place, &b));
    b->definition = definition;
    r->arena = &r->work;
    return qasm_check_gates(r, definition->body);
  }
  const bool gate = qasm_at_word(r, QASM_W_GATE);
  QV_TRY(gate ? qasm_parse_gate(r, &definition) : qasm_parse_opaque(r, &definition));
  r->arena = &r->work;
  QV_TRY(qasm_define_gate(r, definition));
  if (gate && r->token.kind == ';' && r->version == 2) {
    QV_TRY(qasm_slip(r, r->token.place, true, "an extra ';' behind a gate"));
    return qasm_next(r);
  }
  return QV_OK;
}

static qv_code outermost(qasm_reader *r)
{
  qasm_node *node = NULL;
  if (r->token.kind == QASM_T_EOF) { /* of an included file */
    r->cursor = r->outer[--r->nouter];
    return qasm_next(r);
  }
  if (qasm_at_word(r, QASM_W_INCLUDE)) {
    return include(r);
  }
  if (qasm_at_word(r, QASM_W_GATE) || qasm_at_word(r, QASM_W_OPAQUE) || qasm_at_word(r, QASM_W_DEF)) {
    return define(r);
  }
  if (qasm_at_word(r, QASM_W_OPENQASM)) {
    const bool first = r->cursor.file > 0 && r->token.place.line == 1;
    return first ? version_line(r)
                 : qasm_error(r, r->token.place, "it must be the first statement", "a version line inside the text");
  }
  QV_TRY(qasm_parse_statement(r, &node));
  if (node && r->reachable) {
    QV_TRY(qasm_execute(r, node));
  } else if (node) {
    QV_TRY(qasm_check_gates(r, node));
  }
  qasm_arena_reset(&r->work);
  return QV_OK;
}

/* ---- finishing ---- */

/* A SET of memory that no later code reads and that is no result. */
static bool is_dead(const qasm_reader *r, const qv_qasm_op *op)
{
  if (op->kind != QV_QASM_SET || op->arg < QASM_CELL) {
    return false;
  }
  for (int64_t i = op->arg - QASM_CELL; i < op->arg - QASM_CELL + op->nqubit; i++) {
    if (r->marks[i] & QASM_LOADED || (i < r->published && r->marks[i] & QASM_CHANGED)) {
      return false;
    }
  }
  return true;
}

static qv_code drop_dead(qasm_reader *r)
{
  qv_qasm_program *p = r->program;
  int64_t *moved = NULL, n = 0;
  bool any = false;
  for (int64_t i = 0; i < p->nop && !any; i++) {
    any = is_dead(r, &p->ops[i]);
  }
  if (!any) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)p->nop + 1, sizeof *moved, &moved));
  for (int64_t i = 0; i < p->nop; i++) {
    moved[i] = n;
    n += !is_dead(r, &p->ops[i]);
  }
  moved[p->nop] = n;
  for (int64_t i = 0; i < p->nop; i++) {
    qv_qasm_op op = p->ops[i];
    const bool dead = is_dead(r, &op);
    if (op.kind == QV_QASM_JUMP || op.kind == QV_QASM_BRANCH) {
      op.arg = moved[op.arg];
    }
    if (!dead) {
      p->ops[moved[i]] = op;
    }
  }
  p->nop = n;
  qv_free(&moved);
  return QV_OK;
}

static int64_t final_address(const qv_qasm_program *p, int64_t address)
{
  return address >= QASM_CELL ? address - QASM_CELL + p->nbit : address;
}

/* Gives memory its final addresses: registers first, other variables behind. */
static void relocate(qv_qasm_program *p)
{
  for (int64_t i = 0; i < p->nop; i++) {
    qv_qasm_op *op = &p->ops[i];
    if (op->kind == QV_QASM_SET || op->kind == QV_QASM_MEASURE) {
      op->arg = final_address(p, op->arg);
    }
    p->dynamic = p->dynamic || op->kind >= QV_QASM_SET || op->code >= 0;
  }
  for (int64_t i = 0; i < p->code->n; i++) {
    qasm_instr *instr = &p->code->list[i];
    if (instr->op == QASM_LOAD || instr->op == QASM_LOAD_ITEM) {
      instr->value.s = final_address(p, instr->value.s);
    }
  }
}

/* Keeps the variables that the run can change, and says which registers are results. */
static void settle_registers(qasm_reader *r)
{
  qv_qasm_program *p = r->program;
  int kept = 0;
  for (int i = 0; i < p->nvariable; i++) {
    bool changed = false;
    qv_qasm_register v = p->variables[i];
    for (int64_t bit = v.first - QASM_CELL; bit < v.first - QASM_CELL + v.size; bit++) {
      changed = changed || r->marks[bit] & QASM_CHANGED;
    }
    v.first = final_address(p, v.first);
    v.output = v.output || !r->has_output;
    if (changed) {
      p->variables[kept++] = v;
    } else {
      qv_free(&v.name);
    }
  }
  p->nvariable = kept;
  for (int i = 0; i < p->ncreg; i++) {
    p->cregs[i].output = p->cregs[i].output || !r->has_output;
  }
}

static qv_code finish(qasm_reader *r)
{
  qv_qasm_program *p = r->program;
  char physical[] = "$";
  QV_TRY(qasm_flush_phase(r, r->token.place));
  QV_TRY(qasm_place_label(r, &r->flow->leave, r->token.place));
  QV_TRY(qasm_flush_phase(r, r->token.place));
  if (r->physical) {
    const qv_qasm_register row = {.name = physical, .size = p->nqubit, .output = true};
    QV_TRY(qasm_build_register(&p->qregs, &p->nqreg, &row));
  }
  p->nbit = r->nmemory[0];
  p->nmemory = p->nbit + r->nmemory[1];
  QV_TRY(drop_dead(r));
  relocate(p);
  settle_registers(r);
  QV_TRY(qasm_reserve(&p->notes, &r->build->note_capacity, r->build->nnotes + 1, 1));
  p->notes[r->build->nnotes] = '\0';
  return QV_OK;
}

/* ---- the whole ---- */

static qv_code read_text(qasm_reader *r)
{
  QV_TRY(qasm_take(&r->keep, 1, sizeof *r->flow, &r->flow));
  r->arena = &r->work;
  r->reachable = true;
  QV_TRY(qasm_intern_words(r));
  QV_TRY(open_text(r));
  while (r->token.kind != QASM_T_EOF || r->nouter > 0) {
    QV_TRY(outermost(r));
  }
  return finish(r);
}

static void free_reader(qasm_reader *r)
{
  while (r->joins) {
    qasm_join *join = r->joins;
    qasm_join_free(&join);
  }
  qasm_arena_free(&r->keep);
  qasm_arena_free(&r->work);
  qv_free(&r->symbols);
  qv_free(&r->table);
  qv_free(&r->bound);
  qv_free(&r->formal);
  qv_free(&r->bindings);
  qv_free(&r->items);
  qv_free(&r->frames);
  qv_free(&r->values);
  qv_free(&r->memory[0]);
  qv_free(&r->memory[1]);
  qv_free(&r->marks);
  qv_free(&r->stamps);
}

qv_code qasm_read_sources(qasm_build *build, const char *folder, const qasm_sources *cache, const qv_qasm_opts *opts,
                          qv_qasm_program **out)
{
  const qv_qasm_opts defaults = qv_qasm_opts_default();
  qasm_reader r = {
      .build = build, .program = &build->program, .opts = opts ? opts : &defaults, .folder = folder, .cache = cache};
  const qv_code code = read_text(&r);
  free_reader(&r);
  *out = &build->program;
  if (code != QV_OK) {
    qv_qasm_destroy(out);
  }
  return code;
}

qv_code qv_qasm_parse(const char *name, const char *folder, const char *text, size_t length, const qv_qasm_opts *opts,
                      qv_qasm_program **out)
{
  qasm_build *build = NULL;
  int file = 0;
  qv_code code = qasm_build_create(&build);
  *out = build ? &build->program : NULL;
  if (code == QV_OK) {
    code = qasm_source_add((*out)->sources, name, "", text, length, &file);
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
    return code;
  }
  return qasm_read_sources(build, folder, NULL, opts, out);
}
