#include "harness/cli/cudnn_matrix.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "harness/backend/cudnn/matrix.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/live_line.h"
#include "reports/support.h"

namespace flashdiff::cli {
namespace {

namespace fs = std::filesystem;
/// Built where nobody says how many: half a second each.
constexpr int kPlansAProfile = 8;

Outcome<std::vector<cudnn::Profile>> chosen(const std::vector<std::string>& names) {
  if (names.empty()) return cudnn::profiles();
  std::vector<cudnn::Profile> all;
  for (const std::string& name : names) {
    Outcome<cudnn::Profile> one = cudnn::profile_of(name);
    if (!one) return tl::unexpected<Error>(std::move(one.error()));
    all.push_back(std::move(*one));
  }
  return all;
}

Outcome<void> write(const fs::path& path, const std::string& bytes, const char* option) {
  std::error_code failed;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failed);
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  if (!file) return bad_input(fmt::format("{} {}: cannot be written", option, path.string()));
  return {};
}

std::string text_of(const nlohmann::json& json) {
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

std::vector<cudnn::ProfileMatrix> asked(const std::vector<cudnn::Profile>& profiles,
                                        const std::vector<cudnn::ProblemClass>& classes,
                                        cudnn::MatrixOptions options, const Terminal& terminal) {
  std::vector<cudnn::ProfileMatrix> all;
  LiveLine line(terminal);
  options.progress = [&](const std::string& profile, std::size_t done, std::size_t of) {
    const double share = static_cast<double>(done) / static_cast<double>(of);
    line.show(fmt::format("{}: {} of {} classes", profile, done, of),
              (static_cast<double>(all.size()) + share) / static_cast<double>(profiles.size()));
  };
  for (const cudnn::Profile& profile : profiles)
    all.push_back(cudnn::ask_classes(profile, cudnn::command_for(profile), classes, options));
  return all;
}

bool any_asked(const std::vector<cudnn::ProfileMatrix>& all) {
  return std::any_of(all.begin(), all.end(), [](const auto& one) { return one.unasked.empty(); });
}

Outcome<void> write_all(const CudnnMatrixWords& words, const nlohmann::json& json) {
  const std::string text = text_of(json);
  if (!words.json.empty())
    if (auto written = write(words.json, text, "--json"); !written) return written;
  if (words.out.empty()) return {};
  const fs::path out = words.out;
  if (auto written = write(out / "cudnn.json", text, "--out"); !written) return written;
  const Outcome<std::string> page = support_page(text);
  if (!page) return tl::unexpected<Error>(page.error());
  return write(out / "cudnn.html", *page, "--out");
}

}  // namespace

void add_cudnn_matrix_options(CLI::App& command, CudnnMatrixWords& words) {
  CLI::Option* const matrix = command.add_flag(
      "--matrix", words.wanted,
      "ask cuDNN what it supports, for GPUs that need not be there; a yes is no proof of execution");
  const auto option = [&](const char* name, auto& value, const std::string& help, const char* type) {
    return command.add_option(name, value, help)->needs(matrix)->type_name(type);
  };
  option("--profile", words.profiles, "GPUs to ask for: sm_80,sm_89,sm_90,sm_100,sm_120 (default: all)",
         "SM,...")
      ->delimiter(',');
  option("-o,--out", words.out, "folder for cudnn.html and cudnn.json, made if it is not there", "FOLDER");
  option("--json", words.json, "the matrix for machines", "FILE");
  option("--plans", words.plans, "folder for the serialised plans of what is built", "FOLDER");
  option("--build", words.build,
         fmt::format(
             "plans to build a profile, spread over the classes with a yes; about 0.5 s each (default: 0, "
             "with --plans {})",
             kPlansAProfile),
         "N")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--every", words.every, "every combination of the axes: many times as many questions")
      ->needs(matrix);
  add_terminal_options(command, words.terminal);
}

std::string why_no_cudnn() {
  const auto profile = cudnn::profile_of("sm_90");
  if (!profile) return profile.error().what;
  const auto command = cudnn::command_for(*profile);
  if (!command) return command.error().what;
  return "it executes on a GPU only; `backends --matrix` asks it what it supports, without one";
}

int run_cudnn_matrix(const CudnnMatrixWords& words) {
  const auto profiles = chosen(words.profiles);
  if (!profiles) return complain(profiles.error());
  cudnn::MatrixOptions options;
  options.plans = words.build;
  if (!words.plans.empty()) {
    options.plan_folder = words.plans;
    if (options.plans == 0) options.plans = kPlansAProfile;
    std::error_code failed;
    fs::create_directories(words.plans, failed);
    if (failed)
      return complain(
          Error{ErrorKind::bad_input, fmt::format("--plans {}: {}", words.plans, failed.message()), {}});
  }
  const std::vector<cudnn::ProblemClass> classes = cudnn::problem_classes(words.every);
  const auto all = asked(*profiles, classes, options, terminal_of(words.terminal));
  fmt::print("{}", cudnn::text_of(all));
  if (auto written = write_all(words, cudnn::json_of(all)); !written) return complain(written.error());
  return any_asked(all) ? as_expected : incomplete;
}

Outcome<std::string> cudnn_matrix(const std::vector<std::string>& names, const Terminal& terminal) {
  const auto profiles = chosen(names);
  if (!profiles) return tl::unexpected<Error>(profiles.error());
  const std::vector<cudnn::ProblemClass> classes = cudnn::problem_classes(false);
  const auto all = asked(*profiles, classes, {}, terminal);
  if (!any_asked(all)) return unsupported(all.empty() ? "no GPU is named" : all.front().unasked);
  return text_of(cudnn::json_of(all));
}

}  // namespace flashdiff::cli
