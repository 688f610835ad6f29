#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "properties/tests/softcuda/api/device_zero.h"

namespace softcuda::tests {
namespace {

std::string text_of(CUresult code) {
  const char* text = nullptr;
  return cuGetErrorString(code, &text) == CUDA_SUCCESS ? text : "";
}

/// Codes that the driver's sources name.
std::set<std::string> codes_that_the_driver_answers() {
  std::set<std::string> named;
  const std::regex code("CUDA_ERROR_[A-Z_]+");
  for (const auto& file : std::filesystem::directory_iterator(API_SOURCES)) {
    if (file.path().extension() != ".cpp" || file.path().filename() == "errors.cpp") continue;
    std::ifstream stream(file.path());
    std::stringstream text;
    text << stream.rdbuf();
    const std::string all = text.str();
    for (auto at = std::sregex_iterator(all.begin(), all.end(), code); at != std::sregex_iterator(); ++at)
      named.insert(at->str());
  }
  return named;
}

TEST(Errors, every_code_that_the_driver_answers_has_a_name_and_words) {
  std::set<std::string> known;
  for (int code = 0; code < 1000; ++code) {
    const auto result = static_cast<CUresult>(code);
    const std::string name = name_of(result);
    if (name.starts_with("CUDA_")) {
      EXPECT_FALSE(text_of(result).empty()) << name;
      known.insert(name);
    }
  }
  const auto named = codes_that_the_driver_answers();
  EXPECT_GT(named.size(), 20u);
  for (const std::string& name : named) EXPECT_TRUE(known.contains(name)) << name;
}

TEST(Errors, names_and_words_are_those_of_cuda) {
  EXPECT_EQ(name_of(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED), "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED");
  EXPECT_EQ(text_of(CUDA_ERROR_ILLEGAL_ADDRESS), "an illegal memory access was encountered");
  EXPECT_EQ(text_of(CUDA_ERROR_NO_BINARY_FOR_GPU),
            "no kernel image is available for execution on the device");
}

TEST(Errors, what_is_no_code_has_neither) {
  const char* text = "before";
  EXPECT_EQ(cuGetErrorName(static_cast<CUresult>(77), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(cuGetErrorString(static_cast<CUresult>(77), &text), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(cuGetErrorName(CUDA_SUCCESS, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuGetErrorString(CUDA_SUCCESS, nullptr), CUDA_ERROR_INVALID_VALUE);
}

}  // namespace
}  // namespace softcuda::tests
