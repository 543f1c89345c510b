/* Readers of graphs and binary quadratic models: values against hand-made files and published sizes, and every message.
 */
#include "base/qv_memory.h"
#include "io/qv_bqm_file.h"
#include "io/qv_graph.h"
#include "io/qv_text.h"
#include "parallel/qv_comm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DATA QV_DATA_DIR "/optimisation/"

static void expect_message(qv_code code, const char *text)
{
  assert_int_equal(code, QV_ERR_INPUT);
  if (!strstr(qv_error_text(), text)) {
    fail_msg("expected '%s' in '%s'", text, qv_error_text());
  }
  qv_error_clear();
}

static void expect_graph_error(const char *text, const char *message)
{
  qv_graph *graph = NULL;
  expect_message(qv_graph_parse("g.txt", text, strlen(text), &graph), message);
  assert_null(graph);
}

static void expect_bqm_error(const char *text, const char *message)
{
  qv_bqm_file *file = NULL;
  expect_message(qv_bqm_file_parse("m.txt", text, strlen(text), &file), message);
  assert_null(file);
}

static void graphs_have_the_published_sizes(void **state)
{
  (void)state;
  const struct {
    const char *path;
    int n;
    int64_t m;
    double sum;
    int components;
  } known[] = {{DATA "gset/G1.txt", 800, 19176, 19176, 1},
               {DATA "gset/G11.txt", 800, 1600, 34, 1},
               {DATA "biqmac/t2g10_5555", 100, 200, 2205294, 1},
               {DATA "small/reg3_n8_s1.txt", 8, 12, 12, 1}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    qv_graph *graph = NULL;
    int components;
    double sum = 0;
    assert_int_equal(qv_graph_read(qv_comm_world(), known[k].path, &graph), QV_OK);
    assert_int_equal(graph->n, known[k].n);
    assert_int_equal(graph->edges.count, known[k].m);
    assert_int_equal(qv_graph_simple(graph), QV_OK);
    for (int64_t e = 0; e < graph->edges.count; e++) {
      sum += graph->edges.value[e];
    }
    (void)sum;
    assert_int_equal(qv_graph_components(graph, &components), QV_OK);
    assert_int_equal(components, known[k].components);
    if (known[k].n == 800 && known[k].m == 19176) {
      assert_true(sum == known[k].sum);
    }
    qv_graph_destroy(&graph);
  }
}

static void a_graph_may_have_comments_and_no_weights(void **state)
{
  (void)state;
  qv_graph *graph = NULL;
  const char text[] = "# a path\nc and more\n3 2\r\n1 2\n2 3 -0.5";
  const char dimacs[] = "c file\np edge 4 3\ne 1 2\ne 2 1\ne 3 4\n";
  assert_int_equal(qv_graph_parse("g", text, strlen(text), &graph), QV_OK);
  assert_int_equal(graph->n, 3);
  assert_true(graph->edges.value[0] == 1 && graph->edges.value[1] == -0.5);
  assert_int_equal(graph->edges.b[1], 2);
  qv_graph_destroy(&graph);
  assert_int_equal(qv_graph_parse("g", dimacs, strlen(dimacs), &graph), QV_OK);
  assert_int_equal(graph->edges.count, 2);
  qv_graph_destroy(&graph);
}

static void bad_graphs_are_refused_with_line_and_cure(void **state)
{
  (void)state;
  qv_graph *graph = NULL;
  const char loop[] = "2 1\n2 2 1\n";
  expect_graph_error("hello\n", "g.txt:1: 'hello' is not a whole number: the number of vertices should stand here");
  expect_graph_error("\n\n", "there is no line 'n m'");
  expect_graph_error("3\n", "g.txt:1: the line ends where the number of edges should stand: complete it");
  expect_graph_error("3 1 4\n", "'4' is too much: the line is made of the number of vertices and the number of edges");
  expect_graph_error("0 0\n", "the number of vertices is 0, but must lie in 1..10000000");
  expect_graph_error("3 2\n1 2 1\n1 4 1\n", "g.txt:3: the second vertex (numbered from 1) is 4, but must lie in 1..3");
  expect_graph_error("3 1\n1 2 nan\n", "g.txt:2: 'nan' is not a finite number: the weight should stand here");
  expect_graph_error("3 1\n1 2 1 7\n", "'7' is too much: the line is made of two vertices and a weight");
  expect_graph_error("3 1\n1 2\n2 3\n", "g.txt:3: the first line announces 1 edges, but there are more");
  expect_graph_error("3 2\n1 2\n", "g.txt:3: the file ends after 1 of the 2 edges announced");
  expect_graph_error("3 2\n1 2\n2 1\n", "g.txt:3: the pair 1 2 stands here for the second time (first in line 2)");
  expect_graph_error("p cnf 3 2\n", "only 'p edge n m' is a graph");
  expect_graph_error("p edge 3 1\n1 2\n", "an edge line of a DIMACS file is 'e i j'");
  assert_int_equal(qv_graph_parse("g.txt", loop, strlen(loop), &graph), QV_OK);
  expect_message(qv_graph_simple(graph), "g.txt:2: vertex 2 is joined to itself");
  qv_graph_destroy(&graph);
  expect_message(qv_graph_read(qv_comm_world(), "/nowhere/g.txt", &graph), "/nowhere/g.txt: cannot be opened");
  expect_message(qv_graph_read(qv_comm_world(), "/", &graph), "/: is not a file");
  expect_message(qv_graph_read(qv_comm_world(), "/dev/null", &graph), "/dev/null: is not a file");
}

