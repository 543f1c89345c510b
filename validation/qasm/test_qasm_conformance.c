/* Programs that other readers' authors hold to be right or wrong, and the rules that only this reader has. */
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

#include <cJSON.h>
#include <cmocka.h>

#define CIRCUITS QV_DATA_DIR "/circuits/"

static char *load(const char *path)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  char *text = calloc((size_t)size + 1, 1);
  assert_int_equal(fread(text, 1, (size_t)size, file), size);
  fclose(file);
  return text;
}

/* Reads a text; the message is left in the error record. */
static qv_code parse(const char *text, qv_qasm_rigour rigour, qv_qasm_program **program)
{
  const qv_qasm_opts opts = {.rigour = rigour, .max_ops = 1000000};
  qv_error_clear();
  return qv_qasm_parse("text.qasm", QASM_FOLDER, text, strlen(text), &opts, program);
}

/* Code points up to U+00FF as bytes: how the file says what no UTF-8 text can hold. */
static void to_latin1(char *text)
{
  char *to = text;
  for (const char *at = text; *at; at++) {
    if ((*at & 0xfc) == 0xc0) {
      *to++ = (char)((*at & 3) << 6 | (at[1] & 0x3f));
      at++;
    } else {
      *to++ = *at;
    }
  }
  *to = '\0';
}

static void right_programs_are_read(void **state)
{
  (void)state;
  char *text = load(CIRCUITS "qasm2_valid.json");
  cJSON *json = cJSON_Parse(text);
  int n = 0;
  for (const cJSON *c = cJSON_GetObjectItemCaseSensitive(json, "cases")->child; c; c = c->next, n++) {
    const char *source = cJSON_GetObjectItemCaseSensitive(c, "program")->valuestring;
    const bool strict = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(c, "strict"));
    for (int rigour = QV_QASM_DECLARED; rigour <= QV_QASM_LENIENT; rigour++) {
      qv_qasm_program *program = NULL;
      if (rigour == QV_QASM_STRICT && !strict) {
        continue;
      }
      if (parse(source, (qv_qasm_rigour)rigour, &program) != QV_OK) {
        fail_msg("%s: %s", cJSON_GetObjectItemCaseSensitive(c, "id")->valuestring, qv_error_text());
      }
      qv_qasm_destroy(&program);
    }
  }
  assert_int_equal(n, 69);
  cJSON_Delete(json);
  free(text);
}

static void must_refuse(const char *what, const char *source, qv_qasm_rigour rigour)
{
  qv_qasm_program *program = NULL;
  const qv_code code = parse(source, rigour, &program);
  int line = 0, column = 0;
  if (code != QV_ERR_INPUT || sscanf(qv_error_text(), "text.qasm:%d:%d: error: ", &line, &column) != 2 || line < 1 ||
      column < 1) {
    fail_msg("%s is accepted, or refused without a place: %s", what, source);
  }
  assert_null(program);
  qv_error_clear();
}

static void wrong_programs_are_refused_with_a_place(void **state)
{
  (void)state;
  char *text = load(CIRCUITS "qasm2_invalid.json");
  cJSON *json = cJSON_Parse(text);
  int n = 0;
  for (const cJSON *c = cJSON_GetObjectItemCaseSensitive(json, "cases")->child; c; c = c->next, n++) {
    char *source = cJSON_GetObjectItemCaseSensitive(c, "program")->valuestring;
    const char *id = cJSON_GetObjectItemCaseSensitive(c, "id")->valuestring;
    if (strstr(id, "non_ascii")) {
      to_latin1(source);
    }
    must_refuse(id, source, QV_QASM_DECLARED); /* the strict ones too: they declare their version */
    must_refuse(id, source, QV_QASM_STRICT);
  }
  assert_int_equal(n, 150);
  cJSON_Delete(json);
  free(text);
}

