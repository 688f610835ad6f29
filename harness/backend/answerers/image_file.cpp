#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "harness/backend/answerers/answerers.h"

namespace flashdiff {

Outcome<std::string> read_image(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed))
    return bad_input(
        fmt::format("{}: {}, expected a PTX file", path, failed ? failed.message() : "not a regular file"));
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text)
    return bad_input(fmt::format("{}: {}, expected a PTX file", path, std::strerror(errno)));
  if (text.view().empty()) return bad_input(fmt::format("{}: empty, expected a PTX file", path));
  return std::move(text).str();
}

}  // namespace flashdiff
