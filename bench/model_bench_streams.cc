// SPDX-License-Identifier: MIT
#include "model_bench_streams.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "model/openai_chat_model.h"
#include "net/curl_http_client.h"
#include "net/event_loop.h"
#include "serve_bench_load.h"

namespace yingda::bench {
namespace {

using namespace std::chrono_literals;

model::UpstreamOptions UpstreamAt(const StreamsPlan& plan) {
  model::UpstreamOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(plan.port) + "/v1";
  options.api_key = "sk-0123456789abcdef0123456789abcdef";
  options.model = "bench-model";
  options.connect_timeout = 20s;
  options.max_calls_in_flight = plan.streams;
  return options;
}

std::vector<model::ChatMessage> Messages(const StreamsPlan& plan, size_t call) {
  const CallPlan of_call{call, plan.streams, plan.tokens, plan.every_us, 0};
  return {{"system", "你是一家小店的客服，回答要简短。"}, {"user", of_call.Question()}};
}

/// Bare libcurl, as its manual shows it for many transfers: curl_multi_socket_action on epoll.
class BareClient {
 public:
  BareClient(const StreamsPlan& plan, SharedCalls& calls)
      : plan_(plan), meter_(plan, calls), epoll_(::epoll_create1(EPOLL_CLOEXEC)), multi_(curl_multi_init()) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &BareClient::OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &BareClient::OnTimer);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(plan.streams));
  }
  ~BareClient() {
    for (Transfer& transfer : transfers_) {
      if (transfer.easy != nullptr) curl_easy_cleanup(transfer.easy);
      curl_slist_free_all(transfer.headers);
    }
    curl_multi_cleanup(multi_);
    ::close(epoll_);
  }
  BareClient(const BareClient&) = delete;
  BareClient& operator=(const BareClient&) = delete;

  StreamsResult Run() {
    transfers_.resize(plan_.streams);
    meter_.Asking();
    for (size_t i = 0; i < plan_.streams; ++i) Start(i);
    std::array<epoll_event, 256> events;
    while (!all_ended_) {
      const int count = WaitUntil(epoll_, events.data(), static_cast<int>(events.size()), timer_);
      int running = 0;
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                         ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0);
        curl_multi_socket_action(multi_, event.data.fd, mask, &running);
      }
      if (MonotonicNanoseconds() >= timer_) {
        timer_ = INT64_MAX;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      TakeEnded();
    }
    return meter_.Result();
  }

 private:
  struct Transfer {
    BareClient* client = nullptr;
    size_t call = 0;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    net::HttpClientRequest request;
    size_t bytes = 0;
  };

  void Start(size_t call) {
    Transfer& transfer = transfers_[call];
    transfer.client = this;
    transfer.call = call;
    transfer.request = model::MakeUpstreamRequest(UpstreamAt(plan_), Messages(plan_, call));
    transfer.easy = curl_easy_init();
    for (const auto& [name, value] : transfer.request.headers) {
      transfer.headers = curl_slist_append(transfer.headers, (name + ": " + value).c_str());
    }
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    curl_easy_setopt(transfer.easy, CURLOPT_URL, transfer.request.url.c_str());
    curl_easy_setopt(transfer.easy, CURLOPT_HTTPHEADER, transfer.headers);
    curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDS, transfer.request.body.data());
    curl_easy_setopt(transfer.easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(transfer.request.body.size()));
    curl_easy_setopt(transfer.easy, CURLOPT_WRITEFUNCTION, &BareClient::OnBody);
    curl_easy_setopt(transfer.easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(transfer.easy, CURLOPT_PRIVATE, &transfer);
    curl_easy_setopt(transfer.easy, CURLOPT_NOSIGNAL, 1L);
    curl_multi_add_handle(multi_, transfer.easy);
  }

  void TakeEnded() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      const bool whole = message->data.result == CURLE_OK &&
                         transfer->bytes > BytesBeforeFirstToken() + static_cast<size_t>(plan_.tokens) * event_bytes_;
      curl_multi_remove_handle(multi_, transfer->easy);
      curl_easy_cleanup(std::exchange(transfer->easy, nullptr));
      if (meter_.Ended(transfer->call, whole)) all_ended_ = true;
    }
  }

  static size_t OnBody(char*, size_t size, size_t count, void* data) {
    auto& transfer = *static_cast<Transfer*>(data);
    const bool had_first = transfer.bytes > BytesBeforeFirstToken_();
    transfer.bytes += size * count;
    if (!had_first && transfer.bytes > BytesBeforeFirstToken_()) transfer.client->meter_.FirstToken(transfer.call);
    return size * count;
  }
  static size_t BytesBeforeFirstToken_() {
    static const size_t kBytes = BytesBeforeFirstToken();
    return kBytes;
  }
  static int OnSocket(CURL*, curl_socket_t fd, int what, void* data, void* known) {
    auto& self = *static_cast<BareClient*>(data);
    epoll_event event{};
    event.data.fd = fd;
    if (what == CURL_POLL_REMOVE) return ::epoll_ctl(self.epoll_, EPOLL_CTL_DEL, fd, nullptr), 0;
    event.events =
        ((what & CURL_POLL_IN) != 0 ? uint32_t{EPOLLIN} : 0U) | ((what & CURL_POLL_OUT) != 0 ? uint32_t{EPOLLOUT} : 0U);
    ::epoll_ctl(self.epoll_, known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
    curl_multi_assign(self.multi_, fd, data);
    return 0;
  }
  static int OnTimer(CURLM*, long wait_ms, void* data) {
    static_cast<BareClient*>(data)->timer_ = wait_ms < 0 ? INT64_MAX : MonotonicNanoseconds() + wait_ms * 1'000'000;
    return 0;
  }

  const StreamsPlan plan_;
  const size_t event_bytes_ = TokenEvent().size();
  StreamsMeter meter_;
  const int epoll_;
  CURLM* const multi_;
  std::vector<Transfer> transfers_;
  int64_t timer_ = INT64_MAX;
  bool all_ended_ = false;
};

