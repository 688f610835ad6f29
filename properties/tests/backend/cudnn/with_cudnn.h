#pragma once
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "harness/backend/cudnn/ask.h"
#include "harness/backend/cudnn/profile.h"

// With the machine's cuDNN, where there is one.

/// A test that needs cuDNN says why there is none; it cannot be told from a pass by its name alone.
#define NEEDS_CUDNN(command) \
  if (!(command)) GTEST_SKIP() << "cuDNN: " << (command).error().what

namespace flashdiff::cudnn::testing {

inline Profile hopper() {
  const auto profile = profile_of("sm_90");
  if (!profile) throw std::runtime_error(profile.error().what);
  return *profile;
}

/// An environment variable for the life of the object.
class Set {
 public:
  Set(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Set() { unsetenv(name_); }
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;

 private:
  const char* name_;
};

/// The folder that a library of this machine lies in.
inline std::filesystem::path folder_of(const std::string& library) {
  const auto command = command_for(hopper());
  if (!command) return {};
  std::string folders = command->at(1).substr(std::string("LD_LIBRARY_PATH=").size()) + ":";
  for (std::size_t end; (end = folders.find(':')) != std::string::npos; folders.erase(0, end + 1))
    if (std::filesystem::exists(std::filesystem::path(folders.substr(0, end)) / library))
      return folders.substr(0, end);
  return {};
}

}  // namespace flashdiff::cudnn::testing
