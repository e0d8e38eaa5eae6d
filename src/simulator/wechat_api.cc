// SPDX-License-Identifier: MIT
#include "simulator/wechat_api.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/guarded.h"
#include "base/secret.h"
#include "net/http_server.h"
#include "simulator/api_errmsg.h"

namespace yingda::simulator {
namespace {

constexpr size_t kRemembered = 100'000;
constexpr auto kStopLimit = std::chrono::seconds(2);
constexpr const char* kProxyPage = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

template <typename Record>
void Remember(std::deque<Record>& records, Record record) {
  records.push_back(std::move(record));
  if (records.size() > kRemembered) records.pop_front();
}

/// A fault waits for its call.
struct Fault {
  std::string path;
  enum class Kind { kErrcode, kStatus, kLostAnswer } kind = Kind::kErrcode;
  int value = 0;
  int times = 1;
};

/// What the outside sees of one call.
struct Ending {
  net::HttpResponse response;
  bool close = false;
  bool silent = false;
  base::Duration late{};
  std::optional<ApiDelivery> delivered;
};

ApiRequest Dissect(const net::HttpRequest& request) {
  ApiRequest api{std::string(request.Method()),
                 std::string(request.Path()),
                 std::string(request.Parameter("access_token")),
                 std::string(request.Parameter("grant_type")),
                 std::string(request.Parameter("appid")),
                 std::string(request.Parameter("secret")),
                 false,
                 std::string(request.Body())};
  if (api.path != "/cgi-bin/stable_token") return api;
  const auto json = nlohmann::json::parse(api.body, nullptr, false);
  const auto text = [&](const char* key) {
    return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  api.grant_type = text("grant_type");
  api.app_id = text("appid");
  api.secret = text("secret");
  api.force_refresh = json.is_object() && json.value("force_refresh", nlohmann::json()) == true;
  return api;
}

struct State {
  std::deque<ApiAccount> accounts;  // never empty
  std::deque<Fault> faults;
  WeChatApi::Network network = WeChatApi::Network::kWorks;
  base::Duration latency{};
  std::deque<ApiCall> calls;
  std::deque<ApiDelivery> deliveries;

  ApiAccount& Named(const std::string& app_id) {
    for (ApiAccount& account : accounts) {
      if (account.options().app_id == app_id) return account;
    }
    return accounts.front();
  }

  ApiAccount& For(const ApiRequest& request, base::TimePoint now) {
    if (ApiAccount::IsTokenEndpoint(request.path)) return Named(request.app_id);
    for (ApiAccount& account : accounts) {
      if (account.tokens().Check(request.access_token, now).generation != 0) return account;
    }
    return accounts.front();
  }

  std::optional<Fault> TakeFault(const std::string& path) {
    const auto found = std::find_if(faults.begin(), faults.end(),
                                    [&](const Fault& fault) { return fault.path.empty() || fault.path == path; });
    if (found == faults.end()) return std::nullopt;
    Fault fault = *found;
    if (--found->times <= 0) faults.erase(found);
    return fault;
  }

  Ending Take(const ApiRequest& request, base::TimePoint now, base::WallTime wall) {
    Ending ending;
    ending.response.content_type = "application/json; encoding=utf-8";
    ApiAccount& account = For(request, now);
    ApiCall call{request.path,
                 account.options().app_id,
                 account.tokens().Check(request.access_token, now).generation,
                 0,
                 200,
                 false,
                 now};
    if (network != WeChatApi::Network::kWorks) {
      ending.close = network != WeChatApi::Network::kSilent;
      ending.silent = !ending.close;
      call.status = 0;
    } else if (!ApiAccount::Knows(request.path)) {
      call.status = ending.response.status = 404;
    } else {
      Answer(request, account, wall, call, ending);
    }
    Remember(calls, std::move(call));
    ending.late = latency;
    return ending;
  }

  void Answer(const ApiRequest& request, ApiAccount& account, base::WallTime wall, ApiCall& call, Ending& ending) {
    const std::optional<Fault> fault = TakeFault(request.path);
    if (fault && fault->kind == Fault::Kind::kStatus) {
      call.status = fault->value;
      ending.response = {fault->value, "text/html", kProxyPage, {}};
      return;
    }
    ApiAnswer answer;
    if (fault && fault->kind == Fault::Kind::kErrcode) {
      answer.errcode = fault->value;
    } else {
      answer = account.Answer(request, call.at, wall);
      if (answer.generation != 0) call.token_generation = answer.generation;
    }
    call.errcode = answer.errcode;
    ending.close = call.answer_lost = fault && fault->kind == Fault::Kind::kLostAnswer;
    ending.response.body = ApiBody(answer, base::RandomHex(8));
    if (!answer.delivered) return;
    CustomerMessage& message = *answer.delivered;
    ending.delivered = {account.options().app_id, message.open_id,       message.type, message.text,
                        message.made_by_model,    call.token_generation, call.at};
    Remember(deliveries, *ending.delivered);
  }
};

/// An answer on its way, by latency or silence.
struct Late {
  net::Responder responder;
  net::HttpResponse response;
  bool close = false;
};

/// Shared with the timers, which may outlive the fake.
class LateAnswers {
 public:
  uint64_t Add(const std::shared_ptr<Late>& late) {
    return late_.With([&](Table& table) {
      table.all.emplace(++table.last_id, late);
      return table.last_id;
    });
  }

  std::shared_ptr<Late> Take(uint64_t id) {
    return late_.With([id](Table& table) {
      const auto found = table.all.find(id);
      if (found == table.all.end()) return std::shared_ptr<Late>();
      std::shared_ptr<Late> late = std::move(found->second);
      table.all.erase(found);
      return late;
    });
  }

  void CloseAll() {
    auto all = late_.With([](Table& table) { return std::exchange(table.all, {}); });
    for (auto& [id, late] : all) late->responder.Close();
  }

  size_t size() const {
    return late_.With([](const Table& table) { return table.all.size(); });
  }

 private:
  struct Table {
    std::map<uint64_t, std::shared_ptr<Late>> all;
    uint64_t last_id = 0;
  };
  base::Guarded<Table> late_;
};

void Finish(net::Responder& responder, net::HttpResponse response, bool close) {
  if (close) {
    responder.Close();
  } else {
    responder.Send(std::move(response));
  }
}

}  // namespace

class WeChatApi::Implementation {
 public:
  Implementation(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger,
                 base::Metrics& metrics)
      : options_(std::move(options)), loop_(loop), clock_(clock), logger_(logger), metrics_(metrics) {
    state_.With([&](State& state) {
      for (ApiAccountOptions& account : options_.accounts) state.accounts.emplace_back(std::move(account));
      if (state.accounts.empty()) state.accounts.emplace_back(ApiAccountOptions());
    });
  }
  ~Implementation() { Stop(); }

