/* Help pages. Options and tasks come from their tables, so that a page cannot forget one. */
#define _GNU_SOURCE
#include "base/qv_memory.h"
#include "driver/qv_cli.h"

#include <stdio.h>
#include <string.h>

#define PAGE_BYTES  6000
#define TEXT_COLUMN 24
#define WIDTH       80

typedef struct {
  char *text;
  size_t length;
} help_page;

static void put(help_page *page, const char *text)
{
  const size_t bytes = strnlen(text, PAGE_BYTES - 1 - page->length);
  memcpy(page->text + page->length, text, bytes);
  page->length += bytes;
  page->text[page->length] = '\0';
}

static const char *const program_head =
    "Qonverge: distributed statevector and Monte Carlo solver for hybrid computing\n"
    "\n"
    "  qonverge new TASK       write a commented deck that runs\n"
    "  qonverge run DECK       run it; the same command continues a stopped run\n"
    "  qonverge check DECK     check the deck and all files that it names\n"
    "  qonverge plan DECK      memory, checkpoint size, ranks, cost, without running\n"
    "  qonverge watch [DIR]    what the runs of a folder are doing\n"
    "  qonverge info FILE.h5   what a result or checkpoint holds, and if it is whole\n"
    "  qonverge explain KEY    what a key, a section or a task of a deck means\n"
    "  qonverge schema         all keys, as JSON Schema (--markdown: as a page)\n"
    "  qonverge machine        measure this machine, as a model for plan --machine\n"
    "  qonverge help COMMAND   the options of a command\n"
    "  qonverge --version      version, commit, compiler and libraries\n"
    "\n";

static const char *const program_tail =
    "\n"
    "On a cluster: srun qonverge run deck.yaml -o results, or mpirun -n 4 ...\n"
    "A page with figures: qonverge-report results/NAME.h5. The manual: man qonverge\n"
    "\n"
    "Exit codes: 0 done, 64 command line, 65 deck, 66 input missing or damaged,\n"
    "69 library, 70 defect, 71 memory, 74 reading or writing, 75 stopped with a good\n"
    "checkpoint, 78 launch does not fit (ranks, time), 79 numerical failure\n";

static const struct {
  const char *head, *tail;
} command_pages[QV_CLI_HELP] = {
    [QV_CLI_RUN] =
        {"qonverge run DECK [options]: runs the deck.\n\n",
         "\nOutputs, named by the deck's key `output`: DIR/NAME.h5 (results), DIR/NAME.json (summary),\n"
         "DIR/NAME.ckpt.h5 (checkpoint, and the one before it). The same command continues a run that was\n"
         "stopped, on any legal number of ranks; only deck keys that are marked changeable may differ. When a\n"
         "run is complete its checkpoint is removed; the same command then says so and does nothing, and a\n"
         "changed deck starts afresh, the earlier results kept beside the new ones.\n"
         "\n"
         "A run stops at the next step, with a checkpoint, for: the signals USR1, USR2, XCPU; a file named\n"
         "`stop` in DIR; --maxtime, the deck's run.max_time and the end of the batch job, in time for the\n"
         "longest step and the checkpoint. TERM and INT stop at the next step; a second one stops at once.\n"},
    [QV_CLI_CHECK] =
        {"qonverge check DECK [options]: checks the deck and all files that it names, prints what the run\n"
         "would need, and allocates nothing.\n\n",
         ""},
    [QV_CLI_PLAN] =
        {"qonverge plan DECK [options]: what a run would need, without running: memory per rank, checkpoint\n"
         "size, legal numbers of ranks, and what the task knows about its cost. Needs no launcher.\n\n",
         "\nTimes are those of a machine model: config/machines/ holds some, `qonverge machine` writes one.\n"},
    [QV_CLI_INFO] =
        {"qonverge info FILE.h5 [options]: what a result or checkpoint file holds; verifies every digest.\n\n", ""},
    [QV_CLI_SCHEMA] =
        {"qonverge schema [options]: all keys of a deck with type, unit, range, default and meaning, as JSON\n"
         "Schema for editors.\n\n",
         ""},
    [QV_CLI_MACHINE] =
        {"qonverge machine [options]: measures this machine for some seconds and prints a model of it. Launch it as\n"
         "the runs to be planned, with as many ranks a node and threads a rank, and on two nodes or more for the\n"
         "network: srun -N 2 --ntasks-per-node=2 qonverge machine > machine.yaml\n\n",
         ""},
    [QV_CLI_EXPLAIN] =
        {"qonverge explain KEY [options]: what a key of a deck means: optimizer.method, or just method; a section\n"
         "(optimizer) or a task (vqe) lists its keys with their defaults.\n\n",
         ""},
    [QV_CLI_NEW] =
        {"qonverge new TASK [options]: writes DIR/TASK.yaml, a small commented deck that runs, and the files that\n"
         "it names; all further keys of the task stand at its end. Nothing is overwritten.\n\n",
         ""},
    [QV_CLI_WATCH] =
        {"qonverge watch [DIR] [options]: what the runs of a folder (default: the current one) are doing: running\n"
         "with rate and time left, waiting in the queue of Slurm, done, stopped, failed, killed. On a terminal it\n"
         "goes on until nothing runs or waits. The runs are not touched.\n\n",
         ""},
};

static void put_option(help_page *page, const qv_cli_option *option)
{
  char left[64];
  char line[256];
  if (option->key < 256) {
    snprintf(left, sizeof left, "-%c, --%s%s%s", option->key, option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
  } else {
    snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument ? " " : "",
             option->argument ? option->argument : "");
  }
  snprintf(line, sizeof line, "  %-*s%s\n", TEXT_COLUMN, left, option->help);
  put(page, line);
}

/* The names of all tasks, in lines as wide as a screen. */
static void put_tasks(help_page *page, const qv_task_class *const *table)
{
  size_t column = strlen("Tasks:");
  put(page, "Tasks:");
  for (int i = 0; table[i]; i++) {
    const size_t length = strlen(table[i]->name) + 2; /* a space before and a comma behind */
    if (column + length > WIDTH) {
      put(page, "\n      ");
      column = strlen("Tasks:");
    }
    put(page, " ");
    put(page, table[i]->name);
    put(page, table[i + 1] ? "," : "\n");
    column += length;
  }
}

qv_code qv_cli_help(qv_cli_command topic, const qv_task_class *const *table, char **out)
{
  help_page page = {NULL, 0};
  QV_TRY(qv_alloc(QV_MEM_IO, PAGE_BYTES, 1, &page.text));
  *out = page.text;
  if (topic >= QV_CLI_HELP) {
    put(&page, program_head);
    put_tasks(&page, table);
    put(&page, program_tail);
  } else {
    put(&page, command_pages[topic].head);
    for (int i = 0; qv_cli_option_at(i); i++) {
      if (qv_cli_option_at(i)->commands & (1U << topic)) {
        put_option(&page, qv_cli_option_at(i));
      }
    }
    put(&page, command_pages[topic].tail);
    if (topic == QV_CLI_NEW) {
      put(&page, "\n");
      put_tasks(&page, table);
    }
  }
  page.text[page.length - 1] = '\0'; /* the log adds the last newline */
  return QV_OK;
}
