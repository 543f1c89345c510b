/* The commands that run no deck: check, plan, info, schema, explain, machine, --version. All print on rank 0. */
#ifndef QV_INSPECT_H
#define QV_INSPECT_H

#include "driver/qv_cli.h"
#include "task/qv_task.h"

/* Reads the deck and everything it names, and asks the task for its plan; prints the plan in one line. Fails as reading
 * and planning do. Collective. */
qv_code qv_inspect_check(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                         const qv_comm *comm);

/* Prints the plan for cli->ranks ranks (0: as many as are running) and cli->qubits qubits (0: as the deck says). An
 * illegal number of ranks is said, not refused. Collective. */
qv_code qv_inspect_plan(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                        const qv_comm *comm);

/* Opens a result or checkpoint file, verifies it and prints what it holds. Fails with QV_ERR_INPUT and what is wrong,
 * after printing which datasets of a cut or damaged file still stand.
 * Collective; rank 0 reads. */
qv_code qv_inspect_file(const char *path, const qv_comm *comm);

/* Prints the schema as JSON Schema or Markdown. Logically collective. */
qv_code qv_inspect_schema(const qv_schema *schema, bool markdown);

/* Measures this machine with cli->qubits (0: 24) memory bits a rank and prints its model (task/qv_machine.h).
 * Collective. */
qv_code qv_inspect_machine(const qv_cli *cli, const qv_comm *comm);

/* Prints what the schema says of a key, section or task. Fails with QV_ERR_USAGE for any other word. Logically
 * collective. */
qv_code qv_inspect_key(const qv_schema *schema, const char *word);

/* Prints version, commit, compiler and libraries. Logically collective. */
qv_code qv_inspect_version(void);

#endif
