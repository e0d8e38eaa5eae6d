// SPDX-License-Identifier: MIT
#pragma once

#include "base/yaml.h"
#include "config/config.h"

namespace yingda::config {

/// Replaces ${NAME} and ${NAME:-default} in all scalars below `node`. A name that is not set and has no default is a
/// problem,
/// and the text stays as it is. `$${` stands for a plain `${`.
void Interpolate(base::YamlNode& node, const Environment& environment, base::YamlProblems& problems);

/// Applies YINGDA__SECTION__KEY=value from the environment: `__` goes one level down, names are compared without case,
/// items of a list are found by their `name`; a `-` in a name is `_` there, as shells know no other. The values are
/// taken as they are, without interpolation. Keys that are not in the file yet are added; unknown ones are then
/// reported by the reader. Returns the names of the variables that were applied.
std::vector<std::string> ApplyOverrides(base::YamlNode& root, const Environment& environment,
                                        base::YamlProblems& problems);

}  // namespace yingda::config
