#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/lint/bit_mask.h"
#include "harness/lint/positions.h"
#include "harness/lint/rows.h"

namespace flashdiff::lint {

/// What a step of a batch is for. `train`: training, or an evaluation that reads every token's logits.
/// `prefill`: the first step of a generation. `chunked`: more than one new token behind a cache. `decode`:
/// one.
enum class Phase : std::uint8_t { train, prefill, chunked, decode };
[[nodiscard]] const char* name_of(Phase);
[[nodiscard]] std::optional<Phase> phase_named(const std::string& name);

/// One step of a batch, as a caller hands it to attention. The mask's columns are the keys': the cache's
/// columns, then those of the q_len new tokens.
struct Step {
  std::string name;  ///< for people: the file, and the array in it
  std::string file;  ///< its path
  BitMask mask;      ///< [batch, kv_len]
  std::vector<RowFacts> rows;
  int free_slots =
      0;  ///< columns behind kv_len that the file has besides: slots of a static cache, not used yet
  int q_len = 0;
  Phase phase = Phase::prefill;
  bool phase_assumed = false;  ///< nobody said so

  // What was given besides; empty where it was not.
  Positions positions;
  std::vector<Span> spans;                  ///< of image and video tokens, in the columns of the ids
  int ids_columns = 0;                      ///< of the input ids, 0: not given
  std::vector<std::int64_t> cache_lengths;  ///< [batch]: tokens in the cache, as the kernel is told
  std::vector<std::int64_t> slots;          ///< [q_len] of all rows, or [batch][q_len]: where new keys go

  [[nodiscard]] int batch() const { return mask.rows(); }
  [[nodiscard]] int kv_len() const { return mask.columns(); }
  /// Columns of the cache, and so the first column of the new tokens.
  [[nodiscard]] int cache_len() const { return kv_len() - q_len; }
  [[nodiscard]] bool behind_a_cache() const { return q_len < kv_len(); }
};

}  // namespace flashdiff::lint
