// SPDX-License-Identifier: MIT
#include "net/curl_transfer.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>

namespace yingda::net {
namespace {

constexpr size_t kMaxHeadBytes = 64 * 1024;
constexpr long kFreshConnectionSeconds = 15;

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

}  // namespace

std::string_view HttpClientHead::Header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

CurlTransfer::CurlTransfer(HttpClientRequest request, Notices notices)
    : request_(std::move(request)), notices_(std::move(notices)) {}

void CurlTransfer::Append(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  [[maybe_unused]] curl_slist* same = list.release();
  list.reset(longer);
}

CURL* CurlTransfer::Prepare(const Settings& settings, const HttpTarget& target,
                            const HostResolver::Addresses& addresses) {
  easy_.reset(curl_easy_init());
  if (!easy_) return nullptr;
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy_.get(), option, value); };
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_ERRORBUFFER, message_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_QUICK_EXIT, 1L);  // if curl ever resolves a name itself, a cancel must not wait for it
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  // No CURLOPT_CONNECTTIMEOUT: that leaves each call a timer of curl's until it has run out, connected or not, and curl
  // rearranges those of all open calls whenever one of them gets bytes. The client has a timer of its own for it. (One
  // is left to those calls that had to open a connection to a host with several addresses.)
  set(CURLOPT_USERAGENT, settings.user_agent.c_str());
  // "identity" asks for plain bytes, since packers hold a stream back, yet unpacks what comes packed all the same.
  set(CURLOPT_ACCEPT_ENCODING, "identity");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(settings.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (settings.http2) set(CURLOPT_PIPEWAIT, 1L);
  if (!settings.ca_file.empty()) set(CURLOPT_CAINFO, settings.ca_file.c_str());
  if (!addresses.empty()) {
    std::string line = target.host + ":" + target.port + ":";
    for (const std::string& address : addresses) {
      if (line.back() != ':') line += ',';
      line += address.find(':') == address.npos ? address : "[" + address + "]";
    }
    Append(addresses_, line);
    set(CURLOPT_RESOLVE, addresses_.get());
  }
  set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::OnConnecting);
  set(CURLOPT_OPENSOCKETDATA, this);
  set(CURLOPT_PREREQFUNCTION, &CurlTransfer::OnConnected);
  set(CURLOPT_PREREQDATA, this);
  set(CURLOPT_HEADERFUNCTION, &CurlTransfer::OnHeadLine);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &CurlTransfer::OnBody);
  set(CURLOPT_WRITEDATA, this);
  PrepareMethod();
  return easy_.get();
}

void CurlTransfer::PrepareMethod() {
  CURL* easy = easy_.get();
  const std::string& method = request_.method;
  // A connection that the other side is about to close would cost the call, so only fresh ones are used again.
  if (request_.at_most_once) curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kFreshConnectionSeconds);
  bool has_type = false;
  for (const auto& [name, value] : request_.headers) {
    Append(headers_, value.empty() ? name + ";" : name + ": " + value);
    has_type = has_type || curl_strequal(name.c_str(), "content-type") != 0;
  }
  Append(headers_, "Expect:");  // curl would wait a second for "100 Continue" before a large body
  if (method == "POST" || !request_.body.empty()) {
    if (!has_type) Append(headers_, "Content-Type:");
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    if (method != "POST") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  } else if (method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

bool CurlTransfer::TakeHead() {
  if (!head_complete_ || head_taken_) return false;
  head_taken_ = true;
  return true;
}

std::string CurlTransfer::TakeBody() {
  std::string body;
  body.swap(body_);
  return body;
}

base::Result<void> CurlTransfer::ResultOf(CURLcode code) const {
  if (code == CURLE_OK && head_complete_) return {};
  if (too_large_) return base::Error{base::ErrorCode::kTooLarge, "the answer is larger than allowed"};
  // What befalls a second connection says nothing about what was sent on the first.
  if (given_ && code != CURLE_OUT_OF_MEMORY) {
    const bool first = CodeOf(code) == base::ErrorCode::kUpstream && code != CURLE_ABORTED_BY_CALLBACK;
    const char* const instead = "the connection ended before an answer came";
    return base::Error{base::ErrorCode::kUpstream, first && message_[0] != '\0' ? message_.data() : instead};
  }
  return base::Error{CodeOf(code), message_[0] != '\0' ? message_.data() : curl_easy_strerror(code)};
}

base::Error CurlTransfer::NotConnected() const {
  if (given_) return {base::ErrorCode::kUpstream, "the connection ended before an answer came, and there is no other"};
  return {base::ErrorCode::kDeadlineExceeded, "no connection in time"};
}

curl_socket_t CurlTransfer::OnConnecting(void* transfer, curlsocktype, curl_sockaddr* address) {
  auto& self = *static_cast<CurlTransfer*>(transfer);
  if (self.request_.at_most_once && self.given_) {
    self.notices_.refused(
        self.NotConnected());  // curl itself would go on to the next address of the host, at its leisure
    return CURL_SOCKET_BAD;
  }
  self.notices_.connecting();
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlTransfer::OnConnected(void* transfer, char*, char*, int, int) {
  auto& self = *static_cast<CurlTransfer*>(transfer);
  // Curl sends a request again by itself when a connection that it kept ends without an answer. Whether bytes of it had
  // left by then, it cannot tell for certain.
  if (self.request_.at_most_once && self.given_) return CURL_PREREQFUNC_ABORT;
  self.given_ = true;
  self.notices_.connected();
  return CURL_PREREQFUNC_OK;
}

size_t CurlTransfer::OnHeadLine(char* data, size_t size, size_t count, void* transfer) {
  auto& self = *static_cast<CurlTransfer*>(transfer);
  const size_t bytes = size * count;
  self.head_bytes_ += bytes;
  if (self.head_bytes_ > kMaxHeadBytes) {
    self.too_large_ = true;
    return 0;
  }
  if (!self.head_complete_) self.AddHeadLine({data, bytes});  // afterwards it is a trailer
  return bytes;
}

void CurlTransfer::AddHeadLine(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // the first line, again after each 1xx
    head_ = {};
    const size_t space = line.find(' ');
    if (space != line.npos) head_.status = std::atoi(std::string(line.substr(space + 1, 3)).c_str());
  } else if (line.empty()) {
    head_complete_ = head_.status >= 200;
    if (head_complete_) notices_.news();
  } else if (const size_t colon = line.find(':'); colon != line.npos) {
    std::string name(line.substr(0, colon));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    head_.headers.emplace_back(std::move(name), value.substr(0, value.find_last_not_of(" \t") + 1));
  }
}

size_t CurlTransfer::OnBody(char* data, size_t size, size_t count, void* transfer) {
  auto& self = *static_cast<CurlTransfer*>(transfer);
  const size_t bytes = size * count;
  self.body_bytes_ += bytes;
  if (self.body_bytes_ > self.request_.max_response_bytes) {
    self.too_large_ = true;
    return 0;
  }
  self.body_.append(data, bytes);
  self.notices_.news();
  return bytes;
}

}  // namespace yingda::net
