#include "driver/qv_driver.h"

#include "base/qv_clock.h"
#include "base/qv_fault.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_cli.h"
#include "driver/qv_inspect.h"
#include "driver/qv_new.h"
#include "driver/qv_run.h"
#include "driver/qv_watch.h"
#include "io/qv_provenance.h"
#include "optimize/qv_optimizer.h"

#include <inttypes.h>
#include <string.h>

static qv_code print_help(const qv_cli *cli, const qv_task_class *const *table)
{
  char *page = NULL;
  const qv_code code = qv_cli_help(cli->topic, table, &page);
  if (code == QV_OK) {
    qv_log(QV_LOG_RESULT, "%s", page);
  }
  qv_free(&page);
  return code;
}

/* Only a run needs PETSc: the other commands start faster without it. */
static qv_code run(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema, double started)
{
  const qv_comm *comm = qv_comm_world();
  qv_code code = qv_optimize_begin(comm);
  if (code == QV_OK) {
    code = qv_run_command(cli, table, schema, comm, started);
  }
  qv_optimize_end();
  return code;
}

static qv_code dispatch(const qv_cli *cli, const qv_task_class *const *table, double started)
{
  const qv_comm *comm = qv_comm_world();
  qv_schema_task rows[QV_TASK_MAX];
  const qv_schema schema = qv_task_schema_of(table, rows);
  switch (cli->command) {
  case QV_CLI_RUN:
    return run(cli, table, &schema, started);
  case QV_CLI_CHECK:
    return qv_inspect_check(cli, table, &schema, comm);
  case QV_CLI_PLAN:
    return qv_inspect_plan(cli, table, &schema, comm);
  case QV_CLI_INFO:
    return qv_inspect_file(cli->file, comm);
  case QV_CLI_SCHEMA:
    return qv_inspect_schema(&schema, cli->markdown);
  case QV_CLI_MACHINE:
    return qv_inspect_machine(cli, comm);
  case QV_CLI_EXPLAIN:
    return qv_inspect_key(&schema, cli->file);
  case QV_CLI_NEW:
    return qv_new_deck(&schema, cli->file, cli->folder, comm);
  case QV_CLI_WATCH:
    return qv_watch_folder(cli->folder, comm);
  case QV_CLI_VERSION:
    return qv_inspect_version();
  default:
    return print_help(cli, table);
  }
}

/* The message of a failure, once. Messages of the deck's reader say themselves what they are. */
static void print_failure(void)
{
  const char *text = qv_error_text();
  const char *mark = strstr(text, ": error: ");
  const char *end = strchr(text, '\n');
  qv_log(mark && (!end || mark < end) ? QV_LOG_DIAGNOSIS : QV_LOG_ERROR, "%s", text);
}

/* By now everything that was allocated on any rank must be free. */
static void check_leaks(void)
{
  int64_t left = qv_memory_balance();
  qv_comm_max_i64(qv_comm_world(), &left, 1);
  if (left != 0) {
    qv_log(QV_LOG_WARN, "%" PRId64 " bytes were not freed: please report this", left);
  }
}

/* Who makes every call of a site fail, one after the other, must know how many there are. */
static void tell_fault_count(void)
{
  int64_t calls = 0;
  const char *site = qv_fault_counted(&calls);
  if (site) {
    qv_comm_max_i64(qv_comm_world(), &calls, 1);
    qv_log(QV_LOG_RESULT, "fault site %s: %" PRId64 " calls", site, calls);
  }
}

int qv_driver_main(int argc, char **argv, const qv_task_class *const *table)
{
  const double started = qv_clock_process_start();
  qv_cli cli;
  qv_code code = qv_cli_parse(argc, argv, &cli);
  if (code == QV_OK && cli.command == QV_CLI_RUN) {
    qv_stop_listen();
  }
  qv_provenance_command_line(argc, argv);
  const qv_code parallel = qv_parallel_begin(&argc, &argv);
  code = code == QV_OK ? parallel : code;
  qv_provenance_library("petsc", qv_optimize_petsc_version());
  qv_provenance_library("slepc", qv_optimize_slepc_version());
  qv_log_setup(qv_comm_rank(qv_comm_world()) == 0, cli.quiet ? QV_LOG_RESULT : QV_LOG_INFO);
  if (code == QV_OK) {
    code = dispatch(&cli, table, started);
  }
  if (code != QV_OK && code != QV_STOPPED) {
    print_failure();
  }
  qv_cli_free(&cli);
  check_leaks();
  tell_fault_count();
  qv_log_close();
  qv_parallel_end(qv_code_exit(code));
  return qv_code_exit(code);
}
