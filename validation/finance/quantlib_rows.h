/* The rows of validation/data/finance/quantlib_reference.json as markets and contracts. */
#ifndef QUANTLIB_ROWS_H
#define QUANTLIB_ROWS_H

#include "problem/qv_contract.h"
#include "problem/qv_market.h"

#include <cjson/cJSON.h>

typedef struct {
  const char *test;  /* name of the test in QuantLib */
  int line, item;    /* its line, and which of several values of the row */
  double value;      /* published */
  double tolerance;  /* of the row; 0 where it gives none */
  double scale;      /* published value = scale x our price */
  qv_market *market; /* NULL: not covered */
  qv_contract *contract;
  const char *reason; /* why not covered */
  const char *greek;  /* the value is this derivative of the price; NULL: the price */
  int rule;           /* which kind of row, below QUANTLIB_RULES */
} quantlib_case;

#define QUANTLIB_CASES 1000
#define QUANTLIB_RULES 64

/* QuantLib's test of a kind of rows, and what is priced there. */
const char *quantlib_rule_test(int rule);
const char *quantlib_rule_what(int rule);

/* All cases of kind `reference`, at most QUANTLIB_CASES; returns their number, or -1 if the file cannot be read. */
int quantlib_read(const char *path, quantlib_case *cases);
void quantlib_free(quantlib_case *cases, int count);

#endif
