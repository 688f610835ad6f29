#include "harness/lint/emit.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/lint/forms.h"

namespace flashdiff::lint {
namespace {

/// For names of files.
const char* word_for(Form form) {
  switch (form) {
    case Form::cu_seqlens: return "cu_seqlens";
    case Form::lengths_and_first_rows: return "first_rows";
    case Form::cudnn_lengths: return "cudnn_lengths";
    case Form::cudnn_ragged: return "cudnn_ragged";
    case Form::page_table: return "page_table";
    case Form::additive_bias: return "bias";
  }
  return "?";
}

/// Version 1 of the format: the header is padded so that the elements begin at a multiple of 64 bytes.
std::string npy_header(const FormArray& array) {
  const char* comma = array.shape.size() == 1 ? "," : "";
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 array.real.empty() ? "<i4" : "<f4", fmt::join(array.shape, ", "), comma);
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 255);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

Outcome<void> write_npy(const std::string& path, const FormArray& array) {
  std::ofstream file(path, std::ios::binary);
  file << npy_header(array);
  const auto write = [&](const auto& values) {
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(values[0])));
  };
  array.real.empty() ? write(array.whole) : write(array.real);
  file.close();
  if (!file) return bad_input(path + ": cannot be written");
  return {};
}

}  // namespace

Outcome<std::vector<std::string>> emit(const Report& report, const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) return bad_input(fmt::format("{}: cannot be made: {}", folder, failed.message()));
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < report.steps.size(); ++i)
    for (const Form form : all_forms) {
      if (verdict_on(report.steps[i], form, report.settings.page).fit == Fit::no) continue;
      for (const FormArray& array : arrays_of(report.steps[i], form, report.settings.page)) {
        const std::string path = fmt::format("{}/step{}.{}.{}.npy", folder, i, word_for(form), array.name);
        if (auto ok = write_npy(path, array); !ok) return tl::unexpected(ok.error());
        paths.push_back(path);
      }
    }
  return paths;
}

}  // namespace flashdiff::lint
