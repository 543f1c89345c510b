/* What a deck becomes: merged text, echo, hash; and what goes into it: includes and overrides. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "deck/deck_testing.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CIRCUIT "qonverge: 1\ntask: circuit\ncircuit: {qubits: 2}\n"

static void assert_holds(const char *text, const char *part)
{
  if (!strstr(text, part)) {
    print_message("wanted: %s\nin:\n%s\n", part, text);
    fail();
  }
}

/* ---- text and echo read back to the same deck ---- */

static void assert_reads_back(const qv_deck *deck, const char *folder, const char *text, bool same_text)
{
  qv_deck *again = NULL;
  const qv_code code = qv_deck_parse("again.yaml", folder, text, strlen(text), NULL, 0, deck_test_schema(), &again);
  if (code != QV_OK || qv_deck_hash(again) != qv_deck_hash(deck)) {
    print_message("%s\n%s\n", text, qv_error_text());
    fail();
  }
  if (same_text) {
    assert_string_equal(qv_deck_text(again), text);
  }
  qv_deck_destroy(&again);
}

static int is_deck(const struct dirent *entry)
{
  const char *dot = strrchr(entry->d_name, '.');
  return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".json") == 0);
}

static void all_good_decks_read_back(void **state)
{
  struct dirent **entries = NULL;
  const int count = scandir(QV_DECK_DIR "/good", &entries, is_deck, alphasort);
  (void)state;
  assert_true(count >= 8);
  for (int i = 0; i < count; i++) {
    char path[512];
    snprintf(path, sizeof path, DECK_GOOD "%s", entries[i]->d_name);
    qv_deck *deck = deck_of_file(path, NULL);
    assert_reads_back(deck, QV_DECK_DIR "/good", qv_deck_text(deck), true);
    assert_reads_back(deck, QV_DECK_DIR "/good", qv_deck_echo(deck), false);
    qv_deck_destroy(&deck);
    free(entries[i]);
  }
  free(entries);
}

static void the_echo_shows_all_keys_and_where_they_come_from(void **state)
{
  static const char expected[] = "qonverge: 1                                 # deck.yaml:1\n"
                                 "# title: not set\n"
                                 "task: price                                 # deck.yaml:2\n"
                                 "output: qonverge                            # default\n"
                                 "run:\n"
                                 "  precision: double                         # default\n"
                                 "  seed: 4                                   # --set\n"
                                 "  checkpoint_every: 10 min                  # default\n"
                                 "  max_time: auto                            # default\n"
                                 "  # memory: not set\n"
                                 "  verbose: false                            # default\n"
                                 "  # debug.dump: not set\n"
                                 "  # debug.level: not set\n"
                                 "market:\n"
                                 "  spot: 1.50                                # deck.yaml:3\n"
                                 "  rate: 0                                   # default\n"
                                 "  # surface: not set\n"
                                 "  # assets: not set\n"
                                 "contracts:                                  # deck.yaml:4\n"
                                 "  - kind: asian                             # deck.yaml:5\n"
                                 "    strike: 105                             # --set\n"
                                 "    maturity: 1 year                        # default\n"
                                 "    # fixings: not set\n"
                                 "    barrier:\n"
                                 "      # level: not set\n"
                                 "      knock: out                            # default\n"
                                 "  - kind: barrier                           # deck.yaml:6\n"
                                 "    strike: 7                               # deck.yaml:6\n"
                                 "    maturity: 30 days                       # deck.yaml:7\n"
                                 "    # fixings: not set\n"
                                 "    barrier:\n"
                                 "      level: 3                              # deck.yaml:8\n"
                                 "      knock: out                            # default\n";
  const char *overrides[] = {"run.seed=4", "contracts[0].strike=105", NULL};
  (void)state;
  qv_deck *deck = deck_of_text("qonverge: 1\ntask: price\nmarket: {spot: 1.50}\ncontracts:\n"
                               "- {kind: asian, strike: 90}\n- {kind: barrier, strike: 7,\n   maturity: 30 days,\n"
                               "   barrier: {level: 3}}\n",
                               overrides);
  assert_string_equal(qv_deck_echo(deck), expected);
  assert_string_equal(qv_deck_text(deck), "qonverge: 1\ntask: price\nrun:\n  seed: 4\nmarket:\n  spot: 1.50\n"
                                          "contracts:\n  - kind: asian\n    strike: 105\n  - kind: barrier\n"
                                          "    strike: 7\n    maturity: 30 days\n    barrier:\n      level: 3\n");
  qv_deck_destroy(&deck);
}

