#define _XOPEN_SOURCE 700
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "base/qv_status.h"
#include "base/qv_sum.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void codes_have_the_documented_exits(void **state)
{
  (void)state;
  assert_int_equal(qv_code_exit(QV_OK), 0);
  assert_int_equal(qv_code_exit(QV_ERR_DECK), 65);
  assert_int_equal(qv_code_exit(QV_STOPPED), 75);
  assert_int_equal(qv_code_exit(QV_ERR_NUMERIC), 79);
  assert_string_equal(qv_code_name(QV_ERR_IO), "QV_ERR_IO");
}

static void the_first_failure_wins(void **state)
{
  (void)state;
  assert_int_equal(qv_fail(QV_ERR_IO, "disk %d", 1), QV_ERR_IO);
  assert_int_equal(qv_fail(QV_ERR_DECK, "later"), QV_ERR_DECK);
  assert_int_equal(qv_error_code(), QV_ERR_IO);
  assert_string_equal(qv_error_text(), "disk 1");
  qv_error_clear();
  assert_int_equal(qv_error_code(), QV_OK);
}

static void memory_is_zeroed_aligned_and_counted(void **state)
{
  (void)state;
  char *small = NULL, *large = NULL;
  assert_int_equal(qv_alloc(QV_MEM_STATE, 100, 3, &small), QV_OK);
  assert_int_equal(qv_alloc(QV_MEM_STATE, 5 << 20, 1, &large), QV_OK);
  assert_int_equal((uintptr_t)small % 64, 0);
  assert_int_equal((uintptr_t)large % (2 << 20), 0);
  for (int i = 0; i < 300; i++) {
    assert_int_equal(small[i], 0);
  }
  assert_int_equal(qv_memory_now(QV_MEM_STATE), 300 + (5 << 20));
  small[7] = 9;
  assert_int_equal(qv_realloc(QV_MEM_STATE, 400, 1, &small), QV_OK);
  assert_int_equal(small[7], 9);
  qv_free(&small);
  qv_free(&large);
  assert_null(small);
  assert_int_equal(qv_memory_balance(), 0);
  assert_int_equal(qv_alloc(QV_MEM_STATE, SIZE_MAX / 4, 8, &large), QV_ERR_MEMORY);
  assert_non_null(strstr(qv_error_text(), "more than an address can reach"));
  qv_error_clear();
}

/* Known-answer vectors of the Random123 distribution (kat_vectors: philox 4x64 10). */
static void put(const char *folder, const char *name, const char *text)
{
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(path, 0700);
    *slash = '/';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fputs(text, file);
  fclose(file);
}

/* A made-up tree of control groups: each group and all above it may set the limit. */
static void control_groups_limit_memory(void **state)
{
  char folder[] = "/tmp/qv_cgroup_XXXXXX", membership[64], mount[64], remove[96];
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(membership, sizeof membership, "%s/self", folder);
  snprintf(mount, sizeof mount, "%s/fs", folder);
  assert_true(qv_memory_cgroup(membership, mount) == INT64_MAX);
  put(folder, "self", "9:cpu:/other\n4:memory:/batch/job7\n0::/slurm/job_7/step_0\n");
  put(folder, "fs/slurm/job_7/step_0/memory.max", "max\n");
  put(folder, "fs/slurm/job_7/memory.max", "5000\n");
  put(folder, "fs/slurm/job_7/memory.current", "1000\n");
  put(folder, "fs/slurm/memory.max", "9000\n");
  assert_true(qv_memory_cgroup(membership, mount) == 4000);
  put(folder, "fs/memory/batch/job7/memory.limit_in_bytes", "3500\n");
  put(folder, "fs/memory/batch/job7/memory.usage_in_bytes", "500\n");
  assert_true(qv_memory_cgroup(membership, mount) == 3000);
  put(folder, "fs/memory.max", "2000\n"); /* in a container only the mount is seen */
  put(folder, "fs/memory.current", "2500\n");
  assert_true(qv_memory_cgroup(membership, mount) == 0);
  snprintf(remove, sizeof remove, "rm -r %s", folder);
  assert_int_equal(system(remove), 0);
}

static void philox_is_philox(void **state)
{
  (void)state;
  uint64_t words[4];
  qv_random_words(0, (qv_random_purpose)0, 0, 0, words);
  assert_int_equal(words[0], 0x16554d9eca36314cULL);
  assert_int_equal(words[1], 0xdb20fe9d672d0fdcULL);
  assert_int_equal(words[2], 0xd7e772cee186176bULL);
  assert_int_equal(words[3], 0x7e68b68aec7ba23bULL);
}

static void normals_have_the_right_moments(void **state)
{
  (void)state;
  enum { N = 200000 };
  double sum = 0, sum2 = 0, sum4 = 0;
  for (uint64_t i = 0; i < N; i++) {
    const double x = qv_random_normal(7, QV_RANDOM_TEST, i, 3);
    sum += x;
    sum2 += x * x;
    sum4 += x * x * x * x;
  }
  /* five standard errors: sqrt(1/N), sqrt(2/N), sqrt(96/N) */
  assert_true(fabs(sum / N) < 5 * sqrt(1.0 / N));
  assert_true(fabs(sum2 / N - 1) < 5 * sqrt(2.0 / N));
  assert_true(fabs(sum4 / N - 3) < 5 * sqrt(96.0 / N));
  assert_true(qv_random_to_uniform(0) > 0 && qv_random_to_uniform(UINT64_MAX) < 1);
  assert_true(fabs(qv_normal_quantile(0.975) - 1.959963984540054) < 1e-14);
}

static void tree_sums_keep_aligned_subtrees(void **state)
{
  (void)state;
  double terms[64];
  for (int i = 0; i < 64; i++) {
    terms[i] = pow(-1.1, i);
  }
  const double halves = qv_sum_tree(terms, 32) + qv_sum_tree(terms + 32, 32);
  assert_true(qv_sum_tree(terms, 64) == halves);
  assert_true(qv_sum_tree(terms, 0) == 0.0);
  assert_true(fabs(qv_sum_tree(terms, 3) - 1.11) < 1e-15);
}

static void durations_read_well(void **state)
{
  (void)state;
  char text[32];
  qv_clock_duration(0.4213, text);
  assert_string_equal(text, "0.42 s");
  qv_clock_duration(4712, text);
  assert_string_equal(text, "1h18m");
  qv_clock_utc(0, text);
  assert_string_equal(text, "1970-01-01T00:00:00Z");
}

/* mpirun's own terminal is not the user's: the launcher's word counts. */
static void the_launcher_knows_the_terminal(void **state)
{
  (void)state;
  qv_log_setup(true, QV_LOG_INFO);
  setenv("QV_TERMINAL", "1", 1);
  assert_true(qv_log_is_terminal());
  setenv("QV_TERMINAL", "0", 1);
  assert_false(qv_log_is_terminal());
  unsetenv("QV_TERMINAL");
  setenv("OMPI_COMM_WORLD_SIZE", "1", 1);
  assert_false(qv_log_is_terminal());
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(codes_have_the_documented_exits),
      cmocka_unit_test(the_first_failure_wins),
      cmocka_unit_test(memory_is_zeroed_aligned_and_counted),
      cmocka_unit_test(control_groups_limit_memory),
      cmocka_unit_test(philox_is_philox),
      cmocka_unit_test(normals_have_the_right_moments),
      cmocka_unit_test(tree_sums_keep_aligned_subtrees),
      cmocka_unit_test(durations_read_well),
      cmocka_unit_test(the_launcher_knows_the_terminal),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
