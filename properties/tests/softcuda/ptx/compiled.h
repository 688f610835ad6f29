#pragma once
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace softcuda::ptx {

inline std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}
/// What nvcc made, while this program was built, of a file in kernels/.
inline std::string text_of_nvcc(const std::string& name) {
  return text_of(std::string(PTX_TEST_BUILT) + "/" + name + ".ptx");
}
inline std::string text_of_triton() { return text_of(std::string(PTX_TEST_SOURCE) + "/kernels/triton.ptx"); }

/// All whole modules that the tests have.
inline std::vector<std::string> whole_texts() {
  return {text_of_nvcc("language"), text_of_nvcc("language_debug"), text_of_nvcc("tiles"), text_of_triton()};
}

}  // namespace softcuda::ptx
