#pragma once

#include <memory>

#include "worker/engine/model_faults.h"
#include "worker/engine/page_model.h"

namespace quire::worker {

// `model`, whose steps now and then throw what libtorch throws when a CUDA device breaks
// (c10::AcceleratorError) or has no memory left (c10::OutOfMemoryError). A broken device stays broken.
std::unique_ptr<PageModel> MakeFaulty(std::unique_ptr<PageModel> model, ModelFaults faults);

}  // namespace quire::worker
