/* A schema with every type of key, for the tests of the deck reader. */
#ifndef QV_VALIDATION_DECK_SCHEMA_H
#define QV_VALIDATION_DECK_SCHEMA_H

#include "io/qv_schema.h"

const qv_schema *deck_test_schema(void);

#endif
