// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "store/sqlite_store.h"
#include "support/gate.h"
#include "support/manual_clock.h"
#include "support/wait.h"

namespace yingda::platform {

/// Calls that a test answers by hand, oldest first.
class ScriptedClient final : public net::HttpClient {
 public:
  CallId Start(net::HttpClientRequest request, net::HttpClientEvents events) override {
    calls.emplace(++last, Call{request, std::move(events)});
    history.push_back(std::move(request));
    return last;
  }
  void Cancel(CallId id) override { calls.erase(id); }

  struct Call {
    net::HttpClientRequest request;
    net::HttpClientEvents events;
  };
  std::map<CallId, Call> calls;                 // under way
  std::vector<net::HttpClientRequest> history;  // all
  CallId last = 0;
};

/// Keeps every line, with all fields, as text.
class TextLogger final : public base::Logger {
 public:
  TextLogger() : Logger(base::LogLevel::kDebug) {}
  std::string text;
  int Count(const std::string& part) const {
    int count = 0;
    for (size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++count;
    return count;
  }

 private:
  void Write(base::LogLevel, std::string_view event, std::initializer_list<base::LogField> fields) override {
    text += event;
    for (const auto& field : fields) {
      text.append(" ").append(field.key).append("=");
      if (const auto* words = std::get_if<std::string_view>(&field.value)) text += *words;
      if (const auto* number = std::get_if<int64_t>(&field.value)) text += std::to_string(*number);
    }
    text += "\n";
  }
};

/// A loop on a hand-moved clock, a client that the test answers for, and a real store in memory.
class Stage {
 public:
  Stage() { OpenStore(); }
  ~Stage() {
    store_.reset();
    loop.Stop();
  }

  void OpenStore() {
    store::SqliteStore::Options options;
    options.path = ":memory:";
    auto opened = store::SqliteStore::Open(
        options, [this](std::function<void()> work) { loop.Post(std::move(work)); }, logger, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  store::Store& store() { return *store_; }

  void On(const std::function<void()>& function) { testing::RunOn(loop, function); }
  /// What is asked of the store is done, and the loop has nothing left to do.
  void Settle() {
    testing::Gate flushed;
    store_->Flush([&](const base::Result<void>&) { flushed.Open(); });
    EXPECT_TRUE(flushed.Wait());
    EXPECT_TRUE(testing::WaitFor([&] { return loop.Idle(); }));
  }
  /// Waits until what the store was asked, also by its own answers, has come.
  template <typename Predicate>
  bool Until(Predicate predicate) {
    return testing::WaitFor([&] {
      bool holds = false;
      On([&] { holds = predicate(); });
      return holds;
    });
  }
  void Advance(base::Duration by) {
    clock.Advance(by);
    EXPECT_TRUE(testing::WaitFor([&] { return loop.Idle(); }));
  }
  size_t Open() {
    size_t open = 0;
    On([&] { open = client.calls.size(); });
    return open;
  }
  size_t Started() {
    size_t started = 0;
    On([&] { started = client.history.size(); });
    return started;
  }
  /// The newest request.
  net::HttpClientRequest Request() {
    net::HttpClientRequest request;
    On([&] { request = client.history.empty() ? net::HttpClientRequest() : client.history.back(); });
    return request;
  }

  void Answer(const std::string& body, int status = 200, const std::string& type = "application/json") {
    On([&] {
      ASSERT_FALSE(client.calls.empty()) << "nobody asks";
      const auto oldest = client.calls.begin();
      const net::HttpClientEvents events = std::move(oldest->second.events);
      client.calls.erase(oldest);
      net::HttpClientHead head;
      head.status = status;
      head.headers = {{"content-type", type}};
      events.on_head(head);
      events.on_body(body);
      events.on_done({});
    });
  }
  void Fail(base::ErrorCode code, const std::string& why = "broken") {
    On([&] {
      ASSERT_FALSE(client.calls.empty()) << "nobody asks";
      const auto oldest = client.calls.begin();
      const net::HttpClientEvents events = std::move(oldest->second.events);
      client.calls.erase(oldest);
      events.on_done(base::Error{code, why});
    });
  }
  bool HasMetric(const std::string& line) { return metrics.Text().find(line + "\n") != std::string::npos; }

  testing::ManualClock clock;
  TextLogger logger;
  base::Metrics metrics;
  ScriptedClient client;
  net::EventLoop loop{clock};

 private:
  std::unique_ptr<store::SqliteStore> store_;
};

inline std::string Token(const std::string& value, int expires_in = 7200) {
  return R"({"access_token":")" + value + R"(","expires_in":)" + std::to_string(expires_in) + "}";
}
inline std::string Refusal(int code, const std::string& errmsg = "no") {
  return R"({"errcode":)" + std::to_string(code) + R"(,"errmsg":")" + errmsg + R"("})";
}

}  // namespace yingda::platform
