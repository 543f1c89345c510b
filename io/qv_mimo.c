#include "io/qv_mimo.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"

#include <math.h>

static qv_code expect(qv_text *text, const char *word)
{
  if (!qv_text_line(text) || !qv_text_accept(text, word)) {
    return qv_text_fail(text, "'%s' should stand here", word);
  }
  return QV_OK;
}

static qv_code read_count(qv_text *text, const char *word, int64_t lowest, int64_t highest, int *out)
{
  int64_t value = 0;
  QV_TRY(expect(text, word));
  QV_TRY(qv_text_int(text, word, lowest, highest, &value));
  *out = (int)value;
  return QV_OK;
}

static qv_code read_channel(qv_text *text, qv_mimo *m)
{
  const char *const parts[2] = {"REAL", "IMAG"};
  QV_TRY(qv_text_expect(text, INT64_C(2) * m->nr * m->nt, "entries of the channel"));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 2 * (size_t)m->nr * (size_t)m->nt, sizeof(double), &m->channel));
  for (int part = 0; part < 2; part++) {
    QV_TRY(expect(text, parts[part]));
    for (int k = 0; k < m->nr * m->nt; k++) {
      if (k % m->nt == 0 && !qv_text_line(text)) {
        return qv_text_fail(text, "the channel ends after %d of %d rows: the file is cut off", k / m->nt, m->nr);
      }
      QV_TRY(qv_text_real(text, "an entry of the channel", &m->channel[part * m->nr * m->nt + k]));
    }
  }
  return QV_OK;
}

static qv_code read_symbol(qv_text *text, const qv_mimo *m, double *out)
{
  QV_TRY(qv_text_real(text, "a symbol", out));
  if (fabs(*out) > m->levels - 1 || fmod(fabs(*out), 2) != 1) {
    return qv_text_fail(text, "%g is no symbol: an odd whole number of size at most %d is needed", *out, m->levels - 1);
  }
  return QV_OK;
}

static qv_code read_signals(qv_text *text, qv_mimo *m)
{
  const char *const parts[2] = {"REAL", "IMAG"};
  for (int part = 0; part < 2; part++) {
    QV_TRY(expect(text, parts[part]));
    for (int i = 0; i < m->nt; i++) {
      if (!qv_text_line(text)) {
        return qv_text_fail(text, "the signals end after %d of %d rows: the file is cut off", i, m->nt);
      }
      if (part == 0 && i == 0) { /* the first row tells how many there are */
        qv_text ahead = *text;
        double value = 0;
        for (; qv_text_more(&ahead); m->count++) {
          QV_TRY(qv_text_real(&ahead, "a symbol", &value));
        }
        QV_TRY(qv_alloc(QV_MEM_PROBLEM, 2 * (size_t)m->nt * (size_t)m->count, sizeof(double), &m->sent));
      }
      for (int k = 0; k < m->count; k++) {
        QV_TRY(read_symbol(text, m, &m->sent[(part * m->nt + i) * m->count + k]));
      }
      QV_TRY(qv_text_end_line(text, "as many symbols as the first row of signals"));
    }
  }
  return QV_OK;
}

static qv_code parse(qv_text *text, qv_mimo *m)
{
  int size;
  QV_TRY(read_count(text, "M", 4, 256, &size));
  while (m->levels * m->levels < size) {
    m->levels += 2;
  }
  if (m->levels * m->levels != size || (m->levels & (m->levels - 1)) != 0) {
    return qv_text_fail(text, "M is %d, but must be 4, 16, 64 or 256 (square QAM)", size);
  }
  QV_TRY(read_count(text, "Nt", 1, QV_MIMO_MAX, &m->nt));
  QV_TRY(read_count(text, "Nr", 1, QV_MIMO_MAX, &m->nr));
  QV_TRY(expect(text, "H"));
  QV_TRY(read_channel(text, m));
  QV_TRY(expect(text, "SIGNALS"));
  return read_signals(text, m);
}

qv_code qv_mimo_parse(const char *name, const char *text, size_t length, qv_mimo **out)
{
  qv_text reader = qv_text_open(name, text, length);
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = parse(&reader, *out);
  }
  if (code != QV_OK) {
    qv_mimo_destroy(out);
  }
  return code;
}

qv_code qv_mimo_read(const qv_comm *comm, const char *path, qv_mimo **out)
{
  char *text;
  size_t length;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  const qv_code code = qv_agree(comm, qv_mimo_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_mimo_destroy(out);
  }
  return code;
}

void qv_mimo_destroy(qv_mimo **mimo)
{
  if (*mimo) {
    qv_free(&(*mimo)->channel);
    qv_free(&(*mimo)->sent);
    qv_free(mimo);
  }
}
