// SPDX-License-Identifier: MIT
#include "rules/schedule.h"

#include <array>
#include <cstdio>

#include "base/utf8.h"

namespace yingda::rules {
namespace {

using namespace std::chrono_literals;

constexpr int kDayMinutes = 24 * 60;
constexpr base::Duration kChinaOffset = 8h;

/// What people type for the plain sign: full width, dashes of all lengths, 至 and 到.
std::string Plain(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size();) {
    const base::CodePoint c = base::DecodeUtf8(text, at);
    at += c.length;
    switch (c.value) {
      case U'：':
        plain += ':';
        break;
      case U'－':
      case U'–':
      case U'—':
      case U'~':
      case U'～':
      case U'至':
      case U'到':
        plain += '-';
        break;
      case U'／':
        plain += '/';
        break;
      case U' ':
      case U'\u3000':
        plain += ' ';
        break;
      default:
        if (c.value >= U'０' && c.value <= U'９') {
          plain += static_cast<char>('0' + (c.value - U'０'));
        } else {
          const char32_t lower = c.value >= U'A' && c.value <= U'Z' ? c.value + (U'a' - U'A') : c.value;
          base::AppendUtf8(plain, lower);
        }
    }
  }
  return std::string(base::TrimBlanks(plain));
}

/// The number at the front of `text`, which is cut off; nothing without a digit or with more than `digits`.
std::optional<int> TakeNumber(std::string_view& text, size_t digits) {
  size_t length = 0;
  int number = 0;
  while (length < text.size() && text[length] >= '0' && text[length] <= '9') {
    if (++length > digits) return std::nullopt;
    number = number * 10 + (text[length - 1] - '0');
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

bool TakeSign(std::string_view& text, std::string_view signs) {
  if (text.empty() || signs.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// "9:30", "09:30" or "9", in minutes; cut off `text`.
std::optional<int> TakeTimeOfDay(std::string_view& text) {
  const auto hour = TakeNumber(text, 2);
  if (!hour) return std::nullopt;
  int minute = 0;
  if (TakeSign(text, ":")) {
    const std::string_view before = text;
    const auto read = TakeNumber(text, 2);
    if (!read || before.size() - text.size() != 2) return std::nullopt;
    minute = *read;
  }
  if (minute > 59 || *hour * 60 + minute > kDayMinutes) return std::nullopt;
  return *hour * 60 + minute;
}

std::optional<int> DayOf(std::string_view name) {
  constexpr std::array<std::array<std::string_view, 4>, 8> kNames = {{{"周一", "星期一", "mon", "monday"},
                                                                      {"周二", "星期二", "tue", "tuesday"},
                                                                      {"周三", "星期三", "wed", "wednesday"},
                                                                      {"周四", "星期四", "thu", "thursday"},
                                                                      {"周五", "星期五", "fri", "friday"},
                                                                      {"周六", "星期六", "sat", "saturday"},
                                                                      {"周日", "星期日", "sun", "sunday"},
                                                                      {"周天", "星期天", "", ""}}};
  for (size_t day = 0; day < kNames.size(); ++day) {
    for (const std::string_view known : kNames.at(day)) {
      if (!known.empty() && known == name) return static_cast<int>(day == 7 ? 6 : day);
    }
  }
  return std::nullopt;
}

int64_t MinuteOf(base::WallTime time) {
  return std::chrono::floor<std::chrono::minutes>(time + kChinaOffset).time_since_epoch().count();
}

bool HasDay(uint8_t days, int64_t weekday) { return days == 0 || ((days >> weekday) & 1) != 0; }

}  // namespace

bool Schedule::Always() const {
  return hours.empty() && days == 0 && from == std::numeric_limits<int64_t>::min() &&
         until == std::numeric_limits<int64_t>::max();
}

bool Schedule::Holds(base::WallTime now) const {
  const int64_t minute = MinuteOf(now);
  if (minute < from || minute >= until) return false;
  const int64_t day = (minute < 0 ? minute - kDayMinutes + 1 : minute) / kDayMinutes;
  const int64_t of_day = minute - day * kDayMinutes;
  const int64_t weekday = ((day + 3) % 7 + 7) % 7;  // 1970 began on a Thursday
  if (hours.empty()) return HasDay(days, weekday);
  for (const Hours& span : hours) {
    if (span.from < span.to) {
      if (of_day >= span.from && of_day < span.to && HasDay(days, weekday)) return true;
    } else {
      if (of_day >= span.from && HasDay(days, weekday)) return true;
      if (of_day < span.to && HasDay(days, (weekday + 6) % 7)) return true;
    }
  }
  return false;
}

std::optional<Schedule::Hours> ParseHours(std::string_view text) {
  const std::string plain = Plain(text);
  std::string_view rest = plain;
  const auto from = TakeTimeOfDay(rest);
  rest = base::TrimBlanks(rest);
  if (!from || !TakeSign(rest, "-")) return std::nullopt;
  rest = base::TrimBlanks(rest);
  const auto to = TakeTimeOfDay(rest);
  if (!to || !rest.empty() || *from == *to || *from == kDayMinutes) return std::nullopt;
  return Schedule::Hours{*from, *to};
}

std::optional<uint8_t> ParseDays(std::string_view text) {
  const std::string plain = Plain(text);
  if (plain == "周末") return uint8_t{0x60};
  const size_t dash = plain.find('-');
  const auto first = DayOf(base::TrimBlanks(std::string_view(plain).substr(0, dash)));
  if (!first) return std::nullopt;
  if (dash == std::string::npos) return static_cast<uint8_t>(1U << *first);
  const auto last = DayOf(base::TrimBlanks(std::string_view(plain).substr(dash + 1)));
  if (!last) return std::nullopt;
  unsigned days = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    days |= 1U << day;
    if (day == *last) return static_cast<uint8_t>(days);
  }
}

std::optional<int64_t> ParseMinute(std::string_view text, bool day_end) {
  std::string plain = Plain(text);
  std::string_view rest = plain;
  const auto year = TakeNumber(rest, 4);
  if (!year || *year < 1970 || !TakeSign(rest, "-/")) return std::nullopt;
  const auto month = TakeNumber(rest, 2);
  if (!month || !TakeSign(rest, "-/")) return std::nullopt;
  const auto day = TakeNumber(rest, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t begin = int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * kDayMinutes;
  if (rest.empty()) return begin + (day_end ? kDayMinutes : 0);
  if (!TakeSign(rest, " t")) return std::nullopt;
  rest = base::TrimBlanks(rest);
  const auto time = TakeTimeOfDay(rest);
  if (!time || !rest.empty()) return std::nullopt;
  return begin + *time;
}

base::WallTime TimeOfMinute(int64_t minute) { return base::WallTime(std::chrono::minutes(minute)) - kChinaOffset; }

std::string ChinaDate(base::WallTime time) {
  const std::chrono::year_month_day date(std::chrono::sys_days(std::chrono::days(base::ChinaDay(time))));
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

std::string ChinaTimeOfDay(base::WallTime time) {
  const int64_t of_day = MinuteOf(time) - base::ChinaDay(time) * kDayMinutes;
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(of_day / 60), static_cast<int>(of_day % 60));
  return text;
}

}  // namespace yingda::rules
