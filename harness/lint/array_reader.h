#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/lint/source.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::lint {

enum class ElementKind : std::uint8_t { boolean, whole, unsigned_whole, real, brain };  ///< brain: bfloat16

/// How an element lies in a file.
struct Element {
  ElementKind kind = ElementKind::whole;
  int bytes = 8;
  bool swapped = false;  ///< big-endian
};

/// An array that is read piecewise, in C order, as doubles: whole numbers are exact up to 2^53.
class ArrayReader {
 public:
  /// Elements that follow in `source`. `name` stands in front of every error: "batch.npz:attention_mask".
  ArrayReader(std::string name, std::vector<std::int64_t> shape, Element element,
              std::unique_ptr<Source> source);
  /// Values that are there already.
  ArrayReader(std::string name, std::vector<std::int64_t> shape, std::vector<double> values);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::vector<std::int64_t>& shape() const { return shape_; }
  [[nodiscard]] std::int64_t elements() const;
  /// The next elements. Errors: the file ends before.
  [[nodiscard]] Outcome<void> read(std::span<double> out);
  /// All of them, where they are at most so many.
  [[nodiscard]] Outcome<std::vector<double>> all(std::int64_t most);

 private:
  std::string name_;
  std::vector<std::int64_t> shape_;
  Element element_;
  std::unique_ptr<Source> source_;  ///< none: values_
  std::vector<double> values_;
  std::size_t at_ = 0;  ///< in values_
  std::vector<std::byte> bytes_;
};

/// A shape's elements, or -1 where a dimension is negative or the product beyond 2^40.
[[nodiscard]] std::int64_t elements_of(std::span<const std::int64_t> shape);

}  // namespace flashdiff::lint