/* ---- includes ---- */

static void the_deck_wins_over_its_includes(void **state)
{
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "including.yaml", NULL);
  assert_int_equal(qv_deck_int(deck, "run.seed"), 11);
  assert_string_equal(qv_deck_string(deck, "run.precision"), "single");
  assert_string_equal(qv_deck_string(deck, "molecule.mapping"), "bravyi-kitaev"); /* of two includes the last */
  assert_int_equal(qv_deck_int(deck, "optimizer.max_evaluations"), 30);
  assert_string_equal(qv_deck_string(deck, "optimizer.method"), "nm");
  assert_string_equal(qv_deck_string(deck, "molecule.fcidump"), DECK_GOOD "common/problem/h2.fcidump");
  assert_holds(qv_deck_echo(deck),
               "  mapping: bravyi-kitaev                    # " DECK_GOOD "common/problem/molecule.yaml:3\n");
  assert_holds(qv_deck_echo(deck), "  precision: single                         # " DECK_GOOD "common/run.yaml:4\n");
  assert_holds(qv_deck_echo(deck), "  seed: 11                                  # " DECK_GOOD "including.yaml:3\n");
  assert_holds(qv_deck_text(deck), "  fcidump: common/problem/h2.fcidump        # xxh3 ");
  assert_null(strstr(qv_deck_text(deck), "include:"));
  assert_int_equal(qv_deck_fail(deck, "molecule.mapping", QV_ERR_DECK, "no"), QV_ERR_DECK);
  assert_string_equal(qv_error_text(), DECK_GOOD "common/problem/molecule.yaml:3:12: error: no\n"
                                                 "  mapping: bravyi-kitaev\n           ~~~~~~~~~~~~~");
  qv_error_clear();
  qv_deck_destroy(&deck);
}

/* ---- overrides ---- */

static void overrides_win_over_all(void **state)
{
  const char *overrides[] = {"run.seed=99",
                             "optimizer.options.tao_max_it=7",
                             "optimizer.options.tao_view=true",
                             "measure.pauli=[Z0, 'X0 Y1']",
                             "title='with: a colon'",
                             "molecule.fcidump=common/problem/h2.fcidump",
                             NULL};
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "all.yaml", overrides);
  assert_int_equal(qv_deck_int(deck, "run.seed"), 99);
  assert_int_equal(qv_deck_count(deck, "optimizer.options"), 4);
  assert_string_equal(qv_deck_string_at(deck, "optimizer.options", 0), "armijo");
  assert_string_equal(qv_deck_string_at(deck, "optimizer.options", 1), "7");
  assert_string_equal(qv_deck_option_name(deck, "optimizer.options", 3), "tao_view");
  assert_int_equal(qv_deck_count(deck, "measure.pauli"), 2);
  assert_string_equal(qv_deck_string_at(deck, "measure.pauli", 1), "X0 Y1");
  assert_string_equal(qv_deck_string(deck, "title"), "with: a colon");
  assert_string_equal(qv_deck_string(deck, "molecule.fcidump"), DECK_GOOD "common/problem/h2.fcidump");
  assert_holds(qv_deck_echo(deck), "seed: 99                                  # --set\n");
  assert_reads_back(deck, QV_DECK_DIR "/good", qv_deck_text(deck), true);
  qv_deck_destroy(&deck);
}

static void the_last_of_two_overrides_counts(void **state)
{
  const char *overrides[] = {"run.seed=1", "run={seed: 2, verbose: true}", "run.seed=3", NULL};
  (void)state;
  qv_deck *deck = deck_of_text(CIRCUIT, overrides);
  assert_int_equal(qv_deck_int(deck, "run.seed"), 3);
  assert_true(qv_deck_bool(deck, "run.verbose"));
  qv_deck_destroy(&deck);
}