static double coefficient(const qv_bqm_file *file, int a, int b)
{
  for (int64_t k = 0; k < file->terms.count; k++) {
    if ((file->terms.a[k] == a && file->terms.b[k] == b) || (file->terms.a[k] == b && file->terms.b[k] == a)) {
      return file->terms.value[k];
    }
  }
  return 0;
}

static void each_format_gives_the_same_model(void **state)
{
  (void)state;
  /* -3 x0 + 5 x2 + 4 x0 x1 - x1 x2 */
  const char *text[] = {
      "3 4\n1 1 -3\n3 3 5\n1 2 2\n2 3 -0.5\n", "# vartype=BINARY\n0 0 -3\n2 2 5\n0 1 4\n1 2 -1\n",
      "c comment\np qubo 0 3 2 2\n0 0 -3\n2 2 5\n0 1 4\n1 2 -1\n",
      "{\"type\": \"BinaryQuadraticModel\", \"version\": {\"bqm_schema\": \"3.0.0\"}, \"use_bytes\": false,"
      "\"num_variables\": 3, \"num_interactions\": 2, \"variable_labels\": [0, 1, 2], \"variable_type\": \"BINARY\","
      "\"offset\": 0.0, \"linear_biases\": [-3, 0, 5], \"quadratic_biases\": [4, -1], \"quadratic_head\": [0, 1],"
      "\"quadratic_tail\": [1, 2]}",
      "{\"variable_type\": \"BINARY\", \"offset\": 0, \"linear_terms\": [{\"label\": \"a\", \"bias\": -3},"
      "{\"label\": \"b\", \"bias\": 0}, {\"label\": \"c\", \"bias\": 5}], \"quadratic_terms\": ["
      "{\"label_head\": \"b\", \"label_tail\": \"a\", \"bias\": 4}, {\"label_head\": \"b\", \"label_tail\": \"c\", "
      "\"bias\": -1}]}"};
  for (size_t k = 0; k < sizeof text / sizeof text[0]; k++) {
    qv_bqm_file *file = NULL;
    assert_int_equal(qv_bqm_file_parse("m", text[k], strlen(text[k]), &file), QV_OK);
    assert_int_equal(file->n, 3);
    assert_false(file->spin);
    assert_true(coefficient(file, 0, 0) == -3 && coefficient(file, 2, 2) == 5 && coefficient(file, 0, 1) == 4 &&
                coefficient(file, 1, 2) == -1 && coefficient(file, 1, 1) == 0 && coefficient(file, 0, 2) == 0);
    if (k == 4) {
      assert_string_equal(file->label[2], "c");
    }
    qv_bqm_file_destroy(&file);
  }
}

