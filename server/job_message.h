#pragma once

#include <optional>

#include "quire/v1/ocr.pb.h"
#include "quire/worker/v1/worker.pb.h"
#include "server/render_pool.h"

namespace quire::server {

// What the front knows of a page once it is drawn: number, size, dpi, points, rotation and the
// seconds of drawing. When it is sent to a worker, the seconds since its entry into the queue are
// kept as first_token_seconds; starts has that of the drawing.
quire::v1::PageResult FactsOf(int page_number, const RenderedPage& drawn);

// How a page is to be drawn; `size` is the model's.
RenderPool::PageSpec MakePageSpec(const quire::v1::RecognizeOptions& options, int page_number,
                                  const RenderSize& size);

// Whether a page's own text may stand for what a model would read: a stamp on a scan may not.
inline constexpr size_t kFewestLayerLetters = 32;
bool IsWorthUsing(const std::optional<quire::render::v1::PageTextLayer>& layer);
// Text and blocks of a page that is not read.
quire::v1::PageResult ResultOfLayer(const quire::render::v1::PageTextLayer& layer);

// A job for a worker, without job_id, document_id, traceparent, alone and pixels.
quire::worker::v1::PageJob MakePageJob(const quire::v1::RecognizeOptions& options,
                                       const quire::v1::PageResult& facts);

// Adds what the front knows to a worker's result and takes out what was not asked for. What of
// `total_seconds` no stage accounts for was spent waiting, and becomes the stage `queue`; so the
// stages but for `upload` add up to the total.
void CompleteResult(const quire::v1::PageResult& facts, double total_seconds,
                    const quire::v1::RecognizeOptions& options, quire::v1::PageResult& result);

}  // namespace quire::server
