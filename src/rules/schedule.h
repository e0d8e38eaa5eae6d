// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace yingda::rules {

/// When a rule counts, in China time (UTC+8). All of its parts must hold; an absent part always does.
struct Schedule {
  /// Minutes of the day, `from` included and `to` not. `to` before `from`: over midnight, and the hours behind midnight
  /// belong to the day (of `days`) on which they began.
  struct Hours {
    int from = 0, to = 0;
  };
  std::vector<Hours> hours;
  uint8_t days = 0;  // bit 0 is Monday; 0: every day
  /// Minutes since 1970-01-01 00:00 in China; `until` not included.
  int64_t from = std::numeric_limits<int64_t>::min();
  int64_t until = std::numeric_limits<int64_t>::max();

  bool Always() const;
  bool Holds(base::WallTime now) const;
};

/// "9:00-18:00", "22:00-6:00", "9-18", also with Chinese signs (9：00～18：00, 9:00至18:00); 24:00 is the end of the
/// day.
std::optional<Schedule::Hours> ParseHours(std::string_view text);
/// The days of "周一", "周一至周五", "周末", "mon", "mon-fri", "星期日", as bits.
std::optional<uint8_t> ParseDays(std::string_view text);
/// "2026-10-01" or "2026-10-01 18:30" (also with slashes), in minutes as Schedule::from. `day_end`: a date alone means
/// the moment when that day is over.
std::optional<int64_t> ParseMinute(std::string_view text, bool day_end);

/// The moment that ParseMinute's number stands for.
base::WallTime TimeOfMinute(int64_t minute);
/// "2026-11-21" and "23:05", as clocks in China show them.
std::string ChinaDate(base::WallTime time);
std::string ChinaTimeOfDay(base::WallTime time);

}  // namespace yingda::rules
