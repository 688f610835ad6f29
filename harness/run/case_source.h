#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff {

/// A case and the ways to make it smaller, most promising first; `smaller` is lazy, since only failures are
/// shrunk.
struct Drawn {
  Case value;
  std::vector<std::string> labels;
  std::function<std::vector<Drawn>()> smaller;
};

/// Where cases come from: random draws (properties), one line, a capture. draw(i) is a pure function of i, so
/// that shards and resumed runs see the same cases; nothing where there is no such case.
class CaseSource {
 public:
  virtual ~CaseSource() = default;
  [[nodiscard]] virtual std::optional<Drawn> draw(std::uint64_t index) = 0;
};

}  // namespace flashdiff
