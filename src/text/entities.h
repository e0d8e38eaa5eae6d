// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// Inside the module: HTML's character references.
namespace yingda::text {

/// Appends what `entity`, from its & to its ;, stands for. Names that no model writes come out as they are; what a
/// reader could not see is dropped (IsInvisible), non-breaking and thin spaces become a space.
void AppendEntity(std::string& out, std::string_view entity);

}  // namespace yingda::text
