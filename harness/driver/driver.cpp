#include "harness/driver/driver.h"

#include <cstdlib>
#include <filesystem>

#include <dlfcn.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#define FLASHDIFF_STRING_OF(x) #x
#define FLASHDIFF_EXPANDED_STRING_OF(x) FLASHDIFF_STRING_OF(x)

namespace flashdiff::driver {
namespace {

/// softcuda's shared object: where FLASHDIFF_SOFTCUDA says, beside the running program, or in the folder it
/// was built in.
Outcome<std::string> softcuda_path() {
  namespace fs = std::filesystem;
  if (const char* said = std::getenv("FLASHDIFF_SOFTCUDA"); said != nullptr && *said != '\0')
    return std::string(said);
  std::error_code none;
  const fs::path beside =
      fs::read_symlink("/proc/self/exe", none).parent_path() / "softcuda" / "libcuda.so.1";
  if (fs::exists(beside, none)) return beside.string();
  const fs::path built = fs::path(FLASHDIFF_SOFTCUDA_FOLDER) / "libcuda.so.1";
  if (fs::exists(built, none)) return built.string();
  return unsupported(fmt::format("softcuda: no libcuda.so.1 at {} nor at {}; FLASHDIFF_SOFTCUDA may name it",
                                 beside.string(), built.string()));
}

/// Results that a kernel's own fault leaves behind; all else is the caller's or the machine's doing.
bool is_fault(CUresult result) {
  switch (result) {
    case CUDA_ERROR_ILLEGAL_ADDRESS:
    case CUDA_ERROR_MISALIGNED_ADDRESS:
    case CUDA_ERROR_INVALID_ADDRESS_SPACE:
    case CUDA_ERROR_INVALID_PC:
    case CUDA_ERROR_ILLEGAL_INSTRUCTION:
    case CUDA_ERROR_HARDWARE_STACK_ERROR:
    case CUDA_ERROR_LAUNCH_FAILED:
    case CUDA_ERROR_LAUNCH_TIMEOUT:
    case CUDA_ERROR_ASSERT: return true;
    default: return false;
  }
}

}  // namespace

Outcome<std::shared_ptr<const Driver>> Driver::open(const std::string& library, bool soft) {
  // RTLD_LOCAL: two drivers may be in one process (`flashdiff devices` asks both), each with its own symbols.
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return unsupported(fmt::format("{}: {}", library, dlerror()));
  const std::shared_ptr<Driver> made(new Driver);
  made->library_ = library;
  const auto find = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, symbol));
    return function != nullptr;
  };
  (void)find(made->soft_.counters, "softcudaCounters");
  (void)find(made->soft_.reset_counters, "softcudaCountersReset");
  (void)find(made->soft_.counters_json, "softcudaCountersJson");
  (void)find(made->soft_.last_footprint, "softcudaLastFootprint");
  (void)find(made->soft_.last_fault, "softcudaLastFault");
  (void)find(made->soft_.set_threads, "softcudaSetThreads");
  (void)find(made->soft_.set_instruction_limit, "softcudaSetInstructionLimit");
  (void)find(made->soft_.reports, "softcudaReports");
  (void)find(made->soft_.reset_reports, "softcudaReportsReset");
  (void)find(made->soft_.set, "softcudaSet");
  (void)find(made->soft_.add_extent, "softcudaAddExtent");
  (void)find(made->soft_.forget_extents, "softcudaForgetExtents");
  // Its reports come back as verdicts: they need not be told on stderr as well.
  if (made->is_soft()) (void)setenv("SOFTCUDA_REPORT", "none", 0);
  if (!soft && made->is_soft())
    return unsupported(fmt::format("{}: this is softcuda, not a GPU's driver", library));
  if (soft && !made->is_soft()) return unsupported(fmt::format("{}: this is not softcuda", library));
#define FLASHDIFF_LOOK_UP(name)                                                                             \
  if (!find(made->api_.name, FLASHDIFF_EXPANDED_STRING_OF(name)))                                           \
    return unsupported(fmt::format("{}: has no {}, expected a CUDA driver of version 12 or newer", library, \
                                   FLASHDIFF_EXPANDED_STRING_OF(name)));
  FLASHDIFF_DRIVER_API(FLASHDIFF_LOOK_UP)
