/* Programs on all ranks: rank 0 alone touches files; the others read the same texts from memory. */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static qv_code read_file(const char *path, const qv_qasm_opts *opts, qv_qasm_program **out)
{
  qasm_build *build = NULL;
  int file = 0;
  qv_code code = qasm_build_create(&build);
  *out = build ? &build->program : NULL;
  if (code == QV_OK) {
    code = qasm_source_load((*out)->sources, path, path, &file);
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
    return code;
  }
  return qasm_read_sources(build, "", NULL, opts, out);
}

/* The verdict of rank 0: all ranks fail alike, with the same message. */
static qv_code share_verdict(const qv_comm *comm, qv_code code)
{
  struct {
    int code;
    char text[4096];
  } verdict = {.code = (int)code};
  snprintf(verdict.text, sizeof verdict.text, "%s", qv_error_text());
  qv_comm_broadcast(comm, &verdict, sizeof verdict, 0);
  if (verdict.code != QV_OK && qv_comm_rank(comm) != 0) {
    qv_fail((qv_code)verdict.code, "%s", verdict.text);
  }
  return (qv_code)verdict.code;
}

static qv_code share_bytes(const qv_comm *comm, char **bytes, size_t length)
{
  qv_code code = QV_OK;
  if (qv_comm_rank(comm) != 0) {
    code = qv_alloc(QV_MEM_IO, length + 1, 1, bytes);
  }
  QV_TRY(qv_agree(comm, code));
  qv_comm_broadcast(comm, *bytes, length, 0);
  return QV_OK;
}

/* Copies the texts of rank 0 to all ranks. */
static qv_code share_sources(const qv_comm *comm, qasm_sources *sources)
{
  qv_comm_broadcast(comm, &sources->n, sizeof sources->n, 0);
  const int n = sources->n;
  for (int i = 0; i < n; i++) {
    qasm_source *s = &sources->file[i];
    size_t length[3] = {s->name ? strlen(s->name) : 0, s->path ? strlen(s->path) : 0, s->length};
    qv_comm_broadcast(comm, length, sizeof length, 0);
    s->length = length[2];
    QV_TRY(share_bytes(comm, &s->name, length[0]));
    QV_TRY(share_bytes(comm, &s->path, length[1]));
    QV_TRY(share_bytes(comm, &s->text, length[2]));
  }
  return QV_OK;
}

/* The program of rank 0 again, from its texts. */
static qv_code read_cache(const qasm_sources *cache, const qv_qasm_opts *opts, qv_qasm_program **out)
{
  qasm_build *build = NULL;
  int file = 0;
  const qasm_source *first = &cache->file[0];
  qv_code code = qasm_build_create(&build);
  *out = build ? &build->program : NULL;
  if (code == QV_OK) {
    code = qasm_source_add((*out)->sources, first->name, first->path, first->text, first->length, &file);
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
    return code;
  }
  return qasm_read_sources(build, "", cache, opts, out);
}

qv_code qv_qasm_read(const qv_comm *comm, const char *path, const qv_qasm_opts *opts, qv_qasm_program **out)
{
  qasm_sources *cache = NULL;
  const bool root = qv_comm_rank(comm) == 0;
  *out = NULL;
  qv_code code = share_verdict(comm, root ? read_file(path, opts, out) : QV_OK);
  if (code != QV_OK || qv_comm_size(comm) == 1) {
    return code;
  }
  code = qv_agree(comm, root ? QV_OK : qv_alloc(QV_MEM_IO, 1, sizeof *cache, &cache));
  if (code == QV_OK) {
    code = share_sources(comm, root ? (*out)->sources : cache);
  }
  if (code == QV_OK) {
    code = qv_agree(comm, root ? QV_OK : read_cache(cache, opts, out));
  }
  if (cache) {
    qasm_sources_free(cache);
    qv_free(&cache);
  }
  if (code != QV_OK) {
    qv_qasm_destroy(out);
  }
  return code;
}

static qv_code save(const qv_qasm_program *program, const char *path)
{
  char *text = NULL;
  QV_TRY(qv_qasm_write(program, &text));
  FILE *file = fopen(path, "wb");
  bool good = file != NULL;
  if (good) {
    good = fwrite(text, 1, strlen(text), file) == strlen(text);
    good = fclose(file) == 0 && good;
  }
  qv_free(&text);
  return good ? QV_OK : qv_fail(QV_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
}

qv_code qv_qasm_save(const qv_comm *comm, const qv_qasm_program *program, const char *path)
{
  return share_verdict(comm, qv_comm_rank(comm) == 0 ? save(program, path) : QV_OK);
}
