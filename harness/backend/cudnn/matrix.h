#pragma once
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "harness/backend/cudnn/ask.h"
#include "harness/backend/cudnn/classes.h"

namespace flashdiff::cudnn {

struct MatrixEntry {
  const ProblemClass* asked = nullptr;
  Answer answer;
  std::string documented;  ///< "yes", "no", or empty where the documentation has no word on it
};

/// What cuDNN says to every class for one GPU.
struct ProfileMatrix {
  Profile profile;
  std::string unasked;  ///< why cuDNN could not be asked for this profile at all; empty: it was
  int version = 0;
  std::vector<MatrixEntry> entries;
};

struct MatrixOptions {
  double timeout_seconds = Asker::usual_timeout;
  int plans = 0;            ///< how many of the classes with a yes are built as well, spread evenly over them
  std::string plan_folder;  ///< where their serialised plans go; empty: nowhere
  std::function<void(const std::string& profile, std::size_t done, std::size_t of)> progress;
};

/// One case, by every rule: what a graph cannot say, what is known to be wrong, and then cuDNN.
[[nodiscard]] Answer ask_case(Asker& asker, const Profile& profile, const Case& c, Handing handing,
                              Level level = Level::supported, const std::string& plans = {});

/// `classes` must outlive what is returned. `command`: see Asker.
[[nodiscard]] ProfileMatrix ask_classes(const Profile& profile,
                                        const Outcome<std::vector<std::string>>& command,
                                        const std::vector<ProblemClass>& classes,
                                        const MatrixOptions& options);

/// {"format": "flashdiff-cudnn-matrix 2", "note", "profiles": [{"name", "device", "read_off_a_device",
/// "cudnn", "unasked", "classes":
/// [...]}]}
[[nodiscard]] nlohmann::json json_of(const std::vector<ProfileMatrix>& all);
/// A table for the terminal: phase and way by profile, how many classes have a yes, and the reasons for no by
/// frequency.
[[nodiscard]] std::string text_of(const std::vector<ProfileMatrix>& all);

/// That a yes is not an execution, and who says what.
[[nodiscard]] const char* matrix_note();

}  // namespace flashdiff::cudnn
