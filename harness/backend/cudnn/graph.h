#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"
#include "harness/problem/case.h"

/// Attention in cuDNN's own words, with no header of cuDNN: what its graph is made of, and nothing that a
/// graph does not depend on (values, addresses, the lengths of single sequences).
namespace flashdiff::cudnn {

/// How a batch is handed over. `lengths`: rectangles whose rows begin at row 0, and a length a sequence (its
/// padding mask). `ragged`: lengths, and an offset a sequence where its rows begin: what lies between them is
/// nobody's, on the left as well. `bias`: rectangles as they lie, and one additive bias of 0 and -inf that
/// carries lengths and mask. `compaction`: rows copied together before the call, then as `ragged`.
enum class Way : std::uint8_t { lengths, ragged, bias, compaction };
[[nodiscard]] const char* name_of(Way);

/// How a case is asked: by a way, which converts to it; `inference`: for O alone, without stats.
struct Handing {
  Way way;
  bool inference;
  Handing(Way by, bool o_alone = false) : way(by), inference(o_alone) {}
};

/// [batch, heads, rows, columns] and their strides in elements.
struct Tensor {
  std::array<std::int64_t, 4> dims{}, strides{};
  bool operator==(const Tensor&) const = default;
};

/// A graph of one SDPA node. In the order of a cache key: equal graphs give equal plans.
struct Graph {
  bool backward = false;
  bool deterministic = false;  ///< backward only
  DType dtype = DType::f16;
  Tensor q, k, v, o;
  Tensor d_o, dq, dk, dv;  ///< backward only; in a view each has strides of its own
  /// Always [batch, heads, rows, 1] without gaps: other strides were ignored by backward kernels before 9.26
  /// (NVIDIA/cudnn-frontend#304). An inference has none.
  Tensor stats;
  bool inference = false;  ///< forward only: O alone
  bool lengths = false;    ///< padding mask
  bool ragged = false;     ///< an offset a sequence into each tensor but the stats
  bool bias = false;       ///< [batch, 1 or heads, rows, keys] in the dtype
  std::int64_t bias_heads = 1;
  bool bottom_right = false;       ///< what the band counts from: the last corner, else the first
  std::optional<int> left, right;  ///< keys of the band: i - left < j <= i + right
  double scale = 1;                ///< fixed at build time, so part of the key
  std::optional<double> softcap;
  bool alibi = false, sink = false;
  std::int64_t page = 0, pages = 0, table_columns = 0;  ///< of K and V; 0: rows of one stride
  bool operator==(const Graph&) const = default;
};

/// The graph of a case, or why there is none to ask of cuDNN (unsupported): what its graph cannot say.
[[nodiscard]] Outcome<Graph> graph_of(const Case& c, Handing handing);

/// The way in which a case is handed over when nobody says: lengths where rows begin at row 0, else ragged.
[[nodiscard]] Way way_of(const Case& c);
/// The ways in which a case can be asked at all.
[[nodiscard]] std::vector<Way> ways_of(const Case& c);

/// What a way needs beside the tensors as they lie: bytes that are written before the call or after it.
/// Lengths and offsets, the bias, or the copies of Q, K, V and O.
[[nodiscard]] std::int64_t way_bytes(const Case& c, Way way);

}  // namespace flashdiff::cudnn
