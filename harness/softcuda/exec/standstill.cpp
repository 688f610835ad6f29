#include "harness/softcuda/exec/standstill.h"

#include <functional>
#include <string_view>

namespace softcuda::exec {

void Standstill::look(const WarpThread& thread, const Program& program, bool yielded) {
  if (!yielded) {
    *this = {};
    return;
  }
  const char* file = reinterpret_cast<const char*>(&thread.warp());
  const std::hash<std::string_view> hash;
  std::size_t now = hash({file + program.registers_begin, program.registers_end - program.registers_begin});
  for (const Group& group : thread.groups()) {
    now = now * 0x9e3779b97f4a7c15u + static_cast<std::size_t>(group.pc - program.ops.data());
    now = now * 0x9e3779b97f4a7c15u + group.lanes;
  }
  lasts_ = now == seen_;
  seen_ = now;
}

}  // namespace softcuda::exec
