// SPDX-License-Identifier: MIT
#include "simulator/timed_requests.h"

#include <utility>

namespace yingda::simulator {

void TimedRequests::Start(net::HttpClientRequest request, base::Duration limit, Done done) {
  const uint64_t id = ++last_id_;
  auto entry = std::make_unique<Entry>();
  entry->done = std::move(done);
  entry->timer = loop_.After(limit, [this, id] {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    found->second->timer = 0;
    found->second->answer.hung_up = true;
    client_.Cancel(found->second->call);
    End(id, base::Error{base::ErrorCode::kDeadlineExceeded, "no complete answer in time"});
  });
  entries_.emplace(id, std::move(entry));
  open_ = entries_.size();
  const net::HttpClient::CallId call = client_.Start(std::move(request), EventsFor(id));
  if (const auto found = entries_.find(id); found != entries_.end()) found->second->call = call;
}

net::HttpClientEvents TimedRequests::EventsFor(uint64_t id) {
  net::HttpClientEvents events;
  events.on_head = [this, id](const net::HttpClientHead& head) {
    if (const auto found = entries_.find(id); found != entries_.end()) found->second->answer.status = head.status;
  };
  events.on_body = [this, id](std::string_view bytes) {
    if (const auto found = entries_.find(id); found != entries_.end()) found->second->answer.body += bytes;
  };
  events.on_done = [this, id](base::Result<void> complete) { End(id, std::move(complete)); };
  return events;
}

void TimedRequests::End(uint64_t id, base::Result<void> complete) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  const std::unique_ptr<Entry> entry = std::move(found->second);
  entries_.erase(found);
  if (entry->timer != 0) loop_.Cancel(entry->timer);
  entry->answer.complete = std::move(complete);
  entry->done(std::move(entry->answer));
  // Last, so that whoever sees no open request also sees what its answer led to.
  open_ = entries_.size();
}

void TimedRequests::DropAll() {
  for (const auto& [id, entry] : std::exchange(entries_, {})) {
    if (entry->timer != 0) loop_.Cancel(entry->timer);
    client_.Cancel(entry->call);
  }
  open_ = 0;
}

}  // namespace yingda::simulator
