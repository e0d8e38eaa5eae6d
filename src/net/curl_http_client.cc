// SPDX-License-Identifier: MIT
#include "net/curl_http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <future>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <unordered_set>

namespace yingda::net {
namespace {

constexpr size_t kMaxHeadBytes = 64 * 1024;
/// Curl's own timer follows the real clock and only backs up ours, which follows the injected one.
constexpr base::Duration kConnectBackstop = std::chrono::seconds(5);

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using List = std::unique_ptr<curl_slist, ListDeleter>;

void Append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  [[maybe_unused]] curl_slist* same = list.release();
  list.reset(longer);
}

struct Target {
  std::string host;  // without brackets
  std::string port;
  bool numeric = false;
};

std::optional<Target> ParseTarget(const std::string& url) {
  const std::unique_ptr<CURLU, UrlDeleter> parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return std::nullopt;
  const auto part = [&](CURLUPart which, unsigned flags) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, flags) != CURLUE_OK) return std::string();
    std::string copy(text);
    curl_free(text);
    return copy;
  };
  const std::string scheme = part(CURLUPART_SCHEME, 0);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  Target target{part(CURLUPART_HOST, CURLU_PUNYCODE), part(CURLUPART_PORT, CURLU_DEFAULT_PORT)};
  if (target.host.empty()) return std::nullopt;
  in_addr ignored{};
  target.numeric = target.host.front() == '[' || inet_pton(AF_INET, target.host.c_str(), &ignored) == 1;
  return target;
}

base::ErrorCode CodeOf(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_PEER_FAILED_VERIFICATION:
      return base::ErrorCode::kUnavailable;
    case CURLE_OPERATION_TIMEDOUT:
      return base::ErrorCode::kDeadlineExceeded;
    case CURLE_URL_MALFORMAT:
      return base::ErrorCode::kInvalidArgument;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return base::ErrorCode::kInternal;
    default:
      return base::ErrorCode::kUpstream;
  }
}

bool HasLineEnd(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != text.npos; }

/// OpenSSL writes with write(2), where MSG_NOSIGNAL cannot be said: a peer that is gone would end the process.
void BlockSigpipeOnThisThread() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
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

std::string_view HttpClientHead::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

/// Curl's callbacks only collect; events go out after curl has returned. So they may start and cancel calls, which curl
/// does not allow from within its own callbacks.
class CurlHttpClient::Engine {
 public:
  Engine(Options options, EventLoop& loop);
  ~Engine();

  CallId Start(HttpClientRequest request, HttpClientEvents events);
  void Cancel(CallId id);

 private:
  struct Call {
    Engine* engine = nullptr;
    CallId id = 0;
    HttpClientRequest request;
    HttpClientEvents events;
    std::string host;
    Easy easy;
    List headers;
    List addresses;
    bool running = false;  // curl has it
    bool dropped = false;  // ended or cancelled: no event may follow
    bool touched = false;  // something to deliver
    EventLoop::TimerId connect_timer = 0;
    HttpClientHead head;
    bool head_complete = false;
    bool head_delivered = false;
    size_t head_bytes = 0;
    size_t body_bytes = 0;
    std::string body;  // not yet delivered
    bool too_large = false;
    std::array<char, CURL_ERROR_SIZE> message{};
  };
  using CallPointer = std::shared_ptr<Call>;

  base::Result<Target> Check(const HttpClientRequest& request) const;
  void Prepare(Call& call);
  void PrepareMethod(Call& call);
  void Connect(CallId id, const Target& target, const base::Result<HostResolver::Addresses>& addresses);
  void Run(const CallPointer& call);
  void FailSoon(CallId id, base::Error error);
  void FailNow(CallId id, base::Error error);
  void Act(curl_socket_t fd, int mask);
  void Deliver(const CallPointer& call);
  void Finish(CallId id, CURLcode code);
  CallPointer Take(CallId id);
  void Touch(Call& call);

  static int OnSocket(CURL* easy, curl_socket_t fd, int what, void* engine, void* socket);
  static int OnTimer(CURLM* multi, long wait_ms, void* engine);
  static int OnConnected(void* call, char* address, char* local, int port, int local_port);
  static size_t OnHeadLine(char* data, size_t size, size_t count, void* call);
  static size_t OnBody(char* data, size_t size, size_t count, void* call);

  const Options options_;
  EventLoop& loop_;
  HostResolver resolver_;
  const int timer_fd_;
  CURLM* const multi_;
  bool watching_ = false;
  CallId next_id_ = 1;
  std::unordered_map<CallId, CallPointer> calls_;
  std::vector<CallId> touched_;
  std::unordered_set<curl_socket_t> sockets_;
  std::shared_ptr<Engine*> self_ = std::make_shared<Engine*>(this);  // what posts hold weakly
};

