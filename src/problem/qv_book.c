#include "problem/qv_book.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"
#include "montecarlo/qv_vector_math.h"
#include "problem/qv_reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64

#define NAME_BYTES 32

/* What is known while the lines are read. */
typedef struct {
  qv_text text;
  int underlyings;
  char names[QV_MARKET_ASSETS][NAME_BYTES];
  qv_asset assets[QV_MARKET_ASSETS];
} reader;

/* The underlying that the line begins with: a new one, or one that has been named. */
static qv_code read_underlying(reader *r, int *index)
{
  const char *word = NULL;
  size_t length = 0;
  double spot = 0, volatility = 0;
  QV_TRY(qv_text_word(&r->text, "the name of the underlying", &word, &length));
  QV_TRY(qv_text_real(&r->text, "the price of the underlying", &spot));
  QV_TRY(qv_text_real(&r->text, "its volatility", &volatility));
  if (length >= NAME_BYTES) {
    return qv_text_fail(&r->text, "a name has at most %d letters", NAME_BYTES - 1);
  }
  if (!(spot > 0) || !(volatility >= 0)) {
    return qv_text_fail(&r->text, "the price %g must be above 0 and the volatility %g not below 0", spot, volatility);
  }
  for (int i = 0; i < r->underlyings; i++) {
    if (strlen(r->names[i]) == length && strncmp(r->names[i], word, length) == 0) {
      *index = i;
      if (r->assets[i].spot != spot || r->assets[i].volatility.integrals[0] != volatility * volatility) {
        return qv_text_fail(&r->text, "'%s' has another price or volatility than in a line before", r->names[i]);
      }
      return QV_OK;
    }
  }
  if (r->underlyings == QV_MARKET_ASSETS) {
    return qv_text_fail(&r->text, "a book has at most %d underlyings", QV_MARKET_ASSETS);
  }
  *index = r->underlyings++;
  memcpy(r->names[*index], word, length);
  r->assets[*index] = (qv_asset){spot, qv_curve_flat(0), qv_curve_flat_volatility(volatility)};
  return QV_OK;
}

static qv_code read_position(reader *r, qv_position *p)
{
  qv_text *text = &r->text;
  QV_TRY(read_underlying(r, &p->asset));
  QV_TRY(qv_text_real(text, "the quantity", &p->quantity));
  if (qv_text_accept(text, "share")) {
    p->type = 0;
    return qv_text_end_line(text, "name spot volatility quantity share");
  }
  static const struct {
    const char *word;
    int type;
  } options[] = {{"call", 1}, {"put", -1}, {"cash-call", 2}, {"cash-put", -2}};
  p->type = 0;
  for (size_t i = 0; p->type == 0 && i < sizeof options / sizeof *options; i++) {
    p->type = qv_text_accept(text, options[i].word) ? options[i].type : 0;
  }
  if (p->type == 0) {
    return qv_text_fail(text, "the fifth word must be share, call, put, cash-call or cash-put");
  }
  QV_TRY(qv_text_real(text, "the strike", &p->strike));
  QV_TRY(qv_text_real(text, "the maturity in years", &p->maturity));
  if (!(p->strike > 0 && p->maturity > 0)) {
    return qv_text_fail(text, "an option needs a strike and a maturity above 0, not %g and %g", p->strike, p->maturity);
  }
  return qv_text_end_line(text, "name spot volatility quantity call|put|cash-call|cash-put strike maturity");
}

static bool is_comment(const qv_text *text)
{
  const char *at = text->cursor;
  while (at < text->end && (*at == ' ' || *at == '\t')) {
    at++;
  }
  return at < text->end && *at == '#';
}

static qv_code fill(reader *r, double rate, double correlation, qv_book *book)
{
  while (qv_text_line(&r->text)) {
    if (is_comment(&r->text)) {
      continue;
    }
    if (book->positions == QV_BOOK_POSITIONS) {
      return qv_text_fail(&r->text, "a book has at most %d positions", QV_BOOK_POSITIONS);
    }
    QV_TRY(read_position(r, &book->position[book->positions]));
    book->positions++;
  }
  const int n = r->underlyings;
  if (n == 0) {
    return qv_fail(QV_ERR_INPUT, "%s: no positions", r->text.name);
  }
  QV_TRY(qv_market_create(QV_MODEL_BLACK_SCHOLES, n, &book->market));
  memcpy(book->market->asset, r->assets, (size_t)n * sizeof *r->assets);
  book->market->rate = qv_curve_flat(rate);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), &book->market->correlation));
  for (int i = 0; i < n * n; i++) {
    book->market->correlation[i] = i % (n + 1) == 0 ? 1.0 : correlation;
  }
  return qv_market_check(book->market);
}

qv_code qv_book_parse(const char *name, const char *text, size_t length, double rate, double correlation, qv_book **out)
{
  qv_book *book = NULL;
  reader *r = NULL;
  char *blank = NULL;
  *out = NULL;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof *book, &book);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, QV_BOOK_POSITIONS, sizeof *book->position, &book->position);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof *r, &r);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, length + 1, 1, &blank);
  }
  if (code == QV_OK) {
    for (size_t i = 0; i < length; i++) {
      blank[i] = text[i] == ',' ? ' ' : text[i];
    }
    r->text = qv_text_open(name, blank, length);
    code = fill(r, rate, correlation, book);
  }
  qv_free(&blank);
  qv_free(&r);
  if (code != QV_OK) {
    qv_book_destroy(&book);
    return code;
  }
  *out = book;
  return QV_OK;
}

