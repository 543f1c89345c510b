/* The command `new`: writes a commented deck that runs, and the files that it names. */
#ifndef QV_NEW_H
#define QV_NEW_H

#include "io/qv_schema.h"
#include "parallel/qv_comm.h"

/* One file of config/new/, put into the program when it is built; the table ends with name NULL. A deck is called
 * TASK.yaml; other files belong to the decks that name them. */
typedef struct {
  const char *name, *text;
} qv_example_file;
extern const qv_example_file qv_example_files[];

/* Writes FOLDER/TASK.yaml, with all further keys of the task in comments at its end, and the files it names. Nothing is
 * overwritten. Fails with QV_ERR_USAGE (no such task, or a file is there already), QV_ERR_IO. Collective; rank 0
 * writes. */
qv_code qv_new_deck(const qv_schema *schema, const char *task, const char *folder, const qv_comm *comm);

#endif