CurlHttpClient::Engine::Engine(Options options, EventLoop& loop)
    : options_(std::move(options)),
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
  while (!calls_.empty()) Cancel(calls_.begin()->first);
  curl_multi_cleanup(multi_);
  for (const curl_socket_t fd : sockets_) loop_.Unwatch(fd);
  if (watching_) loop_.Unwatch(timer_fd_);
  ::close(timer_fd_);
}

HttpClient::CallId CurlHttpClient::Engine::Start(HttpClientRequest request, HttpClientEvents events) {
  if (!watching_) {
    watching_ = true;
    BlockSigpipeOnThisThread();
    loop_.Watch(timer_fd_, EPOLLIN, [this](uint32_t) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t count = ::read(timer_fd_, &ignored, sizeof ignored);
      Act(CURL_SOCKET_TIMEOUT, 0);
    });
  }
  const auto call = std::make_shared<Call>();
  const CallId id = next_id_++;
  call->engine = this;
  call->id = id;
  call->request = std::move(request);
  call->events = std::move(events);
  const bool full = calls_.size() >= options_.max_calls;
  calls_.emplace(id, call);
  if (full) {
    FailSoon(id, {base::ErrorCode::kUnavailable, "too many calls are under way"});
    return id;
  }
  const base::Result<Target> target = Check(call->request);
  if (!target) {
    FailSoon(id, target.error());
    return id;
  }
  call->connect_timer = loop_.After(call->request.connect_timeout, [this, id] {
    FailNow(id, {base::ErrorCode::kDeadlineExceeded, "no connection in time"});
  });
  if (target->numeric) {
    Run(call);
  } else {
    call->host = target->host;
    resolver_.Resolve(target->host, id,
                      [this, id, target = *target](const auto& addresses) { Connect(id, target, addresses); });
  }
  return id;
}

base::Result<Target> CurlHttpClient::Engine::Check(const HttpClientRequest& request) const {
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasLineEnd(name) || HasLineEnd(value)) {
      return base::Error{base::ErrorCode::kInvalidArgument, "a header with a line end in it"};
    }
  }
  auto target = HasLineEnd(request.url) || HasLineEnd(request.method) ? std::nullopt : ParseTarget(request.url);
  if (!target) return base::Error{base::ErrorCode::kInvalidArgument, "not an http:// or https:// address"};
  return *std::move(target);
}

void CurlHttpClient::Engine::Connect(CallId id, const Target& target,
                                     const base::Result<HostResolver::Addresses>& addresses) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  if (!addresses) {
    FailSoon(id, addresses.error());
    return;
  }
  std::string line = target.host + ":" + target.port + ":";
  for (const std::string& address : *addresses) {
    if (line.back() != ':') line += ',';
    line += address.find(':') == address.npos ? address : "[" + address + "]";
  }
  Append(at->second->addresses, line);
  Run(at->second);
}

void CurlHttpClient::Engine::Run(const CallPointer& call) {
  call->easy.reset(curl_easy_init());
  if (call->easy) Prepare(*call);
  if (!call->easy || curl_multi_add_handle(multi_, call->easy.get()) != CURLM_OK) {
    FailSoon(call->id, {base::ErrorCode::kInternal, "libcurl has no memory"});
    return;
  }
  call->running = true;
}

void CurlHttpClient::Engine::Prepare(Call& call) {
  CURL* easy = call.easy.get();
  const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  const auto milliseconds = [](base::Duration d) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
  };
  set(CURLOPT_URL, call.request.url.c_str());
  set(CURLOPT_PRIVATE, &call);
  set(CURLOPT_ERRORBUFFER, call.message.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // if curl ever resolves a name itself, a cancel must not wait for it
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(call.request.connect_timeout + kConnectBackstop));
  set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  // "identity" asks for plain bytes, since packers hold a stream back, yet unpacks what comes packed all the same.
  set(CURLOPT_ACCEPT_ENCODING, "identity");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (options_.http2) set(CURLOPT_PIPEWAIT, 1L);
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (call.addresses) set(CURLOPT_RESOLVE, call.addresses.get());
  set(CURLOPT_PREREQFUNCTION, &Engine::OnConnected);
  set(CURLOPT_PREREQDATA, &call);
  set(CURLOPT_HEADERFUNCTION, &Engine::OnHeadLine);
  set(CURLOPT_HEADERDATA, &call);
  set(CURLOPT_WRITEFUNCTION, &Engine::OnBody);
  set(CURLOPT_WRITEDATA, &call);
  PrepareMethod(call);
}

void CurlHttpClient::Engine::PrepareMethod(Call& call) {
  CURL* easy = call.easy.get();
  const std::string& method = call.request.method;
  bool has_type = false;
  for (const auto& [name, value] : call.request.headers) {
    Append(call.headers, value.empty() ? name + ";" : name + ": " + value);
    has_type = has_type || curl_strequal(name.c_str(), "content-type") != 0;
  }
  Append(call.headers, "Expect:");  // curl would wait a second for "100 Continue" before a large body
  if (method == "POST" || !call.request.body.empty()) {
    if (!has_type) Append(call.headers, "Content-Type:");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call.request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.request.body.size()));
    if (method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call.headers.get());
}

