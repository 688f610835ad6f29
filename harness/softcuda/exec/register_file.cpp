#include "harness/softcuda/exec/register_file.h"

#include "harness/softcuda/isa/warp.h"

namespace softcuda::exec {
namespace {

std::uint32_t row_bytes(int bits) {
  return bits == 1 ? 4 : static_cast<std::uint32_t>(bits / 8 * isa::kLanes);
}

}  // namespace

RegisterFile place_rows(const Rows& rows, const std::vector<Draft>&, const std::vector<DraftBlock>&) {
  RegisterFile file;
  file.offset.resize(static_cast<std::size_t>(rows.count()));
  std::uint32_t top = sizeof(isa::Warp);
  for (const int bits : {1, 16, 32, 64}) {
    for (int row = 0; row < rows.count(); ++row) {
      if (rows[row].bits != bits) continue;
      file.offset[static_cast<std::size_t>(row)] = top;
      top += row_bytes(bits);
      if (rows[row].kind == RowKind::reg && bits > 1) file.registers += bits == 64 ? 2 : 1;
    }
    top = (top + 63) / 64 * 64;
  }
  file.bytes = top;
  return file;
}

}  // namespace softcuda::exec
