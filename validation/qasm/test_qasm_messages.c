/* Every message of the OpenQASM reader, machine and writer, word for word: messages.txt holds programs and what is said
 * about them, in blocks
 *   [program FLAG...]    flags: strict, lenient, ops=N, version=N, write, run
 *   text
 *   [message]
 *   text
 * `write`: the program is read without complaint and the writer refuses it; `run`: the machine does. Argument "print":
 * prints the file anew with what is said now. */
#include "base/qv_memory.h"
#include "io/qv_qasm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *cases; /* the file */
static bool printing;

static void run(const qv_qasm_program *program)
{
  qv_qasm_machine *machine = NULL;
  double params[4];
  int64_t op = 0;
  assert_int_equal(qv_qasm_machine_create(program, &machine), QV_OK);
  while (op >= 0 && qv_qasm_machine_next(machine, &op) == QV_OK) {
    if (op >= 0 && program->ops[op].kind == QV_QASM_MEASURE) {
      qv_qasm_machine_measured(machine, op, 1);
    } else if (op >= 0 && program->ops[op].kind == QV_QASM_GATE &&
               qv_qasm_machine_params(machine, op, params) != QV_OK) {
      break;
    }
  }
  qv_qasm_machine_destroy(&machine);
}

/* What is said about a program; "" if nothing. */
static const char *complaint(const char *flags, const char *text, size_t length)
{
  static char said[QV_ERROR_MAX];
  qv_qasm_opts opts = qv_qasm_opts_default();
  qv_qasm_program *program = NULL;
  char *written = NULL;
  const char *ops = strstr(flags, "ops="), *version = strstr(flags, "version=");
  opts.rigour = strstr(flags, "strict")    ? QV_QASM_STRICT
                : strstr(flags, "lenient") ? QV_QASM_LENIENT
                                           : QV_QASM_DECLARED;
  opts.max_ops = ops ? atoi(ops + 4) : opts.max_ops;
  opts.version = version ? atoi(version + 8) : 0;
  const qv_code code = qv_qasm_parse("test.qasm", "", text, length, &opts, &program);
  if (code == QV_OK && strstr(flags, "write")) {
    assert_int_equal(qv_qasm_write(program, &written), QV_ERR_INPUT);
    assert_null(written);
  } else if (code == QV_OK && strstr(flags, "run")) {
    run(program);
  } else if (code != QV_OK) {
    assert_int_equal(code, QV_ERR_INPUT);
    assert_null(program);
  }
  snprintf(said, sizeof said, "%s", qv_error_text());
  qv_error_clear();
  qv_qasm_destroy(&program);
  return said;
}

/* The first block at or behind `at`: its flags, text and message; *at moves behind it. False: no more. */
static bool next_case(char **at, char **flags, char **text, char **message)
{
  char *start = strstr(*at, "[program");
  char *said = start ? strstr(start, "\n[message]\n") : NULL;
  char *end = said ? strstr(said, "\n[program") : NULL;
  if (!said) {
    return false;
  }
  *flags = start + 8;
  *text = strchr(start, '\n') + 1;
  (*text)[-1] = '\0';
  *said = '\0';
  *message = said + 11;
  if (end) {
    *end = '\0';
    *at = end + 1;
  } else {
    *at = *message + strlen(*message);
    if (*at > *message && (*at)[-1] == '\n') {
      (*at)[-1] = '\0';
    }
  }
  return true;
}

static void messages_are_as_written(void **state)
{
  (void)state;
  char *at = cases, *flags = NULL, *text = NULL, *message = NULL;
  int n = 0, wrong = 0;
  while (next_case(&at, &flags, &text, &message)) {
    const char *said = complaint(flags, text, strlen(text));
    if (printing) {
      printf("[program%s\n%s\n[message]\n%s\n", flags, text, said);
    } else if (strcmp(said, message) != 0) {
      print_message("about\n%s\nexpected\n%s\nsaid\n%s\n", text, message, said);
      wrong++;
    }
    n++;
  }
  assert_true(n > 150);
  assert_int_equal(wrong, 0);
  assert_int_equal(qv_memory_now(QV_MEM_IO), 0);
}

/* Texts too large or too strange for the file. */
static void unusual_texts_are_refused_too(void **state)
{
  (void)state;
  assert_non_null(strstr(complaint("", "", 0), "test.qasm:1:1: error: the text is empty"));
  static char deep[20000];
  size_t n = (size_t)sprintf(deep, "OPENQASM 3;\n");
  for (int i = 0; i < 300; i++) {
    n += (size_t)sprintf(deep + n, "{ ");
  }
  assert_non_null(strstr(complaint("", deep, n), "error: statements are nested more than 200 deep"));
  n = (size_t)sprintf(deep, "OPENQASM 3;\n");
  for (int i = 0; i < 300; i++) {
    n += (size_t)sprintf(deep + n, "if (true) { ");
  }
  assert_non_null(strstr(complaint("", deep, n), "nested more than 200 deep"));
  n = (size_t)sprintf(deep, "gate g0 a { U(0,0,0) a; }\n");
  for (int i = 1; i < 1001; i++) {
    n += (size_t)sprintf(deep + n, "gate g%d a{g%d a;}", i, i - 1);
  }
  assert_non_null(strstr(complaint("", deep, n), "gates are defined by gates more than 1000 deep"));
  assert_non_null(strstr(complaint("", "qreg q[2];\0h q;", 15), "the byte 0x00 is not part of any OpenQASM 2 text"));
  assert_non_null(strstr(complaint("", "qreg q[2];\r\n\xff", 13), "test.qasm:2:1: error: the byte 0xff"));
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_are_as_written),
      cmocka_unit_test(unusual_texts_are_refused_too),
  };
  FILE *file = fopen(QASM_MESSAGES, "rb");
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  cases = calloc((size_t)size + 1, 1);
  if (fread(cases, 1, (size_t)size, file) != (size_t)size) {
    return 1;
  }
  fclose(file);
  printing = argc > 1 && strcmp(argv[1], "print") == 0;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  free(cases);
  return failed;
}
