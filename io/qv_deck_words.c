/* What the command line shares with the deck: how a duration is written, and which word was meant. */
#include "io/qv_deck_private.h"

bool qv_deck_duration(const char *text, double *seconds)
{
  return deck_number_duration(text, seconds) == DECK_NUMBER_OK;
}

int qv_deck_nearness(const char *word, const char *candidate)
{
  return deck_nearness(word, candidate);
}
