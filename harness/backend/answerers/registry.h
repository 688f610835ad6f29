#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/backend.h"
#include "harness/driver/driver.h"
#include "harness/outcome/outcome.h"

namespace flashdiff {

struct BackendOptions {
  DeviceChoice device = DeviceChoice::automatic;
  /// kernel name -> PTX file to run instead of the built-in image (a mutant, or a developer's own build with
  /// the same plan)
  std::map<std::string, std::string> images;
  /// how the software driver runs launches: its settings by key (`flashdiff check --soft KEY=VALUE`)
  std::map<std::string, std::string> soft_settings;
  int soft_threads = 1;  ///< host threads that softcuda may use in this process
};

/// One entry a backend; `open` may fail with the reason why it cannot run here (no device, image that does
/// not parse).
struct BackendEntry {
  std::string name;         ///< "flash_forward_simt", "reference"
  std::string description;  ///< one line for `flashdiff backends`
  bool on_device = true;    ///< it runs on what BackendOptions::device chooses, else on the processor
  std::function<Outcome<std::unique_ptr<Backend>>(const BackendOptions&)> open;
  Pass pass = Pass::forward;  ///< what it computes
  int most_queries = 0;       ///< of a sequence that it takes; 0: any number
  std::vector<Pass> also{};   ///< other passes that it computes
  bool known_wrong = false;   ///< it is there to be found wrong: another's function as callers get it wrong
  bool gpu_only = false;      ///< it executes on a GPU and nowhere else
  bool by_name_only = false;  ///< nobody is asked for it who was not named: another way to the same function
  [[nodiscard]] bool computes(Pass asked) const {
    return asked == pass || std::find(also.begin(), also.end(), asked) != also.end();
  }
};

/// All that this build knows, in a fixed order.
[[nodiscard]] const std::vector<BackendEntry>& backend_registry();
[[nodiscard]] Outcome<std::unique_ptr<Backend>> open_backend(const std::string& name,
                                                             const BackendOptions& options);

}  // namespace flashdiff
