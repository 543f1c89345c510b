/* What the files of the diagonal operator share.
 *
 * Integer values V = sum_t +-k_t all have the parity of B = sum_t |k_t|, so that u = (V + B) / 2 runs from 0 to B:
 * E = base + step u with base = constant - unit B and step = 2 unit. It is u that is stored and looked up. */
#ifndef QV_DIAGONAL_PRIVATE_H
#define QV_DIAGONAL_PRIVATE_H

#include "operator/qv_diagonal.h"

#define QV_DIAGONAL_VIEWS 2
#define QV_DIAGONAL_PARTS 64 /* sums are taken over as many parts, whatever the number of threads */

/* The terms as a rank with a layout sees them, and its values. */
typedef struct {
  bool made;
  qv_layout layout;
  uint64_t rank;
  int block_bits;
  int64_t blocks;   /* of this rank */
  uint64_t outer;   /* the rank's part of a block's number */
  int64_t nmixed;   /* terms that reach out of a block */
  uint16_t *inside; /* [nmixed] their bits in the block */
  uint64_t *reach;  /* [nmixed] the others, over the block's number */
  int64_t *of;      /* [nmixed] which terms */
  void *table;      /* [block] int32 or double: the terms inside, and B or the constant */
  void *values;     /* [blocks << block_bits] of value_bytes each, or NULL */
} qv_diagonal_view;

struct qv_diagonal {
  int nqubits;
  int64_t nterms;
  uint64_t *masks;
  double *coefficients;
  int32_t *integers; /* NULL: real values */
  double constant;
  double base, step; /* integers: E = base + step u */
  int64_t bound;     /* B */
  bool stored;
  int value_bytes;
  qv_diagonal_view views[QV_DIAGONAL_VIEWS];
  int last; /* the view that was used last */

  /* The phases at hand, for the hook. */
  struct {
    const struct qv_diagonal *diagonal;
    const qv_diagonal_view *view;
    double gamma;
    bool real;    /* double precision */
    int low_bits; /* of u, looked up in the first table; 0: no tables */
    int64_t nlow, nhigh;
    void *tables[2]; /* pairs (re, im) of the low and of the high part; double or float */
    int64_t room;    /* bytes of tables[0], which holds all */
  } phase;
};

/* The view of a layout, made if need be. Local. */
qv_code qv_diagonal_find_view(qv_diagonal *diagonal, const qv_comm *comm, const qv_layout *layout,
                              const qv_diagonal_view **view);

/* Values of a block of this rank: u, or E where there are no integers. Thread-safe. */
void qv_diagonal_block_integers(const qv_diagonal *diagonal, const qv_diagonal_view *view, int64_t block, int32_t *out);
void qv_diagonal_block_energies(const qv_diagonal *diagonal, const qv_diagonal_view *view, int64_t block, double *out);

/* Walsh-Hadamard transform in place of 2^bits numbers, aligned to 64 bytes: out[x] = sum_m (-1)^parity(m & x) in[m].
 * Local. */
void qv_walsh_int32(int32_t *data, int bits);
void qv_walsh_double(double *data, int bits);

#endif
