/// Flash attention backward on tensor cores, the same bits on every run: as flash_backward.cu, but dQ is made
/// by blocks that own queries and go through the keys, which score a second time what the blocks of dK and dV
/// have scored: 7 products instead of 5, no atomic addition, no sum in the workspace.
///
///   D = rowsum(dO * O), LSE to powers of two
///   for each tile of keys, for each query head that shares it, for each tile of queries that sees it:
///     P = 2^(c Q K^T - LSE), dS = P (dO V^T - D), dV += P^T dO, dK += dS^T Q
///   for each tile of queries, for each tile of keys that it sees:
///     P = 2^(c Q K^T - LSE), dS = P (dO V^T - D), dQ += dS K
///
/// Run: flashdiff check --backend flash_backward_deterministic.
#include "kernels/backward.cuh"
#include "kernels/entries.cuh"
#include "kernels/rows.cuh"

namespace flashdiff::kernels {

#define FLASH_BACKWARD_OF(name, Element, pass, suffix, job, modified, tiles, index, width)                   \
  static_assert(tiles[index].dim == width && job.shared_bytes(tiles[index]) <= 99 * 1024);                   \
  FLASHDIFF_ENTRY(                                                                                           \
      name##_d##width##suffix, extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)          \
                                   flash_backward_deterministic_##name##_d##width##_##pass##suffix(          \
                                       const __grid_constant__ BackwardParams p) {                           \
                                     flash_backward<BackwardEntry<Element, tiles[index], job, modified>>(p); \
                                   })
#define FLASH_BACKWARD(name, Element, pass, job, tiles, index, width) \
  FLASH_BACKWARD_OF(name, Element, pass, , job, false, tiles, index, width)
#define FLASH_BACKWARD_MOD(name, Element, pass, job, tiles, index, width) \
  FLASH_BACKWARD_OF(name, Element, pass, _mod, job, true, tiles, index, width)
#define FLASH_BACKWARD_BOTH(name, Element, index, width)                \
  FLASH_BACKWARD(name, Element, dkv, kKeysJob, kKeyTiles, index, width) \
  FLASH_BACKWARD(name, Element, dq, kDqJob, kQueryTiles, index, width)
#define FLASH_BACKWARD_DIMS(name, Element)                                                    \
  FLASH_BACKWARD_BOTH(name, Element, 0, 32)                                                   \
  FLASH_BACKWARD_BOTH(name, Element, 1, 64)                                                   \
  FLASH_BACKWARD_BOTH(name, Element, 2, 96)                                                   \
  FLASH_BACKWARD_BOTH(name, Element, 3, 128)                                                  \
  FLASH_BACKWARD(name, Element, dk, kDkJob, kKeyTiles, 4, 192)                                \
  FLASH_BACKWARD(name, Element, dv, kDvJob, kKeyTiles, 4, 192)                                \
  FLASH_BACKWARD(name, Element, dq, kDqJob, kQueryTiles, 4, 192)                              \
  FLASH_BACKWARD(name, Element, dk, kDkJob, kKeyTiles, 5, 256)                                \
  FLASH_BACKWARD(name, Element, dv, kDvJob, kKeyTiles, 5, 256)                                \
  FLASH_BACKWARD(name, Element, dq, kDqJob, kQueryTiles, 5, 256)                              \
  FLASH_BACKWARD_MOD(name, Element, dkv, kKeysJob, kModifiedKeyTiles, 0, 128)                 \
  FLASH_BACKWARD_MOD(name, Element, dq, kDqJob, kModifiedQueryTiles, 0, 128)                  \
  FLASH_BACKWARD_MOD(name, Element, dk, kDkJob, kModifiedKeyTiles, 1, 256)                    \
  FLASH_BACKWARD_MOD(name, Element, dv, kDvJob, kModifiedKeyTiles, 1, 256)                    \
  FLASH_BACKWARD_MOD(name, Element, dq, kDqJob, kModifiedQueryTiles, 1, 256)                  \
  extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)                        \
      flash_backward_deterministic_##name##_stats(const __grid_constant__ BackwardParams p) { \
    row_stats<Element>(p, p.dim);                                                             \
  }

FLASH_BACKWARD_DIMS(f16, __half)
FLASH_BACKWARD_DIMS(bf16, __nv_bfloat16)

extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)
    flash_backward_deterministic_pack(const __grid_constant__ PackParams p) {
  pack_rows(p);
}

}  // namespace flashdiff::kernels
