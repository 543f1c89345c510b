/* A task: an algorithm that advances in steps and can be saved between any two of them.
 *
 * The driver owns the loop, the clock, the log, the checkpoints and the decision to stop; a task owns its physics. A
 * new algorithm is one file here that defines a qv_task_class, one line in qv_task_table.c, one deck in config/, one
 * test. Every function is collective unless said otherwise, and all ranks leave it with the same code. */
#ifndef QV_TASK_H
#define QV_TASK_H

#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "parallel/qv_comm.h"

/* What a step tells the driver. `fields` is for people and for grep: `key = value unit`, two spaces between fields. */
typedef struct {
  bool done;
  int64_t step;  /* steps made so far, over all restarts */
  int64_t total; /* steps in all, or at the most; 0: not known */
  double part;   /* of the work, at the most 1, where steps are not alike or their number is not known; 0: not known
                    either (no ETA is shown) */
  char fields[200];
} qv_progress;

/* What is planned without allocating: the request, and the demand that the driver checks before create. Further
 * numbers (sweeps, exchanges, bytes sent, seconds) go into the qv_result as values. */
typedef struct {
  int64_t ranks;       /* asked for, >= 1 */
  int qubits;          /* 0: as the deck says; otherwise overrides it where the task's problem scales */
  const char *machine; /* file of the model by which times are estimated (task/qv_machine.h); NULL: the default */
  bool demand_only;    /* only memory and checkpoint are wanted, at `qubits` even where the problem has a fixed size */
  double bytes_per_rank;   /* out: memory that a run will hold at its peak, per rank */
  double checkpoint_bytes; /* out: size of one checkpoint, all ranks */
  bool power_of_two;       /* out: whether the number of ranks must be a power of two */
} qv_plan;

typedef struct {
  const char *name;              /* the deck's `task` */
  const char *help;              /* one line */
  const qv_key *const *sections; /* the blocks of keys it knows (io/qv_schema.h) */

  /* Fills the plan from the deck without allocating the state. Local: runs on a login node. Deck errors that need
   * looking at side files are found here (QV_ERR_DECK or QV_ERR_INPUT, by qv_deck_fail). */
  qv_code (*plan)(const qv_deck *deck, qv_plan *plan, qv_result *numbers);

  /* Sets the task up. `comm` and `deck` outlive it. */
  qv_code (*create)(const qv_comm *comm, const qv_deck *deck, void **self);

  /* Makes one step: short against a checkpoint interval, and deterministic given the state of the task. */
  qv_code (*step)(void *self, qv_progress *progress);

  /* Puts everything that matters into datasets, and takes it back into a task that create has set up. After load, the
   * steps that follow are those that would have followed save. */
  qv_code (*save)(const void *self, qv_archive *archive);
  qv_code (*load)(void *self, qv_archive *archive);

  /* After the last step: baselines, resources, arrays into the result file, numbers into the result. Also called after
   * an early stop with `done` false, where it adds what is known without further work. */
  qv_code (*finish)(void *self, bool done, qv_archive *archive, qv_result *result);

  void (*destroy)(void **self);
} qv_task_class;

/* A table of tasks is an array that ends with NULL, with at most QV_TASK_MAX of them. */
#define QV_TASK_MAX 64

/* The tasks of the program, and the schema made from their rows: its i-th task is the i-th of the table. Local. */
const qv_task_class *const *qv_task_table(void);
const qv_schema *qv_task_schema(void);

/* The schema of any table; `rows` must outlive it. Local. */
qv_schema qv_task_schema_of(const qv_task_class *const *table, qv_schema_task rows[QV_TASK_MAX]);

#endif
