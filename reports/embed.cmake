# Writes ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp and .S: the files of templates/ within the program (g++ 12 has no #embed), and what
# a Content-Security-Policy names the style and the script by. A changed template configures again.

# SHA-256 in base64; CMake gives it in hexadecimal only. Three bytes, six digits, are four characters.
function(sha256_base64 file out)
  set(alphabet ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  file(SHA256 ${file} hex)
  set(text "")
  foreach(begin RANGE 0 59 6)
    string(SUBSTRING ${hex} ${begin} 6 digits)
    foreach(shift 18 12 6 0)
      math(EXPR at "(0x${digits} >> ${shift}) & 63")
      string(SUBSTRING ${alphabet} ${at} 1 character)
      string(APPEND text ${character})
    endforeach()
  endforeach()
  string(SUBSTRING ${hex} 60 4 digits)  # the last two bytes: three characters and one of padding
  foreach(shift 12 6 0)
    math(EXPR at "((0x${digits} << 2) >> ${shift}) & 63")
    string(SUBSTRING ${alphabet} ${at} 1 character)
    string(APPEND text ${character})
  endforeach()
  set(${out} "${text}=" PARENT_SCOPE)
endfunction()

file(GLOB templates CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/templates/*)
set(assembly "    .section .rodata\n")
set(declarations "")
set(entries "")
foreach(template ${templates})
  get_filename_component(name ${template} NAME)
  string(MAKE_C_IDENTIFIER flashdiff_template_${name} symbol)
  string(APPEND assembly "    .global ${symbol}, ${symbol}_end\n${symbol}:\n    .incbin \"${template}\"\n${symbol}_end:\n    .byte 0\n")
  string(APPEND declarations "extern const char ${symbol}[], ${symbol}_end[];\n")
  string(APPEND entries "      {\"${name}\", between(${symbol}, ${symbol}_end)},\n")
endforeach()
string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS templates/page.css templates/page.js)
sha256_base64(${CMAKE_CURRENT_SOURCE_DIR}/templates/page.css style_hash)
sha256_base64(${CMAKE_CURRENT_SOURCE_DIR}/templates/page.js script_hash)

set(embedded ${CMAKE_CURRENT_BINARY_DIR}/embedded.cpp ${CMAKE_CURRENT_BINARY_DIR}/embedded.S)
file(CONFIGURE OUTPUT embedded.S CONTENT "${assembly}" @ONLY)
file(CONFIGURE OUTPUT embedded.cpp @ONLY CONTENT [[
#include "reports/embedded.h"

extern "C" {
@declarations@}

namespace flashdiff {
namespace {

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

std::span<const EmbeddedFile> embedded_files() {
  static const EmbeddedFile files[] = {
@entries@  };
  return files;
}

std::string_view style_hash() { return "@style_hash@"; }
std::string_view script_hash() { return "@script_hash@"; }

}  // namespace flashdiff
]])
set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/embedded.S PROPERTIES OBJECT_DEPENDS "${templates}")
