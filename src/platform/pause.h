// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace yingda::platform {

/// The pause after failure number `failures` (1, 2, …): it doubles from `first` up to `longest`.
inline base::Duration GrowingPause(base::Duration first, base::Duration longest, int failures) {
  base::Duration pause = first;
  for (int i = 1; i < failures && pause < longest; ++i) pause *= 2;
  return std::min(pause, longest);
}

}  // namespace yingda::platform
