#include "harness/backend/openvino/library.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <vector>

#include <dlfcn.h>
#include <fmt/format.h>

namespace flashdiff::openvino {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStart = "libopenvino_c.so";

/// A folder's entries in order of their names; none where it cannot be read.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

std::optional<fs::path> library_in(const fs::path& folder) {
  for (const fs::path& entry : entries(folder))
    if (entry.filename().string().starts_with(kStart)) return entry;
  return std::nullopt;
}

/// As pip lays them out.
std::optional<fs::path> library_in_environment(const fs::path& environment) {
  for (const fs::path& python : entries(environment / "lib"))
    if (auto found = library_in(python / "site-packages/openvino/libs")) return found;
  return std::nullopt;
}

std::optional<fs::path> installed() {
  std::error_code none;
  const fs::path beside = fs::read_symlink("/proc/self/exe", none).parent_path() / "openvino-venv";
  if (auto found = library_in_environment(beside)) return found;
  return library_in_environment(fs::path(FLASHDIFF_OPENVINO_VENV));
}

}  // namespace

Outcome<std::shared_ptr<const Library>> Library::load() {
  if (const char* said = std::getenv("FLASHDIFF_OPENVINO"); said != nullptr && *said != '\0') {
    const auto there = library_in(said);
    if (!there)
      return unsupported(
          fmt::format("FLASHDIFF_OPENVINO={}: no {} in it, expected OpenVINO's libraries", said, kStart));
    return open(there->string());
  }
  if (const auto there = installed()) return open(there->string());
  auto of_system = open(kStart);
  if (of_system) return of_system;
  return unsupported(
      "OpenVINO is not installed: `./run demo` and `./run test` install it, FLASHDIFF_OPENVINO may name its "
      "folder");
}

Outcome<std::shared_ptr<const Library>> Library::open(const std::string& file) {
  void* const handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return unsupported(fmt::format("{}: {}", file, dlerror()));
  const std::shared_ptr<Library> made(new Library);
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    return function != nullptr;
  };
#define FLASHDIFF_LOOK_UP(name)      \
  if (!find(made->api_.name, #name)) \
    return unsupported(fmt::format("{}: has no {}, expected OpenVINO 2022.3 or newer", file, #name));
  FLASHDIFF_LOOK_UP(ov_get_openvino_version)
  FLASHDIFF_LOOK_UP(ov_version_free)
  FLASHDIFF_LOOK_UP(ov_get_error_info)
  FLASHDIFF_LOOK_UP(ov_get_last_err_msg)
  FLASHDIFF_LOOK_UP(ov_free)
  FLASHDIFF_LOOK_UP(ov_core_create)
  FLASHDIFF_LOOK_UP(ov_core_free)
  FLASHDIFF_LOOK_UP(ov_core_get_property)
  FLASHDIFF_LOOK_UP(ov_core_read_model_from_memory_buffer)
  FLASHDIFF_LOOK_UP(ov_model_free)
  FLASHDIFF_LOOK_UP(ov_core_compile_model)
  FLASHDIFF_LOOK_UP(ov_compiled_model_free)
  FLASHDIFF_LOOK_UP(ov_compiled_model_get_property)
  FLASHDIFF_LOOK_UP(ov_compiled_model_create_infer_request)
  FLASHDIFF_LOOK_UP(ov_infer_request_free)
  FLASHDIFF_LOOK_UP(ov_tensor_create_from_host_ptr)
  FLASHDIFF_LOOK_UP(ov_tensor_free)
  FLASHDIFF_LOOK_UP(ov_infer_request_set_input_tensor_by_index)
  FLASHDIFF_LOOK_UP(ov_infer_request_set_output_tensor_by_index)
  FLASHDIFF_LOOK_UP(ov_infer_request_infer)
  FLASHDIFF_LOOK_UP(ov_infer_request_get_profiling_info)
  FLASHDIFF_LOOK_UP(ov_profiling_info_list_free)
#undef FLASHDIFF_LOOK_UP
  if (auto started = made->start(); !started)
    return unsupported(fmt::format("{}: {}", file, started.error().what));
  return made;
}

Library::~Library() {
  if (core_ != nullptr) api_.ov_core_free(core_);
}

Outcome<void> Library::start() {
  CVersion version;
  if (auto ok = check(api_.ov_get_openvino_version(&version), "ov_get_openvino_version"); !ok) return ok;
  const std::string build = version.build_number == nullptr ? "" : version.build_number;
  version_ = build.substr(0, build.find('-'));  // 2026.4.0-22959-99c81491cc3-releases/2026/4
  api_.ov_version_free(&version);
  if (auto ok = check(api_.ov_core_create(&core_), "ov_core_create"); !ok) return ok;
  char* value = nullptr;
  if (auto ok = check(api_.ov_core_get_property(core_, "CPU", "OPTIMIZATION_CAPABILITIES", &value),
                      "ov_core_get_property");
      !ok)
    return ok;
  capabilities_ = value == nullptr ? "" : value;
  api_.ov_free(value);
  return {};
}

Outcome<void> Library::check(int status, const char* call) const {
  if (status == 0) return {};
  const char* kind = api_.ov_get_error_info(status);
  const char* last = api_.ov_get_last_err_msg();
  std::string why = last == nullptr ? "" : last;
  std::replace(why.begin(), why.end(), '\n', ' ');
  return harness_error(fmt::format("{}: {}: {}", call, kind == nullptr ? "an error" : kind, why));
}

}  // namespace flashdiff::openvino