void qv_book_destroy(qv_book **book)
{
  if (*book) {
    qv_market_destroy(&(*book)->market);
    qv_free(&(*book)->position);
  }
  qv_free(book);
}

/* Value of one unit of a position at a price, `elapsed` years from now. */
static double unit_value(const qv_book *b, const qv_position *p, double price, double elapsed)
{
  if (p->type == 0) {
    return price;
  }
  const double left = fmax(p->maturity - elapsed, 0.0), discount = qv_market_discount(b->market, left);
  const double variance = qv_curve_integral(&b->market->asset[p->asset].volatility, left);
  const double forward = fmax(price, 1e-300) / discount;
  if (abs(p->type) == 1) {
    return discount * qv_black(p->type, forward, p->strike, variance);
  }
  const double side = p->type > 0 ? 1.0 : -1.0, inside = side * log(forward / p->strike);
  return variance > 0 ? discount * qv_normal_cdf(inside / sqrt(variance) - 0.5 * side * sqrt(variance))
                      : (inside > 0 ? 1.0 : 0.0);
}

double qv_book_value(const qv_book *book)
{
  double sum = 0;
  for (int i = 0; i < book->positions; i++) {
    const qv_position *p = &book->position[i];
    sum += p->quantity * unit_value(book, p, book->market->asset[p->asset].spot, 0.0);
  }
  return sum;
}

void qv_book_delta_normal(const qv_book *book, double *mean, double *deviation)
{
  double exposure[QV_MARKET_ASSETS] = {0}, gain = 0, variance = 0;
  const int n = book->market->assets;
  for (int i = 0; i < book->positions; i++) {
    const qv_position *p = &book->position[i];
    const double spot = book->market->asset[p->asset].spot, h = 1e-4 * spot;
    const double delta =
        p->type == 0 ? 1.0 : (unit_value(book, p, spot + h, 0) - unit_value(book, p, spot - h, 0)) / (2 * h);
    exposure[p->asset] += p->quantity * delta * spot;
    gain += p->quantity * delta * spot * book->drift * book->horizon;
  }
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      const double si = sqrt(qv_curve_integral(&book->market->asset[i].volatility, book->horizon));
      const double sj = sqrt(qv_curve_integral(&book->market->asset[j].volatility, book->horizon));
      variance += exposure[i] * exposure[j] * si * sj * book->market->correlation[i * n + j];
    }
  }
  *mean = -gain;
  *deviation = sqrt(variance);
}

bool qv_book_is_normal(const qv_book *book)
{
  for (int i = 0; i < book->positions; i++) {
    if (book->position[i].type != 0) {
      return false;
    }
  }
  return !book->lognormal;
}

qv_code qv_book_plan(const qv_book *book, const qv_points *points, qv_book_simulation *out)
{
  *out = (qv_book_simulation){.book = book, .points = points, .value = qv_book_value(book)};
  return qv_market_factor(book->market, &out->factor);
}

/* Correlated returns of one underlying for a batch, then what its positions lose. */
static void add_underlying(const qv_book_simulation *s, int a, const double *z, int count, double *price, double *loss)
{
  const qv_book *b = s->book;
  const int n = b->market->assets;
  const double spot = b->market->asset[a].spot,
               variance = qv_curve_integral(&b->market->asset[a].volatility, b->horizon);
  const double deviation = sqrt(variance), mean = b->drift * b->horizon;
  for (int k = 0; k < count; k++) {
    price[k] = b->lognormal ? mean - 0.5 * variance : 1 + mean;
  }
  for (int f = 0; f <= a; f++) {
    const double load = s->factor[a * n + f] * deviation;
    if (load != 0) {
      qv_vector_axpy(price, load, z + (int64_t)f * BATCH, price, count);
    }
  }
  if (b->lognormal) {
    qv_vector_exp(price, price, count);
  }
  for (int i = 0; i < b->positions; i++) {
    const qv_position *p = &b->position[i];
    for (int k = 0; p->asset == a && k < count; k++) {
      const double value = p->type == 0 ? spot * price[k] : unit_value(b, p, spot * price[k], b->horizon);
      loss[k] -= p->quantity * value;
    }
  }
}

static void loss_block(const void *problem, void *workspace, int group, int64_t first, int count, double *values)
{
  const qv_book_simulation *s = problem;
  const int n = s->book->market->assets;
  double *z = workspace, *price = z + (int64_t)n * BATCH;
  for (int start = 0; start < count; start += BATCH) {
    const int m = count - start < BATCH ? count - start : BATCH;
    qv_points_normal(s->points, group, first + start, m, 0, n, z, BATCH);
    for (int k = 0; k < m; k++) {
      values[start + k] = s->value;
    }
    for (int i = 0; i < n; i++) {
      add_underlying(s, i, z, m, price, values + start);
    }
  }
  if (s->counts) {
    qv_histogram_add_shared(s->shape, values, count, s->counts);
  }
}

qv_sampler qv_book_sampler(const qv_book_simulation *simulation)
{
  return (qv_sampler){.components = 1,
                      .workspace = ((size_t)simulation->book->market->assets + 1) * BATCH * sizeof(double),
                      .block = loss_block,
                      .problem = simulation};
}
