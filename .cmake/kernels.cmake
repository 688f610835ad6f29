# flashdiff_kernels(SOURCES FOLDER): each pair NAME.cu, NAME.plan.cpp of a folder is a kernel, with nothing else to write down.
#
# nvcc makes its PTX and cubins, and SOURCES is set to what a library or a program is given to have these kernels: their plans, their
# images (PTX and ptxas's words inside the program: it has no files to lose), and all_kernels() of kernels/kernel.h over them.
function(flashdiff_kernels sources folder)
  file(GLOB plans CONFIGURE_DEPENDS ${folder}/*.plan.cpp)
  set(made_sources ${CMAKE_CURRENT_BINARY_DIR}/all_kernels.cpp)
  foreach(plan ${plans})
    get_filename_component(kernel ${plan} NAME)
    string(REGEX REPLACE "\\.plan\\.cpp$" "" kernel ${kernel})
    set(source ${folder}/${kernel}.cu)
    if(NOT EXISTS ${source})
      message(FATAL_ERROR "${plan}: no ${kernel}.cu beside it, expected a pair NAME.cu, NAME.plan.cpp")
    endif()
    set(made ${CMAKE_CURRENT_BINARY_DIR}/${kernel})
    flashdiff_ptx(${made}.ptx ${source})
    flashdiff_cubin(${made}.sm_80.cubin ${made}.ptx 80)
    flashdiff_cubin(${made}.sm_90.cubin ${made}.ptx 90)
    file(CONFIGURE OUTPUT ${made}.S @ONLY CONTENT [[
  .section .rodata
  .balign 64
  .globl @kernel@_ptx_begin, @kernel@_ptx_end, @kernel@_ptxas_begin, @kernel@_ptxas_end
@kernel@_ptx_begin: .incbin "@made@.ptx"
@kernel@_ptx_end: .byte 0
@kernel@_ptxas_begin: .incbin "@made@.sm_80.cubin.ptxas"
  .incbin "@made@.sm_90.cubin.ptxas"
@kernel@_ptxas_end: .byte 0
  .section .note.GNU-stack,"",%progbits
]])
    set_source_files_properties(${made}.S PROPERTIES OBJECT_DEPENDS
      "${made}.ptx;${made}.sm_80.cubin.ptxas;${made}.sm_90.cubin.ptxas")
    list(APPEND made_sources ${plan} ${made}.S)
    string(APPEND declarations "KernelPlan ${kernel}_plan();\n")
    string(APPEND extern_bytes
      "extern const char ${kernel}_ptx_begin, ${kernel}_ptx_end, ${kernel}_ptxas_begin, ${kernel}_ptxas_end;\n")
    string(APPEND rows "      {\"${kernel}\", \"kernels/${kernel}.cu\", between(${kernel}_ptx_begin, ${kernel}_ptx_end),
       between(${kernel}_ptxas_begin, ${kernel}_ptxas_end), ${kernel}_plan()},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/all_kernels.cpp @ONLY CONTENT [[
// Made by .cmake/kernels.cmake of @folder@.
#include <algorithm>
#include <tuple>

#include "kernels/kernel.h"

extern "C" {
@extern_bytes@}

namespace flashdiff::kernels {
@declarations@
namespace {
std::string_view between(const char& begin, const char& end) {
  return {&begin, static_cast<std::size_t>(&end - &begin)};
}
}  // namespace

std::span<const Kernel> all_kernels() {
  static const std::vector<Kernel> table = [] {
    std::vector<Kernel> made{
@rows@    };
    std::ranges::stable_sort(made, {}, [](const Kernel& k) { return std::tuple(k.plan.pass, k.plan.most_queries > 0); });
    return made;
  }();
  return table;
}

}  // namespace flashdiff::kernels
]])
  set(${sources} ${made_sources} PARENT_SCOPE)
endfunction()
