/* Decks that are right: every type of key by its getter, every way to write a value. */
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "deck/deck_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define CIRCUIT "qonverge: 1\ntask: circuit\n"

static void every_type_has_its_value(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "all.yaml", NULL);
  assert_int_equal(qv_deck_task(deck), 1);
  assert_string_equal(qv_deck_name(deck), DECK_GOOD "all.yaml");
  assert_string_equal(qv_deck_string(deck, "task"), "vqe");
  assert_string_equal(qv_deck_string(deck, "title"), "Water: a test, with 100 % of the keys");
  assert_string_equal(qv_deck_string(deck, "molecule.fcidump"), DECK_GOOD "molecules/h2.fcidump");
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
  assert_int_equal(qv_deck_count(deck, "measure.report"), 2);
  assert_string_equal(qv_deck_string_at(deck, "measure.report", 1), "variance");
  assert_true(qv_deck_has_choice(deck, "measure.report", "variance"));
  assert_false(qv_deck_has_choice(deck, "measure.report", "histogram"));
  assert_true(qv_deck_real(deck, "run.checkpoint_every") == 5400);
  assert_true(qv_deck_real(deck, "run.max_time") == 7200);
  assert_int_equal(qv_deck_int(deck, "run.memory"), 1610612736);
  assert_true(qv_deck_bool(deck, "run.verbose"));
  qv_deck_destroy(&deck);
  assert_null(deck);
}

static void defaults_fill_the_rest(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "minimal.yaml", NULL);
  assert_int_equal(qv_deck_task(deck), 0);
  assert_int_equal(qv_deck_int(deck, "circuit.qubits"), 1);
  assert_int_equal(qv_deck_int(deck, "circuit.depth"), 1);
  assert_string_equal(qv_deck_string(deck, "circuit.entangler"), "cz");
  assert_false(qv_deck_bool(deck, "circuit.repeat"));
  assert_int_equal(qv_deck_count(deck, "circuit.order"), 2);
  assert_int_equal(qv_deck_int_at(deck, "circuit.order", 1), 1);
  assert_int_equal(qv_deck_int(deck, "measure.shots"), 1000);
  assert_true(qv_deck_has_choice(deck, "measure.report", "energy"));
  assert_true(qv_deck_real(deck, "run.max_time") == -1);
  assert_true(qv_deck_real(deck, "run.checkpoint_every") == 600);
  assert_string_equal(qv_deck_string(deck, "output"), "qonverge");
  assert_true(qv_deck_is_set(deck, "output"));
  assert_false(qv_deck_is_set(deck, "title"));
  assert_false(qv_deck_is_set(deck, "run.memory"));
  assert_false(qv_deck_is_set(deck, "circuit.angles"));
  assert_int_equal(qv_deck_count(deck, "circuit.angles"), 0);
  qv_deck_destroy(&deck);
}

static void lists_and_signs(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "circuit.yaml", NULL);
  assert_int_equal(qv_deck_count(deck, "circuit.angles"), 3);
  assert_true(qv_deck_real_at(deck, "circuit.angles", 0) == 0.5);
  assert_true(qv_deck_real_at(deck, "circuit.angles", 1) == -1e-3);
  assert_true(qv_deck_real_at(deck, "circuit.angles", 2) == 2);
  assert_true(qv_deck_is_set(deck, "circuit.order"));
  assert_int_equal(qv_deck_count(deck, "circuit.order"), 0);
  qv_deck_destroy(&deck);
}

static void records_have_their_own_values(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "prices.yaml", NULL);
  assert_string_equal(qv_deck_string(deck, "title"), "Größe, \"quotes\" and \\ backslashes");
  assert_int_equal(qv_deck_count(deck, "contracts"), 3);
  assert_string_equal(qv_deck_string(deck, "contracts[0].kind"), "european");
  assert_int_equal(qv_deck_choice(deck, "contracts[2].kind"), 2);
  assert_true(qv_deck_real(deck, "contracts[1].strike") == 105);
  assert_true(qv_deck_real(deck, "contracts[0].maturity") == 1);
  assert_true(qv_deck_real(deck, "contracts[1].maturity") == 0.5);
  assert_true(qv_deck_real(deck, "contracts[2].maturity") == 90 / 365.25);
  assert_int_equal(qv_deck_int(deck, "contracts[1].fixings"), 1000);
  assert_false(qv_deck_is_set(deck, "contracts[0].fixings"));
  assert_false(qv_deck_is_set(deck, "contracts[3].kind"));
  assert_true(qv_deck_real(deck, "contracts[2].barrier.level") == 80);
  assert_string_equal(qv_deck_string(deck, "contracts[2].barrier.knock"), "in");
  assert_string_equal(qv_deck_string(deck, "contracts[0].barrier.knock"), "out");
  assert_string_equal(qv_deck_string(deck, "market.surface"), DECK_GOOD "surfaces/local.csv");
  qv_deck_destroy(&deck);
  deck = deck_of_file(DECK_GOOD "no-contracts.yaml", NULL);
  assert_int_equal(qv_deck_count(deck, "contracts"), 0);
  qv_deck_destroy(&deck);
}

