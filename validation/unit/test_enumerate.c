/* Cost functions, conversions and enumeration, against published optima and a plain loop over all configurations. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_graph.h"
#include "io/qv_text.h"
#include "montecarlo/qv_enumerate.h"
#include "parallel/qv_comm.h"
#include "problem/qv_bqm.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA QV_DATA_DIR "/optimisation/"

static uint64_t random_word(uint64_t sample)
{
  uint64_t words[4];
  qv_random_words(6, QV_RANDOM_TEST, sample, 0, words);
  return words[0];
}

static qv_enumerate *run(const qv_ising *ising, int best)
{
  qv_enumerate *e = NULL;
  int64_t done = 0, total = 1;
  assert_int_equal(qv_enumerate_create(qv_comm_world(), ising, best, &e), QV_OK);
  while (done < total) {
    uint64_t *words = NULL; /* through a save and a load between all steps */
    assert_int_equal(qv_alloc(QV_MEM_TASK, (size_t)qv_enumerate_words(e), 8, &words), QV_OK);
    qv_enumerate_pack(e, words);
    qv_enumerate_destroy(&e);
    assert_int_equal(qv_enumerate_create(qv_comm_world(), ising, best, &e), QV_OK);
    qv_enumerate_unpack(e, words);
    qv_free(&words);
    assert_int_equal(qv_enumerate_step(e, &done, &total), QV_OK);
  }
  return e;
}

static void a_term_list_is_merged(void **state)
{
  (void)state;
  qv_ising_terms terms;
  qv_ising *m = NULL;
  uint64_t masks[2];
  assert_int_equal(qv_ising_begin(70, &terms), QV_OK);
  assert_int_equal(qv_ising_add(&terms, 0.75, 3, (const int[]){5, 2, 5}), QV_OK); /* s2 */
  assert_int_equal(qv_ising_add(&terms, 2, 2, (const int[]){4, 4}), QV_OK);       /* 1 */
  assert_int_equal(qv_ising_add(&terms, 0.5, 2, (const int[]){9, 1}), QV_OK);
  assert_int_equal(qv_ising_add(&terms, -0.5, 2, (const int[]){1, 9}), QV_OK);
  assert_int_equal(qv_ising_add(&terms, 0.5, 1, (const int[]){2}), QV_OK);
  assert_int_equal(qv_ising_add(&terms, -1.5, 3, (const int[]){3, 69, 0}), QV_OK);
  assert_int_equal(qv_ising_end(&terms, &m), QV_OK);
  assert_int_equal(m->nterms, 2);
  assert_int_equal(m->locality, 3);
  assert_true(m->constant == 2 && m->coefficient[0] == 1.25 && m->coefficient[1] == -1.5);
  assert_true(m->unit == 0.25 && m->integer[0] == 5 && m->integer[1] == -6);
  assert_int_equal(qv_ising_masks(m, masks), QV_ERR_ENVIRONMENT);
  assert_non_null(strstr(qv_error_text(), "the model has 70 variables, but bit masks hold at most 64"));
  qv_error_clear();
  qv_ising_destroy(&m);
}

static void bit_terms_are_products_of_bits(void **state)
{
  (void)state;
  qv_ising_terms terms;
  qv_ising *m = NULL;
  assert_int_equal(qv_ising_begin(4, &terms), QV_OK);
  assert_int_equal(qv_ising_add_bits(&terms, 8, 3, (const int[]){0, 1, 3}), QV_OK);
  assert_int_equal(qv_ising_end(&terms, &m), QV_OK);
  for (uint64_t s = 0; s < 16; s++) {
    assert_true(qv_ising_energy_mask(m, s) == ((s & 11) == 11 ? 8 : 0));
  }
  qv_ising_destroy(&m);
}

static void not_finite_is_refused(void **state)
{
  (void)state;
  qv_ising_terms terms;
  qv_ising *m = NULL;
  assert_int_equal(qv_ising_begin(2, &terms), QV_OK);
  assert_int_equal(qv_ising_add(&terms, INFINITY, 1, (const int[]){1}), QV_OK);
  assert_int_equal(qv_ising_end(&terms, &m), QV_ERR_NUMERIC);
  assert_non_null(strstr(qv_error_text(), "a coefficient of the cost function is not finite (a term of spin 1)"));
  qv_error_clear();
  assert_null(m);
}

static void conversions_are_exact(void **state)
{
  (void)state;
  for (uint64_t trial = 0; trial < 50; trial++) {
    qv_pairs pairs = {0};
    qv_bqm *bits = NULL, *spins = NULL, *back = NULL;
    qv_ising *ising = NULL;
    const int n = 9;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        const double value = (double)(int64_t)(random_word(trial * 100 + (uint64_t)(i * n + j)) >> 16) - 0x1p47;
        assert_int_equal(qv_pairs_add(&pairs, i, j, value, 0), QV_OK);
      }
    }
    assert_int_equal(qv_bqm_from_pairs(n, trial % 2, 17, &pairs, &bits), QV_OK);
    assert_int_equal(qv_bqm_convert(bits, !bits->spin, &spins), QV_OK);
    assert_int_equal(qv_bqm_convert(spins, bits->spin, &back), QV_OK);
    assert_int_equal(qv_bqm_ising(bits, &ising), QV_OK);
    assert_memory_equal(back->linear, bits->linear, sizeof(double) * (size_t)n);
    assert_memory_equal(back->value, bits->value, sizeof(double) * (size_t)bits->count);
    assert_true(back->offset == bits->offset);
    for (uint64_t s = 0; s < 1 << n; s++) {
      uint8_t x[9];
      for (int i = 0; i < n; i++) {
        x[i] = (uint8_t)(s >> i & 1);
      }
      assert_true(qv_bqm_energy(bits, x) == qv_bqm_energy(spins, x) &&
                  qv_bqm_energy(bits, x) == qv_ising_energy(ising, x));
    }
    qv_pairs_free(&pairs);
    qv_bqm_destroy(&bits);
    qv_bqm_destroy(&spins);
    qv_bqm_destroy(&back);
    qv_ising_destroy(&ising);
  }
}

