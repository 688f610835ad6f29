#pragma once
#include <memory>
#include <string>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/graph.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::cudnn {

enum class Level : std::uint8_t { supported, built };

/// cuDNN, asked without a device for the GPU that a profile describes. Its source is the one file that sees
/// cudnn_frontend. It may crash and it may hang: it runs in a process of its own (ask.h).
class Engine {
 public:
  virtual ~Engine() = default;
  /// `profile`: the JSON that cuDNN's device properties are read from. Errors (unsupported): a library that
  /// is missing, by name; a profile that cuDNN refuses.
  [[nodiscard]] static Outcome<std::unique_ptr<Engine>> open(const std::string& profile, int sm,
                                                             const std::string& libcuda);
  /// `plan`: file that a built plan is written to, serialised; empty: none.
  [[nodiscard]] virtual Answer ask(const Graph& graph, Level level, const std::string& plan) = 0;
  [[nodiscard]] virtual int version() const = 0;  ///< 91900
};

}  // namespace flashdiff::cudnn
