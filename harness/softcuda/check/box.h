#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/softcuda/check/allocations.h"

/// Tensors as their owners think of them.
namespace softcuda::check {

/// A part of a tensor that strides describe: "sequence 2" of "k". Element (i, j, ...) lies at
/// base + i * axes[0].stride + j * axes[1].stride + ... A padded or paged tensor has many boxes.
struct Box {
  struct Axis {
    std::string name;          ///< "row"
    std::uint64_t extent = 0;  ///< 0: the box has no element
    std::int64_t stride = 0;   ///< bytes; negative and 0 are allowed
  };
  std::string tensor;  ///< "k"
  std::string label;   ///< which part, "sequence 2"; may be empty
  std::uint64_t base = 0;
  std::uint64_t element_bytes = 1;
  std::vector<Axis> axes;

  [[nodiscard]] bool empty() const;
};

inline constexpr std::size_t kMostAxes = 8;

/// Empty, or why `box` is none of this allocation's: one line.
[[nodiscard]] std::string why_not(const Box& box, Interval allocation);

/// Runs of bytes that the box's elements fill: `count` runs of `bytes` bytes, `stride` bytes apart, for each
/// combination of the outer axes. Of a box that why_not() has nothing against.
struct Runs {
  std::uint64_t base = 0, bytes = 0;
  std::vector<Box::Axis> outer;  ///< strides above 0
};
[[nodiscard]] Runs runs_of(const Box& box);

/// An address in a box's own terms.
struct Position {
  std::vector<std::int64_t> at;  ///< by axis; below 0 or from the extent on: so far outside of the box
  std::int64_t byte = 0;         ///< of the element; from element_bytes on: behind it
  std::uint64_t distance = 0;    ///< bytes, axis by axis, from the box; 0: the byte belongs to it
};
/// `box` is not empty.
[[nodiscard]] Position position_in(const Box& box, std::uint64_t address);

/// "element k[sequence 2, row 16, head 1, column 5]", or where that would be:
/// "k, sequence 2: 3 rows behind the last (of 17), head 1, column 5".
[[nodiscard]] std::string words_of(const Box& box, const Position& position);

}  // namespace softcuda::check
