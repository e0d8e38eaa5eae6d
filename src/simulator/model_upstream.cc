// SPDX-License-Identifier: MIT
#include "simulator/model_upstream.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/guarded.h"
#include "simulator/loop_call.h"
#include "simulator/openai_wire.h"

namespace yingda::simulator {
namespace {

constexpr auto kStopLimit = std::chrono::seconds(2);

net::HttpServer::Options ServerOptions(const ModelUpstream::Options& options) {
  net::HttpServer::Options server;
  server.host = options.host;
  server.port = options.port;
  server.threads = options.threads;
  server.max_body_bytes = options.max_body_bytes;
  server.metrics_name = "model_upstream";
  return server;
}

net::HttpResponse ErrorResponse(int status, std::string_view type, std::string_view code, std::string_view message) {
  return {status, "application/json", ErrorBody(type, code, message), {}};
}

/// One answer on its way out. Lives on the loop.
struct Exchange {
  UpstreamCall call;
  UpstreamScript script;
  AnswerIdentity identity;
  net::Responder responder;
  std::unique_ptr<net::ResponseStream> stream;
  base::TimePoint started;
  size_t next_chunk = 0;
  net::EventLoop::TimerId timer = 0;
};

}  // namespace

class ModelUpstream::Implementation {
 public:
  Implementation(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger,
                 base::Metrics& metrics)
      : options_(std::move(options)),
        loop_(loop),
        clock_(clock),
        server_(ServerOptions(options_), clock, logger, metrics) {
    for (const char* path : {"/v1/chat/completions", "/chat/completions"}) {
      server_.Handle("POST", path, [this](const net::HttpRequest& request, net::Responder responder) {
        Receive(request, std::move(responder));
      });
    }
    for (const char* path : {"/v1/models", "/models"}) {
      server_.Handle("GET", path, [this](const net::HttpRequest&, net::Responder responder) {
        responder.Send({200, "application/json", ModelsBody(options_.model), {}});
      });
    }
  }

  ~Implementation() { Stop(); }

  base::Result<void> Start() {
    auto started = server_.Start();
    running_ = started.has_value();
    return started;
  }
  int Port() const { return server_.Port(); }

  void Stop() {
    if (!std::exchange(running_, false)) return;
    server_.StopAccepting();
    RunOnLoopAndWait(loop_, [this] { DropAll(); });
    server_.Stop(kStopLimit);
    // The server's threads are gone, so nothing is posted any more; what they posted last runs before this.
    RunOnLoopAndWait(loop_, [this] { DropAll(); });
  }

  const Options& options() const { return options_; }
  const base::Guarded<UpstreamJournal>& journal() const { return journal_; }

 private:
  /// On the server's threads: checks what can be checked without state, then goes to the loop.
  void Receive(const net::HttpRequest& request, net::Responder responder) {
    if (!options_.api_key.empty() && request.Header("authorization") != "Bearer " + options_.api_key) {
      Refuse(std::move(responder), 401, "invalid_api_key", "Incorrect API key provided.");
      return;
    }
    auto call = ParseChatRequest(request.Body());
    if (!call) {
      Refuse(std::move(responder), 400, "invalid_request", call.error().message);
      return;
    }
    auto exchange = std::make_shared<Exchange>();
    exchange->call = *std::move(call);
    exchange->responder = std::move(responder);
    loop_.Post([this, exchange] { Begin(exchange); });
  }

  void Refuse(net::Responder responder, int status, std::string_view code, std::string_view message) {
    journal_.With([](UpstreamJournal& journal) { ++journal.refused; });
    responder.Send(ErrorResponse(status, "invalid_request_error", code, message));
  }

  void Begin(const std::shared_ptr<Exchange>& exchange) {
    if (exchanges_.size() >= options_.max_calls_in_flight) {
      Refuse(std::move(exchange->responder), 429, "rate_limit_exceeded", "too many calls in flight");
      return;
    }
    const uint64_t number = ++last_number_;
    exchange->call.number = number;
    exchange->started = clock_.Now();
    exchange->identity = {"chatcmpl-demo-" + std::to_string(number), exchange->call.model,
                          base::UnixSeconds(clock_.WallNow())};
    exchange->script = options_.answer(exchange->call);
    exchanges_.emplace(number, exchange);
    Remember(*exchange);
    exchange->responder.OnClosed([this, number] { loop_.Post([this, number] { End(number, false); }); });
    if (exchange->call.stream && exchange->script.comment_every > base::Duration::zero()) {
      Open(*exchange, ": keep-alive\n\n");
      Comment(*exchange, exchange->started + exchange->script.comment_every);
    } else {
      At(*exchange, exchange->started + exchange->script.first_token_after, &Implementation::FirstToken);
    }
  }

