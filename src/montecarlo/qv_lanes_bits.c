/* Replicas as bits: 512 copies of a model with couplings +-1 and without fields, one per bit of a vector of 64 bytes
 * (multi-spin coding). The neighbours that a flip would break are counted in binary digits by carry-save adders (Harley
 * and Seal; Warren, Hacker's Delight, 5-1). The count is compared with a threshold whose distribution is geometric: its
 * binary digits are independent, so each is one row of biased bits, and only lanes that are still equal need the next
 * one. A biased bit compares random bits with the digits of its probability until they differ (2 draws on average,
 * about 11 for all lanes of a row); every replica has random bits of its own. */
#include "base/qv_clones.h"
#include "montecarlo/qv_lanes_private.h"

#include <math.h>

#define LANES     QV_LANES_BITS
#define WORDS     (LANES / 64)
#define DIGITS    20               /* of a probability */
#define PLANES    QV_LANES_COUNTER /* of a count */
#define CHECK     5                /* draws between two looks whether all lanes are decided */
#define DIFFERENT 64

/* Probabilities of a sweep by binary digit, lane by lane, first digit first. A flip that breaks g couplings more than
 * it mends costs 2g; digit j of the threshold on floor(g/2) is one with odds q^(2^j) : 1, q = exp(-2 / half), and it
 * has a digit from j on with chance q^(2^j). Sites with an odd number of neighbours need one more chance of sqrt(q). */
typedef struct {
  int planes; /* digits of the threshold that can be one */
  qv_v8u odd[DIGITS], plane[PLANES][DIGITS], beyond[PLANES][DIGITS];
} odds;

/* Full adder: a + b + c = low + 2 high. The form suits processors with three-operand logic. */
#define ADD(high, low, a, b, c)                                                                                        \
  do {                                                                                                                 \
    const qv_v8u u_ = (a) ^ (b), c_ = (c);                                                                             \
    (high) = (u_ & c_) | (~u_ & (a));                                                                                  \
    (low) = u_ ^ c_;                                                                                                   \
  } while (0)

/* Adds row(i)..row(i + 7) to the digits `ones`, `twos` and `fours`; a lane of `eights` says whether it carries further.
 */
#define ADD_EIGHT(eights, row, i)                                                                                      \
  do {                                                                                                                 \
    qv_v8u x_, y_, z_;                                                                                                 \
    ADD(x_, ones, ones, row(i), row((i) + 1));                                                                         \
    ADD(y_, ones, ones, row((i) + 2), row((i) + 3));                                                                   \
    ADD(z_, twos, twos, x_, y_);                                                                                       \
    ADD(x_, ones, ones, row((i) + 4), row((i) + 5));                                                                   \
    ADD(y_, ones, ones, row((i) + 6), row((i) + 7));                                                                   \
    ADD(x_, twos, twos, x_, y_);                                                                                       \
    ADD(eights, fours, fours, z_, x_);                                                                                 \
  } while (0)

typedef uint64_t v4u __attribute__((vector_size(32)));
typedef uint64_t v2u __attribute__((vector_size(16)));

static QV_INLINE bool none(const qv_v8u *row)
{
  v4u half[2];
  v2u quarter[2];
  memcpy(half, row, sizeof half);
  half[0] |= half[1];
  memcpy(quarter, half, sizeof quarter);
  quarter[0] |= quarter[1];
  return (quarter[0][0] | quarter[0][1]) == 0;
}

/* Sets in *out those of the `wanted` lanes, of which there are some, whose draw is one; other lanes are zero. */
static QV_INLINE void draw(qv_lanes_stream *random, const qv_v8u *digit, const qv_v8u *wanted, qv_v8u *out)
{
  qv_v8u open = *wanted, ones = {0};
  int d = 0;
  do {
    for (int k = 0; k < CHECK; k++) {
      qv_v8u word;
      qv_lanes_stream_next(random, &word);
      ones |= open & ~word & digit[d + k];
      open &= ~(word ^ digit[d + k]);
    }
    d += CHECK;
  } while (d < DIGITS && !none(&open));
  *out = ones;
}

static QV_INLINE void carry_from(int j, int planes, const qv_v8u *row, qv_v8u *count)
{
  qv_v8u carry = *row;
  for (; j < planes; j++) {
    const qv_v8u both = count[j] & carry;
    count[j] ^= carry;
    carry = both;
  }
}

