/* Where a result comes from: program, libraries, machine, launch. One source for the log's header, `--version`, the
 * attributes of HDF5 files and the JSON summary. */
#ifndef QV_PROVENANCE_H
#define QV_PROVENANCE_H

#include "io/qv_archive.h"
#include "io/qv_deck.h"

/* Version of the program ("0.1.0") and the git commit it was built from, with "-dirty" if the tree had changes. */
const char *qv_version(void);
const char *qv_version_commit(void);

/* The libraries that are linked: those that io/ and the rooms below it use, then those told to qv_provenance_library.
 * Local. */
int qv_version_libraries(void);
const char *qv_version_library_name(int i);
const char *qv_version_library(int i);

/* "hdf5@1.10.8;libyaml@0.2.5": the form of openPMD's softwareDependencies. Local. */
void qv_version_dependencies(char *text, size_t room);

/* Remembers the command line for provenance; call once from main. Local. */
void qv_provenance_command_line(int argc, char *const *argv);

/* Number of items, and the i-th as name and value ("hdf5", "1.10.8"): creator, version, git, compiler, flags, mpi,
 * hdf5, petsc (see qv_provenance_library), ..., host, ranks, threads, job_id, utc, command_line, deck, deck_hash.
 * `deck` may be NULL. Local. */
int qv_provenance_count(void);
const char *qv_provenance_name(int i);
const char *qv_provenance_value(int i, const qv_comm *comm, const qv_deck *deck);

/* Rooms above io/ that wrap a library tell its name and version here before the first file is written. Static
 * strings. At most 16. Local. */
void qv_provenance_library(const char *name, const char *version);

/* Writes /meta: one attribute per item, the deck's text and echo as datasets. Collective. */
qv_code qv_provenance_write(qv_archive *archive, const qv_comm *comm, const qv_deck *deck);

/* Prints the header block through qv_log (level INFO). */
void qv_provenance_print(const qv_comm *comm, const qv_deck *deck);

#endif
