// What Quire computes and how fast, for full_size.py:
//   quire_parity MODEL [--device D] [--dtype T] [--eight-bit keep|decode] [--threads N] [--tokens N]
//                [--chunk-rows N] [--noise E] [--score PAGE_FOLDER OUT_FOLDER]... [--read MODE]...
// Loads MODEL and prints load time and memory. --score feeds a page's forced ids and writes their
// logits to OUT_FOLDER/logits.safetensors; --read draws a page, cuts it as MODE says and reads N
// tokens. --chunk-rows prefills prompts in other chunks, --noise moves each value of their rows by
// that part of it: what rounding in another order may do. One JSON object a line.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "proto/check.h"
#include "proto/status.h"
#include "tests/parity/stored_page.h"
#include "worker/device/device.h"
#include "worker/engine/preprocess.h"
#include "worker/model/kv_cache.h"

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

constexpr int kPromptEnd[] = {201, 128820, 21842, 270, 4940, 304, 2121, 7919, 16};  // markdown

struct Arguments {
  std::string model, device = "auto", dtype = "bf16", eight_bit = "auto";
  int threads = 0, tokens = 128, chunk_rows = 512;
  double noise = 0;  // standard deviation, as a part of each value
  std::vector<std::pair<std::string, std::string>> scores;  // page folder, output folder
  std::vector<std::string> modes;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--device") {
      arguments.device = value();
    } else if (word == "--dtype") {
      arguments.dtype = value();
    } else if (word == "--eight-bit") {
      arguments.eight_bit = value();
    } else if (word == "--chunk-rows") {
      arguments.chunk_rows = std::atoi(value().c_str());
    } else if (word == "--noise") {
      arguments.noise = std::atof(value().c_str());
    } else if (word == "--threads") {
      arguments.threads = std::atoi(value().c_str());
    } else if (word == "--tokens") {
      arguments.tokens = std::atoi(value().c_str());
    } else if (word == "--score") {
      const std::string page = value();
      arguments.scores.emplace_back(page, value());
    } else if (word == "--read") {
      arguments.modes.push_back(value());
    } else {
      arguments.model = word;
    }
  }
  return arguments;
}

void Print(const Json& line) {
  std::puts(line.dump().c_str());
  std::fflush(stdout);
}

int64_t RssAnonBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) return std::atoll(line.c_str() + 8) * 1024;
  }
  return 0;
}

// The largest RssAnon while this lives, looked at every few milliseconds.
class MemoryWatch {
 public:
  MemoryWatch() : thread_([this] { Watch(); }) {}
  ~MemoryWatch() {
    stop_ = true;
    thread_.join();
  }
  int64_t peak_bytes() const { return peak_bytes_; }

