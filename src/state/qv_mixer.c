#include "state/qv_mixer.h"

#include "state/qv_mixer_pass.h"

#include <math.h>

#define TILE_BITS  QV_MIXER_TILE_BITS
#define HIGH_BITS  10 /* the most that a pass over scattered pieces mixes */
#define PIECE_BITS 4  /* the least that is left to such a pass for its pieces */
#define STEPS_MAX  64

/* A layer is a list of these, in order. */
typedef struct {
  int from, to;  /* memory bits that a pass mixes */
  int exchanged; /* > 0: no pass; so many memory bits from `from` on change places with rank bits from `rank_bit` on */
  int rank_bit;
  bool diagonal; /* the pass begins with the diagonal */
} step;

typedef struct {
  int count;
  step steps[STEPS_MAX];
} layer;

/* As few passes as can be, of about the same number of bits: the fewer bits, the longer the pieces. */
static void add_passes(layer *l, int from, int to)
{
  while (from < to) {
    const int passes = (to - from + HIGH_BITS - 1) / HIGH_BITS;
    const int upto = to <= TILE_BITS ? to : from + (to - from + passes - 1) / passes;
    l->steps[l->count++] = (step){.from = from, .to = upto};
    from = upto;
  }
}

static layer plan_layer(int nqubits, int nlocal)
{
  const int first = qv_least(TILE_BITS, nlocal);
  layer l = {.count = 1, .steps = {{.from = 0, .to = first, .diagonal = true}}};
  if (nqubits == nlocal) {
    add_passes(&l, first, nlocal);
    return l;
  }
  for (int bit = nlocal; bit < nqubits;) {
    const int most = nlocal >= QV_MIXER_LEAST_BITS ? first - PIECE_BITS : first;
    const int chunk = qv_least(qv_least(nqubits - bit, HIGH_BITS - 2), most);
    l.steps[l.count++] = (step){.from = first - chunk, .exchanged = chunk, .rank_bit = bit};
    bit += chunk;
    add_passes(&l, first - chunk, bit < nqubits ? first : nlocal);
  }
  return l;
}

static qv_layout exchanged(const qv_layout *layout, const step *s)
{
  qv_layout to = *layout;
  for (int j = 0; j < s->exchanged; j++) {
    qv_layout_swap(&to, s->from + j, s->rank_bit + j);
  }
  return to;
}

qv_layout qv_mixer_diagonal_layout(const qv_layout *layout, bool back)
{
  const layer l = plan_layer(layout->nqubits, layout->nlocal);
  qv_layout out = *layout;
  for (int i = l.count - 1; back && i >= 0; i--) {
    if (l.steps[i].exchanged) {
      out = exchanged(&out, &l.steps[i]);
    }
  }
  return out;
}

int qv_mixer_passes(int nqubits, int nlocal)
{
  const layer l = plan_layer(nqubits, nlocal);
  int passes = 0;
  for (int i = 0; i < l.count; i++) {
    passes += !l.steps[i].exchanged;
  }
  return passes;
}

double qv_mixer_sent(int nqubits, int nlocal)
{
  const layer l = plan_layer(nqubits, nlocal);
  double sent = 0;
  for (int i = 0; i < l.count; i++) {
    sent += l.steps[i].exchanged ? 1 - ldexp(1, -l.steps[i].exchanged) : 0;
  }
  return sent;
}

qv_code qv_mixer_apply(qv_state *state, double beta, const qv_diagonal_hook *diagonal)
{
  const layer l = plan_layer(state->layout.nqubits, state->layout.nlocal);
  double totals[2] = {0};
  for (int i = 0; i < l.count; i++) {
    const step *s = &l.steps[i];
    if (s->exchanged) {
      const qv_layout to = exchanged(&state->layout, s);
      QV_TRY(qv_state_relayout(state, &to));
      continue;
    }
    const qv_mixer_pass p = {state, NULL, s->from, s->to, beta, s->diagonal ? diagonal : NULL};
    QV_TRY(qv_agree(state->comm, qv_mixer_pass_run(&p, totals)));
  }
  return QV_OK;
}

qv_code qv_mixer_unapply(qv_state *state, qv_state *left, double beta, const qv_diagonal_hook *diagonal, double *slope,
                         double *diagonal_slope)
{
  const layer l = plan_layer(state->layout.nqubits, state->layout.nlocal);
  double totals[2] = {0};
  QV_REQUIRE(qv_layout_equal(&state->layout, &left->layout) && state->precision == left->precision);
  for (int i = l.count - 1; i >= 0; i--) {
    const step *s = &l.steps[i];
    if (s->exchanged) {
      const qv_layout to = exchanged(&state->layout, s);
      QV_TRY(qv_state_relayout(state, &to));
      QV_TRY(qv_state_relayout(left, &to));
      continue;
    }
    const qv_mixer_pass p = {state, left, s->from, s->to, beta, s->diagonal ? diagonal : NULL};
    QV_TRY(qv_agree(state->comm, qv_mixer_pass_run(&p, totals)));
  }
  *slope = totals[0];
  *diagonal_slope = totals[1];
  return QV_OK;
}

qv_code qv_state_diagonal_apply(qv_state *state, const qv_diagonal_hook *diagonal)
{
  return qv_mixer_pass_turn(state, NULL, diagonal, &(double){0});
}

qv_code qv_state_diagonal_unapply(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double *slope)
{
  return qv_mixer_pass_turn(state, left, diagonal, slope);
}