/* Terms of up to `longest` spins with real or integer coefficients. */
static qv_ising *random_model(int n, int nterms, int longest, bool integers, uint64_t seed)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  assert_int_equal(qv_ising_begin(n, &terms), QV_OK);
  for (int t = 0; t < nterms; t++) {
    int spins[8];
    const uint64_t w = random_word(seed * 10000 + (uint64_t)t);
    const int count = 1 + (int)(w % (uint64_t)longest);
    for (int k = 0; k < count; k++) {
      spins[k] = (int)((w >> (8 + 6 * k)) % (uint64_t)n);
    }
    const double value = integers ? (double)((int)(w >> 56) % 7 - 3) : ldexp((double)(w >> 32), -32) - 0.5;
    assert_int_equal(qv_ising_add(&terms, value, count, spins), QV_OK);
  }
  assert_int_equal(qv_ising_end(&terms, &m), QV_OK);
  return m;
}

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void enumeration_equals_a_plain_loop(void **state)
{
  (void)state;
  const int sizes[] = {1, 2, 5, 7, 11, 12, 13, 16};
  static double all[1 << 16];
  for (int k = 0; k < 32; k++) {
    const int n = sizes[k / 4], best = 20;
    qv_ising *m = random_model(n, 4 * n, k & 1 ? 2 : 4, k & 2, (uint64_t)k);
    qv_enumerate *e = run(m, best);
    const qv_solutions *found = qv_enumerate_best(e);
    int64_t ground = 0;
    for (uint64_t s = 0; s < (uint64_t)1 << n; s++) {
      all[s] = qv_ising_energy_mask(m, s);
    }
    qsort(all, (size_t)1 << n, sizeof(double), by_value);
    for (int64_t s = 0; s < INT64_C(1) << n && all[s] <= all[0] + 1e-11; s++) {
      ground++;
    }
    assert_int_equal(qv_enumerate_multiplicity(e), ground);
    assert_int_equal(found->count, n < 5 ? 1 << n : best);
    for (int i = 0; i < found->count; i++) {
      assert_true(fabs(found->energy[i] - all[i]) <= 1e-12);
      assert_true(fabs(qv_ising_energy_mask(m, found->bits[i]) - found->energy[i]) <= 1e-12);
    }
    qv_enumerate_destroy(&e);
    qv_ising_destroy(&m);
  }
}

static void check_small(const cJSON *item)
{
  char path[512];
  qv_graph *graph = NULL;
  qv_bqm *bqm = NULL;
  qv_ising *m = NULL;
  const cJSON *cut = cJSON_GetObjectItem(item, "max_cut"),
              *energy = cJSON_GetObjectItem(item, "ground_energy_sum_J_s_s");
  snprintf(path, sizeof path, DATA "small/%s.txt", item->string);
  assert_int_equal(qv_graph_read(qv_comm_world(), path, &graph), QV_OK);
  assert_int_equal(qv_bqm_from_pairs(graph->n, true, 0, &graph->edges, &bqm), QV_OK);
  assert_int_equal(qv_bqm_ising(bqm, &m), QV_OK);
  qv_enumerate *e = run(m, 1);
  if (cut) { /* cut = (m - energy)/2 */
    assert_true((double)graph->edges.count - 2 * cut->valuedouble == qv_enumerate_best(e)->energy[0]);
    assert_int_equal(qv_enumerate_multiplicity(e), cJSON_GetObjectItem(item, "n_optimal")->valueint);
  } else {
    assert_non_null(energy);
    assert_true(fabs(energy->valuedouble - qv_enumerate_best(e)->energy[0]) < 1e-9);
    assert_int_equal(qv_enumerate_multiplicity(e), cJSON_GetObjectItem(item, "degeneracy")->valueint);
  }
  qv_enumerate_destroy(&e);
  qv_ising_destroy(&m);
  qv_bqm_destroy(&bqm);
  qv_graph_destroy(&graph);
}

static void all_small_instances_are_exact(void **state)
{
  (void)state;
  char *text;
  size_t length;
  int count = 0;
  assert_int_equal(qv_text_load(qv_comm_world(), DATA "small/exact.json", &text, &length), QV_OK);
  cJSON *root = cJSON_Parse(text);
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "instances"))
  {
    check_small(item);
    count++;
  }
  assert_int_equal(count, 19);
  cJSON_Delete(root);
  qv_free(&text);
}

static void too_many_spins_are_refused(void **state)
{
  (void)state;
  qv_ising *m = random_model(45, 50, 2, true, 1);
  qv_enumerate *e = NULL;
  assert_int_equal(qv_enumerate_create(qv_comm_world(), m, 1, &e), QV_ERR_ENVIRONMENT);
  assert_non_null(strstr(qv_error_text(), "the model has 45 variables: enumeration looks at 2^n configurations"));
  qv_error_clear();
  qv_ising_destroy(&m);
}

static int no_leaks(void **state)
{
  (void)state;
  return qv_memory_balance() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_term_list_is_merged),           cmocka_unit_test(bit_terms_are_products_of_bits),
      cmocka_unit_test(not_finite_is_refused),           cmocka_unit_test(conversions_are_exact),
      cmocka_unit_test(enumeration_equals_a_plain_loop), cmocka_unit_test(all_small_instances_are_exact),
      cmocka_unit_test(too_many_spins_are_refused),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, no_leaks);
  qv_parallel_end(0);
  return failed;
}