  /// Runs `step` at `when`, now when that has come.
  void At(Exchange& exchange, base::TimePoint when, void (Implementation::*step)(Exchange&)) {
    if (when <= clock_.Now()) return (this->*step)(exchange);
    const uint64_t number = exchange.call.number;
    exchange.timer = loop_.At(when, [this, number, step] {
      const auto found = exchanges_.find(number);
      if (found == exchanges_.end()) return;
      const std::shared_ptr<Exchange> held = found->second;  // the step may end the exchange
      held->timer = 0;
      (this->*step)(*held);
    });
  }

  void Comment(Exchange& exchange, base::TimePoint when) {
    const base::TimePoint first_token = exchange.started + exchange.script.first_token_after;
    At(exchange, std::min(when, first_token),
       when < first_token ? &Implementation::CommentNow : &Implementation::FirstToken);
  }
  void CommentNow(Exchange& exchange) {
    if (!Write(exchange, ": keep-alive\n\n")) return;
    Comment(exchange, clock_.Now() + exchange.script.comment_every);
  }

  void FirstToken(Exchange& exchange) {
    const UpstreamScript& script = exchange.script;
    const uint64_t number = exchange.call.number;
    if (script.end == UpstreamEnd::kNoAnswer) {
      exchange.responder.Close();
      return End(number, true);
    }
    if (script.status != 200 || !script.raw_body.empty()) return SendPlain(exchange);
    if (!exchange.call.stream) {
      const auto chunks = static_cast<int64_t>(script.chunks.size());
      const base::Duration rest = script.chunk_every * std::max<int64_t>(chunks - 1, 0);
      return At(exchange, exchange.started + script.first_token_after + rest, &Implementation::SendWhole);
    }
    std::string first = RoleEvent(exchange.identity);
    if (!script.reasoning.empty()) first += ReasoningEvent(exchange.identity, script.reasoning);
    if (exchange.stream ? Write(exchange, first) : Open(exchange, std::move(first))) NextChunks(exchange);
  }

  void SendPlain(Exchange& exchange) {
    const UpstreamScript& script = exchange.script;
    net::HttpResponse response =
        script.raw_body.empty() ? ErrorResponse(script.status, "server_error", script.error_code, script.error_message)
                                : net::HttpResponse{script.status, script.raw_content_type, script.raw_body, {}};
    response.headers = script.headers;
    const bool sent = exchange.responder.Send(std::move(response));
    End(exchange.call.number, sent);
  }

  void SendWhole(Exchange& exchange) {
    if (exchange.script.end == UpstreamEnd::kSilence) return;
    const bool sent = exchange.responder.Send({200, "application/json",
                                               CompletionBody(exchange.identity, exchange.call, exchange.script),
                                               exchange.script.headers});
    End(exchange.call.number, sent);
  }

  bool Open(Exchange& exchange, std::string first) {
    exchange.stream = exchange.responder.OpenStream(
        {200, "text/event-stream; charset=utf-8", std::move(first), exchange.script.headers});
    if (exchange.stream) return true;
    End(exchange.call.number, false);
    return false;
  }

  bool Write(Exchange& exchange, std::string_view bytes) {
    if (exchange.stream->Write(bytes)) return true;
    End(exchange.call.number, false);
    return false;
  }

  /// Writes every chunk that is due by now: a late timer catches up instead of shifting the rest.
  void NextChunks(Exchange& exchange) {
    const UpstreamScript& script = exchange.script;
    std::string due;
    while (exchange.next_chunk < script.chunks.size() && ChunkTime(exchange) <= clock_.Now()) {
      due += TextEvent(exchange.identity, script.chunks[exchange.next_chunk++]);
    }
    const bool all = exchange.next_chunk == script.chunks.size();
    if (all) due += EndEvents(exchange);
    if (!due.empty() && !Write(exchange, due)) return;
    if (!all) return At(exchange, ChunkTime(exchange), &Implementation::NextChunks);
    if (script.end == UpstreamEnd::kSilence) return;
    exchange.stream->Close();
    End(exchange.call.number, true);
  }

