// SPDX-License-Identifier: MIT
#include "net/curl_http_client.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "net/curl_transfer.h"

namespace yingda::net {
namespace {

/// OpenSSL writes with write(2), where MSG_NOSIGNAL cannot be said: a peer that is gone would end the process. Before
/// whatever may write, since any thread may have the loop's turn; it stays blocked there.
void BlockSigpipeOnThisThread() {
  thread_local bool blocked = false;
  if (std::exchange(blocked, true)) return;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

constexpr int64_t kNever = INT64_MAX;

int64_t MonotonicNanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int NewTimer() {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
  return fd;
}

CURLM* NewMulti() {
  // Global in libcurl, thread-safe since 7.84, and never undone: another library of this process may use it as well.
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* multi = once == CURLE_OK ? curl_multi_init() : nullptr;
  if (multi == nullptr) throw std::system_error(ENOMEM, std::generic_category(), "libcurl");
  return multi;
}

}  // namespace

/// Curl's callbacks only collect; events go out after curl has returned. So they may start and cancel calls, which curl
/// does not allow from within its own callbacks.
class CurlHttpClient::Engine {
 public:
  Engine(Options options, EventLoop& loop);
  ~Engine();

  CallId Start(HttpClientRequest request, HttpClientEvents events);
  void Cancel(CallId id) { Take(id); }

 private:
  struct Call {
    Call(HttpClientRequest request, CurlTransfer::Notices notices) : transfer(std::move(request), std::move(notices)) {}

    CurlTransfer transfer;
    HttpClientEvents events;
    HttpTarget target;
    bool resolving = false;
    bool running = false;    // curl has it
    bool connected = false;  // or was, once
    bool dropped = false;    // ended or cancelled: no event may follow
    bool touched = false;    // something to deliver
    EventLoop::TimerId connect_timer = 0;
  };
  using CallPointer = std::shared_ptr<Call>;

  void Begin();
  void Connecting(CallId id);
  void Connected(CallId id);
  void Touch(CallId id);
  void Resolve(CallId id, Call& call);
  void Run(CallId id, const HostResolver::Addresses& addresses);
  void FailSoon(CallId id, base::Error error);
  void FailNow(CallId id, base::Error error);
  void Act(curl_socket_t fd, int mask);
  int LetCurlAct(curl_socket_t fd, int mask);
  void BeginAtOnce();
  void ArmTimer();
  void FinishSoon();
  void FinishEnded();
  static void Deliver(const CallPointer& call);
  void Finish(CallId id, CURLcode code);
  CallPointer Find(CallId id) const;
  CallPointer Take(CallId id);

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* engine, void* socket);
  static int OnTimer(CURLM* multi, long wait_ms, void* engine);

  const Options options_;
  const CurlTransfer::Settings settings_;
  EventLoop& loop_;
  HostResolver resolver_;
  HttpTargets targets_;
  const int timer_fd_;
  CURLM* const multi_;
  bool begun_ = false;
  bool finish_posted_ = false;
  bool in_curl_ = false;        // it only notes what it wants of its timer
  int64_t wanted_ns_ = kNever;  // when curl wants to act, on the monotonic clock
  int64_t armed_ns_ = kNever;   // when timer_fd_ will say so, or earlier
  CallId next_id_ = 1;
  std::unordered_map<CallId, CallPointer> calls_;
  std::unordered_map<CURL*, CallId> by_handle_;
  std::vector<CallId> touched_;
  std::unordered_set<curl_socket_t> sockets_;
  std::shared_ptr<Engine*> self_ = std::make_shared<Engine*>(this);  // what posts hold weakly
};

CurlHttpClient::Engine::Engine(Options options, EventLoop& loop)
    : options_(std::move(options)),
      settings_{options_.http2, options_.ca_file, options_.user_agent},
      loop_(loop),
      resolver_({}, options_.lookup, loop),
      timer_fd_(NewTimer()),
      multi_(NewMulti()) {
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Engine::OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Engine::OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // By default curl keeps as many connections as there are calls, so every lull closes those the next peak needs.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_calls));
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS, static_cast<long>(options_.http2_calls_per_connection));
}

CurlHttpClient::Engine::~Engine() {
  self_.reset();
  BlockSigpipeOnThisThread();
  while (!calls_.empty()) Cancel(calls_.begin()->first);
  curl_multi_cleanup(multi_);
  for (const curl_socket_t fd : sockets_) loop_.Unwatch(fd);
  if (begun_) loop_.Unwatch(timer_fd_);
  ::close(timer_fd_);
}

void CurlHttpClient::Engine::Begin() {
  begun_ = true;
  // Curl's timers run on the real clock whatever the loop's clock is: they drive connections, not deadlines.
  loop_.Watch(timer_fd_, EPOLLIN, [this](uint32_t) {
    uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t count = ::read(timer_fd_, &ignored, sizeof ignored);
    armed_ns_ = kNever;
    if (wanted_ns_ > MonotonicNanoseconds()) {
      ArmTimer();  // it was armed for what curl has done meanwhile
    } else {
      Act(CURL_SOCKET_TIMEOUT, 0);
    }
  });
}

