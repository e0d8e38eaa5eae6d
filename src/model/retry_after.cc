// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/utf8.h"
#include "model/upstream_error.h"

namespace yingda::model {
namespace {

/// Longer ones are as good as this for a question that someone waits for.
constexpr double kMaxSeconds = 3600;

template <typename Number>
std::optional<Number> Parse(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> Words(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find_first_of(separators, at), text.size());
    if (end > at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

std::optional<unsigned> Month(std::string_view name) {
  constexpr std::array<std::string_view, 12> kNames = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  for (unsigned i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return i + 1;
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> TimeOfDay(std::string_view text) {
  const auto parts = Words(text, ":");
  if (parts.size() != 3) return std::nullopt;
  const auto hour = Parse<int>(parts[0]);
  const auto minute = Parse<int>(parts[1]);
  const auto second = Parse<int>(parts[2]);
  if (!hour || !minute || !second) return std::nullopt;
  if (*hour < 0 || *hour > 23 || *minute < 0 || *minute > 59 || *second < 0 || *second > 60) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<base::WallTime> Date(std::string_view day, std::string_view month, std::string_view year,
                                   std::string_view time) {
  const auto day_number = Parse<unsigned>(day);
  const auto month_number = Month(month);
  auto year_number = Parse<int>(year);
  const auto time_of_day = TimeOfDay(time);
  if (!day_number || !month_number || !year_number || !time_of_day) return std::nullopt;
  if (year.size() == 2) *year_number += *year_number < 70 ? 2000 : 1900;
  if (*year_number < 1970 || *year_number > 2200) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year_number), std::chrono::month(*month_number),
                                         std::chrono::day(*day_number)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + *time_of_day;
}

/// The three forms of RFC 9110, section 5.6.7; all of them mean GMT.
std::optional<base::WallTime> HttpDate(std::string_view text) {
  const auto words = Words(text, " ,");
  if (words.size() == 6) return Date(words[1], words[2], words[3], words[4]);
  if (words.size() == 5) return Date(words[2], words[1], words[4], words[3]);  // asctime
  if (words.size() != 4) return std::nullopt;
  const auto parts = Words(words[1], "-");
  return parts.size() == 3 ? Date(parts[0], parts[1], parts[2], words[2]) : std::nullopt;
}

/// `text` in seconds, however it says so.
std::optional<double> Seconds(const net::HttpClientHead& head, base::WallTime now) {
  if (const auto milliseconds = Parse<double>(base::TrimBlanks(head.Header("retry-after-ms")))) {
    return *milliseconds / 1000;
  }
  const std::string_view text = base::TrimBlanks(head.Header("retry-after"));
  if (const auto seconds = Parse<double>(text)) return seconds;
  const auto date = HttpDate(text);
  if (!date) return std::nullopt;
  return std::chrono::duration<double>(*date - now).count();
}

}  // namespace

std::optional<base::Duration> RetryAfter(const net::HttpClientHead& head, base::WallTime now) {
  const auto seconds = Seconds(head, now);
  if (!seconds || !std::isfinite(*seconds) || *seconds <= 0) return std::nullopt;
  const double within = std::min(*seconds, kMaxSeconds);
  return std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(within));
}

}  // namespace yingda::model