static void an_override_may_give_what_is_missing(void **state)
{
  const char *overrides[] = {"circuit.qubits=4", "qonverge=1", "task=circuit", NULL};
  (void)state;
  qv_deck *deck = deck_of_text("title: only a title\n", overrides);
  assert_int_equal(qv_deck_int(deck, "circuit.qubits"), 4);
  qv_deck_destroy(&deck);
}

static void overrides_reach_into_records(void **state)
{
  const char *overrides[] = {"market.assets[1].weight=0.5", "market.assets[1].history=molecules/h2.fcidump",
                             "contracts[0].barrier={level: 9}", NULL};
  (void)state;
  qv_deck *deck = deck_of_file(DECK_GOOD "portfolio.yaml", overrides);
  assert_int_equal(qv_deck_count(deck, "market.assets"), 2);
  assert_true(qv_deck_real(deck, "market.assets[0].weight") == 0.75);
  assert_true(qv_deck_real(deck, "market.assets[1].weight") == 0.5);
  assert_string_equal(qv_deck_string(deck, "market.assets[0].history"), DECK_GOOD "surfaces/local.csv");
  assert_string_equal(qv_deck_string(deck, "market.assets[1].history"), DECK_GOOD "molecules/h2.fcidump");
  assert_true(qv_deck_real(deck, "contracts[0].barrier.level") == 9);
  assert_holds(qv_deck_echo(deck), "  assets:                                   # " DECK_GOOD "portfolio.yaml:5\n"
                                   "    - name: \"first: the largest\"            # " DECK_GOOD "portfolio.yaml:6\n");
  assert_holds(qv_deck_echo(deck), "      weight: 0.5                           # --set\n");
  assert_reads_back(deck, QV_DECK_DIR "/good", qv_deck_text(deck), true);
  assert_reads_back(deck, QV_DECK_DIR "/good", qv_deck_echo(deck), false);
  qv_deck_destroy(&deck);
}

static void options_start_from_nothing(void **state)
{
  const char *overrides[] = {"molecule.fcidump=molecules/h2.fcidump", "optimizer.options.tao_ls.x=5", NULL};
  (void)state;
  qv_deck *deck = deck_of_text("qonverge: 1\ntask: vqe\n", overrides);
  assert_int_equal(qv_deck_count(deck, "optimizer.options"), 1);
  assert_string_equal(qv_deck_option_name(deck, "optimizer.options", 0), "tao_ls.x");
  qv_deck_destroy(&deck);
}

/* ---- hash ---- */

static uint64_t hash_of(const char *text)
{
  qv_deck *deck = deck_of_text(text, NULL);
  const uint64_t hash = qv_deck_hash(deck);
  qv_deck_destroy(&deck);
  return hash;
}

static void the_hash_is_of_values_not_of_their_looks(void **state)
{
  (void)state;
  const uint64_t hash = hash_of(CIRCUIT);
  assert_true(hash == hash_of("# other looks\ncircuit:\n  qubits: +2\ntask: 'circuit'\nqonverge: 1\n"));
  assert_true(hash == hash_of(CIRCUIT "run: {seed: 1, checkpoint_every: 600 s}\nmeasure: {shots: 1 k}\n"));
  assert_true(hash != hash_of("qonverge: 1\ntask: circuit\ncircuit: {qubits: 3}\n"));
  assert_true(hash != hash_of(CIRCUIT "title: x\n"));
  assert_true(hash != hash_of(CIRCUIT "measure: {pauli: [XY]}\n"));
  assert_true(hash_of(CIRCUIT "measure: {pauli: [X, Y]}\n") != hash_of(CIRCUIT "measure: {pauli: [XY]}\n"));
}