HttpClient::CallId CurlHttpClient::Engine::Start(HttpClientRequest request, HttpClientEvents events) {
  if (!begun_) Begin();
  const CallId id = next_id_++;
  const base::Result<HttpTarget> target = targets_.Check(request);
  const auto call = std::make_shared<Call>(
      std::move(request), CurlTransfer::Notices{[this, id] { Connecting(id); },
                                                [this, id](base::Error error) { FailSoon(id, std::move(error)); },
                                                [this, id] { Connected(id); }, [this, id] { Touch(id); }});
  call->events = std::move(events);
  const bool full = calls_.size() >= options_.max_calls;
  calls_.emplace(id, call);
  if (full) {
    FailSoon(id, {base::ErrorCode::kUnavailable, "too many calls are under way"});
  } else if (!target) {
    FailSoon(id, target.error());
  } else {
    call->target = *target;
    Resolve(id, *call);
    // On a connection that was kept, as mostly, the request is on its way by now.
    if (!call->connected) Connecting(id);
  }
  return id;
}

void CurlHttpClient::Engine::Resolve(CallId id, Call& call) {
  if (call.target.numeric) {
    Run(id, {});
    return;
  }
  call.resolving = true;
  resolver_.Resolve(call.target.host, id, [this, id](const base::Result<HostResolver::Addresses>& addresses) {
    if (addresses) {
      Run(id, *addresses);
    } else {
      FailSoon(id, addresses.error());
    }
  });
}

void CurlHttpClient::Engine::Run(CallId id, const HostResolver::Addresses& addresses) {
  const CallPointer call = Find(id);
  if (!call) return;
  call->resolving = false;
  CURL* easy = call->transfer.Prepare(settings_, call->target, addresses);
  BlockSigpipeOnThisThread();
  in_curl_ = true;
  const bool added = easy != nullptr && curl_multi_add_handle(multi_, easy) == CURLM_OK;
  in_curl_ = false;
  if (!added) {
    ArmTimer();
    FailSoon(id, {base::ErrorCode::kInternal, "libcurl has no memory"});
    return;
  }
  call->running = true;
  by_handle_.emplace(easy, id);
  BeginAtOnce();
}

/// What was added has its request on the way when this returns, one turn of the loop and one timer sooner than if it
/// waited for curl's. Events go out later all the same: whoever starts a call has not got its id yet.
void CurlHttpClient::Engine::BeginAtOnce() {
  const int running = LetCurlAct(CURL_SOCKET_TIMEOUT, 0);
  if (touched_.empty() && static_cast<size_t>(running) == by_handle_.size()) return;
  loop_.Post([weak = std::weak_ptr(self_)] {
    if (const auto alive = weak.lock()) (*alive)->Act(CURL_SOCKET_TIMEOUT, 0);
  });
}

/// The call has no connection; also when one that was kept has ended and curl by itself opens another.
void CurlHttpClient::Engine::Connecting(CallId id) {
  const CallPointer call = Find(id);
  if (!call || call->connect_timer != 0) return;
  call->connect_timer = loop_.After(call->transfer.request().connect_timeout, [this, id] {
    if (const CallPointer late = Find(id)) FailNow(id, late->transfer.NotConnected());
  });
}

void CurlHttpClient::Engine::Connected(CallId id) {
  const CallPointer call = Find(id);
  if (!call) return;
  call->connected = true;
  if (call->connect_timer != 0) loop_.Cancel(std::exchange(call->connect_timer, 0));
}

void CurlHttpClient::Engine::Touch(CallId id) {
  const CallPointer call = Find(id);
  if (call && !std::exchange(call->touched, true)) touched_.push_back(id);
}

CurlHttpClient::Engine::CallPointer CurlHttpClient::Engine::Find(CallId id) const {
  const auto at = calls_.find(id);
  return at == calls_.end() ? nullptr : at->second;
}

CurlHttpClient::Engine::CallPointer CurlHttpClient::Engine::Take(CallId id) {
  const CallPointer call = Find(id);
  if (!call) return nullptr;
  calls_.erase(id);
  call->dropped = true;
  if (call->connect_timer != 0) loop_.Cancel(call->connect_timer);
  if (call->resolving) resolver_.Drop(call->target.host, id);
  if (call->running) {
    BlockSigpipeOnThisThread();
    by_handle_.erase(call->transfer.easy());
    curl_multi_remove_handle(multi_, call->transfer.easy());
    call->running = false;
  }
  call->transfer.Close();
  return call;
}

void CurlHttpClient::Engine::FailSoon(CallId id, base::Error error) {
  loop_.Post([weak = std::weak_ptr(self_), id, error = std::move(error)] {
    if (const auto alive = weak.lock()) (*alive)->FailNow(id, error);
  });
}

void CurlHttpClient::Engine::FailNow(CallId id, base::Error error) {
  const CallPointer call = Take(id);
  if (call && call->events.on_done) call->events.on_done(std::move(error));
}

