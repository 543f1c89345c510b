/* Results and provenance: the block on the terminal, the groups in the file, the JSON summary. Silent when right.
 *   test_result FOLDER   */
#include "base/qv_fault.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_provenance.h"
#include "io/qv_result.h"
#include "validation/archive/archive_check.h"

#include <cjson/cJSON.h>
#include <math.h>

static const char expected_block[] =
    "\n"
    "Result\n"
    "  vqe_energy       =              -75.012345679                Hartree   energy of the ansatz\n"
    "\n"
    "Classical baseline\n"
    "  fci_energy       =              -75.012350001                Hartree   full configuration interaction\n"
    "  price            =               10.02134         +- 0.00012 EUR       mean of the payoffs\n"
    "  large            =                1.234567891e+12 +- 3.5e+03           large with an error\n"
    "\n"
    "Resources on quantum hardware\n"
    "  t_count          = 9007199254740993                                    T gates\n"
    "\n"
    "Further values\n"
    "  angle            =                0.3333333333               rad       an angle\n"
    "  rough            =            12346               +- 1234              decimals of the error\n"
    "  exact            =                2               +- 0                 an error of zero\n"
    "  tiny             =                1.000000001     +- 2.1e-13           a very small error\n"
    "  residual         =                1.25e-11                   Hartree   too small for an energy's digits\n"
    "  converged_reason = the gradient fell below its tolerance   why it stopped\n";

static qv_result *make_result(void)
{
  qv_result *r = NULL;
  CHECK(qv_result_create(&r) == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_HEADLINE, "vqe_energy", -75.0123456789, NAN, "Hartree", "energy of the ansatz") ==
        QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_BASELINE, "fci_energy", -75.0123500011, NAN, "Hartree",
                      "full configuration interaction") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_BASELINE, "price", 10.021341, 0.000123, "EUR", "mean of the payoffs") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_BASELINE, "large", 1.2345678912e12, 3450.1, "", "large with an error") == QV_OK);
  CHECK(qv_result_add_count(r, QV_RESULT_RESOURCE, "t_count", 9007199254740993, "", "T gates") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_VALUE, "angle", 1.0 / 3.0, NAN, "rad", "an angle") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_VALUE, "rough", 12345.6, 1234.5, "", "decimals of the error") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_VALUE, "exact", 2.0, 0.0, "", "an error of zero") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_VALUE, "tiny", 1.000000001, 2.1e-13, "", "a very small error") == QV_OK);
  CHECK(qv_result_add(r, QV_RESULT_VALUE, "residual", 1.25e-11, NAN, "Hartree", "too small for an energy's digits") ==
        QV_OK);
  CHECK(qv_result_add_text(r, QV_RESULT_VALUE, "converged_reason", "the gradient fell below its tolerance",
                           "why it stopped") == QV_OK);
  return r;
}

