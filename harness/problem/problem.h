#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace flashdiff {

/// Element type of Q, K, V and O. LSE is always f32.
enum class DType : std::uint8_t { f32, f16, bf16 };

/// One sequence of the batch: q_len queries over kv_len keys. Zero is a length like any other.
struct SequenceLengths {
  int q_len = 0;
  int kv_len = 0;
  bool operator==(const SequenceLengths&) const = default;
};

enum class MaskKind : std::uint8_t { none, causal_top_left, causal_bottom_right, window };

/// Which keys a query may see. `left` and `right` belong to the window alone: query i sees keys
/// j in [i + kv_len - q_len - left, i + kv_len - q_len + right], aligned to the bottom right as
/// FlashAttention's window_size is (Dao-AILab/flash-attention, README "2.3"); `unbounded` means no limit on
/// that side.
struct Mask {
  static constexpr int unbounded = -1;
  MaskKind kind = MaskKind::none;
  int left = unbounded;
  int right = unbounded;
  bool operator==(const Mask&) const = default;
};

/// Keys [begin, end) of one sequence; begin == end where a query sees none.
struct KeyRange {
  int begin = 0;
  int end = 0;
  [[nodiscard]] bool empty() const { return begin >= end; }
  [[nodiscard]] int size() const { return end > begin ? end - begin : 0; }
  bool operator==(const KeyRange&) const = default;
};

/// The keys that query `i` of a sequence sees: every mask here is one interval a row. Clamped to [0, kv_len).
[[nodiscard]] KeyRange visible_keys(const Mask& mask, SequenceLengths lengths, int i);

/// How the values of Q, K and V are made; see data.h. `file` takes them from a capture (see activations.h).
enum class DataFamily : std::uint8_t {
  normal,
  uniform,
  equal,
  huge,
  tiny,
  very_negative,
  rising,
  falling,
  one_hot,
  alternating,
  file
};

/// An attention sink: a logit of each query head that takes part in softmax as a key without a value
/// (gpt-oss). In units of scores: neither scale nor softcap is applied to it.
struct Sink {
  std::optional<float> logit;  ///< of every head; absent: a number for each head, from the seed
  bool operator==(const Sink&) const = default;
};

/// What is computed. `forward`: O and LSE from Q, K, V. `backward`: dQ, dK, dV from Q, K, V, from the O and
/// LSE that a forward pass stored, and from dO, the gradient of some loss with respect to O. `append`: what
/// stands before attention in a decoder: K and V of q_len new tokens go into a cache that then has kv_len of
/// them, K and Q turned by their positions where the problem has a rotary embedding.
enum class Pass : std::uint8_t { forward, backward, append };

/// Which columns of a head are pair j, of dim / 2: `half`: j and j + dim / 2 (GPT-NeoX, Llama);
/// `interleaved`: 2 j and 2 j + 1 (RoFormer, GPT-J).
enum class RopeForm : std::uint8_t { half, interleaved };

/// A rotary position embedding (Su et al., RoFormer, arXiv:2104.09864, equation 34): pair j of a token at
/// position p, counted in tokens of its sequence, is turned by the angle p base^(-2 j / dim). Columns from
/// dim on stay as they are.
struct Rope {
  static constexpr float usual_base = 10000;
  RopeForm form = RopeForm::half;
  std::optional<int> dim;  ///< columns that are turned, an even number; absent: all, but for an odd last one
  float base = usual_base;
  bool operator==(const Rope&) const = default;
};

/// A logical problem: what is asked, with no word on where a row lies in memory.
struct Problem {
  std::vector<SequenceLengths> sequences;
  int h_q = 1;   ///< query heads
  int h_kv = 1;  ///< key/value heads; divides h_q
  int d_qk = 64;
  int d_v = 64;
  Mask mask;
  std::optional<float> scale;    ///< absent: 1/sqrt(d_qk)
  std::optional<float> softcap;  ///< C: the scaled score s becomes C tanh(s / C)
  bool alibi = false;            ///< a bias that falls with the distance of key and query; see modifiers.h
  std::optional<Sink> sink;
  DType dtype = DType::f32;
  DataFamily data = DataFamily::normal;
  std::uint64_t seed = 0;
  std::string data_file;       ///< family `file` only: path of a safetensors capture
  std::vector<int> data_rows;  ///< family `file` only: which texts of the capture, one a sequence
  Pass pass = Pass::forward;
  std::optional<Rope> rope;  ///< append only; absent: K and Q are copied

  [[nodiscard]] int batch() const { return static_cast<int>(sequences.size()); }
  [[nodiscard]] int group() const { return h_q / h_kv; }  ///< query heads that share one K/V head
  /// `scale`, or the float nearest to 1/sqrt(d_qk): a kernel is handed a float, and the reference must use
  /// the same number.
  [[nodiscard]] double softmax_scale() const;
  /// Columns of Q and K that the rotary embedding turns; 0 without one.
  [[nodiscard]] int rope_dim() const;
  /// Unmasked (query, key) pairs summed over sequences, one head: the work that no kernel can avoid.
  [[nodiscard]] std::int64_t pairs() const;
  /// Useful forward FLOPs, 2 * h_q * pairs * (d_qk + d_v).
  [[nodiscard]] double forward_flops() const;
  /// Useful backward FLOPs, 2 * h_q * pairs * (3 * d_qk + 2 * d_v): the five products of a pair.
  [[nodiscard]] double backward_flops() const;
  /// Useful FLOPs of an append, 6 for each pair of columns that is turned: four products, two sums.
  [[nodiscard]] double append_flops() const;
  /// Those of the problem's own pass.
  [[nodiscard]] double useful_flops() const;
  bool operator==(const Problem&) const = default;
};

/// prefill (q == kv), chunked (1 < q < kv), decode (q == 1 < kv), cross (all else), of one sequence; a batch
/// with more than one of them is `mixed`.
enum class Phase : std::uint8_t { prefill, chunked, decode, cross, mixed };
[[nodiscard]] Phase phase_of(const Problem& problem);

[[nodiscard]] const char* name_of(DType);
[[nodiscard]] const char* name_of(MaskKind);
[[nodiscard]] const char* name_of(DataFamily);
[[nodiscard]] const char* name_of(Pass);
[[nodiscard]] const char* name_of(RopeForm);
[[nodiscard]] const char* name_of(Phase);

}  // namespace flashdiff