static void wrong_statements_of_version_3_are_refused(void **state)
{
  (void)state;
  static const char *const files[] = {"branch", "declarations", "headers", "loop"};
  int n = 0;
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    char path[1024], source[1024];
    snprintf(path, sizeof path, CIRCUITS "openqasm3_invalid/%s.qasm", files[f]);
    char *text = load(path);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
      if (strncmp(line, "//", 2) == 0) {
        continue;
      }
      must_refuse(files[f], line, QV_QASM_DECLARED);
      if (strncmp(line, "OPENQASM", 8) != 0) {
        snprintf(source, sizeof source, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n%s\n", line);
        must_refuse(files[f], source, QV_QASM_DECLARED);
      }
      n++;
    }
    free(text);
  }
  assert_int_equal(n, 75);
}

/* Files that must be refused, and where. */
static void wrong_files_are_refused_where_they_are_wrong(void **state)
{
  (void)state;
  static const char *const cases[][2] = {
      {"qasmbench/small/vqe_uccsd_n4.qasm", "vqe_uccsd_n4.qasm:225:9: error: 'q' is not defined"},
      {"qasmbench/small/vqe_uccsd_n8.qasm", "vqe_uccsd_n8.qasm:10813:9: error: 'q' is not defined"},
      {"qiskit/example_fail.qasm", "example_fail.qasm:1:13: error: expected ';', found the end of the file"},
      {"openqasm3/alignment.qasm", "alignment.qasm:8:1: error: timing ('stretch') is not supported"},
      {"openqasm3/defcal.qasm", "defcal.qasm:1:1: error: pulse control ('defcalgrammar') is not supported"},
      {"openqasm3/t1.qasm", "t1.qasm:6:1: error: timing ('duration') is not supported"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char path[1024];
    qv_qasm_program *program = NULL;
    snprintf(path, sizeof path, CIRCUITS "%s", cases[i][0]);
    assert_int_equal(qv_qasm_read(qv_comm_self(), path, NULL, &program), QV_ERR_INPUT);
    if (!strstr(qv_error_text(), cases[i][1])) {
      fail_msg("'%s' is not in '%s'", cases[i][1], qv_error_text());
    }
    qv_error_clear();
  }
}

/* ---- rules of this reader ---- */

static int64_t operations(const char *text)
{
  qv_qasm_program *program = NULL;
  if (parse(text, QV_QASM_DECLARED, &program) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  const int64_t n = program->nop;
  qv_qasm_destroy(&program);
  return n;
}

static void conditions_on_known_bits_are_decided(void **state)
{
  (void)state;
  const char *head = "OPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\ncreg c[2];\ncreg none[0];\ncreg wide[100];\n";
  static const struct {
    const char *text;
    int64_t nop;
  } cases[] = {
      {"if(c==0) x q[0];", 1},
      {"if(c==1) x q[0];", 0},
      {"if(none==0) x q[0];", 1},
      {"if(none==1) x q;", 0},
      {"if(wide==0) x q[0];", 1},
      {"if(wide==5) x q[0];", 0},
      {"if(c==0) measure q -> c;", 2},
      {"measure q[0] -> c[0];if(c==1) x q;", 4},
      {"measure q[0] -> wide[99];if(wide==1) x q[0];", 1},
      {"measure q[0] -> wide[9];if(wide==1) x q[0];", 3},
      {"if(c==3) measure q -> c;if(c==0) x q[0];", 1},
      {"measure q[0]->c[0];if(c==1) measure q[1]->c[1];if(c==2) x q[0];", 5},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[1000];
    snprintf(text, sizeof text, "%s%s", head, cases[i].text);
    if (operations(text) != cases[i].nop) {
      fail_msg("%s: %lld operations", cases[i].text, (long long)operations(text));
    }
  }
  must_refuse("a wrong gate under a condition that does not hold",
              "OPENQASM 2.0;\nqreg q[1];\ncreg c[1];\nif(c==1) nothing q[0];\n", QV_QASM_DECLARED);
}

static void names_of_newer_gates_can_be_defined(void **state)
{
  (void)state;
  assert_int_equal(operations("OPENQASM 2.0;\ninclude \"qelib1.inc\";\ngate swap a,b { cx a,b; cx b,a; cx a,b; }\n"
                              "qreg q[2];\nswap q[0],q[1];\n"),
                   3);
  assert_int_equal(operations("OPENQASM 2.0;\ngate swap a,b { CX a,b; CX b,a; CX a,b; }\ninclude \"qelib1.inc\";\n"
                              "qreg q[2];\nswap q[0],q[1];\n"),
                   3);
  assert_int_equal(
      operations("OPENQASM 3.0;\ninclude \"qelib1.inc\";\ninclude \"stdgates.inc\";\nqubit q;\nsxdg q;\ns q;\n"
                 "include \"stdgates.inc\";\n"),
      2);
}

static void texts_show_their_version(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    int version;
  } cases[] = {
      {"qreg q[1]; U(2^3,0,0) q[0];", 2},
      {"qubit q;", 3},
      {"include \"stdgates.inc\"; qreg q[1];", 3},
      {"/* c */ qreg q[1];", 3},
      {"// qubit\nqreg q[1]; // int", 2},
      {"U(0,0,0) $0;", 3},
      {"qreg bit[2]; U(0,0,0) bit[0];", 2},
      {"creg c[1]; c = \"1\";", 3},
      {"\xef\xbb\xbfqreg q[1];", 3},
      {"\xef\xbb\xbfOPENQASM 2.0; qreg q[1];", 2},
      {"qreg q[1];\r\nU(0,0,0) q;\r\n", 2},
      {"// c\nOPENQASM 3.1; qreg q[1];", 3},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    qv_qasm_program *program = NULL;
    if (parse(cases[i].text, QV_QASM_DECLARED, &program) != QV_OK) {
      fail_msg("%s", qv_error_text());
    }
    if (program->version != cases[i].version) {
      fail_msg("%s is read as version %d", cases[i].text, program->version);
    }
    qv_qasm_destroy(&program);
  }
}

static void what_is_left_out_is_noted(void **state)
{
  (void)state;
  qv_qasm_program *program = NULL;
  assert_int_equal(
      parse("OPENQASM 3.0;\npragma vendor.shots 100\n#pragma old\nqubit q;\n@vendor.hint a, b\nU(0,0,0) q;\n",
            QV_QASM_DECLARED, &program),
      QV_OK);
  assert_string_equal(program->notes, "text.qasm:2:1: note: pragma ignored: pragma vendor.shots 100\n"
                                      "text.qasm:3:1: note: pragma ignored: #pragma old\n"
                                      "text.qasm:5:1: note: annotation ignored: @vendor.hint a, b\n");
  assert_int_equal(program->nop, 1);
  qv_qasm_destroy(&program);
  assert_int_equal(parse("qreg q[1]; U(1.0e308*10.0,0,0) q[0];", QV_QASM_DECLARED, &program), QV_OK);
  assert_string_equal(program->notes, "text.qasm:1:12: note: a parameter is not a finite number\n");
  qv_qasm_destroy(&program);
}

static void deep_and_long_texts_are_no_trouble(void **state)
{
  (void)state;
  enum { N = 100000 };
  char *text = calloc(10 * N, 1);
  assert_non_null(text);
  size_t n = (size_t)sprintf(text, "OPENQASM 2.0;\nqreg q[1];\nU(");
  memset(text + n, '(', N);
  n += N;
  n += (size_t)sprintf(text + n, "1");
  memset(text + n, ')', N);
  n += N;
  sprintf(text + n, ",0,0) q[0];");
  assert_int_equal(operations(text), 1);
  n = (size_t)sprintf(text, "OPENQASM 3.0;\nqreg q[1];\nU(");
  for (int i = 0; i < N; i++) {
    n += (size_t)sprintf(text + n, "1**");
  }
  sprintf(text + n, "1,0,0) q[0];");
  assert_int_equal(operations(text), 2); /* with the phase of U */
  n = (size_t)sprintf(text, "OPENQASM 2.0;\nqreg q[9];\n");
  for (int i = 0; i < N / 2; i++) {
    n += (size_t)sprintf(text + n, "CX q[%d],q[%d];\n", i % 9, (i + 1) % 9);
  }
  assert_int_equal(operations(text), N / 2);
  free(text);
  assert_int_equal(qv_memory_now(QV_MEM_IO), 0);
}

static void a_machine_starts_again_and_tells_values(void **state)
{
  (void)state;
  qv_qasm_program *program = dense_parse(
      "OPENQASM 3;\nqubit q;\nbit b;\nint[4] i;\nuint[4] u;\nfloat f;\nangle[4] a;\nbool t;\nb = measure q;\n"
      "if (b) { i = -3; u = 13; f = -2.5; a = pi / 8; t = true; }\n");
  static const double wanted[5] = {-3, 13, -2.5, 0.39269908169872414, 1};
  qv_qasm_machine *machine = NULL;
  assert_int_equal(program->nvariable, 5);
  assert_int_equal(qv_qasm_machine_create(program, &machine), QV_OK);
  for (int outcome = 1; outcome >= 0; outcome--) {
    int64_t op = 0;
    assert_int_equal(qv_qasm_machine_next(machine, &op), QV_OK);
    assert_int_equal(program->ops[op].kind, QV_QASM_MEASURE);
    qv_qasm_machine_measured(machine, op, outcome);
    assert_int_equal(qv_qasm_machine_next(machine, &op), QV_OK);
    assert_int_equal(op, -1);
    for (int v = 0; v < 5; v++) {
      assert_true(fabs(qv_qasm_machine_value(machine, &program->variables[v]) - outcome * wanted[v]) < 1e-15);
    }
    assert_true(qv_qasm_machine_value(machine, &program->cregs[0]) == outcome);
    qv_qasm_machine_restart(machine);
  }
  qv_qasm_machine_destroy(&machine);
  qv_qasm_destroy(&program);
}

static void an_operation_knows_its_place(void **state)
{
  (void)state;
  qv_qasm_program *program =
      dense_parse("OPENQASM 2.0;\ninclude \"qelib1.inc\";\ngate g a {\n  x a;\n  y a; }\nqreg q[2];\n\n"
                  "  h q;\n  g q[1];\n");
  static const int lines[] = {8, 8, 9, 9};
  assert_int_equal(program->nop, 4);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(program->ops[i].place.line, lines[i]);
    assert_int_equal(program->ops[i].place.column, 3);
  }
  assert_int_equal(qv_qasm_fail(program, 3, QV_ERR_FEATURE, "the %s is missing", "point"), QV_ERR_FEATURE);
  assert_string_equal(qv_error_text(), "test.qasm:9:3: error: the point is missing\n    g q[1];\n    ^");
  qv_error_clear();
  qv_qasm_destroy(&program);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(right_programs_are_read),
      cmocka_unit_test(wrong_programs_are_refused_with_a_place),
      cmocka_unit_test(wrong_statements_of_version_3_are_refused),
      cmocka_unit_test(wrong_files_are_refused_where_they_are_wrong),
      cmocka_unit_test(conditions_on_known_bits_are_decided),
      cmocka_unit_test(names_of_newer_gates_can_be_defined),
      cmocka_unit_test(texts_show_their_version),
      cmocka_unit_test(what_is_left_out_is_noted),
      cmocka_unit_test(deep_and_long_texts_are_no_trouble),
      cmocka_unit_test(a_machine_starts_again_and_tells_values),
      cmocka_unit_test(an_operation_knows_its_place),
  };
  qv_parallel_begin(&argc, &argv);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
