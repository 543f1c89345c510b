#include "io/qv_tsplib.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"

#include <math.h>
#include <string.h>
#include <strings.h>

typedef struct {
  char type[24], format[24];
} header;

/* After a keyword: an optional colon, then a word; copied, cut at 23 bytes. */
static qv_code read_value(qv_text *text, const char *what, char out[24])
{
  const char *word = NULL;
  size_t length = 0;
  (void)qv_text_accept(text, ":");
  QV_TRY(qv_text_word(text, what, &word, &length));
  if (length > 1 && *word == ':') {
    word++;
    length--;
  }
  length = length < 23 ? length : 23;
  memcpy(out, word, length);
  out[length] = 0;
  return QV_OK;
}

static bool keyword(qv_text *text, const char *name)
{
  const size_t length = strlen(name);
  if (qv_text_accept(text, name)) {
    return true;
  }
  if ((size_t)(text->end - text->cursor) > length && strncasecmp(text->cursor, name, length) == 0 &&
      text->cursor[length] == ':') {
    text->cursor += length;
    return true;
  }
  return false;
}

static qv_code read_dimension(qv_text *text, qv_tsplib *tsp)
{
  int64_t n = 0;
  if (qv_text_more(text) && *text->cursor == ':') {
    text->cursor++;
  }
  QV_TRY(qv_text_int(text, "the number of cities", 3, QV_TSPLIB_MAX, &n));
  if (tsp->n > 0) {
    return qv_text_fail(text, "DIMENSION stands here for the second time");
  }
  tsp->n = (int)n;
  return qv_alloc(QV_MEM_PROBLEM, (size_t)(n * n), sizeof(double), &tsp->distance);
}

/* Columns of row i that a format lists: from first to last. */
static bool columns_of(const char *format, int n, int i, int *first, int *last)
{
  *first = 0;
  *last = n - 1;
  if (strcasecmp(format, "UPPER_ROW") == 0) {
    *first = i + 1;
  } else if (strcasecmp(format, "UPPER_DIAG_ROW") == 0) {
    *first = i;
  } else if (strcasecmp(format, "LOWER_ROW") == 0) {
    *last = i - 1;
  } else if (strcasecmp(format, "LOWER_DIAG_ROW") == 0) {
    *last = i;
  } else if (strcasecmp(format, "FULL_MATRIX") != 0) {
    return false;
  }
  return true;
}

static qv_code read_matrix(qv_text *text, const char *format, qv_tsplib *tsp)
{
  const int n = tsp->n;
  for (int i = 0; i < n; i++) {
    int first, last;
    if (!columns_of(format, n, i, &first, &last)) {
      return qv_text_fail(text,
                          "EDGE_WEIGHT_FORMAT '%s' is not one of FULL_MATRIX, UPPER_ROW, LOWER_ROW, UPPER_DIAG_ROW, "
                          "LOWER_DIAG_ROW",
                          format);
    }
    for (int j = first; j <= last; j++) {
      double d = 0;
      if (!qv_text_any(text)) {
        return qv_text_fail(text, "the weights end at row %d, column %d of %d: the file is cut off", i + 1, j + 1, n);
      }
      QV_TRY(qv_text_real(text, "a weight", &d));
      if (d < 0 && i != j) {
        return qv_text_fail(text, "the weight %g is negative", d);
      }
      tsp->distance[i * n + j] = i == j ? 0 : d;
      if (strcasecmp(format, "FULL_MATRIX") != 0) {
        tsp->distance[j * n + i] = tsp->distance[i * n + j];
      }
    }
  }
  return QV_OK;
}

/* Latitude or longitude DDD.MM in radians, with TSPLIB's value of pi. */
static double radians(double x)
{
  const double degrees = trunc(x);
  return 3.141592 * (degrees + 5.0 * (x - degrees) / 3.0) / 180.0;
}

static double geo(const double *a, const double *b)
{
  const double q1 = cos(radians(a[1]) - radians(b[1])), q2 = cos(radians(a[0]) - radians(b[0])),
               q3 = cos(radians(a[0]) + radians(b[0]));
  return floor(6378.388 * acos(0.5 * ((1 + q1) * q2 - (1 - q1) * q3)) + 1.0);
}

static double att(double dx, double dy)
{
  const double r = sqrt((dx * dx + dy * dy) / 10.0), t = floor(r + 0.5);
  return t < r ? t + 1 : t;
}

