#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/softcuda/check/allocations.h"
#include "harness/softcuda/check/box.h"

/// Logical extents: which bytes of an allocation are elements of a tensor. The others are padding, gaps and
/// guard bands, which no kernel has any business with.
namespace softcuda::check {

/// The elements of one described allocation.
struct Elements {
  Interval bytes;
  std::vector<std::uint64_t> bits;  ///< bit k of word n: byte 64 n + k is an element's

  [[nodiscard]] bool holds(std::uint64_t address) const {
    return address >= bytes.begin && address < bytes.end;
  }
  /// Whether all of these bytes, which lie in the allocation, are elements'.
  [[nodiscard]] bool all(std::uint64_t address, std::uint64_t count) const {
    std::uint64_t at = address - bytes.begin;
    for (const std::uint64_t end = at + count; at < end;) {
      const std::uint64_t in_word = at % 64, here = end - at < 64 - in_word ? end - at : 64 - in_word;
      const std::uint64_t mask = (here == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << here) - 1) << in_word;
      if ((bits[at / 64] & mask) != mask) return false;
      at += here;
    }
    return true;
  }
};

/// All described allocations, as they were when a launch began; read by any number of threads.
class ElementMap {
 public:
  explicit ElementMap(std::vector<std::shared_ptr<const Elements>> sorted) : all_(std::move(sorted)) {}
  /// nullptr: an allocation that nobody has described, where everything is allowed.
  [[nodiscard]] const Elements* at(std::uint64_t address) const;
  [[nodiscard]] std::uint64_t shadow_bytes() const;

 private:
  std::vector<std::shared_ptr<const Elements>> all_;  ///< by address
};

/// What clients have said about their allocations. Every member may be called from any thread.
class Extents {
 public:
  /// Empty, or why not, in one line. From now on the allocation's other bytes are none of its tensors'.
  [[nodiscard]] std::string add(Interval allocation, Box box);
  void forget(std::uint64_t allocation_base);

  /// For a launch; nullptr where nothing is described.
  [[nodiscard]] std::shared_ptr<const ElementMap> map();
  /// Which element of which tensor the address is, or is nearest to; empty where the allocation that starts
  /// at `allocation_base` is not described.
  [[nodiscard]] std::string words(std::uint64_t allocation_base, std::uint64_t address) const;

 private:
  struct Described {
    Interval bytes;
    std::vector<Box> boxes;
    std::shared_ptr<const Elements> elements;  ///< made when a launch asks for them
  };
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Described> described_;  ///< by allocation
};

}  // namespace softcuda::check
