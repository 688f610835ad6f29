#pragma once
#include <span>
#include <string_view>

namespace flashdiff {

/// A file of templates/ within the program; the list is written by embed.cmake.
struct EmbeddedFile {
  std::string_view name;
  std::string_view bytes;
};
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

/// Base64 of the SHA-256 of page.css and page.js, for the page's Content-Security-Policy.
[[nodiscard]] std::string_view style_hash();
[[nodiscard]] std::string_view script_hash();

}  // namespace flashdiff
