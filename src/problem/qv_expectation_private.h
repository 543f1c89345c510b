/* What the makers of expectation values share. */
#ifndef QV_EXPECTATION_PRIVATE_H
#define QV_EXPECTATION_PRIVATE_H

#include "problem/qv_expectation.h"

/* An empty one on dimensions of the given numbers of qubits, with `key` for the message if they are too many. */
qv_code qv_expectation_create(const char *key, int dimensions, const int *qubits, qv_expectation **out);

/* Normalises the probabilities and sets mean, deviation, least and most; fails if the value is the same everywhere. */
qv_code qv_expectation_finish(const char *key, qv_expectation *expectation);

/* The point of dimension d in basis state i. */
int64_t qv_expectation_point(const qv_expectation *expectation, int d, int64_t i);

#endif
