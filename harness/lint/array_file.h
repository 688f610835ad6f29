#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/lint/array_reader.h"
#include "harness/lint/npz.h"

namespace flashdiff::lint {

/// A file with arrays in it: .npy and text hold one without a name, .npz and .safetensors several by name.
/// What a file is, its ending says; everything else is text, and `-` is the standard input's text.
class ArrayFile {
 public:
  /// Errors: no such file; a file that is not what its ending says (and what it is, where that is known).
  [[nodiscard]] static Outcome<ArrayFile> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Sorted; none where the one array has no name.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] bool has(const std::string& name) const;
  /// The array of this name, or the one array of a file whose array has none. It reads from this file.
  [[nodiscard]] Outcome<ArrayReader> array(const std::string& name = {}) const;

 private:
  struct Tensor {
    std::vector<std::int64_t> shape;
    Element element;
    std::vector<std::byte> bytes;
  };
  explicit ArrayFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] Outcome<void> open_archive();
  [[nodiscard]] Outcome<void> open_safetensors();

  std::string path_;
  std::vector<std::string> names_;
  std::shared_ptr<Archive> archive_;       ///< .npz
  std::map<std::string, Tensor> tensors_;  ///< .safetensors: those that hold numbers this program knows
};

}  // namespace flashdiff::lint
