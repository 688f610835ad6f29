#pragma once
#include <array>
#include <cstdint>

#include "harness/problem/names.h"

namespace flashdiff {

/// What a case has or has not, besides the choices that every case makes.
enum class Extra : std::uint8_t {
  page,         ///< K and V in pages
  view,         ///< tensors inside larger buffers
  spare_rows,   ///< padding beside the longest sequence
  group,        ///< query heads that share a K/V head
  other_d_v,    ///< d_v != d_qk
  scale,        ///< another softmax scale than the usual
  softcap,      ///
  alibi,        ///
  sink,         ///
  call_before,  ///< a workspace that was used before
};
template <>
inline constexpr std::array all_of<Extra>{
    Extra::page,  Extra::view,    Extra::spare_rows, Extra::group, Extra::other_d_v,
    Extra::scale, Extra::softcap, Extra::alibi,      Extra::sink,  Extra::call_before};

[[nodiscard]] const char* name_of(Extra);

}  // namespace flashdiff
