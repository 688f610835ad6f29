#include "reports/bench_place.h"

#include <algorithm>
#include <cctype>
#include <regex>
#include <vector>

namespace flashdiff {
namespace {

using Words = std::vector<std::string>;

bool take(const std::string& text, const std::regex& pattern, std::smatch& found) {
  return std::regex_match(text, found, pattern);
}

struct Pattern {
  std::regex text;  ///< a number, and a variant or nothing
  Sweep sweep;
};

/// "seq2048_causal" and the like.
bool take_shape(const std::string& shape, BenchPlace& place) {
  static const Pattern patterns[] = {{std::regex("seq([0-9]+)(?:_(causal))?"), Sweep::length},
                                     {std::regex("fill([0-9]+)_(left|right)"), Sweep::fill},
                                     {std::regex("gqa([0-9]+)()"), Sweep::heads},
                                     {std::regex("decode_gqa([0-9]+)()"), Sweep::decode_heads}};
  static const std::regex cache("batch([0-9]+)_seq([0-9]+)");
  std::smatch found;
  for (const Pattern& pattern : patterns)
    if (take(shape, pattern.text, found)) {
      place.sweep = pattern.sweep;
      place.x = std::stod(found[1]);
      place.variant = found[2];
      return true;
    }
  if (!take(shape, cache, found)) return false;
  place.sweep = Sweep::decode;
  place.batch = std::stoi(found[1]);
  place.x = std::stod(found[2]);
  return true;
}

/// figures/KERNEL/d64/SHAPE, gpu/BACKEND/[backward/]d64/SHAPE
std::optional<BenchPlace> of_a_kernel(Words words) {
  BenchPlace place;
  place.how = words[0];
  place.backend = words[1];
  place.is_backward = place.backend.find("backward") != std::string::npos;
  words.erase(words.begin(), words.begin() + 2);
  if (!words.empty() && words[0] == "backward") {
    place.is_backward = true;
    words.erase(words.begin());
  }
  static const std::regex head_dim("d([0-9]+)");
  std::smatch found;
  if (words.size() != 2 || !take(words[0], head_dim, found)) return std::nullopt;
  place.head_dim = std::stoi(found[1]);
  if (!take_shape(words[1], place)) return std::nullopt;
  return place;
}

/// reference/2048_keys_d128_causal/forward, openvino/256_keys_d64: on one thread.
std::optional<BenchPlace> of_a_processor(const Words& words) {
  const bool reference =
      words[0] == "reference" && words.size() == 3 && (words[2] == "forward" || words[2] == "backward");
  const bool openvino = words[0] == "openvino" && words.size() == 2;
  static const std::regex shape("([0-9]+)_keys_d([0-9]+)(?:_(causal))?");
  std::smatch found;
  if ((!reference && !openvino) || !take(words[1], shape, found)) return std::nullopt;
  BenchPlace place{"cpu", words[0], Sweep::length, std::stod(found[1]), std::stoi(found[2]),
                   0,     found[3], false};
  place.is_backward = words.back() == "backward";
  return place;
}

}  // namespace

std::optional<BenchPlace> place_of(const BenchEntry& entry) {
  const Words words = entry.words();
  if (words.size() < 2) return std::nullopt;
  if (words[0] == "figures" || words[0] == "gpu") return of_a_kernel(words);
  return of_a_processor(words);
}

std::string shape_of(const BenchEntry& entry) {
  const Words words = entry.words();
  std::size_t before = words.size() > 1 ? words[0].size() + 1 : 0;
  if (words.size() > 2 && (words[0] == "figures" || words[0] == "gpu")) before += words[1].size() + 1;
  return entry.name.substr(before);
}

std::string anchor_of(const BenchEntry& entry) {
  std::string anchor = "behind-" + entry.name;
  std::ranges::replace_if(
      anchor,
      [](char c) { return !(std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'); },
      '-');
  return anchor;
}

}  // namespace flashdiff
