#define _GNU_SOURCE
/* Reading and saving on several ranks: one file system access, one program, one message. */
#include "base/qv_memory.h"
#include "io/qv_qasm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[1024];

static const char *path_of(const char *name)
{
  static char path[2048];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void put_file(const char *name, const char *text)
{
  if (qv_comm_rank(qv_comm_world()) == 0) {
    FILE *file = fopen(path_of(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
  }
  qv_comm_barrier(qv_comm_world());
}

/* All ranks hold the same bytes. */
static void all_equal(const void *mine, size_t bytes)
{
  const int size = qv_comm_size(qv_comm_world());
  char *all = calloc((size_t)size, bytes + 1);
  assert_non_null(all);
  qv_comm_gather(qv_comm_world(), mine, bytes, all);
  for (int rank = 0; rank < size; rank++) {
    assert_memory_equal(all + (size_t)rank * bytes, mine, bytes);
  }
  free(all);
}

static void a_program_is_the_same_on_all_ranks(void **state)
{
  (void)state;
  qv_qasm_program *program = NULL;
  char *text = NULL;
  put_file("gates.inc", "gate flip(t) a { x a; rz(t) a; }\n");
  mkdir(path_of("inner"), 0777);
  put_file("inner/more.inc", "include \"most.inc\";\nflip(0.25) q[0];\n");
  put_file("inner/most.inc", "// found beside the file that includes it\nflip(0.5) q[1];");
  put_file("main.qasm", "OPENQASM 2.0;\ninclude \"qelib1.inc\";\ninclude \"gates.inc\";\nqreg q[2];\ncreg c[2];\n"
                        "include \"inner/more.inc\";\nmeasure q -> c;\nif(c==1) x q[0];\n");
  assert_int_equal(qv_qasm_read(qv_comm_world(), path_of("main.qasm"), NULL, &program), QV_OK);
  assert_int_equal(program->nop, 8);
  assert_true(program->params[0] == 0.5 && program->params[1] == 0.25);
  assert_int_equal(program->ops[0].place.file, 3);
  assert_int_equal(program->ops[0].place.line, 2);
  assert_int_equal(qv_qasm_write(program, &text), QV_OK);
  all_equal(text, strlen(text) + 1);
  assert_int_equal(qv_qasm_fail(program, 2, QV_ERR_INPUT, "told"), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(), "inner/more.inc:2:1: error: told\n  flip(0.25) q[0];\n  ^~~~");
  qv_error_clear();
  assert_int_equal(qv_qasm_save(qv_comm_world(), program, path_of("saved.qasm")), QV_OK);
  qv_qasm_destroy(&program);
  assert_int_equal(qv_qasm_read(qv_comm_world(), path_of("saved.qasm"), NULL, &program), QV_OK);
  char *again = NULL;
  assert_int_equal(qv_qasm_write(program, &again), QV_OK);
  assert_string_equal(text, again);
  assert_int_equal(qv_qasm_save(qv_comm_world(), program, path_of("no/such/folder")), QV_ERR_IO);
  assert_non_null(strstr(qv_error_text(), "no/such/folder: cannot be written: No such file or directory"));
  qv_error_clear();
  qv_free(&text);
  qv_free(&again);
  qv_qasm_destroy(&program);
}

static void fails_everywhere(const char *name, const char *wanted)
{
  qv_qasm_program *program = NULL;
  static char said[QV_ERROR_MAX];
  assert_int_equal(qv_qasm_read(qv_comm_world(), path_of(name), NULL, &program), QV_ERR_INPUT);
  assert_null(program);
  memset(said, 0, sizeof said);
  snprintf(said, sizeof said, "%s", qv_error_text());
  qv_error_clear();
  if (!strstr(said, wanted)) {
    fail_msg("'%s' is not in '%s'", wanted, said);
  }
  all_equal(said, sizeof said);
}

static void failures_have_one_message(void **state)
{
  (void)state;
  fails_everywhere("absent.qasm", "absent.qasm: cannot be opened: No such file or directory");
  fails_everywhere(".", "cannot be read: Is a directory");
  put_file("broken.qasm", "OPENQASM 2.0;\nqreg q[2];\ncx q[0],q[1];\n");
  fails_everywhere("broken.qasm", "broken.qasm:3:1: error: the gate 'cx' is not defined\n  cx q[0],q[1];\n  ^~\n  "
                                  "put  include \"qelib1.inc\";  before it");
  put_file("outer.qasm", "OPENQASM 2.0;\ninclude \"inner.inc\";\n");
  put_file("inner.inc", "qreg q[2];\n\nU(1,2) q[0];\n");
  fails_everywhere("outer.qasm", "inner.inc:3:1: error: 'U' takes 3 parameters, 2 given\n  U(1,2) q[0];\n  ^");
  put_file("cut.qasm", "OPENQASM 2.0;\ninclude \"cut.inc\";\nqreg q[2];\n");
  put_file("cut.inc", "qreg p");
  fails_everywhere("cut.qasm",
                   "cut.inc:1:7: error: expected '[' with the size of the register, found the end of the file");
  put_file("lost.qasm", "OPENQASM 2.0;\ninclude \"absent.inc\";\n");
  fails_everywhere("lost.qasm",
                   "lost.qasm:2:1: error: the file 'absent.inc' cannot be opened\n  include \"absent.inc\";\n  "
                   "^~~~~~~\n  looked for ");
  put_file("self.qasm", "OPENQASM 2.0;\ninclude \"self.qasm\";\n");
  fails_everywhere("self.qasm", "self.qasm:2:1: error: files are included more than 16 deep");
  put_file("folder.qasm", "OPENQASM 2.0;\ninclude \"inner\";\n");
  fails_everywhere("folder.qasm", "inner: cannot be read: Is a directory");
  put_file("empty.inc", "");
  char many[4096] = "OPENQASM 2.0;\n";
  for (int i = 0; i < 64; i++) {
    strcat(many, "include \"empty.inc\";\n");
  }
  put_file("many.qasm", many);
  fails_everywhere("many.qasm", "empty.inc: more than 64 files are included");
  put_file("three.inc", "OPENQASM 3.0;\n");
  put_file("two.qasm", "OPENQASM 2.0;\ninclude \"three.inc\";\nqreg q[1];\n");
  fails_everywhere("two.qasm", "three.inc:1:1: error: a text of version 3 where version 2 is expected");
}

static void texts_without_a_folder_include_nothing(void **state)
{
  (void)state;
  const char *text = "include \"qelib1.inc\";\ninclude \"gates.inc\";\n";
  qv_qasm_program *program = NULL;
  assert_int_equal(qv_qasm_parse("memory", NULL, text, strlen(text), NULL, &program), QV_ERR_INPUT);
  assert_non_null(strstr(qv_error_text(), "memory:2:1: error: 'gates.inc' cannot be included here"));
  qv_error_clear();
  assert_int_equal(qv_qasm_parse("memory", folder, text, strlen(text), NULL, &program), QV_OK);
  qv_qasm_destroy(&program);
  assert_int_equal(qv_memory_now(QV_MEM_IO), 0);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_program_is_the_same_on_all_ranks),
      cmocka_unit_test(failures_have_one_message),
      cmocka_unit_test(texts_without_a_folder_include_nothing),
  };
  qv_parallel_begin(&argc, &argv);
  if (qv_comm_rank(qv_comm_world()) == 0) {
    snprintf(folder, sizeof folder, "/tmp/qasm-ranks-XXXXXX");
    if (!mkdtemp(folder)) {
      return 1;
    }
  }
  qv_comm_broadcast(qv_comm_world(), folder, sizeof folder, 0);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_comm_barrier(qv_comm_world());
  if (qv_comm_rank(qv_comm_world()) == 0) {
    char command[2048];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    if (system(command) != 0) {
      return 1;
    }
  }
  qv_parallel_end(0);
  return failed;
}