/* Adds the rows of the sites in list[from..to-1], each complemented by `flip`, to the count. */
static QV_INLINE void add_rows(const qv_v8u *spin, const int *list, int64_t from, int64_t to, uint64_t flip, int planes,
                               qv_v8u *count)
{
  qv_v8u ones = count[0], twos = count[1], fours = count[2], a, b, c;
  int64_t k = from;
#define ROW(i) (spin[list[i]] ^ flip)
  for (; k + 8 <= to; k += 8) {
    ADD_EIGHT(a, ROW, k);
    carry_from(3, planes, &a, count);
  }
  for (; k < to; k += 2) {
    const qv_v8u zero = {0}, last = k + 1 < to ? ROW(k + 1) : zero;
    ADD(a, ones, ones, ROW(k), last);
    b = twos & a;
    twos ^= a;
    c = fours & b;
    fours ^= b;
    carry_from(3, planes, &c, count);
  }
#undef ROW
  count[0] = ones;
  count[1] = twos;
  count[2] = fours;
}

/* Binary digits that 2^(planes-1) + (g - odd)/2 needs, where |g| <= degree. */
static QV_INLINE int planes_of(int degree)
{
  return degree < 2 ? 1 : 33 - __builtin_clz((unsigned)degree / 2);
}

int qv_lanes_bits_digits(int degree)
{
  return planes_of(degree);
}

/* count = 2^(planes-1) + (g - odd)/2 with g = broken minus mended couplings if site i is flipped; where spin i is -1,
 * the complement of that number is made first. */
static QV_INLINE void count_broken(const qv_lanes_model *m, const qv_v8u *spin, int i, int planes, qv_v8u *count)
{
  const int degree = (int)(m->first[i + 1] - m->first[i]);
  const unsigned start = (1u << (planes - 1)) - (unsigned)(degree + 1) / 2, other = degree % 2 ? start : start - 1;
  const qv_v8u s = spin[i];
  for (int j = 0; j < planes || j < 3; j++) {
    const uint64_t base = -(uint64_t)(start >> j & 1), change = -(uint64_t)((start ^ other) >> j & 1);
    count[j] = (s & change) ^ base;
  }
  add_rows(spin, m->neighbour, m->first[i], m->minus[i], 0, planes, count);
  add_rows(spin, m->neighbour, m->minus[i], m->first[i + 1], ~UINT64_C(0), planes, count);
  for (int j = 0; j < planes; j++) {
    count[j] ^= s;
  }
}

static QV_INLINE void update(const qv_lanes_model *m, qv_v8u *spin, int i, const odds *chance, qv_lanes_stream *random)
{
  const int degree = (int)(m->first[i + 1] - m->first[i]), planes = planes_of(degree);
  const int drawn = chance->planes < planes - 1 ? chance->planes : planes - 1;
  qv_v8u count[PLANES + 2], high = {0}, one;
  count_broken(m, spin, i, planes, count);
  for (int j = drawn; j < planes - 1; j++) {
    high |= count[j];
  }
  const qv_v8u top = count[planes - 1];
  qv_v8u accept = ~top, equal = top & ~high;
  if (!none(&equal)) {
    if (degree % 2) {
      draw(random, chance->odd, &equal, &one);
      equal = one;
    }
    if (chance->planes > drawn && !none(&equal)) { /* thresholds with more digits than the count */
      draw(random, chance->beyond[drawn], &equal, &one);
      accept |= one;
      equal &= ~one;
    }
    for (int j = drawn - 1; j >= 0 && !none(&equal); j--) {
      draw(random, chance->plane[j], &equal, &one);
      accept |= one & ~count[j];
      equal &= ~(one ^ count[j]);
    }
  }
  spin[i] ^= accept | equal;
}

QV_CLONES static void sweep(const qv_lanes_model *m, qv_v8u *spin, const odds *chance, const uint64_t *start)
{
  qv_lanes_stream random;
  qv_lanes_stream_start(&random, start);
  for (int i = 0; i < m->n; i++) {
    update(m, spin, i, chance, &random);
  }
}

/* Adds the digits of p to the lanes of `mask`. */
static QV_INLINE void add_digits(double p, const qv_v8u *mask, qv_v8u *digit)
{
  const double most = ldexp(1, DIGITS) - 1, whole = p * ldexp(1, DIGITS);
  const uint32_t bits = (uint32_t)(whole < most ? whole : most);
  const qv_v8u lanes = *mask;
  for (int d = 0; d < DIGITS; d++) {
    digit[d] |= lanes & -(uint64_t)(bits >> (DIGITS - 1 - d) & 1);
  }
}

/* The lanes of each temperature: few are different, and a table that is open to the next free place finds them. Returns
 * their number, at most DIFFERENT: lanes of further temperatures stay for the next call, marked in `left`. */