/// Whoever asks the bridge. Lives on the loop.
class BridgeClient {
 public:
  BridgeClient(const StreamsPlan& plan, SharedCalls& calls, model::ChatModel& model, base::Clock& clock)
      : plan_(plan), meter_(plan, calls), model_(model), clock_(clock) {}

  void Start() {
    open_.resize(plan_.streams);
    received_.resize(plan_.streams);
    meter_.Asking();
    for (size_t i = 0; i < plan_.streams; ++i) {
      const model::ChatRequest request{Messages(plan_, i), clock_.Now() + 60s, std::to_string(i), i};
      open_[i] = model_.Ask(request, {[this, i](std::string_view text) { OnText(i, text); },
                                      [this, i](const model::ChatOutcome& outcome) { OnDone(i, outcome); }});
    }
  }
  std::future<StreamsResult> Done() { return done_.get_future(); }

 private:
  void OnText(size_t call, std::string_view text) {
    if (received_[call] == 0) meter_.FirstToken(call);
    received_[call] += text.size();
  }
  void OnDone(size_t call, const model::ChatOutcome& outcome) {
    const bool whole = outcome.failure == model::ChatFailure::kNone && !outcome.truncated &&
                       received_[call] == TokenText().size() * static_cast<size_t>(plan_.tokens);
    if (meter_.Ended(call, whole)) done_.set_value(meter_.Result());
  }

  const StreamsPlan plan_;
  StreamsMeter meter_;
  model::ChatModel& model_;
  base::Clock& clock_;
  std::vector<std::unique_ptr<model::ChatCall>> open_;
  std::vector<size_t> received_;
  std::promise<StreamsResult> done_;
};

}  // namespace

StreamsMeter::StreamsMeter(const StreamsPlan& plan, SharedCalls& calls) : plan_(plan), calls_(calls) {
  first_.assign(plan_.streams, 0);
  end_.assign(plan_.streams, 0);
}

