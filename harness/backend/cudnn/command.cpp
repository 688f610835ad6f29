#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <ranges>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/backend/cudnn/ask.h"

namespace flashdiff::cudnn {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "flashdiff_cudnn";

/// A file beside the running program, or where the build put it.
std::string beside(const std::string& name) {
  std::error_code none;
  const fs::path here = fs::read_symlink("/proc/self/exe", none).parent_path() / name;
  if (fs::exists(here, none)) return here.string();
  const fs::path built = fs::path(FLASHDIFF_BUILD_FOLDER) / name;
  return fs::exists(built, none) ? built.string() : std::string();
}

/// lib/python3*/site-packages of a virtual environment.
std::vector<fs::path> packages_of(const fs::path& environment) {
  std::vector<fs::path> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(environment / "lib", failed))
    if (entry.path().filename().string().starts_with("python3"))
      found.push_back(entry.path() / "site-packages");
  return found;
}

/// Where cuDNN and CUDA's run-time libraries may lie, in the order in which they are taken.
std::vector<fs::path> places() {
  if (const char* said = std::getenv("FLASHDIFF_CUDNN"); said != nullptr && *said != '\0') {
    std::vector<fs::path> named;
    const std::string all = said;
    for (std::size_t begin = 0; begin <= all.size();) {
      const std::size_t end = std::min(all.find(':', begin), all.size());
      if (end > begin) named.emplace_back(all.substr(begin, end - begin));
      begin = end + 1;
    }
    return named;
  }
  std::vector<fs::path> folders;
  for (const char* environment : {"cudnn-venv", "cuda-venv"})
    for (const fs::path& packages : packages_of(fs::path(FLASHDIFF_BUILD_FOLDER) / environment))
      for (const char* folder : {"nvidia/cudnn/lib", "nvidia/cuda_nvrtc/lib", "nvidia/cu13/lib"})
        folders.push_back(packages / folder);
  for (const std::string& root : {std::string(FLASHDIFF_CUDA_ROOT), std::string("/usr/local/cuda")})
    for (const char* folder : {"lib64", "lib"}) folders.push_back(fs::path(root) / folder);
  folders.emplace_back("/usr/lib/x86_64-linux-gnu");
  folders.emplace_back("/usr/lib/aarch64-linux-gnu");
  return folders;
}

/// The folders that a library is in, and only those.
Outcome<std::string> folder_with(const std::vector<fs::path>& folders, const std::string& library) {
  std::error_code none;
  for (const fs::path& folder : folders)
    if (fs::exists(folder / library, none)) return folder.string();
  return unsupported(fmt::format(
      "{} is not there (looked in {}); FLASHDIFF_CUDNN may name its folders", library,
      fmt::join(folders | std::views::transform([](const fs::path& one) { return one.string(); }), ", ")));
}

/// The program with the folders of its libraries, and what it is told.
Outcome<std::vector<std::string>> command(const std::vector<std::string>& told) {
  const std::string program = beside(kProgram);
  if (program.empty())
    return unsupported(
        "cuDNN's backend is not built: it needs cudnn.h and cudnn_frontend when the build is configured "
        "(`./run test` installs the latter where there is a cuDNN)");
  std::vector<std::string> folders;
  for (const char* library : {"libcudnn.so.9", "libcudart.so.13", "libnvrtc.so.13"}) {
    Outcome<std::string> folder = folder_with(places(), library);
    if (!folder) return tl::unexpected<Error>(std::move(folder.error()));
    if (std::find(folders.begin(), folders.end(), *folder) == folders.end())
      folders.push_back(std::move(*folder));
  }
  // Its libraries open each other by name; the system's libcuda may be found by what is set already.
  if (const char* set = std::getenv("LD_LIBRARY_PATH"); set != nullptr && *set != '\0')
    folders.emplace_back(set);
  // SOFTCUDA_REPORT: nothing of softcuda's own on the terminal.
  std::vector<std::string> words{"/usr/bin/env", fmt::format("LD_LIBRARY_PATH={}", fmt::join(folders, ":")),
                                 "SOFTCUDA_REPORT=none", program};
  words.insert(words.end(), told.begin(), told.end());
  return words;
}

}  // namespace

Outcome<std::vector<std::string>> command_for(const Profile& profile) {
  const std::string driver = beside("softcuda/libcuda.so.1");
  if (driver.empty()) return unsupported("softcuda/libcuda.so.1 is not built: cuDNN wants a libcuda");
  return command({profile.file, std::to_string(profile.sm), driver});
}

Outcome<std::vector<std::string>> command_for_gpu() { return command({"-", "0", "libcuda.so.1"}); }

}  // namespace flashdiff::cudnn