static char *read_text(const char *path)
{
  static char text[65536];
  FILE *file = fopen(path, "r");
  CHECK(file != NULL);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static void check_block(const qv_comm *comm, const qv_result *r)
{
  if (qv_comm_rank(comm) != 0) {
    return;
  }
  remove("log.txt");
  CHECK(freopen("/dev/null", "w", stdout) && qv_log_open("log.txt") == QV_OK);
  qv_result_print(r);
  qv_log_close();
  const char *got = read_text("log.txt");
  if (strcmp(got, expected_block) != 0) {
    qv_parallel_abort(QV_ERR_INTERNAL, "the block is\n%s\nand not\n%s", got, expected_block);
  }
}

static void check_refusals(qv_result *r)
{
  CHECK_FAILS(qv_result_add(r, QV_RESULT_HEADLINE, "second", 1, NAN, "", ""), QV_ERR_INTERNAL,
              "the result 'second' is added to 'headline' beside 'vqe_energy'");
  CHECK_FAILS(qv_result_add(r, QV_RESULT_VALUE, "angle", 1, NAN, "", ""), QV_ERR_INTERNAL,
              "the result 'angle' is added to 'values' beside 'angle'");
  CHECK_FAILS(qv_result_add_text(r, QV_RESULT_HEADLINE, "text", "", ""), QV_ERR_INTERNAL, "does not hold");
  CHECK(qv_result_get(r, "price") == 10.021341 && qv_result_get(r, "t_count") == 9007199254740992.0);
  CHECK(isnan(qv_result_get(r, "no_such")) && isnan(qv_result_get(r, "converged_reason")));
}

static void check_file(const qv_comm *comm, const qv_result *r)
{
  qv_archive *a = NULL;
  double value = 0;
  int64_t count = 0;
  char *text = NULL;
  CHECK(qv_archive_create(comm, "r.h5", "result", false, &a) == QV_OK);
  CHECK(qv_result_write_archive(r, a) == QV_OK);
  CHECK(qv_provenance_write(a, comm, NULL) == QV_OK);
  CHECK(qv_archive_commit(&a) == QV_OK);
  CHECK(qv_archive_open(comm, "r.h5", "result", &a) == QV_OK);
  CHECK(qv_archive_get_f64(a, "headline/vqe_energy", &value) == QV_OK && value == -75.0123456789);
  CHECK(!qv_archive_has(a, "headline/vqe_energy_error"));
  CHECK(qv_archive_get_f64(a, "baseline/price_error", &value) == QV_OK && value == 0.000123);
  CHECK(qv_archive_get_i64(a, "resources/t_count", &count) == QV_OK && count == 9007199254740993);
  CHECK(qv_archive_get_text(a, "values/converged_reason", &text) == QV_OK);
  CHECK(strcmp(text, "the gradient fell below its tolerance") == 0);
  qv_free(&text);
  CHECK(qv_archive_get_attribute(a, "resources", "description", &text) == QV_OK && text);
  qv_free(&text);
  for (int i = 0; i < qv_provenance_count(); i++) {
    CHECK(qv_archive_get_attribute(a, "meta", qv_provenance_name(i), &text) == QV_OK && text);
    if (qv_comm_rank(comm) == 0 && strcmp(qv_provenance_name(i), "utc") != 0) {
      CHECK(strcmp(text, qv_provenance_value(i, comm, NULL)) == 0);
    }
    qv_free(&text);
  }
  qv_archive_close(&a);
}

static const char *string_of(const cJSON *object, const char *name)
{
  const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
  return text ? text : "";
}

static double number_of(const cJSON *object, const char *name)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
  CHECK(cJSON_IsNumber(item));
  return item->valuedouble;
}

