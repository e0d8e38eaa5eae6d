// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace yingda::base {

/// What kind of failure this is, as far as a caller may act on it. The words for a person are in Error::message.
enum class ErrorCode {
  kInvalidArgument,  // what was given is wrong; trying again with the same changes nothing
  kUnauthenticated,  // a signature, a key or a token was refused
  kNotFound,
  kTooLarge,     // over a configured limit
  kUnavailable,  // the other side or a resource is not there now; may work later
  kDeadlineExceeded,
  kRateLimited,
  kUpstream,   // the other side answered, with an error or with nonsense
  kCorrupt,    // stored or received bytes are damaged
  kCancelled,  // we stopped it ourselves
  kInternal,
};

/// The code's name in lower case, e.g. "rate_limited": for logs and metric labels.
const char* ToString(ErrorCode code);

/// A failure: a code for the program, a message for a person (what is wrong, where, what to do). Never holds secrets.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;

  /// The same error with `prefix` in front of its message: "loading rules/a.yml: ".
  Error Prefixed(std::string_view prefix) const { return {code, std::string(prefix) + message}; }
};

/// A value or an Error. The names are std::expected's, which GCC 12 does not have.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

/// YINGDA_TRY(auto x, Parse(y)); declares x from the value, or returns the error from the enclosing function.
#define YINGDA_TRY_JOIN2(a, b) a##b
#define YINGDA_TRY_JOIN(a, b) YINGDA_TRY_JOIN2(a, b)
#define YINGDA_TRY(variable, expression)                                  \
  auto YINGDA_TRY_JOIN(result_of_line_, __LINE__) = (expression);         \
  if (!YINGDA_TRY_JOIN(result_of_line_, __LINE__)) {                      \
    return std::move(YINGDA_TRY_JOIN(result_of_line_, __LINE__)).error(); \
  }                                                                       \
  variable = *std::move(YINGDA_TRY_JOIN(result_of_line_, __LINE__))

}  // namespace yingda::base
