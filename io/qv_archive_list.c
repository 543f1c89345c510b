/* What a run file holds, for people, and its removal. */
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_deadline.h"
#include "io/qv_posix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  qv_archive *archive;
  qv_archive_entry *entries;
  int count, room;
  qv_code code;
} listing;

static bool is_digest(const char *name)
{
  const size_t length = strlen(name);
  const size_t suffix = strlen(QV_DIGEST_SUFFIX);
  return length > suffix && strcmp(name + length - suffix, QV_DIGEST_SUFFIX) == 0;
}

static qv_code take_attribute(const qv_archive *a, hid_t object, const char *name, char *out, size_t size)
{
  char *text = NULL;
  QV_TRY(qv_hdf5_get_text(a->path, object, name, &text));
  snprintf(out, size, "%s", text ? text : "");
  qv_free(&text);
  return QV_OK;
}

static qv_code describe(const qv_archive *a, hid_t set, qv_archive_entry *entry)
{
  qv_type type = QV_TYPE_I32;
  hsize_t shape[H5S_MAX_RANK];
  const hid_t stored = H5Dget_type(set);
  const hid_t space = H5Dget_space(set);
  const bool known = qv_hdf5_type_is(stored, &type);
  const bool text = H5Tget_class(stored) == H5T_STRING;
  const int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  snprintf(entry->type, sizeof entry->type, "%s", known ? qv_hdf5_type_name(type) : text ? "text" : "other");
  entry->rank = rank < 0 ? 0 : rank > QV_ARCHIVE_DIMS ? QV_ARCHIVE_DIMS : rank;
  for (int i = 0; i < entry->rank; i++) {
    entry->dims[i] = (int64_t)shape[i];
  }
  qv_hdf5_release(space);
  qv_hdf5_release(stored);
  QV_TRY(take_attribute(a, set, "unit", entry->unit, sizeof entry->unit));
  return take_attribute(a, set, "description", entry->description, sizeof entry->description);
}

static qv_code add_entry(listing *list, hid_t set, const char *name)
{
  if (list->count == list->room) {
    list->room = list->room == 0 ? 32 : 2 * list->room;
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)list->room, sizeof *list->entries, &list->entries));
  }
  qv_archive_entry *entry = &list->entries[list->count++];
  snprintf(entry->name, sizeof entry->name, "%s", name);
  return describe(list->archive, set, entry);
}

/* H5Lvisit calls this for each link, in order of names; it stops at a result other than 0. */
static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  listing *list = context;
  const hid_t object = info->type == H5L_TYPE_HARD ? H5Oopen(group, name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (object >= 0 && H5Iget_type(object) == H5I_DATASET && !is_digest(name)) {
    list->code = add_entry(list, object, name);
  }
  if (object >= 0) {
    H5Oclose(object);
  }
  return list->code == QV_OK ? 0 : 1;
}

/* Rank 0. */
static qv_code list_file(listing *list)
{
  const herr_t status = H5Lvisit(list->archive->file, H5_INDEX_NAME, H5_ITER_INC, visit, list);
  if (list->code == QV_OK && qv_hdf5_failed(status, QV_FAULT_HDF5_READ)) {
    list->code = qv_hdf5_fail(list->archive->path, "listing the file");
  }
  return list->code;
}

qv_code qv_archive_list(qv_archive *archive, qv_archive_entry **entries, int *count)
{
  const bool root = qv_comm_rank(archive->comm) == 0;
  listing list = {.archive = archive, .code = QV_OK};
  qv_deadline_begin(archive->comm, archive->path, NULL, "listing", 0);
  qv_code code = qv_comm_verdict(archive->comm, 0, root ? list_file(&list) : QV_OK);
  if (code == QV_OK) {
    qv_comm_broadcast(archive->comm, &list.count, sizeof list.count, 0);
    code = root ? QV_OK : qv_alloc(QV_MEM_IO, (size_t)list.count, sizeof *list.entries, &list.entries);
    code = qv_agree(archive->comm, code);
  }
  if (code == QV_OK) {
    qv_comm_broadcast(archive->comm, list.entries, (size_t)list.count * sizeof *list.entries, 0);
  } else {
    qv_free(&list.entries);
  }
  qv_deadline_end();
  *entries = list.entries;
  *count = list.count;
  return code;
}

/* Rank 0. */
static qv_code read_attribute(const qv_archive *a, const char *group, const char *name, char **text)
{
  if (!qv_hdf5_exists(a->file, group)) {
    return QV_OK;
  }
  const hid_t object = H5Oopen(a->file, group, H5P_DEFAULT);
  if (qv_hdf5_failed(object, QV_FAULT_HDF5_OPEN)) {
    qv_hdf5_release(object);
    return qv_hdf5_fail(a->path, "opening the group '%s'", group);
  }
  const qv_code code = qv_hdf5_get_text(a->path, object, name, text);
  qv_hdf5_release(object);
  return code;
}

qv_code qv_archive_get_attribute(qv_archive *archive, const char *group, const char *name, char **text)
{
  const bool root = qv_comm_rank(archive->comm) == 0;
  size_t bytes = 0;
  *text = NULL;
  QV_TRY(qv_comm_verdict(archive->comm, 0, root ? read_attribute(archive, group, name, text) : QV_OK));
  bytes = root && *text ? strlen(*text) + 1 : 0;
  qv_comm_broadcast(archive->comm, &bytes, sizeof bytes, 0);
  if (bytes == 0) {
    return QV_OK;
  }
  const qv_code code = qv_agree(archive->comm, root ? QV_OK : qv_alloc(QV_MEM_IO, bytes, 1, text));
  if (code == QV_OK) {
    qv_comm_broadcast(archive->comm, *text, bytes, 0);
  } else {
    qv_free(text);
  }
  return code;
}

const char *qv_archive_kind(const qv_archive *archive)
{
  return archive->kind;
}

/* Rank 0. The newer one last: at no time does an older state pass for the latest. */
static qv_code remove_both(const char *path)
{
  char *previous = NULL;
  QV_TRY(qv_archive_previous(path, &previous));
  qv_posix_remove(previous);
  qv_posix_remove(path);
  const bool left = qv_posix_exists(previous) || qv_posix_exists(path);
  qv_free(&previous);
  return left ? qv_fail(QV_ERR_IO, "%s: cannot be removed", path) : qv_posix_sync_folder(path);
}

qv_code qv_archive_remove(const qv_comm *comm, const char *path)
{
  return qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? remove_both(path) : QV_OK);
}

static int64_t size_of(const char *path)
{
  struct stat status;
  return stat(path, &status) == 0 ? (int64_t)status.st_size : 0;
}

int64_t qv_archive_size(const char *path)
{
  char *previous = NULL;
  int64_t bytes = size_of(path);
  if (qv_archive_previous(path, &previous) == QV_OK) {
    bytes += size_of(previous);
  } else {
    qv_error_clear();
  }
  qv_free(&previous);
  return bytes;
}
