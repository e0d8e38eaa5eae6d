// SPDX-License-Identifier: MIT
#include "server/answer_page_live.h"

#include <future>
#include <optional>
#include <utility>

#include "text/markdown.h"

namespace yingda::server {
namespace {

// How long a browser waits before it comes again when the stream broke.
constexpr const char* kFirstPiece = "retry: 3000\n\n";
constexpr const char* kHeartbeat = ":\n\n";

}  // namespace

/// One open stream; belongs to the loop, once its request was handed there.
struct AnswerPageLive::Reader {
  std::string id;
  net::Responder responder;
  std::unique_ptr<net::ResponseStream> stream;
  uint64_t watch = 0;
  net::EventLoop::TimerId heartbeat = 0;
};

AnswerPageLive::AnswerPageLive(base::Duration heartbeat, bot::AnswerPages& pages, net::EventLoop& loop,
                               const AnswerPageHtml& html)
    : heartbeat_(heartbeat), pages_(pages), loop_(loop), html_(html) {}

AnswerPageLive::~AnswerPageLive() = default;

void AnswerPageLive::Serve(std::string id, net::Responder responder) {
  auto reader = std::make_shared<Reader>();
  reader->id = id;
  reader->responder = std::move(responder);
  pages_.Watch(
      std::move(id),
      [this, reader](const bot::AnswerPages::Update& update) {
        if (!reader->stream) return false;
        const bool going_on = reader->stream->Write(AnswerPageHtml::Events(update)) &&
                              update.state == bot::AnswerPages::Update::State::kWriting;
        if (!going_on) End(reader);
        return going_on;
      },
      [this, reader](std::optional<uint64_t> watch) {
        if (watch) {
          Open(reader, *watch);
        } else {
          GiveWhole(reader);
        }
      });
}

void AnswerPageLive::Open(const ReaderPointer& reader, uint64_t watch) {
  if (stopped_) {
    reader->responder.Send(html_.Empty(503));
    return;
  }
  reader->responder.OnClosed([this, weak = std::weak_ptr<Reader>(reader)] {
    loop_.Post([this, weak] {
      const ReaderPointer left = weak.lock();
      if (!left || !left->stream) return;
      pages_.Unwatch(left->id, left->watch);
      End(left);
    });
  });
  reader->watch = watch;
  reader->stream = reader->responder.OpenStream(html_.EventStream(kFirstPiece));
  if (!reader->stream) return;
  readers_.emplace(watch, reader);
  ArmHeartbeat(reader);
}

void AnswerPageLive::GiveWhole(const ReaderPointer& reader) {
  pages_.Read(reader->id, [this, reader](const base::Result<bot::AnswerPages::View>& view) {
    if (!view) {
      reader->responder.Send(html_.Empty(view.error().code == base::ErrorCode::kNotFound ? 404 : 503));
      return;
    }
    if (!view->finished) {
      // Too many readers, or what is written here was begun by a process that is no more: the script comes again.
      reader->responder.Send(html_.Empty(503));
      return;
    }
    const bot::AnswerPages::Update all = {.from = 0,
                                          .blocks = view->blocks ? *view->blocks : text::HtmlBlocks(view->markdown),
                                          .state = bot::AnswerPages::Update::State::kFinished};
    reader->responder.Send(html_.EventStream(AnswerPageHtml::Events(all)));
  });
}

void AnswerPageLive::ArmHeartbeat(const ReaderPointer& reader) {
  // Proxies close what is silent for long, and a reader that is gone without a word shows only when written to.
  reader->heartbeat = loop_.After(heartbeat_, [this, weak = std::weak_ptr<Reader>(reader)] {
    const ReaderPointer due = weak.lock();
    if (!due || !due->stream) return;
    if (due->stream->Write(kHeartbeat)) {
      ArmHeartbeat(due);
    } else {
      pages_.Unwatch(due->id, due->watch);
      End(due);
    }
  });
}

void AnswerPageLive::End(const ReaderPointer& reader) {
  const ReaderPointer kept = reader;  // the map may hold the last other one
  if (kept->heartbeat != 0) loop_.Cancel(std::exchange(kept->heartbeat, 0));
  if (kept->stream) kept->stream->Close();
  kept->stream.reset();
  readers_.erase(kept->watch);
}

void AnswerPageLive::Stop() {
  std::promise<void> stopped;
  loop_.Post([this, &stopped] {
    stopped_ = true;
    while (!readers_.empty()) {
      const ReaderPointer reader = readers_.begin()->second;
      pages_.Unwatch(reader->id, reader->watch);
      End(reader);
    }
    stopped.set_value();
  });
  stopped.get_future().wait();
}

}  // namespace yingda::server
