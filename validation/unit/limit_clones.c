/* Linked into a test with -Wl,--wrap=__cpu_indicator_init, this hides the vector units from level QV_CLONES_HIDDEN (4:
 * AVX-512, 3: AVX2 as well) on from the program, so that the narrower versions of its hot loops (base/qv_clones.h) are
 * chosen and tested on a machine that has the wider ones. Before main() it looks which version the loader took of a
 * loop of its own, and aborts if it is not the expected one. */
#include "base/qv_clones.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS 3 /* of libgcc's table of features (gcc 11 to 13) */

extern unsigned __cpu_features2[WORDS];
int __real___cpu_indicator_init(void);
int __wrap___cpu_indicator_init(void);
int loop_of_clones(const int *values, int count, uintptr_t *where);

/* The versions of the loop below, by the names that the compiler gives them. */
extern const char loop_default[] __asm__("loop_of_clones.default");
extern const char loop_v3[] __asm__("loop_of_clones.arch_x86_64_v3");
extern const char loop_v4[] __asm__("loop_of_clones.arch_x86_64_v4");

QV_CLONES int loop_of_clones(const int *values, int count, uintptr_t *where)
{
  int sum = 0;
  __asm__ volatile("lea 0(%%rip), %0" : "=r"(*where));
  for (int i = 0; i < count; i++) {
    sum += values[i] * i;
  }
  return sum;
}

static int has(int level)
{
  __asm__ volatile("" ::: "memory"); /* the compiler takes the table for another object than the one we write to */
  return level == 4 ? __builtin_cpu_supports("x86-64-v4") != 0 : __builtin_cpu_supports("x86-64-v3") != 0;
}

/* Clears the bit of the table on which the answer hangs. */
static void hide(int level)
{
  for (int bit = 0; bit < 32 * WORDS && has(level); bit++) {
    const unsigned held = __cpu_features2[bit / 32];
    __cpu_features2[bit / 32] = held & ~(1U << bit % 32);
    if (has(level)) {
      __cpu_features2[bit / 32] = held;
    }
  }
}

/* Runs while the program is being loaded: nothing outside of it can be called. */
int __wrap___cpu_indicator_init(void)
{
  const int result = __real___cpu_indicator_init();
  for (int level = QV_CLONES_HIDDEN; level <= 4; level++) {
    hide(level);
  }
  return result;
}

__attribute__((constructor)) static void check_choice(void)
{
  const int wanted = QV_CLONES_HIDDEN == 4 && has(3) ? 3 : 1;
  const int values[4] = {1, 2, 3, 4};
  uintptr_t where = 0;
  if (loop_of_clones(values, 4, &where) != 20) {
    abort();
  }
  const uintptr_t starts[3] = {(uintptr_t)loop_default, (uintptr_t)loop_v3, (uintptr_t)loop_v4};
  int chosen = -1;
  for (int i = 0; i < 3; i++) {
    if (where >= starts[i] && (chosen < 0 || starts[i] > starts[chosen])) {
      chosen = i;
    }
  }
  if (has(4) || chosen != (wanted == 3 ? 1 : 0)) {
    fprintf(stderr, "the loops were chosen for version %d, not for x86-64-v%d\n", chosen, wanted);
    abort();
  }
}
