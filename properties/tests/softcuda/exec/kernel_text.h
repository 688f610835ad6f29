#pragma once
#include <string>

namespace softcuda::testing {

/// A module of one kernel `k(out)` whose body starts with %rd1 = out + 4 * thread number (in %r1), of a block
/// that lies along x. Registers: %p, %h (16 bits), %r, %rd, 32 of each.
inline std::string kernel_text(const std::string& body, const std::string& before = "") {
  return ".version 8.0\n.target sm_80\n.address_size 64\n" + before +
         ".visible .entry k(.param .u64 out)\n{\n.reg .pred %p<32>; .reg .b16 %h<32>; .reg .b32 %r<32>; .reg "
         ".b64 %rd<32>;\n"
         "mov.u32 %r2, %ctaid.x; mov.u32 %r3, %ntid.x; mov.u32 %r4, %tid.x; mad.lo.s32 %r1, %r2, %r3, %r4;\n"
         "ld.param.u64 %rd2, [out]; mul.wide.u32 %rd3, %r1, 4; add.s64 %rd1, %rd2, %rd3;\n" +
         body + "\n}\n";
}

}  // namespace softcuda::testing
