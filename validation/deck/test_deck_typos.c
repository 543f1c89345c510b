/* 200 keys with one typing error each (a letter lost, doubled, replaced, swapped with its neighbour, or added): the
 * reader must propose the right key for at least 95 of 100. Deterministic. */
#include "base/qv_random.h"
#include "deck/deck_schema.h"
#include "deck/deck_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MUTANTS  200
#define MAX_KEYS 64

typedef struct {
  size_t offset, length; /* of the key in the text */
} key_place;

static int find_keys(const char *text, key_place *keys)
{
  int count = 0;
  for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
    const size_t indent = strspn(line, " -");
    const size_t length = strcspn(line + indent, ":\n");
    assert_true(count < MAX_KEYS);
    keys[count++] = (key_place){.offset = (size_t)(line - text) + indent, .length = length};
  }
  return count;
}

static char letter_other_than(char old, uint64_t word)
{
  const char letter = (char)('a' + word % 26);
  return letter == old ? (char)('a' + (word + 1) % 26) : letter;
}

/* One typing error of the given kind at a place; 0: that kind changes nothing there. */
static int mutate(const char *key, size_t length, int kind, uint64_t place, uint64_t word, char *out)
{
  const size_t at = place % length;
  memcpy(out, key, length + 1);
  switch (kind) {
  case 0:
    memmove(out + at, out + at + 1, length - at);
    return 1;
  case 1:
    memmove(out + at + 1, out + at, length - at + 1);
    return 1;
  case 2:
    out[at] = letter_other_than(out[at], word);
    return 1;
  case 3:
    if (at + 1 == length || out[at] == out[at + 1]) {
      return 0;
    }
    out[at] = key[at + 1];
    out[at + 1] = key[at];
    return 1;
  default:
    memmove(out + at + 1, out + at, length - at + 1);
    out[at] = letter_other_than(out[at], word);
    return 1;
  }
}

static int is_proposed(const char *text, key_place place, const char *key, const char *mutant)
{
  static char changed[8192];
  char wanted[128];
  qv_deck *deck = NULL;
  snprintf(changed, sizeof changed, "%.*s%s%s", (int)place.offset, text, mutant, text + place.offset + place.length);
  const qv_code code =
      qv_deck_parse("deck.yaml", DECK_GOOD, changed, strlen(changed), NULL, 0, deck_test_schema(), &deck);
  assert_int_equal(code, QV_ERR_DECK);
  snprintf(wanted, sizeof wanted, "did you mean '%s'?", key);
  const int found = strstr(qv_error_text(), wanted) != NULL;
  if (!found) {
    print_message("%s for %s: %s\n", mutant, key, qv_error_text());
  }
  qv_error_clear();
  return found;
}

static void typing_errors_are_understood(void **state)
{
  static const char *const decks[] = {DECK_GOOD "all.yaml", DECK_GOOD "circuit.yaml", DECK_GOOD "prices.yaml"};
  key_place keys[MAX_KEYS];
  int made = 0;
  int right = 0;
  (void)state;
  for (uint64_t sample = 0; made < MUTANTS; sample++) {
    qv_deck *deck = deck_of_file(decks[sample % 3], NULL);
    const char *text = qv_deck_text(deck);
    const int count = find_keys(text, keys);
    uint64_t words[4];
    char key[64];
    char mutant[64];
    qv_random_words(2026, QV_RANDOM_TEST, sample, 0, words);
    const key_place place = keys[words[0] % (uint64_t)count];
    snprintf(key, sizeof key, "%.*s", (int)place.length, text + place.offset);
    if (mutate(key, place.length, (int)(sample / 3 % 5), words[1], words[2], mutant)) {
      made++;
      right += is_proposed(text, place, key, mutant);
    }
    qv_deck_destroy(&deck);
  }
  print_message("%d of %d keys with one typing error are understood\n", right, made);
  assert_true(right * 100 >= made * 95);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(typing_errors_are_understood)};
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 78;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
