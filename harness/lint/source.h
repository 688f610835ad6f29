#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "harness/outcome/outcome.h"

namespace flashdiff::lint {

/// Bytes that come one after the other, from a file, from within an archive or from memory.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  /// Fills `out`; fewer bytes only where the source ends. Errors: what cannot be read (bad_input).
  [[nodiscard]] virtual Outcome<std::size_t> read(std::span<std::byte> out) = 0;
  /// Bytes that are left, where that is known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> left() const { return std::nullopt; }
};

/// Errors: a folder, or no file that can be read.
[[nodiscard]] Outcome<std::unique_ptr<Source>> open_file(const std::string& path);
[[nodiscard]] std::unique_ptr<Source> from_memory(std::vector<std::byte> bytes);
/// All that is left of it, or an error where that is more than `most`.
[[nodiscard]] Outcome<std::vector<std::byte>> read_all(Source& source, std::size_t most,
                                                       const std::string& name);

}  // namespace flashdiff::lint