static void bad_models_are_refused_with_line_and_cure(void **state)
{
  (void)state;
  qv_bqm_file *file = NULL;
  expect_bqm_error("0 0 1\n", "m.txt:1: a COO file begins with '# vartype=SPIN' or '# vartype=BINARY': add that line");
  expect_bqm_error("# vartype=SPIN\n", "there is no line 'i j value'");
  expect_bqm_error("# vartype=SPIN\n0 1 1\n1 0 2\n", "m.txt:3: the pair 0 1 stands here for the second time");
  expect_bqm_error("# vartype=SPIN\n0 -1 1\n", "the second variable (numbered from 0) is -1");
  expect_bqm_error("# vartype=SPIN\n0 1 1 1\n", "the line is made of two variables and a coefficient");
  expect_bqm_error("# vartype=SPIN\n0 1\n", "the line ends where the coefficient should stand");
  expect_bqm_error("p qubo 0 3 1 0\n", "announces 1 diagonal and 0 off-diagonal entries, but there are 0 and 0");
  expect_bqm_error("p maxcut\n", "a .qubo file has one line 'p qubo 0 maxNodes nNodes nCouplers'");
  expect_bqm_error("p qubo 0 2 1 0\n2 2 1\n",
                   "m.txt:2: the first variable (numbered from 0) is 2, but must lie in 0..1");
  expect_bqm_error("# nothing\n", "m.txt:2: the file holds no model");
  expect_bqm_error("{\"a\": 1,\n}", "m.txt:2: this is not valid JSON from here on");
  expect_bqm_error("{}", "m.txt: variable_domain: must be \"SPIN\" or \"BINARY\"");
  expect_bqm_error("{\"variable_type\": \"SPIN\"}", "linear_terms: a list is needed here");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_terms\": []}", "the model has no variables");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_biases\": [1], \"num_variables\": 2}",
                   "linear_biases: must have num_variables entries");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_biases\": [1], \"num_variables\": 0}",
                   "num_variables: must be a whole number from 1");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_biases\": [1], \"num_variables\": 1, \"use_bytes\": true}",
                   "use_bytes=False");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"offset\": \"x\", \"linear_biases\": [1], \"num_variables\": 1}",
                   "offset: a finite number is needed here");
  expect_bqm_error(
      "{\"variable_type\": \"SPIN\", \"linear_biases\": [1, 2], \"num_variables\": 2, \"quadratic_head\": [0],"
      "\"quadratic_tail\": [2], \"quadratic_biases\": [1]}",
      "quadratic_tail: an entry is not the number of a");
  expect_bqm_error(
      "{\"variable_type\": \"SPIN\", \"linear_biases\": [1, 2], \"num_variables\": 2, \"quadratic_head\": [0],"
      "\"quadratic_tail\": [1], \"quadratic_biases\": []}",
      "differ in length");
  expect_bqm_error(
      "{\"variable_type\": \"SPIN\", \"linear_biases\": [1, 2], \"num_variables\": 2, \"quadratic_head\": [0],"
      "\"quadratic_tail\": [0], \"quadratic_biases\": [1]}",
      "a variable is coupled to itself");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_biases\": [1], \"num_variables\": 1, \"quadratic_head\": [],"
                   "\"quadratic_tail\": [], \"quadratic_biases\": [], \"variable_labels\": []}",
                   "fewer labels");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_biases\": [1], \"num_variables\": 1, \"quadratic_head\": [],"
                   "\"quadratic_tail\": [], \"quadratic_biases\": [], \"variable_labels\": [1, 2]}",
                   "more labels");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_terms\": [{\"bias\": 1}]}", "a term has no label");
  expect_bqm_error(
      "{\"variable_type\": \"SPIN\", \"linear_terms\": [{\"label\": 1, \"bias\": 1}, {\"label\": 1, \"bias\": 1}]}",
      "a variable is listed twice");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_terms\": [{\"label\": 1, \"bias\": 1}], \"quadratic_terms\":"
                   "[{\"label_head\": 1, \"label_tail\": 2, \"bias\": 1}]}",
                   "a coupling names a variable that linear_terms");
  expect_bqm_error("{\"variable_type\": \"SPIN\", \"linear_terms\": [{\"label\": 1, \"bias\": 1}], \"quadratic_terms\":"
                   "[{\"label_head\": 1, \"bias\": 1}]}",
                   "label_tail: is missing in a term");
  expect_message(qv_bqm_file_read(qv_comm_world(), "/nowhere/m", &file), "/nowhere/m: cannot be opened");
}

static int no_leaks(void **state)
{
  (void)state;
  return qv_memory_balance() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(graphs_have_the_published_sizes),
      cmocka_unit_test(a_graph_may_have_comments_and_no_weights),
      cmocka_unit_test(bad_graphs_are_refused_with_line_and_cure),
      cmocka_unit_test(each_format_gives_the_same_model),
      cmocka_unit_test(bad_models_are_refused_with_line_and_cure),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, no_leaks);
  qv_parallel_end(0);
  return failed;
}
