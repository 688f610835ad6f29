#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/backend/cudnn/answer.h"
#include "harness/backend/cudnn/graph.h"
#include "harness/outcome/outcome.h"

namespace flashdiff::cudnn {

enum class Level : std::uint8_t { supported, built };

/// A plan that can be executed.
struct Plan {
  bool loaded = false;  ///< out of the saved bytes, else compiled
  std::string refused;  ///< why the saved bytes were not taken, in cuDNN's words
  std::string engine;
  std::int64_t workspace_bytes = 0;
};

/// cuDNN, for the GPU that a profile describes or for the one that is there. Its source is the one file that
/// sees cudnn_frontend. It may crash and it may hang: it runs in a process of its own (ask.h).
class Engine {
 public:
  virtual ~Engine() = default;
  /// `profile`: the JSON that cuDNN's device properties are read from; empty: those of libcuda's own first
  /// device. Errors (unsupported): a library that is missing, by name; a profile that cuDNN refuses.
  [[nodiscard]] static Outcome<std::unique_ptr<Engine>> open(const std::string& profile, int sm,
                                                             const std::string& libcuda);
  /// `plan`: a built plan, serialised; null: nobody wants it.
  [[nodiscard]] virtual Answer ask(const Graph& graph, Level level, std::vector<std::uint8_t>* plan) = 0;

  /// The plan of a graph, made once and kept under `key`, which must be another for every other graph.
  /// `saved`: what ask() serialised, or empty. Errors: unsupported in cuDNN's words; harness where it could
  /// not be asked.
  [[nodiscard]] virtual Outcome<Plan> prepare(const std::string& key, const Graph& graph,
                                              const std::vector<std::uint8_t>& saved) = 0;
  /// Puts a prepared plan into the default stream, with the address of each tensor's first element by slot.
  /// Errors (harness): cuDNN's words.
  [[nodiscard]] virtual Outcome<void> execute(const std::string& key,
                                              const std::map<std::int64_t, void*>& tensors,
                                              void* workspace) = 0;
  [[nodiscard]] virtual int version() const = 0;  ///< 91900
};

}  // namespace flashdiff::cudnn
