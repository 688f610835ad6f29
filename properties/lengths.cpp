#include "properties/lengths.h"

#include <algorithm>
#include <set>

#include "properties/choices.h"

namespace flashdiff {
namespace {

constexpr int kTile = 64;
constexpr int kTries = 20;
/// Blocks that a decode kernel has a large GPU run at once (flash_decode.plan.cpp: an A100's).
constexpr int kBlocksAtOnce = 216;

rc::Gen<int> batch_size() {
  return rc::gen::weightedElement<int>({{4, 1}, {5, 2}, {4, 3}, {1, 4}, {1, 5}, {1, 8}});
}

Phase phase_of_one(SequenceLengths lengths) {
  Problem alone;
  alone.sequences = {lengths};
  return phase_of(alone);
}

/// A batch whose sequences are drawn one by one, each again until it is of that phase.
rc::Gen<std::vector<SequenceLengths>> batch_of(Phase phase, const rc::Gen<SequenceLengths>& one) {
  return rc::gen::exec([phase, one] {
    std::vector<SequenceLengths> batch(
        static_cast<std::size_t>(phase == Phase::mixed ? std::max(2, *batch_size()) : *batch_size()));
    for (SequenceLengths& lengths : batch)
      for (int tries = 0; tries < kTries; ++tries) {
        lengths = *one;
        if (phase == Phase::mixed || phase_of_one(lengths) == phase) break;
      }
    return batch;
  });
}

}  // namespace

rc::Gen<int> near_a_tile_edge() {
  return rc::gen::exec([] {
    const int tiles = *rc::gen::weightedElement<int>({{4, 1}, {3, 2}, {1, 3}, {1, 4}});
    return tiles * kTile + *whole(-1, 2);
  });
}

rc::Gen<int> sixty_four_modulo_128() { return rc::gen::weightedElement<int>({{3, 64}, {2, 192}, {1, 320}}); }

rc::Gen<int> few_rows() { return whole(2, 17); }

rc::Gen<int> any_rows() {
  return rc::gen::weightedOneOf<int>({{1, rc::gen::just(0)},
                                      {2, rc::gen::just(1)},
                                      {5, few_rows()},
                                      {6, near_a_tile_edge()},
                                      {2, sixty_four_modulo_128()},
                                      {4, whole(17, 160)},
                                      {1, whole(257, 600)}});
}

rc::Gen<SequenceLengths> prefill_lengths() {
  return rc::gen::map(any_rows(), [](int rows) { return SequenceLengths{rows, rows}; });
}

rc::Gen<SequenceLengths> decode_lengths() {
  return rc::gen::map(any_rows(), [](int rows) { return SequenceLengths{1, std::max(2, rows)}; });
}

rc::Gen<SequenceLengths> chunked_lengths() {
  return rc::gen::exec([] {
    const int keys = std::max(3, *any_rows());
    const int chunk = *rc::gen::oneOf(few_rows(), whole(2, keys));
    return SequenceLengths{std::min(chunk, keys - 1), keys};
  });
}

/// Tokens that a draft model proposed, or the last few of a prompt: what decode kernels take in one call.
rc::Gen<SequenceLengths> few_new_tokens_lengths() {
  return rc::gen::exec([] {
    const int queries = *rc::gen::oneOf(rc::gen::just(1), whole(0, 5), whole(1, 17));
    return SequenceLengths{queries, std::max(queries, *any_rows())};
  });
}

rc::Gen<SequenceLengths> decoding_lengths(int most) {
  return rc::gen::exec([most] {
    const int queries = *rc::gen::oneOf(rc::gen::just(1), whole(0, std::min(most, 5)), whole(1, most + 1));
    const int keys = *rc::gen::weightedOneOf<int>({{3, any_rows()}, {2, whole(129, 1500)}});
    const bool keeps = *rc::gen::weightedElement<bool>({{1, true}, {3, false}});
    return SequenceLengths{queries, keeps ? keys : std::max(queries, keys)};
  });
}

rc::Gen<SequenceLengths> cross_lengths() {
  return rc::gen::exec([] {
    const int queries = *any_rows();
    return SequenceLengths{queries, *any_rows()};
  });
}

rc::Gen<std::vector<SequenceLengths>> one_long_many_short() {
  return rc::gen::exec([] {
    const auto sequences = static_cast<std::size_t>(*whole(2, 6));
    const auto longest = static_cast<std::size_t>(*whole(0, static_cast<int>(sequences)));
    const int rows = *rc::gen::oneOf(near_a_tile_edge(), whole(100, 300));
    const bool square = *rc::gen::arbitrary<bool>();
    std::vector<SequenceLengths> batch(sequences);
    for (std::size_t s = 0; s < sequences; ++s) {
      const int keys = s == longest ? rows : *whole(0, 9);
      const int queries = *whole(0, 9);
      batch[s] = {square ? keys : queries, keys};
    }
    return batch;
  });
}

rc::Gen<std::vector<SequenceLengths>> any_lengths(const CaseOptions& options) {
  return rc::gen::exec([options] {
    const Phase phase = *one_of_weighted<Phase>(
        {{4, Phase::prefill}, {4, Phase::chunked}, {4, Phase::decode}, {3, Phase::cross}, {7, Phase::mixed}},
        options.phases);
    if (options.most_queries > 0) return *batch_of(phase, decoding_lengths(options.most_queries));
    const auto sequence = [&]() -> rc::Gen<SequenceLengths> {
      switch (phase) {
        case Phase::prefill: return prefill_lengths();
        case Phase::chunked: return rc::gen::oneOf(chunked_lengths(), few_new_tokens_lengths());
        case Phase::decode: return decode_lengths();
        case Phase::cross: return cross_lengths();
        case Phase::mixed: break;
      }
      // Some have one kind of new tokens throughout, as a server's batches do.
      return *rc::gen::element(
          few_new_tokens_lengths(), cross_lengths(),
          rc::gen::oneOf(prefill_lengths(), chunked_lengths(), decode_lengths(), cross_lengths()));
    }();
    const bool ragged = (phase == Phase::mixed || phase == Phase::prefill) && *chance(1, 4);
    return ragged ? *one_long_many_short() : *batch_of(phase, sequence);
  });
}

rc::Gen<std::vector<SequenceLengths>> crowd(int kv_heads) {
  return rc::gen::exec([kv_heads] {
    const int sequences = kBlocksAtOnce / kv_heads + *whole(1, 4);
    std::vector<SequenceLengths> batch;
    for (int s = 0; s < sequences; ++s)
      batch.push_back({*chance(1, 8) ? *whole(0, 3) : 1, *chance(3, 4) ? 0 : *whole(1, 17)});
    batch[static_cast<std::size_t>(*whole(0, sequences))] = {1, *whole(520, 800)};
    return batch;
  });
}

namespace {

/// An axis whose classes are those of the sequences, each once.
Axis of_each(std::string name, std::vector<std::string> values, std::string (*class_of)(SequenceLengths)) {
  return {std::move(name), std::move(values), [class_of](const Case& c) {
            std::set<std::string> classes;
            for (const SequenceLengths& lengths : c.problem.sequences) classes.insert(class_of(lengths));
            return std::vector<std::string>(classes.begin(), classes.end());
          }};
}

std::string empty_part(SequenceLengths lengths) {
  if (lengths.q_len == 0 && lengths.kv_len == 0) return "both";
  if (lengths.q_len == 0) return "q";
  return lengths.kv_len == 0 ? "kv" : "none";
}

std::string residue(SequenceLengths lengths) {
  switch (lengths.kv_len % kTile) {
    case 0: return "0";
    case 1: return "1";
    case kTile - 1: return "63";
    default: return "other";
  }
}

std::string tiles(SequenceLengths lengths) {
  const int count = (lengths.kv_len + kTile - 1) / kTile;
  return count > 2 ? "3+" : std::to_string(count);
}

std::string order_of_lengths(SequenceLengths lengths) {
  if (lengths.q_len == lengths.kv_len) return "equal";
  return lengths.q_len < lengths.kv_len ? "below" : "above";
}

std::string half_tile(SequenceLengths lengths) { return lengths.kv_len % 128 == 64 ? "64" : "other"; }

std::vector<std::string> raggedness(const Case& c) {
  const auto [least, most] = std::minmax_element(
      c.problem.sequences.begin(), c.problem.sequences.end(),
      [](const SequenceLengths& a, const SequenceLengths& b) { return a.kv_len < b.kv_len; });
  if (least->kv_len == most->kv_len) return {"equal"};
  return {least->kv_len * 8 <= most->kv_len ? "much-shorter" : "ragged"};
}

}  // namespace

std::vector<Axis> length_axes() {
  return {
      {"phase",
       {"prefill", "chunked", "decode", "cross", "mixed"},
       [](const Case& c) { return std::vector<std::string>{name_of(phase_of(c.problem))}; }},
      {"batch",
       {"1", "2", "3+"},
       [](const Case& c) {
         return std::vector<std::string>{c.problem.batch() > 2 ? "3+" : std::to_string(c.problem.batch())};
       }},
      {"kv-lengths", {"equal", "ragged", "much-shorter"}, raggedness},
      of_each("empty", {"none", "q", "kv", "both"}, empty_part),
      of_each("q-to-kv", {"equal", "below", "above"}, order_of_lengths),
      {"longest-q",
       {"0-1", "2-16", "17+"},
       [](const Case& c) {
         int most = 0;
         for (const SequenceLengths& one : c.problem.sequences) most = std::max(most, one.q_len);
         return std::vector<std::string>{most > 16 ? "17+" : most > 1 ? "2-16" : "0-1"};
       }},
      of_each("kv-tiles", {"0", "1", "2", "3+"}, tiles),
      of_each("kv%64", {"0", "1", "63", "other"}, residue),
      of_each("kv%128", {"64", "other"}, half_tile),
  };
}

}  // namespace flashdiff
