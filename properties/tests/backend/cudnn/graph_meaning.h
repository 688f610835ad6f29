#pragma once
#include <map>
#include <span>
#include <string>

#include "harness/backend/cudnn/wire.h"

namespace flashdiff::cudnn::testing {

/// What a graph means, computed plainly in double, out of nothing but the graph and the bytes that a call is
/// handed, as cuDNN's documentation has it (Attention: Scaled Dot Product Attention, forward and backward):
/// strides, offsets a sequence, lengths, the diagonal band, bias, block tables, sink. Knows nothing of cases.
/// Writes the outputs, and as cuDNN may, zeros into O's and the gradients' rows behind a length where those
/// are no one's by offset.
void compute(const Graph& graph, std::span<std::byte> block, const std::vector<Piece>& tensors);

}  // namespace flashdiff::cudnn::testing