 private:
  void Watch() {
    while (!stop_) {
      peak_bytes_ = std::max(peak_bytes_.load(), RssAnonBytes());
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> peak_bytes_{0};
  std::thread thread_;
};

// Until the device has done what it was given.
double SecondsSince(Clock::time_point begin, const OcrModel& model) {
  if (model.placement().device != "cpu") model.Embed({kPromptEnd, 1}).to(at::kCPU);
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

absl::StatusOr<std::unique_ptr<OcrModel>> Load(const Arguments& arguments, const DeviceInfo& device) {
  int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(arguments.model)) {
    if (entry.path().extension() == ".safetensors") bytes += static_cast<int64_t>(entry.file_size());
  }
  const int64_t baseline = RssAnonBytes();
  const Clock::time_point begin = Clock::now();
  MemoryWatch watch;
  QUIRE_ASSIGN_OR_RETURN(
      std::unique_ptr<OcrModel> model,
      OcrModel::Load(arguments.model, {.device = device.name,
                                       .dtype = arguments.dtype,
                                       .eight_bit = arguments.eight_bit}));
  const double seconds = SecondsSince(begin, *model);
  QUIRE_ASSIGN_OR_RETURN(const DeviceInfo after, ChooseDevice(device.name));
  Print({{"what", "load"},
         {"device", device.name},
         {"dtype", arguments.dtype},
         {"eight_bit", arguments.eight_bit},
         {"device_bytes", device.free_bytes - after.free_bytes},
         {"seconds", seconds},
         {"bytes", bytes},
         {"bytes_per_second", static_cast<double>(bytes) / seconds},
         {"rss_anon_above_baseline", watch.peak_bytes() - baseline},
         {"rss_anon_baseline", baseline}});
  return model;
}

void WriteLogits(const std::string& folder, const at::Tensor& logits) {
  std::filesystem::create_directories(folder);
  const at::Tensor rows = logits.contiguous();
  const std::string header =
      Json{{"logits",
            {{"dtype", "F32"}, {"shape", rows.sizes().vec()}, {"data_offsets", {0, rows.nbytes()}}}}}
          .dump();
  const uint64_t length = header.size();
  std::ofstream file(folder + "/logits.safetensors", std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << header;
  file.write(static_cast<const char*>(rows.const_data_ptr()), static_cast<int64_t>(rows.nbytes()));
}

absl::Status Score(const OcrModel& model, const std::string& page_folder, const std::string& out,
                   const Arguments& arguments) {
  QUIRE_ASSIGN_OR_RETURN(const StoredPage page, ReadPage(page_folder));
  const Clock::time_point begin = Clock::now();
  QUIRE_ASSIGN_OR_RETURN(at::Tensor prompt, PromptRows(model, page));
  if (arguments.noise > 0) {
    at::manual_seed(1);
    const at::Tensor noise = at::randn(prompt.sizes(), at::kFloat).to(prompt.options());
    prompt = prompt * (1 + arguments.noise * noise);
  }
  const double vision = SecondsSince(begin, model);
  const at::Tensor logits = ForcedLogits(model, prompt, page.forced_ids, arguments.chunk_rows);
  Print({{"what", "score"},
         {"page", page_folder},
         {"prompt_rows", prompt.size(0)},
         {"vision_seconds", vision},
         {"decoder_seconds", SecondsSince(begin, model) - vision},
         {"steps", page.forced_ids.size()}});
  WriteLogits(out, logits);
  return absl::OkStatus();
}

// An A4 page at 144 dpi of moving gradients.
Image DrawnPage() {
  Image page(1190, 1684);
  uint8_t* pixel = page.data.data();
  for (int y = 0; y < page.height; ++y) {
    for (int x = 0; x < page.width; ++x, pixel += 3) {
      pixel[0] = static_cast<uint8_t>(7 * x + 13 * y);
      pixel[1] = static_cast<uint8_t>(x * x + 3 * y);
      pixel[2] = static_cast<uint8_t>(x * y);
    }
  }
  return page;
}

absl::StatusOr<Mode> ModeOf(const std::string& name) {
  for (const Mode mode : {Mode::kTiny, Mode::kSmall, Mode::kBase, Mode::kLarge, Mode::kGundam,
                          Mode::kAuto}) {
    if (ModeName(mode) == name) return mode;
  }
  return absl::InvalidArgumentError("no mode is called " + name);
}

// Views as the engine cuts them.
StoredPage PageOf(const ViewPlan& plan, PixelView pixels, const ModelConfig& config) {
  PageViews views = MakeViews(pixels, plan);
  const auto tensor = [](std::vector<float>& values, int64_t side) {
    const int64_t count = static_cast<int64_t>(values.size()) / (3 * side * side);
    return at::from_blob(values.data(), {count, 3, side, side}, at::kFloat).clone();
  };
  StoredPage page{.images = {{.global = tensor(views.global, plan.global_side), .grid = plan.grid}},
                  .prompt_ids = {config.decoder.bos_token_id}};
  if (plan.grid.tiles() > 0) page.images[0].tiles = tensor(views.tiles, plan.tile_side);
  page.prompt_ids.insert(page.prompt_ids.end(), plan.vision_rows(), config.image_token_id);
  page.prompt_ids.insert(page.prompt_ids.end(), std::begin(kPromptEnd), std::end(kPromptEnd));
  return page;
}

absl::Status Read(const OcrModel& model, const std::string& mode_name, int tokens) {
  const Image drawn = DrawnPage();
  QUIRE_ASSIGN_OR_RETURN(const Mode mode, ModeOf(mode_name));
  QUIRE_ASSIGN_OR_RETURN(const ViewPlan plan,
                         PlanViews(drawn.width, drawn.height, mode, model.config().reading));
  const StoredPage page = PageOf(plan, drawn.view(), model.config());
  Clock::time_point begin = Clock::now();
  QUIRE_ASSIGN_OR_RETURN(const at::Tensor prompt, PromptRows(model, page));
  const double vision = SecondsSince(begin, model);
  const std::unique_ptr<KvCache> cache = model.MakeKvCache(prompt.size(0) + tokens);
  const int sequence = cache->Open();
  std::vector<int> ids;
  const auto feed = [&](const at::Tensor& rows) {
    QUIRE_CHECK(cache->Reserve(sequence, rows.size(0)));
    const StepSequence step{sequence, static_cast<int>(rows.size(0)), true};
    ids.push_back(static_cast<int>(model.Step(rows, {&step, 1}, *cache).argmax().item<int64_t>()));
  };
  begin = Clock::now();
  feed(prompt);
  const double prefill = SecondsSince(begin, model);
  begin = Clock::now();
  while (static_cast<int>(ids.size()) < tokens) feed(model.Embed({&ids.back(), 1}));
  const double decode = SecondsSince(begin, model);
  Print({{"what", "read"},
         {"mode", mode_name},
         {"views", plan.views()},
         {"prompt_rows", prompt.size(0)},
         {"vision_seconds", vision},
         {"prefill_seconds", prefill},
         {"tokens", ids.size()},
         {"tokens_per_second", static_cast<double>(ids.size() - 1) / decode},
         {"ids", ids}});
  return absl::OkStatus();
}

absl::Status Run(const Arguments& arguments) {
  QUIRE_ASSIGN_OR_RETURN(const DeviceInfo device, ChooseDevice(arguments.device));
  if (arguments.threads > 0) at::set_num_threads(arguments.threads);
  QUIRE_ASSIGN_OR_RETURN(const std::unique_ptr<OcrModel> model, Load(arguments, device));
  for (const auto& [page, out] : arguments.scores) {
    QUIRE_RETURN_IF_ERROR(Score(*model, page, out, arguments));
  }
  for (const std::string& mode : arguments.modes) {
    QUIRE_RETURN_IF_ERROR(Read(*model, mode, arguments.tokens));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace quire::worker

int main(int argc, char** argv) {
  const absl::Status status = quire::worker::Run(quire::worker::Parse(argc, argv));
  if (status.ok()) return 0;
  std::fprintf(stderr, "quire_parity: %s\n", std::string(status.message()).c_str());
  return 1;
}
