#define _GNU_SOURCE /* MAP_ANONYMOUS, MAP_STACK */
#include "optimize/qv_coroutine.h"

#include "base/qv_memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#else
/* The sanitizer must be told of each change of stacks; without it there is nobody to tell. */
static inline void __sanitizer_start_switch_fiber(void **fake_stack, const void *bottom, size_t size)
{
  (void)fake_stack;
  (void)bottom;
  (void)size;
}
static inline void __sanitizer_finish_switch_fiber(void *fake_stack, const void **bottom, size_t *size)
{
  (void)fake_stack;
  (void)bottom;
  (void)size;
}
#endif

#define STACK_BYTES ((size_t)1 << 20)

struct qv_coroutine {
  void (*body)(void *);
  void *context;
  char *mapping; /* guard page, then the stack */
  size_t guard;
  ucontext_t inside, outside;
  bool finished;
  const void *outside_bottom; /* of the caller's stack, as the sanitizer sees it */
  size_t outside_size;
};

/* makecontext passes ints only: the pointer comes in two halves. */
static void enter(unsigned high, unsigned low)
{
  qv_coroutine *coroutine = (qv_coroutine *)((uintptr_t)high << 32 | (uintptr_t)low); /* NOLINT */
  __sanitizer_finish_switch_fiber(NULL, &coroutine->outside_bottom, &coroutine->outside_size);
  coroutine->body(coroutine->context);
  coroutine->finished = true;
  __sanitizer_start_switch_fiber(NULL, coroutine->outside_bottom, coroutine->outside_size);
  setcontext(&coroutine->outside);
}

qv_code qv_coroutine_create(void (*body)(void *context), void *context, qv_coroutine **out)
{
  qv_coroutine *coroutine = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, 1, sizeof *coroutine, &coroutine));
  coroutine->body = body;
  coroutine->context = context;
  coroutine->guard = (size_t)sysconf(_SC_PAGESIZE);
  coroutine->mapping = mmap(NULL, coroutine->guard + STACK_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (coroutine->mapping == MAP_FAILED || mprotect(coroutine->mapping, coroutine->guard, PROT_NONE) != 0) {
    const qv_code code =
        qv_fail(QV_ERR_MEMORY, "no stack of %zu bytes for the optimiser: %s", STACK_BYTES, strerror(errno));
    if (coroutine->mapping != MAP_FAILED) {
      munmap(coroutine->mapping, coroutine->guard + STACK_BYTES);
    }
    qv_free(&coroutine);
    return code;
  }
  getcontext(&coroutine->inside);
  coroutine->inside.uc_stack.ss_sp = coroutine->mapping + coroutine->guard;
  coroutine->inside.uc_stack.ss_size = STACK_BYTES;
  coroutine->inside.uc_link = NULL;
  makecontext(&coroutine->inside, (void (*)(void))enter, 2, (unsigned)((uintptr_t)coroutine >> 32),
              (unsigned)((uintptr_t)coroutine & 0xffffffffU));
  *out = coroutine;
  return QV_OK;
}

void qv_coroutine_resume(qv_coroutine *coroutine)
{
  void *fake_stack = NULL;
  __sanitizer_start_switch_fiber(&fake_stack, coroutine->mapping + coroutine->guard, STACK_BYTES);
  swapcontext(&coroutine->outside, &coroutine->inside);
  __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
}

void qv_coroutine_yield(qv_coroutine *coroutine)
{
  void *fake_stack = NULL;
  __sanitizer_start_switch_fiber(&fake_stack, coroutine->outside_bottom, coroutine->outside_size);
  swapcontext(&coroutine->inside, &coroutine->outside);
  __sanitizer_finish_switch_fiber(fake_stack, &coroutine->outside_bottom, &coroutine->outside_size);
}

bool qv_coroutine_finished(const qv_coroutine *coroutine)
{
  return coroutine->finished;
}

void qv_coroutine_destroy(qv_coroutine **coroutine)
{
  if (!*coroutine) {
    return;
  }
  munmap((*coroutine)->mapping, (*coroutine)->guard + STACK_BYTES);
  qv_free(coroutine);
}
