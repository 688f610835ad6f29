#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/problem/case.h"

namespace flashdiff::detail {

/// A case while its line is read: what several keys must agree on is kept apart until all have spoken.
struct Draft {
  Case value;
  int batch = 0;
  std::vector<int> q_lens, kv_lens;
};

/// One key of the line: what it expects, how it is written, how it is read. `write` gives nothing where the
/// value is a default that a reader would not miss; a key that is required is always written.
struct Key {
  const char* name;
  bool required;
  std::string (*expected)();
  std::optional<std::string> (*write)(const Case&);
  bool (*read)(std::string_view, Draft&);
};

/// All keys, in the order in which they are printed. A new key is one entry.
[[nodiscard]] std::span<const Key> case_keys();

}  // namespace flashdiff::detail
