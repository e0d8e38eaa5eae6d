// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "model/upstream_error.h"

namespace yingda::model {

/// The error that a JSON text of a chat API tells, in the shapes of all providers; nothing when it tells none. The
/// upstream's prose is read for what its codes leave out, and not kept.
std::optional<UpstreamError> ReadError(const nlohmann::json& root);

}  // namespace yingda::model
