#pragma once
#include <optional>
#include <vector>

#include <rapidcheck.h>

#include "harness/problem/problem.h"
#include "properties/axis.h"

namespace flashdiff {

[[nodiscard]] rc::Gen<DType> any_dtype(const std::vector<DType>& allowed);
/// Ordinary values in a third of the cases; never `file`, which needs a capture.
[[nodiscard]] rc::Gen<DataFamily> any_data(std::vector<DataFamily> allowed);
/// Mostly the usual 1/sqrt(d), so absent; with 100 the largest scores of tiles and splits are further apart
/// than e^x reaches in f32, 88.
[[nodiscard]] rc::Gen<std::optional<float>> any_scale();

/// Mostly none of them; several together in few cases.
[[nodiscard]] rc::Gen<std::optional<float>> any_softcap();
[[nodiscard]] rc::Gen<bool> any_alibi();
[[nodiscard]] rc::Gen<std::optional<Sink>> any_sink();

[[nodiscard]] std::vector<Axis> value_axes();

}  // namespace flashdiff
