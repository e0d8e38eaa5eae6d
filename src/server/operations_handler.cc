// SPDX-License-Identifier: MIT
#include "server/operations_handler.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/utf8.h"
#include "bot/pipeline.h"

namespace yingda::server {
namespace {

constexpr const char* kJson = "application/json; charset=utf-8";
constexpr const char* kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

net::HttpResponse JsonError(int status, const std::string& what) {
  const nlohmann::json body = {{"error", what}};
  return {status, kJson, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", {}};
}

std::string WithAnswer(const std::string& explanation, const std::string& answer, const model::ChatOutcome& outcome) {
  nlohmann::json body = nlohmann::json::parse(explanation, nullptr, false);
  if (outcome.failure == model::ChatFailure::kNone) {
    body["answer"] = answer;
  } else {
    body["model_failure"] = model::ToString(outcome.failure);
    body["model_failure_detail"] = outcome.detail;
  }
  return body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

/// A test that waits for the model; ends with the answer or its failure.
struct OperationsHandler::ModelTest {
  net::Responder responder;
  std::unique_ptr<model::ChatCall> call;
  std::string explanation;
  std::string answer;
};

OperationsHandler::~OperationsHandler() = default;

OperationsHandler::OperationsHandler(Options options, std::vector<const bot::Account*> accounts, base::Metrics& metrics,
                                     net::EventLoop& loop)
    : options_(options), accounts_(std::move(accounts)), metrics_(metrics), loop_(loop) {}

void OperationsHandler::Serve(net::HttpServer& server) {
  server.Handle("GET", "/healthz", [](const auto&, auto responder) {
    responder.Send({200, "text/plain; charset=utf-8", "ok\n", {}});
  });
  server.Handle("GET", "/readyz", [this](const auto&, auto responder) { Ready(std::move(responder)); });
  server.Handle("GET", "/metrics", [this](const auto&, auto responder) {
    responder.Send({200, kPrometheus, metrics_.Text(), {}});
  });
  server.Handle("GET", "/test", [this](const auto& request, auto responder) { Test(request, std::move(responder)); });
}

void OperationsHandler::Ready(net::Responder responder) const {
  if (ready_) {
    responder.Send({200, "text/plain; charset=utf-8", "ready\n", {}});
  } else {
    responder.Send({503, "text/plain; charset=utf-8", "starting or stopping\n", {}});
  }
}

void OperationsHandler::Test(const net::HttpRequest& request, net::Responder responder) {
  const bot::Account* account = nullptr;
  std::string names;
  for (const bot::Account* const candidate : accounts_) {
    names += (names.empty() ? "" : ", ") + candidate->name;
    if (candidate->name == request.Parameter("account")) account = candidate;
  }
  if (!request.HasParameter("account") && accounts_.size() == 1) account = accounts_.front();
  if (account == nullptr) {
    responder.Send(JsonError(404, "no such account; account= must be one of: " + names));
    return;
  }
  if (!request.HasParameter("msg")) {
    responder.Send(JsonError(400, "msg= is missing: the text that a follower would send"));
    return;
  }
  Explanation explanation =
      Explain(*account, TextMessage(base::ToValidUtf8(request.Parameter("msg"))), loop_.clock().WallNow());
  if (explanation.asks_model && request.Parameter("model") == "1") {
    AskModel(*account, std::move(explanation), std::move(responder));
    return;
  }
  responder.Send({200, kJson, std::move(explanation.json), {}});
}

void OperationsHandler::EndTest(const ModelTest* over) {
  tests_in_flight_ -= std::erase_if(tests_, [over](const auto& test) { return test.get() == over; });
}

void OperationsHandler::AskModel(const bot::Account& account, Explanation explanation, net::Responder responder) {
  if (tests_in_flight_.fetch_add(1) >= options_.max_tests_in_flight) {
    --tests_in_flight_;
    responder.Send(JsonError(429, "other tests are asking the model; try again when they are done"));
    return;
  }
  auto test = std::make_shared<ModelTest>();
  test->responder = std::move(responder);
  test->explanation = std::move(explanation.json);
  const std::string prompt = bot::PromptWith(account.settings.Get()->system_prompt, explanation.instruction);
  loop_.Post([this, test, &account, prompt, question = std::move(explanation.question)] {
    model::ChatRequest chat;
    if (!prompt.empty()) chat.messages.push_back({"system", prompt});
    chat.messages.push_back({"user", question});
    chat.deadline = loop_.clock().Now() + options_.test_deadline;
    chat.request_id = "test";
    tests_.push_back(test);
    model::ChatEvents events;
    ModelTest* const asked = test.get();  // owned by tests_ until it is over
    test->responder.OnClosed([this, weak = std::weak_ptr<ModelTest>(test)] {
      loop_.Post([this, weak] {
        if (const auto left = weak.lock()) EndTest(left.get());
      });
    });
    events.on_text = [asked](std::string_view text) { asked->answer.append(text); };
    events.on_done = [this, asked, &account](const model::ChatOutcome& outcome) {
      const std::string shown = account.AnswerBlocked(asked->answer) ? account.settings.Get()->texts.blocked_answer
                                                                     : account.Readable(asked->answer);
      asked->responder.Send({200, kJson, WithAnswer(asked->explanation, shown, outcome), {}});
      // Not now: this runs inside the call that goes with the test.
      loop_.Post([this, asked] { EndTest(asked); });
    };
    test->call = account.model->Ask(chat, std::move(events));
  });
}

}  // namespace yingda::server
