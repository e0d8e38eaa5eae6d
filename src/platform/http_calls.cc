// SPDX-License-Identifier: MIT
#include "platform/http_calls.h"

#include <utility>

namespace yingda::platform {

using base::ErrorCode;

std::string QueryEscaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (plain) {
      escaped += c;
    } else {
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

HttpCalls::HttpCalls(net::HttpClient& client, net::EventLoop& loop) : client_(client), loop_(loop) {}

HttpCalls::~HttpCalls() {
  while (!calls_.empty()) Cancel(calls_.begin()->first);
}

HttpCalls::CallId HttpCalls::Start(net::HttpClientRequest request, base::TimePoint deadline, Done done) {
  const CallId id = ++last_;
  Call& call = calls_[id];
  call.done = std::move(done);
  call.timer = loop_.At(deadline, [this, id] {
    End(id, base::Error{ErrorCode::kDeadlineExceeded, "no answer in time"});
  });
  net::HttpClientEvents events;
  events.on_head = [this, id](const net::HttpClientHead& head) {
    calls_[id].answer.status = head.status;
    calls_[id].answer.content_type = head.Header("content-type");
  };
  events.on_body = [this, id](std::string_view bytes) { calls_[id].answer.body += bytes; };
  events.on_done = [this, id](base::Result<void> result) {
    calls_[id].http_call = 0;
    if (!result && result.error().code == ErrorCode::kDeadlineExceeded) {
      // The client's own deadline ends with the connecting.
      result = base::Error{ErrorCode::kUnavailable, "no connection in time"};
    }
    End(id, result);
  };
  call.http_call = client_.Start(std::move(request), std::move(events));
  return id;
}

void HttpCalls::Cancel(CallId id) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  loop_.Cancel(at->second.timer);
  if (at->second.http_call != 0) client_.Cancel(at->second.http_call);
  calls_.erase(at);
}

void HttpCalls::End(CallId id, const base::Result<void>& result) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  const Done done = std::move(at->second.done);
  HttpAnswer answer = std::move(at->second.answer);
  Cancel(id);
  if (result) {
    done(std::move(answer));
  } else {
    done(result.error());
  }
}

}  // namespace yingda::platform
