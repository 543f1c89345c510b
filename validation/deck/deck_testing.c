#include "deck/deck_testing.h"
#include "deck/deck_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int count_of(const char *const *overrides)
{
  int count = 0;
  while (overrides && overrides[count]) {
    count++;
  }
  return count;
}

qv_deck *deck_of_file(const char *path, const char *const *overrides)
{
  qv_deck *deck = NULL;
  const int count = count_of(overrides);
  if (qv_deck_read(qv_comm_self(), path, overrides, count, deck_test_schema(), &deck) != QV_OK) {
    print_message("%s\n", qv_error_text());
    fail();
  }
  return deck;
}

static qv_code parse(const char *text, const char *const *overrides, qv_deck **out)
{
  return qv_deck_parse("deck.yaml", QV_DECK_DIR "/good", text, strlen(text), overrides, count_of(overrides),
                       deck_test_schema(), out);
}

qv_deck *deck_of_text(const char *text, const char *const *overrides)
{
  qv_deck *deck = NULL;
  if (parse(text, overrides, &deck) != QV_OK) {
    print_message("%s\n%s\n", text, qv_error_text());
    fail();
  }
  return deck;
}

void deck_refused(const char *text, const char *const *overrides, qv_code code, const char *part)
{
  qv_deck *deck = NULL;
  assert_int_equal(parse(text, overrides, &deck), code);
  assert_null(deck);
  if (!strstr(qv_error_text(), part)) {
    print_message("wanted: %s\ngot: %s\n", part, qv_error_text());
    fail();
  }
  qv_error_clear();
}
