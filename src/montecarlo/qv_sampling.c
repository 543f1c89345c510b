#include "montecarlo/qv_sampling.h"

#include "base/qv_memory.h"

#include <math.h>
#include <omp.h>

struct qv_sampling {
  const qv_comm *comm;
  qv_sampler sampler;
  int groups, blocks, threads;
  int record;
  int64_t share;         /* jobs of a rank, at most */
  size_t workspace_pad;  /* bytes of a thread's workspace, padded to whole cache lines */
  unsigned char *spaces; /* [threads][workspace_pad] */
  double *values;        /* [threads][components * QV_BLOCK] */
  double *mine, *all;    /* records of this rank and of all */
};

static qv_code allocate(qv_sampling *s)
{
  const size_t threads = (size_t)s->threads, record = (size_t)s->record, share = (size_t)s->share;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, threads, s->workspace_pad, &s->spaces));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, threads * (size_t)s->sampler.components, QV_BLOCK * sizeof(double), &s->values));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, share * record, sizeof(double), &s->mine));
  return qv_alloc(QV_MEM_SAMPLES, share * record * (size_t)qv_comm_size(s->comm), sizeof(double), &s->all);
}

qv_code qv_sampling_create(const qv_comm *comm, const qv_sampler *sampler, int groups, int blocks, qv_sampling **out)
{
  qv_sampling *s = NULL;
  *out = NULL;
  qv_code code = qv_alloc(QV_MEM_SAMPLES, 1, sizeof *s, &s);
  if (code == QV_OK) {
    const int64_t jobs = (int64_t)groups * blocks, size = qv_comm_size(comm);
    s->comm = comm;
    s->sampler = *sampler;
    s->groups = groups;
    s->blocks = blocks;
    s->threads = omp_get_max_threads();
    s->record = qv_estimator_record(sampler->components);
    s->share = (jobs + size - 1) / size;
    s->workspace_pad = (sampler->workspace + 64) / 64 * 64;
    code = allocate(s);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_sampling_destroy(&s);
    return code;
  }
  *out = s;
  return QV_OK;
}

void qv_sampling_destroy(qv_sampling **sampling)
{
  if (*sampling) {
    qv_free(&(*sampling)->spaces);
    qv_free(&(*sampling)->values);
    qv_free(&(*sampling)->mine);
    qv_free(&(*sampling)->all);
  }
  qv_free(sampling);
}

/* Jobs are numbered block-major: job j is block j / groups of group j % groups. */
static void run_job(qv_sampling *s, int64_t job, int64_t blocks_done, double *record)
{
  const int thread = omp_get_thread_num();
  double *values = s->values + (int64_t)thread * s->sampler.components * QV_BLOCK;
  const int group = (int)(job % s->groups);
  const int64_t block = blocks_done + job / s->groups;
  s->sampler.block(s->sampler.problem, s->spaces + (size_t)thread * s->workspace_pad, group, block * QV_BLOCK, QV_BLOCK,
                   values);
  qv_estimator_reduce(s->sampler.components, values, QV_BLOCK, QV_BLOCK, record);
}

qv_code qv_sampling_step(qv_sampling *sampling, qv_estimator *estimator)
{
  qv_sampling *s = sampling;
  const int64_t jobs = (int64_t)s->groups * s->blocks;
  const int64_t begin = s->share * qv_comm_rank(s->comm);
  const int64_t end = begin + s->share < jobs ? begin + s->share : jobs;
  const int64_t done = qv_estimator_blocks(estimator, 0);
#pragma omp parallel for schedule(dynamic) num_threads(s->threads)
  for (int64_t job = begin; job < end; job++) {
    run_job(s, job, done, s->mine + (job - begin) * s->record);
  }
  qv_comm_gather(s->comm, s->mine, (size_t)s->share * (size_t)s->record * sizeof(double), s->all);
  for (int64_t job = 0; job < jobs; job++) {
    const double *record = s->all + job * s->record;
    for (int i = 0; i < s->record; i++) {
      if (!isfinite(record[i])) {
        return qv_fail(QV_ERR_NUMERIC, "a simulated value is not finite (block %lld, group %lld, moment %d)",
                       (long long)(done + job / s->groups), (long long)(job % s->groups), i);
      }
    }
    qv_estimator_push(estimator, (int)(job % s->groups), record);
  }
  return QV_OK;
}
