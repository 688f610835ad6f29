# Compiler options that every target shares, as one interface library.
set(FLASHDIFF_ARCH native CACHE STRING "Processor to build for: native, or a -march value such as x86-64-v3 (packagers)")
set(FLASHDIFF_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined or thread")
option(FLASHDIFF_WERROR "Warnings are errors" ON)

add_library(flashdiff_options INTERFACE)
target_compile_features(flashdiff_options INTERFACE cxx_std_20)
# psabi: vectors of 64 bytes are handed on in another way where there is no AVX-512. Everything that hands them on is compiled here,
# with one set of flags, so nothing can disagree; GCC warns all the same.
target_compile_options(flashdiff_options INTERFACE -Wall -Wextra -Wno-psabi)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)  # the fuzzers': GCC's own pragmas (ivdep) and warnings stand in the sources by their names
  target_compile_options(flashdiff_options INTERFACE -Wno-unknown-pragmas -Wno-unknown-warning-option)
endif()
if(FLASHDIFF_WERROR)
  target_compile_options(flashdiff_options INTERFACE -Werror)
endif()
# Contraction would let the compiler fuse a*b+c where the source says two roundings: what a PTX mul and add give, and what
# a budget's derivation assumes, must not depend on the optimiser. Fused operations are written as such.
target_compile_options(flashdiff_options INTERFACE -ffp-contract=off)

# `native` is written out as the flags that the compiler makes of it: a build folder or a compiler cache that travels to another
# processor then sees other flags, and rebuilds, where the word `native` would look the same and die by an illegal instruction.
function(flashdiff_processor_flags out)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
    set(option -mcpu=${FLASHDIFF_ARCH})
  else()
    set(option -march=${FLASHDIFF_ARCH})
  endif()
  if(NOT FLASHDIFF_ARCH STREQUAL native)
    set(${out} ${option} PARENT_SCOPE)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${option} -E -v -x c++ /dev/null
    OUTPUT_QUIET ERROR_VARIABLE said RESULT_VARIABLE failed)
  string(REGEX MATCH "cc1plus[^\n]*/dev/null (-m[^\n]*)" _ "${said}")
  string(REGEX MATCHALL "-m[a-z0-9][^ ]*" flags "${CMAKE_MATCH_1}")
  if(failed OR NOT flags)  # not GCC: its word is as good as it gets
    set(flags ${option})
  endif()
  set(${out} ${flags} PARENT_SCOPE)
endfunction()
flashdiff_processor_flags(FLASHDIFF_PROCESSOR_FLAGS)
target_compile_options(flashdiff_options INTERFACE ${FLASHDIFF_PROCESSOR_FLAGS})

if(FLASHDIFF_SANITIZE)
  set(flags -fsanitize=${FLASHDIFF_SANITIZE} -fno-omit-frame-pointer -g1)
  # GCC documents that sanitizers make it warn of what is no mistake; 12 does so in std::regex and std::function.
  list(APPEND flags -Wno-maybe-uninitialized -Wno-uninitialized)
  if(FLASHDIFF_SANITIZE MATCHES undefined)
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  if(FLASHDIFF_SANITIZE MATCHES fuzzer)
    list(APPEND flags -O1)  # behind every other -O: the libraries build in 50 s on two cores
  endif()
  target_compile_options(flashdiff_options INTERFACE ${flags})
  target_link_options(flashdiff_options INTERFACE -fsanitize=${FLASHDIFF_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
