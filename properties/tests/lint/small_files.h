#pragma once
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "properties/tests/run/temporary_folder.h"

namespace flashdiff::lint::test {

inline std::string data_file(const std::string& name) {
  return std::string(FLASHDIFF_SOURCE_DIR "/properties/tests/lint/data/") + name;
}

inline std::string bytes_of(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

/// A folder of this test's own, and files in it.
class SmallFiles {
 public:
  /// Writes a file, and says where.
  std::string write(const std::string& name, const std::string& bytes) const {
    const auto path = folder_.path() / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  [[nodiscard]] std::string folder() const { return folder_.path().string(); }

 private:
  flashdiff::test::TemporaryFolder folder_;
};

}  // namespace flashdiff::lint::test