#undef FLASHDIFF_LOOK_UP
  const CUresult up = made->api_.cuInit(0);
  // A toolkit's stub has no words for it: its cuGetErrorName answers as everything else in it does.
  if (up == CUDA_ERROR_STUB_LIBRARY)
    return unsupported(fmt::format(
        "{}: cuInit: CUDA_ERROR_STUB_LIBRARY: a toolkit's stub to link against, not a driver", library));
  if (const auto ok = made->check(up, "cuInit"); !ok)
    return unsupported(fmt::format("{}: {}", library, ok.error().what));
  if (const auto counted = made->check(made->api_.cuDeviceGetCount(&made->device_count_), "cuDeviceGetCount");
      !counted)
    return unsupported(fmt::format("{}: {}", library, counted.error().what));
  if (made->device_count_ == 0) return unsupported(fmt::format("{}: finds no device", library));
  return made;
}

Outcome<std::shared_ptr<const Driver>> Driver::load(DeviceChoice choice) {
  Outcome<std::shared_ptr<const Driver>> real = unsupported("not asked for");
  if (choice != DeviceChoice::soft) {
    real = open("libcuda.so.1", false);
    if (real || choice == DeviceChoice::gpu) return real;
  }
  const Outcome<std::string> path = softcuda_path();
  if (!path) return tl::unexpected<Error>(path.error());
  return open(*path, true);
}

std::shared_ptr<const Driver> Driver::through(const Api& table) const {
  const std::shared_ptr<Driver> made(new Driver(*this));
  made->api_ = table;
  return made;
}

std::string Driver::version() const {
  int version = 0;
  if (api_.cuDriverGetVersion(&version) != CUDA_SUCCESS) return "unknown";
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

Outcome<void> Driver::check(CUresult result, const char* call) const {
  if (result == CUDA_SUCCESS) return {};
  const char* name = nullptr;
  const char* text = nullptr;
  if (api_.cuGetErrorName(result, &name) != CUDA_SUCCESS || name == nullptr) name = "an error without a name";
  if (api_.cuGetErrorString(result, &text) != CUDA_SUCCESS || text == nullptr) text = "no description";
  std::string what = fmt::format("{}: {}: {}", call, name, text);
  if (!is_fault(result)) return harness_error(std::move(what));
  std::string report = is_soft() ? soft_.last_fault() : "";
  return fail(ErrorKind::device_fault, std::move(what), std::move(report));
}

Outcome<std::vector<DeviceInfo>> devices(const Driver& driver) {
  const Api& api = driver.api();
  std::vector<DeviceInfo> found;
  for (int i = 0; i < driver.device_count(); ++i) {
    DeviceInfo info;
    info.ordinal = i;
    CUdevice device = 0;
    char name[256] = {};
    std::size_t memory = 0;
    const auto attribute = [&](int& value, CUdevice_attribute which) {
      return driver.check(api.cuDeviceGetAttribute(&value, which, device), "cuDeviceGetAttribute");
    };
    Outcome<void> ok = driver.check(api.cuDeviceGet(&device, i), "cuDeviceGet");
    if (ok) ok = driver.check(api.cuDeviceGetName(name, sizeof name, device), "cuDeviceGetName");
    if (ok) ok = driver.check(api.cuDeviceTotalMem(&memory, device), "cuDeviceTotalMem");
    if (ok) ok = attribute(info.compute_major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    if (ok) ok = attribute(info.compute_minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    if (ok) ok = attribute(info.multiprocessors, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    if (!ok) return tl::unexpected<Error>(ok.error());
    info.name = name;
    info.memory_bytes = memory;
    found.push_back(std::move(info));
  }
  return found;
}

Outcome<void> Driver::findings() const {
  if (soft_.reports == nullptr) return {};
  const std::string text = soft_.reports();
  if (text == "[]") return {};
  soft_.reset_reports();
  const auto reports = nlohmann::json::parse(text, nullptr, false);
  std::string what, detail;
  for (const auto& report : reports) {
    if (report.value("stopped", false)) continue;  // the launch's own result tells it
    if (what.empty()) what = report.value("what", "");
    detail += fmt::format("{} times: {}", report.value("count", 1), report.value("text", ""));
  }
  if (what.empty()) return {};
  return fail(ErrorKind::device_fault, std::move(what), std::move(detail));
}

Outcome<void> Driver::set_soft(const std::string& key, const std::string& value) const {
  if (soft_.set == nullptr)
    return bad_input(
        fmt::format("--soft {}={}: the device is a GPU; only the software driver can be told", key, value));
  char why[512] = "";
  if (soft_.set(key.c_str(), value.c_str(), why, sizeof why) == 0) return {};
  return bad_input(fmt::format("--soft {}", why));
}

}  // namespace flashdiff::driver
