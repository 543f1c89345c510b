/* The schema itself: finding rows, defects of rows, the reference page, and what misuse of a getter does. */
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "deck/deck_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void rows_are_found_by_path(void **state)
{
  const qv_schema *schema = deck_test_schema();
  (void)state;
  assert_string_equal(qv_schema_find(schema, 0, "circuit.depth")->help, "Layers");
  assert_string_equal(qv_schema_find(schema, -1, "run.seed")->fallback, "1");
  assert_string_equal(qv_schema_find(schema, 2, "contracts[].barrier.level")->path, "contracts[].barrier.level");
  assert_string_equal(qv_schema_find(schema, 2, "contracts[7].kind")->path, "contracts[].kind");
  assert_null(qv_schema_find(schema, 1, "circuit.depth"));
  assert_null(qv_schema_find(schema, 3, "circuit.depth"));
  assert_null(qv_schema_find(schema, 0, "circuit"));
  assert_null(qv_schema_find(schema, 0, ""));
  assert_null(qv_schema_find(schema, 2, "contracts[x].kind"));
}

static void the_schema_of_the_tests_has_no_defect(void **state)
{
  (void)state;
  if (qv_schema_check(deck_test_schema()) != QV_OK) {
    print_message("%s\n", qv_error_text());
    fail();
  }
}

/* One row in a schema of its own must be refused with this text. */
static void assert_defect(qv_key row, const char *text)
{
  static const qv_key common[] = {
      {"task", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "What is computed"},
      {"run.seed", QV_KEY_INT, "", "1", "[0,inf)", false, "0.1", "Seed"},
      {0},
  };
  const qv_key block[] = {row, {0}};
  const qv_key *const sections[] = {block, NULL};
  const qv_schema_task task = {"only", "The only task", sections};
  const qv_schema schema = {common, &task, 1};
  assert_int_equal(qv_schema_check(&schema), QV_ERR_INTERNAL);
  assert_string_equal(qv_error_text(), text);
  qv_error_clear();
}

