# flashdiff_library(NAME SOURCES a.cpp ... KNOWS room ... LINKS external ...)
#
# One folder, one library. KNOWS lists the rooms whose headers this one may include; the arrows test (.cmake/arrows.cmake)
# reads the same list, so an include that the list does not allow fails the build's tests even where it would compile.
# A library without SOURCES is header-only.
function(flashdiff_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;KNOWS;LINKS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_link_libraries(${name} PRIVATE flashdiff_options)
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
  target_link_libraries(${name} PRIVATE flashdiff_options ${ARG_KNOWS} ${ARG_LINKS} GTest::gmock_main rapidcheck)
  # What takes time are the libraries; GoogleTest's and RapidCheck's templates take the compiler a third less without -O3.
  target_compile_options(${name} PRIVATE -O1)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${name} PRIVATE FLASHDIFF_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             FLASHDIFF_BINARY_DIR="${PROJECT_BINARY_DIR}")
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()
