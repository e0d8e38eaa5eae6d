// SPDX-License-Identifier: MIT
#include "model/chat_model.h"

namespace yingda::model {

const char* ToString(ChatFailure failure) {
  switch (failure) {
    case ChatFailure::kNone:
      return "none";
    case ChatFailure::kTimeout:
      return "timeout";
    case ChatFailure::kUnreachable:
      return "unreachable";
    case ChatFailure::kRateLimited:
      return "rate_limited";
    case ChatFailure::kRefused:
      return "refused";
    case ChatFailure::kBadRequest:
      return "bad_request";
    case ChatFailure::kContentPolicy:
      return "content_policy";
    case ChatFailure::kBadAnswer:
      return "bad_answer";
    case ChatFailure::kEmpty:
      return "empty";
    case ChatFailure::kOverloaded:
      return "overloaded";
    case ChatFailure::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace yingda::model
