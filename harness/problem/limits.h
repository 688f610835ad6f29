#pragma once
#include <cstdint>

namespace flashdiff::limits {

// What a case may ask for; the error messages quote these. Wide enough for any real batch, narrow enough that
// products of them fit 64 bits and that a typing error does not ask for a terabyte.
inline constexpr int batch = 4096;
inline constexpr int heads = 1024;
inline constexpr int head_dim = 256;
inline constexpr int length = 1 << 22;
inline constexpr int pad = 4096;
inline constexpr int page_step =
    16;  ///< rows a page come in multiples of it, as vLLM and FlashInfer have them
inline constexpr int page = 256;
inline constexpr int window = 1 << 30;
inline constexpr double smallest_scale = 1e-6;
inline constexpr double largest_scale = 1e6;
inline constexpr double smallest_softcap = 0.01;
inline constexpr double largest_softcap = 1e6;
inline constexpr double sink = 1e4;
inline constexpr double smallest_rope_base = 1;
inline constexpr double largest_rope_base = 1e9;
inline constexpr std::int64_t tensor_bytes = std::int64_t{1} << 31;

}  // namespace flashdiff::limits