/// Returns how many of its transfers curl still runs.
int CurlHttpClient::Engine::LetCurlAct(curl_socket_t fd, int mask) {
  BlockSigpipeOnThisThread();
  // Curl takes the time it asked for as come, whether or not it has, and says anew if it wants another.
  if (fd == CURL_SOCKET_TIMEOUT) wanted_ns_ = kNever;
  int running = 0;
  in_curl_ = true;
  curl_multi_socket_action(multi_, fd, mask, &running);
  in_curl_ = false;
  ArmTimer();
  return running;
}

void CurlHttpClient::Engine::Act(curl_socket_t fd, int mask) {
  const int running = LetCurlAct(fd, mask);
  std::vector<CallId> touched;
  touched.swap(touched_);
  for (const CallId id : touched) {
    if (const CallPointer call = Find(id)) Deliver(call);
  }
  if (static_cast<size_t>(running) < by_handle_.size()) FinishSoon();
}

/// What curl has ended is cleared away in the loop's next turn, behind what was posted until then: whoever waits for
/// the last bytes, which have just been delivered, goes first.
void CurlHttpClient::Engine::FinishSoon() {
  if (std::exchange(finish_posted_, true)) return;
  loop_.Post([weak = std::weak_ptr(self_)] {
    if (const auto alive = weak.lock()) (*alive)->FinishEnded();
  });
}

void CurlHttpClient::Engine::FinishEnded() {
  finish_posted_ = false;
  int left = 0;
  // Read one by one: an event may cancel a call whose message is next, and curl then takes the message back.
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    const auto at = by_handle_.find(message->easy_handle);
    if (message->msg == CURLMSG_DONE && at != by_handle_.end()) Finish(at->second, message->data.result);
  }
}

void CurlHttpClient::Engine::Deliver(const CallPointer& call) {
  call->touched = false;
  if (call->transfer.TakeHead() && call->events.on_head) call->events.on_head(call->transfer.head());
  if (call->dropped) return;
  const std::string body = call->transfer.TakeBody();
  if (!body.empty() && call->events.on_body) call->events.on_body(body);
}

void CurlHttpClient::Engine::Finish(CallId id, CURLcode code) {
  if (const CallPointer call = Find(id)) Deliver(call);
  const CallPointer call = Take(id);
  if (call && call->events.on_done) call->events.on_done(call->transfer.ResultOf(code));
}

int CurlHttpClient::Engine::OnSocket(CURL*, curl_socket_t fd, int what, void* engine, void*) {
  auto& self = *static_cast<Engine*>(engine);
  if (what == CURL_POLL_REMOVE) {
    self.sockets_.erase(fd);
    self.loop_.Unwatch(fd);
    return 0;
  }
  const uint32_t events =
      ((what & CURL_POLL_IN) != 0 ? uint32_t{EPOLLIN} : 0U) | ((what & CURL_POLL_OUT) != 0 ? uint32_t{EPOLLOUT} : 0U);
  self.sockets_.insert(fd);
  self.loop_.Watch(fd, events, [&self, fd](uint32_t ready) {
    int mask = 0;
    if ((ready & (EPOLLIN | EPOLLHUP | EPOLLRDHUP)) != 0) mask |= CURL_CSELECT_IN;
    if ((ready & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
    if ((ready & EPOLLERR) != 0) mask |= CURL_CSELECT_ERR;
    self.Act(fd, mask);
  });
  return 0;
}

int CurlHttpClient::Engine::OnTimer(CURLM*, long wait_ms, void* engine) {
  auto& self = *static_cast<Engine*>(engine);
  self.wanted_ns_ = wait_ms < 0 ? kNever : MonotonicNanoseconds() + wait_ms * 1'000'000;
  if (!self.in_curl_) self.ArmTimer();
  return 0;
}

/// A timer that is armed for an earlier time wakes the loop once in vain, which costs less than to move it every time.
void CurlHttpClient::Engine::ArmTimer() {
  if (wanted_ns_ >= armed_ns_) return;
  armed_ns_ = wanted_ns_;
  itimerspec timer{};
  timer.it_value.tv_sec = armed_ns_ / 1'000'000'000;
  timer.it_value.tv_nsec = armed_ns_ % 1'000'000'000;
  timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &timer, nullptr);
}

CurlHttpClient::CurlHttpClient(Options options, EventLoop& loop)
    : loop_(loop), engine_(std::make_unique<Engine>(std::move(options), loop)) {}

CurlHttpClient::~CurlHttpClient() {
  if (loop_.HasTurn()) return;
  // A stopped loop drops what is posted, and the promise with it; then this thread is the only one left.
  auto torn_down = std::make_shared<std::promise<void>>();
  const std::future<void> done = torn_down->get_future();
  loop_.Post([this, torn_down = std::move(torn_down)] {
    engine_.reset();
    torn_down->set_value();
  });
  done.wait();
}

HttpClient::CallId CurlHttpClient::Start(HttpClientRequest request, HttpClientEvents events) {
  return engine_->Start(std::move(request), std::move(events));
}

void CurlHttpClient::Cancel(CallId id) { engine_->Cancel(id); }

}  // namespace yingda::net
