# nvcc as a program, not as a CMake language: CUDA's CMake support does not work on the PyPI wheels as installed, while calling
# nvcc works with wheels and toolkits alike. Order: FLASHDIFF_NVCC, CUDA_HOME, PATH, the usual place, the wheels that `./run`
# puts into the build folder.
file(GLOB FLASHDIFF_NVCC_WHEEL_BIN ${PROJECT_BINARY_DIR}/cuda-venv/lib/python3*/site-packages/nvidia/cu13/bin)
set(nvcc_hints $ENV{CUDA_HOME}/bin)
if(DEFINED ENV{FLASHDIFF_CUDA_WHEELS_ONLY})  # .ci/bare-machine: as if this machine had no toolkit
  find_program(FLASHDIFF_NVCC nvcc PATHS ${FLASHDIFF_NVCC_WHEEL_BIN} NO_DEFAULT_PATH REQUIRED)
else()
  find_program(FLASHDIFF_NVCC nvcc HINTS ${nvcc_hints} PATHS /usr/local/cuda/bin ${FLASHDIFF_NVCC_WHEEL_BIN} REQUIRED)
endif()
get_filename_component(FLASHDIFF_NVCC_REAL ${FLASHDIFF_NVCC} REALPATH)
get_filename_component(FLASHDIFF_CUDA_BIN ${FLASHDIFF_NVCC_REAL} DIRECTORY)
get_filename_component(FLASHDIFF_CUDA_ROOT ${FLASHDIFF_CUDA_BIN} DIRECTORY)
find_path(FLASHDIFF_CUDA_INCLUDE cuda.h
  PATHS ${FLASHDIFF_CUDA_ROOT}/include ${FLASHDIFF_CUDA_ROOT}/targets/x86_64-linux/include
        ${FLASHDIFF_CUDA_ROOT}/targets/sbsa-linux/include NO_DEFAULT_PATH REQUIRED)
execute_process(COMMAND ${FLASHDIFF_NVCC} --version OUTPUT_VARIABLE nvcc_version COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCH "V([0-9.]+)" nvcc_version "${nvcc_version}")
set(FLASHDIFF_NVCC_VERSION ${CMAKE_MATCH_1} CACHE INTERNAL "")
if(FLASHDIFF_NVCC_VERSION VERSION_LESS 12.4)
  message(FATAL_ERROR "nvcc ${FLASHDIFF_NVCC_VERSION} at ${FLASHDIFF_NVCC}: 12.4 or newer is needed")
endif()
message(STATUS "nvcc ${FLASHDIFF_NVCC_VERSION}: ${FLASHDIFF_NVCC}")

# The types of the driver API (cuda.h), for driver/ and softcuda/. Nothing of CUDA is linked.
add_library(cuda_headers INTERFACE)
target_include_directories(cuda_headers SYSTEM INTERFACE ${FLASHDIFF_CUDA_INCLUDE})

set(FLASHDIFF_NVCC_OPTIONS "-std=c++20 -O3 -lineinfo")  # of everything that is compiled, mutants included (properties/power)
separate_arguments(FLASHDIFF_NVCC_FLAGS NATIVE_COMMAND "${FLASHDIFF_NVCC_OPTIONS} -I${PROJECT_SOURCE_DIR}")

# flashdiff_ptx(OUTPUT SOURCE [DEPENDS ...] [FLAGS ...]): PTX for compute_80, with line information.
function(flashdiff_ptx output source)
  cmake_parse_arguments(ARG "" "" "FLAGS;DEPENDS" ${ARGN})
  add_custom_command(OUTPUT ${output} DEPENDS ${source} ${ARG_DEPENDS} DEPFILE ${output}.d
    COMMAND ${FLASHDIFF_NVCC} ${FLASHDIFF_NVCC_FLAGS} ${ARG_FLAGS} -arch=compute_80 -ptx -MD -MF ${output}.d -o ${output} ${source}
    COMMENT "nvcc -ptx ${source}" VERBATIM)
endfunction()

# flashdiff_cubin(OUTPUT PTX SM): machine code for one GPU, made from the very PTX that runs, as a driver does it, and OUTPUT.ptxas
# with registers, spills and shared bytes. From the source it would be the same (compared for flash_forward), at four times the time.
function(flashdiff_cubin output ptx sm)
  add_custom_command(OUTPUT ${output} ${output}.ptxas DEPENDS ${ptx}
    COMMAND ${CMAKE_COMMAND} -DNVCC=${FLASHDIFF_NVCC} -DSM=${sm} -DPTX=${ptx} -DOUTPUT=${output}
            -P ${PROJECT_SOURCE_DIR}/.cmake/cubin.cmake
    COMMENT "nvcc -cubin sm_${sm} ${ptx}" VERBATIM)
endfunction()
