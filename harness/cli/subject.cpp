#include "harness/cli/subject.h"

#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/driver/driver.h"
#include "kernels/kernel.h"
#include "reports/text.h"

namespace flashdiff::cli {
namespace {

const std::map<std::string, DeviceChoice>& device_choices() {
  static const std::map<std::string, DeviceChoice> choices{
      {"auto", DeviceChoice::automatic}, {"gpu", DeviceChoice::gpu}, {"soft", DeviceChoice::soft}};
  return choices;
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (const BackendEntry& entry : backend_registry()) found.push_back(entry.name);
  return found;
}
/// Whom nobody has named: in-repo kernels, and where there is a GPU what executes on one only.
void ask_all(Pass pass, Subject& subject) {
  const DeviceChoice device = subject.options.device;
  const bool on_gpu = device != DeviceChoice::soft && driver::Driver::load(DeviceChoice::gpu).has_value();
  for (const BackendEntry& entry : backend_registry()) {
    if (!entry.on_device || entry.by_name_only ||
        (entry.gpu_only ? !entry.computes(pass) : entry.pass != pass))
      continue;
    std::string why_not;
    if (entry.gpu_only && !on_gpu)
      why_not = "it executes on a GPU only";
    else if (entry.gpu_only)
      if (const auto opened = entry.open(subject.options); !opened) why_not = opened.error().what;
    if (why_not.empty())
      subject.backends.push_back(entry.name);
    else
      subject.not_asked = fmt::format("{} ({})", entry.name, why_not);
  }
}

}  // namespace

void add_subject_options(CLI::App& command, SubjectWords& words) {
  command
      .add_option("--backend", words.backends,
                  "who answers, comma separated (default: every in-repo kernel of the case's pass, and cudnn "
                  "on a GPU)")
      ->delimiter(',')
      ->check(CLI::IsMember(names()));
  command
      .add_option("--device", words.device,
                  "auto: a GPU where there is one, else the software driver; gpu; soft")
      ->check(CLI::IsMember({"auto", "gpu", "soft"}))
      ->capture_default_str();
  command
      .add_option("--image", words.images, "PTX file to run in place of a kernel's own image: KERNEL=FILE")
      ->type_name("KERNEL=FILE");
  command
      .add_option(
          "--soft", words.soft,
          "how the software driver runs kernels, e.g. check=all (every detector), warp-order=random,\n"
          "late-copies=on, tensor=truncating-sm90, seed=7; harness/softcuda/README.md lists them")
      ->type_name("KEY=VALUE");
}

Outcome<Subject> subject_of(const SubjectWords& words, Pass pass) {
  Subject subject{words.backends, {}, {}};
  subject.options.device = device_choices().at(words.device);
  if (words.backends.empty()) ask_all(pass, subject);
  for (const std::string& word : words.images) {
    const auto equals = word.find('=');
    const std::string kernel = word.substr(0, equals);
    bool known = false;
    std::vector<std::string> kernels;
    for (const kernels::Kernel& k : kernels::all_kernels()) {
      known = known || k.name == kernel;
      kernels.emplace_back(k.name);
    }
    if (equals == std::string::npos || !known)
      return bad_input(
          fmt::format("--image {}: expected KERNEL=FILE, KERNEL one of: {}", word, fmt::join(kernels, ", ")));
    subject.options.images[kernel] = word.substr(equals + 1);
  }
  for (const std::string& word : words.soft) {
    const auto equals = word.find('=');
    if (equals == std::string::npos)
      return bad_input(fmt::format("--soft {}: expected KEY=VALUE, for example check=all", word));
    subject.options.soft_settings[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return subject;
}

std::string repro_options(const SubjectWords& words, const std::string& backend) {
  std::vector<std::string> options;
  if (!words.backends.empty()) options.push_back("--backend " + backend);
  if (words.device != "auto") options.push_back("--device " + words.device);
  for (const std::string& image : words.images)
    if (image.compare(0, backend.size() + 1, backend + '=') == 0)
      options.push_back("--image " + shell_quoted(image));
  for (const std::string& setting : words.soft) options.push_back("--soft " + shell_quoted(setting));
  return fmt::format("{}", fmt::join(options, " "));
}

std::vector<std::string> worker_command(const Subject& subject) {
  std::vector<std::string> command{std::filesystem::read_symlink("/proc/self/exe").string(), "worker"};
  command.insert(command.end(), {"--backend", fmt::format("{}", fmt::join(subject.backends, ","))});
  for (const auto& [word, choice] : device_choices())
    if (choice == subject.options.device) command.insert(command.end(), {"--device", word});
  for (const auto& [kernel, file] : subject.options.images)
    command.insert(command.end(), {"--image", kernel + '=' + file});
  for (const auto& [key, value] : subject.options.soft_settings)
    command.insert(command.end(), {"--soft", key + '=' + value});
  command.insert(command.end(), {"--threads", std::to_string(subject.options.soft_threads)});
  return command;
}

Outcome<std::map<std::string, std::string>> devices_of(const Subject& subject) {
  std::map<std::string, std::string> devices;
  std::string device;
  for (const BackendEntry& entry : backend_registry()) {
    if (std::find(subject.backends.begin(), subject.backends.end(), entry.name) == subject.backends.end())
      continue;
    if (!entry.on_device) {
      devices[entry.name] = "cpu";
      continue;
    }
    if (device.empty()) {
      const auto loaded = driver::Driver::load(subject.options.device);
      if (!loaded) return tl::unexpected<Error>(loaded.error());
      const auto found = driver::devices(**loaded);
      if (!found) return tl::unexpected<Error>(found.error());
      device = found->front().name;
    }
    devices[entry.name] = device;
  }
  return devices;
}

}  // namespace flashdiff::cli
