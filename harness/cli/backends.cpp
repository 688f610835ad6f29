#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "harness/cli/command_line.h"
#include "harness/cli/cudnn_matrix.h"
#include "harness/cli/exit_code.h"
#include "harness/cli/subject.h"
#include "harness/driver/driver.h"

namespace flashdiff::cli {
namespace {

int run(const SubjectWords& words) {
  const Outcome<Subject> subject = subject_of(words);
  if (!subject) return complain(subject.error());
  std::size_t width = 0;
  for (const BackendEntry& entry : backend_registry()) width = std::max(width, entry.name.size());
  const bool on_gpu =
      subject->options.device != DeviceChoice::soft && driver::Driver::load(DeviceChoice::gpu).has_value();
  bool any = false;
  for (const BackendEntry& entry : backend_registry()) {
    const Subject one{{entry.name}, subject->options, {}};
    const auto device = devices_of(one);
    Outcome<void> can = device ? Outcome<void>{} : tl::unexpected<Error>(device.error());
    if (can && entry.gpu_only && !on_gpu) can = unsupported(why_no_cudnn());
    std::string about;
    if (can) {
      if (const auto opened = entry.open(subject->options); !opened)
        can = tl::unexpected<Error>(opened.error());
      else
        about = (*opened)->about();
    }
    any = any || can.has_value();
    fmt::print("{:{}}  {:3}  {}\n", entry.name, width, can ? "yes" : "no", entry.description);
    fmt::print("{:{}}       {}\n", "", width,
               can ? "on " + device->at(entry.name) : "because " + can.error().what);
    if (!about.empty()) fmt::print("{:{}}       {}\n", "", width, about);
  }
  return any ? as_expected : incomplete;
}

}  // namespace

void add_backends(CLI::App& program, Chosen& chosen) {
  auto words = std::make_shared<SubjectWords>();
  CLI::App* command = program.add_subcommand("backends", "who can answer here, and why the rest cannot");
  command->add_option("--device", words->device, "auto, gpu, soft")
      ->check(CLI::IsMember({"auto", "gpu", "soft"}))
      ->capture_default_str();
  auto matrix = std::make_shared<CudnnMatrixWords>();
  add_cudnn_matrix_options(*command, *matrix);
  command->footer(
      "Examples:\n  flashdiff backends --device gpu\n  flashdiff backends --matrix --profile sm_90 -o "
      "out/cudnn");
  command->callback([words, matrix, &chosen] {
    chosen = [words, matrix] { return matrix->wanted ? run_cudnn_matrix(*matrix) : run(*words); };
  });
}

}  // namespace flashdiff::cli
