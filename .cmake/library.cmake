# Most of what the compiler does with a file of a hundred lines is to read the same headers again: FLASHDIFF_BATCH sources of a folder
# are compiled as one, so that a clean build takes minutes on two cores. Names in the unnamed namespaces of one folder are then distinct.
# Each header still compiles alone (headers.cmake), and with 1 each source does. With 0 a folder is one batch (harness/cli: 71 s
# of a processor instead of 163 with 6), for machines that build once and from nothing; who edits would wait a minute for each change.
set(FLASHDIFF_BATCH 6 CACHE STRING "How many sources of a folder are compiled together; 1: each alone; 0: all")

function(flashdiff_in_batches target)
  if(FLASHDIFF_BATCH EQUAL 0 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # GCC tidies its memory again and again while a folder grows in it. Left to a gigabyte it takes 6 to 10 % less time, and 0.3 GB more.
    target_compile_options(${target} PRIVATE "SHELL:--param ggc-min-heapsize=1000000")
  endif()
  if(NOT FLASHDIFF_BATCH EQUAL 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${FLASHDIFF_BATCH})
    # GCC takes the sources of a batch for headers, in which a public type may not have members of an unnamed namespace's.
    target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# flashdiff_library(NAME SOURCES a.cpp ... KNOWS room ... LINKS external ... [EACH_ALONE | ALONE a.cpp ...] [UNHURRIED])
#
# One folder, one library. KNOWS lists the rooms whose headers this one may include; the arrows test (.cmake/arrows.cmake)
# reads the same list, so an include that the list does not allow fails the build's tests even where it would compile.
# A library without SOURCES is header-only. EACH_ALONE: never in batches, for the hot loops (what is inlined where should not depend on a
# neighbour) and for folders whose files are alike by design, down to the names in them; ALONE: not those sources. UNHURRIED: what it does
# waits for people, files or other programs, and is compiled with -O1, in three quarters of the time.
function(flashdiff_library name)
  cmake_parse_arguments(ARG "EACH_ALONE;UNHURRIED" "" "SOURCES;KNOWS;LINKS;ALONE" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(${name} PRIVATE flashdiff_options)
    if(NOT ARG_EACH_ALONE)
      flashdiff_in_batches(${name})
      set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
    if(ARG_UNHURRIED)
      target_compile_options(${name} PRIVATE -O1)
    endif()
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} ${scope} ${ARG_KNOWS} ${ARG_LINKS})
  flashdiff_record_arrows(${name} "${ARG_KNOWS}")
endfunction()

# Writes down, for the arrows test, which folder may include which.
function(flashdiff_record_arrows name knows)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(GLOBAL APPEND PROPERTY FLASHDIFF_ROOMS "${name}")
  set_property(GLOBAL PROPERTY FLASHDIFF_FOLDER_${name} "${folder}")
  set_property(GLOBAL PROPERTY FLASHDIFF_KNOWS_${name} "${knows}")
endfunction()

# flashdiff_test(NAME SOURCES a_test.cpp ... KNOWS room ... [LABELS l] [TIMEOUT seconds] [ENVIRONMENT A=b])
# One GoogleTest program a room; ctest sees every test of it by name.
function(flashdiff_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;KNOWS;LINKS;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  flashdiff_in_batches(${name})
  target_link_libraries(${name} PRIVATE flashdiff_options ${ARG_KNOWS} ${ARG_LINKS} GTest::gmock_main rapidcheck)
  # What takes time are the libraries; GoogleTest's and RapidCheck's templates take the compiler a third less without -O3.
  target_compile_options(${name} PRIVATE -O1)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE FLASHDIFF_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             FLASHDIFF_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
