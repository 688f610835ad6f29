#include "harness/backend/cudnn/matrix.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/backend/cudnn/known_wrong.h"

namespace flashdiff::cudnn {
namespace {

/// The largest head dim that cuDNN's documentation names (Attention, support matrix for 9.18.1), by
/// architecture; training is its row of the backward pass. 0: it has no row for it.
int documented_head_dim(int sm, const std::string& phase) {
  const bool backward = phase == "training", decode = phase == "decode";
  if (sm >= 90 && sm < 100) return 256;
  if (sm >= 80) return backward || decode ? 128 : 256;
  return 0;
}

/// Plain f16 and bf16 only: of modifiers and of the ways' combinations it says nothing that can be looked up
/// in a table.
std::string documented(int sm, const ProblemClass& asked) {
  const Problem& problem = asked.example.problem;
  const bool backward_in_pages = problem.pass == Pass::backward && asked.example.layout.page > 0;
  if ((asked.modifier != "plain" && !asked.inference) || asked.way == Way::bias || backward_in_pages)
    return {};
  if (problem.dtype == DType::f32) return "no";
  const int most = documented_head_dim(sm, asked.phase);
  if (most == 0 || problem.d_qk % 8 != 0 || problem.d_v % 8 != 0) return {};
  return std::max(problem.d_qk, problem.d_v) <= most ? "yes" : "no";
}

/// Every k-th of those with a yes, so that `plans` of them are chosen from all over.
std::vector<std::size_t> to_be_built(const std::vector<MatrixEntry>& entries, int plans) {
  std::vector<std::size_t> yes, chosen;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].answer.said == Said::yes) yes.push_back(i);
  const std::size_t wanted = std::min(yes.size(), static_cast<std::size_t>(std::max(plans, 0)));
  for (std::size_t i = 0; i < wanted; ++i) chosen.push_back(yes[i * yes.size() / wanted]);
  return chosen;
}

}  // namespace

const char* matrix_note() {
  return "A yes means that cudnn_frontend's rules let the graph pass and that cuDNN's heuristics offer "
         "engines for it; "
         "\"built\" that cuDNN compiled a plan. Neither is a proof of execution: nothing ran on a GPU here.";
}

Answer ask_case(Asker& asker, const Profile& profile, const Case& c, Handing handing, Level level,
                const std::string& plans) {
  Answer answer;
  const Outcome<Graph> graph = graph_of(c, handing);
  if (!graph) {
    answer.said = Said::no;
    answer.by = By::graph;
    answer.why = graph.error().what;
    return answer;
  }
  if (std::string why = why_known_wrong(asker.version(), profile.sm, c, *graph); !why.empty()) {
    answer.said = Said::no;
    answer.by = By::known_wrong;
    answer.why = std::move(why);
    return answer;
  }
  return asker.ask(*graph, level, plans);
}

ProfileMatrix ask_classes(const Profile& profile, const Outcome<std::vector<std::string>>& command,
                          const std::vector<ProblemClass>& classes, const MatrixOptions& options) {
  ProfileMatrix matrix;
  matrix.profile = profile;
  Outcome<Asker> asker = command ? Asker::open(*command, options.timeout_seconds)
                                 : Outcome<Asker>(tl::unexpected<Error>(command.error()));
  if (!asker) {
    matrix.unasked = asker.error().what;
    return matrix;
  }
  matrix.version = asker->version();
  const auto tell = [&](std::size_t done) {
    if (options.progress) options.progress(profile.name, done, classes.size());
  };
  for (const ProblemClass& asked : classes) {
    matrix.entries.push_back(
        {&asked, ask_case(*asker, profile, asked.example, asked.handing()), documented(profile.sm, asked)});
    tell(matrix.entries.size());
  }
  for (const std::size_t index : to_be_built(matrix.entries, options.plans)) {
    MatrixEntry& entry = matrix.entries[index];
    entry.answer = ask_case(*asker, profile, entry.asked->example, entry.asked->handing(), Level::built,
                            options.plan_folder);
    tell(matrix.entries.size());
  }
  return matrix;
}

}  // namespace flashdiff::cudnn
