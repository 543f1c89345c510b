#include "io/qv_hdf5.h"

#include "base/qv_memory.h"
#include "parallel/qv_comm_mpi.h"

#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "run files are read and digested as they lie in memory");

#define ALIGN_FROM  65536 /* data of this size and more start on a page */
#define ALIGN_BYTES 4096

static const struct {
  const char *name;
  size_t bytes;
} types[] = {
    [QV_TYPE_I32] = {"i32", 4}, [QV_TYPE_I64] = {"i64", 8}, [QV_TYPE_U64] = {"u64", 8},   [QV_TYPE_F32] = {"f32", 4},
    [QV_TYPE_F64] = {"f64", 8}, [QV_TYPE_C64] = {"c64", 8}, [QV_TYPE_C128] = {"c128", 16}};
#define TYPES ((int)(sizeof types / sizeof types[0]))

size_t qv_type_bytes(qv_type type)
{
  return types[type].bytes;
}

const char *qv_hdf5_type_name(qv_type type)
{
  return types[type].name;
}

bool qv_hdf5_type_find(const char *name, qv_type *type)
{
  for (int i = 0; i < TYPES; i++) {
    if (strcmp(types[i].name, name) == 0) {
      *type = (qv_type)i;
      return true;
    }
  }
  return false;
}

static hid_t complex_type(hid_t part)
{
  const size_t bytes = H5Tget_size(part);
  const hid_t type = H5Tcreate(H5T_COMPOUND, 2 * bytes);
  H5Tinsert(type, "r", 0, part);
  H5Tinsert(type, "i", bytes, part);
  return type;
}

hid_t qv_hdf5_type(qv_type type)
{
  switch (type) {
  case QV_TYPE_I32:
    return H5Tcopy(H5T_STD_I32LE);
  case QV_TYPE_I64:
    return H5Tcopy(H5T_STD_I64LE);
  case QV_TYPE_U64:
    return H5Tcopy(H5T_STD_U64LE);
  case QV_TYPE_F32:
    return H5Tcopy(H5T_IEEE_F32LE);
  case QV_TYPE_F64:
    return H5Tcopy(H5T_IEEE_F64LE);
  case QV_TYPE_C64:
    return complex_type(H5T_IEEE_F32LE);
  case QV_TYPE_C128:
    return complex_type(H5T_IEEE_F64LE);
  }
  return H5I_INVALID_HID;
}

bool qv_hdf5_type_is(hid_t file_type, qv_type *type)
{
  for (int i = 0; i < TYPES; i++) {
    const hid_t candidate = qv_hdf5_type((qv_type)i);
    const bool same = H5Tequal(file_type, candidate) > 0;
    H5Tclose(candidate);
    if (same) {
      *type = (qv_type)i;
      return true;
    }
  }
  return false;
}

/* H5Ewalk2 upward calls this from the innermost entry outward: the first is the reason. */
static herr_t take_first(unsigned n, const H5E_error2_t *entry, void *context)
{
  char *text = context;
  (void)n;
  if (text[0] == '\0') {
    snprintf(text, 512, "%s (%s)", entry->desc ? entry->desc : "no reason given",
             entry->func_name ? entry->func_name : "HDF5");
  }
  return 0;
}

qv_code qv_hdf5_fail(const char *path, const char *format, ...)
{
  char what[1024];
  char reason[512] = "";
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_first, reason);
  H5Eclear2(H5E_DEFAULT);
  return qv_fail(QV_ERR_IO, "%s: %s failed: %s", path, what, reason[0] == '\0' ? "HDF5 gives no reason" : reason);
}

/* Locks are off: the temporary file is ours alone, reading is guarded by digests, and on network file systems without
 * flock HDF5 would refuse to work. A strong close leaves nothing behind that could fail at exit. Version 2 superblocks
 * have no "open for writing" mark that a killed run would leave set. */
static hid_t access_list(void)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  const hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
  H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_V110);
  H5Pset_alignment(list, ALIGN_FROM, ALIGN_BYTES);
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(list, false, true);
#endif
  return list;
}

hid_t qv_hdf5_create(const char *path)
{
  const hid_t access = access_list();
  const hid_t create = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_userblock(create, QV_HDF5_USER_BLOCK);
  H5Pset_obj_track_times(create, false);
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
  H5Pclose(create);
  H5Pclose(access);
  return file;
}

