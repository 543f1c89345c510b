/* What the run file needs from HDF5: files with our settings, the types of qv_type, text attributes, and HDF5's error
 * stack turned into our error record. HDF5's own printing of errors is off. Local unless said otherwise. Identifiers
 * are HDF5's; the caller closes them. Fault sites: hdf5.*. */
#ifndef QV_HDF5_H
#define QV_HDF5_H

#include "base/qv_fault.h"
#include "io/qv_archive.h"

#include <hdf5.h>

/* Bytes in front of HDF5's own, where the run file keeps its seal. */
#define QV_HDF5_USER_BLOCK 4096

/* Records "PATH: WHAT failed: REASON" with the innermost reason on HDF5's error stack; returns QV_ERR_IO. */
qv_code qv_hdf5_fail(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether a call that returned `status` failed, by itself or on purpose. */
static inline bool qv_hdf5_failed(int64_t status, qv_fault_site site)
{
  return status < 0 || qv_fault(site);
}

/* Creates an empty file of this process alone; opens one, to read or to write. Negative on failure. */
hid_t qv_hdf5_create(const char *path);
hid_t qv_hdf5_open(const char *path, bool write);

/* Opens an existing file for writing by all ranks (MPI-IO). Collective. Negative on failure. */
hid_t qv_hdf5_open_parallel(const char *path, const qv_comm *comm);

/* Closes a file and all that is open in it; *file becomes H5I_INVALID_HID. Collective for a parallel file. */
qv_code qv_hdf5_close(const char *path, hid_t *file);

/* Closes a data type, data space, property list, attribute, group or dataset. Negative identifiers are fine. */
void qv_hdf5_release(hid_t id);

/* The HDF5 type of a qv_type (little-endian in the file, the same in memory), and back: false for any other type. */
hid_t qv_hdf5_type(qv_type type);
bool qv_hdf5_type_is(hid_t file_type, qv_type *type);

/* "f64" and so on: how the index of the run file calls the types. */
const char *qv_hdf5_type_name(qv_type type);
bool qv_hdf5_type_find(const char *name, qv_type *type);

/* Whether the file holds an object of that path; every part of the path is looked at. */
bool qv_hdf5_exists(hid_t file, const char *name);

/* Makes the groups that a name goes through, as far as they are missing; they carry no times, so that files of the same
 * content are the same bytes. A name that ends with '/' is a group itself. */
qv_code qv_hdf5_make_groups(const char *path, hid_t file, const char *name);

/* A UTF-8 text attribute of an open object (what h5py reads as str); an integer one. */
qv_code qv_hdf5_put_text(const char *path, hid_t object, const char *name, const char *text);
qv_code qv_hdf5_put_integer(const char *path, hid_t object, const char *name, int64_t value);

/* Reads a text attribute; *text is freed with qv_free, and NULL if there is no such attribute. */
qv_code qv_hdf5_get_text(const char *path, hid_t object, const char *name, char **text);

#endif