static bool is_null(const cJSON *object, const char *name)
{
  return cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void check_json(const qv_comm *comm, const qv_result *r)
{
  qv_outcome outcome = {.success = true, .wall_seconds = 1.5, .ranks = 4, .threads = 2, .routine = "vqe"};
  CHECK(qv_result_write_json(r, comm, "r.json", NULL, &outcome) == QV_OK);
  if (qv_comm_rank(comm) != 0) {
    return;
  }
  const char *text = read_text("r.json");
  CHECK(strstr(text, "9007199254740993") != NULL); /* not rounded to a double */
  cJSON *root = cJSON_Parse(text);
  CHECK(strcmp(string_of(root, "schema_name"), "qonverge_summary") == 0 && number_of(root, "schema_version") == 1);
  CHECK(is_null(root, "title") && strcmp(string_of(root, "task"), "vqe") == 0);
  CHECK(strcmp(string_of(root, "driver"), "energy") == 0);
  CHECK(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "success")));
  CHECK(number_of(root, "return_result") == -75.0123456789 && is_null(root, "return_error"));
  CHECK(strcmp(string_of(root, "return_unit"), "Hartree") == 0 && is_null(root, "error"));
  const cJSON *baseline = cJSON_GetObjectItemCaseSensitive(root, "baseline");
  CHECK(number_of(baseline, "fci_energy") == -75.0123500011 && number_of(baseline, "price_error") == 0.000123);
  CHECK(strcmp(string_of(cJSON_GetObjectItemCaseSensitive(root, "values"), "converged_reason"),
               "the gradient fell below its tolerance") == 0);
  CHECK(strcmp(string_of(cJSON_GetObjectItemCaseSensitive(root, "units"), "price"), "EUR") == 0);
  const cJSON *provenance = cJSON_GetObjectItemCaseSensitive(root, "provenance");
  CHECK(strcmp(string_of(provenance, "creator"), "Qonverge") == 0);
  CHECK(strcmp(string_of(provenance, "version"), qv_version()) == 0);
  CHECK(strcmp(string_of(provenance, "routine"), "vqe") == 0);
  CHECK(strcmp(string_of(provenance, "git"), qv_version_commit()) == 0);
  CHECK(strcmp(string_of(provenance, "command_line"), "qonverge run 'my deck.yaml' --set 'a=[1, 2]'") == 0);
  CHECK(number_of(provenance, "ranks") == 4 && number_of(provenance, "threads") == 2);
  CHECK(is_null(provenance, "deck") && is_null(provenance, "deck_hash"));
  const cJSON *libraries = cJSON_GetObjectItemCaseSensitive(provenance, "libraries");
  CHECK(strcmp(string_of(libraries, "petsc"), "3.18.5") == 0 && strlen(string_of(libraries, "hdf5")) > 4);
  CHECK(strlen(string_of(libraries, "mpi")) > 4 && strlen(string_of(libraries, "gsl")) > 2);
  cJSON_Delete(root);
}

/* After a failure there may be no result at all. */
static void check_failure(const qv_comm *comm)
{
  const qv_outcome outcome = {.error_type = "QV_ERR_NUMERIC", .error_message = "an amplitude is NaN", .routine = "vqe"};
  CHECK(qv_result_write_json(NULL, comm, "f.json", NULL, &outcome) == QV_OK);
  CHECK_FAILS(qv_result_write_json(NULL, comm, "no/such/f.json", NULL, &outcome), QV_ERR_IO,
              "cannot be created: No such");
  CHECK(qv_fault_setup("posix.rename:1:0", qv_comm_rank(comm), qv_comm_size(comm)) == QV_OK);
  CHECK_FAILS(qv_result_write_json(NULL, comm, "f.json", NULL, &outcome), QV_ERR_IO, "cannot be renamed to f.json");
  CHECK(qv_fault_setup(NULL, 0, 1) == QV_OK);
  CHECK(check_leftovers(".", ".tmp.") == 0);
  if (qv_comm_rank(comm) == 0) {
    cJSON *root = cJSON_Parse(read_text("f.json"));
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(root, "error");
    CHECK(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "success")) && is_null(root, "return_result"));
    CHECK(strcmp(string_of(error, "error_type"), "QV_ERR_NUMERIC") == 0);
    CHECK(strcmp(string_of(error, "error_message"), "an amplitude is NaN") == 0);
    cJSON_Delete(root);
  }
}

