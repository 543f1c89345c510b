/* Round trips of every type on any number of ranks, generations, and what the calls refuse. Silent when right.
 *   test_archive FOLDER   */
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "validation/archive/archive_check.h"
#include "validation/archive/archive_content.h"

#define TOTAL ((int64_t)150001) /* two blocks and a part */

static bool is_file(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0;
}

static void round_trip(const qv_comm *comm)
{
  int64_t step = 0, dims[QV_ARCHIVE_DIMS];
  int rank = 0;
  qv_archive *a = NULL;
  CHECK(content_write(comm, "a.h5", true, 1, TOTAL) == QV_OK);
  CHECK(qv_archive_open(comm, "a.h5", "checkpoint", &a) == QV_OK);
  CHECK(content_get(a, comm, &step) == QV_OK && step == 1);
  CHECK(qv_archive_dims(a, "small/wide", &rank, dims) == QV_OK && rank == 3 && dims[0] == 5 && dims[2] == 70);
  CHECK(qv_archive_dims(a, "step", &rank, dims) == QV_OK && rank == 0);
  CHECK(qv_archive_dims(a, "small/none", &rank, dims) == QV_OK && rank == 1 && dims[0] == 0);
  CHECK(qv_archive_dims(a, "state/amplitudes", &rank, dims) == QV_OK && rank == 1 && dims[0] == TOTAL);
  CHECK(qv_archive_has(a, "small/none") && !qv_archive_has(a, "small/more") && !qv_archive_has(a, "no/group"));
  qv_archive_close(&a);
  CHECK(a == NULL);
  qv_archive_close(&a);
}

/* Parts that end anywhere, and transfers much smaller than a part: the file is the same. */
static void small_transfers(const qv_comm *comm)
{
  int64_t step = 0;
  qv_archive_transfer_bytes = 65536 + 16;
  CHECK(content_write(comm, "small.h5", false, 2, TOTAL) == QV_OK);
  CHECK(content_read(comm, "small.h5", &step) == QV_OK && step == 2);
  qv_archive_transfer_bytes = (int64_t)1 << 28;
}

static void generations(const qv_comm *comm)
{
  int64_t step = 0;
  for (int64_t i = 10; i < 13; i++) {
    CHECK(content_write(comm, "g.h5", true, i, 100) == QV_OK);
  }
  CHECK(content_read(comm, "g.h5", &step) == QV_OK && step == 12);
  CHECK(content_read(comm, "g.prev.h5", &step) == QV_OK && step == 11);
  qv_comm_barrier(comm);
  /* The machine died between the two renames. */
  if (qv_comm_rank(comm) == 0) {
    CHECK(unlink("g.h5") == 0);
  }
  qv_comm_barrier(comm);
  CHECK(content_read(comm, "g.h5", &step) == QV_OK && step == 11);
  CHECK(content_write(comm, "once.h5", false, 1, 10) == QV_OK);
  CHECK(content_write(comm, "once.h5", false, 2, 10) == QV_OK);
  CHECK(!is_file("once.prev.h5"));
  CHECK(content_read(comm, "never.h5", &step) == QV_OK && step == -1);
}

static void names_of_generations(void)
{
  static const char *const pairs[][2] = {
      {"ckpt.h5", "ckpt.prev.h5"}, {"run.1/ckpt", "run.1/ckpt.prev"}, {"a/.h5", "a/.h5.prev"}, {"a.b.c", "a.b.prev.c"}};
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    char *name = NULL;
    CHECK(qv_archive_previous(pairs[i][0], &name) == QV_OK && strcmp(name, pairs[i][1]) == 0);
    qv_free(&name);
  }
}

static void refused_reads(const qv_comm *comm)
{
  qv_archive *a = NULL;
  double value = 0, values[6];
  int rank = 0;
  int64_t dims[QV_ARCHIVE_DIMS], step = 0;
  char *text = NULL;
  CHECK(qv_archive_open(comm, "a.h5", "checkpoint", &a) == QV_OK);
  CHECK_FAILS(qv_archive_get_f64(a, "journal/enthalpy", &value), QV_ERR_INPUT,
              "a.h5: it holds no dataset 'journal/enthalpy'");
  CHECK_FAILS(qv_archive_get_f64(a, "step", &value), QV_ERR_INPUT, "'step' has the type i64; f64 was expected");
  CHECK_FAILS(qv_archive_get_f64(a, "meta/deck", &value), QV_ERR_INPUT, "'meta/deck' is a text; f64 was expected");
  CHECK_FAILS(qv_archive_get(a, "small/wide", QV_TYPE_F64, 6, values), QV_ERR_INPUT,
              "'small/wide' has 1050 elements; 6 were expected");
  CHECK_FAILS(qv_archive_dims(a, "nothing", &rank, dims), QV_ERR_INPUT, "it holds no dataset 'nothing'");
  CHECK_FAILS(qv_archive_get_text(a, "step", &text), QV_ERR_INPUT, "'step' is not a text");
  CHECK(text == NULL);
  CHECK_FAILS(qv_archive_get_slab(a, "small/wide", QV_TYPE_F64, 1050, 0, 6, values), QV_ERR_INPUT,
              "it holds no distributed dataset 'small/wide'");
  CHECK_FAILS(qv_archive_get_slab(a, "state/real", QV_TYPE_F64, 5, 0, 5, values), QV_ERR_INPUT,
              "'state/real' has 300002 elements of type f64; 5 of type f64 were expected");
  CHECK_FAILS(qv_archive_get_slab(a, "state/few", QV_TYPE_F64, 3, 0, 3, values), QV_ERR_INPUT,
              "'state/few' has 3 elements of type i64; 3 of type f64 were expected");
  CHECK_FAILS(qv_archive_get_slab(a, "state/few", QV_TYPE_I64, 3, 2, 2, &step), QV_ERR_INTERNAL, "does not hold");
  qv_archive_close(&a);
  CHECK_FAILS(qv_archive_open(comm, "a.h5", "result", &a), QV_ERR_INPUT,
              "a.h5: this is a checkpoint file, but a result file is needed");
  CHECK(a == NULL);
}

