#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "harness/lint/step.h"

namespace flashdiff::lint {

/// How a variable-length kernel can be told where a padded batch's tokens lie.
enum class Form : std::uint8_t {
  cu_seqlens,              ///< flash_attn_varlen_func: sequences one behind the other, and where each begins
  lengths_and_first_rows,  ///< a first row and a length a sequence: seqused_k, leftpad_k, the in-repo kernels
  cudnn_lengths,           ///< cuDNN's padding mask: lengths alone, counted from column 0
  cudnn_ragged,            ///< cuDNN's ragged offsets: where each sequence begins, and lengths
  page_table,              ///< K and V seen as pages, and a table of them
  additive_bias            ///< 0 and -inf, added to the scores
};
inline constexpr Form all_forms[] = {Form::cu_seqlens,    Form::lengths_and_first_rows,
                                     Form::cudnn_lengths, Form::cudnn_ragged,
                                     Form::page_table,    Form::additive_bias};
[[nodiscard]] const char* name_of(Form);

enum class Fit : std::uint8_t {
  in_place,  ///< the tensors stay as they are
  copied,    ///< after the tokens' rows were gathered
  no         ///< inexpressible
};
[[nodiscard]] const char* name_of(Fit);

struct FormVerdict {
  Form form = Form::cu_seqlens;
  Fit fit = Fit::no;
  std::string why;  ///< of `copied` and `no`: the first row that stands in the way
};
/// Of K and V [batch, kv_len], and of Q [batch, q_len] beside them. `page`: rows a page.
[[nodiscard]] FormVerdict verdict_on(const Step& step, Form form, int page);
[[nodiscard]] std::vector<FormVerdict> verdicts_on(const Step& step, int page);

/// One array that a kernel is handed. Whole numbers, but for the bias.
struct FormArray {
  std::string name;  ///< "cu_seqlens_k"
  std::vector<std::int64_t> shape;
  std::vector<std::int32_t> whole;
  std::vector<float> real;
};
/// Those of an expressible form, Q's behind K's where there is a cache. What a name means, README.md says.
[[nodiscard]] std::vector<FormArray> arrays_of(const Step& step, Form form, int page);

}  // namespace flashdiff::lint
