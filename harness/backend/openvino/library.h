#pragma once
#include <memory>
#include <string>

#include "harness/backend/openvino/api.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::openvino {

/// OpenVINO's libraries, loaded, with the processor as their device. Never unloaded: their threads and exit
/// handlers outlive any use of them.
class Library {
 public:
  /// Where FLASHDIFF_OPENVINO (a folder) says and nowhere else; without it in the virtual environment that
  /// `./run demo` and `./run test` make in the build folder, else where the system's loader looks. Errors
  /// (unsupported): not there, or what is wrong with it.
  [[nodiscard]] static Outcome<std::shared_ptr<const Library>> load();
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  [[nodiscard]] const Api& api() const { return api_; }
  [[nodiscard]] const void* core() const { return core_; }
  /// "2026.4.0"
  [[nodiscard]] const std::string& version() const { return version_; }
  /// What it says of the processor, "FP32 INT8 BIN": OPTIMIZATION_CAPABILITIES.
  [[nodiscard]] const std::string& capabilities() const { return capabilities_; }

  /// Nothing, or a harness error that names the call and says why.
  [[nodiscard]] Outcome<void> check(int status, const char* call) const;

 private:
  Library() = default;
  static Outcome<std::shared_ptr<const Library>> open(const std::string& file);
  Outcome<void> start();
  Api api_{};
  void* core_ = nullptr;
  std::string version_, capabilities_;
};

}  // namespace flashdiff::openvino
