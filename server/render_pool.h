#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "quire/render/v1/render.pb.h"
#include "quire/v1/ocr.pb.h"
#include "server/arena.h"

namespace quire::server {

struct RenderPoolOptions {
  std::string program;              // path of quire-render
  int renderers = 2;                // processes
  double page_seconds = 30;         // wall clock for opening a document or drawing one page
  int64_t memory_bytes = 2LL << 30; // address space of one renderer
  int64_t max_page_pixels = 50'000'000;
  int max_document_pages = 3000;
  std::string sandbox = "auto";     // of quire-render: auto, required
  int max_waiting = 1024;           // requests that wait for a renderer
  int recycle_after_documents = 1000;  // a renderer is replaced after this many; 0: never
  uint64_t arena_bytes = 0;  // for one renderer's drawn pages; 0: room for three of the largest
};

// A document as the pool sees it; closed in all renderers when the last reference goes, and what waits
// to be drawn of it ends as Cancelled.
struct RenderDocument;

struct OpenedDocument {
  std::shared_ptr<RenderDocument> document;
  quire::v1::DocumentFormat format = quire::v1::DOCUMENT_FORMAT_UNSPECIFIED;
  int pages = 0;
};

// What opening a document may need.
struct OpenSettings {
  std::string password;           // of a PDF
  quire::v1::FrameChoice frames;  // of a video
};

// Size that a PDF page is drawn to: exactly one of the two is set. Images keep their size.
struct RenderSize {
  int long_side_px = 0;
  double dpi = 0;
};

// A drawn page: RGB, 8 bits, rows without gaps, in the renderer's arena until this goes.
struct RenderedPage {
  ArenaSpan pixels;
  int width_px = 0;
  int height_px = 0;
  double dpi = 0;
  double width_points = 0;
  double height_points = 0;
  int rotation_degrees = 0;
  std::string png;                                        // on request
  std::string uncleaned_png;                              // on request; from before the clean-ups
  std::optional<quire::render::v1::PageTextLayer> layer;  // on request, where the page has one
  double deskewed_degrees = 0;                            // by a clean-up, clockwise
  double frame_seconds = 0;                               // of a video
  double seconds = 0;     // drawing, without waiting
};

// Told how a renderer ended, but not when it is stopped or replaced; empty for nobody.
using RenderKillObserver = std::function<void(std::string_view reason)>;  // "timeout", "died"

// The sandboxed processes that open and draw documents: one request at a time each, killed when it
// takes too long, started again when it dies; the request that it held is tried once more, then fails alone. Thread-safe.
// Each callback runs exactly once and must not block: on a thread of the pool, or on the caller's when
// the request is refused at once. The destructor fails what waits with Unavailable and ends the
// processes; documents and drawn pages may outlive the pool.
class RenderPool {
 public:
  // Waits until the first renderer answers. When none can be started: ChildProcess::Start's errors, or
  // FailedPrecondition when the program ends or does not answer.
  static absl::StatusOr<std::unique_ptr<RenderPool>> Create(RenderPoolOptions options,
                                                            RenderKillObserver observer);
  virtual ~RenderPool() = default;

  // Opens a document. `fd` is duplicated. Errors are those of quire-render (InvalidArgument:
  // unreadable, unknown format, too many pages; FailedPrecondition: password), or InvalidArgument
  // with reason RENDER_TIMEOUT or RENDER_DIED when opening it took too long or killed two processes.
  // Unavailable (reason RENDERER_UNAVAILABLE) when no renderer can be started, ResourceExhausted
  // (reason RENDER_QUEUE_FULL) when too many requests wait; both with RetryInfo.
  virtual void Open(int fd, int64_t bytes, OpenSettings settings,
                    std::function<void(absl::StatusOr<OpenedDocument>)> done) = 0;

  struct PageSpec {
    int page_index = 0;  // 0-based
    RenderSize size;
    bool include_png = false;
    bool include_uncleaned_png = false;
    bool include_text_layer = false;
    std::vector<quire::v1::CleanUp> clean_ups;
  };
  // Draws a page. Waits for arena space where rendered pages still hold it. The caller keeps the
  // document until `done`. Errors as for Open: they speak of this page; and InvalidArgument (reason
  // PAGE_TOO_LARGE) when the whole arena is too small for it.
  virtual void Render(std::shared_ptr<RenderDocument> document, const PageSpec& page,
                      std::function<void(absl::StatusOr<RenderedPage>)> done) = 0;

  // Whether at least one renderer runs, or ended just now and was not yet started again.
  virtual bool healthy() const = 0;
};

}  // namespace quire::server
