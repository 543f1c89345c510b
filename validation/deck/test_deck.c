/* Decks that are right: every type of key by its getter. */
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "io/qv_deck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define GOOD QV_DECK_DIR "/good/"

static qv_deck *read_deck(const char *path, const char *const *overrides, int noverrides)
{
  qv_deck *deck = NULL;
  if (qv_deck_read(qv_comm_self(), path, overrides, noverrides, deck_test_schema(), &deck) != QV_OK) {
    print_message("%s\n", qv_error_text());
    fail();
  }
  return deck;
}

static void every_type_has_its_value(void **state)
{
  (void)state;
  qv_deck *deck = read_deck(GOOD "all.yaml", NULL, 0);
  assert_int_equal(qv_deck_task(deck), 1);
  assert_string_equal(qv_deck_string(deck, "task"), "vqe");
  assert_string_equal(qv_deck_string(deck, "title"), "Water: a test, with 100 % of the keys");
  assert_string_equal(qv_deck_string(deck, "molecule.fcidump"), GOOD "molecules/h2.fcidump");
  assert_string_equal(qv_deck_string(deck, "molecule.mapping"), "parity");
  assert_int_equal(qv_deck_choice(deck, "molecule.mapping"), 1);
  assert_true(qv_deck_real(deck, "molecule.distance") == 0.735);
  assert_true(qv_deck_real(deck, "optimizer.gradient_tolerance") == 1.0e-7);
  assert_int_equal(qv_deck_int(deck, "optimizer.max_evaluations"), 20);
  assert_int_equal(qv_deck_count(deck, "optimizer.options"), 3);
  assert_string_equal(qv_deck_option_name(deck, "optimizer.options", 1), "tao_max_it");
  assert_string_equal(qv_deck_string_at(deck, "optimizer.options", 1), "50");
  assert_string_equal(qv_deck_string_at(deck, "optimizer.options", 2), "a \"quoted\" value");
  assert_int_equal(qv_deck_int(deck, "measure.shots"), 65536);
  assert_int_equal(qv_deck_count(deck, "measure.pauli"), 2);
  assert_string_equal(qv_deck_string_at(deck, "measure.pauli", 1), "Z0 Z1");
  assert_true(qv_deck_has_choice(deck, "measure.report", "variance"));
  assert_false(qv_deck_has_choice(deck, "measure.report", "histogram"));
  assert_true(qv_deck_real(deck, "run.checkpoint_every") == 5400);
  assert_true(qv_deck_real(deck, "run.max_time") == 7200);
  assert_int_equal(qv_deck_int(deck, "run.memory"), 1610612736);
  assert_true(qv_deck_bool(deck, "run.verbose"));
  qv_deck_destroy(&deck);
  assert_int_equal(qv_memory_balance(), 0);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_type_has_its_value)};
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end();
  return failed;
}