static void json_is_a_deck(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "deck.json", NULL);
  assert_int_equal(qv_deck_int(deck, "measure.shots"), 4194304);
  assert_true(qv_deck_bool(deck, "circuit.repeat"));
  assert_true(qv_deck_real(deck, "run.checkpoint_every") == 300);
  qv_deck_destroy(&deck);
}

static void words_are_what_the_schema_says(void **state)
{
  static const char *const words[] = {"0x1F", "~", "1e3", "null", "010", "a # b", "a#b", "true"};
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "strange-words.yaml", NULL);
  assert_string_equal(qv_deck_string(deck, "title"), "no");
  assert_string_equal(qv_deck_string(deck, "output"), "2026-01-31");
  assert_int_equal(qv_deck_count(deck, "measure.pauli"), 8);
  for (int i = 0; i < 8; i++) {
    assert_string_equal(qv_deck_string_at(deck, "measure.pauli", i), words[i]);
  }
  assert_string_equal(qv_deck_option_name(deck, "optimizer.options", 1), "yes");
  assert_string_equal(qv_deck_string_at(deck, "optimizer.options", 1), "off");
  assert_string_equal(qv_deck_option_name(deck, "optimizer.options", 2), "a: b");
  qv_deck_destroy(&deck);
}

static void lines_may_end_as_on_windows(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "windows.yaml", NULL);
  assert_int_equal(qv_deck_int(deck, "circuit.qubits"), 3);
  qv_deck_destroy(&deck);
}

/* One value of a key, as --set gives it. */
static double value_of(const char *key, const char *text, bool integer)
{
  char override[128];
  const char *overrides[] = {override, NULL};
  snprintf(override, sizeof override, "%s=%s", key, text);
  qv_deck *deck = deck_of_text(strncmp(key, "contracts", 9) == 0 ? "qonverge: 1\ntask: price\nmarket: {spot: 1}\n"
                                                                   "contracts: [{kind: asian, strike: 1}]\n"
                                                                 : CIRCUIT "circuit: {qubits: 2}\n",
                               overrides);
  const double value = integer ? (double)qv_deck_int(deck, key) : qv_deck_real(deck, key);
  qv_deck_destroy(&deck);
  return value;
}

static void all_ways_to_write_a_number(void **state)
{
  static const struct {
    const char *key, *text;
    double value;
    bool integer;
  } rows[] = {
      {"run.seed", "0", 0, true},
      {"run.seed", "+7", 7, true},
      {"run.seed", "9007199254740992", 9007199254740992.0, true},
      {"measure.shots", "500", 500, true},
      {"measure.shots", "64 Ki", 65536, true},
      {"measure.shots", "64Ki", 65536, true},
      {"measure.shots", "4 Mi", 4194304, true},
      {"measure.shots", "1 Gi", 1073741824, true},
      {"measure.shots", "1 Ti", 1099511627776.0, true},
      {"measure.shots", "2 k", 2000, true},
      {"measure.shots", "3 M", 3000000, true},
      {"measure.shots", "3 G", 3e9, true},
      {"measure.shots", "'3 M'", 3000000, true},
      {"run.memory", "100 B", 100, true},
      {"run.memory", "10 kB", 1e4, true},
      {"run.memory", "10 MB", 1e7, true},
      {"run.memory", "10 GB", 1e10, true},
      {"run.memory", "2 TB", 2e12, true},
      {"run.memory", "512 KiB", 524288, true},
      {"run.memory", "512 MiB", 536870912, true},
      {"run.memory", "4 GiB", 4294967296.0, true},
      {"run.memory", "0.5 TiB", 549755813888.0, true},
      {"run.max_time", "90 s", 90, false},
      {"run.max_time", "0.5 s", 0.5, false},
      {"run.max_time", "10 min", 600, false},
      {"run.max_time", "2 h", 7200, false},
      {"run.max_time", "3.9h", 3.9 * 3600, false},
      {"run.max_time", "3 d", 259200, false},
      {"run.max_time", "01:30:00", 5400, false},
      {"run.max_time", "120:00:09", 432009, false},
      {"run.max_time", "auto", -1, false},
      {"contracts[0].maturity", "1 year", 1, false},
      {"contracts[0].maturity", "2 years", 2, false},
      {"contracts[0].maturity", "1 month", 1.0 / 12, false},
      {"contracts[0].maturity", "6 months", 0.5, false},
      {"contracts[0].maturity", "1 day", 1 / 365.25, false},
      {"contracts[0].maturity", "90 days", 90 / 365.25, false},
      {"contracts[0].strike", "1e3", 1000, false},
      {"contracts[0].strike", ".5", 0.5, false},
      {"contracts[0].strike", "5.", 5, false},
      {"contracts[0].strike", "+1.5E-3", 0.0015, false},
      {"contracts[0].strike", "1e-320", 1e-320, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const double value = value_of(rows[i].key, rows[i].text, rows[i].integer);
    if (value != rows[i].value) {
      print_message("%s = %s gives %.17g\n", rows[i].key, rows[i].text, value);
      fail();
    }
  }
}

static void large_integers_keep_their_digits(void **state)
{
  const char *overrides[] = {"run.seed=9223372036854775807", NULL};
  (void)state;
  qv_deck *deck = deck_of_text(CIRCUIT "circuit: {qubits: 2}\n", overrides);
  assert_true(qv_deck_int(deck, "run.seed") == INT64_MAX);
  qv_deck_destroy(&deck);
}

static void failures_of_callers_look_like_ours(void **state)
{
  static const struct {
    const char *path, *text;
  } rows[] = {
      {"circuit.qubits", "deck.yaml:3:19: error: why 7\ncircuit: {qubits: 2, order: [5, 6]}\n                  ~"},
      {"circuit.order",
       "deck.yaml:3:22: error: why 7\ncircuit: {qubits: 2, order: [5, 6]}\n                     ~~~~~"},
      {"circuit.order[1]",
       "deck.yaml:3:33: error: why 7\ncircuit: {qubits: 2, order: [5, 6]}\n                                ~"},
      {"circuit.depth", "deck.yaml: error: why 7"},
      {"run.seed", "--set: error: why 7\nrun.seed=3\n         ~"},
  };
  const char *overrides[] = {"run.seed=3", NULL};
  (void)state;
  qv_deck *deck = deck_of_text(CIRCUIT "circuit: {qubits: 2, order: [5, 6]}\n", overrides);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(qv_deck_fail(deck, rows[i].path, QV_ERR_INPUT, "why %d", 7), QV_ERR_INPUT);
    assert_int_equal(qv_error_code(), QV_ERR_INPUT);
    assert_string_equal(qv_error_text(), rows[i].text);
    qv_error_clear();
  }
  qv_deck_destroy(&deck);
  deck = deck_of_file(DECK_GOOD "prices.yaml", NULL);
  qv_deck_fail(deck, "contracts[2].barrier.level", QV_ERR_DECK, "too low");
  assert_string_equal(qv_error_text(), DECK_GOOD "prices.yaml:14:14: error: too low\n      level: 80\n             ~~");
  qv_error_clear();
  qv_deck_fail(deck, "contracts[1]", QV_ERR_DECK, "no");
  assert_non_null(strstr(qv_error_text(), "prices.yaml:9:5: error: no\n"));
  qv_error_clear();
  qv_deck_destroy(&deck);
}

