// SPDX-License-Identifier: MIT
#include "model/picture_fetcher.h"

#include <algorithm>
#include <utility>

#include "base/base64.h"

namespace yingda::model {
namespace {

using Fetched = base::Result<std::shared_ptr<const Picture>>;

base::Error Refusal(base::ErrorCode code, std::string why) { return {code, std::move(why)}; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// Labels of letters, digits and '-' with one dot between: all that a name of WeChat's can be, and all that every
/// parser of addresses reads the same way.
bool IsPlainName(std::string_view host) {
  if (host.empty() || host.front() == '.' || host.back() == '.' || host.find("..") != host.npos) return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

bool IsBelow(std::string_view name, std::string_view domain) {
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                            name[name.size() - domain.size() - 1] == '.' && !domain.empty());
}

}  // namespace

bool IsOnHosts(std::string_view url, const std::vector<std::string>& hosts) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c <= '~' && c != '\\'; });
  if (!printable) return false;
  const bool secure = url.starts_with(kHttps);
  if (!secure && !url.starts_with(kHttp)) return false;
  url.remove_prefix(secure ? kHttps.size() : kHttp.size());
  std::string authority(url.substr(0, url.find_first_of("/?#")));
  std::transform(authority.begin(), authority.end(), authority.begin(), Lower);

  std::string_view name = authority;
  const std::string_view default_port = secure ? ":443" : ":80";
  if (name.ends_with(default_port)) name.remove_suffix(default_port.size());
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& host) {
    if (host.find(':') != host.npos) return authority == host;
    return IsPlainName(name) && IsBelow(name, host);
  });
}

std::string_view PictureType(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xD8\xFF")) return "image/jpeg";
  if (bytes.starts_with("\x89PNG\r\n\x1A\n")) return "image/png";
  if (bytes.starts_with("GIF87a") || bytes.starts_with("GIF89a")) return "image/gif";
  if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return "image/webp";
  return {};
}

Picture::Picture(std::string data_url, std::shared_ptr<size_t> held)
    : data_url_(std::move(data_url)), held_(std::move(held)) {
  *held_ += data_url_.size();
}

Picture::~Picture() { *held_ -= data_url_.size(); }

class PictureFetcher::Download final : public PictureFetch, public std::enable_shared_from_this<Download> {
 public:
  Download(PictureFetcher& fetcher, Done done) : fetcher_(fetcher), done_(std::move(done)) {}
  ~Download() override { Close(); }

  void Start(const std::string& url, base::TimePoint deadline) {
    const base::TimePoint now = fetcher_.loop_.clock().Now();
    counted_ = true;
    ++fetcher_.in_flight_;
    // An event may drop this download, so each keeps it until it is through.
    const std::weak_ptr<Download> weak = weak_from_this();
    timer_ = fetcher_.loop_.At(deadline, [weak] {
      if (const auto self = weak.lock()) self->TimeOver();
    });
    net::HttpClientRequest request;
    request.url = url;
    request.headers = {{"Accept", "image/*"}};
    request.connect_timeout = std::max<base::Duration>(deadline - now, std::chrono::milliseconds(1));
    request.max_response_bytes = fetcher_.options_.max_bytes;
    net::HttpClientEvents events;
    events.on_head = [weak](const net::HttpClientHead& head) {
      if (const auto self = weak.lock()) self->Head(head.status);
    };
    events.on_body = [weak](std::string_view bytes) {
      if (const auto self = weak.lock()) self->body_ += bytes;
    };
    events.on_done = [weak](const base::Result<void>& result) {
      if (const auto self = weak.lock()) self->Received(result);
    };
    call_ = fetcher_.client_.Start(std::move(request), std::move(events));
  }

  void Refuse(base::Error error) {
    const std::weak_ptr<Download> weak = weak_from_this();
    fetcher_.loop_.Post([weak, error = std::move(error)] {
      if (const auto self = weak.lock()) self->End(error);
    });
  }

 private:
  void TimeOver() {
    timer_ = 0;
    End(Refusal(base::ErrorCode::kDeadlineExceeded, "the picture did not arrive in time"));
  }

  void Head(int status) {
    status_ = status;
    // The body of a redirect or an error is nothing that anybody looks at.
    if (status != 200) End(fetcher_.MakePicture(status, {}));
  }

  void Received(const base::Result<void>& result) {
    call_ = 0;
    if (result) {
      End(fetcher_.MakePicture(status_, body_));
      return;
    }
    // The client's own words may have the address in them.
    End(Refusal(result.error().code,
                std::string("the picture could not be downloaded: ") + base::ToString(result.error().code)));
  }

  void End(const Fetched& result) {
    if (!done_) return;
    Close();
    fetcher_.Count(result);
    std::exchange(done_, nullptr)(result);
  }

  void Close() {
    if (timer_ != 0) fetcher_.loop_.Cancel(std::exchange(timer_, 0));
    if (call_ != 0) fetcher_.client_.Cancel(std::exchange(call_, 0));
    if (std::exchange(counted_, false)) --fetcher_.in_flight_;
    std::string().swap(body_);
  }

  PictureFetcher& fetcher_;
  Done done_;
  net::EventLoop::TimerId timer_ = 0;
  net::HttpClient::CallId call_ = 0;
  bool counted_ = false;  // among those in flight
  int status_ = 0;
  std::string body_;
};

PictureFetcher::PictureFetcher(Options options, net::HttpClient& client, net::EventLoop& loop, base::Metrics& metrics)
    : options_(std::move(options)), client_(client), loop_(loop), metrics_(metrics) {}

PictureFetcher::~PictureFetcher() = default;

std::shared_ptr<PictureFetch> PictureFetcher::Fetch(const std::string& url, base::TimePoint deadline, Done done) {
  const bool full = in_flight_ >= options_.max_in_flight || *held_ >= options_.max_held_bytes;
  auto download = std::make_shared<Download>(*this, std::move(done));
  if (url.size() > kMaxUrlBytes || !IsOnHosts(url, options_.hosts)) {
    download->Refuse(
        Refusal(base::ErrorCode::kInvalidArgument, "the address of the picture is none of WeChat's picture hosts"));
  } else if (full) {
    download->Refuse(Refusal(base::ErrorCode::kUnavailable, "as many pictures as allowed are under way"));
  } else {
    download->Start(url, std::min(deadline, loop_.clock().Now() + options_.timeout));
  }
  return download;
}

Fetched PictureFetcher::MakePicture(int status, std::string_view bytes) const {
  if (status != 200) {
    return Refusal(base::ErrorCode::kUpstream, "the picture's host answered " + std::to_string(status));
  }
  const std::string_view type = PictureType(bytes);
  if (type.empty()) return Refusal(base::ErrorCode::kCorrupt, "what came is not a JPEG, PNG, GIF or WebP");
  std::string data_url = "data:";
  data_url.append(type).append(";base64,").append(base::EncodeBase64(bytes));
  if (*held_ + data_url.size() > options_.max_held_bytes) {
    return Refusal(base::ErrorCode::kUnavailable, "as many bytes of pictures as allowed are held");
  }
  return std::make_shared<const Picture>(std::move(data_url), held_);
}

void PictureFetcher::Count(const Fetched& result) const {
  const char* const outcome = result ? "ok" : base::ToString(result.error().code);
  metrics_
      .Counter("yingda_picture_fetches_total", "Pictures downloaded for models, by how that ended",
               {{"outcome", outcome}})
      .Add();
}

}  // namespace yingda::model