StreamsMeter::Use StreamsMeter::Now() {
  timespec cpu{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  return {cpu.tv_sec * int64_t{1'000'000'000} + cpu.tv_nsec, AllocationsSoFar(), MonotonicNanoseconds()};
}

void StreamsMeter::Asking() {
  resident_idle_ = UseOf(::getpid()).resident_kib;
  asking_ = Now();
}

void StreamsMeter::FirstToken(size_t call) {
  first_[call] = MonotonicNanoseconds() - calls_[call].first_sent;
  if (streaming_.at == 0) streaming_ = Now();  // all calls were open before any token came
}

bool StreamsMeter::Ended(size_t call, bool whole) {
  end_[call] = MonotonicNanoseconds() - calls_[call].last_sent;
  whole_ += whole ? 1 : 0;
  if (ended_++ == 0) {
    streamed_ = Now();
    resident_full_ = UseOf(::getpid()).resident_kib;
  }
  if (ended_ == plan_.streams) ended_all_ = Now();
  return ended_ == plan_.streams;
}

StreamsResult StreamsMeter::Result() const {
  StreamsResult result;
  const auto streams = static_cast<double>(plan_.streams);
  const double tokens = streams * plan_.tokens;  // every one comes before the first stream ends
  result.complete = whole_ == plan_.streams;
  result.cpu_us_per_token = static_cast<double>(streamed_.cpu_ns - streaming_.cpu_ns) / 1e3 / tokens;
  const int64_t around = streaming_.cpu_ns - asking_.cpu_ns + ended_all_.cpu_ns - streamed_.cpu_ns;
  result.cpu_us_per_call = static_cast<double>(around) / 1e3 / streams;
  int64_t last_asked = 0;
  for (size_t i = 0; i < plan_.streams; ++i) last_asked = std::max<int64_t>(last_asked, calls_[i].asked);
  result.open_seconds = static_cast<double>(last_asked - asking_.at) / 1e9;
  result.resident_kib_per_stream = static_cast<double>(resident_full_ - resident_idle_) / streams;
  result.allocations_per_token =
      static_cast<double>(streamed_.allocations.count - streaming_.allocations.count) / tokens;
  result.bytes_per_token = static_cast<double>(streamed_.allocations.bytes - streaming_.allocations.bytes) / tokens;
  const auto percentiles = [](std::vector<int64_t> sorted, std::array<double, 101>& to) {
    std::sort(sorted.begin(), sorted.end());
    for (size_t p = 0; p < to.size(); ++p) to[p] = static_cast<double>(sorted[(sorted.size() - 1) * p / 100]);
  };
  percentiles(first_, result.first_token);
  percentiles(end_, result.end);
  return result;
}

StreamsResult RunBareStreams(const StreamsPlan& plan, SharedCalls& calls) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return BareClient(plan, calls).Run();
}

StreamsResult RunBridgeStreams(const StreamsPlan& plan, SharedCalls& calls) {
  base::SystemClock clock;
  const auto logger = base::MakeNullLogger();
  base::Metrics metrics;
  net::EventLoop loop(clock);
  net::CurlHttpClient::Options many;
  many.max_calls = plan.streams + 16;
  net::CurlHttpClient client(many, loop);
  model::OpenAiChatModel bridge(UpstreamAt(plan), client, loop, *logger, metrics);
  BridgeClient asking(plan, calls, bridge, clock);
  std::future<StreamsResult> done = asking.Done();
  loop.Post([&] { asking.Start(); });
  const StreamsResult result = done.get();
  loop.Stop();
  return result;
}

StreamsResult Apart(const std::function<StreamsResult()>& run) {
  std::array<int, 2> report{};
  if (::pipe(report.data()) != 0) std::abort();
  const pid_t process = ::fork();
  if (process == 0) {
    const StreamsResult result = run();
    [[maybe_unused]] const ssize_t told = ::write(report[1], &result, sizeof result);
    std::_Exit(0);
  }
  ::close(report[1]);
  StreamsResult result;
  if (::read(report[0], &result, sizeof result) != sizeof result) result = {};
  ::close(report[0]);
  ::waitpid(process, nullptr, 0);
  return result;
}

}  // namespace yingda::bench
