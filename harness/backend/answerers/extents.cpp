#include "harness/backend/answerers/extents.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "harness/problem/numbers.h"

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
  for (std::size_t s = 0; s < place.rows.size(); ++s) {
    const std::array extents{static_cast<unsigned long long>(place.rows[s]),
                             static_cast<unsigned long long>(place.heads),
                             static_cast<unsigned long long>(place.width)};
    const std::string label = fmt::format("sequence {}", s);
    SoftcudaBox box{};
    box.tensor = name_of(tensor.role);
    box.label = label.c_str();
    box.base = body + static_cast<CUdeviceptr>(place.address(static_cast<int>(s), 0, 0) * element);
    box.element = static_cast<unsigned long long>(element);
    box.axes = tensor.role == TensorRole::lse ? 2 : 3;
    box.names = kNames.data();
    box.extents = extents.data();
    box.strides = strides.data();
    if (auto told = tell(driver, box); !told) return told;
  }
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