static void refused_writes(const qv_comm *comm)
{
  qv_archive *a = NULL;
  const int64_t far = (int64_t)qv_comm_size(comm) * 2;
  const double two[2] = {0, 0};
  static const char *const names[] = {"", "/a", "a/", "a//b", "a b", "a\nb"};
  if (qv_comm_rank(comm) == 0) {
    mkdir("folder.h5", 0777);
  }
  qv_comm_barrier(comm);
  CHECK_FAILS(qv_archive_create(comm, "no/such/folder/a.h5", "checkpoint", true, &a), QV_ERR_IO,
              "cannot be created: No such file or directory");
  CHECK_FAILS(qv_archive_create(comm, "folder.h5", "checkpoint", true, &a), QV_ERR_IO,
              "folder.h5: this is not a file that could be replaced");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    CHECK(qv_archive_create(comm, "b.h5", "checkpoint", true, &a) == QV_OK);
    CHECK_FAILS(qv_archive_put_i64(a, names[i], 1, "", ""), QV_ERR_INTERNAL, "this is not a name");
    CHECK_FAILS(qv_archive_put_i64(a, "good", 1, "", ""), QV_ERR_INTERNAL,
                "'good' cannot be put: an earlier one failed");
    CHECK_FAILS(qv_archive_commit(&a), QV_ERR_INTERNAL, "b.h5: cannot be committed: an earlier put failed");
    CHECK(a == NULL);
  }
  CHECK(qv_archive_create(comm, "b.h5", "checkpoint", true, &a) == QV_OK);
  CHECK(qv_archive_put_i64(a, "twice", 1, "", "") == QV_OK);
  CHECK_FAILS(qv_archive_put_i64(a, "twice", 2, "", ""), QV_ERR_IO,
              "creating the dataset 'twice' failed: name already "
              "exists");
  qv_archive_abandon(&a);
  CHECK(qv_archive_create(comm, "b.h5", "checkpoint", true, &a) == QV_OK);
  CHECK_FAILS(qv_archive_put_slab(a, "gap", QV_TYPE_F64, far, 2 * qv_comm_rank(comm) + 1, 1, two, "", ""),
              QV_ERR_INTERNAL, "the parts of 'gap' do not make up its");
  qv_archive_abandon(&a);
  CHECK(qv_archive_create(comm, "b.h5", "checkpoint", true, &a) == QV_OK);
  CHECK_FAILS(qv_archive_put_slab(a, "short", QV_TYPE_F64, far + 1, 2 * qv_comm_rank(comm), 2, two, "", ""),
              QV_ERR_INTERNAL, "of its");
  qv_archive_abandon(&a);
  qv_comm_barrier(comm);
  CHECK(!is_file("b.h5"));
}

static void lists(const qv_comm *comm)
{
  qv_archive *a = NULL;
  qv_archive_entry *entries = NULL;
  char *text = NULL;
  int count = 0, found = 0;
  CHECK(qv_archive_open(comm, "a.h5", NULL, &a) == QV_OK && strcmp(qv_archive_kind(a), "checkpoint") == 0);
  CHECK(qv_archive_list(a, &entries, &count) == QV_OK);
  for (int i = 0; i < count; i++) {
    CHECK(strstr(entries[i].name, ".xxh3") == NULL && (i == 0 || strcmp(entries[i - 1].name, entries[i].name) < 0));
    if (strcmp(entries[i].name, "small/wide") == 0) {
      CHECK(strcmp(entries[i].type, "f64") == 0 && entries[i].rank == 3 && entries[i].dims[2] == 70);
      CHECK(strcmp(entries[i].unit, "bohr") == 0 && strcmp(entries[i].description, "compressed") == 0);
      found++;
    }
  }
  CHECK(found == 1 && count == 17);
  qv_free(&entries);
  CHECK(qv_archive_get_attribute(a, "/", "software", &text) == QV_OK && strcmp(text, "Qonverge") == 0);
  qv_free(&text);
  CHECK(qv_archive_get_attribute(a, "small", "colour", &text) == QV_OK && text == NULL);
  CHECK(qv_archive_get_attribute(a, "large", "colour", &text) == QV_OK && text == NULL);
  qv_archive_close(&a);
  CHECK(is_file("g.prev.h5"));
  qv_comm_barrier(comm);
  CHECK(qv_archive_remove(comm, "g.h5") == QV_OK);
  CHECK(!is_file("g.prev.h5") && !is_file("g.h5") && qv_archive_remove(comm, "g.h5") == QV_OK);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc == 2);
  check_enter(comm, argv[1], "archive");
  round_trip(comm);
  small_transfers(comm);
  generations(comm);
  names_of_generations();
  lists(comm);
  refused_reads(comm);
  refused_writes(comm);
  CHECK(check_leftovers(".", ".tmp.") == 0);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
