#include "worker/engine/preprocess.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "worker/image/resize.h"

namespace quire::worker {
namespace {

constexpr int kTokenPixels = 64;  // a vision token covers 64 x 64 pixels

// The 256 values that a channel can have.
const std::array<float, 256>& Normalised() {
  static const std::array<float, 256> kTable = [] {
    std::array<float, 256> table{};
    for (int i = 0; i < 256; ++i) table[i] = (static_cast<float>(i) / 255.0f - 0.5f) / 0.5f;
    return table;
  }();
  return kTable;
}

// [height, width, 3] bytes -> [3, height, width] floats.
void AppendPlanes(const Image& view, std::vector<float>& out) {
  const std::array<float, 256>& table = Normalised();
  const size_t pixels = static_cast<size_t>(view.width) * view.height;
  const size_t begin = out.size();
  out.resize(begin + 3 * pixels);
  for (int channel = 0; channel < 3; ++channel) {
    float* plane = out.data() + begin + channel * pixels;
    const uint8_t* in = view.data.data() + channel;
    for (size_t i = 0; i < pixels; ++i) plane[i] = table[in[3 * i]];
  }
}

ViewPlan SingleView(int side, const ReadingConfig& reading) {
  return {.global_side = side,
          .stretch = !reading.pad_single_views && side <= reading.largest_stretched,
          .mosaic = reading.mosaic};
}

TileGrid GridFor(int width, int height, int single_view_max_side, const ReadingConfig& reading) {
  return ChooseGrid(width, height,
                    {.tile_side = reading.image_size,
                     .min_tiles = reading.min_crops,
                     .max_tiles = reading.max_crops,
                     .single_view_max_side = single_view_max_side,
                     .dense_min_tiles = reading.dense_min_crops});
}

}  // namespace

std::string_view ModeName(Mode mode) {
  switch (mode) {
    case Mode::kDefault:
      return "DEFAULT";
    case Mode::kTiny:
      return "TINY";
    case Mode::kSmall:
      return "SMALL";
    case Mode::kBase:
      return "BASE";
    case Mode::kLarge:
      return "LARGE";
    case Mode::kGundam:
      return "GUNDAM";
    case Mode::kAuto:
      return "AUTO";
  }
  return "UNKNOWN";
}

int ViewPlan::vision_rows() const {
  const int global = global_side / kTokenPixels, tile = tile_side / kTokenPixels;
  if (!mosaic) return grid.tiles() * tile * tile + global * global + 1;
  const int tiles = grid.tiles() == 0 ? 0 : grid.rows * tile * (grid.columns * tile + 1);
  return tiles + global * (global + 1) + 1;
}

absl::StatusOr<ViewPlan> PlanViews(int width, int height, Mode mode,
                                   const ReadingConfig& reading) {
  if (mode == Mode::kDefault) mode = Mode::kAuto;
  if (std::find(reading.modes.begin(), reading.modes.end(), mode) == reading.modes.end()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "this model does not know mode ", std::string(ModeName(mode)), "; it knows ",
        absl::StrJoin(reading.modes, ", ",
                      [](std::string* out, Mode known) { out->append(ModeName(known)); })));
  }
  switch (mode) {
    case Mode::kTiny:
      return SingleView(512, reading);
    case Mode::kSmall:
      return SingleView(640, reading);
    case Mode::kBase:
      return SingleView(reading.base_size, reading);
    case Mode::kLarge:
      return SingleView(1280, reading);
    default:
      break;
  }
  // GUNDAM tiles whatever is larger than a tile; AUTO leaves somewhat larger pages whole, too.
  const int whole = mode == Mode::kAuto ? reading.single_view_max_side : reading.image_size;
  return ViewPlan{.grid = GridFor(width, height, whole, reading),
                  .tile_side = reading.image_size,
                  .global_side = reading.base_size,
                  .mosaic = reading.mosaic};
}

PageViews MakeViews(PixelView page, const ViewPlan& plan) {
  PageViews views;
  const int side = plan.tile_side;
  for (int tile = 0; tile < plan.grid.tiles(); ++tile) {
    const ResizeWindow window{.full_width = plan.grid.columns * side,
                              .full_height = plan.grid.rows * side,
                              .left = tile % plan.grid.columns * side,
                              .top = tile / plan.grid.columns * side,
                              .width = side,
                              .height = side};
    AppendPlanes(ResizeBicubicWindow(page, window), views.tiles);
  }
  AppendPlanes(plan.stretch ? ResizeBicubic(page, plan.global_side, plan.global_side)
                            : PadToSquare(page, plan.global_side),
               views.global);
  return views;
}

}  // namespace quire::worker
