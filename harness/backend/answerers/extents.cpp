#include "harness/backend/answerers/extents.h"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "harness/problem/numbers.h"
#include "harness/problem/rows_in_memory.h"

namespace flashdiff {
namespace {

Outcome<void> tell(const driver::Driver& driver, const SoftcudaBox& box) {
  char why[512] = "";
  if (driver.soft().add_extent(&box, why, sizeof why) == 0) return {};
  return harness_error(fmt::format("softcudaAddExtent: {}", why));
}

}  // namespace

Outcome<void> tell_extents(const driver::Driver& driver, const LaidOutTensor& tensor, CUdeviceptr body) {
  if (driver.soft().add_extent == nullptr) return {};
  const Placement& place = tensor.place;
  const auto element = static_cast<long long>(bytes_of(tensor.dtype));
  static constexpr std::array kNames{"row", "head", "column"};
  const std::array strides{place.row_stride * element, place.head_stride * element, element};
  // Rows that follow each other in memory, from `first` of the sequence on.
  const auto tell_rows = [&](int sequence, int first, int rows, const std::string& label) {
    const std::array extents{static_cast<unsigned long long>(rows),
                             static_cast<unsigned long long>(place.heads),
                             static_cast<unsigned long long>(place.width)};
    SoftcudaBox box{};
    box.tensor = name_of(tensor.role);
    box.label = label.c_str();
    box.base = body + static_cast<CUdeviceptr>(place.address(sequence, first, 0) * element);
    box.element = static_cast<unsigned long long>(element);
    box.axes = tensor.role == TensorRole::lse ? 2 : 3;
    box.names = kNames.data();
    box.extents = extents.data();
    box.strides = strides.data();
    return tell(driver, box);
  };
  if (place.page > 0) {
    const std::vector<detail::PageOwner> owners = detail::owners_of_pages(place);
    for (std::size_t page = 0; page < owners.size(); ++page) {
      if (owners[page].sequence < 0) continue;
      const auto [begin, end] = detail::rows_of_page(place, owners[page]);
      if (begin == end) continue;
      const std::string label =
          fmt::format("sequence {}, page {} from row {} on", owners[page].sequence, page, begin);
      if (auto told = tell_rows(owners[page].sequence, begin, end - begin, label); !told) return told;
    }
    return {};
  }
  for (int s = 0; s < static_cast<int>(place.rows.size()); ++s)
    if (auto told = tell_rows(s, 0, place.rows[static_cast<std::size_t>(s)], fmt::format("sequence {}", s));
        !told)
      return told;
  return {};
}

Outcome<void> tell_extents(const driver::Driver& driver, const char* name, CUdeviceptr at,
                           std::size_t bytes) {
  if (driver.soft().add_extent == nullptr) return {};
  const char* const axis = "byte";
  const unsigned long long extent = bytes;
  const long long stride = 1;
  SoftcudaBox box{};
  box.tensor = name;
  box.base = at;
  box.element = 1;
  box.axes = 1;
  box.names = &axis;
  box.extents = &extent;
  box.strides = &stride;
  return tell(driver, box);
}

}  // namespace flashdiff
