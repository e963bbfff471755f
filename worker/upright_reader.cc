#include "worker/upright_reader.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>
#include <utility>

#include "worker/image/turn.h"

namespace quire::worker {
namespace {

// A box of the page that was turned by `degrees`, on the page as it came.
PixelBox TurnedBack(const PixelBox& box, int degrees, PixelView page) {
  switch (degrees) {
    case 90:
      return {box.top, page.height - box.right, box.bottom, page.height - box.left};
    case 180:
      return {page.width - box.right, page.height - box.bottom, page.width - box.left,
              page.height - box.top};
    case 270:
      return {page.width - box.bottom, box.left, page.width - box.top, box.right};
    default:
      return box;
  }
}

}  // namespace

// One page's search. Its reads follow one another, under the page's own number.
class UprightReader::Search : public std::enable_shared_from_this<Search> {
 public:
  Search(UprightReader& owner, PageRequest request, PageCallbacks callbacks)
      : owner_(owner),
        request_(std::move(request)),
        callbacks_(std::move(callbacks)),
        page_(Turn(request_.pixels, 0)) {
    request_.pixels = page_.view();
  }

  void Begin() { Read(0, Purpose::kUpright); }

  void Cancel() {
    cancelled_ = true;
    owner_.reader_.Cancel(request_.job_id);
  }

 private:
  enum class Purpose { kUpright, kProbe, kWhole };

  void Read(int degrees, Purpose purpose) {
    degrees_ = degrees;
    if (degrees != 0) turned_ = Turn(page_.view(), degrees);
    PageRequest request = request_;
    request.pixels = degrees == 0 ? page_.view() : turned_.view();
    request.opening_tokens = purpose == Purpose::kUpright ? kOpeningTokens : 0;
    if (purpose == Purpose::kProbe) {
      request.look_once = true;
      request.stream_text = false;
      request.max_tokens =
          request.max_tokens > 0 ? std::min(request.max_tokens, kOpeningTokens) : kOpeningTokens;
    }
    PageReader& reader = owner_.reader_;  // after the page's end the owner may be gone
    reader.Read(std::move(request), Callbacks(purpose));
    // A Cancel() between two reads reached neither.
    if (cancelled_) reader.Cancel(request_.job_id);
  }

  PageCallbacks Callbacks(Purpose purpose) {
    PageCallbacks callbacks;
    callbacks.on_started = [self = shared_from_this()] {
      if (!std::exchange(self->started_, true)) self->callbacks_.on_started();
    };
    callbacks.on_pixels_released = [self = shared_from_this()] {
      if (!std::exchange(self->released_, true)) self->callbacks_.on_pixels_released();
    };
    callbacks.on_text = [self = shared_from_this(), purpose](std::string text) {
      self->OnText(purpose, std::move(text));
    };
    callbacks.on_opening = [self = shared_from_this()](double mean) {
      return self->OnOpening(mean);
    };
    callbacks.on_done = [self = shared_from_this(), purpose](absl::StatusOr<PageOutput> output) {
      self->OnDone(purpose, std::move(output));
    };
    return callbacks;
  }

  // What may have been read the wrong way up is not shown.
  void OnText(Purpose purpose, std::string text) {
    if (purpose == Purpose::kUpright && !opening_is_good_) {
      held_text_ += text;
    } else {
      callbacks_.on_text(std::move(text));
    }
  }

  bool OnOpening(double mean) {
    opening_is_good_ = mean >= kPoor;
    if (opening_is_good_ && !held_text_.empty()) callbacks_.on_text(std::exchange(held_text_, {}));
    return opening_is_good_;
  }

  void OnDone(Purpose purpose, absl::StatusOr<PageOutput> output) {
    if (!output.ok()) return End(std::move(output));
    if (purpose == Purpose::kWhole || (purpose == Purpose::kUpright && IsGood(*output))) {
      return End(std::move(output));
    }
    Rate(*output);
    earlier_.Add(*output);
    if (degrees_ < 270) return Read(degrees_ + 90, Purpose::kProbe);
    Read(best_degrees_, Purpose::kWhole);
  }

  // Also a page that ended before its opening did.
  bool IsGood(const PageOutput& output) {
    if (output.text_tokens < kFewestTokens || output.mean_log_probability < kPoor) return false;
    if (!held_text_.empty()) callbacks_.on_text(std::exchange(held_text_, {}));
    return true;
  }

  void Rate(const PageOutput& output) {
    if (output.text_tokens < kFewestTokens || output.mean_log_probability <= best_mean_) return;
    best_mean_ = output.mean_log_probability;
    best_degrees_ = degrees_;
  }

  void End(absl::StatusOr<PageOutput> output) {
    if (output.ok()) {
      output->turned_degrees = degrees_;
      for (Block& block : output->text.blocks) {
        for (PixelBox& box : block.boxes) box = TurnedBack(box, degrees_, page_.view());
      }
      earlier_.AddTo(*output);  // the stages of what was tried are the page's, too
    }
    owner_.searches_.Forget(request_.job_id);
    callbacks_.on_done(std::move(output));  // last: whoever waits for it may end the reader
  }

  UprightReader& owner_;
  PageRequest request_;
  const PageCallbacks callbacks_;
  const Image page_;
  // Of the read that runs; one thread of the reader at a time.
  Image turned_;
  int degrees_ = 0;
  bool started_ = false;
  bool released_ = false;
  bool opening_is_good_ = false;
  std::string held_text_;
  // Of those that ended.
  double best_mean_ = -std::numeric_limits<double>::infinity();
  int best_degrees_ = 0;
  EarlierReadings earlier_;
  std::atomic<bool> cancelled_{false};
};

void UprightReader::Read(PageRequest request, PageCallbacks callbacks) {
  if (!request.find_orientation) return reader_.Read(std::move(request), std::move(callbacks));
  const uint64_t job_id = request.job_id;
  const auto search = std::make_shared<Search>(*this, std::move(request), std::move(callbacks));
  searches_.Add(job_id, search);
  search->Begin();
}

void UprightReader::Cancel(uint64_t job_id) {
  if (const auto search = searches_.Find(job_id)) return search->Cancel();
  reader_.Cancel(job_id);
}

}  // namespace quire::worker
