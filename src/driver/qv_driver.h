/* The program behind the command line, for any table of tasks: main() gives it the product's, a test its own. */
#ifndef QV_DRIVER_H
#define QV_DRIVER_H

#include "task/qv_task.h"

/* Starts MPI, does what the arguments say, prints what there is to print once (rank 0) and ends MPI. Returns the exit
 * code of the process, the same on every rank. */
int qv_driver_main(int argc, char **argv, const qv_task_class *const *table);

#endif
