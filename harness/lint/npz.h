#pragma once
#include <memory>
#include <string>
#include <vector>

#include "harness/lint/source.h"

namespace flashdiff::lint {

/// A zip archive, as numpy.savez and savez_compressed write them: its members' names, and their bytes.
class Archive {
 public:
  /// Errors: no file, no zip archive.
  [[nodiscard]] static Outcome<std::shared_ptr<Archive>> open(const std::string& path);
  virtual ~Archive() = default;
  [[nodiscard]] virtual const std::vector<std::string>& members() const = 0;
  /// A member's bytes, unpacked as they are read. The source keeps the archive open.
  [[nodiscard]] virtual Outcome<std::unique_ptr<Source>> member(const std::string& name) = 0;
};

}  // namespace flashdiff::lint
