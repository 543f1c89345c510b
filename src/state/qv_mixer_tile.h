/* The transverse-field rotation inside a tile of a woven state. Room-internal: the kernels under qv_mixer.h.
 *
 * Bits are mixed in pairs. With P = a00 + a11 and Q = a01 + a10, sums of the four amplitudes that two bits tell apart,
 *     a00' = a00 + d, a11' = a11 + d, d = alpha P - i gamma Q;   a01' = a01 + e, a10' = a10 + e, e = alpha Q - i gamma
 * P with alpha = -sin^2 beta and gamma = sin beta cos beta is exp(-i beta (X + X')): X + X' is zero on a00 - a11 and on
 * a01 - a10. Two bits cost two multiply-adds and three additions for two amplitudes where one after the other takes
 * eight multiplications, the additions run beside the multiply-adds where a processor has adders of their own, and
 * nothing has to be scaled. And <left| X + X' |state> is the product of the sums: P* Q + Q* P.
 *
 * The rotation couples real parts of amplitudes with an even number of ones among the mixed bits only to each other and
 * to the imaginary parts of the others. A set of 2^b amplitudes is thus two sets of 2^b real numbers, worked on one
 * after the other, so that four bits are mixed in half the registers of a processor with 32. */
#ifndef QV_MIXER_TILE_H
#define QV_MIXER_TILE_H

#include "state/qv_tile.h"

#define QV_MIXER_FIRST_BITS 6 /* index bits of the first round: those in the lanes, and up to three more */
#define QV_MIXER_LAST_BITS  4 /* of the last round back */
#define QV_MIXER_ROUND_BITS 4 /* the most that another round mixes */

typedef struct {
  double alpha, gamma; /* of a pair of bits */
  double c, s;         /* cos beta, sin beta: of a bit without a partner */
} qv_mixer_angle;

/* A part of a tile: vectors [begin, begin + count), and what is fetched with each step. */
typedef struct {
  const qv_tile *tile;
  const qv_tile *left; /* the same tile of another state, or NULL */
  int64_t begin, count;
  qv_feed *feed;      /* of the next tile */
  qv_feed *left_feed; /* or NULL */
  int rate;           /* vectors fetched by a vector that is worked on, in sixteenths */
} qv_mixer_part;

/* What a diagonal does to the amplitudes of a part, in order: the numbers it multiplies by, pairs (re, im), and on the
 * way back the values of its generator. Of the precision of the tile, aligned to 64 bytes. */
typedef struct {
  const void *turn, *energy;
} qv_mixer_phase;

/* Mixes vector bits [from, from + bits), bits 1..QV_MIXER_ROUND_BITS. `back`: of both tiles; returns Re <left| -i sum X
 * |tile> over these bits. Local. */
void qv_mixer_round_double(const qv_mixer_part *part, int from, int bits, const qv_mixer_angle *angle);
void qv_mixer_round_single(const qv_mixer_part *part, int from, int bits, const qv_mixer_angle *angle);
double qv_mixer_round_back_double(const qv_mixer_part *part, int from, int bits, const qv_mixer_angle *angle);
double qv_mixer_round_back_single(const qv_mixer_part *part, int from, int bits, const qv_mixer_angle *angle);

/* Multiplies by the phases, then mixes the lowest QV_MIXER_FIRST_BITS index bits; and back: mixes the lowest
 * QV_MIXER_LAST_BITS of both tiles, then divides by the phases. slopes[0] += Re <left| -i sum X |tile>, slopes[1] += Re
 * <left| -i E |tile>. Local. */
void qv_mixer_first_double(const qv_mixer_part *part, const qv_mixer_phase *phase, const qv_mixer_angle *angle);
void qv_mixer_first_single(const qv_mixer_part *part, const qv_mixer_phase *phase, const qv_mixer_angle *angle);
void qv_mixer_last_double(const qv_mixer_part *part, const qv_mixer_phase *phase, const qv_mixer_angle *angle,
                          double slopes[2]);
void qv_mixer_last_single(const qv_mixer_part *part, const qv_mixer_phase *phase, const qv_mixer_angle *angle,
                          double slopes[2]);

/* The phases alone, and back on both tiles; returns Re <left| -i E |tile>. Local. */
void qv_mixer_turn_double(const qv_mixer_part *part, const qv_mixer_phase *phase);
void qv_mixer_turn_single(const qv_mixer_part *part, const qv_mixer_phase *phase);
double qv_mixer_turn_back_double(const qv_mixer_part *part, const qv_mixer_phase *phase);
double qv_mixer_turn_back_single(const qv_mixer_part *part, const qv_mixer_phase *phase);

/* The same on `count` amplitudes of a plain state, pairs (re, im); back if left is not NULL. Local. */
double qv_mixer_turn_plain_double(double *data, double *left, int64_t count, const qv_mixer_phase *phase);
double qv_mixer_turn_plain_single(float *data, float *left, int64_t count, const qv_mixer_phase *phase);

/* Mixes index bits [from, to) of a plain state of `count` amplitudes one by one, for states too small for vectors;
 * back if left is not NULL. Local. */
double qv_mixer_few_double(double *data, double *left, int64_t count, int from, int to, const qv_mixer_angle *angle);
double qv_mixer_few_single(float *data, float *left, int64_t count, int from, int to, const qv_mixer_angle *angle);

#endif
