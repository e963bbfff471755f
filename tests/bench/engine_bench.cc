// Reads images with a model's engine alone, without a front:
//   engine_bench MODEL_FOLDER IMAGE... [--device D] [--dtype T] [--kv-dtype T] [--together]
//                [--eight-bit keep|decode] [--task free-text|markdown] [--mode base] [--slots N]
//                [--tokens N] [--profile N] [--print]
// One line a page: seconds by stage, tokens, tokens a second of decoding; one for the parts of the
// decode steps with --profile. --together gives all pages to the engine at once. Images are binary
// PPM (P6): `quire-render` or any tool can write them.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include "proto/mutex.h"
#include "worker/engine/open_engine.h"

namespace quire::worker {
namespace {

struct Arguments {
  std::string folder;
  std::vector<std::string> images;
  EngineOptions options;
  bool together = false;
  bool print = false;
  int tokens = 0;
  Mode mode = Mode::kDefault;
  Task task = Task::kFreeText;
};

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--device") {
      arguments.options.device = value();
    } else if (word == "--dtype") {
      arguments.options.dtype = value();
    } else if (word == "--kv-dtype") {
      arguments.options.kv_dtype = value();
    } else if (word == "--eight-bit") {
      arguments.options.eight_bit = value();
    } else if (word == "--profile") {
      arguments.options.profile_every = std::atoi(value().c_str());
    } else if (word == "--mode") {
      arguments.mode = value() == "base" ? Mode::kBase : Mode::kDefault;
    } else if (word == "--slots") {
      arguments.options.slots = std::atoi(value().c_str());
    } else if (word == "--tokens") {
      arguments.tokens = std::atoi(value().c_str());
    } else if (word == "--task") {
      arguments.task = value() == "markdown" ? Task::kMarkdown : Task::kFreeText;
    } else if (word == "--together") {
      arguments.together = true;
    } else if (word == "--print") {
      arguments.print = true;
    } else if (arguments.folder.empty()) {
      arguments.folder = word;
    } else {
      arguments.images.push_back(word);
    }
  }
  return arguments;
}

Image ReadPpm(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, largest = 0;
  file >> magic >> width >> height >> largest;
  file.get();
  if (!file || magic != "P6" || largest != 255 || width < 1 || height < 1) {
    std::fprintf(stderr, "%s is no binary PPM of 8 bits\n", path.c_str());
    std::exit(2);
  }
  Image image(width, height);
  file.read(reinterpret_cast<char*>(image.data.data()), image.data.size());
  return image;
}

void PrintProfile(const DecodeProfile& profile) {
  if (profile.steps == 0) return;
  const double ms = 1000.0 / static_cast<double>(profile.steps);
  std::printf("%lld decode steps of %.1f sequences, ms each: attention %.3f experts %.3f head %.3f "
              "sampling %.3f other %.3f\n",
              static_cast<long long>(profile.steps),
              static_cast<double>(profile.tokens) / static_cast<double>(profile.steps),
              ms * profile.attention_seconds, ms * profile.experts_seconds,
              ms * profile.head_seconds, ms * profile.sampling_seconds, ms * profile.other_seconds);
}

class Runner {
 public:
  Runner(PageReader& reader, const Arguments& arguments) : reader_(reader), arguments_(arguments) {}

  void Give(uint64_t job, const Image& image) {
    PageRequest request;
    request.job_id = job;
    request.pixels = image.view();
    request.task = arguments_.task;
    request.mode = arguments_.mode;
    request.max_tokens = arguments_.tokens;
    PageCallbacks callbacks;
    callbacks.on_started = [] {};
    callbacks.on_pixels_released = [] {};
    callbacks.on_done = [this, job](absl::StatusOr<PageOutput> output) {
      MutexLock lock(mutex_);
      Report(job, output);
      ++done_;
      changed_.NotifyAll();
    };
    reader_.Read(std::move(request), std::move(callbacks));
  }

  void WaitFor(int pages) {
    MutexLock lock(mutex_);
    while (done_ < pages) changed_.Wait(mutex_);
  }

 private:
  void Report(uint64_t job, const absl::StatusOr<PageOutput>& output) {
    if (!output.ok()) {
      std::printf("page %zu: %s\n", static_cast<size_t>(job), output.status().ToString().c_str());
      return;
    }
    const StageSeconds& s = output->seconds;
    std::printf("page %zu: queue %.3f preprocess %.3f vision %.3f prefill %.3f decode %.3f "
                "postprocess %.4f s; %d rows, %d tokens, %.0f tok/s\n",
                static_cast<size_t>(job), s.queue, s.preprocess, s.vision, s.prefill, s.decode,
                s.postprocess, output->vision_tokens, output->output_tokens,
                output->output_tokens / s.decode);
    if (arguments_.print) std::printf("%s\n", output->raw.c_str());
  }

  PageReader& reader_;
  const Arguments& arguments_;
  Mutex mutex_;
  CondVar changed_;
  int done_ ABSL_GUARDED_BY(mutex_) = 0;
};

int Run(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  auto reader = OpenEngine(arguments.folder, arguments.options);
  if (!reader.ok()) {
    std::fprintf(stderr, "%s\n", reader.status().ToString().c_str());
    return 1;
  }
  const ReaderInfo& info = (*reader)->info();
  std::printf("%s on %s in %s, %d slots, loaded in %.2f s\n", info.model.c_str(),
              info.device.c_str(), info.dtype.c_str(), info.slots, info.load_seconds);
  std::vector<Image> images;
  for (const std::string& path : arguments.images) images.push_back(ReadPpm(path));
  Runner runner(**reader, arguments);
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < images.size(); ++i) {
    runner.Give(i + 1, images[i]);
    if (!arguments.together) runner.WaitFor(static_cast<int>(i + 1));
  }
  runner.WaitFor(static_cast<int>(images.size()));
  std::printf("%zu pages in %.2f s\n", images.size(),
              std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  PrintProfile((*reader)->stats().decode_profile);
  return 0;
}

}  // namespace
}  // namespace quire::worker

int main(int argc, char** argv) { return quire::worker::Run(argc, argv); }
