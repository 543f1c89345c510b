#include "driver/qv_inspect.h"

#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_demand.h"
#include "io/qv_provenance.h"
#include "task/qv_machine.h"

#include <inttypes.h>
#include <stdio.h>

#define MACHINE_QUBITS 24

typedef struct {
  qv_deck *deck;
  const qv_task_class *task;
  qv_plan plan;
  qv_result *numbers;
} planned;

static void planned_clear(planned *p)
{
  qv_deck_destroy(&p->deck);
  qv_result_destroy(&p->numbers);
}

static qv_code plan_deck(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                         const qv_comm *comm, planned *p)
{
  const int64_t ranks = cli->ranks > 0 ? cli->ranks : qv_comm_size(comm);
  QV_TRY(qv_deck_read(comm, cli->file, cli->sets, cli->nsets, schema, &p->deck));
  p->task = table[qv_deck_task(p->deck)];
  QV_TRY(qv_agree(comm, qv_result_create(&p->numbers)));
  return qv_agree(comm, qv_demand_plan(p->task, p->deck, ranks, cli->qubits, cli->machine, &p->plan, p->numbers));
}

qv_code qv_inspect_check(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                         const qv_comm *comm)
{
  planned p = {0};
  const qv_code code = plan_deck(cli, table, schema, comm, &p);
  if (code == QV_OK) {
    char memory[32];
    char checkpoint[32];
    qv_demand_bytes(p.plan.bytes_per_rank, memory);
    qv_demand_bytes(p.plan.checkpoint_bytes, checkpoint);
    if (cli->echo) {
      qv_log(QV_LOG_RESULT, "%s", qv_deck_echo(p.deck));
    }
    qv_log(QV_LOG_RESULT, "%s is valid: task = %s  ranks = %" PRId64 "  memory a rank = %s  checkpoint = %s", cli->file,
           p.task->name, p.plan.ranks, memory, checkpoint);
  }
  planned_clear(&p);
  return code;
}

/* "1, 2, 4, 8, ..." and whether the planned number is one of them. */
static void print_ranks(const qv_plan *plan)
{
  const bool legal = !plan->power_of_two || (plan->ranks & (plan->ranks - 1)) == 0;
  qv_log(QV_LOG_RESULT, "legal ranks = %s%s", plan->power_of_two ? "powers of two" : "any number",
         legal ? "" : "  (the planned number is not one of them)");
}

static void print_plan(const planned *p)
{
  char each[32];
  char all[32];
  char checkpoint[32];
  qv_demand_bytes(p->plan.bytes_per_rank, each);
  qv_demand_bytes(p->plan.bytes_per_rank * (double)p->plan.ranks, all);
  qv_demand_bytes(p->plan.checkpoint_bytes, checkpoint);
  qv_log(QV_LOG_RESULT, "task = %s", p->task->name);
  qv_log(QV_LOG_RESULT, "ranks = %" PRId64, p->plan.ranks);
  print_ranks(&p->plan);
  qv_log(QV_LOG_RESULT, "memory a rank = %s", each);
  qv_log(QV_LOG_RESULT, "memory of all ranks = %s", all);
  qv_log(QV_LOG_RESULT, "checkpoint = %s", checkpoint);
  qv_result_print(p->numbers);
}

qv_code qv_inspect_plan(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                        const qv_comm *comm)
{
  planned p = {0};
  const qv_code code = plan_deck(cli, table, schema, comm, &p);
  if (code == QV_OK) {
    print_plan(&p);
  }
  planned_clear(&p);
  return code;
}

qv_code qv_inspect_machine(const qv_cli *cli, const qv_comm *comm)
{
  const int nlocal = cli->qubits ? cli->qubits : MACHINE_QUBITS;
  qv_machine machine;
  char *text = NULL;
  if (nlocal < 16 || nlocal > 30) {
    return qv_fail(QV_ERR_USAGE, "--qubits: %d amplitude bits a rank are not 16 to 30", nlocal);
  }
  QV_TRY(qv_machine_measure(comm, nlocal, &machine));
  const qv_code code = qv_agree(comm, qv_machine_write(&machine, &text));
  if (code == QV_OK) {
    qv_log(QV_LOG_RESULT, "%s", text);
  }
  qv_free(&text);
  return code;
}

qv_code qv_inspect_schema(const qv_schema *schema, bool markdown)
{
  char *text = NULL;
  const qv_code code = markdown ? qv_schema_markdown(schema, &text) : qv_schema_json(schema, &text);
  if (code == QV_OK) {
    qv_log(QV_LOG_RESULT, "%s", text);
  }
  qv_free(&text);
  return code;
}

qv_code qv_inspect_key(const qv_schema *schema, const char *word)
{
  char *text = NULL;
  const qv_code code = qv_schema_explain(schema, word, &text);
  if (code == QV_OK) {
    qv_log(QV_LOG_RESULT, "%s", text);
  }
  qv_free(&text);
  return code;
}