static qv_code distance_of(const qv_text *text, const char *type, const double *a, const double *b, double *out)
{
  const double dx = fabs(a[0] - b[0]), dy = fabs(a[1] - b[1]);
  if (strcasecmp(type, "EUC_2D") == 0) {
    *out = floor(hypot(dx, dy) + 0.5);
  } else if (strcasecmp(type, "CEIL_2D") == 0) {
    *out = ceil(hypot(dx, dy));
  } else if (strcasecmp(type, "MAN_2D") == 0) {
    *out = floor(dx + dy + 0.5);
  } else if (strcasecmp(type, "MAX_2D") == 0) {
    *out = fmax(floor(dx + 0.5), floor(dy + 0.5));
  } else if (strcasecmp(type, "ATT") == 0) {
    *out = att(dx, dy);
  } else if (strcasecmp(type, "GEO") == 0) {
    *out = geo(a, b);
  } else {
    return qv_text_fail(text, "EDGE_WEIGHT_TYPE '%s' is not one of EXPLICIT, EUC_2D, CEIL_2D, MAN_2D, MAX_2D, ATT, GEO",
                        type);
  }
  return QV_OK;
}

static qv_code read_coordinates(qv_text *text, const char *type, qv_tsplib *tsp)
{
  const int n = tsp->n;
  double *at = NULL;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 2 * (size_t)n, sizeof(double), &at);
  for (int i = 0; code == QV_OK && i < n; i++) {
    int64_t city = 0;
    if (!qv_text_line(text)) {
      code = qv_text_fail(text, "the coordinates end after %d of %d cities: the file is cut off", i, n);
    }
    code = code == QV_OK ? qv_text_int(text, "the number of a city", i + 1, i + 1, &city) : code;
    code = code == QV_OK ? qv_text_real(text, "its first coordinate", &at[2 * i]) : code;
    code = code == QV_OK ? qv_text_real(text, "its second coordinate", &at[2 * i + 1]) : code;
    code = code == QV_OK ? qv_text_end_line(text, "a city and two coordinates") : code;
  }
  for (int k = 0; code == QV_OK && k < n * n; k++) {
    if (k / n != k % n) {
      code = distance_of(text, type, &at[2 * (k / n)], &at[2 * (k % n)], &tsp->distance[k]);
    }
  }
  qv_free(&at);
  return code;
}

static qv_code parse(qv_text *text, qv_tsplib *tsp)
{
  header h = {"", "FULL_MATRIX"};
  bool complete = false;
  while (!complete && qv_text_line(text)) {
    if (keyword(text, "DIMENSION")) {
      QV_TRY(read_dimension(text, tsp));
    } else if (keyword(text, "EDGE_WEIGHT_TYPE")) {
      QV_TRY(read_value(text, "the kind of weights", h.type));
    } else if (keyword(text, "EDGE_WEIGHT_FORMAT")) {
      QV_TRY(read_value(text, "the form of the weights", h.format));
    } else if (keyword(text, "EDGE_WEIGHT_SECTION") || keyword(text, "NODE_COORD_SECTION")) {
      if (tsp->n == 0 || !h.type[0]) {
        return qv_text_fail(text,
                            "DIMENSION and EDGE_WEIGHT_TYPE must stand before the weights: is this a TSPLIB file?");
      }
      QV_TRY(strcasecmp(h.type, "EXPLICIT") == 0 ? read_matrix(text, h.format, tsp)
                                                 : read_coordinates(text, h.type, tsp));
      complete = true;
    } else if (keyword(text, "EOF")) {
      break;
    }
  }
  if (!complete) {
    return qv_text_fail(text, "there is no EDGE_WEIGHT_SECTION or NODE_COORD_SECTION: is this a TSPLIB file?");
  }
  tsp->symmetric = true;
  for (int k = 0; k < tsp->n * tsp->n; k++) {
    tsp->symmetric = tsp->symmetric && tsp->distance[k] == tsp->distance[k % tsp->n * tsp->n + k / tsp->n];
  }
  return QV_OK;
}

qv_code qv_tsplib_parse(const char *name, const char *text, size_t length, qv_tsplib **out)
{
  qv_text reader = qv_text_open(name, text, length);
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = parse(&reader, *out);
  }
  if (code != QV_OK) {
    qv_tsplib_destroy(out);
  }
  return code;
}

qv_code qv_tsplib_read(const qv_comm *comm, const char *path, qv_tsplib **out)
{
  char *text;
  size_t length;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  const qv_code code = qv_agree(comm, qv_tsplib_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_tsplib_destroy(out);
  }
  return code;
}

void qv_tsplib_destroy(qv_tsplib **tsp)
{
  if (*tsp) {
    qv_free(&(*tsp)->distance);
    qv_free(tsp);
  }
}
