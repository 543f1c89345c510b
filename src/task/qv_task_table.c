/* The tasks of the program. A new one is a line here. */
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

extern const qv_task_class qv_task_amplitude_estimation;
extern const qv_task_class qv_task_anneal;
extern const qv_task_class qv_task_circuit;
extern const qv_task_class qv_task_credit_estimation;
extern const qv_task_class qv_task_enumerate;
extern const qv_task_class qv_task_ground_state;
extern const qv_task_class qv_task_ising_evolve;
extern const qv_task_class qv_task_price;
extern const qv_task_class qv_task_qaoa;
extern const qv_task_class qv_task_risk;
extern const qv_task_class qv_task_vqe;

static const qv_task_class *const tasks[] = {
    &qv_task_amplitude_estimation,
    &qv_task_anneal,
    &qv_task_circuit,
    &qv_task_credit_estimation,
    &qv_task_enumerate,
    &qv_task_ground_state,
    &qv_task_ising_evolve,
    &qv_task_price,
    &qv_task_qaoa,
    &qv_task_risk,
    &qv_task_vqe,
    NULL,
};
_Static_assert(sizeof tasks / sizeof *tasks <= QV_TASK_MAX + 1, "QV_TASK_MAX is too small");

const qv_task_class *const *qv_task_table(void)
{
  return tasks;
}

const qv_schema *qv_task_schema(void)
{
  static qv_schema_task rows[QV_TASK_MAX];
  static qv_schema schema;
  schema = qv_task_schema_of(tasks, rows);
  return &schema;
}

qv_schema qv_task_schema_of(const qv_task_class *const *table, qv_schema_task rows[QV_TASK_MAX])
{
  int count = 0;
  for (; table[count] && count < QV_TASK_MAX; count++) {
    rows[count] = (qv_schema_task){table[count]->name, table[count]->help, table[count]->sections};
  }
  return (qv_schema){qv_keys_common, rows, count};
}