/* The deck's title, name and hash go into the summary, its text and echo into the file. */
static void check_deck(const qv_comm *comm, const qv_result *r)
{
  static const qv_key common[] = {
      {"qonverge", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,inf)", false, "0.1", "Format of the deck"},
      {"title", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1", "What this run is about"},
      {"task", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "What is computed"},
      {0}};
  static const qv_key *const sections[] = {NULL};
  static const qv_schema_task tasks[] = {{"nothing", "A task without keys", sections}};
  static const qv_schema schema = {.common = common, .tasks = tasks, .ntasks = 1};
  static const char text[] = "qonverge: 1\ntitle: Water\ntask: nothing\n";
  const qv_outcome outcome = {.success = true, .ranks = 1, .threads = 1, .routine = "nothing"};
  qv_deck *deck = NULL;
  qv_archive *a = NULL;
  char *stored = NULL, hash[32];
  CHECK(qv_deck_parse("water.yaml", ".", text, strlen(text), NULL, 0, &schema, &deck) == QV_OK);
  snprintf(hash, sizeof hash, "%016llx", (unsigned long long)qv_deck_hash(deck));
  CHECK(qv_archive_create(comm, "w.h5", "result", false, &a) == QV_OK);
  CHECK(qv_provenance_write(a, comm, deck) == QV_OK && qv_archive_commit(&a) == QV_OK);
  CHECK(qv_archive_open(comm, "w.h5", "result", &a) == QV_OK);
  CHECK(qv_archive_get_text(a, "meta/deck", &stored) == QV_OK && strcmp(stored, qv_deck_text(deck)) == 0);
  qv_free(&stored);
  CHECK(qv_archive_get_text(a, "meta/echo", &stored) == QV_OK && strcmp(stored, qv_deck_echo(deck)) == 0);
  qv_free(&stored);
  CHECK(qv_archive_get_attribute(a, "meta", "deck_hash", &stored) == QV_OK && strcmp(stored, hash) == 0);
  qv_free(&stored);
  qv_archive_close(&a);
  CHECK(qv_result_write_json(r, comm, "w.json", deck, &outcome) == QV_OK);
  if (qv_comm_rank(comm) == 0) {
    cJSON *root = cJSON_Parse(read_text("w.json"));
    const cJSON *provenance = cJSON_GetObjectItemCaseSensitive(root, "provenance");
    CHECK(strcmp(string_of(root, "title"), "Water") == 0);
    CHECK(strcmp(string_of(provenance, "deck"), "water.yaml") == 0);
    CHECK(strcmp(string_of(provenance, "deck_hash"), hash) == 0);
    cJSON_Delete(root);
  }
  qv_deck_destroy(&deck);
}

static const char *provenance_of(const qv_comm *comm, const char *name)
{
  for (int i = 0; i < qv_provenance_count(); i++) {
    if (strcmp(qv_provenance_name(i), name) == 0) {
      return qv_provenance_value(i, comm, NULL);
    }
  }
  return "?";
}

static void check_provenance(const qv_comm *comm)
{
  char *const argv[] = {"qonverge", "run", "my deck.yaml", "--set", "a=[1, 2]"};
  char dependencies[1024], ranks[16];
  qv_provenance_command_line(5, argv);
  qv_provenance_library("petsc", "3.18.0");
  qv_provenance_library("petsc", "3.18.5");
  qv_version_dependencies(dependencies, sizeof dependencies);
  CHECK(strstr(dependencies, "hdf5@1.") && strstr(dependencies, ";libyaml@0.") &&
        strstr(dependencies, ";petsc@3.18.5"));
  snprintf(ranks, sizeof ranks, "%d", qv_comm_size(comm));
  CHECK(strcmp(provenance_of(comm, "ranks"), ranks) == 0);
  CHECK(strlen(provenance_of(comm, "git")) >= 7 && strlen(provenance_of(comm, "compiler")) > 4);
  CHECK(strlen(provenance_of(comm, "utc")) == 20 && strlen(provenance_of(comm, "host")) > 0);
  if (qv_comm_rank(comm) == 0) {
    remove("log.txt");
    CHECK(qv_log_open("log.txt") == QV_OK);
    qv_provenance_print(comm, NULL);
    qv_log_close();
    CHECK(strstr(read_text("log.txt"), "  petsc        = 3.18.5\n") != NULL);
  }
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc == 2);
  check_enter(comm, argv[1], "result");
  qv_log_setup(qv_comm_rank(comm) == 0, QV_LOG_INFO);
  qv_result *r = make_result();
  check_block(comm, r);
  check_refusals(r);
  check_provenance(comm);
  check_file(comm, r);
  check_json(comm, r);
  check_deck(comm, r);
  check_failure(comm);
  qv_result_destroy(&r);
  CHECK(r == NULL);
  qv_result_destroy(&r);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
