/* Walsh-Hadamard transforms of blocks in cache. */
#include "base/qv_clones.h"
#include "operator/qv_diagonal_private.h"

#define QV_TYPE       int32_t
#define QV_INT        int32_t
#define QV_LANES      16
#define QV_LANE_BITS  4
#define QV_NAME(name) name##_int32
#include "operator/qv_walsh_kernel.inc"
#undef QV_TYPE
#undef QV_INT
#undef QV_LANES
#undef QV_LANE_BITS
#undef QV_NAME
#define QV_TYPE       double
#define QV_INT        int64_t
#define QV_LANES      8
#define QV_LANE_BITS  3
#define QV_NAME(name) name##_double
#include "operator/qv_walsh_kernel.inc"
#undef QV_TYPE
#undef QV_INT
#undef QV_LANES
#undef QV_LANE_BITS
#undef QV_NAME
