#include "server/outbox.h"

#include <iterator>
#include <utility>

namespace quire::server {
namespace {

constexpr size_t kImageChunkBytes = 1 << 20;

void AddImage(int page_number, const std::string& png, bool uncleaned,
              std::vector<Outbox::Message>& messages) {
  for (size_t at = 0; at < png.size(); at += kImageChunkBytes) {
    Outbox::Message message;
    quire::v1::PageImageChunk& chunk = *message.response.mutable_page_image();
    chunk.set_page_number(page_number);
    chunk.set_data(png.substr(at, kImageChunkBytes));
    chunk.set_last(at + kImageChunkBytes >= png.size());
    chunk.set_uncleaned(uncleaned);
    messages.push_back(std::move(message));
  }
}

void MoveTo(std::deque<Outbox::Message>& queue, std::vector<Outbox::Message> messages) {
  queue.insert(queue.end(), std::move_iterator(messages.begin()),
               std::move_iterator(messages.end()));
}

}  // namespace

void Outbox::SetOrder(const PageRanges& pages) {
  order_ = pages;
  next_in_order_ = pages.first();
}

void Outbox::Push(quire::v1::RecognizeResponse response) {
  queue_.push_back({.response = std::move(response)});
}

void Outbox::PushStarted(quire::v1::PageStarted started) {
  texts_.erase(started.page_number());
  quire::v1::RecognizeResponse response;
  *response.mutable_page_started() = std::move(started);
  Push(std::move(response));
}

void Outbox::PushText(int page_number, int attempt, std::string text) {
  quire::v1::TextDelta& delta = texts_[page_number];
  delta.set_page_number(page_number);
  delta.set_attempt(attempt);
  delta.mutable_text()->append(text);
}

void Outbox::FlushText(int page_number) {
  auto text = texts_.extract(page_number);
  if (text.empty()) return;
  quire::v1::RecognizeResponse response;
  *response.mutable_text_delta() = std::move(text.mapped());
  Push(std::move(response));
}

void Outbox::PushEnd(int page_number, const PageImages& images, quire::v1::RecognizeResponse end) {
  FlushText(page_number);
  std::vector<Message> messages;
  AddImage(page_number, images.uncleaned, /*uncleaned=*/true, messages);
  AddImage(page_number, images.cleaned, /*uncleaned=*/false, messages);
  messages.push_back({.response = std::move(end), .ends_page = true});
  if (!next_in_order_.has_value()) return MoveTo(queue_, std::move(messages));
  held_.emplace(page_number, std::move(messages));
  while (next_in_order_.has_value()) {
    auto due = held_.extract(*next_in_order_);
    if (due.empty()) break;
    MoveTo(queue_, std::move(due.mapped()));
    next_in_order_ = order_->After(*next_in_order_);
  }
}

std::optional<Outbox::Message> Outbox::Next() {
  if (queue_.empty() && !texts_.empty()) FlushText(texts_.begin()->first);
  if (queue_.empty()) return std::nullopt;
  Message message = std::move(queue_.front());
  queue_.pop_front();
  return message;
}

}  // namespace quire::server
