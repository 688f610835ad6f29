#pragma once
#include <cstddef>
#include <cstdint>

/// The part of OpenVINO's C API (openvino/c/*.h, unchanged since 2022.3) that is needed, as a table of
/// functions, so that no header of it is needed to build. Objects are opaque pointers; a status of 0 is
/// success.
namespace flashdiff::openvino {

/// ov_shape_t
struct CShape {
  std::int64_t rank = 0;
  std::int64_t* dims = nullptr;
};
/// ov_version_t
struct CVersion {
  const char* build_number = nullptr;
  const char* description = nullptr;
};
/// ov_profiling_info_t
struct CProfile {
  enum Status : int { not_run, optimized_out, executed } status = not_run;
  std::int64_t real_time = 0, cpu_time = 0;  ///< microseconds
  const char* node_name = nullptr;
  const char* exec_type = nullptr;  ///< "jit_avx2_f32"
  const char* node_type = nullptr;  ///< "Subgraph"
};
/// ov_profiling_info_list_t
struct CProfiles {
  CProfile* infos = nullptr;
  std::size_t size = 0;
};
/// ov_element_type_e
enum class CElement : int { boolean = 1, bf16 = 2, f16 = 3, f32 = 4 };

struct Api {
  int (*ov_get_openvino_version)(CVersion*);
  void (*ov_version_free)(CVersion*);
  const char* (*ov_get_error_info)(int status);
  const char* (*ov_get_last_err_msg)();
  void (*ov_free)(const char*);

  int (*ov_core_create)(void** core);
  void (*ov_core_free)(void*);
  int (*ov_core_get_property)(const void* core, const char* device, const char* key, char** value);
  int (*ov_core_read_model_from_memory_buffer)(const void* core, const char* text, std::size_t length,
                                               const void* weights, void** model);
  void (*ov_model_free)(void*);
  int (*ov_core_compile_model)(const void* core, const void* model, const char* device, std::size_t words,
                               void** compiled, ...);  ///< `words`: keys and values that follow
  void (*ov_compiled_model_free)(void*);
  int (*ov_compiled_model_get_property)(const void* compiled, const char* key, char** value);
  int (*ov_compiled_model_create_infer_request)(const void* compiled, void** request);
  void (*ov_infer_request_free)(void*);

  int (*ov_tensor_create_from_host_ptr)(CElement, CShape, void* at, void** tensor);
  void (*ov_tensor_free)(void*);
  int (*ov_infer_request_set_input_tensor_by_index)(void* request, std::size_t, const void* tensor);
  int (*ov_infer_request_set_output_tensor_by_index)(void* request, std::size_t, const void* tensor);
  int (*ov_infer_request_infer)(void* request);
  int (*ov_infer_request_get_profiling_info)(const void* request, CProfiles*);
  void (*ov_profiling_info_list_free)(CProfiles*);
};

}  // namespace flashdiff::openvino
