/* D-Wave's BQM JSON. Schema 3.0.0 numbers the variables by their place in variable_labels; 1.0.0 and 2.0.0 name them in
 * every term. */
#include "io/qv_bqm_file.h"

#include "base/qv_memory.h"
#include "io/qv_graph.h"
#include "io/qv_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static qv_code wrong(const char *name, const char *key, const char *what)
{
  return qv_fail(QV_ERR_INPUT, "%s: %s: %s", name, key, what);
}

static qv_code get_array(const char *name, const cJSON *root, const char *key, const cJSON **out)
{
  *out = cJSON_GetObjectItemCaseSensitive(root, key);
  return cJSON_IsArray(*out) ? QV_OK : wrong(name, key, "a list is needed here: is this a binary quadratic model?");
}

static qv_code get_number(const char *name, const char *key, const cJSON *item, double *out)
{
  if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
    return wrong(name, key, "a finite number is needed here");
  }
  *out = item->valuedouble;
  return QV_OK;
}

static qv_code get_index(const char *name, const char *key, const cJSON *item, int n, int *out)
{
  double value = 0;
  QV_TRY(get_number(name, key, item, &value));
  if (value != floor(value) || value < 0 || value >= n) {
    return wrong(name, key, "an entry is not the number of a variable (whole, from 0, below num_variables)");
  }
  *out = (int)value;
  return QV_OK;
}

static qv_code get_vartype(const char *name, const cJSON *root, const char *key, bool *spin)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, key);
  if (cJSON_IsString(item) &&
      (strcasecmp(item->valuestring, "SPIN") == 0 || strcasecmp(item->valuestring, "BINARY") == 0)) {
    *spin = strcasecmp(item->valuestring, "SPIN") == 0;
    return QV_OK;
  }
  return wrong(name, key, "must be \"SPIN\" or \"BINARY\"");
}

/* A label is any JSON value; strings as they are, all else as printed. */
static qv_code label_text(const cJSON *item, char **out)
{
  char *printed;
  qv_code code;
  if (cJSON_IsString(item)) {
    return qv_strdup(QV_MEM_PROBLEM, item->valuestring, out);
  }
  printed = cJSON_PrintUnformatted(item);
  if (!printed) {
    return qv_fail(QV_ERR_MEMORY, "no memory for the label of a variable");
  }
  code = qv_strdup(QV_MEM_PROBLEM, printed, out);
  cJSON_free(printed);
  return code;
}

static qv_code read_labels(const char *name, const cJSON *list, qv_bqm_file *file)
{
  const cJSON *item;
  int i = 0;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)file->n, sizeof(char *), &file->label));
  cJSON_ArrayForEach(item, list)
  {
    if (i == file->n) {
      return wrong(name, "variable_labels", "there are more labels than variables");
    }
    QV_TRY(label_text(item, &file->label[i++]));
  }
  return i == file->n ? QV_OK : wrong(name, "variable_labels", "there are fewer labels than variables");
}

static qv_code read_quadratic(const char *name, const cJSON *root, qv_bqm_file *file)
{
  const cJSON *head, *tail, *bias, *h, *t, *b;
  QV_TRY(get_array(name, root, "quadratic_head", &head));
  QV_TRY(get_array(name, root, "quadratic_tail", &tail));
  QV_TRY(get_array(name, root, "quadratic_biases", &bias));
  for (h = head->child, t = tail->child, b = bias->child; h && t && b; h = h->next, t = t->next, b = b->next) {
    int i = 0, j = 0;
    double value = 0;
    QV_TRY(get_index(name, "quadratic_head", h, file->n, &i));
    QV_TRY(get_index(name, "quadratic_tail", t, file->n, &j));
    QV_TRY(get_number(name, "quadratic_biases", b, &value));
    if (i == j) {
      return wrong(name, "quadratic_head", "a variable is coupled to itself: such a term belongs to linear_biases");
    }
    QV_TRY(qv_pairs_add(&file->terms, i, j, value, 1));
  }
  if (h || t || b) {
    return wrong(name, "quadratic_biases", "quadratic_head, quadratic_tail and quadratic_biases differ in length");
  }
  return QV_OK;
}

static qv_code parse_three(const char *name, const cJSON *root, qv_bqm_file *file)
{
  const cJSON *linear, *labels, *item;
  double n = 0;
  int i = 0;
  QV_TRY(get_vartype(name, root, "variable_type", &file->spin));
  if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "use_bytes"))) {
    return wrong(name, "use_bytes",
                 "the biases are packed as bytes: write the file with to_serializable(use_bytes=False)");
  }
  QV_TRY(get_number(name, "num_variables", cJSON_GetObjectItemCaseSensitive(root, "num_variables"), &n));
  if (n < 1 || n > QV_GRAPH_MAX || n != floor(n)) {
    return wrong(name, "num_variables", "must be a whole number from 1 to 10000000");
  }
  QV_TRY(get_array(name, root, "linear_biases", &linear));
  if (cJSON_GetArraySize(linear) != (int)n) {
    return wrong(name, "linear_biases", "must have num_variables entries");
  }
  file->n = (int)n;
  cJSON_ArrayForEach(item, linear)
  {
    double value = 0;
    QV_TRY(get_number(name, "linear_biases", item, &value));
    QV_TRY(qv_pairs_add(&file->terms, i, i, value, 1));
    i++;
  }
  QV_TRY(read_quadratic(name, root, file));
  labels = cJSON_GetObjectItemCaseSensitive(root, "variable_labels");
  return cJSON_IsArray(labels) ? read_labels(name, labels, file) : QV_OK;
}