static void write_file(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static void the_content_of_files_counts(void **state)
{
  static const char text[] = "qonverge: 1\ntask: vqe\nmolecule: {fcidump: test_deck_text.tmp}\n";
  qv_deck *first = NULL;
  qv_deck *second = NULL;
  (void)state;
  write_file("test_deck_text.tmp", "one");
  assert_int_equal(qv_deck_parse("a", "", text, strlen(text), NULL, 0, deck_test_schema(), &first), QV_OK);
  assert_int_equal(qv_deck_compare(first, qv_deck_text(first), deck_test_schema()), QV_OK);
  write_file("test_deck_text.tmp", "two");
  assert_int_equal(qv_deck_parse("a", "", text, strlen(text), NULL, 0, deck_test_schema(), &second), QV_OK);
  assert_true(qv_deck_hash(first) != qv_deck_hash(second));
  assert_int_equal(qv_deck_compare(second, qv_deck_text(first), deck_test_schema()), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(),
                      "a: error: the deck differs from that of the run to be continued:\n"
                      "  molecule.fcidump: the content of test_deck_text.tmp is no longer what it was\n"
                      "set these keys back, or start anew with --restart none");
  qv_error_clear();
  assert_int_equal(qv_deck_compare(second, qv_deck_echo(first), deck_test_schema()), QV_ERR_INPUT);
  qv_error_clear();
  assert_int_equal(qv_deck_compare(second, text, deck_test_schema()), QV_OK); /* a text without digests */
  remove("test_deck_text.tmp");
  assert_int_equal(qv_deck_compare(second, qv_deck_text(second), deck_test_schema()), QV_OK); /* files stay closed */
  qv_deck_destroy(&first);
  qv_deck_destroy(&second);
}

/* ---- comparison ---- */

static void assert_differs(const char *now, const char *const *overrides, const char *then, const char *message)
{
  qv_deck *deck = deck_of_text(now, overrides);
  assert_int_equal(qv_deck_compare(deck, then, deck_test_schema()), QV_ERR_INPUT);
  assert_string_equal(qv_error_text(), message);
  qv_error_clear();
  qv_deck_destroy(&deck);
}

static void changeable_keys_may_differ(void **state)
{
  (void)state;
  qv_deck *deck =
      deck_of_text(CIRCUIT "title: b\noutput: c\nmeasure: {shots: 5}\nrun: {max_time: 5 h, memory: 1 GiB}\n", NULL);
  assert_int_equal(qv_deck_compare(deck, CIRCUIT "title: a\nrun: {max_time: 1 h}\n", deck_test_schema()), QV_OK);
  assert_int_equal(qv_deck_compare(deck, qv_deck_text(deck), deck_test_schema()), QV_OK);
  assert_int_equal(qv_deck_compare(deck, qv_deck_echo(deck), deck_test_schema()), QV_OK);
  assert_int_equal(qv_deck_compare(deck, CIRCUIT "run: {seed: 1, precision: double}\n", deck_test_schema()), QV_OK);
  qv_deck_destroy(&deck);
}

static void other_keys_may_not(void **state)
{
  const char *overrides[] = {"run.precision=single", NULL};
  (void)state;
  assert_differs(CIRCUIT "run: {seed: 5, verbose: true}\nmeasure: {pauli: [XX]}\n", overrides,
                 "qonverge: 1\ntask: circuit\ncircuit: {qubits: 2, angles: [1.0, 2], entangler: cx}\n"
                 "measure: {pauli: [XX, YY]}\n",
                 "deck.yaml: error: the deck differs from that of the run to be continued:\n"
                 "  run.precision: single (--set), but double in the earlier run\n"
                 "  run.seed: 5 (deck.yaml:4), but 1 in the earlier run\n"
                 "  circuit.entangler: cz (default), but cx in the earlier run\n"
                 "  circuit.angles: not set, but [1.0, 2] in the earlier run\n"
                 "  measure.pauli: [XX] (deck.yaml:5), but [XX, YY] in the earlier run\n"
                 "set these keys back, or start anew with --restart none");
}

static void records_are_compared_one_by_one(void **state)
{
  static const char head[] = "qonverge: 1\ntask: price\nmarket: {spot: 1}\n";
  char now[256];
  char then[256];
  (void)state;
  snprintf(now, sizeof now, "%scontracts: [{kind: asian, strike: 1}, {kind: asian, strike: 2}]\n", head);
  snprintf(then, sizeof then, "%scontracts: [{kind: asian, strike: 1}, {kind: asian, strike: 3}]\n", head);
  assert_differs(now, NULL, then,
                 "deck.yaml: error: the deck differs from that of the run to be continued:\n"
                 "  contracts[1].strike: 2 (deck.yaml:4), but 3 in the earlier run\n"
                 "set these keys back, or start anew with --restart none");
  snprintf(then, sizeof then, "%scontracts: [{kind: asian, strike: 1}]\n", head);
  assert_differs(now, NULL, then,
                 "deck.yaml: error: the deck differs from that of the run to be continued:\n"
                 "  contracts: 2 entries (deck.yaml:4), but 1 entry in the earlier run\n"
                 "set these keys back, or start anew with --restart none");
}

static void at_most_twenty_differences_are_listed(void **state)
{
  char now[1024] = CIRCUIT "measure: {groups: [";
  char then[1024] = CIRCUIT "measure: {groups: [";
  (void)state;
  for (int i = 0; i < 25; i++) {
    snprintf(now + strlen(now), sizeof now - strlen(now), "{label: a%d}, ", i);
    snprintf(then + strlen(then), sizeof then - strlen(then), "{label: b%d}, ", i);
  }
  strcat(now, "]}\n");
  strcat(then, "]}\n");
  qv_deck *deck = deck_of_text(now, NULL);
  assert_int_equal(qv_deck_compare(deck, then, deck_test_schema()), QV_ERR_INPUT);
  assert_holds(qv_error_text(), "\n  measure.groups[19].label: a19 (deck.yaml:4), but b19 in the earlier run\n"
                                "  and 5 more\nset these keys back, or start anew with --restart none");
  qv_error_clear();
  assert_int_equal(qv_deck_compare(deck, qv_deck_echo(deck), deck_test_schema()), QV_OK);
  qv_deck_destroy(&deck);
}

static void another_task_is_another_run(void **state)
{
  (void)state;
  assert_differs(CIRCUIT, NULL, "qonverge: 1\ntask: price\nmarket: {spot: 1}\ncontracts: []\n",
                 "deck.yaml: error: the deck differs from that of the run to be continued:\n"
                 "  task: circuit, but price in the earlier run\n"
                 "set it back, or start anew with --restart none");
}

static void an_earlier_deck_may_be_unreadable(void **state)
{
  (void)state;
  assert_differs(CIRCUIT, NULL, CIRCUIT "old_key: 3\n",
                 "deck.yaml: error: the deck of the run to be continued cannot be read by this version of the program; "
                 "start anew with --restart none\n"
                 "earlier deck:4:1: error: unknown key 'old_key'\nold_key: 3\n~~~~~~~\n"
                 "keys here: qonverge, title, task, output, run, circuit, measure, include");
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
      cmocka_unit_test_teardown(all_good_decks_read_back, nothing_leaks),
      cmocka_unit_test_teardown(the_echo_shows_all_keys_and_where_they_come_from, nothing_leaks),
      cmocka_unit_test_teardown(the_deck_wins_over_its_includes, nothing_leaks),
      cmocka_unit_test_teardown(overrides_win_over_all, nothing_leaks),
      cmocka_unit_test_teardown(the_last_of_two_overrides_counts, nothing_leaks),
      cmocka_unit_test_teardown(an_override_may_give_what_is_missing, nothing_leaks),
      cmocka_unit_test_teardown(overrides_reach_into_records, nothing_leaks),
      cmocka_unit_test_teardown(options_start_from_nothing, nothing_leaks),
      cmocka_unit_test_teardown(the_hash_is_of_values_not_of_their_looks, nothing_leaks),
      cmocka_unit_test_teardown(the_content_of_files_counts, nothing_leaks),
      cmocka_unit_test_teardown(changeable_keys_may_differ, nothing_leaks),
      cmocka_unit_test_teardown(other_keys_may_not, nothing_leaks),
      cmocka_unit_test_teardown(records_are_compared_one_by_one, nothing_leaks),
      cmocka_unit_test_teardown(at_most_twenty_differences_are_listed, nothing_leaks),
      cmocka_unit_test_teardown(another_task_is_another_run, nothing_leaks),
      cmocka_unit_test_teardown(an_earlier_deck_may_be_unreadable, nothing_leaks),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
