#include "io/qv_bqm_file.h"

#include "base/qv_memory.h"
#include "io/qv_graph.h"
#include "io/qv_text.h"

#include <string.h>
#include <strings.h>

static qv_code parse_biqmac(const char *name, const char *text, size_t length, qv_bqm_file *file)
{
  qv_graph *graph = NULL;
  QV_TRY(qv_graph_parse(name, text, length, &graph));
  file->n = graph->n;
  file->terms = graph->edges;
  graph->edges = (qv_pairs){0};
  for (int64_t k = 0; k < file->terms.count; k++) {
    file->terms.value[k] *= file->terms.a[k] == file->terms.b[k] ? 1 : 2;
  }
  qv_graph_destroy(&graph);
  return QV_OK;
}

static qv_code read_term(qv_text *text, int64_t limit, qv_bqm_file *file)
{
  int64_t i, j;
  double value;
  QV_TRY(qv_text_int(text, "the first variable (numbered from 0)", 0, limit - 1, &i));
  QV_TRY(qv_text_int(text, "the second variable (numbered from 0)", 0, limit - 1, &j));
  QV_TRY(qv_text_real(text, "the coefficient", &value));
  QV_TRY(qv_text_end_line(text, "two variables and a coefficient"));
  file->n = i >= file->n ? (int)i + 1 : file->n;
  file->n = j >= file->n ? (int)j + 1 : file->n;
  return qv_pairs_add(&file->terms, (int)i, (int)j, value, text->line);
}

/* "# vartype=SPIN", blanks around the equals sign allowed; moves over the header if it is one. */
static bool read_vartype(qv_text *text, bool *spin)
{
  const char *c = text->cursor, *end = text->end, *const word[2] = {"SPIN", "BINARY"};
  const char *key = "vartype";
  while (c < end && (*c == '#' || *c == ' ' || *c == '\t')) {
    c++;
  }
  if ((size_t)(end - c) < strlen(key) || strncasecmp(c, key, strlen(key)) != 0) {
    return false;
  }
  for (c += strlen(key); c < end && (*c == '=' || *c == ':' || *c == ' ' || *c == '\t'); c++) {
  }
  for (int w = 0; w < 2; w++) {
    if ((size_t)(end - c) >= strlen(word[w]) && strncasecmp(c, word[w], strlen(word[w])) == 0) {
      *spin = w == 0;
      return true;
    }
  }
  return false;
}

static qv_code parse_coo(qv_text *text, qv_bqm_file *file)
{
  bool known = false;
  while (qv_text_line(text)) {
    if (*text->cursor == '#') {
      known = read_vartype(text, &file->spin) || known;
      continue;
    }
    if (!known) {
      return qv_text_fail(text, "a COO file begins with '# vartype=SPIN' or '# vartype=BINARY': add that line");
    }
    QV_TRY(read_term(text, QV_GRAPH_MAX, file));
  }
  if (file->terms.count == 0) {
    return qv_text_fail(text, "there is no line 'i j value'");
  }
  return qv_pairs_unique(&file->terms, text->name, 0);
}

static qv_code parse_qubo_header(qv_text *text, int64_t size[3])
{
  int64_t topology;
  QV_TRY(qv_text_int(text, "the topology (0)", 0, INT64_MAX, &topology));
  QV_TRY(qv_text_int(text, "maxNodes", 1, QV_GRAPH_MAX, &size[0]));
  QV_TRY(qv_text_int(text, "nNodes", 0, INT64_C(1) << 40, &size[1]));
  QV_TRY(qv_text_int(text, "nCouplers", 0, INT64_C(1) << 40, &size[2]));
  return qv_text_end_line(text, "'p qubo 0 maxNodes nNodes nCouplers'");
}

static qv_code parse_qubo(qv_text *text, qv_bqm_file *file)
{
  int64_t size[3] = {0, 0, 0}, found[2] = {0, 0};
  while (qv_text_line(text)) {
    if (*text->cursor == 'c' || *text->cursor == '#') {
      continue;
    }
    if (qv_text_accept(text, "p")) {
      if (size[0] > 0 || !qv_text_accept(text, "qubo")) {
        return qv_text_fail(text, "a .qubo file has one line 'p qubo 0 maxNodes nNodes nCouplers'");
      }
      QV_TRY(parse_qubo_header(text, size));
      continue;
    }
    if (size[0] == 0) {
      return qv_text_fail(text, "an entry stands before the line 'p qubo 0 maxNodes nNodes nCouplers'");
    }
    QV_TRY(read_term(text, size[0], file));
    found[file->terms.a[file->terms.count - 1] != file->terms.b[file->terms.count - 1]]++;
  }
  if (found[0] != size[1] || found[1] != size[2]) {
    return qv_text_fail(text,
                        "the header announces %lld diagonal and %lld off-diagonal entries, but there are %lld and "
                        "%lld: the file is cut off or its header is wrong",
                        (long long)size[1], (long long)size[2], (long long)found[0], (long long)found[1]);
  }
  file->n = (int)size[0];
  return qv_pairs_unique(&file->terms, text->name, 0);
}

/* Which format it is: the first lines decide. */
static qv_code parse(const char *name, const char *text, size_t length, qv_bqm_file *file)
{
  qv_text look = qv_text_open(name, text, length), reader = qv_text_open(name, text, length);
  bool spin;
  while (qv_text_line(&look)) {
    if (*look.cursor == '{') {
      return qv_bqm_json_parse(name, text, length, file);
    }
    if (*look.cursor == '#' && read_vartype(&look, &spin)) {
      return parse_coo(&reader, file);
    }
    if (*look.cursor == 'p') {
      return parse_qubo(&reader, file);
    }
    if (*look.cursor == '#' || *look.cursor == 'c' || *look.cursor == '%') {
      continue;
    }
    for (int words = 0; words < 3; words++) { /* three words in the first line: COO that lacks its header */
      const char *word;
      size_t size;
      if (!qv_text_more(&look) || (words == 2 && qv_text_accept(&look, "J"))) {
        return parse_biqmac(name, text, length, file);
      }
      QV_TRY(qv_text_word(&look, "a number", &word, &size));
    }
    return parse_coo(&reader, file);
  }
  return qv_text_fail(&look, "the file holds no model");
}

qv_code qv_bqm_file_parse(const char *name, const char *text, size_t length, qv_bqm_file **out)
{
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = parse(name, text, length, *out);
  }
  if (code != QV_OK) {
    qv_bqm_file_destroy(out);
  }
  return code;
}

qv_code qv_bqm_file_read(const qv_comm *comm, const char *path, qv_bqm_file **out)
{
  char *text;
  size_t length;
  qv_code code;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  code = qv_agree(comm, qv_bqm_file_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_bqm_file_destroy(out);
  }
  return code;
}

void qv_bqm_file_destroy(qv_bqm_file **file)
{
  if (*file) {
    for (int i = 0; (*file)->label && i < (*file)->n; i++) {
      qv_free(&(*file)->label[i]);
    }
    qv_free(&(*file)->label);
    qv_pairs_free(&(*file)->terms);
    qv_free(file);
  }
}