void CurlHttpClient::Engine::Cancel(CallId id) { Take(id); }

CurlHttpClient::Engine::CallPointer CurlHttpClient::Engine::Take(CallId id) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return nullptr;
  CallPointer call = std::move(at->second);
  calls_.erase(at);
  call->dropped = true;
  if (call->connect_timer != 0) loop_.Cancel(call->connect_timer);
  if (!call->host.empty() && !call->running) resolver_.Drop(call->host, id);
  if (call->running) curl_multi_remove_handle(multi_, call->easy.get());
  call->running = false;
  call->easy.reset();
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

void CurlHttpClient::Engine::Act(curl_socket_t fd, int mask) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, mask, &running);
  std::vector<CallId> touched;
  touched.swap(touched_);
  for (const CallId id : touched) {
    const auto at = calls_.find(id);
    if (at != calls_.end()) Deliver(CallPointer(at->second));
  }
  int left = 0;
  // Read one by one: an event may cancel a call whose message is next, and curl then takes the message back.
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Call* call = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
    Finish(call->id, code);
  }
}

void CurlHttpClient::Engine::Deliver(const CallPointer& call) {
  call->touched = false;
  if (call->head_complete && !call->head_delivered) {
    call->head_delivered = true;
    if (call->events.on_head) call->events.on_head(call->head);
  }
  if (call->dropped || call->body.empty()) return;
  std::string piece;
  piece.swap(call->body);
  if (call->events.on_body) call->events.on_body(piece);
}

void CurlHttpClient::Engine::Finish(CallId id, CURLcode code) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  Deliver(CallPointer(at->second));
  const CallPointer call = Take(id);
  if (!call || !call->events.on_done) return;
  if (code == CURLE_OK && call->head_complete) {
    call->events.on_done({});
  } else if (call->too_large) {
    call->events.on_done(base::Error{base::ErrorCode::kTooLarge, "the answer is larger than allowed"});
  } else {
    const char* message = call->message[0] != '\0' ? call->message.data() : curl_easy_strerror(code);
    call->events.on_done(base::Error{CodeOf(code), message});
  }
}

void CurlHttpClient::Engine::Touch(Call& call) {
  if (call.touched) return;
  call.touched = true;
  touched_.push_back(call.id);
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
  itimerspec timer{};  // all zero: none
  if (wait_ms >= 0) {
    timer.it_value.tv_sec = wait_ms / 1000;
    // "At once" must still come through the loop: curl forbids acting from within this callback.
    timer.it_value.tv_nsec = std::max(wait_ms % 1000 * 1'000'000, wait_ms == 0 ? 1L : 0L);
  }
  timerfd_settime(static_cast<Engine*>(engine)->timer_fd_, 0, &timer, nullptr);
  return 0;
}

int CurlHttpClient::Engine::OnConnected(void* data, char*, char*, int, int) {
  auto& call = *static_cast<Call*>(data);
  if (call.connect_timer != 0) call.engine->loop_.Cancel(call.connect_timer);
  call.connect_timer = 0;
  return CURL_PREREQFUNC_OK;
}

size_t CurlHttpClient::Engine::OnHeadLine(char* data, size_t size, size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  const size_t bytes = size * count;
  call.head_bytes += bytes;
  if (call.head_bytes > kMaxHeadBytes) {
    call.too_large = true;
    return 0;
  }
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (call.head_complete) return bytes;  // a trailer
  if (line.starts_with("HTTP/")) {       // the first line, again after each 1xx
    call.head = {};
    const size_t space = line.find(' ');
    if (space != line.npos) call.head.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
  } else if (line.empty()) {
    call.head_complete = call.head.status >= 200;
    if (call.head_complete) call.engine->Touch(call);
  } else if (const size_t colon = line.find(':'); colon != line.npos) {
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    call.head.headers.emplace_back(std::move(name), value.substr(0, value.find_last_not_of(" \t") + 1));
  }
  return bytes;
}

size_t CurlHttpClient::Engine::OnBody(char* data, size_t size, size_t count, void* user) {
  auto& call = *static_cast<Call*>(user);
  const size_t bytes = size * count;
  call.body_bytes += bytes;
  if (call.body_bytes > call.request.max_response_bytes) {
    call.too_large = true;
    return 0;
  }
  call.body.append(data, bytes);
  call.engine->Touch(call);
  return bytes;
}

CurlHttpClient::CurlHttpClient(Options options, EventLoop& loop)
    : loop_(loop), engine_(std::make_unique<Engine>(std::move(options), loop)) {}

CurlHttpClient::~CurlHttpClient() {
  if (loop_.OnLoopThread()) return;
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
