#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <nlohmann/json.hpp>

#include "harness/softcuda/api/state.h"
#include "harness/softcuda/softcuda.h"

/// What detectors found, for whoever asks: the report file, stderr, and softcudaReports.
namespace softcuda::api {
namespace {

nlohmann::json as_json(const check::Report& report) {
  return {{"kind", check::name_of(report.kind)},
          {"stopped", report.stopped},
          {"count", report.count},
          {"kernel", report.kernel},
          {"file", report.file},
          {"line", report.line},
          {"other_file", report.other_file},
          {"other_line", report.other_line},
          {"what", report.what},
          {"text", report.text}};
}

/// The reports may hold bytes of a hostile module's names: what is no UTF-8 is replaced.
std::string dumped(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void write(std::FILE* to, const check::Report& report, bool json) {
  if (json)
    std::fprintf(to, "%s\n", dumped(as_json(report)).c_str());
  else if (report.count == 1)
    std::fprintf(to, "softcuda: %s", report.text.c_str());
  else
    std::fprintf(to, "softcuda: %llu times: %s", static_cast<unsigned long long>(report.count),
                 report.text.c_str());
}

}  // namespace

void write_reports() {
  State& s = state();
  const std::lock_guard lock(s.mutex);  // behind it others may have told more than a list taken before has
  const std::vector<check::Report> all = s.machine.reports();
  if (s.told >= all.size()) {
    s.told = all.size();
    return;
  }
  const char* path = std::getenv("SOFTCUDA_REPORT");
  const bool quiet = path != nullptr && std::strcmp(path, "none") == 0;
  const std::string_view name = path != nullptr ? path : "";
  std::FILE* file = quiet || name.empty() ? nullptr : std::fopen(path, "a");
  if (!quiet && !name.empty() && file == nullptr)
    std::fprintf(
        stderr, "softcuda: SOFTCUDA_REPORT=%s: cannot be opened for appending; reports go to stderr\n", path);
  for (; s.told < all.size(); ++s.told) {
    if (!quiet)
      write(file != nullptr ? file : stderr, all[s.told], file != nullptr && name.ends_with(".json"));
  }
  if (file != nullptr) std::fclose(file);
}

}  // namespace softcuda::api

using softcuda::api::state;

SOFTCUDA_EXPORT const char* softcudaReports() {
  nlohmann::json all = nlohmann::json::array();
  for (const auto& report : state().machine.reports()) all.push_back(softcuda::api::as_json(report));
  return (softcuda::api::told().reports = softcuda::api::dumped(all)).c_str();
}
SOFTCUDA_EXPORT void softcudaReportsReset() {
  const std::lock_guard lock(state().mutex);
  state().machine.reset_reports();
  state().told = 0;
}
SOFTCUDA_EXPORT int softcudaSet(const char* key, const char* value, char* why, unsigned long long size) {
  if (key == nullptr || value == nullptr) return 1;
  tl::expected<void, std::string> set;
  state().machine.change([&](softcuda::exec::Settings& settings) {
    softcuda::exec::Settings changed = settings;
    set = changed.set(key, value);
    if (set) settings = changed;
  });
  if (set) return 0;
  if (why != nullptr && size != 0) std::snprintf(why, size, "%s", set.error().c_str());
  return 1;
}
