#pragma once
#include <filesystem>
#include <string>

#include "harness/outcome/outcome.h"
#include "properties/mutants/mutant.h"

namespace flashdiff::power {

/// What images are made with, and where they are kept.
struct Workshop {
  std::filesystem::path sources;  ///< the repository: kernels/, and what it includes by "..."
  std::filesystem::path nvcc;
  std::filesystem::path cache;  ///< a folder, made where there is none
};
/// Its sources, the nvcc that compiled its kernels, and BUILD/mutants.
[[nodiscard]] Workshop workshop_of_this_build();

/// PTX of a planted source: runs with the plan of the kernel that it was (`--image KERNEL=PTX`).
struct Image {
  std::filesystem::path ptx;
  std::string inputs;          ///< hash, in hex, of all that it is made of: another hash, another image
  double compile_seconds = 0;  ///< 0: it was there already
};

/// Makes images of mutants where they are asked for, one nvcc call each, and keeps them: CACHE/NAME-HASH.ptx
/// for ever (delete the folder to make room), beside the planted source, which line numbers of faults refer
/// to. The hash is over the planted source, every header that it includes by "...", flags and nvcc's version.
class Images {
 public:
  /// Errors (harness): no sources there, no nvcc, a cache that cannot be made: what was expected, in one
  /// line.
  [[nodiscard]] static Outcome<Images> open(Workshop workshop);

  /// Several threads, and several programs, may ask at once. Errors: those of planted_in; harness, with
  /// nvcc's first error, where the planted source does not compile.
  [[nodiscard]] Outcome<Image> of(const Mutant& mutant) const;

 private:
  Images(Workshop workshop, std::string version)
      : workshop_(std::move(workshop)), version_(std::move(version)) {}
  Workshop workshop_;
  std::string version_;  ///< what `nvcc --version` says
};

}  // namespace flashdiff::power
