#include "properties/power/images.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "properties/power/hash.h"
#include "properties/power/program.h"

namespace flashdiff::power {
namespace {

namespace fs = std::filesystem;

/// As the build's own images are made, but for where it looks for headers.
constexpr const char* flags = FLASHDIFF_NVCC_OPTIONS " -arch=compute_80 -ptx";

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// What tells nvcc that only some entries are wanted; nobody calls their neighbours' helpers (warning 177).
std::vector<std::string> entries_of(const Mutant& mutant) {
  std::vector<std::string> words;
  for (const std::string& entry : words_of(mutant.only)) words.push_back("-DFLASHDIFF_ONLY_" + entry);
  if (!words.empty()) words.insert(words.end(), {"-DFLASHDIFF_ONLY", "-diag-suppress", "177"});
  return words;
}

/// The text of a kernel's source and of all that it includes by "...", each once, with the planted file in
/// its place. What is not there is nvcc's to complain about.
class Inputs {
 public:
  Inputs(const fs::path& sources, const Mutant& mutant, const std::string& with_bug)
      : sources_(sources), mutant_(mutant), with_bug_(with_bug) {
    gather("kernels/" + mutant.kernel + ".cu");
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void gather(const std::string& file) {
    if (!seen_.insert(file).second) return;
    std::string body = with_bug_;
    if (file != mutant_.file) {
      std::ostringstream stream;
      stream << std::ifstream(sources_ / file, std::ios::binary).rdbuf();
      body = stream.str();
    }
    text_ += fmt::format("{} {}\n{}", file, body.size(), body);
    std::istringstream lines(body);
    constexpr std::string_view include = "#include \"";
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with(include))
        gather(line.substr(include.size(), line.find('"', include.size()) - include.size()));
  }
  const fs::path& sources_;
  const Mutant& mutant_;
  const std::string& with_bug_;
  std::set<std::string> seen_;
  std::string text_;
};

/// The whole file or none of it, whoever else writes it.
Outcome<void> put(const fs::path& path, const std::string& text) {
  static std::atomic<int> number{0};
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  const fs::path part = fmt::format("{}.{}.{}", path.string(), getpid(), ++number);
  std::ofstream(part, std::ios::binary) << text;
  fs::rename(part, path, failed);
  if (failed)
    return harness_error(fmt::format("{}: cannot be written ({})", path.string(), failed.message()));
  return {};
}

/// nvcc's first error, or its last line.
std::string complaint_in(const std::string& said) {
  std::istringstream lines(said);
  std::string line, last;
  while (std::getline(lines, line)) {
    if (line.find("error") != std::string::npos) return line;
    if (!line.empty()) last = line;
  }
  return last.empty() ? "it says nothing" : last;
}

}  // namespace

Workshop workshop_of_this_build() {
  return {FLASHDIFF_SOURCE_DIR, FLASHDIFF_NVCC, fs::path(FLASHDIFF_BINARY_DIR) / "mutants"};
}

Outcome<Images> Images::open(Workshop workshop) {
  if (!fs::is_directory(workshop.sources / "kernels"))
    return harness_error(
        fmt::format("{}: no kernels/ there, expected flashdiff's sources", workshop.sources.string()));
  const Outcome<Ended> version = run_program({workshop.nvcc.string(), "--version"});
  if (!version || version->code != 0)
    return harness_error(fmt::format(
        "{}: does not run, expected the nvcc of a CUDA toolkit or of PyPI's wheels", workshop.nvcc.string()));
  std::error_code failed;
  fs::create_directories(workshop.cache, failed);
  if (failed || access(workshop.cache.c_str(), W_OK) != 0)
    return harness_error(fmt::format("{}: cannot be written, expected a folder for compiled mutants",
                                     workshop.cache.string()));
  return Images(std::move(workshop), version->said);
}

Outcome<Image> Images::of(const Mutant& mutant) const {
  const Outcome<std::string> with_bug = planted_in(workshop_.sources, mutant);
  if (!with_bug) return tl::unexpected<Error>(with_bug.error());
  const std::string source = "kernels/" + mutant.kernel + ".cu";
  if (!fs::is_regular_file(workshop_.sources / source))
    return bad_input(fmt::format("{}: no {}, expected the name of a kernel", mutant.name, source));

  Image image;
  image.inputs = hash_of(fmt::format("{}\n{}\n{}\n{}", version_, flags, mutant.only,
                                     Inputs(workshop_.sources, mutant, *with_bug).text()));
  const fs::path tree = workshop_.cache / fmt::format("{}-{}", mutant.name, image.inputs);
  image.ptx = tree.string() + ".ptx";
  if (fs::is_regular_file(image.ptx)) return image;

  // The changed file in a tree of its own, which nvcc searches before the repository: headers can be changed.
  if (auto done = put(tree / mutant.file, *with_bug); !done) return tl::unexpected<Error>(done.error());
  static std::atomic<int> number{0};
  const fs::path part = fmt::format("{}.{}.{}.ptx", tree.string(), getpid(), ++number);
  std::vector<std::string> command{workshop_.nvcc.string(), "-I" + tree.string(),
                                   "-I" + workshop_.sources.string()};
  for (const auto& words : {words_of(flags), entries_of(mutant)})
    command.insert(command.end(), words.begin(), words.end());
  command.insert(command.end(), {"-o", part.string(),
                                 ((mutant.file == source ? tree : workshop_.sources) / source).string()});
  const auto start = std::chrono::steady_clock::now();
  const Outcome<Ended> ended = run_program(command);
  if (!ended) return tl::unexpected<Error>(ended.error());
  std::error_code failed;
  if (ended->code == 0) fs::rename(part, image.ptx, failed);
  if (ended->code != 0 || failed) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return harness_error(fmt::format("{}: does not compile: {}", mutant.name, complaint_in(ended->said)));
  }
  image.compile_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return image;
}

}  // namespace flashdiff::power
