/* The transverse-field rotation inside a tile. Room-internal: the kernels under qv_mixer.h.
 *
 * A tile stands as in qv_tile.h: re[2^bits], im[2^bits], aligned to 64 bytes. On each mixed bit, with its other half B
 * of the tile's vectors A,
 *     A' = A - i k B,   B' = B - i k A         (straight)
 *     A' = B - i k A,   B' = A - i k B         (swapped: the same times X)
 * which is exp(-i beta X) up to a factor: straight with k = tan beta and factor cos beta, swapped with k = -cot beta
 * and factor -i sin beta. |k| <= 1 can be had for every beta. A bit costs two fused multiply-adds an amplitude instead
 * of the four of a general real pair. */
#ifndef QV_MIXER_TILE_H
#define QV_MIXER_TILE_H

#include <stdbool.h>
#include <stdint.h>

#define QV_MIXER_LANES_MAX 16 /* a tile has at least this many amplitudes; missing ones are zeros */

typedef struct {
  double k;
  bool swapped;
  double weight; /* of a bit: |factor|^2 */
} qv_mixer_angle;

/* What is worked on next, to be fetched while this is worked on: memory and arithmetic then overlap. As many lines of
 * 64 bytes as the part at hand has, in pieces of 2^line_bits that lie 2^stride_bits bytes apart. */
typedef struct {
  const char *from;
  int line_bits, stride_bits;
} qv_mixer_ahead;

/* Mixes tile bits [from, to) of a tile of 2^bits amplitudes; `ahead` may be NULL. Local. */
void qv_mixer_tile_double(double *re, double *im, int bits, int from, int to, const qv_mixer_angle *angle,
                          const qv_mixer_ahead *ahead);
void qv_mixer_tile_single(float *re, float *im, int bits, int from, int to, const qv_mixer_angle *angle,
                          const qv_mixer_ahead *ahead);

/* The same for two tiles; returns Re <left| -i sum of X over these bits |tile>, which does not change on the way, in
 * units of the tiles as they come: *scale is |factor|^2 of all bits that these tiles went through before, and is
 * multiplied by that of these. `ahead`: one for each state, or NULL. Local. */
double qv_mixer_tile_pair_double(double *re, double *im, double *left_re, double *left_im, int bits, int from, int to,
                                 const qv_mixer_angle *angle, double *scale, const qv_mixer_ahead *ahead);
double qv_mixer_tile_pair_single(float *re, float *im, float *left_re, float *left_im, int bits, int from, int to,
                                 const qv_mixer_angle *angle, double *scale, const qv_mixer_ahead *ahead);

/* `pieces` runs of `size` interleaved amplitudes, 2^spread amplitudes apart, into parts one behind the other; and back,
 * multiplied by a complex number. Sizes that are no multiple of 16 are only good for one piece of less than that.
 * Local.
 */
void qv_mixer_gather_double(const double *from, int64_t pieces, int64_t size, int spread, double *re, double *im);
void qv_mixer_gather_single(const float *from, int64_t pieces, int64_t size, int spread, float *re, float *im);
void qv_mixer_scatter_double(double *to, int64_t pieces, int64_t size, int spread, const double *re, const double *im,
                             double factor_re, double factor_im);
void qv_mixer_scatter_single(float *to, int64_t pieces, int64_t size, int spread, const float *re, const float *im,
                             double factor_re, double factor_im);

#endif