typedef struct {
  char *label;
  int at;
} place;

static int by_label(const void *a, const void *b)
{
  return strcmp(((const place *)a)->label, ((const place *)b)->label);
}

static qv_code find_label(const char *name, const cJSON *term, const char *key, const place *places, int n, int *at)
{
  char *text = NULL;
  place wanted, *found;
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(term, key);
  if (!item) {
    return wrong(name, key, "is missing in a term");
  }
  QV_TRY(label_text(item, &text));
  wanted.label = text;
  found = bsearch(&wanted, places, (size_t)n, sizeof *places, by_label);
  qv_free(&text);
  if (!found) {
    return wrong(name, key, "a coupling names a variable that linear_terms does not list");
  }
  *at = found->at;
  return QV_OK;
}

static qv_code couplings_by_label(const char *name, const cJSON *root, const place *places, qv_bqm_file *file)
{
  const cJSON *list, *term;
  QV_TRY(get_array(name, root, "quadratic_terms", &list));
  cJSON_ArrayForEach(term, list)
  {
    int i = 0, j = 0;
    double value = 0;
    QV_TRY(find_label(name, term, "label_head", places, file->n, &i));
    QV_TRY(find_label(name, term, "label_tail", places, file->n, &j));
    QV_TRY(get_number(name, "bias", cJSON_GetObjectItemCaseSensitive(term, "bias"), &value));
    if (i == j) {
      return wrong(name, "quadratic_terms", "a variable is coupled to itself: such a term belongs to linear_terms");
    }
    QV_TRY(qv_pairs_add(&file->terms, i, j, value, 1));
  }
  return QV_OK;
}

static qv_code parse_two(const char *name, const cJSON *root, qv_bqm_file *file)
{
  const cJSON *list, *term;
  place *places = NULL;
  qv_code code = QV_OK;
  QV_TRY(get_vartype(name, root,
                     cJSON_GetObjectItemCaseSensitive(root, "variable_type") ? "variable_type" : "variable_domain",
                     &file->spin));
  QV_TRY(get_array(name, root, "linear_terms", &list));
  const int n = cJSON_GetArraySize(list);
  if (n < 1) {
    return wrong(name, "linear_terms", "the model has no variables");
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(char *), &file->label));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof *places, &places));
  file->n = n;
  term = list->child;
  for (int i = 0; code == QV_OK && i < n; i++, term = term->next) {
    double value = 0;
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(term, "label");
    code = label ? label_text(label, &file->label[i]) : wrong(name, "linear_terms", "a term has no label");
    if (code == QV_OK) {
      code = get_number(name, "bias", cJSON_GetObjectItemCaseSensitive(term, "bias"), &value);
    }
    if (code == QV_OK) {
      places[i] = (place){file->label[i], i};
      code = qv_pairs_add(&file->terms, i, i, value, 1);
    }
  }
  if (code == QV_OK) {
    qsort(places, (size_t)n, sizeof *places, by_label);
    for (int i = 1; code == QV_OK && i < n; i++) {
      code = strcmp(places[i].label, places[i - 1].label) == 0
                 ? wrong(name, "linear_terms", "a variable is listed twice")
                 : QV_OK;
    }
  }
  if (code == QV_OK) {
    code = couplings_by_label(name, root, places, file);
  }
  qv_free(&places);
  return code;
}

static qv_code parse_root(const char *name, const cJSON *root, qv_bqm_file *file)
{
  const cJSON *offset = cJSON_GetObjectItemCaseSensitive(root, "offset");
  if (offset) {
    QV_TRY(get_number(name, "offset", offset, &file->offset));
  }
  if (cJSON_GetObjectItemCaseSensitive(root, "linear_biases")) {
    QV_TRY(parse_three(name, root, file));
  } else {
    QV_TRY(parse_two(name, root, file));
  }
  return qv_pairs_unique(&file->terms, name, 0);
}

qv_code qv_bqm_json_parse(const char *name, const char *text, size_t length, qv_bqm_file *file)
{
  cJSON *root = NULL;
  QV_TRY(qv_json_parse(name, text, length, &root));
  const qv_code code = parse_root(name, root, file);
  cJSON_Delete(root);
  return code;
}
