/* Any text, with overrides behind bytes 0x1E, is either read as a deck or refused with a message; a deck that was read
 * gives a merged text and an echo that read back to the same values, and nothing leaks. */
#include "base/qv_memory.h"
#include "deck/deck_schema.h"
#include "io/qv_deck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OVERRIDES 4
#define SEPARATOR     0x1E

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
  if (!condition) {
    fprintf(stderr, "%s\n%s\n", what, qv_error_text());
    abort();
  }
}

static void check_reads_back(const qv_deck *deck, const char *text, bool merged)
{
  qv_deck *again = NULL;
  const qv_code code =
      qv_deck_parse("again", QV_DECK_DIR "/good", text, strlen(text), NULL, 0, deck_test_schema(), &again);
  require(code == QV_OK, "what was written cannot be read");
  require(qv_deck_hash(again) == qv_deck_hash(deck), "what was written reads back to other values");
  require(!merged || strcmp(qv_deck_text(again), text) == 0, "the merged text changes when it is read and written");
  require(qv_deck_compare(deck, text, deck_test_schema()) == QV_OK, "a deck differs from itself");
  qv_deck_destroy(&again);
}

static int split_overrides(char *text, const char **overrides)
{
  int count = 0;
  for (char *at = strchr(text, SEPARATOR); at && count < MAX_OVERRIDES; at = strchr(at, SEPARATOR)) {
    *at++ = '\0';
    overrides[count++] = at;
  }
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint8_t *split = size > 0 ? memchr(data, SEPARATOR, size) : NULL;
  const size_t length = split ? (size_t)(split - data) : size;
  char *tail = calloc(size - length + 1, 1);
  const char *overrides[MAX_OVERRIDES];
  qv_deck *deck = NULL;
  if (split) {
    memcpy(tail, split, size - length);
  }
  const int count = split_overrides(tail, overrides);
  const qv_code code = qv_deck_parse("fuzz", QV_DECK_DIR "/good", (const char *)data, length, overrides, count,
                                     deck_test_schema(), &deck);
  if (code == QV_OK) {
    check_reads_back(deck, qv_deck_text(deck), true);
    check_reads_back(deck, qv_deck_echo(deck), false);
  } else {
    require(!deck && (code == QV_ERR_DECK || code == QV_ERR_INPUT || code == QV_ERR_USAGE), "another failure");
    require(qv_error_text()[0] != '\0', "a failure without a message");
  }
  qv_deck_destroy(&deck);
  qv_error_clear();
  free(tail);
  require(qv_memory_balance() == 0, "a leak");
  return 0;
}