  base::Result<void> Start() {
    if (server_) return {};
    net::HttpServer::Options server;
    server.host = options_.host;
    server.port = port_ == 0 ? options_.port : port_.load();
    server.threads = options_.threads;
    server.max_body_bytes = options_.max_body_bytes;
    server.metrics_name = "wechat_api";
    server_ = std::make_unique<net::HttpServer>(server, clock_, logger_, metrics_);
    for (const char* method : {"GET", "POST"}) {
      server_->Handle(method, "/", [this](const net::HttpRequest& request, net::Responder responder) {
        Receive(request, std::move(responder));
      });
    }
    if (auto started = server_->Start(); !started) {
      server_.reset();
      return started;
    }
    port_ = server_->Port();
    return {};
  }

  void Stop() {
    if (!server_) return;
    server_->StopAccepting();
    late_->CloseAll();
    server_->Stop(kStopLimit);
    late_->CloseAll();  // what arrived in between
    server_.reset();
  }

  base::Result<void> SetNetwork(Network network) {
    state_.With([&](State& state) { state.network = network; });
    if (network != Network::kRefuses) return Start();
    Stop();
    return {};
  }

  int Port() const { return port_; }
  size_t Waiting() const { return late_->size(); }
  base::Guarded<State>& state() { return state_; }
  base::Clock& clock() { return clock_; }
  const Options& options() const { return options_; }

 private:
  void Receive(const net::HttpRequest& request, net::Responder responder) {
    const ApiRequest api = Dissect(request);
    Ending ending = state_.With([&](State& state) { return state.Take(api, clock_.Now(), clock_.WallNow()); });
    if (ending.delivered && options_.on_delivery) options_.on_delivery(*ending.delivered);
    if (!ending.silent && ending.late <= base::Duration::zero()) {
      Finish(responder, std::move(ending.response), ending.close);
      return;
    }
    auto late = std::make_shared<Late>();
    late->responder = std::move(responder);
    late->response = std::move(ending.response);
    late->close = ending.close;
    const uint64_t id = late_->Add(late);
    late->responder.OnClosed([answers = late_, id] { answers->Take(id); });
    if (ending.silent) return;
    loop_.After(ending.late, [answers = late_, id] {
      if (const auto due = answers->Take(id)) Finish(due->responder, std::move(due->response), due->close);
    });
  }