static int group_lanes(const float *half, bool *left, float *value, qv_v8u *mask)
{
  int8_t place[2 * DIFFERENT];
  int found = 0;
  memset(place, -1, sizeof place);
  for (int l = 0; l < LANES; l++) {
    uint32_t bits, at;
    if (!left[l]) {
      continue;
    }
    memcpy(&bits, &half[l], sizeof bits);
    at = bits * UINT32_C(0x9e3779b9) >> 25;
    while (place[at] >= 0 && value[place[at]] != half[l]) {
      at = (at + 1) % (2 * DIFFERENT);
    }
    if (place[at] < 0 && found == DIFFERENT) {
      continue;
    }
    if (place[at] < 0) {
      mask[found] = (qv_v8u){0};
      value[found] = half[l];
      place[at] = (int8_t)found++;
    }
    mask[(int)place[at]][l / 64] |= UINT64_C(1) << (l % 64);
    left[l] = false;
  }
  return found;
}

/* The tables of the lanes of one temperature. */
QV_CLONES static void add_odds(double half, const qv_v8u *mask, int tables, odds *chance)
{
  const double root = half > 0 ? exp(-1 / half) : 0;
  double q = root * root;
  add_digits(root, mask, chance->odd);
  for (int j = 0; j < tables; j++) {
    add_digits(q, mask, chance->beyond[j]);
    add_digits(q / (1 + q), mask, chance->plane[j]);
    q *= q;
  }
}

/* Digits that no lane's threshold has, and digits that no site's count has, but for one more, need no tables. */
static void make_odds(const qv_lanes_model *m, const float *half, odds *chance)
{
  bool left[LANES];
  float value[DIFFERENT], hottest = 0;
  qv_v8u mask[DIFFERENT];
  int found;
  for (int l = 0; l < LANES; l++) {
    hottest = half[l] > hottest ? half[l] : hottest;
  }
  double q = hottest > 0 ? exp(-2 / (double)hottest) : 0;
  for (chance->planes = 0; chance->planes < PLANES && ldexp(q, DIGITS) >= 1; chance->planes++) {
    q *= q;
  }
  const int tables = chance->planes < m->digits ? chance->planes : m->digits;
  memset(chance->odd, 0, sizeof chance->odd);
  memset(chance->plane, 0, sizeof chance->plane[0] * (size_t)tables);
  memset(chance->beyond, 0, sizeof chance->beyond[0] * (size_t)tables);
  memset(left, true, sizeof left);
  while ((found = group_lanes(half, left, value, mask)) > 0) {
    for (int k = 0; k < found; k++) {
      add_odds((double)value[k], &mask[k], tables, chance);
    }
  }
}

void qv_lanes_bits_sweep(const qv_lanes_model *m, void *spin, const float *half, const uint64_t *start)
{
  odds chance;
  make_odds(m, half, &chance);
  sweep(m, spin, &chance, start);
}

/* Adds the digits of *row to `digit`, from digit `from` on. */
static QV_INLINE void accumulate(qv_v8u *digit, int from, const qv_v8u *row)
{
  qv_v8u carry = *row;
  for (int j = from; !none(&carry); j++) {
    const qv_v8u both = digit[j] & carry;
    digit[j] ^= carry;
    carry = both;
  }
}

/* Counts in each lane the couplings that are not at their lowest. */
QV_CLONES static void count_all(const qv_lanes_model *m, const qv_v8u *spin, qv_v8u *digit)
{
  const int *pair = m->ising->spin;
  qv_v8u ones = {0}, twos = {0}, fours = {0}, a;
  int64_t t = 0;
#define ROW(i) (spin[pair[2 * (i)]] ^ spin[pair[2 * (i) + 1]] ^ m->sign[i])
  for (; t + 8 <= m->ising->nterms; t += 8) {
    ADD_EIGHT(a, ROW, t);
    accumulate(digit, 3, &a);
  }
  for (; t < m->ising->nterms; t++) {
    a = ROW(t);
    accumulate(digit, 0, &a);
  }
#undef ROW
  accumulate(digit, 0, &ones);
  accumulate(digit, 1, &twos);
  accumulate(digit, 2, &fours);
}

/* The lanes' numbers from their binary digits. */
QV_CLONES static void read_digits(const qv_v8u *digit, int32_t *number)
{
  memset(number, 0, sizeof(int32_t) * LANES);
  for (int j = 0; j < 31; j++) {
    if (none(&digit[j])) {
      continue;
    }
    for (int w = 0; w < WORDS; w++) {
      const uint64_t word = digit[j][w];
      for (int l = 0; l < 64; l++) {
        number[64 * w + l] += (int32_t)(word >> l & 1) << j;
      }
    }
  }
}

/* A term c s s' is 1 where it is broken and -1 elsewhere. */
void qv_lanes_bits_costs(const qv_lanes_model *m, const void *spin, int64_t *cost)
{
  qv_v8u digit[32] = {0};
  int32_t kept[LANES];
  count_all(m, spin, digit);
  read_digits(digit, kept);
  for (int l = 0; l < LANES; l++) {
    cost[l] = m->ising->nterms - 2 * (int64_t)kept[l];
  }
}
