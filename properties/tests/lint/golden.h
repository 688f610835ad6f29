#pragma once
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "properties/tests/lint/small_files.h"

namespace flashdiff::lint::test {

/// A text against its file in golden/. FLASHDIFF_GOLDEN=write writes it anew: look at the difference before
/// it is committed.
inline void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = FLASHDIFF_SOURCE_DIR "/properties/tests/lint/golden/" + name;
  if (const char* mode = std::getenv("FLASHDIFF_GOLDEN"); mode != nullptr && std::string(mode) == "write") {
    std::ofstream(path, std::ios::binary) << text;
    GTEST_SKIP() << "wrote " << path;
  }
  EXPECT_EQ(text, bytes_of(path)) << name << ": if the change is meant, FLASHDIFF_GOLDEN=write";
}

}  // namespace flashdiff::lint::test
