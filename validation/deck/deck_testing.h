/* What the tests of the deck reader share. */
#ifndef QV_VALIDATION_DECK_TESTING_H
#define QV_VALIDATION_DECK_TESTING_H

#include "io/qv_deck.h"

#define DECK_GOOD QV_DECK_DIR "/good/"

/* The deck of a file or text, with the overrides up to the NULL that ends `overrides` (itself NULL for none); a deck
 * that is refused fails the test with the message. */
qv_deck *deck_of_file(const char *path, const char *const *overrides);
qv_deck *deck_of_text(const char *text, const char *const *overrides);

/* A text that must be refused with `code` and a message that holds `part`. */
void deck_refused(const char *text, const char *const *overrides, qv_code code, const char *part);

#endif
