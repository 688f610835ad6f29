# Compiler options that every target shares, as one interface library.
set(FLASHDIFF_ARCH native CACHE STRING "Processor to build for: native, or a -march value such as x86-64-v3 (packagers)")
set(FLASHDIFF_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
option(FLASHDIFF_WERROR "Warnings are errors" ON)

add_library(flashdiff_options INTERFACE)
target_compile_features(flashdiff_options INTERFACE cxx_std_20)
target_compile_options(flashdiff_options INTERFACE -Wall -Wextra)
if(FLASHDIFF_WERROR)
  target_compile_options(flashdiff_options INTERFACE -Werror)
endif()
# Contraction would let the compiler fuse a*b+c where the source says two roundings: what a PTX mul and add give, and what
# a budget's derivation assumes, must not depend on the optimiser. Fused operations are written as such.
target_compile_options(flashdiff_options INTERFACE -ffp-contract=off)

if(NOT FLASHDIFF_ARCH STREQUAL "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    target_compile_options(flashdiff_options INTERFACE -mcpu=${FLASHDIFF_ARCH})
  else()
    target_compile_options(flashdiff_options INTERFACE -march=${FLASHDIFF_ARCH})
  endif()
endif()

if(FLASHDIFF_SANITIZE)
  set(flags -fsanitize=${FLASHDIFF_SANITIZE} -fno-omit-frame-pointer -g1)
  if(FLASHDIFF_SANITIZE MATCHES undefined)
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  target_compile_options(flashdiff_options INTERFACE ${flags})
  target_link_options(flashdiff_options INTERFACE -fsanitize=${FLASHDIFF_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