hid_t qv_hdf5_open(const char *path, bool write)
{
  const hid_t access = access_list();
  const hid_t file = H5Fopen(path, write ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
  H5Pclose(access);
  return file;
}

hid_t qv_hdf5_open_parallel(const char *path, const qv_comm *comm)
{
  const hid_t access = access_list();
  H5Pset_fapl_mpio(access, qv_comm_handle(comm), MPI_INFO_NULL);
  H5Pset_all_coll_metadata_ops(access, true); /* one rank reads the headers and sends them on */
  const hid_t file = H5Fopen(path, H5F_ACC_RDWR, access);
  H5Pclose(access);
  return file;
}

qv_code qv_hdf5_close(const char *path, hid_t *file)
{
  const hid_t id = *file;
  *file = H5I_INVALID_HID;
  if (id >= 0 && qv_hdf5_failed(H5Fclose(id), QV_FAULT_HDF5_CLOSE)) {
    return qv_hdf5_fail(path, "closing");
  }
  return QV_OK;
}

void qv_hdf5_release(hid_t id)
{
  if (id >= 0) {
    H5Idec_ref(id);
  }
}

bool qv_hdf5_exists(hid_t file, const char *name)
{
  char part[1024];
  for (const char *end = strchr(name, '/'); end; end = strchr(end + 1, '/')) {
    snprintf(part, sizeof part, "%.*s", (int)(end - name), name);
    if (part[0] != '\0' && H5Lexists(file, part, H5P_DEFAULT) <= 0) {
      return false;
    }
  }
  return H5Lexists(file, name, H5P_DEFAULT) > 0;
}

qv_code qv_hdf5_make_groups(const char *path, hid_t file, const char *name)
{
  char part[1024];
  const hid_t list = H5Pcreate(H5P_GROUP_CREATE);
  qv_code code = QV_OK;
  H5Pset_obj_track_times(list, false);
  for (const char *end = strchr(name, '/'); end && code == QV_OK; end = strchr(end + 1, '/')) {
    snprintf(part, sizeof part, "%.*s", (int)(end - name), name);
    if (qv_hdf5_exists(file, part)) {
      continue;
    }
    const hid_t group = H5Gcreate2(file, part, H5P_DEFAULT, list, H5P_DEFAULT);
    code = qv_hdf5_failed(group, QV_FAULT_HDF5_OPEN) ? qv_hdf5_fail(path, "making the group '%s'", part) : QV_OK;
    qv_hdf5_release(group);
  }
  qv_hdf5_release(list);
  return code;
}

static qv_code put_attribute(const char *path, hid_t object, const char *name, hid_t type, const void *value)
{
  const hid_t space = H5Screate(H5S_SCALAR);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  const bool bad = attribute < 0 || qv_hdf5_failed(H5Awrite(attribute, type, value), QV_FAULT_HDF5_WRITE);
  const qv_code code = bad ? qv_hdf5_fail(path, "writing the attribute '%s'", name) : QV_OK;
  qv_hdf5_release(attribute);
  qv_hdf5_release(space);
  return code;
}

qv_code qv_hdf5_put_text(const char *path, hid_t object, const char *name, const char *text)
{
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const qv_code code = put_attribute(path, object, name, type, &text);
  qv_hdf5_release(type);
  return code;
}

qv_code qv_hdf5_put_integer(const char *path, hid_t object, const char *name, int64_t value)
{
  return put_attribute(path, object, name, H5T_STD_I64LE, &value);
}

qv_code qv_hdf5_get_text(const char *path, hid_t object, const char *name, char **text)
{
  qv_code code = QV_OK;
  char *found = NULL;
  *text = NULL;
  if (H5Aexists(object, name) <= 0) {
    return QV_OK;
  }
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  if (attribute < 0 || qv_hdf5_failed(H5Aread(attribute, type, &found), QV_FAULT_HDF5_READ)) {
    code = qv_hdf5_fail(path, "reading the attribute '%s'", name);
  } else {
    code = qv_strdup(QV_MEM_IO, found ? found : "", text);
  }
  if (found) {
    H5free_memory(found);
  }
  qv_hdf5_release(attribute);
  qv_hdf5_release(type);
  return code;
}
