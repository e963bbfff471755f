#include "worker/second_look.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "worker/image/margins.h"

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;

bool IsSilent(const PageOutput& output) { return output.text_tokens < SecondLook::kFewestTokens; }

// Text is not given up for none, unless it was as good as invented.
bool IsBetter(const PageOutput& second, const PageOutput& first, const SecondLookRule& rule) {
  if (IsSilent(second) && !IsSilent(first)) return -first.text_log_probability > rule.invention;
  return second.text_log_probability > first.text_log_probability;
}

void LeaveOutIfUnreadable(PageOutput& output, const SecondLookRule& rule) {
  if (rule.unreadable == 0 || IsSilent(output)) return;
  if (-output.text_log_probability <= rule.unreadable) return;
  const bool partly = output.readable_share >= SecondLook::kLeastReadable;
  output.text = partly ? std::move(output.readable_text) : PageText();
  output.finish_reason = FinishReason::kUnreadable;
}

}  // namespace

// One page's readings, which follow one another under the page's own number.
class SecondLook::Page : public std::enable_shared_from_this<Page> {
 public:
  Page(SecondLook& owner, PageRequest request, PageCallbacks callbacks)
      : owner_(owner),
        request_(std::move(request)),
        callbacks_(std::move(callbacks)),
        whole_(Cut(request_.pixels, {0, 0, request_.pixels.width, request_.pixels.height})) {
    request_.pixels = whole_.view();
  }

  void Begin() {
    PageCallbacks callbacks = callbacks_;
    callbacks.on_done = [self = shared_from_this()](absl::StatusOr<PageOutput> output) {
      self->OnFirst(std::move(output));
    };
    Read(request_, std::move(callbacks));
  }

  void Cancel() {
    cancelled_ = true;
    owner_.reader_.Cancel(request_.job_id);
  }

 private:
  void Read(PageRequest request, PageCallbacks callbacks) {
    PageReader& reader = owner_.reader_;  // after the page's end the owner may be gone
    reader.Read(std::move(request), std::move(callbacks));
    // A Cancel() between two readings reached neither.
    if (cancelled_) reader.Cancel(request_.job_id);
  }

  void OnFirst(absl::StatusOr<PageOutput> output) {
    if (!output.ok() || !IsDoubtful(*output)) return End(std::move(output));
    const Clock::time_point begin = Clock::now();
    part_ = WithoutMargins(whole_.view());
    const double kept = static_cast<double>(part_.width) * part_.height /
                        (static_cast<double>(whole_.width) * whole_.height);
    const bool again = kept <= 1 - kLeastCut;
    if (again) cut_ = Cut(whole_.view(), part_);
    output->seconds.preprocess += std::chrono::duration<double>(Clock::now() - begin).count();
    if (!again) return End(std::move(output));
    earlier_.Add(*output);
    first_ = *std::move(output);
    PageRequest request = request_;
    request.pixels = cut_.view();
    request.opening_tokens = 0;
    PageCallbacks callbacks;
    callbacks.on_started = callbacks.on_pixels_released = [] {};  // told already
    callbacks.on_text = [](const std::string&) {};
    callbacks.on_done = [self = shared_from_this()](absl::StatusOr<PageOutput> second) {
      self->OnSecond(std::move(second));
    };
    Read(std::move(request), std::move(callbacks));
  }

  bool IsDoubtful(const PageOutput& output) const {
    return output.finish_reason != FinishReason::kLength &&
           -output.text_log_probability > owner_.info().second_look.doubt;
  }

  void OnSecond(absl::StatusOr<PageOutput> second) {
    if (absl::IsCancelled(second.status())) return End(std::move(second));
    if (!second.ok()) return End(*std::exchange(first_, std::nullopt));  // it was read, after all
    if (IsBetter(*second, *first_, owner_.info().second_look)) {
      second->margins_cut = true;
      MoveToPart(second->text);
      MoveToPart(second->readable_text);
      earlier_.AddTo(*second);
      return End(std::move(second));
    }
    AddSeconds(second->seconds, first_->seconds);
    End(*std::exchange(first_, std::nullopt));
  }

  // Boxes of the part, on the whole page.
  void MoveToPart(PageText& text) const {
    for (Block& block : text.blocks) {
      for (PixelBox& box : block.boxes) {
        box = {box.left + part_.left, box.top + part_.top, box.right + part_.left,
               box.bottom + part_.top};
      }
    }
  }

  void End(absl::StatusOr<PageOutput> output) {
    if (output.ok()) LeaveOutIfUnreadable(*output, owner_.info().second_look);
    owner_.pages_.Forget(request_.job_id);
    callbacks_.on_done(std::move(output));  // last: whoever waits for it may end the reader
  }

  SecondLook& owner_;
  PageRequest request_;
  const PageCallbacks callbacks_;
  const Image whole_;
  // Of the second reading.
  Image cut_;
  PixelPart part_;
  std::optional<PageOutput> first_;
  EarlierReadings earlier_;
  std::atomic<bool> cancelled_{false};
};

void SecondLook::Read(PageRequest request, PageCallbacks callbacks) {
  const bool may = reader_.info().second_look.doubt > 0 && !request.look_once &&
                   !request.stream_text && request.more_images.empty();
  if (!may) return reader_.Read(std::move(request), std::move(callbacks));
  const uint64_t job_id = request.job_id;
  const auto page = std::make_shared<Page>(*this, std::move(request), std::move(callbacks));
  pages_.Add(job_id, page);
  page->Begin();
}

void SecondLook::Cancel(uint64_t job_id) {
  if (const auto page = pages_.Find(job_id)) return page->Cancel();
  reader_.Cancel(job_id);
}

}  // namespace quire::worker