  Options options_;
  net::EventLoop& loop_;
  base::Clock& clock_;
  base::Logger& logger_;
  base::Metrics& metrics_;
  base::Guarded<State> state_;
  const std::shared_ptr<LateAnswers> late_ = std::make_shared<LateAnswers>();
  std::atomic<int> port_{0};
  std::unique_ptr<net::HttpServer> server_;
};

WeChatApi::WeChatApi(Options options, net::EventLoop& loop, base::Clock& clock, base::Logger& logger,
                     base::Metrics& metrics)
    : implementation_(std::make_unique<Implementation>(std::move(options), loop, clock, logger, metrics)) {}
WeChatApi::~WeChatApi() = default;

base::Result<void> WeChatApi::Start() { return implementation_->Start(); }
void WeChatApi::Stop() { implementation_->Stop(); }
int WeChatApi::Port() const { return implementation_->Port(); }
std::string WeChatApi::BaseUrl() const {
  return "http://" + implementation_->options().host + ":" + std::to_string(Port());
}
size_t WeChatApi::Waiting() const { return implementation_->Waiting(); }
base::Result<void> WeChatApi::SetNetwork(Network network) { return implementation_->SetNetwork(network); }

void WeChatApi::FollowerSpoke(const std::string& open_id, const std::string& app_id) {
  implementation_->state().With(
      [&](State& state) { state.Named(app_id).windows().Spoke(open_id, implementation_->clock().Now()); });
}

void WeChatApi::FollowerActed(const std::string& open_id, const std::string& app_id) {
  implementation_->state().With(
      [&](State& state) { state.Named(app_id).windows().Acted(open_id, implementation_->clock().Now()); });
}

void WeChatApi::FollowerLeft(const std::string& open_id, const std::string& app_id) {
  implementation_->state().With([&](State& state) { state.Named(app_id).windows().Left(open_id); });
}

void WeChatApi::FailNext(const std::string& path, int errcode, int times) {
  implementation_->state().With([&](State& state) {
    state.faults.push_back({path, Fault::Kind::kErrcode, errcode, times});
  });
}

void WeChatApi::FailNextWithStatus(const std::string& path, int status, int times) {
  implementation_->state().With([&](State& state) {
    state.faults.push_back({path, Fault::Kind::kStatus, status, times});
  });
}

void WeChatApi::LoseNextAnswer(const std::string& path, int times) {
  implementation_->state().With([&](State& state) {
    state.faults.push_back({path, Fault::Kind::kLostAnswer, 0, times});
  });
}

void WeChatApi::SetLatency(base::Duration latency) {
  implementation_->state().With([&](State& state) { state.latency = latency; });
}

void WeChatApi::RevokeTokens(const std::string& app_id) {
  implementation_->state().With(
      [&](State& state) { state.Named(app_id).tokens().RevokeAll(implementation_->clock().Now()); });
}

void WeChatApi::Change(const std::function<void(ApiAccountOptions&)>& change, const std::string& app_id) {
  implementation_->state().With([&](State& state) { change(state.Named(app_id).options()); });
}

void WeChatApi::AddMedia(const std::string& media_id, const std::string& app_id) {
  implementation_->state().With([&](State& state) { state.Named(app_id).AddMedia(media_id); });
}

std::vector<ApiDelivery> WeChatApi::AllDelivered() const {
  return implementation_->state().With(
      [](State& state) { return std::vector<ApiDelivery>(state.deliveries.begin(), state.deliveries.end()); });
}

std::vector<ApiDelivery> WeChatApi::Delivered(const std::string& open_id) const {
  std::vector<ApiDelivery> mine;
  for (ApiDelivery& delivery : AllDelivered()) {
    if (delivery.open_id == open_id) mine.push_back(std::move(delivery));
  }
  return mine;
}

std::vector<ApiCall> WeChatApi::AllCalls() const {
  return implementation_->state().With(
      [](State& state) { return std::vector<ApiCall>(state.calls.begin(), state.calls.end()); });
}

std::vector<ApiCall> WeChatApi::Calls(const std::string& path) const {
  std::vector<ApiCall> matching;
  for (ApiCall& call : AllCalls()) {
    if (call.path == path) matching.push_back(std::move(call));
  }
  return matching;
}

int WeChatApi::TokensIssued(const std::string& app_id) const {
  return implementation_->state().With([&](State& state) { return state.Named(app_id).tokens().issued(); });
}

}  // namespace yingda::simulator