static void defects_of_rows_are_found(void **state)
{
  (void)state;
  assert_defect((qv_key){"a.b", QV_KEY_INT, "", "70", "[1,64]", false, "0.1", "Help"},
                "the default '70' of the schema row 'a.b' is not legal for it");
  assert_defect((qv_key){"a.b", QV_KEY_INT, "", "[1", "", false, "0.1", "Help"},
                "the default '[1' of the schema row 'a.b' is not legal for it");
  assert_defect((qv_key){"a.b", QV_KEY_CHOICE, "", "c", "d|e", false, "0.1", "Help"},
                "the default 'c' of the schema row 'a.b' is not legal for it");
  assert_defect((qv_key){"a.b", QV_KEY_RECORDS, "", "[{c: 1}]", "", false, "0.1", "Help"},
                "the default '[{c: 1}]' of the schema row 'a.b' is not legal for it");
  assert_defect((qv_key){"a.b", QV_KEY_INT, "", "1", "1..64", false, "0.1", "Help"},
                "the schema row 'a.b' has malformed limits");
  assert_defect((qv_key){"a.b", QV_KEY_REAL, "", "1", "auto", false, "0.1", "Help"},
                "the schema row 'a.b' has malformed limits");
  assert_defect((qv_key){"a.b", QV_KEY_CHOICE, "", "c", "c||d", false, "0.1", "Help"},
                "the schema row 'a.b' has malformed limits");
  assert_defect((qv_key){"a.b", QV_KEY_BOOL, "", "true", "true|false", false, "0.1", "Help"},
                "the schema row 'a.b' has malformed limits");
  assert_defect((qv_key){"a..b", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema row 'a..b' has an illegal path");
  assert_defect((qv_key){"a.b.c.d.e", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema row 'a.b.c.d.e' has an illegal path");
  assert_defect((qv_key){"a[0].b", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema row 'a[0].b' has an illegal path");
  assert_defect((qv_key){"a-b", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema row 'a-b' has an illegal path");
  assert_defect((qv_key){"a[].b", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema row 'a[].b' has no row 'a' of type RECORDS before it");
  assert_defect((qv_key){"a.b", QV_KEY_INT, "", "1", "", false, "0.1", "Help."},
                "the schema row 'a.b' needs a help of one line without a full stop");
  assert_defect((qv_key){"a.b", QV_KEY_INT, "", "1", "", false, "", "Help"},
                "the schema row 'a.b' does not say since which version it is there");
  assert_defect((qv_key){"a.b", QV_KEY_INT, NULL, "1", "", false, "0.1", "Help"},
                "the schema row 'a.b' has a NULL beside its default");
  assert_defect((qv_key){"run", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema rows 'run' and 'run.seed' of task 'only' clash");
  assert_defect((qv_key){"run.seed", QV_KEY_INT, "", "1", "", false, "0.1", "Help"},
                "the schema rows 'run.seed' and 'run.seed' of task 'only' clash");
}

static void the_reference_page_has_every_key(void **state)
{
  static const char *const parts[] = {
      "## Every deck\n",
      "| `run.seed` | integer |  | `1` | `[0,inf)` | fixed | 0.1 | Seed of all random numbers |\n",
      "| `run.max_time` | duration | s | `auto` | `auto` or `(0,inf)` | may change | 0.1 |",
      "## Sections that several tasks share\n\n### `measure`\n\nTasks: `circuit`, `vqe`\n\n",
      "| `measure.report` | list of choices |  | `[energy]` | `energy`, `histogram`, `variance` | may change |",
      "## Task `vqe`\n\nGround state of a molecule.\n\nShared sections: `measure`.\n\n",
      "| `molecule.fcidump` | file |  | **required** |  | fixed | 0.1 | Integrals |\n",
      "| `contracts[].fixings` | count |  | not set | `[1,10000]` |",
  };
  char *page = NULL;
  (void)state;
  assert_int_equal(qv_schema_markdown(deck_test_schema(), &page), QV_OK);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (!strstr(page, parts[i])) {
      print_message("wanted: %s\nin:\n%s\n", parts[i], page);
      fail();
    }
  }
  qv_free(&page);
}

static int nothing_leaks(void **state)
{
  (void)state;
  assert_int_equal(qv_memory_balance(), 0);
  return 0;
}

/* Asking for the wrong thing must end the program: `test_schema misuse NAME` is to fail, and its text is looked at. */
static void misuse(const char *what)
{
  qv_deck *deck = deck_of_file(DECK_GOOD "prices.yaml", NULL);
  if (strcmp(what, "unknown") == 0) {
    qv_deck_int(deck, "run.sed");
  } else if (strcmp(what, "type") == 0) {
    qv_deck_int(deck, "market.spot");
  } else if (strcmp(what, "list") == 0) {
    qv_deck_count(deck, "market.spot");
  } else if (strcmp(what, "no-value") == 0) {
    qv_deck_int(deck, "contracts[0].fixings");
  } else if (strcmp(what, "entry") == 0) {
    qv_deck_real(deck, "contracts[3].strike");
  } else if (strcmp(what, "beyond") == 0) {
    qv_deck *circuit = deck_of_file(DECK_GOOD "minimal.yaml", NULL);
    qv_deck_int_at(circuit, "circuit.order", 2);
  } else if (strcmp(what, "word") == 0) {
    qv_deck_has_choice(deck, "market.assets[0].name", "a");
  } else if (strcmp(what, "fail") == 0) {
    qv_deck_fail(deck, "run.sed", QV_ERR_DECK, "never seen");
  } else if (strcmp(what, "path") == 0) {
    qv_deck_is_set(deck, "contracts[x].strike");
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(rows_are_found_by_path, nothing_leaks),
      cmocka_unit_test_teardown(the_schema_of_the_tests_has_no_defect, nothing_leaks),
      cmocka_unit_test_teardown(defects_of_rows_are_found, nothing_leaks),
      cmocka_unit_test_teardown(the_reference_page_has_every_key, nothing_leaks),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  if (argc == 3) {
    misuse(argv[2]);
    return 0;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
