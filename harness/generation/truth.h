#pragma once
#include <memory>
#include <vector>

#include "harness/generation/model.h"
#include "harness/problem/numerics.h"

namespace flashdiff::generation {

/// Each row of a batch alone, without padding, cache or chunks, by the reference: its text (the prompt, and
/// the tokens that greedy decoding adds), O of each token, and how far a right answer may be from it.
class Truth {
 public:
  /// `steps`: tokens that are generated and fed again.
  Truth(const Asked& asked, int steps);

  [[nodiscard]] int rows() const { return static_cast<int>(texts_.size()); }
  /// Tokens of a row: its prompt and `steps` more.
  [[nodiscard]] const std::vector<int>& text(int row) const { return texts_[static_cast<std::size_t>(row)]; }
  /// What follows token `index` of a row, from the prompt's last on.
  [[nodiscard]] Model::Next next(int row, int index) const;

  /// O of token `index` of a row, [h_q * d_v], and the budget of each element for a kernel of these numerics
  /// that is handed what an append of `turned` numerics made of Q and K at any position. See truth.cpp.
  struct Row {
    std::vector<double> o, budget;
  };
  [[nodiscard]] const Row& at(int row, int index, const Numerics& attention, const Numerics& turned) const;

 private:
  struct Computed;
  [[nodiscard]] Computed& computed(const Numerics& attention, const Numerics& turned) const;
  [[nodiscard]] Row row_of(const Computed& found, int row, int index) const;

  const Model& model_;
  std::vector<std::vector<int>> texts_;
  std::vector<std::vector<Model::Next>> next_;  ///< from the prompt's last token on
  std::vector<int> prompt_;
  Problem problem_;
  LogicalData data_;
  mutable std::vector<std::shared_ptr<Computed>>
      computed_;  ///< what was asked before, for each pair of numerics
};

/// Q or K of a list of tokens at positions 0, 1, ..., turned in double and rounded once: `to`, one sequence.
void turn_in_double(const Model& model, const LogicalTensor<float>& from, const std::vector<int>& text,
                    LogicalTensor<float>& to, int sequence);

}  // namespace flashdiff::generation
