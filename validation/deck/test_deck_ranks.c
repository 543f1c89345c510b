/* The collective read: the same deck on every rank, and one message for all; only rank 0 reads files. */
#define _POSIX_C_SOURCE 200809L
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "io/qv_deck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD QV_DECK_DIR "/good/"
#define BAD  QV_DECK_DIR "/bad/"

static int rank(void)
{
  return qv_comm_rank(qv_comm_world());
}

static qv_code read_on_all(const char *path, const char *const *overrides, int noverrides, qv_deck **deck)
{
  return qv_deck_read(qv_comm_world(), path, overrides, noverrides, deck_test_schema(), deck);
}

/* Fails on every rank if this one's text is not that of rank 0. */
static void assert_same_on_all(const char *text)
{
  char first[4096] = "";
  assert_true(strlen(text) < sizeof first);
  snprintf(first, sizeof first, "%s", text);
  qv_comm_broadcast(qv_comm_world(), first, sizeof first, 0);
  assert_string_equal(first, text);
}

static void every_rank_has_the_same_deck(void **state)
{
  const char *overrides[] = {"run.seed=42"};
  qv_deck *deck = NULL;
  (void)state;
  assert_int_equal(read_on_all(GOOD "including.yaml", overrides, 1, &deck), QV_OK);
  assert_int_equal(qv_deck_int(deck, "run.seed"), 42);
  assert_string_equal(qv_deck_string(deck, "molecule.fcidump"), GOOD "common/problem/h2.fcidump");
  assert_same_on_all(qv_deck_text(deck));
  assert_same_on_all(qv_deck_echo(deck));
  int64_t hash = (int64_t)(qv_deck_hash(deck) >> 1);
  const int64_t mine = hash;
  qv_comm_max_i64(qv_comm_world(), &hash, 1);
  assert_true(hash == mine);
  qv_deck_destroy(&deck);
}

/* Ranks other than 0 stand in an empty folder, where the relative names lead nowhere. */
static void only_rank_0_reads(void **state)
{
  qv_deck *deck = NULL;
  char start[1024];
  char empty[64] = "/tmp/qv_deck_XXXXXX";
  (void)state;
  assert_non_null(getcwd(start, sizeof start));
  assert_non_null(mkdtemp(empty));
  assert_int_equal(chdir(rank() == 0 ? QV_DECK_DIR : empty), 0);
  assert_int_equal(read_on_all("good/prices.yaml", NULL, 0, &deck), QV_OK);
  assert_string_equal(qv_deck_string(deck, "market.surface"), "good/surfaces/local.csv");
  assert_same_on_all(qv_deck_text(deck));
  qv_deck_destroy(&deck);
  assert_int_equal(chdir(start), 0);
  assert_int_equal(rmdir(empty), 0);
}

static void assert_refused(const char *path, const char *const *overrides, int noverrides, qv_code code,
                           const char *text)
{
  qv_deck *deck = NULL;
  assert_int_equal(read_on_all(path, overrides, noverrides, &deck), code);
  assert_null(deck);
  assert_string_equal(qv_error_text(), text); /* on every rank, without a word about ranks */
  qv_error_clear();
}

static void errors_are_one_message(void **state)
{
  const char *bad_value[] = {"run.seed=x"};
  const char *bad_form[] = {"run.seed"};
  (void)state;
  assert_refused(BAD "unknown-key.yaml", NULL, 0, QV_ERR_DECK,
                 BAD "unknown-key.yaml:5:3: error: unknown key 'dept' in 'circuit'\n  dept: 3\n  ~~~~\n"
                     "did you mean 'depth'? (keys here: qubits, depth, entangler, repeat, angles, order)");
  assert_refused(BAD "file-missing.yaml", NULL, 0, QV_ERR_INPUT,
                 BAD "file-missing.yaml:3:21: error: 'molecule.fcidump': cannot read '" BAD
                     "parts/h3.fcidump': No such file or directory\nmolecule: {fcidump: parts/h3.fcidump}\n"
                     "                    ~~~~~~~~~~~~~~~~\n"
                     "names of files are relative to the folder of the deck that names them");
  assert_refused("no/such/deck.yaml", NULL, 0, QV_ERR_INPUT,
                 "cannot read the deck 'no/such/deck.yaml': No such file or directory");
  assert_refused(BAD, NULL, 0, QV_ERR_INPUT, "cannot read the deck '" BAD "': it is a folder");
  assert_refused("/dev/null", NULL, 0, QV_ERR_INPUT, "cannot read the deck '/dev/null': it is not a regular file");
  assert_refused(GOOD "minimal.yaml", bad_value, 1, QV_ERR_DECK,
                 "--set: error: 'run.seed' must be an integer, not 'x'\nrun.seed=x\n         ~");
  assert_refused(GOOD "minimal.yaml", bad_form, 1, QV_ERR_USAGE,
                 "--set 'run.seed' is not of the form key=value: write for instance --set run.seed=7");
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
      cmocka_unit_test_teardown(every_rank_has_the_same_deck, nothing_leaks),
      cmocka_unit_test_teardown(only_rank_0_reads, nothing_leaks),
      cmocka_unit_test_teardown(errors_are_one_message, nothing_leaks),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