  static base::TimePoint ChunkTime(const Exchange& exchange) {
    return exchange.started + exchange.script.first_token_after +
           exchange.script.chunk_every * static_cast<int64_t>(exchange.next_chunk);
  }

  static std::string EndEvents(const Exchange& exchange) {
    switch (exchange.script.end) {
      case UpstreamEnd::kErrorEvent:
        return ErrorEvent(exchange.script);
      case UpstreamEnd::kCut:
      case UpstreamEnd::kSilence:
      case UpstreamEnd::kNoAnswer:
        return {};
      case UpstreamEnd::kDone:
        break;
    }
    std::string events = FinishEvent(exchange.identity, exchange.script.finish_reason);
    if (exchange.call.usage_wanted) events += UsageEvent(exchange.identity, exchange.call, exchange.script);
    return events + DoneEvent();
  }

  void End(uint64_t number, bool finished) {
    const auto found = exchanges_.find(number);
    if (found == exchanges_.end()) return;
    if (found->second->timer != 0) loop_.Cancel(found->second->timer);
    exchanges_.erase(found);
    journal_.With([&](UpstreamJournal& journal) {
      --journal.in_flight;
      ++(finished ? journal.finished : journal.abandoned);
      const uint64_t first = journal.last.empty() ? number + 1 : journal.last.front().call.number;
      if (number < first) return;
      UpstreamRecord& record = journal.last[number - first];
      record.ended = clock_.Now();
      (finished ? record.finished : record.abandoned) = true;
    });
  }

  void Remember(const Exchange& exchange) {
    journal_.With([&](UpstreamJournal& journal) {
      ++journal.calls;
      journal.most_in_flight = std::max(journal.most_in_flight, ++journal.in_flight);
      journal.last.push_back({exchange.call, exchange.started, exchange.started, false, false});
      if (journal.last.size() > options_.journal_calls) journal.last.pop_front();
    });
  }

  void DropAll() {
    while (!exchanges_.empty()) {
      const auto& [number, exchange] = *exchanges_.begin();
      if (exchange->stream) {
        exchange->stream->Close();
      } else {
        exchange->responder.Close();
      }
      End(number, false);
    }
  }

  const Options options_;
  net::EventLoop& loop_;
  base::Clock& clock_;
  base::Guarded<UpstreamJournal> journal_;
  uint64_t last_number_ = 0;                                 // on the loop
  std::map<uint64_t, std::shared_ptr<Exchange>> exchanges_;  // on the loop
  bool running_ = false;
  net::HttpServer server_;
};

ModelUpstream::ModelUpstream(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger,
                             base::Metrics& metrics)
    : implementation_(std::make_unique<Implementation>(std::move(options), loop, clock, logger, metrics)) {}
ModelUpstream::~ModelUpstream() = default;

base::Result<void> ModelUpstream::Start() { return implementation_->Start(); }
int ModelUpstream::Port() const { return implementation_->Port(); }
void ModelUpstream::Stop() { implementation_->Stop(); }

std::string ModelUpstream::BaseUrl() const {
  return "http://" + implementation_->options().host + ":" + std::to_string(Port()) + "/v1";
}

UpstreamJournal ModelUpstream::Journal() const {
  return implementation_->journal().With([](const UpstreamJournal& journal) { return journal; });
}

size_t ModelUpstream::InFlight() const {
  return implementation_->journal().With([](const UpstreamJournal& journal) { return journal.in_flight; });
}

size_t ModelUpstream::CallsAsking(std::string_view question) const {
  return implementation_->journal().With([&](const UpstreamJournal& journal) {
    return static_cast<size_t>(
        std::count_if(journal.last.begin(), journal.last.end(),
                      [&](const UpstreamRecord& record) { return record.call.Question() == question; }));
  });
}

}  // namespace yingda::simulator
