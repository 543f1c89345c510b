/* The program's own table of keys: no defects, a JSON Schema and a reference page that name every task, and decks in
 * config/ that are right. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "io/qv_deck.h"
#include "task/qv_task.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void no_row_has_a_defect(void **state)
{
  (void)state;
  if (qv_schema_check(qv_task_schema()) != QV_OK) {
    print_message("%s\n", qv_error_text());
    fail();
  }
}

static void assert_names_all_tasks(const char *text, const char *format)
{
  const qv_schema *schema = qv_task_schema();
  for (int t = 0; t < schema->ntasks; t++) {
    char part[128];
    snprintf(part, sizeof part, format, schema->tasks[t].name);
    if (!strstr(text, part)) {
      print_message("%s is missing in\n%s\n", part, text);
      fail();
    }
  }
}

static void generated_texts_name_all_tasks(void **state)
{
  char *text = NULL;
  (void)state;
  assert_int_equal(qv_schema_json(qv_task_schema(), &text), QV_OK);
  assert_names_all_tasks(text, "\"#/$defs/%s-required\"");
  qv_free(&text);
  assert_int_equal(qv_schema_markdown(qv_task_schema(), &text), QV_OK);
  assert_names_all_tasks(text, "\n## Task `%s`\n");
  qv_free(&text);
}

static int is_deck(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return dot && strcmp(dot, ".yaml") == 0;
}

static void the_shipped_decks_are_right(void **state)
{
  struct dirent **entries = NULL;
  const int count = scandir(QV_CONFIG_DIR, &entries, is_deck, alphasort);
  (void)state;
  assert_true(count >= 1);
  for (int i = 0; i < count; i++) {
    char path[1024];
    qv_deck *deck = NULL;
    snprintf(path, sizeof path, QV_CONFIG_DIR "/%s", entries[i]->d_name);
    if (qv_deck_read(qv_comm_self(), path, NULL, 0, qv_task_schema(), &deck) != QV_OK) {
      print_message("%s\n", qv_error_text());
      fail();
    }
    qv_deck_destroy(&deck);
    free(entries[i]);
  }
  free(entries);
}

static int nothing_leaks(void **state)
{
  (void)state;
  assert_int_equal(qv_memory_balance(), 0);
  return 0;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(no_row_has_a_defect, nothing_leaks),
      cmocka_unit_test_teardown(generated_texts_name_all_tasks, nothing_leaks),
      cmocka_unit_test_teardown(the_shipped_decks_are_right, nothing_leaks),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
