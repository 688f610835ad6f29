/// Flash attention backward on tensor cores, dQ summed by atomic additions: dQ, dK and dV from Q, K, V, dO
/// and what the forward pass stored, O and LSE.
///
/// Algorithm (FlashAttention-2, Dao 2023, Algorithm 2), for each tile of keys, of one K/V head:
///   for each query head that shares it, for each tile of queries that sees it:
///     P = 2^(c Q K^T - LSE), masked to 0 where the tile is not seen whole, c = scale * log2(e)
///     dV += P^T dO
///     dS = P (dO V^T - D)
///     dK += dS^T Q, dQ' += dS K
///   dK = scale dK
/// before it, row by row: D = rowsum(dO * O), LSE to powers of two, dQ' = 0; after it: dQ = scale dQ'.
/// A query that sees no key has LSE = -inf and gives dQ = 0; a key that no query sees gives dK = dV = 0.
/// Softcap and ALiBi have entries of their own (`_mod`): backward.cuh.
///
/// Tiles: backward_tiles.h; the pass over tiles: backward.cuh; what goes by rows: rows.cuh. The order in
/// which blocks add to dQ' is open, so its last bits are: flash_backward_deterministic is the kernel for
/// those who mind. Numerics: products on tensor cores with f32 accumulators; P and dS rounded to the dtype;
/// ex2.approx (flushes subnormals). Run: flashdiff check --backend flash_backward.
#include "kernels/backward.cuh"
#include "kernels/entries.cuh"
#include "kernels/rows.cuh"

namespace flashdiff::kernels {

#define FLASH_BACKWARD_OF(name, Element, pass, suffix, job, modified, tiles, index, width)              \
  static_assert(tiles[index].dim == width && job.shared_bytes(tiles[index]) <= 99 * 1024);              \
  FLASHDIFF_ENTRY(                                                                                      \
      name##_d##width##suffix,                                                                          \
      extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)                              \
          flash_backward_##name##_d##width##_##pass##suffix(const __grid_constant__ BackwardParams p) { \
            flash_backward<BackwardEntry<Element, tiles[index], job, modified>>(p);                     \
          })
#define FLASH_BACKWARD(name, Element, pass, job, index, width) \
  FLASH_BACKWARD_OF(name, Element, pass, , job, false, kKeyTiles, index, width)
#define FLASH_BACKWARD_MOD(name, Element, pass, job, index, width) \
  FLASH_BACKWARD_OF(name, Element, pass, _mod, job, true, kModifiedKeyTiles, index, width)
#define FLASH_BACKWARD_DIMS(name, Element)                                      \
  FLASH_BACKWARD(name, Element, dkv, kKeysAndDqJob, 0, 32)                      \
  FLASH_BACKWARD(name, Element, dkv, kKeysAndDqJob, 1, 64)                      \
  FLASH_BACKWARD(name, Element, dkv, kKeysAndDqJob, 2, 96)                      \
  FLASH_BACKWARD(name, Element, dkv, kKeysAndDqJob, 3, 128)                     \
  FLASH_BACKWARD(name, Element, dk, kDkAndDqJob, 4, 192)                        \
  FLASH_BACKWARD(name, Element, dv, kDvJob, 4, 192)                             \
  FLASH_BACKWARD(name, Element, dk, kDkAndDqJob, 5, 256)                        \
  FLASH_BACKWARD(name, Element, dv, kDvJob, 5, 256)                             \
  FLASH_BACKWARD_MOD(name, Element, dkv, kKeysAndDqJob, 0, 128)                 \
  FLASH_BACKWARD_MOD(name, Element, dk, kDkAndDqJob, 1, 256)                    \
  FLASH_BACKWARD_MOD(name, Element, dv, kDvJob, 1, 256)                         \
  extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)          \
      flash_backward_##name##_stats(const __grid_constant__ BackwardParams p) { \
    row_stats<Element>(p, p.dim);                                               \
  }                                                                             \
  extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)          \
      flash_backward_##name##_dq(const __grid_constant__ BackwardParams p) {    \
    dq_of_sum<Element>(p, p.dim);                                               \
  }

FLASH_BACKWARD_DIMS(f16, __half)
FLASH_BACKWARD_DIMS(bf16, __nv_bfloat16)

extern "C" __global__ void __launch_bounds__(BackwardTiles::threads)
    flash_backward_pack(const __grid_constant__ PackParams p) {
  pack_rows(p);
}

}  // namespace flashdiff::kernels