static void a_large_deck_is_read(void **state)
{
  enum { COUNT = 200000 };
  char *text = NULL;
  size_t used = 0;
  (void)state;
  assert_int_equal(qv_alloc(QV_MEM_TASK, COUNT * 8 + 256, 1, &text), QV_OK);
  used += (size_t)sprintf(text, "%s", CIRCUIT "circuit:\n  qubits: 2\n  order: [");
  for (int i = 0; i < COUNT; i++) {
    used += (size_t)sprintf(text + used, "%d, ", i % 64);
  }
  sprintf(text + used, "63]\n");
  qv_deck *deck = deck_of_text(text, NULL);
  assert_int_equal(qv_deck_count(deck, "circuit.order"), COUNT + 1);
  assert_int_equal(qv_deck_int_at(deck, "circuit.order", COUNT - 1), (COUNT - 1) % 64);
  qv_deck_destroy(&deck);
  qv_free(&text);
}

static void too_large_a_deck_is_refused(void **state)
{
  const size_t bytes = ((size_t)16 << 20) + 1;
  char *text = NULL;
  (void)state;
  assert_int_equal(qv_alloc(QV_MEM_TASK, bytes + 1, 1, &text), QV_OK);
  memset(text, '#', bytes);
  deck_refused(text, NULL, QV_ERR_DECK, "deck.yaml: error: the deck has more than 16 MiB\n");
  qv_free(&text);
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
      cmocka_unit_test_teardown(every_type_has_its_value, nothing_leaks),
      cmocka_unit_test_teardown(defaults_fill_the_rest, nothing_leaks),
      cmocka_unit_test_teardown(lists_and_signs, nothing_leaks),
      cmocka_unit_test_teardown(records_have_their_own_values, nothing_leaks),
      cmocka_unit_test_teardown(json_is_a_deck, nothing_leaks),
      cmocka_unit_test_teardown(words_are_what_the_schema_says, nothing_leaks),
      cmocka_unit_test_teardown(lines_may_end_as_on_windows, nothing_leaks),
      cmocka_unit_test_teardown(all_ways_to_write_a_number, nothing_leaks),
      cmocka_unit_test_teardown(large_integers_keep_their_digits, nothing_leaks),
      cmocka_unit_test_teardown(failures_of_callers_look_like_ours, nothing_leaks),
      cmocka_unit_test_teardown(a_large_deck_is_read, nothing_leaks),
      cmocka_unit_test_teardown(too_large_a_deck_is_refused, nothing_leaks),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
